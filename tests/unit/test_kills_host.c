/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kills_host.c - what the kernel counts twice, and its count of OOM kills for the whole host.
 */
#include <signal.h>

#include "kill_looks.h"

/* ---- counted twice ---- */

static void test_chosen_one_of_a_group_is_counted_twice(void **state)
{
	struct harness *h = open_settled();

	(void)state;
	kill_group(h, WORKER);
	look(h, 5);
	look(h, 5);
	assert_int_equal(count_of(h, 10)->records, 4);
	assert_int_equal(count_of(h, 10)->twice, 1);
	assert_int_equal(count_of(h, 10)->missing, 0);
	assert_int_equal(kills_now(h)->records, 4);
	assert_int_equal(kills_now(h)->twice, 1);
	/* One more, and it is missing. */
	look(h, 6);
	look(h, 6);
	assert_int_equal(count_of(h, 10)->missing, 1);
	h_close(h);
}

/* Each of these is the second SIGKILL of a group kill with one thing changed. */
static void test_what_is_no_repeat(void **state)
{
	struct harness *h = open_settled();
	struct ev_signal *ev;

	(void)state;
	kill_group(h, MASTER);
	assert_int_equal(h->core->oom_twice, 1);
	h_signal_event(h, MASTER, WORKER, SIGTERM)->info = EV_SI_PRIV;
	h_step(h);
	h_signal(h, MASTER, WORKER, SIGKILL); /* by kill(2) */
	h_kernel_kill(h, WORKER_N(1), WORKER);
	ev = h_signal_event(h, MASTER, WORKER, SIGKILL);
	ev->info = EV_SI_PRIV;
	ev->sender.tid = MASTER.pid + 1;
	h_step(h);
	h_kernel_kill(h, MASTER, h_who(299, 10, "no-victim"));
	h_mark(h);
	assert_int_equal(h->core->oom_twice, 1);
	h_close(h);
}

/* Without memory.oom.group a second SIGKILL of the kernel's is none of the OOM killer's. */
static void test_no_repeat_without_a_group(void **state)
{
	struct harness *h = open_settled();

	(void)state;
	h_kernel_kill(h, MASTER, WORKER);
	h_oom_event(h, WORKER, MASTER, 77);
	h_step(h);
	h_kernel_kill(h, MASTER, WORKER);
	h_mark(h);
	assert_int_equal(h->core->oom_twice, 0);
	h_close(h);
}

/*
 * The trigger is the container's init: when it has ended, its namespace kills everybody once more,
 * by the same thread. The kernel counts none of that.
 */
static void test_namespace_that_ends_is_no_repeat(void **state)
{
	struct harness *h = open_settled();
	struct ev_exit *ev;

	(void)state;
	kill_group(h, MASTER);
	assert_int_equal(h->core->oom_twice, 1);
	ev = h_exit_event(h, MASTER, H_SIGNAL(SIGKILL));
	ev->ns_pid = 1;
	ev->pid_ns = 4026532000u;
	ev->oom_victim = 1;
	h_step(h);
	for (uint32_t i = 0; i < 3; i++)
		h_kernel_kill(h, MASTER, WORKER_N(i));
	h_mark(h);
	assert_int_equal(h->core->oom_twice, 1);
	look(h, 5);
	look(h, 5);
	assert_int_equal(count_of(h, 10)->missing, 0);
	h_close(h);
}

/* Its first SIGKILL, read behind all others: it comes before the mark. */
static void test_first_kill_told_late_is_no_repeat(void **state)
{
	struct harness *h = open_settled();
	uint64_t before = h->now;
	struct ev_signal *ev;

	(void)state;
	h_pass(h, H_MS);
	kill_group(h, MASTER);
	assert_int_equal(h->core->oom_twice, 1);
	ev = h_signal_event(h, MASTER, WORKER, SIGKILL);
	ev->info = EV_SI_PRIV;
	ev->head.ts = before;
	h_step(h);
	h_mark(h);
	assert_int_equal(h->core->oom_twice, 1);
	h_close(h);
}

/* ---- the host ---- */

/* The kernel's count as EV_HEALTH brings it. */
static void host_look(struct harness *h, uint64_t kills)
{
	h_health(h, kills);
	h_mark(h);
	h_pass(h, NSEC_PER_SEC);
}

