/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_level.c - the limits above a process: what each cgroup on the way to the root is, what lies
 * below what, and which limit is the fullest.
 */
#include <math.h>

#include "core_harness.h"

#define MB 1048576ll
#define POD                                                                                        \
	"/kubepods.slice/kubepods-burstable.slice/"                                                \
	"kubepods-burstable-pod94cb0821_407a_404c_9d1b_48839f6b4c32.slice"

enum { KUBEPODS = 20, POD_CGROUP, CONTAINER, SUB, JOB = 30, JOB_SUB };

/* A pod's container with a cgroup of its own making in it, and a cgroup of no known layout. */
static struct harness *open_tree(void)
{
	struct harness *h = h_open_docker();

	h_scan(h, KUBEPODS, H_ROOT, "/kubepods.slice");
	h_scan(h, POD_CGROUP, KUBEPODS, POD);
	h_scan(h, CONTAINER, POD_CGROUP, POD "/cri-containerd-" H_ID64 ".scope");
	h_scan(h, SUB, CONTAINER, POD "/cri-containerd-" H_ID64 ".scope/sub");
	h_scan(h, JOB, H_ROOT, "/job");
	h_scan(h, JOB_SUB, JOB, "/job/sub");
	h_fork(h, h_who(300, SUB, "worker"), h_who(1, 1, "init"));
	h_fork(h, h_who(301, JOB, "job"), h_who(1, 1, "init"));
	h_mark(h);
	return h;
}

static enum limit_level level_seen(struct harness *h, uint64_t id, uint64_t from)
{
	return level_of(h->core, cgroup_find(h->core, id), container_find(h->core, from));
}

static void test_levels(void **state)
{
	struct harness *h = open_tree();

	(void)state;
	assert_int_equal(level_seen(h, H_ROOT, SUB), LEVEL_HOST);
	assert_int_equal(level_seen(h, KUBEPODS, SUB), LEVEL_SLICE);
	assert_int_equal(level_seen(h, POD_CGROUP, SUB), LEVEL_POD);
	assert_int_equal(level_seen(h, CONTAINER, SUB), LEVEL_CONTAINER);
	/* Of no known layout: its own is its container, seen from another it is a slice. */
	assert_int_equal(level_seen(h, JOB, JOB), LEVEL_CONTAINER);
	assert_int_equal(level_seen(h, JOB, SUB), LEVEL_SLICE);
	assert_int_equal(level_seen(h, JOB, 0), LEVEL_SLICE);
	h_close(h);
}

static void test_parent_and_below(void **state)
{
	struct harness *h = open_tree();
	struct core *core = h->core;
	uint32_t pod, root, container;

	(void)state;
	pod = cgroup_find(core, POD_CGROUP);
	root = cgroup_find(core, H_ROOT);
	container = cgroup_find(core, CONTAINER);
	assert_int_equal(cgroup_parent(core, container), pod);
	assert_int_equal(cgroup_parent(core, root), 0);
	assert_int_equal(cgroup_parent(core, 0), 0);
	assert_true(cgroup_below(core, SUB, pod));
	assert_true(cgroup_below(core, POD_CGROUP, pod));
	assert_false(cgroup_below(core, KUBEPODS, pod));
	assert_false(cgroup_below(core, JOB_SUB, pod));
	assert_true(cgroup_below(core, JOB_SUB, root));
	assert_false(cgroup_below(core, 9999, root));
	assert_false(cgroup_below(core, 0, root));
	h_close(h);
}

static struct rec_nearest_limit nearest(struct harness *h, uint64_t id)
{
	struct rec_nearest_limit n;

	nearest_limit(h->core, id, h->now, &n);
	return n;
}

static void test_fullest_of_nested_limits(void **state)
{
	struct harness *h = open_tree();
	struct rec_nearest_limit n;

	(void)state;
	h_memcg(h, SUB, 10 * MB, U64_UNLIMITED, 0);
	h_memcg(h, CONTAINER, 60 * MB, 100 * MB, 0);
	h_memcg(h, POD_CGROUP, 90 * MB, 120 * MB, 0);
	h_memcg(h, KUBEPODS, 500 * MB, 1000 * MB, 0);
	h_mark(h);
	h_pass(h, NSEC_PER_SEC);
	n = nearest(h, SUB);
	assert_string_equal(n.cgroup, POD);
	assert_int_equal(n.level, LEVEL_POD);
	assert_int_equal(n.usage, 90 * MB);
	assert_int_equal(n.limit, 120 * MB);
	assert_float_equal(n.usage_ratio, 0.75, 1e-9);
	assert_float_equal(n.age_seconds, 1.0, 1e-4);
	/* A byte more in the container, and it is the container's. */
	h_memcg(h, CONTAINER, 75 * MB + 1, 100 * MB, 0);
	h_mark(h);
	n = nearest(h, SUB);
	assert_string_equal(n.cgroup, POD "/cri-containerd-" H_ID64 ".scope");
	assert_int_equal(n.level, LEVEL_CONTAINER);
	h_close(h);
}

