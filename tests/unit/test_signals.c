/* SPDX-License-Identifier: Apache-2.0 */
/* test_signals.c - what a process remembers of the signals it got, and for how long. */
#include <signal.h>

#include "core_harness.h"

static const struct signal_log *log_of(struct harness *h, struct ev_who who)
{
	uint32_t i = process_find(h->core, who.pid, who.start);

	assert_int_not_equal(i, 0);
	return signal_log_of(h->core, &h->core->processes[i]);
}

static struct harness *open_with(struct ev_who target)
{
	struct harness *h = h_open_docker();

	h_fork(h, target, h_who(1, 10, "init"));
	h_mark(h);
	return h;
}

static void test_all_of_a_signal_is_kept(void **state)
{
	struct ev_who target = h_who(200, 10, "worker"), sender = h_who(150, 10, "master");
	struct harness *h = open_with(target);
	const struct signal_log *log;
	struct ev_signal *ev;
	uint64_t at;

	(void)state;
	assert_null(log_of(h, target));
	ev = h_signal_event(h, sender, target, SIGTERM);
	ev->sender.tid = 151;
	ev->sender.uid = 33;
	ev->code = SI_TKILL;
	ev->handler = EV_SA_HANDLER;
	at = h->now;
	h_step(h);
	h_mark(h);
	log = log_of(h, target);
	assert_int_equal(log->n, 1);
	assert_int_equal(log->entries[0].ts, at);
	assert_int_equal(log->entries[0].number, SIGTERM);
	assert_int_equal(log->entries[0].code, SI_TKILL);
	assert_int_equal(log->entries[0].info, EV_SI_REAL);
	assert_int_equal(log->entries[0].handler, EV_SA_HANDLER);
	assert_int_equal(log->entries[0].sender_pid, 150);
	assert_int_equal(log->entries[0].sender_tid, 151);
	assert_int_equal(log->entries[0].sender_start, sender.start);
	assert_int_equal(log->entries[0].sender_uid, 33);
	assert_int_equal(log->entries[0].sender_memcg, 10);
	assert_string_equal(log->entries[0].sender_comm, "master");
	h_close(h);
}

