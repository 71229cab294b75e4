/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_scan.c - tokens of the strict scanner, and what it refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json_scan.h"

/* A copy without a NUL behind it, so that the sanitizer sees a read past the end. */
static char *exact_copy(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

/* The last token: JSON_END when all was well. */
static enum json_token scan_all(const char *text, size_t len)
{
	_cleanup_free_ char *copy = exact_copy(text, len);
	enum json_token token;
	struct json_scan s;
	size_t n = 0;

	json_scan_init(&s, copy, len);
	do {
		token = json_scan_next(&s);
		assert_true(++n <= len + 1);
		assert_true(s.p <= s.end);
	} while (token > JSON_END);
	if (token == JSON_ERROR) {
		assert_non_null(s.error);
		assert_int_equal(json_scan_next(&s), JSON_ERROR);
	} else {
		assert_null(s.error);
		assert_int_equal(json_scan_next(&s), JSON_END);
	}
	return token;
}

static void test_tokens(void **state)
{
	static const char text[] = " { \"a\" : [ 1 , -2, {} , [] "
				   "],\t\"b\\n\":\"x\",\"c\":true,\"d\":false,\"e\":null}\r\n";
	static const enum json_token want[] = {
		JSON_OBJECT, JSON_KEY,        JSON_ARRAY, JSON_NUMBER,     JSON_NUMBER,
		JSON_OBJECT, JSON_OBJECT_END, JSON_ARRAY, JSON_ARRAY_END,  JSON_ARRAY_END,
		JSON_KEY,    JSON_STRING,     JSON_KEY,   JSON_TRUE,       JSON_KEY,
		JSON_FALSE,  JSON_KEY,        JSON_NULL,  JSON_OBJECT_END, JSON_END,
		JSON_END,
	};
	struct json_scan s;

	(void)state;
	json_scan_init(&s, text, sizeof(text) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(json_scan_next(&s), want[i]);
		if (i == 1)
			assert_true(s.len == 1 && *s.text == 'a' && !s.escaped);
		if (i == 3)
			assert_true(s.magnitude == 1 && !s.negative);
		if (i == 4)
			assert_true(s.magnitude == 2 && s.negative);
		if (i == 10)
			assert_true(s.len == 3 && s.escaped);
	}
}

static void test_accepted(void **state)
{
	static const char *const texts[] = {
		"0",
		"-0",
		"18446744073709551615",
		"-9223372036854775808",
		"\"\"",
		"\"\xc3\xa4\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"",
		"true",
		"[]",
		"{}",
		"[[[]],{\"\":{}}]",
		"{\"a\":1,\"a\":2}",
		"  1  ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (scan_all(texts[i], strlen(texts[i])) != JSON_END)
			fail_msg("%s", texts[i]);
	}
}

/* Each is an accepted text with a byte changed, too many or missing. */
static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"-",
		"01",
		"-01",
		"+1",
		"1.0",
		"1e3",
		"1E3",
		"1a",
		"0x1",
		"18446744073709551616",
		"-9223372036854775809",
		"184467440737095516150",
		"\"",
		"\"a",
		"\"\\\"",
		"\"\\x\"",
		"\"\\u00e\"",
		"\"\\u00eg\"",
		"\"\\",
		"\"\n\"",
		"\"\x1f\"",
		"\"\xc3\"",
		"\"\xff\"",
		"'a'",
		"tru",
		"truE",
		"truee",
		"nul",
		"falsy",
		"[",
		"]",
		"[1",
		"[1,",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[1}",
		"{",
		"}",
		"{]",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":}",
		"{\"a\" 1}",
		"{\"a\":1",
		"{\"a\":1,",
		"{\"a\":1,}",
		"{\"a\":1]",
		"{\"a\":1 \"b\":2}",
		"{,\"a\":1}",
		"{1:1}",
		"{a:1}",
		"{}{}",
		"{} x",
		"1 1",
		"[]]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (scan_all(texts[i], strlen(texts[i])) != JSON_ERROR)
			fail_msg("%s", texts[i]);
	}
	assert_int_equal(scan_all("[1]\0", 4), JSON_ERROR);
	assert_int_equal(scan_all("\"a\0b\"", 5), JSON_ERROR);
}

static void test_depth(void **state)
{
	char text[140];

	(void)state;
	for (int depth = 60; depth < 70; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		assert_int_equal(scan_all(text, 2 * (size_t)depth),
				 depth <= 64 ? JSON_END : JSON_ERROR);
	}
}

/* No prefix of a text is a text, and no byte is read behind its end. */
static void test_cut(void **state)
{
	static const char text[] =
		"{\"a\\u00e4\xc3\xa4\":[1,-22,\"x\\n\",true,false,null,{}],\"b\":{}}";

	(void)state;
	assert_int_equal(scan_all(text, sizeof(text) - 1), JSON_END);
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(scan_all(text, len), JSON_ERROR);
}

