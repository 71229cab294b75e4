/* SPDX-License-Identifier: Apache-2.0 */
/* test_cgroup.c - memory cgroups: paths, ends that were told and ends that were not, full tables.
 */
#include "core_harness.h"

static const struct cgroup *find(struct harness *h, uint64_t id)
{
	uint32_t i = cgroup_find(h->core, id);

	return i ? &h->core->cgroups[i] : NULL;
}

static void test_counters_of_a_round(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_memcg *ev;

	(void)state;
	assert_int_equal(find(h, 10)->usage, U64_UNKNOWN);
	h_memcg(h, 10, 500, 1000, 0);
	h_memcg(h, 10, 300, 1000, 0);
	h_mark(h);
	assert_int_equal(find(h, 10)->usage, 300);
	assert_int_equal(find(h, 10)->max_usage, 500);
	assert_int_equal(find(h, 10)->limit, 1000);
	assert_int_equal(find(h, 10)->swap_limit, U64_UNLIMITED);
	/* v2's root has no usage: not known is not 0. */
	h_memcg(h, H_ROOT, S64_UNKNOWN, U64_UNLIMITED, 0);
	h_memcg(h, 5, -4096, U64_UNLIMITED, 0);
	h_mark(h);
	assert_int_equal(find(h, H_ROOT)->usage, U64_UNKNOWN);
	assert_int_equal(find(h, H_ROOT)->max_usage, 0);
	assert_int_equal(find(h, 5)->usage, 0);
	/* v1's limit is of memory and swap together. */
	ev = &h_event(h, EV_MEMCG)->memcg;
	ev->level = h_level(10, 300, 1000, 0);
	ev->level.swap_max = 1500;
	ev->v1 = 1;
	h_step(h);
	h_mark(h);
	assert_int_equal(find(h, 10)->swap_limit, 500);
	h_close(h);
}

static void test_mkdir_and_scan_in_either_order(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_cgroup(h, 20, 5, "/docker/a");
	h_scan(h, 20, 5, "/docker/a");
	h_scan(h, 21, 5, "/docker/b");
	h_cgroup(h, 21, 5, "/docker/b");
	h_scan(h, 22, 5, "/docker/c");
	h_mark(h);
	assert_int_not_equal(find(h, 20)->created, 0);
	assert_int_not_equal(find(h, 21)->created, 0);
	assert_int_equal(find(h, 22)->created, 0);
	h_close(h);
}

/* What is left of a path that lost its front could be made to look like anything. */
static void test_cut_path_is_no_path(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_cgroup_new *ev;

	(void)state;
	ev = &h_event(h, EV_CGROUP_NEW)->cgroup_new;
	ev->id = 20;
	ev->parent_id = 10;
	ev->scanned = 0;
	ev->path_cut = 1;
	strcpy(ev->path, "/docker/" H_ID64_2);
	h_step(h);
	h_fork(h, h_who(300, 20, "x"), h_who(1, 1, "init"));
	h_mark(h);
	assert_string_equal(find(h, 20)->path, "");
	/* Below a container everything is the container's, named or not. */
	assert_int_equal(container_find(h->core, 20), container_find(h->core, 10));
	ev = &h_event(h, EV_CGROUP_NEW)->cgroup_new;
	ev->id = 21;
	ev->parent_id = 5;
	ev->path_cut = 0; /* the one fact that differs */
	ev->scanned = 0;
	strcpy(ev->path, "/docker/" H_ID64_2);
	h_step(h);
	h_mark(h);
	assert_string_equal(find(h, 21)->path, "/docker/" H_ID64_2);
	assert_int_not_equal(container_find(h->core, 21), container_find(h->core, 10));
	h_close(h);
}

static void test_gone_is_kept_for_its_grace(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_rmdir(h, 10);
	h_rmdir(h, 10);
	h_mark(h);
	assert_true(find(h, 10)->gone);
	h_pass(h, GRACE_NS);
	h_clock(h);
	h_mark(h);
	assert_null(find(h, 10));
	assert_int_equal(h->core->gone.count, 0);
	h_close(h);
}

