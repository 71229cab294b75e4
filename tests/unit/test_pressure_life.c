/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pressure_life.c - a finding of memory pressure from its beginning to its end: told once,
 * cleared once, and about whom.
 */
#include "pressure_looks.h"

static struct harness *open_raised(struct look *l)
{
	struct harness *h = open_quiet();

	*l = full_look;
	look(h, l);
	bad_looks(h, l, 2);
	assert_int_equal(findings(h), 1);
	return h;
}

static void test_cleared_after_a_while(void **state)
{
	struct look l;
	struct harness *h = open_raised(&l);
	uint64_t raised_at = h->now - NSEC_PER_SEC;
	const struct h_record *r;
	int looks = 0;

	(void)state;
	l.usage = 50 * MB;
	while (findings(h) == 1 && looks < 60) {
		look(h, &l);
		looks++;
	}
	/* For three looks more, two of the last five were bad; then 15 seconds. */
	assert_in_range(looks, 3 + 15, 3 + 16);
	r = h_find(h, RECORD_FINDING, 1);
	assert_true(r->finding.cleared);
	assert_int_equal(r->r.severity, SEVERITY_INFO);
	assert_int_equal(r->finding.reasons, 0);
	assert_in_range(r->finding.since_real, core_real(h->core, raised_at - 100 * H_MS),
			core_real(h->core, raised_at));
	assert_int_equal(r->finding.usage, 50 * MB);
	assert_string_equal(r->finding.advice, "The pressure is over.");
	/* And it is told once. */
	good_looks(h, &l, 30);
	assert_int_equal(findings(h), 2);
	/* The next time is another one. */
	l = full_look;
	l.max_events = 1000;
	bad_looks(h, &l, 3);
	assert_int_equal(findings(h), 3);
	assert_false(h_find(h, RECORD_FINDING, 2)->finding.cleared);
	assert_true(h_find(h, RECORD_FINDING, 2)->finding.since_real == U64_UNKNOWN);
	h_close(h);
}

/* It comes and goes within seconds: raised once, and not cleared meanwhile. */
static void test_no_flutter(void **state)
{
	struct look l;
	struct harness *h = open_raised(&l);

	(void)state;
	for (int i = 0; i < 20; i++) {
		good_looks(h, &l, 14);
		bad_looks(h, &l, 2);
	}
	assert_int_equal(findings(h), 1);
	h_close(h);
}

/* Its limit is taken away while it is raised: over, but said. */
static void test_limit_goes_away(void **state)
{
	struct look l;
	struct harness *h = open_raised(&l);

	(void)state;
	l.limit = U64_UNLIMITED;
	good_looks(h, &l, 25);
	assert_int_equal(findings(h), 2);
	assert_true(h_find(h, RECORD_FINDING, 1)->finding.cleared);
	h_close(h);
}

static void test_cleared_when_the_cgroup_goes(void **state)
{
	struct look l;
	struct harness *h = open_raised(&l);
	const struct h_record *r;

	(void)state;
	h_rmdir(h, 10);
	h_mark(h);
	assert_int_equal(findings(h), 2);
	r = h_find(h, RECORD_FINDING, 1);
	assert_true(r->finding.cleared);
	assert_string_equal(r->container.id, H_ID64);
	h_counts_event(h, 10);
	h_step(h);
	h_mark(h);
	/* Before the container's own end. */
	assert_true(r->r.seq < h_the(h, RECORD_CONTAINER_STOP)->r.seq);
	/* Late readings of it change nothing. */
	l.max_events = 2000;
	bad_looks(h, &l, 5);
	assert_int_equal(findings(h), 2);
	h_close(h);
}

static void test_nothing_to_clear(void **state)
{
	struct harness *h = open_quiet();

	(void)state;
	good_looks(h, &(struct look){.limit = LIMIT, .high = U64_UNLIMITED}, 3);
	h_rmdir(h, 10);
	h_mark(h);
	assert_int_equal(findings(h), 0);
	h_close(h);
}

/* ---- whose ---- */

static void test_of_a_slice(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	for (int i = 0; i < 3; i++, l.max_events++)
		look_at(h, 5, &l);
	assert_null(h_the(h, RECORD_FINDING)->r.container);
	assert_int_equal(the_finding(h)->level, LEVEL_SLICE);
	assert_string_equal(the_finding(h)->cgroup, "/docker");
	h_close(h);
}

/* Two at once: each has its own looks, beginning and end. */
static void test_two_at_once(void **state)
{
	struct harness *h = open_quiet();
	struct look a = full_look, b = full_look;

	(void)state;
	for (int i = 0; i < 4; i++) {
		a.max_events++;
		b.max_events += i >= 2;
		look_at(h, 10, &a);
		look_at(h, 5, &b);
	}
	assert_int_equal(findings(h), 2);
	assert_int_equal(h_find(h, RECORD_FINDING, 0)->finding.cgroup_id, 10);
	assert_int_equal(h_find(h, RECORD_FINDING, 1)->finding.cgroup_id, 5);
	h_close(h);
}

static void test_excluded_ones_are_not_told(void **state)
{
	struct ev_start start = h_start();
	struct look l = full_look;
	struct harness *h;

	(void)state;
	start.n_exclude = 1;
	strcpy(start.exclude[0], H_DOCKER);
	h = h_open(&start);
	h_ready(h);
	h_scan(h, 10, 5, H_DOCKER);
	h_scan(h, 11, 5, "/docker/" H_ID64_2);
	look(h, &l);
	bad_looks(h, &l, 5);
	h_rmdir(h, 10);
	h_mark(h);
	assert_int_equal(findings(h), 0);
	for (int i = 0; i < 3; i++, l.max_events++)
		look_at(h, 11, &l);
	assert_int_equal(findings(h), 1);
	h_close(h);
}

/* Several reasons at once: all are named, the advice is the most urgent one's. */
static void test_several_reasons(void **state)
{
	struct harness *h = open_quiet();
	struct look l = full_look;

	(void)state;
	l.high = LIMIT;
	for (int i = 0; i < 3; i++) {
		l.max_events += 2;
		l.high_events += 2;
		l.refaults += 2000;
		/* The stall comes last: it would raise at once. */
		l.full = i == 2 ? 2000 : 0;
		look(h, &l);
	}
	assert_int_equal(the_finding(h)->reasons,
			 PRESSURE_LIMIT | PRESSURE_HIGH | PRESSURE_STALL | PRESSURE_THRASH);
	assert_non_null(strstr(the_finding(h)->advice, "OOM kill"));
	h_close(h);
}

static void test_each_reason_has_its_advice(void **state)
{
	struct look l = full_look;
	struct harness *h = open_quiet();

	(void)state;
	l.file = 20 * MB;
	for (int i = 0; i < 5; i++, l.refaults += 2000)
		look(h, &l);
	assert_non_null(strstr(the_finding(h)->advice, "working set"));
	h_close(h);
	h = open_quiet();
	l.full = 5000;
	look(h, &l);
	assert_non_null(strstr(the_finding(h)->advice, "wait for memory"));
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cleared_after_a_while),
		cmocka_unit_test(test_no_flutter),
		cmocka_unit_test(test_limit_goes_away),
		cmocka_unit_test(test_cleared_when_the_cgroup_goes),
		cmocka_unit_test(test_nothing_to_clear),
		cmocka_unit_test(test_of_a_slice),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_excluded_ones_are_not_told),
		cmocka_unit_test(test_several_reasons),
		cmocka_unit_test(test_each_reason_has_its_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