static void test_skip(void **state)
{
	static const char *const values[] = {"1",
					     "\"x\"",
					     "null",
					     "[]",
					     "{}",
					     "[1,[2],{\"k\":[3]}]",
					     "{\"k\":{\"l\":1},\"m\":[]}"};
	char text[128];
	struct json_scan s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		strcpy(text, "{\"a\":");
		strcat(text, values[i]);
		strcat(text, ",\"b\":7}");
		json_scan_init(&s, text, strlen(text));
		assert_int_equal(json_scan_next(&s), JSON_OBJECT);
		assert_int_equal(json_scan_next(&s), JSON_KEY);
		assert_int_equal(json_scan_skip(&s), 0);
		assert_int_equal(json_scan_next(&s), JSON_KEY);
		assert_int_equal(*s.text, 'b');
		/* the same, cut inside the value */
		json_scan_init(&s, text, 5 + strlen(values[i]) - 1);
		json_scan_next(&s);
		json_scan_next(&s);
		assert_int_equal(json_scan_skip(&s), -EINVAL);
	}
}

static void test_expected_key(void **state)
{
	static const char text[] =
		"{\"alpha\":1,\"beta\":2, \"gamma\":3,\"pad\":"
		"\"0123456789012345678901234567890123456789012345678901234567\"}";
	struct json_scan s;

	(void)state;
	json_scan_init(&s, text, sizeof(text) - 1);
	assert_int_equal(json_scan_key(&s, "alpha"), 0); /* '{' comes first */
	assert_int_equal(json_scan_next(&s), JSON_OBJECT);
	assert_int_equal(json_scan_key(&s, "alph"), 0);
	assert_int_equal(json_scan_key(&s, "alphab"), 0);
	assert_int_equal(json_scan_key(&s, "alphA"), 0);
	assert_int_equal(json_scan_key(&s, "alpha"), 1);
	assert_int_equal(json_scan_key(&s, "beta"), 0); /* a value comes first */
	assert_int_equal(json_scan_next(&s), JSON_NUMBER);
	assert_int_equal(json_scan_key(&s, "beta"), 1);
	assert_int_equal(json_scan_next(&s), JSON_NUMBER);
	assert_int_equal(s.magnitude, 2);
	assert_int_equal(json_scan_key(&s, "gamma"), 0); /* a blank: not the plain way */
	assert_int_equal(json_scan_next(&s), JSON_KEY);
	assert_int_equal(json_scan_next(&s), JSON_NUMBER);
	assert_int_equal(s.magnitude, 3);
	assert_int_equal(json_scan_key(&s, "pad"), 1);
	assert_int_equal(json_scan_next(&s), JSON_STRING);
	assert_int_equal(json_scan_next(&s), JSON_OBJECT_END);
	assert_int_equal(json_scan_next(&s), JSON_END);
	/* inside an array there are no keys */
	json_scan_init(&s, "[1,\"beta\":2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", 62);
	json_scan_next(&s);
	json_scan_next(&s);
	assert_int_equal(json_scan_key(&s, "beta"), 0);
}

static void test_string(void **state)
{
	static const struct {
		const char *text;
		int want;
		const char *plain;
	} cases[] = {
		{"\"\"", 0, ""},
		{"\"abc\"", 3, "abc"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 8, "\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00e4\\u20ac\"", 6, "A\xc3\xa4\xe2\x82\xac"},
		{"\"\\ud83d\\ude00\"", 4, "\xf0\x9f\x98\x80"},
		{"\"\\uDBFF\\uDFFF\"", 4, "\xf4\x8f\xbf\xbf"},
		{"\"\\u0001\\u007f\\uffff\"", 5, "\x01\x7f\xef\xbf\xbf"},
		{"\"\\u0000\"", -EINVAL, NULL},
		{"\"\\ud83d\"", -EINVAL, NULL},
		{"\"\\ude00\"", -EINVAL, NULL},
		{"\"\\ud83d\\ue600\"", -EINVAL, NULL},
		{"\"\\ud83dxude00\"", -EINVAL, NULL},
		{"\"\\ud83d\\nde00\"", -EINVAL, NULL},
	};
	char dst[64];
	struct json_scan s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_scan_init(&s, cases[i].text, strlen(cases[i].text));
		assert_int_equal(json_scan_next(&s), JSON_STRING);
		assert_int_equal(json_scan_string(&s, dst, sizeof(dst)), cases[i].want);
		if (cases[i].plain)
			assert_string_equal(dst, cases[i].plain);
		/* exactly enough room, and one byte less */
		if (cases[i].want > 0) {
			size_t size = (size_t)cases[i].want + 1;
			_cleanup_free_ char *small = malloc(size);

			assert_int_equal(json_scan_string(&s, small, size), cases[i].want);
			assert_int_equal(json_scan_string(&s, small, size - 1), -E2BIG);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),       cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_depth),
		cmocka_unit_test(test_cut),          cmocka_unit_test(test_skip),
		cmocka_unit_test(test_expected_key), cmocka_unit_test(test_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
