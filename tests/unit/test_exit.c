/* SPDX-License-Identifier: Apache-2.0 */
/* test_exit.c - process_exit: what it says, who sent it, exits that wait for the OOM killer's mark.
 */
#include <math.h>
#include <signal.h>

#include "core_harness.h"

#define WORKER h_who(200, 10, "gunicorn")
#define MASTER h_who(150, 10, "gunicorn")

/* A master and its worker in the docker container. */
static struct harness *open_service(void)
{
	struct harness *h = h_open_docker();

	h_fork(h, MASTER, h_who(1, 1, "init"));
	h_exec(h, MASTER, "/usr/bin/python3", "gunicorn: master");
	h_fork(h, WORKER, MASTER);
	h_mark(h);
	h_forget(h);
	return h;
}

static void test_everything_of_an_exit(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;
	struct ev_exit *ev;

	(void)state;
	h_pass(h, 2 * NSEC_PER_SEC);
	ev = h_exit_event(h, WORKER, H_CODE(3));
	ev->ns_pid = 23;
	ev->peak_rss = 5000000;
	ev->anon = 7000000;
	ev->file = 1000000;
	ev->shmem = 0;
	ev->minor_faults = 190233;
	ev->major_faults = 4;
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.process.pid, 200);
	assert_int_equal(r->exit.process.parent_pid, 150);
	assert_int_equal(r->exit.process.container_pid, 23);
	assert_int_equal(r->exit.process.uid, 1000);
	assert_string_equal(r->exit.process.name, "gunicorn");
	/* A fork has what its parent had. */
	assert_string_equal(r->exit.process.executable, "/usr/bin/python3");
	assert_string_equal(r->exit.process.command_line, "gunicorn: master");
	assert_int_equal(r->exit.process.start_real, H_REAL - H_START + WORKER.start);
	assert_int_equal(r->exit.exit.code, 3);
	assert_int_equal(r->exit.exit.signal, U64_UNKNOWN);
	assert_false(r->exit.exit.core_dumped);
	assert_int_equal(r->exit.cause, CAUSE_FAILED);
	assert_int_equal(r->exit.signal.number, 0);
	assert_int_equal(r->exit.sender.pid, 0);
	assert_int_equal(r->exit.peak_rss, 8000000); /* the exact sum is the larger */
	assert_int_equal(r->exit.minor_faults, 190233);
	assert_int_equal(r->exit.major_faults, 4);
	assert_string_equal(r->exit.incident, "");
	assert_true(isnan(r->exit.kill_to_exit_seconds));
	assert_float_equal(r->exit.lifetime_seconds, (double)(H_START - WORKER.start) / 1e9 + 2.0,
			   1e-3);
	assert_string_equal(r->container.id, H_ID64);
	assert_int_equal(r->r.severity, SEVERITY_INFO);
	h_close(h);
}

static void test_peak_is_the_kernels_when_that_is_larger(void **state)
{
	struct harness *h = open_service();
	struct ev_exit *ev;

	(void)state;
	ev = h_exit_event(h, WORKER, H_CODE(3));
	ev->peak_rss = 9000000;
	ev->anon = 7000000;
	ev->file = 1000000;
	ev->shmem = 0;
	h_step(h);
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.peak_rss, 9000000);
	h_close(h);
}

static void test_core_dump_bit(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	h_exit(h, WORKER, H_SIGNAL(SIGSEGV) | 0x80);
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.exit.signal, SIGSEGV);
	assert_int_equal(r->exit.exit.code, U64_UNKNOWN);
	assert_true(r->exit.exit.core_dumped);
	assert_int_equal(r->r.severity, SEVERITY_WARNING);
	h_close(h);
}

static void test_clean_exits_only_if_asked_for(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.all_exits = 0;
	h = h_open(&start);
	h_ready(h);
	h_scan(h, 10, 1, H_DOCKER);
	h_exit(h, WORKER, H_CODE(0));
	h_exit(h, h_who(201, 10, "x"), H_CODE(1));
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.process.pid, 201);
	h_close(h);
}