/* Of limits that are equally full it is the one nearest to the process. */
static void test_equally_full(void **state)
{
	struct harness *h = open_tree();

	(void)state;
	h_memcg(h, CONTAINER, 64 * MB, 64 * MB, 0);
	h_memcg(h, POD_CGROUP, 64 * MB, 64 * MB, 0);
	h_mark(h);
	assert_int_equal(nearest(h, SUB).level, LEVEL_CONTAINER);
	h_close(h);
}

/* No limit, a limit of 0, nothing read: none of these can be full. */
static void test_what_is_no_limit(void **state)
{
	struct harness *h = open_tree();

	(void)state;
	assert_null(nearest(h, SUB).cgroup);
	h_memcg(h, CONTAINER, 60 * MB, U64_UNLIMITED, 0);
	h_memcg(h, POD_CGROUP, 60 * MB, U64_UNKNOWN, 0);
	h_memcg(h, KUBEPODS, 60 * MB, 0, 0);
	h_memcg(h, H_ROOT, S64_UNKNOWN, 100 * MB, 0);
	h_mark(h);
	assert_null(nearest(h, SUB).cgroup);
	h_memcg(h, KUBEPODS, 0, 1, 0);
	h_mark(h);
	assert_int_equal(nearest(h, SUB).level, LEVEL_SLICE);
	assert_float_equal(nearest(h, SUB).usage_ratio, 0.0, 1e-9);
	assert_null(nearest(h, JOB).cgroup);
	assert_null(nearest(h, 9999).cgroup);
	h_close(h);
}

/* Parents that lead in a circle, as a forged log can say. */
static void test_circle_of_parents(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_cgroup(h, 40, 41, "/a");
	h_cgroup(h, 41, 40, "/b");
	h_memcg(h, 40, 10 * MB, 20 * MB, 0);
	h_memcg(h, 41, 15 * MB, 20 * MB, 0);
	h_mark(h);
	assert_string_equal(nearest(h, 40).cgroup, "/b");
	assert_false(cgroup_below(h->core, 40, cgroup_find(h->core, H_ROOT)));
	assert_true(cgroup_below(h->core, 40, cgroup_find(h->core, 41)));
	h_close(h);
}

static void test_nearest_limit_of_an_exit(void **state)
{
	struct harness *h = open_tree();
	const struct rec_nearest_limit *n;

	(void)state;
	h_memcg(h, CONTAINER, 96 * MB, 100 * MB, 0);
	h_pass(h, NSEC_PER_SEC / 2);
	h_exit(h, h_who(300, SUB, "worker"), H_CODE(1));
	h_mark(h);
	n = &h_the(h, RECORD_PROCESS_EXIT)->exit.nearest;
	assert_int_equal(n->level, LEVEL_CONTAINER);
	assert_float_equal(n->usage_ratio, 0.96, 1e-9);
	assert_float_equal(n->age_seconds, 0.5, 1e-4);
	h_close(h);
}

/* The counters that an OOM kill brings are a reading too: their age is the kill's. */
static void test_age_after_a_kill(void **state)
{
	struct harness *h = open_tree();
	struct ev_who worker = h_who(300, SUB, "worker");
	const struct rec_nearest_limit *n;

	(void)state;
	h_memcg(h, SUB, 10 * MB, 64 * MB, 0);
	h_pass(h, NSEC_PER_SEC);
	h_oom_event(h, worker, worker, 77);
	h_step(h);
	h_exit_event(h, worker, H_SIGNAL(9));
	h_step(h);
	h_mark(h);
	n = &h_the(h, RECORD_PROCESS_EXIT)->exit.nearest;
	assert_int_equal(n->usage, 64 * MB);
	assert_float_equal(n->age_seconds, 0.0, 1e-4);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_parent_and_below),
		cmocka_unit_test(test_fullest_of_nested_limits),
		cmocka_unit_test(test_equally_full),
		cmocka_unit_test(test_what_is_no_limit),
		cmocka_unit_test(test_circle_of_parents),
		cmocka_unit_test(test_nearest_limit_of_an_exit),
		cmocka_unit_test(test_age_after_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
