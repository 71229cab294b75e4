/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_write.c - numbers, times, nesting and cutting of the JSON writer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/cleanup.h"
#include "core/event.h"
#include "out/json_write.h"

static char line_memory[65536];

static struct buf line_buf(void)
{
	struct buf b;

	buf_init(&b, line_memory, sizeof(line_memory));
	return b;
}

static void expect_object(struct json_write *w, const char *want)
{
	jw_finish(w);
	assert_int_equal(w->b->len, strlen(want));
	assert_memory_equal(w->b->data, want, strlen(want));
}

static void test_doubles(void **state)
{
	static const struct {
		double v;
		unsigned int decimals;
		const char *want;
	} cases[] = {
		{0.0, 6, "{\"x\":0.0}\n"},
		{-0.0, 6, "{\"x\":0.0}\n"},
		{2677.0, 6, "{\"x\":2677.0}\n"},
		{0.0008, 6, "{\"x\":0.0008}\n"},
		{0.747, 4, "{\"x\":0.747}\n"},
		{181000.5, 3, "{\"x\":181000.5}\n"},
		{1.5e-6, 6, "{\"x\":0.000002}\n"},
		{4e-7, 6, "{\"x\":0.0}\n"},
		{-4e-7, 6, "{\"x\":0.0}\n"},
		{-1.25, 1, "{\"x\":-1.3}\n"},
		{0.05, 1, "{\"x\":0.1}\n"},
		{0.999999, 4, "{\"x\":1.0}\n"},
		{9.9999995, 6, "{\"x\":9.999999}\n"}, /* the double is a little less */
		{5e-324, 6, "{\"x\":0.0}\n"},
		{1e15, 6, "{\"x\":1000000000000000.0}\n"},
		{9007199254740993.0, 1, "{\"x\":9007199254740992.0}\n"},
		{9223372036854774784.0, 6, "{\"x\":9223372036854774784.0}\n"},
		{9223372036854775808.0, 6, "{}\n"},
		{1e300, 6, "{}\n"},
		{NAN, 6, "{}\n"},
		{INFINITY, 6, "{}\n"},
		{-INFINITY, 6, "{}\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b = line_buf();
		struct json_write w;

		jw_begin(&w, &b);
		jw_double(&w, "x", cases[i].v, cases[i].decimals);
		expect_object(&w, cases[i].want);
	}
}

/* Against the C library, in the C locale, where its rounding of ties cannot differ from ours. */
static void test_doubles_like_printf(void **state)
{
	uint64_t x = 88172645463325252ull;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char want[64], got[64];
		struct buf b = line_buf();
		struct json_write w;
		double v;
		size_t n;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v = (double)(x >> 20) / (double)(1 + (x & 0xfffff)) / 3.0;
		snprintf(want, sizeof(want), "%.6f", v);
		n = strlen(want);
		while (want[n - 1] == '0' && want[n - 2] != '.')
			want[--n] = '\0';
		jw_begin(&w, &b);
		jw_double(&w, NULL, v, 6);
		n = b.len - 1;
		memcpy(got, b.data + 1, n);
		got[n] = '\0';
		assert_string_equal(got, want);
	}
}

static void test_integers(void **state)
{
	struct buf b = line_buf();
	struct json_write w;

	(void)state;
	jw_begin(&w, &b);
	jw_u64(&w, "a", 0);
	jw_u64(&w, "b", U64_UNLIMITED);
	jw_u64(&w, "c", U64_UNKNOWN);
	jw_u64(&w, "d", U64_UNLIMITED - 1);
	jw_s64(&w, "e", S64_UNKNOWN);
	jw_s64(&w, "f", S64_UNKNOWN + 1);
	jw_hex(&w, "g", 0);
	jw_hex(&w, "h", 0xcc0);
	jw_hex(&w, "i", U64_UNKNOWN - 1);
	jw_hex(&w, "j", U64_UNKNOWN);
	jw_seconds(&w, "k", 1500);
	jw_seconds(&w, "l", 60000000000);
	jw_seconds(&w, "m", U64_UNKNOWN);
	expect_object(&w, "{\"a\":0,\"b\":null,\"d\":18446744073709551613,"
			  "\"f\":-9223372036854775807,\"g\":\"0x0\",\"h\":\"0xcc0\","
			  "\"i\":\"0xfffffffffffffffe\",\"k\":0.000002,\"l\":60.0}\n");
}