static void test_host_count(void **state)
{
	struct harness *h = open_service();

	(void)state;
	assert_true(kills_now(h)->kernel == U64_UNKNOWN);
	assert_true(kills_now(h)->missing == U64_UNKNOWN);
	assert_true(kills_now(h)->before_start == U64_UNKNOWN);
	assert_int_equal(kills_now(h)->records, 0);
	host_look(h, 40);
	assert_int_equal(kills_now(h)->before_start, 40);
	assert_int_equal(kills_now(h)->kernel, 0);
	assert_int_equal(kills_now(h)->missing, 0);
	kill_one(h, WORKER, MASTER);
	host_look(h, 41);
	host_look(h, 41);
	assert_int_equal(kills_now(h)->kernel, 1);
	assert_int_equal(kills_now(h)->records, 1);
	assert_int_equal(kills_now(h)->missing, 0);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	h_close(h);
}

static void test_host_misses_one(void **state)
{
	struct harness *h = open_service();
	const struct h_record *r;

	(void)state;
	host_look(h, 40);
	kill_group(h, WORKER);
	host_look(h, 46); /* one more than four and one repeat */
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	host_look(h, 46);
	r = h_the(h, RECORD_FINDING);
	assert_int_equal(r->finding.kind, FINDING_OOM_KILLS_MISSED);
	assert_int_equal(r->r.severity, SEVERITY_WARNING);
	assert_null(r->r.container);
	assert_string_equal(r->finding.cgroup, "/");
	assert_int_equal(r->finding.cgroup_id, H_ROOT);
	assert_int_equal(r->finding.level, LEVEL_HOST);
	assert_int_equal(r->finding.kills.kernel, 6);
	assert_int_equal(r->finding.kills.records, 4);
	assert_int_equal(r->finding.kills.twice, 1);
	assert_int_equal(r->finding.kills.missing, 1);
	/* Told again only when it is more. */
	for (int i = 0; i < 5; i++)
		host_look(h, 46);
	assert_int_equal(h_count(h, RECORD_FINDING), 1);
	host_look(h, 48);
	host_look(h, 48);
	assert_int_equal(h_count(h, RECORD_FINDING), 2);
	assert_int_equal(h_find(h, RECORD_FINDING, 1)->finding.kills.missing, 3);
	h_close(h);
}

/* At the stop one look has to do. */
static void test_host_misses_one_at_the_stop(void **state)
{
	struct harness *h = open_service();

	(void)state;
	host_look(h, 40);
	host_look(h, 41);
	assert_int_equal(h_count(h, RECORD_FINDING), 0);
	h_stop(h);
	assert_int_equal(h_the(h, RECORD_FINDING)->finding.kills.missing, 1);
	assert_int_equal(h_the(h, RECORD_AGENT_STOP)->stop.health.kills.missing, 1);
	h_close(h);
}

static void test_host_count_that_is_none(void **state)
{
	struct harness *h = open_service();

	(void)state;
	host_look(h, U64_UNKNOWN);
	assert_true(kills_now(h)->kernel == U64_UNKNOWN);
	host_look(h, 40);
	host_look(h, 39); /* runs backwards */
	assert_true(kills_now(h)->kernel == U64_UNKNOWN);
	assert_true(kills_now(h)->missing == U64_UNKNOWN);
	host_look(h, 40);
	assert_int_equal(kills_now(h)->kernel, 0);
	assert_int_equal(kills_now(h)->missing, 0);
	h_close(h);
}

/* A log without a single EV_HEALTH: nothing is known of the kernel's count, also at the end. */
static void test_host_count_never_read(void **state)
{
	struct harness *h = open_service();
	const struct rec_kills *kills;

	(void)state;
	kill_one(h, WORKER, MASTER);
	h_stop(h);
	kills = &h_the(h, RECORD_AGENT_STOP)->stop.health.kills;
	assert_int_equal(kills->records, 1);
	assert_true(kills->kernel == U64_UNKNOWN);
	assert_true(kills->missing == U64_UNKNOWN);
	assert_true(kills->before_start == U64_UNKNOWN);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chosen_one_of_a_group_is_counted_twice),
		cmocka_unit_test(test_what_is_no_repeat),
		cmocka_unit_test(test_no_repeat_without_a_group),
		cmocka_unit_test(test_namespace_that_ends_is_no_repeat),
		cmocka_unit_test(test_first_kill_told_late_is_no_repeat),
		cmocka_unit_test(test_host_count),
		cmocka_unit_test(test_host_misses_one),
		cmocka_unit_test(test_host_misses_one_at_the_stop),
		cmocka_unit_test(test_host_count_that_is_none),
		cmocka_unit_test(test_host_count_never_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
