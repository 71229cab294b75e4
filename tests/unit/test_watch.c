/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_watch.c - whose memory.stat is asked for at the end of a round: who is close to a limit or
 * will be there soon, the others now and then, within a budget, nobody never.
 */
#include <math.h>

#include "core_harness.h"

#define MB    1048576ll
#define FIRST 100 /* id of the first of many */
#define SHORT (NSEC_PER_SEC / 10)
#define LEAST 16 /* asked for in a round, however short the interval */

/* n docker containers, taken, and what was asked for so far forgotten. */
static struct harness *open_many(uint32_t n, uint64_t interval)
{
	struct ev_start start = h_start();
	struct harness *h;

	start.sample_interval = interval;
	start.max_containers = 128;
	h = h_open(&start);
	h_ready(h);
	h_scan(h, H_ROOT, 0, "/");
	h_scan(h, 5, H_ROOT, "/docker");
	for (uint32_t i = 0; i < n; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/docker/%064x", FIRST + i);
		h_scan(h, FIRST + i, 5, path);
	}
	h_mark(h);
	h_forget(h);
	return h;
}

/* A reading of one, with a limit of 100 MB. */
static void reading(struct harness *h, uint64_t id, int64_t usage)
{
	h_memcg(h, id, usage, 100 * MB, 0);
}

/* The end of a round; what it asks for is all that is kept of requests. */
static void round_end(struct harness *h)
{
	h_forget(h);
	h_memcgs_end(h);
	h_mark(h);
	h_pass(h, h->start.sample_interval);
}

static size_t asked(const struct harness *h, uint64_t id)
{
	return h_requested(h, REQUEST_MEMCG_WATCH, id);
}

static size_t asked_of_all(const struct harness *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_requests; i++)
		n += h->requests[i].r.type == REQUEST_MEMCG_WATCH;
	return n;
}

/* One round in which the first `hot` of n are full and the others nearly empty. */
static void round_of(struct harness *h, uint32_t n, uint32_t hot)
{
	for (uint32_t i = 0; i < n; i++)
		reading(h, FIRST + i, i < hot ? 90 * MB : 10 * MB);
	round_end(h);
}

static void test_asked_by_path_and_once(void **state)
{
	struct harness *h = open_many(2, NSEC_PER_SEC);

	(void)state;
	round_of(h, 2, 1);
	assert_int_equal(asked_of_all(h), 2);
	assert_int_equal(asked(h, FIRST), 1);
	assert_int_equal(asked(h, FIRST + 1), 1);
	for (size_t i = 0; i < h->n_requests; i++)
		if (h->requests[i].r.type == REQUEST_MEMCG_WATCH)
			assert_memory_equal(h->requests[i].path, "/docker/", 8);
	h_close(h);
}

/* Who is cold is asked once a point of its history, which gets coarser. */
static void test_cold_ones_are_asked_once_a_point(void **state)
{
	struct harness *h = open_many(2, NSEC_PER_SEC);
	size_t cold = 0, hot = 0;

	(void)state;
	for (int t = 0; t < 300; t++)
		round_of(h, 2, 1);
	for (int t = 0; t < 60; t++) {
		round_of(h, 2, 1);
		hot += asked(h, FIRST);
		cold += asked(h, FIRST + 1);
	}
	assert_int_equal(h->core->cgroups[cgroup_find(h->core, FIRST)].history.interval,
			 4 * NSEC_PER_SEC);
	assert_int_equal(hot, 60);
	assert_in_range(cold, 60 / 4, 60 / 3);
	h_close(h);
}

/* In a round that only hot ones are asked in: the history is coarse, all were asked just now. */
static struct harness *open_settled(void)
{
	struct harness *h = open_many(1, NSEC_PER_SEC);

	for (int t = 0; t < 300; t++)
		round_of(h, 1, 0);
	while (!asked(h, FIRST))
		round_of(h, 1, 0);
	return h;
}

static bool is_hot(int64_t before, int64_t usage, uint64_t limit, uint64_t high)
{
	struct harness *h = open_settled();
	bool hot;

	/* The second round after the one that asked: the first takes `before`. */
	h_memcg_event(h, FIRST, before, U64_UNLIMITED);
	h_step(h);
	round_end(h);
	assert_int_equal(asked(h, FIRST), 0);
	h_memcg_event(h, FIRST, usage, limit)->level.high = high;
	h_step(h);
	round_end(h);
	hot = asked(h, FIRST) == 1;
	h_close(h);
	return hot;
}