static void test_gone_makes_room(void **state)
{
	struct harness *h = h_open_docker();
	uint32_t n = h->core->cgroup_pool.capacity;

	(void)state;
	for (uint32_t i = h->core->cgroup_pool.used; i < n; i++)
		h_cgroup(h, 1000 + i, 1, "/x");
	h_rmdir(h, 10);
	h_mark(h);
	h_cgroup(h, 5000, 1, "/y");
	h_mark(h);
	assert_null(find(h, 10));
	assert_non_null(find(h, 5000));
	assert_int_equal(h->core->cgroup_pool.lost, 0);
	h_cgroup(h, 5001, 1, "/y");
	h_mark(h);
	assert_null(find(h, 5001));
	assert_int_equal(h->core->cgroup_pool.lost, 1);
	h_close(h);
}

static void rounds(struct harness *h, int n, bool with_it)
{
	for (int i = 0; i < n; i++) {
		h_pass(h, NSEC_PER_SEC);
		h_memcg(h, 5, 100, 1000, 0);
		if (with_it)
			h_memcg(h, 10, 100, 1000, 0);
		h_memcgs_end(h);
		h_mark(h);
	}
}

static void answer_missing(struct harness *h, uint64_t id)
{
	h_stat_event(h, id)->found = 0;
	h_step(h);
	h_mark(h);
}

/* The rmdir was lost with a full ring: rounds miss it, its files are asked for, it has ended. */
static void test_end_that_nobody_told_of(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	rounds(h, 2, true);
	h_forget(h);
	rounds(h, 3, false);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 10), 0);
	rounds(h, 1, false);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 10), 1);
	answer_missing(h, 10);
	assert_false(find(h, 10)->gone); /* the news may be on its way */
	rounds(h, 4, false);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 10), 2);
	answer_missing(h, 10);
	assert_true(find(h, 10)->gone);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_COUNTS, 10), 1);
	h_counts_event(h, 10);
	h_step(h);
	h_mark(h);
	h_the(h, RECORD_CONTAINER_STOP);
	h_close(h);
}

/* The same, but a round holds it again: it was only left out. */
static void test_left_out_of_some_rounds(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	rounds(h, 2, true);
	rounds(h, 4, false);
	answer_missing(h, 10);
	rounds(h, 1, true);
	answer_missing(h, 10);
	assert_false(find(h, 10)->gone);
	h_close(h);
}

/* A late event made an entry of a cgroup that is gone for good: it goes by itself. */
static void test_ghost_of_a_late_event(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_exit(h, h_who(300, 40, "x"), H_CODE(0));
	h_mark(h);
	assert_non_null(find(h, 40));
	rounds(h, 8, true);
	assert_non_null(find(h, 40));
	rounds(h, 8, true);
	assert_true(!find(h, 40) || find(h, 40)->gone);
	h_close(h);
}

/* The same, but a process lives in it. */
static void test_nameless_but_inhabited(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_fork(h, h_who(300, 40, "x"), h_who(1, 1, "init"));
	h_mark(h);
	rounds(h, 40, true);
	assert_non_null(find(h, 40));
	assert_false(find(h, 40)->gone);
	h_close(h);
}

/* Parents that form a ring, as only a forged log can say, end no walk and start none for ever. */
static void test_ring_of_parents(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_cgroup_new *ev;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		ev = &h_event(h, EV_CGROUP_NEW)->cgroup_new;
		ev->id = 50 + i;
		ev->parent_id = 50 + (i + 1) % 4;
		ev->path_cut = i % 2;
		strcpy(ev->path, H_DOCKER "/a/b");
		h_step(h);
	}
	for (uint32_t i = 0; i < 4; i++)
		h_fork(h, h_who(300 + i, 50 + i, "x"), h_who(1, 1, "init"));
	h_mark(h);
	assert_int_not_equal(container_find(h->core, 50), 0);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_of_a_round),
		cmocka_unit_test(test_mkdir_and_scan_in_either_order),
		cmocka_unit_test(test_cut_path_is_no_path),
		cmocka_unit_test(test_gone_is_kept_for_its_grace),
		cmocka_unit_test(test_gone_makes_room),
		cmocka_unit_test(test_end_that_nobody_told_of),
		cmocka_unit_test(test_left_out_of_some_rounds),
		cmocka_unit_test(test_ghost_of_a_late_event),
		cmocka_unit_test(test_nameless_but_inhabited),
		cmocka_unit_test(test_ring_of_parents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