/* gunicorn's timeout: ABRT from the master, handled, code 1; and who that master is. */
static void test_sender_of_a_caught_signal(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	h_signal_event(h, MASTER, WORKER, SIGABRT)->handler = EV_SA_HANDLER;
	h_step(h);
	h_pass(h, 20 * H_MS);
	h_exit(h, WORKER, H_CODE(1));
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.cause, CAUSE_KILLED_BY_PARENT);
	assert_int_equal(r->exit.signal.number, SIGABRT);
	assert_true(r->exit.signal.caught);
	assert_float_equal(r->exit.signal.age_seconds, 0.02, 1e-3);
	assert_int_equal(r->exit.sender.pid, 150);
	assert_string_equal(r->exit.sender.name, "gunicorn");
	assert_string_equal(r->exit.sender.command_line, "gunicorn: master");
	assert_string_equal(r->exit.sender_container.id, H_ID64);
	h_close(h);
}

/* The sender may be gone and forgotten: its name at that instant is evidence still. */
static void test_sender_that_is_gone(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	h_signal(h, h_who(3000, 77, "shortlived"), WORKER, SIGTERM);
	h_exit(h, WORKER, H_SIGNAL(SIGTERM));
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.cause, CAUSE_KILLED_BY_OTHER);
	assert_int_equal(r->exit.sender.pid, 3000);
	assert_string_equal(r->exit.sender.name, "shortlived");
	assert_int_equal(r->exit.sender.uid, 1000);
	assert_null(r->exit.sender_container.cgroup);
	h_close(h);
}

static void test_told_twice_counts_once(void **state)
{
	struct harness *h = open_service();

	(void)state;
	h_exit(h, WORKER, H_CODE(1));
	h_exit(h, WORKER, H_CODE(1));
	h_mark(h);
	h_the(h, RECORD_PROCESS_EXIT);
	h_close(h);
}

/* A snapshot may miss a process whose exit is still on its way: the exit is told all the same. */
static void test_exit_behind_the_snapshot_that_missed_it(void **state)
{
	struct harness *h = open_service();
	uint64_t exited;

	(void)state;
	h_task(h, WORKER, 150, 1 << 20);
	h_task(h, MASTER, 150, 1 << 20);
	h_tasks_end(h, 1000);
	h_mark(h);
	exited = h->now;
	h_pass(h, NSEC_PER_SEC);
	h_task(h, MASTER, 150, 1 << 20);
	h_tasks_end(h, 1000);
	h_mark(h);
	assert_int_equal(h->core->vanished, 1);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 0);
	h_exit_event(h, WORKER, H_CODE(1))->head.ts = exited;
	h_step(h);
	h_mark(h);
	assert_int_equal(h->core->vanished, 0);
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.process.pid, 200);
	assert_int_equal(h->core->window.late, 1);
	h_close(h);
}

static void test_same_pid_other_start(void **state)
{
	struct harness *h = open_service();
	struct ev_who again = WORKER;

	(void)state;
	again.start += 3600 * NSEC_PER_SEC;
	strcpy(again.comm, "other");
	h_signal(h, MASTER, WORKER, SIGTERM);
	h_exit(h, WORKER, H_SIGNAL(SIGTERM));
	h_fork(h, again, h_who(1, 1, "init"));
	h_exit(h, again, H_CODE(9));
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 2);
	/* The second knows nothing of the first one's signal or command line. */
	assert_int_equal(h_find(h, RECORD_PROCESS_EXIT, 1)->exit.cause, CAUSE_FAILED);
	assert_string_equal(h_find(h, RECORD_PROCESS_EXIT, 1)->exit.process.name, "other");
	assert_string_equal(h_find(h, RECORD_PROCESS_EXIT, 1)->exit.process.command_line, "");
	h_close(h);
}

