/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kills.c - the kernel's own count of OOM kills in a cgroup against the records: what it
 * counted before the agent came, and what is missing.
 */
#include "kill_looks.h"

/* ---- before the start ---- */

static void test_kills_before_start_are_told_once(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	look(h, 3);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	assert_false(count_of(h, 10)->known);
	look(h, 3);
	r = h_the(h, RECORD_FINDING);
	assert_int_equal(r->r.severity, SEVERITY_WARNING);
	assert_int_equal(r->finding.kind, FINDING_OOM_KILLS_BEFORE_START);
	assert_false(r->finding.cleared);
	assert_string_equal(r->container.id, H_ID64);
	assert_string_equal(r->finding.cgroup, H_DOCKER);
	assert_int_equal(r->finding.cgroup_id, 10);
	assert_int_equal(r->finding.level, LEVEL_CONTAINER);
	assert_int_equal(r->finding.kills.kernel, 3);
	assert_true(r->finding.kills.records == U64_UNKNOWN);
	assert_null(r->finding.history);
	for (int i = 0; i < 10; i++)
		look(h, 3);
	kill_one(h, WORKER, MASTER);
	look(h, 4);
	look(h, 4);
	/* Neither again, nor as something that is missing; and no record was made up for it. */
	assert_int_equal(h_count(h, RECORD_FINDING), 1);
	assert_int_equal(h_count(h, RECORD_OOM_KILL), 1);
	assert_int_equal(count_of(h, 10)->missing, 0);
	assert_int_equal(kills_now(h)->n_gaps, 0);
	h_close(h);
}

static void test_no_kills_before_start(void **state)
{
	struct harness *h = open_service();

	(void)state;
	for (int i = 0; i < 4; i++)
		look(h, 0);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	assert_true(count_of(h, 10)->known);
	h_close(h);
}

/* The first look has counted it, and its event is still on the way: that is none of before. */
static void test_kill_in_flight_at_the_first_look(void **state)
{
	struct harness *h = open_service();

	(void)state;
	look(h, 1);
	kill_one(h, WORKER, MASTER);
	look(h, 1);
	look(h, 1);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	assert_int_equal(count_of(h, 10)->base, 0);
	assert_int_equal(count_of(h, 10)->missing, 0);
	h_close(h);
}

/* The same between the first two looks: the smaller of the two is what was before. */
static void test_kill_in_flight_at_the_second_look(void **state)
{
	struct harness *h = open_service();

	(void)state;
	look(h, 2);
	look(h, 3);
	kill_one(h, WORKER, MASTER);
	look(h, 3);
	assert_int_equal(h_the(h, RECORD_FINDING)->finding.kills.kernel, 2);
	assert_int_equal(count_of(h, 10)->missing, 0);
	h_close(h);
}

/* The event came before any look. */
static void test_kill_before_the_first_look(void **state)
{
	struct harness *h = open_service();

	(void)state;
	kill_one(h, WORKER, MASTER);
	look(h, 1);
	look(h, 1);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	assert_int_equal(count_of(h, 10)->missing, 0);
	h_close(h);
}

/* One whose mkdir was seen has no before: all that its kernel counts must be told of. */
static void test_created_cgroup_has_no_before(void **state)
{
	struct harness *h = open_service();

	(void)state;
	h_cgroup(h, 11, 5, "/docker/" H_ID64_2);
	h_memcg_kills(h, 11, 1);
	h_memcg_kills(h, 11, 1);
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	assert_true(count_of(h, 11)->known);
	assert_int_equal(count_of(h, 11)->missing, 1);
	h_close(h);
}

static void test_unknown_counts_are_no_looks(void **state)
{
	struct harness *h = open_service();

	(void)state;
	for (int i = 0; i < 5; i++) {
		look(h, U64_UNKNOWN);
		look(h, U64_UNLIMITED);
	}
	assert_false(count_of(h, 10)->known);
	look(h, 2);
	look(h, U64_UNKNOWN);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	look(h, 2);
	assert_int_equal(h_count(h, RECORD_FINDING), 1);
	h_close(h);
}

static void test_excluded_ones_are_not_told(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.n_exclude = 1;
	strcpy(start.exclude[0], H_DOCKER);
	h = h_open(&start);
	h_ready(h);
	h_scan(h, 10, 5, H_DOCKER);
	look(h, 3);
	look(h, 3);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	h_close(h);
}

/* v1's files know no local events, but count victims; the same holds for a v1 reading. */
static void test_v1(void **state)
{
	struct harness *h = open_service();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ev_memcg *m = h_memcg_event(h, 10, 32 << 20, 64 << 20);

		m->v1 = 1;
		m->oom_kills = m->oom_kills_local = 5;
		m->level.oom_local = U64_UNKNOWN;
		h_step(h);
	}
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_FINDING)->finding.kills.kernel, 5);
	h_close(h);
}

/* ---- missing ---- */

