/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_container.c - containers on top of cgroups: which cgroup belongs to which, their first
 * process, their beginning and end, totals, filters, and what happens when the table is full.
 */
#include <math.h>
#include <signal.h>

#include "core_harness.h"

#define MASTER h_who(150, 10, "master")
#define WORKER h_who(200, 10, "worker")

static const struct container *find(struct harness *h, uint64_t cgroup)
{
	uint32_t i = container_find(h->core, cgroup);

	return i ? &h->core->containers[i] : NULL;
}

static void counts(struct harness *h, uint64_t id, uint64_t forks, uint64_t exits, uint64_t faults)
{
	struct ev_memcg_counts *ev = h_counts_event(h, id);

	ev->forks = forks;
	ev->exits = exits;
	ev->faults = faults;
	h_step(h);
	h_mark(h);
}

static void test_what_a_path_says(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;

	(void)state;
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 1);
	r = h_find(h, RECORD_CONTAINER_START, 0);
	assert_string_equal(r->container.id, H_ID64);
	assert_string_equal(r->container.runtime, "docker");
	assert_string_equal(r->container.cgroup, H_DOCKER);
	assert_int_equal(r->container.cgroup_id, 10);
	assert_string_equal(r->container.identity_source, "path");
	assert_int_equal(r->container.started_real, U64_UNKNOWN); /* it was there before us */
	assert_int_equal(r->container.restart_count, U64_UNKNOWN);
	assert_int_equal(r->container_start.limits.memory, U64_UNKNOWN);
	/* Its counters need a base; of the slice nobody asks. */
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 10), 1);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 5), 0);
	h_close(h);
}

static void test_below_a_container_all_is_the_containers(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_cgroup(h, 11, 10, H_DOCKER "/sub");
	h_cgroup(h, 12, 11, H_DOCKER "/sub/deep");
	h_fork(h, h_who(300, 12, "x"), MASTER);
	h_fork(h, h_who(301, 11, "x"), MASTER);
	h_mark(h);
	assert_int_equal(find(h, 10)->processes, 2);
	assert_ptr_equal(find(h, 12), find(h, 10));
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 1);
	/* Its end is not the container's. */
	h_rmdir(h, 12);
	counts(h, 12, 1, 1, 10);
	assert_int_equal(h_count(h, RECORD_CONTAINER_STOP), 0);
	assert_int_equal(find(h, 10)->total.forks, 1);
	assert_int_equal(h_requested(h, REQUEST_FORGET, 12), 1);
	h_close(h);
}

static void test_container_in_a_container(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_cgroup(h, 11, 10, H_DOCKER "/docker");
	h_cgroup(h, 12, 11, H_DOCKER "/docker/" H_ID64_2);
	h_fork(h, h_who(300, 12, "x"), MASTER);
	h_mark(h);
	assert_ptr_not_equal(find(h, 12), find(h, 10));
	assert_string_equal(find(h, 12)->path.id, H_ID64_2);
	h_close(h);
}

/* A cgroup of no known layout becomes one as soon as a process lives in it, not before. */
static void test_unknown_layout(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_cgroup(h, 20, 1, "/mine");
	h_mark(h);
	assert_null(find(h, 20));
	h_fork(h, h_who(300, 20, "x"), MASTER);
	h_memcgs_end(h);
	h_mark(h);
	assert_non_null(find(h, 20));
	assert_string_equal(h_find(h, RECORD_CONTAINER_START, 1)->container.runtime, "none");
	assert_string_equal(h_find(h, RECORD_CONTAINER_START, 1)->container.cgroup, "/mine");
	h_close(h);
}

/* At our start a process may be seen before the directory that it lives in. */
static void test_path_that_comes_late(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.n_include = 1;
	strcpy(start.include[0], "/docker/*");
	h = h_open(&start);
	h_ready(h);
	h_fork(h, h_who(300, 11, "x"), MASTER);
	h_exit(h, h_who(301, 11, "y"), H_CODE(0));
	h_fork(h, MASTER, h_who(1, 1, "init"));
	h_mark(h);
	assert_ptr_not_equal(find(h, 10), find(h, 11));
	h_scan(h, 10, 5, H_DOCKER);
	h_scan(h, 11, 10, H_DOCKER "/sub");
	h_memcgs_end(h);
	h_mark(h);
	/* One container, with what both had gathered, and the filter sees its path. */
	assert_ptr_equal(find(h, 10), find(h, 11));
	assert_int_equal(find(h, 10)->processes, 2);
	assert_int_equal(find(h, 10)->exits.total, 1);
	assert_int_equal(find(h, 10)->init_pid, 150);
	assert_true(find(h, 10)->included);
	assert_string_equal(h_the(h, RECORD_CONTAINER_START)->container.cgroup, H_DOCKER);
	assert_int_equal(h->core->container_pool.used, 1);
	h_close(h);
}

