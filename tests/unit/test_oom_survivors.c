/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_oom_survivors.c - around a kill: who asked for the memory as seen from the victim, who of
 * the container lives on, and whom the victim leaves behind.
 */
#include "service.h"

#define INNER_NS 4026532000u

/* ---- relation ---- */

static enum oom_relation relation_to(struct ev_who trigger)
{
	struct harness *h = open_service();
	enum oom_relation relation;

	h_scan(h, 11, 5, "/docker/" H_ID64_2);
	h_scan(h, 12, 10, H_DOCKER "/sub");
	h_scan(h, 13, H_ROOT, "/system.slice");
	h_fork(h, h_who(300, 12, "inner"), MASTER);
	h_fork(h, h_who(301, 11, "neighbour"), MASTER);
	kill_one(h, WORKER, trigger);
	relation = last_kill(h)->relation;
	h_close(h);
	return relation;
}

static void test_relations(void **state)
{
	struct ev_who reused = WORKER;

	(void)state;
	assert_int_equal(relation_to(WORKER), RELATION_VICTIM);
	assert_int_equal(relation_to(WORKER_N(1)), RELATION_SAME_CONTAINER);
	assert_int_equal(relation_to(h_who(300, 12, "inner")), RELATION_SAME_CONTAINER);
	assert_int_equal(relation_to(h_who(301, 11, "neighbour")), RELATION_OTHER_CONTAINER);
	assert_int_equal(relation_to(h_who(302, H_ROOT, "kswapd0")), RELATION_HOST);
	/* The victim's pid, but another process. */
	reused.start++;
	assert_int_equal(relation_to(reused), RELATION_SAME_CONTAINER);
	/* Nothing is known of where it is, or that is nobody's container. */
	assert_int_equal(relation_to(h_who(303, 999, "lost")), RELATION_UNKNOWN);
	assert_int_equal(relation_to(h_who(304, 13, "in-slice")), RELATION_UNKNOWN);
}

static void test_helpers_of_the_runtime(void **state)
{
	(void)state;
	assert_int_equal(relation_to(h_who(310, 5, "conmon")), RELATION_RUNTIME);
	assert_int_equal(relation_to(h_who(310, 11, "containerd-shim")), RELATION_RUNTIME);
	assert_int_equal(relation_to(h_who(310, H_ROOT, "runc")), RELATION_RUNTIME);
	/* On its way into the container. */
	assert_int_equal(relation_to(h_who(310, 10, "runc:[2:INIT]")), RELATION_RUNTIME);
	assert_int_equal(relation_to(h_who(310, 11, "conmom")), RELATION_OTHER_CONTAINER);
	assert_int_equal(relation_to(h_who(310, 10, "runc;[2:INIT]")), RELATION_SAME_CONTAINER);
	assert_int_equal(relation_to(h_who(310, H_ROOT, "rund")), RELATION_HOST);
}

/* ---- who lives on ---- */

/* A snapshot gives the one exempt its score. */
static void exempt(struct harness *h, struct ev_who who, int32_t score)
{
	struct ev_task *ev = h_task_event(h, who, 1, MB);

	ev->who.oom_score_adj = score;
	h_step(h);
	h_mark(h);
}

/* The first victim of a group kill; the others are still to be marked. */
static const struct rec_oom_kill *group_first(struct harness *h)
{
	struct ev_oom *ev = h_oom_event(h, WORKER, WORKER, h->now);

	ev->levels[0].oom_group = 1;
	h_step(h);
	h_mark(h);
	return last_kill(h);
}

/* Already at the first victim it is known that all will be. */
static void test_group_leaves_nobody(void **state)
{
	struct harness *h = open_service();
	const struct rec_oom_kill *k = group_first(h);

	(void)state;
	assert_true(k->group_kill);
	assert_int_equal(k->survivors, 0);
	assert_int_equal(k->init_alive, 0);
	assert_int_equal(k->orphans, 0);
	h_close(h);
}

/* oom_score_adj -1000: never killed. */
static void test_group_leaves_the_exempt(void **state)
{
	static const struct {
		int32_t score;
		uint64_t survivors;
		int init_alive;
	} cases[] = {{-1000, 1, 1}, {-999, 0, 0}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct harness *h = open_service();
		const struct rec_oom_kill *k;

		exempt(h, MASTER, cases[i].score);
		k = group_first(h);
		assert_int_equal(k->survivors, cases[i].survivors);
		assert_int_equal(k->init_alive, cases[i].init_alive);
		h_close(h);
	}
}

/* Where only one is killed, a score of -1000 changes nothing. */
static void test_exempt_without_a_group(void **state)
{
	struct harness *h = open_service();

	(void)state;
	exempt(h, MASTER, -1000);
	kill_one(h, WORKER, WORKER);
	assert_int_equal(last_kill(h)->survivors, 3);
	h_close(h);
}