static void test_who_is_close_to_a_limit(void **state)
{
	const uint64_t none = U64_UNLIMITED;

	(void)state;
	assert_true(is_hot(75 * MB, 75 * MB, 100 * MB, none));
	assert_false(is_hot(75 * MB, 75 * MB - 1, 100 * MB, none));
	assert_true(is_hot(75 * MB, 75 * MB, none, 100 * MB));
	assert_false(is_hot(75 * MB, 75 * MB - 1, none, 100 * MB));
	assert_true(is_hot(75 * MB, 75 * MB, 400 * MB, 100 * MB));
	assert_false(is_hot(75 * MB, 75 * MB, none, none));
	assert_false(is_hot(75 * MB, 75 * MB, U64_UNKNOWN, U64_UNKNOWN));
	assert_false(is_hot(75 * MB, S64_UNKNOWN, 100 * MB, none));
}

/* It will be there by the next two ticks. */
static void test_who_grows_fast(void **state)
{
	const uint64_t none = U64_UNLIMITED;

	(void)state;
	assert_true(is_hot(10 * MB, 40 * MB, 100 * MB, none)); /* 70, 100 */
	assert_false(is_hot(10 * MB, 40 * MB - 1, 100 * MB, none));
	assert_true(is_hot(10 * MB, 40 * MB, 400 * MB, 100 * MB));
	assert_true(is_hot(0, 50 * MB, 100 * MB, none));
	assert_false(is_hot(40 * MB, 40 * MB, 100 * MB, none));
	assert_false(is_hot(70 * MB, 40 * MB, 100 * MB, none));
	/* A first reading is no growth. */
	assert_false(is_hot(S64_UNKNOWN, 40 * MB, 100 * MB, none));
}

static void test_under_pressure_is_hot(void **state)
{
	struct harness *h = open_settled();
	struct cgroup *g = &h->core->cgroups[cgroup_find(h->core, FIRST)];

	(void)state;
	round_of(h, 1, 0);
	assert_int_equal(asked(h, FIRST), 0);
	g->pressure.raised = true;
	g->pressure.last_bad = h->now;
	round_of(h, 1, 0);
	assert_int_equal(asked(h, FIRST), 1);
	h_close(h);
}

/* ---- the budget ---- */

static void test_budget_of_a_second(void **state)
{
	static const struct {
		uint64_t interval;
		size_t budget;
	} cases[] = {
		{NSEC_PER_SEC / 100, LEAST},
		{SHORT, LEAST},
		{NSEC_PER_SEC, 50},
		{2 * NSEC_PER_SEC, 100},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness *h = open_many(120, cases[i].interval);

		round_of(h, 120, 60);
		assert_int_equal(asked_of_all(h), cases[i].budget);
		h_close(h);
	}
}

/* An interval that is none: bounded, and not silent. */
static void test_hostile_interval(void **state)
{
	static const uint64_t intervals[] = {0, 1, U64_UNLIMITED, U64_UNKNOWN};

	(void)state;
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		struct harness *h = open_many(120, intervals[i]);

		for (uint32_t k = 0; k < 120; k++)
			reading(h, FIRST + k, 90 * MB);
		h_memcgs_end(h);
		h_mark(h);
		assert_in_range(asked_of_all(h), LEAST, 120);
		h_close(h);
	}
}

/* More than the budget: everybody gets a turn before anybody gets a second one. */
static void fair(uint32_t n, uint32_t hot)
{
	struct harness *h = open_many(n, SHORT);
	uint32_t turns[128] = {0};
	uint32_t most = 0;

	for (int t = 0; t < 30; t++) {
		uint32_t least = UINT32_MAX;

		round_of(h, n, hot);
		assert_int_equal(asked_of_all(h), LEAST);
		for (uint32_t i = 0; i < n; i++) {
			turns[i] += (uint32_t)asked(h, FIRST + i);
			most = turns[i] > most ? turns[i] : most;
			least = turns[i] < least ? turns[i] : least;
		}
		assert_true(most - least <= 1);
	}
	h_close(h);
}

static void test_round_robin_of_the_cold(void **state)
{
	(void)state;
	fair(40, 0);
	fair(17, 0);
}

static void test_round_robin_of_the_hot(void **state)
{
	(void)state;
	fair(40, 40);
	fair(17, 17);
}

