/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_oom_context.c - what stood around a kill: who else was at that limit, what filled it, how
 * fast the victim grew, and how it got there.
 */
#include <math.h>

#include "service.h"

#define MANY 25

/* The worker is killed at its container's limit. */
static const struct rec_oom_kill *kill_worker(struct harness *h)
{
	kill_one(h, WORKER, WORKER);
	return last_kill(h);
}

/* The same when the whole host is out of memory. */
static const struct rec_oom_kill *kill_global(struct harness *h)
{
	struct ev_oom *ev = h_oom_event(h, WORKER, WORKER, h->now);

	ev->limit.id = 0;
	ev->constraint = EV_CONSTRAINT_NONE;
	h_step(h);
	h_mark(h);
	return last_kill(h);
}

/* A snapshot of the master and the workers, with these sizes of anon. */
static void snapshot(struct harness *h, const int64_t anon[WORKERS + 1])
{
	h_task(h, MASTER, 1, anon[0]);
	for (uint32_t i = 0; i < WORKERS; i++)
		h_task(h, WORKER_N(i), MASTER.pid, anon[i + 1]);
	h_tasks_end(h, 0);
	h_mark(h);
}

static const int64_t usual[WORKERS + 1] = {10 * MB, 40 * MB, 20 * MB, 30 * MB};

/* ---- processes ---- */

