/* SPDX-License-Identifier: Apache-2.0 */
/* test_spread.c - the latest values and their quantiles by nearest rank. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/event.h"
#include "core/spread.h"

static void test_nothing(void **state)
{
	struct spread s = {0};

	(void)state;
	assert_true(spread_latest(&s) == U64_UNKNOWN);
	assert_true(spread_quantile(&s, 50) == U64_UNKNOWN);
	assert_true(spread_quantile(&s, 100) == U64_UNKNOWN);
}

static void test_one(void **state)
{
	struct spread s = {0};

	(void)state;
	spread_add(&s, 7);
	assert_int_equal(spread_latest(&s), 7);
	assert_int_equal(spread_quantile(&s, 1), 7);
	assert_int_equal(spread_quantile(&s, 50), 7);
	assert_int_equal(spread_quantile(&s, 100), 7);
}

/* The smallest value that enough of them do not exceed, in whatever order they came. */
static void test_nearest_rank(void **state)
{
	static const uint64_t values[] = {40, 10, 30, 20};
	struct spread s = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		spread_add(&s, values[i]);
	assert_int_equal(spread_quantile(&s, 1), 10);
	assert_int_equal(spread_quantile(&s, 25), 10);
	assert_int_equal(spread_quantile(&s, 26), 20);
	assert_int_equal(spread_quantile(&s, 50), 20);
	assert_int_equal(spread_quantile(&s, 51), 30);
	assert_int_equal(spread_quantile(&s, 75), 30);
	assert_int_equal(spread_quantile(&s, 76), 40);
	assert_int_equal(spread_quantile(&s, 95), 40);
	assert_int_equal(spread_quantile(&s, 100), 40);
}

/* The 33rd takes the place of the first. */
static void test_only_the_latest(void **state)
{
	struct spread s = {0};

	(void)state;
	spread_add(&s, UINT64_MAX - 2);
	for (uint64_t i = 1; i < SPREAD_MAX; i++)
		spread_add(&s, i);
	assert_true(spread_quantile(&s, 100) == UINT64_MAX - 2);
	spread_add(&s, SPREAD_MAX);
	assert_int_equal(s.n, SPREAD_MAX + 1);
	assert_int_equal(spread_latest(&s), SPREAD_MAX);
	assert_int_equal(spread_quantile(&s, 100), SPREAD_MAX);
	assert_int_equal(spread_quantile(&s, 50), SPREAD_MAX / 2);
	for (uint64_t i = 0; i < SPREAD_MAX; i++)
		spread_add(&s, 5);
	assert_int_equal(spread_quantile(&s, 1), 5);
	assert_int_equal(spread_quantile(&s, 100), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_nearest_rank),
		cmocka_unit_test(test_only_the_latest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