static void test_ms_life(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *start, *stop, *sample;
	uint64_t born;

	(void)state;
	h_forget(h);
	born = h->now;
	h_cgroup(h, 20, 5, "/docker/" H_ID64_2);
	h_fork(h, h_who(300, 20, "runc:[2:INIT]"), MASTER);
	h_exec(h, h_who(300, 20, "true"), "/bin/true", "true");
	h_pass(h, 3 * H_MS);
	h_exit(h, h_who(300, 20, "true"), H_CODE(3));
	h_rmdir(h, 20);
	h_mark(h);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_COUNTS, 20), 1);
	assert_int_equal(h_count(h, RECORD_CONTAINER_STOP), 0);
	counts(h, 20, 1, 1, 90);
	start = h_the(h, RECORD_CONTAINER_START);
	sample = h_the(h, RECORD_CONTAINER_SAMPLE);
	stop = h_the(h, RECORD_CONTAINER_STOP);
	assert_int_equal(start->r.time_real, H_REAL - H_START + born);
	assert_int_equal(start->container.started_real, H_REAL - H_START + born);
	assert_true(start->r.seq < sample->r.seq && sample->r.seq < stop->r.seq);
	assert_true(sample->sample.final);
	assert_int_equal(sample->sample.processes, 0);
	assert_int_equal(sample->sample.forks, 1);
	assert_int_equal(sample->sample.faults_minor, U64_UNKNOWN); /* no file was read */
	assert_true(stop->container_stop.lifetime_known);
	assert_float_equal(stop->container_stop.lifetime_seconds, 0.003, 1e-4);
	assert_int_equal(stop->container_stop.forks, 1);
	assert_int_equal(stop->container_stop.exits.total, 1);
	assert_int_equal(stop->container_stop.exits.causes[CAUSE_FAILED], 1);
	assert_int_equal(stop->container_stop.major_faults, 1);
	assert_int_equal(stop->container_stop.minor_faults, 89);
	assert_int_equal(stop->container_stop.peak_usage, U64_UNKNOWN);
	assert_true(stop->container_stop.init_known);
	assert_int_equal(stop->container_stop.init.pid, 300);
	assert_string_equal(stop->container_stop.init.executable, "/bin/true");
	assert_int_equal(stop->container_stop.init_exit.code, 3);
	assert_int_equal(stop->container_stop.init_cause, CAUSE_FAILED);
	assert_int_equal(h_requested(h, REQUEST_FORGET, 20), 1);
	/* Answers that come again write nothing again. */
	counts(h, 20, 1, 1, 90);
	h_the(h, RECORD_CONTAINER_STOP);
	h_close(h);
}

/* The rmdir carries what the counters said last: all that a short life leaves. */
static void test_last_reading_comes_with_the_end(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *stop;
	struct ev_cgroup_gone *ev;

	(void)state;
	ev = &h_event(h, EV_CGROUP_GONE)->cgroup_gone;
	ev->id = 10;
	ev->v1 = 0;
	ev->peak = 9000;
	ev->level = h_level(10, 4096, 10000, 0);
	h_step(h);
	h_mark(h);
	counts(h, 10, 0, 0, 0);
	stop = h_the(h, RECORD_CONTAINER_STOP);
	assert_int_equal(stop->container_stop.peak_usage, 9000);
	assert_int_equal(stop->container_stop.limits.memory, 10000);
	assert_int_equal(h_the(h, RECORD_CONTAINER_SAMPLE)->sample.usage, 4096);
	h_close(h);
}

/* The exact counters know of an exit that no event told of: its cause is unknown, not left out. */
static void test_exit_that_only_the_counter_saw(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *stop;

	(void)state;
	h_fork(h, WORKER, MASTER);
	h_exit(h, WORKER, H_CODE(0));
	h_rmdir(h, 10);
	h_mark(h);
	counts(h, 10, 2, 3, 0);
	stop = h_the(h, RECORD_CONTAINER_STOP);
	assert_int_equal(stop->container_stop.exits.total, 3);
	assert_int_equal(stop->container_stop.exits.causes[CAUSE_CLEAN], 1);
	assert_int_equal(stop->container_stop.exits.causes[CAUSE_UNKNOWN], 2);
	h_close(h);
}