/* From Linux 6.16 on: the exit is there before the mark that explains it. */
static void test_exit_before_its_mark(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r, *kill;

	(void)state;
	h_kernel_kill(h, WORKER, WORKER);
	h_exit_event(h, WORKER, H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(h);
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 0);
	h_oom_event(h, WORKER, WORKER, 77);
	h_step(h);
	h_mark(h);
	kill = h_the(h, RECORD_OOM_KILL);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_true(r->r.seq > kill->r.seq);
	assert_int_equal(r->exit.cause, CAUSE_OOM_KILLED);
	assert_string_equal(r->exit.incident, kill->oom.incident);
	assert_false(isnan(r->exit.kill_to_exit_seconds));
	assert_int_equal(r->exit.signal.number, SIGKILL);
	assert_int_equal(r->exit.sender.pid, 0); /* nobody's doing */
	h_close(h);
}

/* It can even leave on another CPU before the OOM killer has set the flag of its victims. */
static void test_exit_before_its_flag(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	h_kernel_kill(h, MASTER, WORKER);
	h_exit_event(h, WORKER, H_SIGNAL(SIGKILL))->oom_victim = 0;
	h_step(h);
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 0);
	h_oom_event(h, WORKER, MASTER, 77);
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.cause, CAUSE_OOM_KILLED);
	assert_string_equal(r->exit.incident, h_the(h, RECORD_OOM_KILL)->oom.incident);
	h_close(h);
}

/* What was resident at the kill was resident: the peak is no less. */
static void test_peak_of_a_victim(void **state)
{
	struct harness *h = open_service();

	(void)state;
	h_oom_event(h, WORKER, WORKER, 77);
	h_step(h);
	h_exit(h, WORKER, H_SIGNAL(SIGKILL));
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.peak_rss,
			 h_the(h, RECORD_OOM_KILL)->oom.rss);
	h_close(h);
}

static void test_mark_that_never_comes(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	h_kernel_kill(h, WORKER, WORKER);
	h_exit_event(h, WORKER, H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(h);
	/* Many marks in a short time are no reason to give up. */
	for (int i = 0; i < 20; i++)
		h_mark(h);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 0);
	h_pass(h, NSEC_PER_SEC);
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.cause, CAUSE_OOM_KILLED);
	assert_string_equal(r->exit.incident, "");
	h_close(h);
}

static void test_held_exits_are_told_at_the_end(void **state)
{
	struct harness *h = open_service();

	(void)state;
	h_exit_event(h, WORKER, H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(h);
	h_mark(h);
	h_stop(h);
	assert_true(h_the(h, RECORD_PROCESS_EXIT)->r.seq < h_the(h, RECORD_AGENT_STOP)->r.seq);
	h_close(h);
}

static void test_held_exits_are_told_before_their_container_stops(void **state)
{
	struct harness *h = open_service();
	const struct h_record *stop;

	(void)state;
	h_exit(h, MASTER, H_CODE(0));
	h_exit_event(h, WORKER, H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(h);
	h_rmdir(h, 10);
	h_mark(h);
	h_counts_event(h, 10)->exits = 2;
	h_step(h);
	h_mark(h);
	stop = h_the(h, RECORD_CONTAINER_STOP);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 2);
	assert_int_equal(stop->container_stop.exits.total, 2);
	assert_int_equal(stop->container_stop.exits.causes[CAUSE_OOM_KILLED], 1);
	assert_int_equal(stop->container_stop.exits.causes[CAUSE_UNKNOWN], 0);
	h_close(h);
}

/* More at once than can wait: they are told without their incident, but told. */
static void test_more_held_than_there_is_room_for(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	for (uint32_t i = 0; i < MAX_HELD_EXITS + 3; i++) {
		h_exit_event(h, h_who(300 + i, 10, "w"), H_SIGNAL(SIGKILL))->oom_victim = 1;
		h_step(h);
	}
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 3);
	h_pass(h, NSEC_PER_SEC);
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), MAX_HELD_EXITS + 3);
	/* In order of their exits. */
	assert_int_equal(h_find(h, RECORD_PROCESS_EXIT, 3)->exit.process.pid, 300);
	assert_int_equal(h_find(h, RECORD_PROCESS_EXIT, 4)->exit.process.pid, 301);
	h_close(h);
}