static void numbers(const struct signal_log *log, const int *expected, uint32_t n)
{
	assert_int_equal(log->n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(log->entries[i].number, expected[i]);
}

static void test_first_and_latest_stay(void **state)
{
	static const int in[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGKILL};
	static const int out[] = {SIGTERM, SIGHUP, SIGUSR1, SIGKILL};
	struct ev_who target = h_who(200, 10, "worker");
	struct harness *h = open_with(target);

	(void)state;
	for (size_t i = 0; i < 6; i++)
		h_signal(h, h_who(150, 10, "master"), target, in[i]);
	h_mark(h);
	numbers(log_of(h, target), out, 4);
	h_close(h);
}

/* A runtime that lives with its own faults must not wash out who told it to end. */
static void test_flood_of_one_kind_washes_nothing_out(void **state)
{
	static const int out[] = {SIGSEGV, SIGTERM, SIGSEGV, SIGSEGV};
	struct ev_who target = h_who(200, 10, "java");
	struct harness *h = open_with(target);

	(void)state;
	for (int i = 0; i < 100; i++) {
		if (i == 50)
			h_signal(h, h_who(9, 3, "containerd-shim"), target, SIGTERM);
		h_signal(h, target, target, SIGSEGV);
	}
	h_mark(h);
	numbers(log_of(h, target), out, 4);
	/* The latest is the latest. */
	assert_int_equal(log_of(h, target)->entries[3].ts, h->now - 2000);
	h_close(h);
}

static void test_old_ones_go_with_the_next(void **state)
{
	static const int out[] = {SIGINT};
	struct ev_who target = h_who(200, 10, "worker");
	struct harness *h = open_with(target);

	(void)state;
	h_signal(h, h_who(150, 10, "master"), target, SIGTERM);
	h_pass(h, SIGNAL_WINDOW_NS);
	h_signal(h, h_who(150, 10, "master"), target, SIGINT);
	h_mark(h);
	numbers(log_of(h, target), out, 1);
	h_close(h);
}

static void test_just_in_the_window_stays(void **state)
{
	static const int out[] = {SIGTERM, SIGINT};
	struct ev_who target = h_who(200, 10, "worker");
	struct harness *h = open_with(target);

	(void)state;
	h_signal(h, h_who(150, 10, "master"), target, SIGTERM);
	h_pass(h, SIGNAL_WINDOW_NS - 1000);
	h_signal(h, h_who(150, 10, "master"), target, SIGINT);
	h_mark(h);
	numbers(log_of(h, target), out, 2);
	h_close(h);
}

/* Its fork was lost: in a cgroup that lives it may be a process, so it is remembered. */
static void test_target_that_nobody_told_of(void **state)
{
	struct ev_who target = h_who(200, 10, "worker");
	struct harness *h = h_open_docker();

	(void)state;
	h_signal(h, h_who(150, 10, "master"), target, SIGTERM);
	h_mark(h);
	assert_int_equal(log_of(h, target)->n, 1);
	h_close(h);
}

/* A zombie can outlive its container and is killed again and again: no process, no container. */
static void test_zombie_of_a_gone_cgroup(void **state)
{
	struct ev_who zombie = h_who(200, 10, "worker");
	struct harness *h = h_open_docker();
	uint32_t processes = h->core->alive.count;

	(void)state;
	h_rmdir(h, 10);
	h_signal(h, h_who(9, 1, "bash"), zombie, SIGKILL);
	h_mark(h);
	assert_int_equal(process_find(h->core, zombie.pid, zombie.start), 0);
	h_pass(h, 2 * GRACE_NS);
	h_clock(h);
	h_signal(h, h_who(9, 1, "bash"), zombie, SIGKILL);
	h_mark(h);
	assert_int_equal(process_find(h->core, zombie.pid, zombie.start), 0);
	assert_int_equal(cgroup_find(h->core, 10), 0);
	assert_int_equal(h->core->alive.count, processes);
	h_close(h);
}

/* More signalled processes than logs: who got theirs long ago gives way, who did just now does not.
 */
static void test_logs_come_back(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;
	uint32_t logs;

	(void)state;
	start.max_processes = 1000;
	h = h_open(&start);
	h_ready(h);
	h_scan(h, 10, 1, H_DOCKER);
	logs = h->core->signal_pool.capacity;
	assert_true(logs < 500);
	for (uint32_t i = 0; i < logs; i++)
		h_signal(h, h_who(1, 10, "init"), h_who(1000 + i, 10, "w"), SIGTERM);
	h_signal(h, h_who(1, 10, "init"), h_who(5000, 10, "w"), SIGTERM);
	h_mark(h);
	assert_null(log_of(h, h_who(5000, 10, "w")));
	assert_int_equal(h->core->signal_pool.lost, 1);
	h_pass(h, SIGNAL_WINDOW_NS + 1000000);
	for (uint32_t i = 0; i < logs; i++)
		h_signal(h, h_who(1, 10, "init"), h_who(6000 + i, 10, "w"), SIGTERM);
	h_mark(h);
	assert_int_equal(h->core->signal_pool.lost, 1);
	assert_null(log_of(h, h_who(1000, 10, "w")));
	assert_int_equal(log_of(h, h_who(6000, 10, "w"))->n, 1);
	assert_int_equal(log_of(h, h_who(6000 + logs - 1, 10, "w"))->n, 1);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_a_signal_is_kept),
		cmocka_unit_test(test_first_and_latest_stay),
		cmocka_unit_test(test_flood_of_one_kind_washes_nothing_out),
		cmocka_unit_test(test_old_ones_go_with_the_next),
		cmocka_unit_test(test_just_in_the_window_stays),
		cmocka_unit_test(test_target_that_nobody_told_of),
		cmocka_unit_test(test_zombie_of_a_gone_cgroup),
		cmocka_unit_test(test_logs_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
