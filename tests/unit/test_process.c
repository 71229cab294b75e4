/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c - lineage, snapshots, the dead and their grace, the table when it is full. */
#include "core_harness.h"

#define MASTER h_who(150, 10, "master")
#define WORKER h_who(200, 10, "worker")

static const struct process *find(struct harness *h, struct ev_who who)
{
	uint32_t i = process_find(h->core, who.pid, who.start);

	return i ? &h->core->processes[i] : NULL;
}

static uint32_t processes_of(struct harness *h, uint64_t cgroup)
{
	uint32_t i = container_find(h->core, cgroup);

	assert_int_not_equal(i, 0);
	return h->core->containers[i].processes;
}

static void snapshot(struct harness *h, uint32_t n, const struct ev_who *who)
{
	for (uint32_t i = 0; i < n; i++)
		h_task(h, who[i], 1, 1 << 20);
	h_tasks_end(h, n * 1000);
	h_mark(h);
	h_pass(h, NSEC_PER_SEC);
}

static void test_fork_exec_inherit(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_fork(h, MASTER, h_who(1, 1, "init"));
	h_exec(h, MASTER, "/usr/bin/gunicorn", "gunicorn app");
	h_fork(h, WORKER, MASTER);
	h_mark(h);
	assert_string_equal(find(h, WORKER)->executable, "/usr/bin/gunicorn");
	assert_string_equal(find(h, WORKER)->command_line, "gunicorn app");
	assert_int_equal(find(h, WORKER)->parent_pid, 150);
	assert_int_equal(find(h, WORKER)->parent_start, MASTER.start);
	h_exec(h, h_who(200, 10, "sh"), "/bin/sh", "sh -c true");
	h_mark(h);
	assert_string_equal(find(h, WORKER)->comm, "sh");
	assert_string_equal(find(h, WORKER)->executable, "/bin/sh");
	assert_string_equal(find(h, MASTER)->executable, "/usr/bin/gunicorn");
	h_close(h);
}

/* The fork came behind a mark, the exec before it: what exec said stays. */
static void test_late_fork_does_not_undo_exec(void **state)
{
	struct harness *h = h_open_docker();
	uint64_t forked;

	(void)state;
	h_fork(h, MASTER, h_who(1, 1, "init"));
	h_exec(h, MASTER, "/usr/bin/gunicorn", "gunicorn app");
	forked = h->now;
	h_pass(h, H_MS);
	h_exec(h, WORKER, "/bin/sh", "sh");
	h_mark(h);
	h->now = forked;
	h_fork(h, WORKER, MASTER);
	h_pass(h, 2 * H_MS);
	h_mark(h);
	assert_string_equal(find(h, WORKER)->executable, "/bin/sh");
	assert_int_equal(find(h, WORKER)->parent_pid, 150);
	h_close(h);
}

static void test_same_pid_twice_is_two(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_who again = WORKER;

	(void)state;
	again.start++;
	h_fork(h, WORKER, MASTER);
	h_exit(h, WORKER, H_CODE(0));
	h_fork(h, again, MASTER);
	h_mark(h);
	assert_false(find(h, WORKER)->alive);
	assert_true(find(h, again)->alive);
	h_close(h);
}

static void test_order_within_marks_does_not_matter(void **state)
{
	struct harness *h = h_open_docker();
	uint64_t t0 = h->now;

	(void)state;
	h->now = t0 + 3000;
	h_exit(h, WORKER, H_CODE(2));
	h->now = t0 + 2000;
	h_exec(h, WORKER, "/bin/sh", "sh");
	h->now = t0 + 1000;
	h_fork(h, WORKER, MASTER);
	h->now = t0 + 4000;
	h_mark(h);
	assert_string_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.process.executable, "/bin/sh");
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->exit.process.parent_pid, 150);
	assert_int_equal(h->core->window.late, 0);
	h_close(h);
}

static void test_dead_are_kept_for_their_grace(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_fork(h, WORKER, MASTER);
	h_exit(h, WORKER, H_CODE(0));
	h_mark(h);
	h_pass(h, GRACE_NS - H_MS);
	h_clock(h);
	h_mark(h);
	assert_non_null(find(h, WORKER));
	h_pass(h, 2 * H_MS);
	h_clock(h);
	h_mark(h);
	assert_null(find(h, WORKER));
	assert_int_equal(h->core->process_pool.used, 0);
	h_close(h);
}