static void check_order(const struct rec_oom_kill *k, const uint32_t *pids, size_t n)
{
	assert_int_equal(k->n_processes, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(k->processes[i].process.pid, pids[i]);
}

static void test_biggest_first(void **state)
{
	struct harness *h = open_service();
	const struct rec_oom_kill *k;

	(void)state;
	snapshot(h, usual);
	h_pass(h, NSEC_PER_SEC / 2);
	k = kill_worker(h);
	check_order(k, (const uint32_t[]){200, 202, 201, 150}, 4);
	assert_int_equal(k->processes_total, 4);
	assert_float_equal(k->processes_age_seconds, 0.5, 1e-4);
	assert_int_equal(k->processes[0].anon, 40 * MB);
	assert_string_equal(k->processes[0].process.name, "worker");
	h_close(h);
}

/* Everything that is resident or swapped out makes one big; what is not known adds nothing. */
static void test_size_is_all_of_it(void **state)
{
	struct harness *h = open_service();
	struct ev_task *ev;

	(void)state;
	ev = h_task_event(h, WORKER_N(0), MASTER.pid, MB);
	ev->file = 20 * MB;
	ev->who.oom_score_adj = 300;
	h_step(h);
	ev = h_task_event(h, WORKER_N(1), MASTER.pid, MB);
	ev->swap = 21 * MB;
	h_step(h);
	ev = h_task_event(h, WORKER_N(2), MASTER.pid, 2 * MB);
	ev->shmem = 21 * MB;
	ev->file = ev->swap = S64_UNKNOWN;
	h_step(h);
	h_task(h, MASTER, 1, 22 * MB + 1);
	h_tasks_end(h, 0);
	h_mark(h);
	kill_worker(h);
	check_order(last_kill(h), (const uint32_t[]){202, 150, 201, 200}, 4);
	assert_int_equal(last_kill(h)->processes[0].shmem, 21 * MB);
	assert_true(last_kill(h)->processes[0].swap == S64_UNKNOWN);
	assert_int_equal(last_kill(h)->processes[2].swap, 21 * MB);
	assert_int_equal(last_kill(h)->processes[3].file, 20 * MB);
	/* The score is the one of the kill where that is newer. */
	assert_int_equal(last_kill(h)->processes[3].oom_score_adj, 0);
	h_close(h);
}

/* More than are listed: the largest are, and it is said how many there were. */
static void test_more_than_are_listed(void **state)
{
	struct harness *h = h_open_docker();
	const struct rec_oom_kill *k;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		h_task(h, h_who(200 + i, 10, "worker"), 1, (int64_t)((i * 7) % MANY + 1) * MB);
	h_tasks_end(h, 0);
	h_mark(h);
	k = kill_worker(h);
	assert_int_equal(k->processes_total, MANY);
	assert_int_equal(k->n_processes, RECORD_OOM_PROCESSES);
	for (uint32_t i = 0; i < RECORD_OOM_PROCESSES; i++)
		assert_int_equal(k->processes[i].anon, (MANY - i) * MB);
	h_close(h);
}

/* Equal ones keep the order in which they came, also around the end of the list. */
static void test_ties(void **state)
{
	struct harness *h = h_open_docker();
	const struct rec_oom_kill *k;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		h_task(h, h_who(200 + i, 10, "worker"), 1, i == MANY - 1 ? 2 * MB : MB);
	h_tasks_end(h, 0);
	h_mark(h);
	k = kill_worker(h);
	assert_int_equal(k->processes[0].process.pid, 200 + MANY - 1);
	for (uint32_t i = 1; i < RECORD_OOM_PROCESSES; i++)
		assert_int_equal(k->processes[i].process.pid, 200 + i - 1);
	h_close(h);
}

/* Those of the cgroup at its limit and below it; of all when it was the host. */
static void test_only_those_at_the_limit(void **state)
{
	struct harness *h = open_service();
	struct ev_oom *ev;

	(void)state;
	h_scan(h, 11, 5, "/docker/" H_ID64_2);
	h_scan(h, 12, 10, H_DOCKER "/sub");
	h_task(h, h_who(300, 11, "neighbour"), 1, 99 * MB);
	h_task(h, h_who(301, 12, "inner"), 1, 50 * MB);
	h_task(h, h_who(302, H_ROOT, "sshd"), 1, 5 * MB);
	snapshot(h, usual);
	kill_worker(h);
	check_order(last_kill(h), (const uint32_t[]){301, 200, 202, 201, 150}, 5);
	/* At the slice's limit the neighbour counts, too. */
	ev = h_oom_event(h, WORKER_N(1), WORKER, h->now);
	ev->limit = ev->levels[1] = h_level(5, 100 * MB, 100 * MB, 1);
	ev->n_levels = 2;
	h_step(h);
	h_mark(h);
	check_order(last_kill(h), (const uint32_t[]){300, 301, 200, 202, 201, 150}, 6);
	kill_global(h);
	check_order(last_kill(h), (const uint32_t[]){300, 301, 200, 202, 201, 150, 302}, 7);
	assert_int_equal(last_kill(h)->processes_total, 7);
	h_close(h);
}

static void test_without_a_snapshot(void **state)
{
	struct harness *h = open_service();
	const struct rec_oom_kill *k = kill_worker(h);

	(void)state;
	assert_true(isnan(k->processes_age_seconds));
	assert_true(k->processes_total == U64_UNKNOWN);
	assert_int_equal(k->n_processes, 0);
	assert_true(isnan(k->anon_growth_per_second));
	h_close(h);
}

/* Born since the last snapshot: nothing is known of its size. */
static void test_born_since_the_snapshot(void **state)
{
	struct harness *h = open_service();

	(void)state;
	snapshot(h, usual);
	h_fork(h, h_who(250, 10, "newborn"), MASTER);
	kill_worker(h);
	assert_int_equal(last_kill(h)->processes_total, 4);
	h_close(h);
}

/*
 * A group is killed one by one, and the first may have ended when the last is marked: they were all
 * there when the decision was made. Who ended for another reason was not.
 */
static void test_victims_that_have_ended_already(void **state)
{
	struct harness *h = open_service();
	struct ev_oom *ev;

	(void)state;
	snapshot(h, usual);
	h_exit(h, WORKER_N(2), H_CODE(0));
	kill_one(h, WORKER_N(1), WORKER);
	h_exit(h, WORKER_N(1), H_SIGNAL(9));
	h_pass(h, 2 * NSEC_PER_SEC);
	/* Another incident, and its second victim when the first is gone. */
	for (int i = 0; i < 2; i++) {
		ev = h_oom_event(h, i ? MASTER : WORKER, WORKER, 4711);
		ev->levels[0].oom_group = 1;
		h_step(h);
		if (i == 0)
			h_exit(h, WORKER, H_SIGNAL(9));
	}
	h_mark(h);
	assert_int_equal(last_kill(h)->victims, 2);
	check_order(last_kill(h), (const uint32_t[]){200, 150}, 2);
	assert_int_equal(last_kill(h)->processes_total, 2);
	h_close(h);
}

/* A snapshot that comes between them has not seen the first any more. */
static void test_victims_of_before_the_snapshot(void **state)
{
	struct harness *h = open_service();
	struct ev_oom *ev;

	(void)state;
	snapshot(h, usual);
	for (int i = 0; i < 2; i++) {
		ev = h_oom_event(h, i ? MASTER : WORKER, WORKER, 4711);
		ev->levels[0].oom_group = 1;
		h_step(h);
		if (i == 0) {
			h_exit(h, WORKER, H_SIGNAL(9));
			h_task(h, MASTER, 1, 10 * MB);
			h_task(h, WORKER_N(1), MASTER.pid, 20 * MB);
			h_task(h, WORKER_N(2), MASTER.pid, 30 * MB);
			h_tasks_end(h, 0);
		}
	}
	h_mark(h);
	check_order(last_kill(h), (const uint32_t[]){202, 201, 150}, 3);
	h_close(h);
}

/* ---- growth ---- */

/* A look a second at a worker that grows by rate bytes each time, for so many seconds. */
static void grow(struct harness *h, int64_t from, int64_t rate, int for_seconds)
{
	for (int i = 0; i < for_seconds; i++) {
		h_task(h, WORKER, MASTER.pid, from + i * rate);
		h_tasks_end(h, 0);
		h_mark(h);
		h_pass(h, NSEC_PER_SEC);
	}
}

static double growth_with(struct harness *h, int64_t anon)
{
	struct ev_oom *ev = h_oom_event(h, WORKER, WORKER, h->now);

	ev->anon = anon;
	h_step(h);
	h_mark(h);
	return last_kill(h)->anon_growth_per_second;
}

static void test_growth(void **state)
{
	struct harness *h = open_service();

	(void)state;
	grow(h, 0, MB, 30);
	assert_float_equal(growth_with(h, 30 * MB), MB, MB / 1000.0);
	h_close(h);
}

/* Its last minute: what it did before does not count. */
static void test_growth_of_the_last_minute(void **state)
{
	struct harness *h = open_service();

	(void)state;
	grow(h, 0, 10 * MB, 300);
	grow(h, 3000 * MB, 0, 40);
	grow(h, 3000 * MB, MB, 60);
	assert_in_range(growth_with(h, 3060 * MB), MB * 8 / 10, MB);
	h_close(h);
}

/* It was given no snapshot for minutes: an old point says nothing about the last minute. */
static void test_growth_needs_a_young_look(void **state)
{
	struct harness *h = open_service();

	(void)state;
	grow(h, 0, MB, 1);
	h_pass(h, 68 * NSEC_PER_SEC);
	assert_false(isnan(growth_with(h, 70 * MB)));
	h_pass(h, 2 * NSEC_PER_SEC);
	assert_true(isnan(growth_with(h, 70 * MB)));
	h_close(h);
}

/* A process of seconds: from its first look on; of less than a tenth there is no rate. */
static void test_growth_of_a_young_process(void **state)
{
	struct harness *h = open_service();

	(void)state;
	h_task(h, WORKER, MASTER.pid, MB);
	h_tasks_end(h, 0);
	h_mark(h);
	h_pass(h, NSEC_PER_SEC / 10 - 10000);
	assert_true(isnan(growth_with(h, 3 * MB)));
	h_pass(h, 20000);
	assert_float_equal(growth_with(h, 3 * MB), 20 * MB, MB / 10.0);
	h_close(h);
}

static void test_shrinking_and_unknown(void **state)
{
	struct harness *h = open_service();

	(void)state;
	grow(h, 50 * MB, -MB, 10);
	assert_float_equal(growth_with(h, 40 * MB), -MB, MB / 1000.0);
	assert_true(isnan(growth_with(h, S64_UNKNOWN)));
	h_close(h);
}

/* Sizes that no process has, as a forged log can hold them: an answer or none, no overflow. */
static void test_hostile_sizes(void **state)
{
	static const int64_t sizes[] = {0, -1, INT64_MIN + 1, INT64_MAX, S64_UNKNOWN};
	const size_t n = sizeof(sizes) / sizeof(sizes[0]);

	(void)state;
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++) {
			struct harness *h = open_service();

			h_task(h, WORKER, MASTER.pid, sizes[a]);
			h_task(h, MASTER, 1, sizes[b]);
			h_tasks_end(h, 0);
			h_mark(h);
			h_pass(h, NSEC_PER_SEC);
			growth_with(h, sizes[b]);
			assert_int_equal(h_count(h, RECORD_OOM_KILL), 1);
			h_close(h);
		}
}

