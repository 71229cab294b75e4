/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pressure.c - near misses: what makes memory pressure a finding, and what does not. A
 * negative case is a positive one with one byte or one event changed.
 */
#include <math.h>

#include "pressure_looks.h"

/* Does this look, repeated with what the caller changes, end in a finding with these reasons? */
static uint32_t reasons_after(struct look l, const struct look *step, struct harness *h)
{
	uint32_t reasons;

	for (int i = 0; i < 12 && !findings(h); i++) {
		look(h, &l);
		l.max_events += step->max_events;
		l.high_events += step->high_events;
		l.refaults += step->refaults;
	}
	reasons = findings(h) ? h_find(h, RECORD_FINDING, 0)->finding.reasons : 0;
	h_close(h);
	return reasons;
}

/* ---- limit ---- */

static void test_everything_of_a_finding(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;
	const struct h_record *r;
	uint64_t at;

	(void)state;
	l.file = 4 * MB;
	l.full = 123;
	look(h, &l);
	bad_looks(h, &l, 1);
	assert_int_equal(findings(h), 0);
	at = h->now;
	l.max_events += 9;
	bad_looks(h, &l, 1);
	r = h_the(h, RECORD_FINDING);
	assert_int_equal(r->r.severity, SEVERITY_WARNING);
	assert_int_equal(r->r.time_real, core_real(h->core, at + 1000));
	assert_string_equal(r->container.id, H_ID64);
	assert_int_equal(r->finding.kind, FINDING_MEMORY_PRESSURE);
	assert_false(r->finding.cleared);
	assert_true(r->finding.since_real == U64_UNKNOWN);
	assert_string_equal(r->finding.cgroup, H_DOCKER);
	assert_int_equal(r->finding.cgroup_id, 10);
	assert_int_equal(r->finding.level, LEVEL_CONTAINER);
	assert_int_equal(r->finding.reasons, PRESSURE_LIMIT);
	assert_int_equal(r->finding.usage, LIMIT);
	assert_int_equal(r->finding.limit, LIMIT);
	assert_true(r->finding.high == U64_UNLIMITED);
	assert_int_equal(r->finding.unreclaimable, 96 * MB);
	assert_float_equal(r->finding.usage_ratio, 1.0, 1e-9);
	assert_float_equal(r->finding.unreclaimable_ratio, 0.96, 1e-9);
	assert_float_equal(r->finding.max_rate, 10.0, 0.01);
	assert_float_equal(r->finding.high_rate, 0.0, 1e-9);
	assert_float_equal(r->finding.pressure_full_avg10, 1.23, 1e-9);
	assert_float_equal(r->finding.refault_rate, 0.0, 1e-9);
	assert_float_equal(r->finding.threshold_pressure, 10.0, 1e-9);
	assert_float_equal(r->finding.threshold_unreclaimable_ratio, 0.85, 1e-9);
	assert_int_equal(r->finding.history->n, 3);
	assert_int_equal(history_usage(r->finding.history, 2), LIMIT);
	assert_int_equal(history_anon(r->finding.history, 2), 96 * MB);
	assert_non_null(strstr(r->finding.advice, "Raise the limit"));
	h_close(h);
}

static void test_two_looks_of_five(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	look(h, &l);
	for (int i = 0; i < 10; i++) {
		bad_looks(h, &l, 1);
		good_looks(h, &l, 4);
	}
	assert_int_equal(findings(h), 0); /* one of five, ever again */
	bad_looks(h, &l, 1);
	good_looks(h, &l, 3);
	assert_int_equal(findings(h), 0);
	bad_looks(h, &l, 1);
	assert_int_equal(findings(h), 1);
	h_close(h);
}

/* The first look has nothing to compare with: a count of before is no rate. */
static void test_old_events_say_nothing(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	l.max_events = 123456;
	good_looks(h, &l, 20);
	assert_int_equal(findings(h), 0);
	h_close(h);
}

/* At its limit all the time and reclaiming all the time: with page cache that is how it should be.
 */
static void test_page_cache_alone_is_no_pressure(void **state)
{
	const struct look step = {.max_events = 1000};
	struct look l = full_look;

	(void)state;
	l.file = LIMIT;
	assert_int_equal(reasons_after(l, &step, open_quiet()), 0);
	l.file = 15 * MB + 1;
	assert_int_equal(reasons_after(l, &step, open_quiet()), 0);
	l.file = 15 * MB;
	assert_int_equal(reasons_after(l, &step, open_quiet()), PRESSURE_LIMIT);
}

static void test_full_without_events_is_no_pressure(void **state)
{
	const struct look none = {0};

	(void)state;
	assert_int_equal(reasons_after(full_look, &none, open_quiet()), 0);
}