/* The longest dead makes room first; the living are never thrown out. */
static void test_full_table(void **state)
{
	struct harness *h = h_open_docker();
	uint32_t n = h->core->process_pool.capacity;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		h_fork(h, h_who(1000 + i, 10, "w"), MASTER);
	h_exit(h, h_who(1005, 10, "w"), H_CODE(0));
	h_exit(h, h_who(1003, 10, "w"), H_CODE(0));
	h_fork(h, h_who(5000, 10, "w"), MASTER);
	h_mark(h);
	assert_null(find(h, h_who(1005, 10, "w")));
	assert_non_null(find(h, h_who(1003, 10, "w")));
	assert_non_null(find(h, h_who(5000, 10, "w")));
	h_fork(h, h_who(5001, 10, "w"), MASTER);
	h_fork(h, h_who(5002, 10, "w"), MASTER);
	h_mark(h);
	assert_null(find(h, h_who(1003, 10, "w")));
	assert_non_null(find(h, h_who(5001, 10, "w")));
	assert_null(find(h, h_who(5002, 10, "w")));
	assert_non_null(find(h, h_who(1000, 10, "w")));
	assert_int_equal(h->core->process_pool.lost, 1);
	assert_int_equal(processes_of(h, 10), n);
	h_close(h);
}

static void test_snapshot_finds_what_was_missed(void **state)
{
	const struct ev_who both[] = {MASTER, WORKER};
	struct harness *h = h_open_docker();

	(void)state;
	snapshot(h, 2, both);
	assert_true(find(h, MASTER)->alive);
	assert_int_equal(find(h, WORKER)->anon, 1 << 20);
	assert_int_equal(find(h, WORKER)->peak_rss, 1 << 20);
	assert_int_equal(processes_of(h, 10), 2);
	/* One is missing: it has ended, although nobody said so. */
	snapshot(h, 1, both);
	assert_true(find(h, MASTER)->alive);
	assert_false(find(h, WORKER)->alive);
	assert_int_equal(processes_of(h, 10), 1);
	assert_int_equal(h->core->vanished, 1);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 0);
	h_close(h);
}

/* A process that began while the snapshot was taken may rightly be missing from it. */
static void test_younger_than_the_snapshot(void **state)
{
	struct harness *h = h_open_docker();
	uint64_t begin = h->now;

	(void)state;
	h_pass(h, 5000);
	h_fork(h, WORKER, MASTER);
	h_pass(h, 5000);
	h_tasks_end(h, h->now - begin);
	h_mark(h);
	assert_true(find(h, WORKER)->alive);
	h_tasks_end(h, 1000);
	h_mark(h);
	assert_false(find(h, WORKER)->alive);
	/* No snapshot ever held it (a kernel thread, say): not an exit that was lost. */
	assert_int_equal(h->core->vanished, 0);
	h_close(h);
}

static void test_zombies(void **state)
{
	const struct ev_who both[] = {MASTER, WORKER};
	struct harness *h = h_open_docker();

	(void)state;
	/* Unknown and without memory: it ended before we came. */
	h_task(h, h_who(300, 10, "old"), 1, S64_UNKNOWN);
	snapshot(h, 2, both);
	assert_null(find(h, h_who(300, 10, "old")));
	/* Known, and its exit was lost: a zombie nobody reaps is not alive for ever. */
	h_task(h, WORKER, 150, S64_UNKNOWN);
	snapshot(h, 1, both);
	assert_false(find(h, WORKER)->alive);
	assert_int_equal(h->core->vanished, 1);
	h_close(h);
}

/* The same without memory, but with other threads: only its leader has ended. */
static void test_dead_leader_of_living_threads(void **state)
{
	const struct ev_who both[] = {MASTER, WORKER};
	struct harness *h = h_open_docker();

	(void)state;
	snapshot(h, 2, both);
	h_task_event(h, WORKER, 150, S64_UNKNOWN)->threads = 2;
	h_step(h);
	snapshot(h, 1, both);
	assert_true(find(h, WORKER)->alive);
	assert_int_equal(find(h, WORKER)->anon, 1 << 20); /* the last that is known */
	h_close(h);
}

static void test_peak_takes_exact_sums_only(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_task_event(h, WORKER, 150, 5 << 20)->rss_exact = 0;
	h_step(h);
	h_mark(h);
	assert_int_equal(find(h, WORKER)->peak_rss, 0);
	h_task(h, WORKER, 150, 4 << 20);
	h_task(h, WORKER, 150, 3 << 20);
	h_mark(h);
	assert_int_equal(find(h, WORKER)->peak_rss, 4 << 20);
	h_close(h);
}

