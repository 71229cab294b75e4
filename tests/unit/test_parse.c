/* SPDX-License-Identifier: Apache-2.0 */
/* test_parse.c - strict text to number; a refused text leaves the result alone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define UNTOUCHED 0x5555555555555555ull

struct number_case {
	const char *text;
	int err;
	uint64_t want;
};

static void run(const struct number_case *cases, size_t n, int (*parse)(const char *, uint64_t *))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t v = UNTOUCHED;
		int err = parse(cases[i].text, &v);

		if (err != cases[i].err || v != (err ? UNTOUCHED : cases[i].want))
			fail_msg("'%s': %d, %llu", cases[i].text, err, (unsigned long long)v);
	}
}

static void test_u64(void **state)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"7", 0, 7},
		{"007", 0, 7},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"28446744073709551615", -ERANGE, 0},
		{"184467440737095516150", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-7", -EINVAL, 0},
		{"+7", -EINVAL, 0},
		{" 7", -EINVAL, 0},
		{"7 ", -EINVAL, 0},
		{"0x7", -EINVAL, 0},
		{"7a", -EINVAL, 0},
		{"99999999999999999999a", -EINVAL, 0},
	};
	uint64_t v = UNTOUCHED;

	(void)state;
	run(cases, ARRAY_SIZE(cases), parse_u64);
	assert_int_equal(parse_u64_n("123x", 3, &v), 0);
	assert_int_equal(v, 123);
	assert_int_equal(parse_u64_n("1\0003", 3, &v), -EINVAL);
}

static int hex64(const char *text, uint64_t *out)
{
	return parse_hex64(text, strlen(text), out);
}

static void test_hex64(void **state)
{
	static const struct number_case cases[] = {
		{"0", 0, 0},
		{"fF", 0, 255},
		{"ffffffffffffffff", 0, UINT64_MAX},
		{"0ffffffffffffffff", 0, UINT64_MAX},
		{"1ffffffffffffffff", -ERANGE, 0},
		{"1ffffffffffffffg", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"0x1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
	};

	(void)state;
	run(cases, ARRAY_SIZE(cases), hex64);
}

static void test_duration(void **state)
{
	static const struct number_case cases[] = {
		{"60", 0, 60000000000},
		{"0", 0, 0},
		{"1.5s", 0, 1500000000},
		{"1.5", 0, 1500000000},
		{"0.000000001s", 0, 1},
		{"0.1us", 0, 100},
		{"500ms", 0, 500000000},
		{"100us", 0, 100000},
		{"5m", 0, 300000000000},
		{"2h", 0, 7200000000000},
		{"7d", 0, 604800000000000},
		{"0.5d", 0, 43200000000000},
		{"9223372036s", 0, 9223372036000000000},
		{"9223372036.854775807s", 0, INT64_MAX},
		{"9223372036.854775808s", -ERANGE, 0},
		{"9223372037s", -ERANGE, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"1.", -EINVAL, 0},
		{".5", -EINVAL, 0},
		{"1.0000000001s", -EINVAL, 0},
		{"-1s", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1ss", -EINVAL, 0},
		{"1ns", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"1.5.5s", -EINVAL, 0},
	};

	(void)state;
	run(cases, ARRAY_SIZE(cases), parse_duration);
}

static void test_bytes(void **state)
{
	static const struct number_case cases[] = {
		{"1048576", 0, 1048576},
		{"0", 0, 0},
		{"64K", 0, 65536},
		{"64KiB", 0, 65536},
		{"512M", 0, 536870912},
		{"1MiB", 0, 1048576},
		{"2G", 0, 2147483648},
		{"2GiB", 0, 2147483648},
		{"17179869183G", 0, 18446744072635809792ull},
		{"17179869184G", -ERANGE, 0},
		{"1.5G", -EINVAL, 0},
		{"64k", -EINVAL, 0},
		{"64KB", -EINVAL, 0},
		{"64 K", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
	};

	(void)state;
	run(cases, ARRAY_SIZE(cases), parse_bytes);
}

static void test_bool(void **state)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};
	static const char *const bad[] = {"", "Yes", "ye", "yess", "2", " 1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		int v = 7;

		assert_int_equal(parse_bool(yes[i], &v), 0);
		assert_int_equal(v, 1);
		assert_int_equal(parse_bool(no[i], &v), 0);
		assert_int_equal(v, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int v = 7;

		assert_int_equal(parse_bool(bad[i], &v), -EINVAL);
		assert_int_equal(v, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),      cmocka_unit_test(test_hex64),
		cmocka_unit_test(test_duration), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_bool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