/* Who is hot is asked in every round, and what is left goes around among the others. */
static void test_hot_before_cold(void **state)
{
	const uint32_t n = 40, hot = 10;
	struct harness *h = open_many(n, SHORT);
	bool seen[40] = {false};

	(void)state;
	for (uint32_t t = 0; t < (n - hot) / (LEAST - hot); t++) {
		round_of(h, n, hot);
		assert_int_equal(asked_of_all(h), LEAST);
		for (uint32_t i = 0; i < n; i++) {
			if (i < hot)
				assert_int_equal(asked(h, FIRST + i), 1);
			seen[i] |= asked(h, FIRST + i) == 1;
		}
	}
	for (uint32_t i = 0; i < n; i++)
		assert_true(seen[i]);
	h_close(h);
}

/* Page cache makes many look hot: that must not leave the others without any reading. */
static void test_more_hot_ones_than_the_budget(void **state)
{
	const uint32_t n = 60, hot = 40;
	struct harness *h = open_many(n, SHORT);
	uint32_t turns[60] = {0};

	(void)state;
	for (int t = 0; t < 40; t++) {
		round_of(h, n, hot);
		assert_int_equal(asked_of_all(h), LEAST);
		for (uint32_t i = 0; i < n; i++)
			turns[i] += (uint32_t)asked(h, FIRST + i);
	}
	for (uint32_t i = 0; i < n; i++)
		assert_true(turns[i] >= 4);
	/* And most of it is still theirs. */
	assert_true(turns[0] > turns[n - 1]);
	h_close(h);
}

/* ---- who matters ---- */

static void test_only_what_a_kill_would_be_told_of(void **state)
{
	struct harness *h = open_many(1, NSEC_PER_SEC);

	(void)state;
	h_scan(h, 6, H_ROOT, "/limited.slice");
	h_scan(h, 7, H_ROOT, "/throttled.slice");
	h_scan(h, 8, H_ROOT, "/plain.slice");
	h_memcg(h, 5, 10 * MB, U64_UNLIMITED, 0); /* neither a limit nor a container */
	h_memcg(h, 6, 10 * MB, 100 * MB, 0);
	h_memcg_event(h, 7, 10 * MB, U64_UNLIMITED)->level.high = 100 * MB;
	h_step(h);
	h_memcg(h, 9, 90 * MB, 100 * MB, 0); /* nobody has told its path */
	h_memcg(h, FIRST, 10 * MB, U64_UNLIMITED, 0);
	round_end(h);
	assert_int_equal(asked(h, 5), 0);
	assert_int_equal(asked(h, 6), 1);
	assert_int_equal(asked(h, 7), 1);
	assert_int_equal(asked(h, 8), 0);
	assert_int_equal(asked(h, 9), 0);
	assert_int_equal(asked(h, FIRST), 1);
	h_close(h);
}

/* Neither an excluded container nor what it has below it. */
static void test_excluded_ones_are_not_asked(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.n_exclude = 1;
	strcpy(start.exclude[0], H_DOCKER "*");
	h = h_open(&start);
	h_ready(h);
	h_scan(h, H_ROOT, 0, "/");
	h_scan(h, 5, H_ROOT, "/docker");
	h_scan(h, 10, 5, H_DOCKER);
	h_scan(h, 11, 5, "/docker/" H_ID64_2);
	h_scan(h, 12, 10, H_DOCKER "/sub");
	h_fork(h, h_who(200, 12, "in-sub"), h_who(1, 1, "init"));
	reading(h, 10, 90 * MB);
	reading(h, 11, 90 * MB);
	reading(h, 12, 90 * MB);
	round_end(h);
	assert_int_equal(asked(h, 10), 0);
	assert_int_equal(asked(h, 11), 1);
	assert_int_equal(asked(h, 12), 0);
	h_close(h);
}

static void test_nothing_before_ready(void **state)
{
	struct ev_start start = h_start();
	struct harness *h = h_open(&start);

	(void)state;
	h_scan(h, 10, 5, H_DOCKER);
	reading(h, 10, 90 * MB);
	round_end(h);
	assert_int_equal(asked_of_all(h), 0);
	h_ready(h);
	round_end(h);
	assert_int_equal(asked(h, 10), 1);
	h_close(h);
}

static void test_gone_ones_are_not_asked(void **state)
{
	struct harness *h = open_many(2, NSEC_PER_SEC);

	(void)state;
	h_rmdir(h, FIRST);
	round_of(h, 2, 2);
	assert_int_equal(asked(h, FIRST), 0);
	assert_int_equal(asked(h, FIRST + 1), 1);
	h_close(h);
}

/* ---- the answer ---- */

static const struct watch *watch_of(const struct harness *h, uint64_t id)
{
	return &h->core->cgroups[cgroup_find(h->core, id)].watch;
}

static void answer(struct harness *h, uint64_t refaults)
{
	h_watch_event(h, FIRST, 50 * MB)->refaults = refaults;
	h_step(h);
	h_mark(h);
	h_pass(h, 2 * NSEC_PER_SEC);
}

