/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history.c - the last minutes of a cgroup at even intervals: how it begins, gets coarser,
 * forgets and skips, and times that no clock gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/history.h"
#include "core/event.h"

#define S  1000000000ull
#define KB 1024ull

/* One reading a second, from second `from` on: second t has t pages of anon, 2 t of usage. */
static void seconds(struct history *h, uint64_t from, uint64_t n)
{
	for (uint64_t t = from; t < from + n; t++)
		history_note(h, t * S, S, t * 4 * KB, t * 8 * KB);
}

static void check(const struct history *h, uint32_t i, uint64_t second)
{
	assert_true(history_anon(h, i) == second * 4 * KB);
	assert_true(history_usage(h, i) == second * 8 * KB);
}

static void test_begins_as_fine_as_the_readings(void **state)
{
	struct history h = {0};

	(void)state;
	seconds(&h, 100, HISTORY_POINTS);
	assert_int_equal(h.interval, S);
	assert_int_equal(h.n, HISTORY_POINTS);
	for (uint32_t i = 0; i < HISTORY_POINTS; i++)
		check(&h, i, 100 + i);
}

/* The first that does not fit makes pairs; of each the later reading stays. */
static void test_two_become_one(void **state)
{
	struct history h = {0};

	(void)state;
	seconds(&h, 100, HISTORY_POINTS + 1);
	assert_int_equal(h.interval, 2 * S);
	assert_int_equal(h.n, HISTORY_POINTS / 2 + 1);
	for (uint32_t i = 0; i < h.n - 1; i++)
		check(&h, i, 101 + 2 * i);
	check(&h, h.n - 1, 160);
}

/* A beginning in the middle of a pair: that pair has one reading, and none is lost. */
static void test_odd_beginning(void **state)
{
	struct history h = {0};

	(void)state;
	seconds(&h, 101, HISTORY_POINTS + 1);
	assert_int_equal(h.n, HISTORY_POINTS / 2 + 1);
	check(&h, 0, 101);
	check(&h, 1, 103);
	check(&h, h.n - 1, 161);
}