static void test_info_is_asked_for_once(void **state)
{
	const struct ev_who both[] = {MASTER, WORKER};
	struct harness *h = h_open_docker();
	struct ev_proc_info *ev;

	(void)state;
	h_fork(h, MASTER, h_who(1, 1, "init"));
	h_mark(h);
	assert_int_equal(h_asked_for(h, 150), 0); /* not before it has lived a while */
	snapshot(h, 2, both);
	snapshot(h, 2, both);
	assert_int_equal(h_asked_for(h, 150), 1);
	assert_int_equal(h_asked_for(h, 200), 1);
	ev = &h_event(h, EV_PROC_INFO)->proc_info;
	ev->pid = 200;
	ev->start = WORKER.start;
	ev->found = 1;
	ev->args_cut = 1;
	strcpy(ev->executable, "/usr/bin/python3");
	strcpy(ev->command_line, "python3 -m x");
	h_step(h);
	h_mark(h);
	assert_string_equal(find(h, WORKER)->executable, "/usr/bin/python3");
	assert_string_equal(find(h, WORKER)->command_line, "python3 -m x");
	assert_true(find(h, WORKER)->args_cut);
	/* After an exec all is new. */
	h_exec(h, WORKER, "sh", "sh");
	snapshot(h, 2, both);
	assert_int_equal(h_asked_for(h, 200), 2);
	/* Another process of that pid gets nothing of the answer. */
	ev = &h_event(h, EV_PROC_INFO)->proc_info;
	ev->pid = 200;
	ev->start = WORKER.start + 1;
	ev->found = 1;
	strcpy(ev->executable, "/forged");
	h_step(h);
	h_mark(h);
	assert_string_equal(find(h, WORKER)->executable, "sh");
	h_close(h);
}

static void test_excluded_are_not_asked_about(void **state)
{
	const struct ev_who both[] = {MASTER, WORKER};
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.n_exclude = 1;
	strcpy(start.exclude[0], "/docker/*");
	h = h_open(&start);
	h_ready(h);
	h_scan(h, 10, 1, H_DOCKER);
	snapshot(h, 2, both);
	assert_int_equal(h_asked_for(h, 150), 0);
	h_exit(h, WORKER, H_CODE(1));
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_PROCESS_EXIT), 0);
	h_close(h);
}

static void test_attach_moves(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_cgroup_attach *ev;

	(void)state;
	h_scan(h, 11, 5, "/docker/" H_ID64_2);
	h_fork(h, WORKER, MASTER);
	h_mark(h);
	assert_int_equal(processes_of(h, 10), 1);
	assert_int_equal(processes_of(h, 11), 0);
	ev = &h_event(h, EV_CGROUP_ATTACH)->cgroup_attach;
	ev->id = 11;
	ev->pid = 200;
	ev->start = WORKER.start;
	h_step(h);
	h_mark(h);
	assert_int_equal(processes_of(h, 10), 0);
	assert_int_equal(processes_of(h, 11), 1);
	/* A snapshot that says otherwise is right. */
	h_task(h, WORKER, 1, 4096);
	h_mark(h);
	assert_int_equal(processes_of(h, 10), 1);
	h_close(h);
}

/* The memory cgroup is not known: a process without a container, and no container of its own. */
static void test_unknown_memcg(void **state)
{
	struct harness *h = h_open_docker();
	uint32_t before = h->core->container_pool.used;

	(void)state;
	h_fork(h, h_who(300, U64_UNKNOWN, "x"), MASTER);
	h_fork(h, h_who(301, 0, "x"), MASTER);
	h_mark(h);
	assert_non_null(find(h, h_who(300, 0, "x")));
	assert_int_equal(h->core->container_pool.used, before);
	assert_int_equal(cgroup_find(h->core, U64_UNKNOWN), 0);
	h_exit(h, h_who(300, U64_UNKNOWN, "x"), H_CODE(1));
	h_mark(h);
	assert_null(h_the(h, RECORD_PROCESS_EXIT)->r.container);
	h_close(h);
}

static void test_process_that_claims_to_be_its_parent(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_fork(h, WORKER, WORKER);
	h_mark(h);
	assert_string_equal(find(h, WORKER)->executable, "");
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_exec_inherit),
		cmocka_unit_test(test_late_fork_does_not_undo_exec),
		cmocka_unit_test(test_same_pid_twice_is_two),
		cmocka_unit_test(test_order_within_marks_does_not_matter),
		cmocka_unit_test(test_dead_are_kept_for_their_grace),
		cmocka_unit_test(test_full_table),
		cmocka_unit_test(test_snapshot_finds_what_was_missed),
		cmocka_unit_test(test_younger_than_the_snapshot),
		cmocka_unit_test(test_zombies),
		cmocka_unit_test(test_dead_leader_of_living_threads),
		cmocka_unit_test(test_peak_takes_exact_sums_only),
		cmocka_unit_test(test_info_is_asked_for_once),
		cmocka_unit_test(test_excluded_are_not_asked_about),
		cmocka_unit_test(test_attach_moves),
		cmocka_unit_test(test_unknown_memcg),
		cmocka_unit_test(test_process_that_claims_to_be_its_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