static void test_times(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *want;
	} cases[] = {
		{951782399, "{\"t\":\"2000-02-28T23:59:59.000000007Z\"}\n"},
		{951782400, "{\"t\":\"2000-02-29T00:00:00.000000007Z\"}\n"},
		{951868800, "{\"t\":\"2000-03-01T00:00:00.000000007Z\"}\n"},
		{1, "{\"t\":\"1970-01-01T00:00:01.000000007Z\"}\n"},
		{1735689599, "{\"t\":\"2024-12-31T23:59:59.000000007Z\"}\n"},
		{4107542399, "{\"t\":\"2100-02-28T23:59:59.000000007Z\"}\n"},
		{4107542400, "{\"t\":\"2100-03-01T00:00:00.000000007Z\"}\n"},
		{18446744073, "{\"t\":\"2554-07-21T23:34:33.000000007Z\"}\n"},
	};
	struct buf b;
	struct json_write w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		b = line_buf();
		jw_begin(&w, &b);
		jw_time(&w, "t", cases[i].seconds * 1000000000 + 7);
		expect_object(&w, cases[i].want);
	}
	b = line_buf();
	jw_begin(&w, &b);
	jw_time(&w, "t", 0);
	jw_time(&w, "t", U64_UNKNOWN);
	expect_object(&w, "{}\n");
}

static void test_empty_objects_leave_no_trace(void **state)
{
	struct buf b = line_buf();
	struct json_write w;

	(void)state;
	jw_begin(&w, &b);
	jw_object(&w, "a");
	jw_object(&w, "b");
	jw_string(&w, "c", "", JSON_NAME);
	jw_string(&w, "c", NULL, JSON_NAME);
	jw_end(&w);
	jw_end(&w);
	jw_object(&w, "d");
	jw_bool(&w, "e", true);
	jw_object(&w, "f");
	jw_end(&w);
	jw_bool(&w, "g", false);
	jw_end(&w);
	jw_array(&w, "h");
	jw_end(&w);
	jw_object(&w, "i");
	jw_end(&w);
	jw_array(&w, "j");
	jw_object(&w, NULL);
	jw_end(&w);
	jw_object(&w, NULL);
	jw_u64(&w, "k", 1);
	jw_end(&w);
	jw_string(&w, NULL, "l", JSON_NAME);
	jw_end(&w);
	expect_object(&w, "{\"d\":{\"e\":true,\"g\":false},\"h\":[],\"j\":[{\"k\":1},\"l\"]}\n");
}

static void test_cut_at_a_character(void **state)
{
	struct buf b = line_buf();
	struct json_write w;

	(void)state;
	jw_begin(&w, &b);
	jw_string(&w, "whole", "ab\xc3\xa9", 4);
	jw_object(&w, "o");
	jw_string(&w, "two", "ab\xc3\xa9", 3);
	jw_string(&w, "four", "\xf0\x9f\x98\x80x", 3);
	jw_array(&w, "list");
	jw_string(&w, NULL, "abcd", 2);
	jw_string(&w, NULL, "efgh", 2);
	jw_end(&w);
	jw_end(&w);
	jw_string(&w, "bad", "a\xff\x01\"", 15);
	jw_string(&w, "worse", "a\xff\x01\"", 14);
	expect_object(&w,
		      "{\"whole\":\"ab\xc3\xa9\",\"o\":{\"two\":\"ab\",\"list\":[\"ab\",\"ef\"]},"
		      "\"bad\":\"a\\ufffd\\u0001\\\"\",\"worse\":\"a\\ufffd\\u0001\","
		      "\"truncated\":[\"o.two\",\"o.four\",\"o.list\",\"worse\"]}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_doubles_like_printf),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_empty_objects_leave_no_trace),
		cmocka_unit_test(test_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
