/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lives.c - what the restart report says of the container itself: one life after the other
 * under the same name, how each ended, and when that is a crash loop.
 */
#include <signal.h>

#include "core_harness.h"

static const struct ev_who shim = {.pid = 2, .memcg = H_ROOT, .comm = "containerd-shim"};

static struct harness *open_host(void)
{
	struct ev_start start = h_start();
	struct harness *h;

	start.all_exits = 0;
	start.restart_warning = 5;
	start.restart_critical = 20;
	h = h_open(&start);
	h_ready(h);
	h_scan(h, H_ROOT, 0, "/");
	h_scan(h, 5, H_ROOT, "/docker");
	h_memcgs_end(h);
	h_mark(h);
	return h;
}

/* A cgroup, its first process, and its end so many seconds later. */
struct life {
	const char *path, *name;
	uint64_t id, seconds, pause;
	uint32_t status;
	bool stopped; /* by the runtime, with the signal of the status */
};

static struct ev_who begin(struct harness *h, const struct life *l)
{
	struct ev_who init = h_who((uint32_t)(100 + l->id), l->id, "app");

	init.start = h->now;
	h_cgroup(h, l->id, 5, l->path);
	h_fork(h, init, shim);
	h_exec(h, init, "/app", "/app");
	h_mark(h);
	if (l->name)
		h_identity(h, l->id, l->name);
	h_memcgs_end(h);
	h_mark(h);
	return init;
}

static void live(struct harness *h, const struct life *l)
{
	struct ev_who init = begin(h, l);

	h_pass(h, l->seconds * NSEC_PER_SEC);
	if (l->stopped)
		h_signal(h, shim, init, (int)l->status);
	h_exit(h, init, l->status);
	h_rmdir(h, l->id);
	h_mark(h);
	h_counts_event(h, l->id)->exits = 1;
	h_step(h);
	h_mark(h);
	h_pass(h, l->pause * NSEC_PER_SEC);
}

static const struct rec_restart_report *last_report(const struct harness *h)
{
	size_t n = h_count(h, RECORD_RESTART_REPORT);

	assert_true(n > 0);
	return &h_find(h, RECORD_RESTART_REPORT, n - 1)->restart;
}

static struct life docker(uint64_t id)
{
	return (struct life){.path = H_DOCKER,
			     .name = "web",
			     .id = id,
			     .seconds = 2,
			     .pause = 10,
			     .status = H_CODE(1)};
}

/* Three lives of seconds, and the fourth one begins. */
static void test_crash_loop(void **state)
{
	struct harness *h = open_host();
	const struct rec_restart_report *r;
	struct life l;

	(void)state;
	for (uint64_t id = 10; id < 13; id++) {
		l = docker(id);
		l.pause = 10 * (id - 9); /* back-off */
		live(h, &l);
		assert_true(!h_count(h, RECORD_RESTART_REPORT) || !last_report(h)->crash_loop);
	}
	h_forget(h);
	l = docker(13);
	begin(h, &l);
	assert_int_equal(h_count(h, RECORD_RESTART_REPORT), 1);
	r = last_report(h);
	assert_int_equal(r->status, RESTART_WARNING);
	assert_true(r->crash_loop);
	assert_int_equal(r->window_restarts, 3);
	assert_int_equal(r->total_restarts, 3);
	assert_true(r->last_known);
	assert_int_equal(r->last_exit.code, 1);
	assert_int_equal(r->last_cause, CAUSE_FAILED);
	assert_int_equal(r->between.p50 / NSEC_PER_SEC, 20);
	assert_int_equal(r->between.p95 / NSEC_PER_SEC, 30);
	/* The end of the first one: 2 s after the start. */
	assert_int_equal((r->crash_loop_since_real - H_REAL) / NSEC_PER_SEC, 2);
	assert_int_equal((r->last_real - H_REAL) / NSEC_PER_SEC, 36);
	assert_int_equal(r->n_advice, 1);
	assert_string_equal(
		r->advice[0],
		"The container itself loops: it restarted 3 times, last after code 1 (failed); "
		"it was started again after 30 s.");
	h_close(h);
}

/* One report a life, at its beginning: its end is told of by the next one. */
static void test_one_report_a_life(void **state)
{
	struct harness *h = open_host();
	struct life l;

	(void)state;
	for (uint64_t id = 10; id < 20; id++) {
		l = docker(id);
		h_forget(h);
		live(h, &l);
		assert_int_equal(h_count(h, RECORD_CONTAINER_STOP), 1);
		assert_int_equal(h_count(h, RECORD_RESTART_REPORT), id >= 13);
	}
	h_close(h);
}