/* Never coarser than HISTORY_INTERVAL: then the oldest goes. */
static void test_interval_doubles_at_most_to_its_largest(void **state)
{
	static const struct {
		uint64_t step, largest;
	} cases[] = {
		{S, 4 * S}, /* 8 s would be too coarse */
		{S / 4, 4 * S},
		{HISTORY_INTERVAL / 2, HISTORY_INTERVAL},
		{HISTORY_INTERVAL / 2 + 1, HISTORY_INTERVAL / 2 + 1},
		{HISTORY_INTERVAL, HISTORY_INTERVAL},
		{30 * S, 30 * S}, /* readings that are rarer */
		{0, HISTORY_INTERVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t step = cases[i].step ? cases[i].step : HISTORY_INTERVAL;
		struct history h = {0};

		for (uint64_t t = 0; t < 2000; t++) {
			history_note(&h, t * step, cases[i].step, t * 4 * KB, U64_UNKNOWN);
			assert_true(h.n <= HISTORY_POINTS && h.interval <= cases[i].largest);
		}
		assert_true(h.interval == cases[i].largest);
		assert_true(history_anon(&h, h.n - 1) == 1999 * 4 * KB);
	}
}

/* For hours: five minutes at most are kept, the newest last, in order. */
static void test_oldest_goes(void **state)
{
	struct history h = {0};

	(void)state;
	seconds(&h, 1, 10000);
	assert_int_equal(h.interval, 4 * S);
	assert_int_equal(h.n, HISTORY_POINTS);
	for (uint32_t i = 0; i < h.n - 1; i++)
		check(&h, i, 10000 / 4 * 4 - 4 * (h.n - 1 - i) + 3);
	check(&h, h.n - 1, 10000);
}

static void test_gap_has_no_reading(void **state)
{
	struct history h = {0};

	(void)state;
	seconds(&h, 100, 3);
	seconds(&h, 106, 1);
	assert_int_equal(h.n, 7);
	check(&h, 2, 102);
	for (uint32_t i = 3; i < 6; i++) {
		assert_true(history_anon(&h, i) == U64_UNKNOWN);
		assert_true(history_usage(&h, i) == U64_UNKNOWN);
	}
	check(&h, 6, 106);
}

/* Half of a pair without a reading: the other half's is the pair's, early or late. */
static void test_gap_in_a_pair(void **state)
{
	struct history h = {0};

	(void)state;
	seconds(&h, 100, 1); /* 101 is missing */
	seconds(&h, 103, 1); /* 102 is missing */
	seconds(&h, 106, 100 + HISTORY_POINTS + 1 - 106);
	assert_int_equal(h.interval, 2 * S);
	check(&h, 0, 100);
	check(&h, 1, 103);
	assert_true(history_anon(&h, 2) == U64_UNKNOWN); /* both are missing */
	check(&h, 3, 107);
}

/* A gap longer than all of it leaves nothing but the newest, as at its coarsest. */
static void test_long_gap_leaves_nothing_behind(void **state)
{
	struct history h = {0};

	(void)state;
	seconds(&h, 100, 50);
	seconds(&h, 100000, 1);
	assert_int_equal(h.n, HISTORY_POINTS);
	assert_int_equal(h.interval, 4 * S);
	for (uint32_t i = 0; i < h.n - 1; i++)
		assert_true(history_anon(&h, i) == U64_UNKNOWN);
	check(&h, h.n - 1, 100000);
}

/* Exactly as long as there is room for: the oldest is still there; one more and it is not. */
static void test_gap_of_all_that_is_kept(void **state)
{
	struct history h = {0};
	uint64_t last = HISTORY_POINTS - 1;

	(void)state;
	history_note(&h, 0, HISTORY_INTERVAL, 4 * KB, 4 * KB);
	history_note(&h, last * HISTORY_INTERVAL, HISTORY_INTERVAL, 8 * KB, 8 * KB);
	assert_int_equal(h.n, HISTORY_POINTS);
	assert_true(history_anon(&h, 0) == 4 * KB);
	history_note(&h, (last + 1) * HISTORY_INTERVAL, HISTORY_INTERVAL, 12 * KB, 12 * KB);
	assert_int_equal(h.n, HISTORY_POINTS);
	assert_true(history_anon(&h, 0) == U64_UNKNOWN);
	assert_true(history_anon(&h, last - 1) == 8 * KB);
	assert_true(history_anon(&h, last) == 12 * KB);
}

/* anon and usage come from two readings: each fills its own, the later one of a point counts. */
static void test_readings_of_one_point(void **state)
{
	struct history h = {0};

	(void)state;
	history_note(&h, 100 * S, S, U64_UNKNOWN, 40 * KB);
	assert_true(history_anon(&h, 0) == U64_UNKNOWN);
	history_note(&h, 100 * S + 1, S, 8 * KB, U64_UNKNOWN);
	history_note(&h, 101 * S - 1, S, U64_UNKNOWN, 44 * KB);
	assert_int_equal(h.n, 1);
	assert_true(history_anon(&h, 0) == 8 * KB);
	assert_true(history_usage(&h, 0) == 44 * KB);
	history_note(&h, 101 * S, S, U64_UNKNOWN, U64_UNKNOWN);
	assert_int_equal(h.n, 2);
	assert_true(history_usage(&h, 1) == U64_UNKNOWN);
}

static void test_backwards_is_left_aside(void **state)
{
	struct history h = {0}, before;

	(void)state;
	seconds(&h, 100, 5);
	before = h;
	seconds(&h, 103, 1);
	seconds(&h, 0, 1);
	assert_memory_equal(&h, &before, sizeof(h));
	/* An earlier instant of the same point is that point's. */
	history_note(&h, 104 * S + 500, S, 4 * KB, 4 * KB);
	history_note(&h, 104 * S + 100, S, 8 * KB, 8 * KB);
	assert_true(history_anon(&h, h.n - 1) == 8 * KB);
}

/* Units of 4 KiB, 32 bits of them; what has no room in there is not known, and not a wrong one. */
static void test_sizes(void **state)
{
	static const struct {
		uint64_t in, out;
	} cases[] = {
		{0, 0},
		{4095, 0},
		{4096, 4096},
		{4097, 4096},
		{(UINT32_MAX - 1ull) * 4096 + 4095, (UINT32_MAX - 1ull) * 4096},
		{UINT32_MAX * 4096ull, U64_UNKNOWN},
		{UINT64_MAX - 2, U64_UNKNOWN},
		{U64_UNLIMITED, U64_UNKNOWN},
		{U64_UNKNOWN, U64_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct history h = {0};

		history_note(&h, 100 * S, S, cases[i].in, cases[i].in);
		assert_true(history_anon(&h, 0) == cases[i].out);
		assert_true(history_usage(&h, 0) == cases[i].out);
	}
}

/* Whatever the times and the step are: it ends, stays in its place, and holds the newest. */
static void test_hostile_times(void **state)
{
	static const uint64_t times[] = {0,
					 1,
					 S,
					 S + 1,
					 60 * S,
					 3600 * S,
					 INT64_MAX,
					 INT64_MAX + 1ull,
					 1ull << 32,
					 UINT64_MAX,
					 UINT64_MAX - 1};
	static const uint64_t steps[] = {0, 1, 2, S, 5 * S, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
	const size_t n = sizeof(times) / sizeof(times[0]);

	(void)state;
	for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
		for (size_t a = 0; a < n; a++)
			for (size_t b = 0; b < n; b++) {
				struct history h = {0};

				history_note(&h, times[a], steps[s], 4 * KB, 4 * KB);
				history_note(&h, times[b], steps[s], 8 * KB, 8 * KB);
				assert_in_range(h.n, 1, HISTORY_POINTS);
				assert_true(h.interval != 0);
				if (times[b] >= times[a])
					assert_true(history_anon(&h, h.n - 1) == 8 * KB);
				else if (times[b] / h.interval < times[a] / h.interval)
					assert_true(history_anon(&h, h.n - 1) == 4 * KB);
				/* And it goes on. */
				history_note(&h, UINT64_MAX, steps[s], 12 * KB, 12 * KB);
				assert_in_range(h.n, 1, HISTORY_POINTS);
				assert_true(history_anon(&h, h.n - 1) == 12 * KB);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begins_as_fine_as_the_readings),
		cmocka_unit_test(test_two_become_one),
		cmocka_unit_test(test_odd_beginning),
		cmocka_unit_test(test_interval_doubles_at_most_to_its_largest),
		cmocka_unit_test(test_oldest_goes),
		cmocka_unit_test(test_gap_has_no_reading),
		cmocka_unit_test(test_gap_in_a_pair),
		cmocka_unit_test(test_long_gap_leaves_nothing_behind),
		cmocka_unit_test(test_gap_of_all_that_is_kept),
		cmocka_unit_test(test_readings_of_one_point),
		cmocka_unit_test(test_backwards_is_left_aside),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_hostile_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