/* While it waited the table forgot it: its record is about itself, not about somebody else. */
static void test_held_and_forgotten(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;

	(void)state;
	h_exit_event(h, h_who(300, 10, "victim"), H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(h);
	for (uint32_t i = 0; i < 2 * h->core->process_pool.capacity; i++)
		h_exit(h, h_who(1000 + i, 10, "other"), H_CODE(0));
	h_mark(h);
	h_forget(h);
	h_pass(h, NSEC_PER_SEC);
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.process.pid, 300);
	assert_string_equal(r->exit.process.name, "victim");
	assert_int_equal(r->exit.cause, CAUSE_OOM_KILLED);
	h_close(h);
}

/* A table full of the living: what the exit itself says is told, and the loss is counted. */
static void test_full_table(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;
	uint32_t capacity = h->core->process_pool.capacity;

	(void)state;
	for (uint32_t i = 0; i < capacity; i++)
		h_fork(h, h_who(1000 + i, 10, "w"), h_who(1, 1, "init"));
	h_exit_event(h, h_who(300, 10, "stranger"), H_CODE(7))->parent_pid = 42;
	h_step(h);
	h_mark(h);
	r = h_the(h, RECORD_PROCESS_EXIT);
	assert_int_equal(r->exit.process.pid, 300);
	assert_int_equal(r->exit.process.parent_pid, 42);
	assert_string_equal(r->exit.process.name, "stranger");
	assert_string_equal(r->exit.process.command_line, "");
	assert_int_equal(r->exit.cause, CAUSE_FAILED);
	assert_int_equal(h->core->process_pool.lost, 1);
	h_close(h);
}

/* Numbers that no kernel gives: no overflow, no memory that is 2^63. */
static void test_absurd_memory(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_exit *ev = h_exit_event(h, WORKER, H_CODE(1));

	(void)state;
	ev->anon = ev->file = ev->shmem = INT64_MAX;
	ev->peak_rss = U64_UNKNOWN;
	h_step(h);
	h_mark(h);
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.peak_rss, U64_UNKNOWN);
	assert_int_equal(memory_sum(1, 2, S64_UNKNOWN), U64_UNKNOWN);
	assert_int_equal(memory_sum(1, 2, 3), 6);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_of_an_exit),
		cmocka_unit_test(test_peak_is_the_kernels_when_that_is_larger),
		cmocka_unit_test(test_core_dump_bit),
		cmocka_unit_test(test_clean_exits_only_if_asked_for),
		cmocka_unit_test(test_sender_of_a_caught_signal),
		cmocka_unit_test(test_sender_that_is_gone),
		cmocka_unit_test(test_told_twice_counts_once),
		cmocka_unit_test(test_exit_behind_the_snapshot_that_missed_it),
		cmocka_unit_test(test_same_pid_other_start),
		cmocka_unit_test(test_exit_before_its_mark),
		cmocka_unit_test(test_exit_before_its_flag),
		cmocka_unit_test(test_peak_of_a_victim),
		cmocka_unit_test(test_mark_that_never_comes),
		cmocka_unit_test(test_held_exits_are_told_at_the_end),
		cmocka_unit_test(test_held_exits_are_told_before_their_container_stops),
		cmocka_unit_test(test_more_held_than_there_is_room_for),
		cmocka_unit_test(test_held_and_forgotten),
		cmocka_unit_test(test_full_table),
		cmocka_unit_test(test_absurd_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
