/* SPDX-License-Identifier: Apache-2.0 */
/* test_buf.c - what is appended, what is escaped, and that the end is the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cleanup.h"

static void expect(const struct buf *b, const char *want)
{
	assert_int_equal(b->len, strlen(want));
	assert_memory_equal(b->data, want, b->len);
	assert_false(b->overflow);
}

static void test_numbers(void **state)
{
	static const int64_t numbers[] = {0,  1,   9,   10,   11,    99,        100,       101,
					  -1, -10, 999, 1000, 12345, INT64_MAX, INT64_MIN, -100};
	char data[64], want[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		buf_init(&b, data, sizeof(data));
		buf_s64(&b, numbers[i]);
		snprintf(want, sizeof(want), "%lld", (long long)numbers[i]);
		expect(&b, want);
		buf_init(&b, data, sizeof(data));
		buf_u64(&b, (uint64_t)numbers[i]);
		snprintf(want, sizeof(want), "%llu", (unsigned long long)numbers[i]);
		expect(&b, want);
	}
	for (uint64_t v = 1; v; v <<= 1) {
		buf_init(&b, data, sizeof(data));
		buf_u64(&b, v - 1);
		snprintf(want, sizeof(want), "%llu", (unsigned long long)(v - 1));
		expect(&b, want);
	}
}

static void test_text(void **state)
{
	char data[64];
	struct buf b;

	(void)state;
	buf_init(&b, data, sizeof(data));
	buf_str(&b, "one ");
	buf_bytes(&b, "two and more", 3);
	buf_char(&b, '!');
	expect(&b, "one two!");
}

static void test_json_string(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} cases[] = {
		{"", 0, "\"\""},
		{"plain", 5, "\"plain\""},
		{"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
		{"\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\""},
		{"\0\x01\x0b\x1f\x7f", 5, "\"\\u0000\\u0001\\u000b\\u001f\\u007f\""},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		 "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"x\xc3", 2, "\"x\\ufffd\""},
		{"\xff\xed\xa0\x80y", 5, "\"\\ufffd\\ufffd\\ufffd\\ufffdy\""},
	};
	char data[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b;

		buf_init(&b, data, sizeof(data));
		buf_json_string(&b, cases[i].text, cases[i].len);
		expect(&b, cases[i].want);
	}
}

static void append_all(struct buf *b)
{
	buf_str(b, "text");
	buf_char(b, ',');
	buf_u64(b, 1234567);
	buf_s64(b, -42);
	buf_json_string(b, "q\"\n\x01\xff-", 6);
}

/* Whatever the size: a prefix, the flag, and not a byte behind the end. */
static void test_overflow(void **state)
{
	char whole[128], data[128];
	struct buf b;

	(void)state;
	buf_init(&b, whole, sizeof(whole));
	append_all(&b);
	assert_false(b.overflow);
	for (size_t size = 0; size <= b.len; size++) {
		struct buf small;

		memset(data, 0x55, sizeof(data));
		buf_init(&small, size ? data : NULL, size);
		append_all(&small);
		assert_int_equal(small.overflow, size < b.len);
		assert_int_equal(small.len, size);
		assert_memory_equal(data, whole, size);
		for (size_t i = size; i < sizeof(data); i++)
			assert_int_equal(data[i], 0x55);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json_string),
		cmocka_unit_test(test_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