/* A look may be ahead of the events: a difference counts when the next one has it too. */
static void test_missing_when_seen_twice(void **state)
{
	struct harness *h = open_settled();
	const struct rec_kill_gap *gap;

	(void)state;
	look(h, 1);
	assert_int_equal(count_of(h, 10)->missing, 0);
	assert_int_equal(kills_now(h)->n_gaps, 0);
	look(h, 1);
	assert_int_equal(count_of(h, 10)->missing, 1);
	assert_int_equal(kills_now(h)->n_gaps, 1);
	gap = &kills_now(h)->gaps[0];
	assert_string_equal(gap->cgroup, H_DOCKER);
	assert_int_equal(gap->cgroup_id, 10);
	assert_int_equal(gap->kernel, 1);
	assert_int_equal(gap->records, 0);
	assert_int_equal(gap->twice, 0);
	assert_int_equal(gap->missing, 1);
	/* Of two looks the smaller one. */
	look(h, 5);
	assert_int_equal(count_of(h, 10)->missing, 1);
	look(h, 4);
	assert_int_equal(count_of(h, 10)->missing, 4);
	h_close(h);
}

static void test_event_that_comes_after_the_look(void **state)
{
	struct harness *h = open_settled();

	(void)state;
	for (uint64_t i = 1; i < 10; i++) {
		look(h, i);
		kill_one(h, WORKER, MASTER);
	}
	look(h, 9);
	assert_int_equal(count_of(h, 10)->missing, 0);
	h_close(h);
}

/* What is missing and turns up later is missing no more. */
static void test_late_event_closes_the_gap(void **state)
{
	struct harness *h = open_settled();

	(void)state;
	look(h, 1);
	look(h, 1);
	assert_int_equal(kills_now(h)->n_gaps, 1);
	kill_one(h, WORKER, MASTER);
	look(h, 1);
	assert_int_equal(count_of(h, 10)->missing, 0);
	assert_int_equal(kills_now(h)->n_gaps, 0);
	h_close(h);
}

/* More records than kills: a count that runs backwards, or the kernel's was read early. */
static void test_never_negative(void **state)
{
	struct harness *h = open_settled();

	(void)state;
	kill_one(h, WORKER, MASTER);
	kill_one(h, WORKER_N(1), MASTER);
	look(h, 1);
	look(h, 0);
	assert_int_equal(count_of(h, 10)->missing, 0);
	h_close(h);
}

/* The last reading is at the rmdir; no second one can come. */
static void test_missing_at_rmdir(void **state)
{
	struct harness *h = open_settled();
	struct ev_cgroup_gone *ev = &h_event(h, EV_CGROUP_GONE)->cgroup_gone;

	(void)state;
	ev->id = 10;
	ev->level = h_level(10, 0, 64 << 20, 0);
	ev->oom_kills = 5; /* with those below it */
	ev->oom_kills_local = 2;
	h_step(h);
	h_mark(h);
	assert_int_equal(count_of(h, 10)->missing, 2);
	/* It is named while it is remembered. */
	assert_int_equal(kills_now(h)->n_gaps, 1);
	assert_int_equal(kills_now(h)->gaps[0].missing, 2);
	h_close(h);
}

/* A cgroup that lives for milliseconds, with no round over it: its rmdir is the only look. */
static void test_short_life(void **state)
{
	struct harness *h = open_service();
	struct ev_cgroup_gone *ev;

	(void)state;
	h_cgroup(h, 11, 5, "/docker/" H_ID64_2);
	kill_one(h, h_who(300, 11, "short"), MASTER);
	ev = &h_event(h, EV_CGROUP_GONE)->cgroup_gone;
	ev->id = 11;
	ev->level = h_level(11, 0, 64 << 20, 0);
	ev->oom_kills_local = 1;
	h_step(h);
	h_mark(h);
	assert_int_equal(count_of(h, 11)->missing, 0);
	h_close(h);
}

static void test_at_most_so_many_gaps(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.max_containers = 64;
	h = h_open(&start);
	h_ready(h);
	for (uint64_t i = 0; i < RECORD_KILL_GAPS + 10; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/docker/%064x", (unsigned int)i);
		h_cgroup(h, 100 + i, 5, path);
		h_memcg_kills(h, 100 + i, 1);
		h_memcg_kills(h, 100 + i, 1);
		if (i % 2)
			h_rmdir(h, 100 + i);
	}
	h_mark(h);
	assert_int_equal(kills_now(h)->n_gaps, RECORD_KILL_GAPS);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kills_before_start_are_told_once),
		cmocka_unit_test(test_no_kills_before_start),
		cmocka_unit_test(test_kill_in_flight_at_the_first_look),
		cmocka_unit_test(test_kill_in_flight_at_the_second_look),
		cmocka_unit_test(test_kill_before_the_first_look),
		cmocka_unit_test(test_created_cgroup_has_no_before),
		cmocka_unit_test(test_unknown_counts_are_no_looks),
		cmocka_unit_test(test_excluded_ones_are_not_told),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_missing_when_seen_twice),
		cmocka_unit_test(test_event_that_comes_after_the_look),
		cmocka_unit_test(test_late_event_closes_the_gap),
		cmocka_unit_test(test_never_negative),
		cmocka_unit_test(test_missing_at_rmdir),
		cmocka_unit_test(test_short_life),
		cmocka_unit_test(test_at_most_so_many_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