/* Its last counts never come: it stops all the same, when its grace is over. */
static void test_stop_without_last_counts(void **state)
{
	struct harness *h = h_open_docker();
	uint64_t ended;

	(void)state;
	ended = h->now;
	h_rmdir(h, 10);
	h_mark(h);
	h_pass(h, GRACE_NS + NSEC_PER_SEC);
	h_clock(h);
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_CONTAINER_STOP)->r.time_real, H_REAL - H_START + ended);
	assert_null(find(h, 10));
	h_close(h);
}

static void test_counters_that_begin_anew(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	counts(h, 10, 100, 0, 0);
	counts(h, 10, 130, 0, 0);
	counts(h, 10, 5, 0, 0); /* less than before: its slot was lost and made again */
	assert_int_equal(find(h, 10)->total.forks, 135);
	h_event(h, EV_MEMCG_COUNTS)->memcg_counts.id = 10; /* all of them unknown */
	h_step(h);
	h_mark(h);
	assert_int_equal(find(h, 10)->total.forks, 135);
	h_close(h);
}

static void fork_ns(struct harness *h, struct ev_who who, uint32_t ns_pid)
{
	struct ev_fork *ev = &h_event(h, EV_FORK)->fork;

	ev->child = who;
	ev->parent_pid = 1;
	ev->parent_start = 1;
	ev->ns_pid = ns_pid;
	ev->pid_ns = 4026532000;
	h_step(h);
	h_mark(h);
}

static void test_first_process(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	fork_ns(h, h_who(300, 10, "runc:[1:CHILD]"), 300);
	assert_int_equal(find(h, 10)->init_pid, 300);
	/* Process 1 of its namespace is the one. */
	fork_ns(h, h_who(301, 10, "app"), 1);
	assert_int_equal(find(h, 10)->init_pid, 301);
	fork_ns(h, h_who(302, 10, "worker"), 7);
	fork_ns(h, h_who(250, 10, "elder"), 8);
	assert_int_equal(find(h, 10)->init_pid, 301);
	/* Where there is none, the eldest. */
	h_scan(h, 20, 5, "/docker/" H_ID64_2);
	fork_ns(h, h_who(410, 20, "b"), 410);
	fork_ns(h, h_who(420, 20, "c"), 420);
	fork_ns(h, h_who(400, 20, "a"), 400);
	assert_int_equal(find(h, 20)->init_pid, 400);
	/* Process 1 of the host is nobody's init but the host's. */
	h_scan(h, 30, 5, "/docker/" H_ID("f00d"));
	fork_ns(h, h_who(430, 30, "a"), 430);
	fork_ns(h, h_who(1, 30, "systemd"), 1);
	assert_false(find(h, 30)->init_pid_one);
	h_close(h);
}

static void test_files_are_read_when_the_last_one_leaves(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_fork(h, MASTER, h_who(1, 1, "init"));
	h_fork(h, WORKER, MASTER);
	h_mark(h);
	h_forget(h);
	h_exit(h, WORKER, H_CODE(0));
	h_mark(h);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 10), 0);
	h_exit(h, MASTER, H_CODE(0));
	h_mark(h);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 10), 1);
	assert_string_equal(h->requests[0].path, H_DOCKER);
	h_close(h);
}

static void test_stat_gives_what_is_known_at_the_stop(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *stop;
	struct ev_memcg_stat *ev;

	(void)state;
	ev = h_stat_event(h, 10);
	ev->usage = 5000;
	ev->peak = 9000;
	ev->limit = 10000;
	ev->high = U64_UNLIMITED;
	ev->swap_limit = 0;
	ev->pgfault = 1000;
	ev->pgmajfault = 10;
	h_step(h);
	h_mark(h);
	h_rmdir(h, 10);
	h_mark(h);
	counts(h, 10, 0, 0, 7); /* faults since that reading */
	stop = h_the(h, RECORD_CONTAINER_STOP);
	assert_int_equal(stop->container_stop.peak_usage, 9000);
	assert_int_equal(stop->container_stop.limits.memory, 10000);
	assert_int_equal(stop->container_stop.limits.high, U64_UNLIMITED);
	assert_int_equal(stop->container_stop.limits.swap, 0);
	assert_int_equal(stop->container_stop.major_faults, 10);
	assert_int_equal(stop->container_stop.minor_faults, 1000 + 7 - 10);
	assert_false(stop->container_stop.lifetime_known);
	assert_true(isnan(stop->container_stop.lifetime_seconds));
	assert_false(stop->container_stop.init_known);
	h_close(h);
}