/* ---- memory_stat ---- */

static struct harness *open_watched(uint64_t interval)
{
	struct ev_start start = h_start();
	struct harness *h;

	start.sample_interval = interval;
	h = h_open(&start);
	h_ready(h);
	h_scan(h, H_ROOT, 0, "/");
	h_scan(h, 10, H_ROOT, H_DOCKER);
	h_watch_event(h, 10, 50 * MB)->swap = 4096;
	h_step(h);
	h_watch(h, H_ROOT, 500 * MB);
	h_mark(h);
	return h;
}

static void test_stat_of_the_file(void **state)
{
	struct harness *h = open_watched(NSEC_PER_SEC);
	const struct rec_memory_stat *s;

	(void)state;
	h_pass(h, NSEC_PER_SEC / 4);
	s = &kill_worker(h)->memory_stat;
	assert_float_equal(s->age_seconds, 0.25, 1e-4);
	assert_string_equal(s->source, "file");
	assert_int_equal(s->split.anon, 50 * MB);
	assert_int_equal(s->swap, 4096);
	h_close(h);
}

/* Fresh means a second, or two intervals where that is more. */
static void test_old_stat_is_left_out(void **state)
{
	static const struct {
		uint64_t interval, age;
		bool fresh;
	} cases[] = {
		{NSEC_PER_SEC / 10, NSEC_PER_SEC - 10000, true},
		{NSEC_PER_SEC / 10, NSEC_PER_SEC, false},
		{NSEC_PER_SEC, 2 * NSEC_PER_SEC - 10000, true},
		{NSEC_PER_SEC, 2 * NSEC_PER_SEC, false},
		{30 * NSEC_PER_SEC, 60 * NSEC_PER_SEC - 10000, true},
		{30 * NSEC_PER_SEC, 60 * NSEC_PER_SEC, false},
		{U64_UNKNOWN, NSEC_PER_SEC - 10000, true},
		{U64_UNKNOWN, NSEC_PER_SEC, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness *h = open_watched(cases[i].interval);

		h_pass(h, cases[i].age);
		assert_int_equal(!isnan(kill_worker(h)->memory_stat.age_seconds), cases[i].fresh);
		h_close(h);
	}
}

/* What the kernel said at the kill goes before any file. */
static void test_stat_of_the_kernel(void **state)
{
	struct harness *h = open_watched(NSEC_PER_SEC);
	const struct rec_memory_stat *s;
	struct ev_oom *ev;

	(void)state;
	ev = h_oom_event(h, WORKER, WORKER, 77);
	ev->split.anon = 63 * MB;
	ev->split.file = 0;
	h_step(h);
	h_mark(h);
	s = &last_kill(h)->memory_stat;
	assert_float_equal(s->age_seconds, 0.0, 1e-9);
	assert_string_equal(s->source, "kernel");
	assert_int_equal(s->split.anon, 63 * MB);
	assert_true(s->split.kernel == U64_UNKNOWN);
	assert_true(s->swap == U64_UNKNOWN);
	h_close(h);
}

static void test_stat_of_nothing(void **state)
{
	struct harness *h = open_watched(NSEC_PER_SEC);

	(void)state;
	/* The root's is not what filled the host's memory. */
	assert_true(isnan(kill_global(h)->memory_stat.age_seconds));
	h_close(h);
	h = open_service();
	assert_true(isnan(kill_worker(h)->memory_stat.age_seconds));
	h_close(h);
}

/* ---- history ---- */

static void test_history_is_of_the_limit(void **state)
{
	struct harness *h = open_service();
	const struct history *history;

	(void)state;
	for (int i = 0; i < 3; i++) {
		h_memcg(h, 10, (10 + i) * MB, 64 * MB, 0);
		h_memcg(h, H_ROOT, (100 + i) * MB, U64_UNLIMITED, 0);
		h_watch(h, 10, (uint64_t)(5 + i) * MB);
		h_mark(h);
		h_pass(h, NSEC_PER_SEC);
	}
	history = kill_worker(h)->history;
	assert_int_equal(history->n, 3);
	assert_int_equal(history_usage(history, 0), 10 * MB);
	assert_int_equal(history_anon(history, 2), 7 * MB);
	/* Of the host it is the root's. */
	history = kill_global(h)->history;
	assert_int_equal(history_usage(history, 2), 102 * MB);
	assert_true(history_anon(history, 2) == U64_UNKNOWN);
	h_close(h);
	h = open_service();
	assert_null(kill_worker(h)->history);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_biggest_first),
		cmocka_unit_test(test_size_is_all_of_it),
		cmocka_unit_test(test_more_than_are_listed),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_only_those_at_the_limit),
		cmocka_unit_test(test_without_a_snapshot),
		cmocka_unit_test(test_born_since_the_snapshot),
		cmocka_unit_test(test_victims_that_have_ended_already),
		cmocka_unit_test(test_victims_of_before_the_snapshot),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_growth_of_the_last_minute),
		cmocka_unit_test(test_growth_needs_a_young_look),
		cmocka_unit_test(test_growth_of_a_young_process),
		cmocka_unit_test(test_shrinking_and_unknown),
		cmocka_unit_test(test_hostile_sizes),
		cmocka_unit_test(test_stat_of_the_file),
		cmocka_unit_test(test_old_stat_is_left_out),
		cmocka_unit_test(test_stat_of_the_kernel),
		cmocka_unit_test(test_stat_of_nothing),
		cmocka_unit_test(test_history_is_of_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
