/* SPDX-License-Identifier: Apache-2.0 */
/* test_utf8.c - hostile bytes become valid text, and nothing is written past the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/utf8.h"

#define FFFD "\xef\xbf\xbd"

static void test_sequence(void **state)
{
	static const struct {
		const char *text;
		size_t len, want;
	} cases[] = {
		{"a", 1, 1},
		{"\0", 1, 1},
		{"\x7f", 1, 1},
		{"a", 0, 0},
		{"\xc2\x80", 2, 2},
		{"\xdf\xbf", 2, 2},
		{"\xe0\xa0\x80", 3, 3},
		{"\xed\x9f\xbf", 3, 3},
		{"\xee\x80\x80", 3, 3},
		{"\xef\xbf\xbf", 3, 3},
		{"\xf0\x90\x80\x80", 4, 4},
		{"\xf4\x8f\xbf\xbf", 4, 4},
		/* each is one of the above with one byte changed, or cut */
		{"\xc2\x80", 1, 0},
		{"\xc1\x80", 2, 0}, /* overlong */
		{"\xc2\x7f", 2, 0},
		{"\xc2\xc0", 2, 0},
		{"\xe0\xa0\x80", 2, 0},
		{"\xe0\x9f\x80", 3, 0}, /* overlong */
		{"\xed\xa0\xbf", 3, 0}, /* surrogate */
		{"\xe0\xa0\x40", 3, 0},
		{"\xf0\x90\x80\x80", 3, 0},
		{"\xf0\x8f\x80\x80", 4, 0}, /* overlong */
		{"\xf4\x90\xbf\xbf", 4, 0}, /* beyond U+10FFFF */
		{"\xf5\x8f\xbf\xbf", 4, 0},
		{"\x80", 1, 0},
		{"\xff", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(utf8_sequence((const unsigned char *)cases[i].text, cases[i].len),
				 cases[i].want);
}

/* Every scalar value is accepted in its one form. */
static void test_all_scalars(void **state)
{
	(void)state;
	for (uint32_t c = 0x80; c < 0x110000; c++) {
		unsigned char s[4];
		size_t n;

		if (c < 0x800) {
			s[0] = (unsigned char)(0xc0 | c >> 6);
			s[1] = (unsigned char)(0x80 | (c & 63));
			n = 2;
		} else if (c < 0x10000) {
			s[0] = (unsigned char)(0xe0 | c >> 12);
			s[1] = (unsigned char)(0x80 | (c >> 6 & 63));
			s[2] = (unsigned char)(0x80 | (c & 63));
			n = 3;
		} else {
			s[0] = (unsigned char)(0xf0 | c >> 18);
			s[1] = (unsigned char)(0x80 | (c >> 12 & 63));
			s[2] = (unsigned char)(0x80 | (c >> 6 & 63));
			s[3] = (unsigned char)(0x80 | (c & 63));
			n = 4;
		}
		if (utf8_sequence(s, n) != (c >= 0xd800 && c < 0xe000 ? 0 : n))
			fail_msg("U+%04x", c);
	}
}

static void test_clean(void **state)
{
	static const struct {
		const char *src;
		size_t len;
		const char *want;
	} cases[] = {
		{"plain", 5, "plain"},
		{"", 0, ""},
		{"a\0b", 3, "a" FFFD "b"},
		{"tab\tnl\n\x01\x7f", 9, "tab\tnl\n\x01\x7f"},
		{"gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f"},
		{"gr\xc3", 3, "gr" FFFD},
		{"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
		{"\xf0\x9f\x98", 3, FFFD FFFD FFFD},
		{"\xff\xfe", 2, FFFD FFFD},
	};
	char dst[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int cut = 0;

		assert_int_equal(utf8_clean(dst, sizeof(dst), cases[i].src, cases[i].len, &cut),
				 strlen(cases[i].want));
		assert_string_equal(dst, cases[i].want);
		assert_int_equal(cut, 0);
	}
}

/* A character that does not fit whole ends the copy, and the bytes behind stay untouched. */
static void test_clean_cut(void **state)
{
	static const char src[] = "ab\xe2\x82\xac\xff"
				  "c"; /* 2 + 3 + (1 -> 3) + 1 */
	static const size_t want[] = {0, 0, 1, 2, 2, 2, 5, 5, 5, 8, 9, 9};

	(void)state;
	for (size_t size = 1; size < ARRAY_SIZE(want); size++) {
		char dst[16];
		int cut = 0;

		memset(dst, 0x55, sizeof(dst));
		assert_int_equal(utf8_clean(dst, size, src, sizeof(src) - 1, &cut), want[size]);
		assert_int_equal(strlen(dst), want[size]);
		assert_int_equal(cut, want[size] < 9);
		for (size_t i = size; i < sizeof(dst); i++)
			assert_int_equal(dst[i], 0x55);
		utf8_clean(dst, size, src, sizeof(src) - 1, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_all_scalars),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