static void test_identity(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_identity *ev;

	(void)state;
	ev = &h_event(h, EV_IDENTITY)->identity;
	ev->id = 10;
	strcpy(ev->name, "api");
	strcpy(ev->image, "shop/api:1.4");
	strcpy(ev->source, "oci-config");
	ev->restart_count = 3;
	h_step(h);
	h_rmdir(h, 10);
	h_mark(h);
	counts(h, 10, 0, 0, 0);
	assert_string_equal(h_the(h, RECORD_CONTAINER_STOP)->container.name, "api");
	assert_string_equal(h_the(h, RECORD_CONTAINER_STOP)->container.id, H_ID64);
	assert_string_equal(h_the(h, RECORD_CONTAINER_STOP)->container.image, "shop/api:1.4");
	assert_string_equal(h_the(h, RECORD_CONTAINER_STOP)->container.identity_source,
			    "oci-config");
	assert_int_equal(h_the(h, RECORD_CONTAINER_STOP)->container.restart_count, 3);
	h_close(h);
}

static void test_excluded_writes_nothing(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.n_exclude = 1;
	strcpy(start.exclude[0], "/docker/*");
	h = h_open(&start);
	h_ready(h);
	h_scan(h, 10, 5, H_DOCKER);
	h_cgroup(h, 20, 5, "/docker/" H_ID64_2);
	h_fork(h, h_who(300, 20, "x"), MASTER);
	h_oom_event(h, h_who(300, 20, "x"), MASTER, 7);
	h_step(h);
	h_exit(h, h_who(300, 20, "x"), H_SIGNAL(9));
	h_rmdir(h, 20);
	h_memcgs_end(h);
	h_mark(h);
	counts(h, 20, 1, 1, 1);
	assert_int_equal(h->n_records, 1); /* agent_start */
	/* Its slot is given back all the same. */
	assert_int_equal(h_requested(h, REQUEST_FORGET, 20), 1);
	h_close(h);
}

static void make(struct harness *h, uint32_t i)
{
	char path[32];

	snprintf(path, sizeof(path), "/mine/%u", i);
	h_cgroup(h, 1000 + i, 1, path);
	h_fork(h, h_who(1000 + i, 1000 + i, "x"), h_who(1, 1, "init"));
}

static void test_gone_containers_make_room(void **state)
{
	struct harness *h = h_open_docker();
	uint32_t n = h->core->container_pool.capacity, i = 0;

	(void)state;
	while (h->core->container_pool.used < n) {
		make(h, i++);
		h_mark(h);
	}
	h_exit(h, h_who(1000, 1000, "x"), H_CODE(0));
	h_rmdir(h, 1000);
	h_mark(h);
	make(h, 500);
	h_mark(h);
	assert_non_null(find(h, 1500));
	assert_int_equal(h->core->container_pool.lost, 0);
	make(h, 501);
	h_mark(h);
	assert_null(find(h, 1501));
	assert_int_equal(h->core->container_pool.lost, 1);
	/* However much happens in it: what is lost is one container. */
	h_fork(h, h_who(2000, 1501, "x"), MASTER);
	h_fork(h, h_who(2001, 1501, "x"), MASTER);
	h_identity(h, 1501, "web");
	h_exit(h, h_who(2000, 1501, "x"), H_CODE(1));
	h_mark(h);
	assert_int_equal(h->core->container_pool.lost, 1);
	make(h, 502);
	h_mark(h);
	assert_int_equal(h->core->container_pool.lost, 2);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_path_says),
		cmocka_unit_test(test_below_a_container_all_is_the_containers),
		cmocka_unit_test(test_container_in_a_container),
		cmocka_unit_test(test_unknown_layout),
		cmocka_unit_test(test_path_that_comes_late),
		cmocka_unit_test(test_ms_life),
		cmocka_unit_test(test_last_reading_comes_with_the_end),
		cmocka_unit_test(test_exit_that_only_the_counter_saw),
		cmocka_unit_test(test_stop_without_last_counts),
		cmocka_unit_test(test_counters_that_begin_anew),
		cmocka_unit_test(test_first_process),
		cmocka_unit_test(test_files_are_read_when_the_last_one_leaves),
		cmocka_unit_test(test_stat_gives_what_is_known_at_the_stop),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_excluded_writes_nothing),
		cmocka_unit_test(test_gone_containers_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