/* A group below the container, as a cgroup of its own making: the rest of the container stays. */
static void test_group_in_a_part_of_the_container(void **state)
{
	struct harness *h = open_service();
	struct ev_who inner = h_who(300, 12, "inner");
	struct ev_oom *ev;

	(void)state;
	h_scan(h, 12, 10, H_DOCKER "/sub");
	h_fork(h, inner, MASTER);
	h_fork(h, h_who(301, 12, "inner"), MASTER);
	h_mark(h);
	ev = h_oom_event(h, inner, inner, 77);
	ev->levels[0].oom_group = 1;
	h_step(h);
	h_mark(h);
	assert_int_equal(last_kill(h)->survivors, 4);
	assert_int_equal(last_kill(h)->init_alive, 1);
	h_close(h);
}

/* The group of a pod's slice: nobody of any of its containers. */
static void test_group_above_the_container(void **state)
{
	struct harness *h = open_service();
	struct ev_oom *ev = h_oom_event(h, WORKER, WORKER, 77);

	(void)state;
	ev->n_levels = 2;
	ev->limit = ev->levels[1] = h_level(5, 64 * MB, 64 * MB, 1);
	ev->levels[1].oom_group = 1;
	h_step(h);
	h_mark(h);
	assert_true(last_kill(h)->group_kill);
	assert_int_equal(last_kill(h)->survivors, 0);
	assert_int_equal(last_kill(h)->init_alive, 0);
	h_close(h);
}

/* ---- orphans ---- */

static void test_master_leaves_orphans(void **state)
{
	struct harness *h = open_service();
	const struct rec_oom_kill *k;

	(void)state;
	/* One of another container, and a grandchild, are none. */
	h_scan(h, 11, 5, "/docker/" H_ID64_2);
	h_fork(h, h_who(300, 11, "elsewhere"), MASTER);
	h_fork(h, h_who(301, 10, "grandchild"), WORKER);
	kill_one(h, MASTER, WORKER);
	k = last_kill(h);
	assert_int_equal(k->orphans, 3);
	assert_int_equal(k->survivors, 4);
	assert_int_equal(k->init_alive, 0);
	h_close(h);
}

static void test_dead_children_are_no_orphans(void **state)
{
	struct harness *h = open_service();

	(void)state;
	h_exit(h, WORKER_N(1), H_CODE(0));
	kill_one(h, WORKER_N(2), WORKER); /* marked, and about to die */
	kill_one(h, MASTER, WORKER);
	assert_int_equal(last_kill(h)->orphans, 1);
	kill_one(h, WORKER, WORKER);
	assert_int_equal(last_kill(h)->orphans, 0);
	h_close(h);
}

/* A parent of the same pid that came later is not theirs. */
static void test_orphans_by_pid_and_start(void **state)
{
	struct harness *h = open_service();
	struct ev_who other = MASTER;

	(void)state;
	other.start++;
	kill_one(h, other, WORKER);
	assert_int_equal(last_kill(h)->orphans, 0);
	h_close(h);
}

/* The group takes all children but the one that is exempt. */
static void test_orphan_of_a_group_kill(void **state)
{
	struct harness *h = open_service();
	struct ev_task *ev = h_task_event(h, WORKER_N(2), MASTER.pid, MB);
	struct ev_oom *kill;

	(void)state;
	ev->who.oom_score_adj = -1000;
	h_step(h);
	kill = h_oom_event(h, MASTER, WORKER, 77);
	kill->levels[0].oom_group = 1;
	h_step(h);
	h_mark(h);
	assert_int_equal(last_kill(h)->orphans, 1);
	assert_int_equal(last_kill(h)->survivors, 1);
	h_close(h);
}

/* Process 1 of a pid namespace takes all others with it: there is nobody to be an orphan. */
static void test_init_of_a_namespace_leaves_no_orphans(void **state)
{
	struct harness *h = open_service();
	struct ev_task *ev = h_task_event(h, MASTER, 1, MB);

	(void)state;
	ev->ns_pid = 1;
	ev->pid_ns = INNER_NS;
	h_step(h);
	kill_one(h, MASTER, WORKER);
	assert_int_equal(last_kill(h)->init_alive, 0);
	assert_int_equal(last_kill(h)->orphans, 0);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_helpers_of_the_runtime),
		cmocka_unit_test(test_group_leaves_nobody),
		cmocka_unit_test(test_group_leaves_the_exempt),
		cmocka_unit_test(test_exempt_without_a_group),
		cmocka_unit_test(test_group_in_a_part_of_the_container),
		cmocka_unit_test(test_group_above_the_container),
		cmocka_unit_test(test_master_leaves_orphans),
		cmocka_unit_test(test_dead_children_are_no_orphans),
		cmocka_unit_test(test_orphans_by_pid_and_start),
		cmocka_unit_test(test_orphan_of_a_group_kill),
		cmocka_unit_test(test_init_of_a_namespace_leaves_no_orphans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