/* Over when it has worked for ten minutes. */
static void test_crash_loop_is_over(void **state)
{
	struct harness *h = open_host();
	struct life l;

	(void)state;
	for (uint64_t id = 10; id < 13; id++) {
		l = docker(id);
		live(h, &l);
	}
	l = docker(13);
	begin(h, &l);
	h_pass(h, 580 * NSEC_PER_SEC);
	h_clock(h);
	h_mark(h);
	h_health(h, 0);
	h_mark(h);
	assert_true(last_report(h)->crash_loop);
	h_pass(h, 60 * NSEC_PER_SEC);
	h_clock(h);
	h_mark(h);
	h_health(h, 0);
	h_mark(h);
	assert_false(last_report(h)->crash_loop);
	assert_int_equal(last_report(h)->status, RESTART_OK);
	assert_int_equal(last_report(h)->total_restarts, 3);
	h_close(h);
}

/* One life of a minute begins the count anew. */
static void test_a_long_life_between(void **state)
{
	struct harness *h = open_host();
	struct life l;

	(void)state;
	for (uint64_t id = 10; id < 14; id++) {
		l = docker(id);
		l.seconds = id == 12 ? 60 : 2;
		live(h, &l);
	}
	l = docker(14);
	begin(h, &l);
	h_stop(h);
	assert_false(last_report(h)->crash_loop);
	assert_int_equal(last_report(h)->total_restarts, 4);
	h_close(h);
}

/* A job that ends well, time and again: a timer's unit, a container of cron's. */
static void test_jobs_are_no_crash_loop(void **state)
{
	struct harness *h = open_host();
	struct life l = {.path = "/system.slice/collect.service",
			 .seconds = 1,
			 .pause = 59,
			 .status = H_CODE(0)};

	(void)state;
	for (l.id = 10; l.id < 20; l.id++)
		live(h, &l);
	begin(h, &l);
	assert_int_equal(h_count(h, RECORD_RESTART_REPORT), 0);
	h_stop(h);
	assert_int_equal(last_report(h)->status, RESTART_OK);
	assert_false(last_report(h)->crash_loop);
	assert_int_equal(last_report(h)->window_restarts, 10);
	h_close(h);
}

/* Stopped by whoever runs containers: an operator's restart is planned. */
static void test_stopped_ones_are_planned(void **state)
{
	struct harness *h = open_host();
	struct life l;

	(void)state;
	for (uint64_t id = 10; id < 18; id++) {
		l = docker(id);
		l.seconds = 5;
		l.stopped = true;
		l.status = H_SIGNAL(SIGTERM);
		live(h, &l);
	}
	l = docker(18);
	begin(h, &l);
	h_stop(h);
	assert_int_equal(last_report(h)->total_restarts, 8);
	assert_int_equal(last_report(h)->status, RESTART_OK);
	assert_false(last_report(h)->crash_loop);
	assert_int_equal(last_report(h)->last_cause, CAUSE_KILLED_BY_RUNTIME);
	h_close(h);
}

/* Restarts of the container and of its workers count together; five of them are a warning. */
static void test_restarts_alarm(void **state)
{
	struct harness *h = open_host();
	struct life l;

	(void)state;
	for (uint64_t id = 10; id < 15; id++) {
		l = docker(id);
		l.seconds = 300; /* no loop */
		live(h, &l);
		assert_true(!h_count(h, RECORD_RESTART_REPORT) ||
			    last_report(h)->status == RESTART_OK);
	}
	h_forget(h);
	l = docker(15);
	begin(h, &l);
	assert_int_equal(h_count(h, RECORD_RESTART_REPORT), 1);
	assert_int_equal(last_report(h)->status, RESTART_WARNING);
	assert_false(last_report(h)->crash_loop);
	h_close(h);
}

/* What the runtime counts itself stands beside. */
static void test_the_runtimes_own_count(void **state)
{
	struct harness *h = open_host();
	struct ev_identity *ev;
	struct life l = docker(10);

	(void)state;
	live(h, &l);
	l = docker(11);
	l.name = NULL;
	begin(h, &l);
	ev = h_identity_event(h, 11, "web");
	ev->restart_count = 7;
	h_step(h);
	h_mark(h);
	h_stop(h);
	assert_int_equal(last_report(h)->runtime_restarts, 7);
	assert_int_equal(last_report(h)->total_restarts, 1);
	h_close(h);
}

/* Two containers have nothing to do with each other. */
static void test_another_name(void **state)
{
	struct harness *h = open_host();
	struct life l = docker(10);

	(void)state;
	live(h, &l);
	l = docker(11);
	l.path = "/docker/" H_ID64_2;
	l.name = "db";
	begin(h, &l);
	h_stop(h);
	assert_int_equal(h_count(h, RECORD_RESTART_REPORT), 0);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crash_loop),
		cmocka_unit_test(test_one_report_a_life),
		cmocka_unit_test(test_crash_loop_is_over),
		cmocka_unit_test(test_a_long_life_between),
		cmocka_unit_test(test_jobs_are_no_crash_loop),
		cmocka_unit_test(test_stopped_ones_are_planned),
		cmocka_unit_test(test_restarts_alarm),
		cmocka_unit_test(test_the_runtimes_own_count),
		cmocka_unit_test(test_another_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