static void test_answer_is_kept(void **state)
{
	struct harness *h = open_many(1, NSEC_PER_SEC);
	const struct history *history;
	struct ev_memcg_watch *ev;
	const struct watch *w;
	uint64_t at = h->now;

	(void)state;
	ev = h_watch_event(h, FIRST, 50 * MB);
	ev->split.inactive_file = 3 * MB;
	ev->split.sock = U64_UNKNOWN;
	ev->swap = 4096;
	ev->psi_full_avg10 = 1234;
	h_step(h);
	h_mark(h);
	w = watch_of(h, FIRST);
	assert_int_equal(w->ts, at);
	assert_int_equal(w->split.anon, 50 * MB);
	assert_int_equal(w->split.inactive_file, 3 * MB);
	assert_true(w->split.sock == U64_UNKNOWN);
	assert_int_equal(w->swap, 4096);
	assert_int_equal(w->psi_full_avg10, 1234);
	history = &h->core->cgroups[cgroup_find(h->core, FIRST)].history;
	assert_int_equal(history->n, 1);
	assert_int_equal(history_anon(history, 0), 50 * MB);
	assert_true(history_usage(history, 0) == U64_UNKNOWN);
	h_close(h);
}

/* Of nobody, of one that is gone, "it is gone": all is told elsewhere, nothing changes. */
static void test_answers_about_nothing(void **state)
{
	struct harness *h = open_many(1, NSEC_PER_SEC);

	(void)state;
	h_watch(h, 9999, 50 * MB);
	h_watch(h, 0, 50 * MB);
	h_watch_event(h, FIRST, 50 * MB)->found = 0;
	h_step(h);
	h_watch_event(h, FIRST, 50 * MB)->found = U64_UNKNOWN;
	h_step(h);
	h_mark(h);
	assert_int_equal(cgroup_find(h->core, 9999), 0);
	assert_int_equal(h->core->cgroups[0].watch.ts, 0);
	assert_int_equal(watch_of(h, FIRST)->ts, 0);
	h_rmdir(h, FIRST);
	h_watch(h, FIRST, 50 * MB);
	h_mark(h);
	assert_int_equal(watch_of(h, FIRST)->ts, 0);
	h_close(h);
}

static void test_rate_of_refaults(void **state)
{
	struct harness *h = open_many(1, NSEC_PER_SEC);
	const struct watch *w = watch_of(h, FIRST);

	(void)state;
	assert_true(isnan(w->refault_rate));
	answer(h, 1000);
	assert_true(isnan(w->refault_rate)); /* one look is no rate */
	answer(h, 1500);
	assert_float_equal(w->refault_rate, 500 * 4096 / 2.0, 10);
	answer(h, 1500);
	assert_float_equal(w->refault_rate, 0, 1e-9);
	answer(h, 1499); /* a count does not fall */
	assert_true(isnan(w->refault_rate));
	answer(h, U64_UNKNOWN);
	assert_true(isnan(w->refault_rate));
	answer(h, 2000);
	assert_true(isnan(w->refault_rate));
	answer(h, 2500);
	assert_false(isnan(w->refault_rate));
	/* Two of one instant. */
	h_watch_event(h, FIRST, 50 * MB)->refaults = 3000;
	h->ev.head.ts = w->ts;
	h_step(h);
	h_mark(h);
	assert_true(isnan(w->refault_rate));
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_by_path_and_once),
		cmocka_unit_test(test_cold_ones_are_asked_once_a_point),
		cmocka_unit_test(test_who_is_close_to_a_limit),
		cmocka_unit_test(test_who_grows_fast),
		cmocka_unit_test(test_under_pressure_is_hot),
		cmocka_unit_test(test_budget_of_a_second),
		cmocka_unit_test(test_hostile_interval),
		cmocka_unit_test(test_round_robin_of_the_cold),
		cmocka_unit_test(test_round_robin_of_the_hot),
		cmocka_unit_test(test_hot_before_cold),
		cmocka_unit_test(test_more_hot_ones_than_the_budget),
		cmocka_unit_test(test_only_what_a_kill_would_be_told_of),
		cmocka_unit_test(test_excluded_ones_are_not_asked),
		cmocka_unit_test(test_nothing_before_ready),
		cmocka_unit_test(test_gone_ones_are_not_asked),
		cmocka_unit_test(test_answer_is_kept),
		cmocka_unit_test(test_answers_about_nothing),
		cmocka_unit_test(test_rate_of_refaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