/* What is not known is no pressure: no limit, no lists, no events, an old memory.stat. */
static void test_what_is_not_known(void **state)
{
	const struct look step = {.max_events = 1};
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	l.limit = U64_UNKNOWN;
	assert_int_equal(reasons_after(l, &step, open_quiet()), 0);
	l.limit = 0;
	assert_int_equal(reasons_after(l, &step, open_quiet()), 0);
	l = full_look;
	l.max_events = U64_UNKNOWN;
	assert_int_equal(reasons_after(l, &(const struct look){0}, open_quiet()), 0);
	for (int i = 0; i < 10; i++) {
		h_watch_event(h, 10, LIMIT)->split.active_file = U64_UNKNOWN;
		h_step(h);
		h_memcg_event(h, 10, LIMIT, LIMIT)->level.events_max = (uint64_t)i;
		h_step(h);
		h_mark(h);
		h_pass(h, NSEC_PER_SEC);
	}
	assert_int_equal(findings(h), 0);
	h_close(h);
}

static void test_old_memory_stat_says_nothing(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	look(h, &l);
	h_pass(h, 10 * NSEC_PER_SEC);
	for (uint64_t i = 1; i < 10; i++) {
		h_memcg_event(h, 10, LIMIT, LIMIT)->level.events_max = i;
		h_step(h);
		h_mark(h);
	}
	assert_int_equal(findings(h), 0);
	/* The same with a fresh one. */
	l.max_events = 9;
	bad_looks(h, &l, 2);
	assert_int_equal(findings(h), 1);
	h_close(h);
}

static void test_count_that_runs_backwards(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	l.max_events = 1000;
	for (int i = 0; i < 10; i++) {
		look(h, &l);
		l.max_events--;
	}
	assert_int_equal(findings(h), 0);
	h_close(h);
}

/* v1's files have no events; how often a charge failed says the same. */
static void test_v1_counts_failures(void **state)
{
	struct harness *h = open_quiet();
	struct ev_memcg *m;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		h_watch(h, 10, LIMIT);
		m = h_memcg_event(h, 10, LIMIT, LIMIT);
		m->v1 = 1;
		m->level.events_max = U64_UNKNOWN;
		m->level.failcnt = i * 5;
		h_step(h);
		h_mark(h);
		h_pass(h, NSEC_PER_SEC);
	}
	assert_int_equal(the_finding(h)->reasons, PRESSURE_LIMIT);
	assert_float_equal(the_finding(h)->max_rate, 5.0, 0.01);
	h_close(h);
}

/* ---- memory.high ---- */

static void test_high_without_a_limit(void **state)
{
	const struct look step = {.high_events = 3};
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	l.limit = U64_UNLIMITED;
	l.high = LIMIT;
	assert_int_equal(reasons_after(l, &step, open_quiet()), PRESSURE_HIGH);
	l.file = 15 * MB;
	assert_int_equal(reasons_after(l, &step, open_quiet()), PRESSURE_HIGH);
	l.file++;
	assert_int_equal(reasons_after(l, &step, open_quiet()), 0);
	l.file = 0;
	l.high = U64_UNLIMITED;
	assert_int_equal(reasons_after(l, &step, open_quiet()), 0);
	/* Without a limit there is no part of it that is used. */
	l.high = LIMIT;
	for (int i = 0; i < 3; i++, l.high_events += 3)
		look(h, &l);
	assert_true(isnan(the_finding(h)->usage_ratio));
	assert_true(isnan(the_finding(h)->unreclaimable_ratio));
	assert_true(the_finding(h)->limit == U64_UNLIMITED);
	assert_int_equal(the_finding(h)->high, LIMIT);
	assert_float_equal(the_finding(h)->high_rate, 3.0, 0.01);
	assert_non_null(strstr(the_finding(h)->advice, "memory.high"));
	h_close(h);
}

/* ---- stall ---- */

static struct harness *open_with_threshold(uint64_t threshold)
{
	struct ev_start start = h_start();
	struct harness *h;

	start.pressure_threshold = threshold;
	h = h_open(&start);
	h_ready(h);
	h_scan(h, 10, 5, H_DOCKER);
	h_mark(h);
	h_forget(h);
	return h;
}

static void test_stall_by_its_threshold(void **state)
{
	static const struct {
		uint64_t threshold, full;
		bool raised;
	} cases[] = {
		{U64_UNKNOWN, 1000, true},
		{U64_UNKNOWN, 999, false},
		{2500, 2500, true},
		{2500, 2499, false},
		{1, 1, true},
		{1, 0, false},
		{1, U64_UNKNOWN, false},
		{10000, 10000, true},
	};
	struct look l = full_look;

	(void)state;
	l.usage = MB;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness *h = open_with_threshold(cases[i].threshold);

		l.full = cases[i].full;
		/* One look does: it is an average already. */
		look(h, &l);
		assert_int_equal(findings(h), cases[i].raised);
		if (cases[i].raised) {
			assert_int_equal(the_finding(h)->reasons, PRESSURE_STALL);
			assert_float_equal(the_finding(h)->pressure_full_avg10,
					   (double)cases[i].full / 100, 1e-9);
		}
		if (cases[i].raised && cases[i].threshold < U64_UNLIMITED)
			assert_float_equal(the_finding(h)->threshold_pressure,
					   (double)cases[i].threshold / 100, 1e-9);
		h_close(h);
	}
}

