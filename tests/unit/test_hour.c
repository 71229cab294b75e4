/* SPDX-License-Identifier: Apache-2.0 */
/* test_hour.c - exits of the last hour in buckets of a minute: their edges, and what falls out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/hour.h"

#define MINUTE 60000000000ull
#define NOW    (5000 * MINUTE)

static struct hour_sum sum(const struct hour *h, uint64_t now, uint32_t minutes)
{
	struct hour_sum out;

	/* What was there before must not count. */
	memset(&out, 0xff, sizeof(out));
	hour_sum(h, now, minutes, &out);
	return out;
}

static uint64_t total(const struct hour *h, uint64_t now)
{
	return sum(h, now, HOUR_MINUTES).total;
}

static void test_nothing(void **state)
{
	struct hour h = {0};
	struct hour_sum s = sum(&h, NOW, HOUR_MINUTES);

	(void)state;
	assert_int_equal(s.total, 0);
	assert_int_equal(s.planned, 0);
	for (int i = 0; i < CAUSE_COUNT; i++)
		assert_int_equal(s.causes[i], 0);
}

static void test_by_cause(void **state)
{
	struct hour h = {0};
	struct hour_sum s;

	(void)state;
	hour_add(&h, NOW, CAUSE_CLEAN, true);
	hour_add(&h, NOW + 1, CAUSE_OOM_KILLED, false);
	hour_add(&h, NOW + 2 * MINUTE, CAUSE_OOM_KILLED, false);
	s = sum(&h, NOW + 2 * MINUTE, HOUR_MINUTES);
	assert_int_equal(s.total, 3);
	assert_int_equal(s.planned, 1);
	assert_int_equal(s.causes[CAUSE_CLEAN], 1);
	assert_int_equal(s.causes[CAUSE_OOM_KILLED], 2);
	assert_int_equal(s.causes[CAUSE_CRASHED], 0);
}

/* Kills by the parent that were no request to leave. */
static void test_forced(void **state)
{
	struct hour h = {0};

	(void)state;
	hour_add(&h, NOW, CAUSE_KILLED_BY_PARENT, true);
	hour_add(&h, NOW, CAUSE_KILLED_BY_OTHER, false);
	assert_int_equal(sum(&h, NOW, 60).forced, 0);
	hour_add(&h, NOW, CAUSE_KILLED_BY_PARENT, false);
	assert_int_equal(sum(&h, NOW, 60).forced, 1);
	assert_int_equal(sum(&h, NOW, 60).causes[CAUSE_KILLED_BY_PARENT], 2);
	hour_add(&h, NOW + 60 * MINUTE, CAUSE_CLEAN, true);
	assert_int_equal(sum(&h, NOW + 60 * MINUTE, 60).forced, 0);
}

/* The current minute and the 59 before it. */
static void test_the_edge_of_the_hour(void **state)
{
	struct hour h = {0};

	(void)state;
	hour_add(&h, NOW + MINUTE - 1, CAUSE_FAILED, false);
	assert_int_equal(total(&h, NOW + MINUTE - 1), 1);
	assert_int_equal(total(&h, NOW + 60 * MINUTE - 1), 1);
	assert_int_equal(total(&h, NOW + 60 * MINUTE), 0);
}

static void test_fewer_minutes(void **state)
{
	struct hour h = {0};

	(void)state;
	hour_add(&h, NOW, CAUSE_FAILED, false);
	hour_add(&h, NOW + MINUTE, CAUSE_FAILED, true);
	assert_int_equal(sum(&h, NOW + MINUTE, 1).total, 1);
	assert_int_equal(sum(&h, NOW + MINUTE, 1).planned, 1);
	assert_int_equal(sum(&h, NOW + MINUTE, 2).total, 2);
	assert_int_equal(sum(&h, NOW + 2 * MINUTE, 1).total, 0);
}

/* A bucket that comes round again holds nothing of its last turn. */
static void test_an_hour_later(void **state)
{
	struct hour h = {0};

	(void)state;
	for (uint64_t m = 0; m < HOUR_MINUTES; m++)
		hour_add(&h, NOW + m * MINUTE, CAUSE_FAILED, true);
	assert_int_equal(total(&h, NOW + 59 * MINUTE), 60);
	hour_add(&h, NOW + 60 * MINUTE, CAUSE_CRASHED, false);
	assert_int_equal(total(&h, NOW + 60 * MINUTE), 60);
	assert_int_equal(sum(&h, NOW + 60 * MINUTE, 60).planned, 59);
	assert_int_equal(sum(&h, NOW + 60 * MINUTE, 60).causes[CAUSE_FAILED], 59);
	/* Ten minutes without any: these are empty, not of the last hour. */
	hour_add(&h, NOW + 70 * MINUTE, CAUSE_CRASHED, false);
	assert_int_equal(total(&h, NOW + 70 * MINUTE), 51);
}

static void test_far_ahead(void **state)
{
	struct hour h = {0};

	(void)state;
	hour_add(&h, NOW, CAUSE_FAILED, true);
	assert_int_equal(total(&h, NOW + 100000 * MINUTE), 0);
	assert_int_equal(total(&h, UINT64_MAX - 2), 0);
	hour_add(&h, NOW + 100000 * MINUTE, CAUSE_FAILED, false);
	assert_int_equal(total(&h, NOW + 100000 * MINUTE), 1);
	assert_int_equal(sum(&h, NOW + 100000 * MINUTE, 60).planned, 0);
}

/* Exits are told out of order: one of this hour counts, an older one does not. */
static void test_late_ones(void **state)
{
	struct hour h = {0};

	(void)state;
	hour_add(&h, NOW, CAUSE_FAILED, false);
	hour_add(&h, NOW - 59 * MINUTE, CAUSE_CRASHED, false);
	hour_add(&h, NOW - 60 * MINUTE, CAUSE_OOM_KILLED, false);
	assert_int_equal(total(&h, NOW), 2);
	assert_int_equal(sum(&h, NOW, 60).causes[CAUSE_OOM_KILLED], 0);
	assert_int_equal(total(&h, NOW + MINUTE), 1);
	/* The sum of a time before the newest one holds nothing that came later. */
	assert_int_equal(total(&h, NOW - MINUTE), 1);
}

/* The machine has just booted: there is no hour yet. */
static void test_first_minutes(void **state)
{
	struct hour h = {0};

	(void)state;
	hour_add(&h, 0, CAUSE_FAILED, false);
	hour_add(&h, MINUTE, CAUSE_FAILED, false);
	assert_int_equal(total(&h, 0), 1);
	assert_int_equal(total(&h, MINUTE), 2);
	assert_int_equal(sum(&h, MINUTE, 1).total, 1);
}

static void test_saturates(void **state)
{
	struct hour h = {0};

	(void)state;
	for (uint32_t i = 0; i < UINT16_MAX + 10u; i++)
		hour_add(&h, NOW, CAUSE_FAILED, true);
	assert_int_equal(total(&h, NOW), UINT16_MAX);
	assert_int_equal(sum(&h, NOW, 60).planned, UINT16_MAX);
	hour_add(&h, NOW, CAUSE_CRASHED, true);
	assert_int_equal(total(&h, NOW), UINT16_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),       cmocka_unit_test(test_by_cause),
		cmocka_unit_test(test_forced),        cmocka_unit_test(test_the_edge_of_the_hour),
		cmocka_unit_test(test_fewer_minutes), cmocka_unit_test(test_an_hour_later),
		cmocka_unit_test(test_far_ahead),     cmocka_unit_test(test_late_ones),
		cmocka_unit_test(test_first_minutes), cmocka_unit_test(test_saturates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