/* Without any limit of its own it waits for the host's memory or a slice's. */
static void test_stall_without_a_limit_is_not_its_own(void **state)
{
	const struct look none = {0};
	struct look l = full_look;

	(void)state;
	l.full = 9000;
	l.limit = U64_UNLIMITED;
	assert_int_equal(reasons_after(l, &none, open_quiet()), 0);
	l.high = 2 * LIMIT;
	assert_int_equal(reasons_after(l, &none, open_quiet()), PRESSURE_STALL);
}

/* ---- thrash ---- */

static void test_thrash(void **state)
{
	/* 5 MB a second come back: a twentieth of the limit. */
	const struct look fast = {.refaults = 1281}, slow = {.refaults = 1280};
	struct look l = full_look;

	(void)state;
	l.file = 20 * MB;
	assert_int_equal(reasons_after(l, &fast, open_quiet()), PRESSURE_THRASH);
	assert_int_equal(reasons_after(l, &slow, open_quiet()), 0);
	l.file += 1;
	assert_int_equal(reasons_after(l, &fast, open_quiet()), 0);
	l.file = 0;
	l.limit = U64_UNLIMITED;
	l.high = LIMIT;
	assert_int_equal(reasons_after(l, &fast, open_quiet()), 0);
}

/* One answer is one look: whoever is seldom asked is not judged twice by the same memory.stat. */
static void test_thrash_is_seen_by_two_answers(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	l.file = 10 * MB;
	look(h, &l);
	l.refaults += 5000;
	look(h, &l);
	for (int i = 0; i < 8; i++) {
		h_memcg_event(h, 10, LIMIT, LIMIT)->level.events_max = 0;
		h_step(h);
		h_mark(h);
		h_pass(h, NSEC_PER_SEC);
	}
	assert_int_equal(findings(h), 0);
	l.refaults += 50000;
	look(h, &l);
	assert_int_equal(the_finding(h)->reasons, PRESSURE_THRASH);
	h_close(h);
}

/* ---- swap ---- */

static struct harness *open_with_swap(uint64_t total, uint64_t swap_free)
{
	struct harness *h = open_quiet();
	struct ev_host *ev = h_host_event(h);

	ev->swap_total = total;
	ev->swap_free = swap_free;
	h_step(h);
	h_mark(h);
	return h;
}

static void test_swap_takes_what_is_too_much(void **state)
{
	const struct look step = {.max_events = 1};
	struct look l = full_look;
	const uint64_t gb = 1024 * MB;

	(void)state;
	assert_int_equal(reasons_after(l, &step, open_with_swap(gb, gb)), 0);
	/* A tenth left is the least. */
	assert_int_equal(reasons_after(l, &step, open_with_swap(gb * 10, gb)), 0);
	assert_int_equal(reasons_after(l, &step, open_with_swap(gb * 10, gb - 1)), PRESSURE_LIMIT);
	assert_int_equal(reasons_after(l, &step, open_with_swap(0, 0)), PRESSURE_LIMIT);
	assert_int_equal(reasons_after(l, &step, open_with_swap(U64_UNKNOWN, U64_UNKNOWN)),
			 PRESSURE_LIMIT);
	/* The cgroup's own share of it. */
	l.swap_max = 0;
	assert_int_equal(reasons_after(l, &step, open_with_swap(gb, gb)), PRESSURE_LIMIT);
	l.swap_max = 100 * MB;
	l.swap_usage = 90 * MB - 1;
	assert_int_equal(reasons_after(l, &step, open_with_swap(gb, gb)), 0);
	l.swap_usage = 90 * MB;
	assert_int_equal(reasons_after(l, &step, open_with_swap(gb, gb)), PRESSURE_LIMIT);
	l.swap_max = U64_UNKNOWN;
	assert_int_equal(reasons_after(l, &step, open_with_swap(gb, gb)), PRESSURE_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_of_a_finding),
		cmocka_unit_test(test_two_looks_of_five),
		cmocka_unit_test(test_old_events_say_nothing),
		cmocka_unit_test(test_page_cache_alone_is_no_pressure),
		cmocka_unit_test(test_full_without_events_is_no_pressure),
		cmocka_unit_test(test_what_is_not_known),
		cmocka_unit_test(test_old_memory_stat_says_nothing),
		cmocka_unit_test(test_count_that_runs_backwards),
		cmocka_unit_test(test_v1_counts_failures),
		cmocka_unit_test(test_high_without_a_limit),
		cmocka_unit_test(test_stall_by_its_threshold),
		cmocka_unit_test(test_stall_without_a_limit_is_not_its_own),
		cmocka_unit_test(test_thrash),
		cmocka_unit_test(test_thrash_is_seen_by_two_answers),
		cmocka_unit_test(test_swap_takes_what_is_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
