/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_decode_oom.c - the wire layout as events: kills by each tier, and snapshots.
 */
#include "wire_records.h"

static struct wire_oom an_oom(void)
{
	struct wire_oom wire = {
		.head = head(WIRE_OOM, sizeof(wire)),
		.victim = who(31337, 31338, "gunicorn"),
		.trigger = who(41, 42, "conmon"),
		.victim_ns_pid = 23,
		.victim_pid_ns = 4026532100u,
		.parent_tgid = 31300,
		.parent_start = 77,
		.tier = WIRE_OOM_FENTRY,
		.total_vm = 1000,
		.page_tables = 1212416,
		.rss = {.file = 5, .anon = 6, .swap = 7, .shmem = 8},
		.rss_raw = {.file = 1, .anon = -2, .swap = 3, .shmem = 4},
		.rss_flags = WIRE_RSS_VALID | WIRE_RSS_EXACT,
		.v1 = 1,
		.decision = 19,
		.nth = 2,
		.constraint = EV_CONSTRAINT_MEMCG,
		.order = -1,
		.gfp = 0xcc0,
		.total_pages = 128,
		.points = 1034,
		.chosen_tid = 31338,
		.n_levels = 2,
		.limit = a_level(800),
		.split = {.anon = 101,
			  .file = 102,
			  .shmem = 103,
			  .kernel = 104,
			  .slab_unreclaimable = 105,
			  .inactive_file = 106,
			  .active_file = 107,
			  .unevictable = 108,
			  .sock = UINT64_MAX},
		.levels = {a_level(900), a_level(800)},
		.message = "Memory cgroup out of memory",
		.victim_path_len = 9,
		.limit_path_len = 7,
		.victim_path = "/docker/ajunk",
		.limit_path = "/docker",
	};

	return wire;
}

/* Bytes already; all ones is what this kernel does not keep. */
static void check_split(const struct ev_split *split)
{
	assert_int_equal(split->anon, 101);
	assert_int_equal(split->file, 102);
	assert_int_equal(split->shmem, 103);
	assert_int_equal(split->kernel, 104);
	assert_int_equal(split->slab_unreclaimable, 105);
	assert_int_equal(split->inactive_file, 106);
	assert_int_equal(split->active_file, 107);
	assert_int_equal(split->unevictable, 108);
	assert_true(split->sock == U64_UNKNOWN);
}

static void test_oom(void **state)
{
	struct wire_oom wire = an_oom();
	union event ev;

	(void)state;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.head.type, EV_OOM);
	check_who(&ev.oom.victim, 31337, 31338, "gunicorn");
	check_who(&ev.oom.trigger, 41, 42, "conmon");
	assert_int_equal(ev.oom.ns_pid, 23);
	assert_int_equal(ev.oom.pid_ns, 4026532100u);
	assert_int_equal(ev.oom.parent_pid, 31300);
	assert_int_equal(ev.oom.parent_start, 77);
	assert_int_equal(ev.oom.tier, EV_OOM_FENTRY);
	assert_int_equal(ev.oom.v1, 1);
	assert_int_equal(ev.oom.total_vm, 1000 * PAGE);
	assert_int_equal(ev.oom.page_tables, 1212416);
	assert_int_equal(ev.oom.rss_exact, 1);
	assert_int_equal(ev.oom.file, 5 * PAGE);
	assert_int_equal(ev.oom.anon, 6 * PAGE);
	assert_int_equal(ev.oom.swap, 7 * PAGE);
	assert_int_equal(ev.oom.shmem, 8 * PAGE);
	assert_int_equal(ev.oom.raw_file, 1 * PAGE);
	assert_int_equal(ev.oom.raw_anon, 0);
	assert_int_equal(ev.oom.raw_shmem, 4 * PAGE);
	assert_int_equal(ev.oom.decision, 19);
	assert_int_equal(ev.oom.nth, 2);
	assert_int_equal(ev.oom.constraint, EV_CONSTRAINT_MEMCG);
	assert_int_equal(ev.oom.order, -1);
	assert_int_equal(ev.oom.gfp, 0xcc0);
	assert_int_equal(ev.oom.total_pages, 128 * PAGE);
	assert_int_equal(ev.oom.points, 1034);
	assert_int_equal(ev.oom.chosen_tid, 31338);
	check_level(&ev.oom.limit, 800);
	check_split(&ev.oom.split);
	assert_string_equal(ev.oom.gfp_names, "");
	assert_int_equal(ev.oom.n_levels, 2);
	check_level(&ev.oom.levels[0], 900);
	check_level(&ev.oom.levels[1], 800);
	assert_int_equal(ev.oom.levels[2].id, 0);
	assert_string_equal(ev.oom.message, "Memory cgroup out of memory");
	assert_string_equal(ev.oom.victim_path, "/docker/a");
	assert_string_equal(ev.oom.limit_path, "/docker");

	/* Without a memory limit behind it. */
	wire.limit = (struct wire_level){0};
	wire.limit_path_len = 0;
	wire.rss_flags = 0;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.oom.limit.id, 0);
	assert_string_equal(ev.oom.limit_path, "");
	assert_true(ev.oom.anon == S64_UNKNOWN && ev.oom.raw_anon == S64_UNKNOWN);
	assert_int_equal(ev.oom.rss_exact, 0);
}

/* The tracepoint alone has no oom_control: what is in those fields is nothing. */
static void test_oom_tracepoint(void **state)
{
	struct wire_oom wire = an_oom();
	union event ev;

	(void)state;
	wire.tier = WIRE_OOM_TRACEPOINT;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.oom.tier, EV_OOM_TRACEPOINT);
	assert_int_equal(ev.oom.decision, 0);
	assert_true(ev.oom.nth == U64_UNKNOWN);
	assert_true(ev.oom.constraint == U64_UNKNOWN);
	assert_true(ev.oom.order == S64_UNKNOWN);
	assert_true(ev.oom.gfp == U64_UNKNOWN);
	assert_string_equal(ev.oom.gfp_names, "");
	assert_true(ev.oom.split.anon == U64_UNKNOWN && ev.oom.split.file == U64_UNKNOWN);
	assert_true(ev.oom.total_pages == U64_UNKNOWN);
	assert_true(ev.oom.points == S64_UNKNOWN);
	assert_true(ev.oom.chosen_tid == U64_UNKNOWN);
	assert_int_equal(ev.oom.limit.id, 0);
	assert_string_equal(ev.oom.limit_path, "");
	/* The levels and the victim's memory are read by the program itself. */
	assert_int_equal(ev.oom.n_levels, 2);
	check_level(&ev.oom.levels[1], 800);
	assert_int_equal(ev.oom.anon, 6 * PAGE);
}

static void test_oom_flags_by_name(void **state)
{
	struct decode_config c = config;
	struct wire_oom wire = an_oom();
	struct gfp_names names;
	union event ev;

	(void)state;
	gfp_names_plain(&names);
	c.gfp = &names;
	assert_int_equal(decode_with(&c, &wire, sizeof(wire), &ev), 0);
	assert_string_equal(ev.oom.gfp_names, "GFP_KERNEL");
	/* More names than there is room for: cut, and it ends. */
	wire.gfp = UINT32_MAX;
	assert_int_equal(decode_with(&c, &wire, sizeof(wire), &ev), 0);
	assert_true(strlen(ev.oom.gfp_names) < EV_TEXT);
	assert_int_equal(ev.oom.gfp, UINT32_MAX);
	/* The tracepoint has no mask, and so no names. */
	wire.tier = WIRE_OOM_TRACEPOINT;
	assert_int_equal(decode_with(&c, &wire, sizeof(wire), &ev), 0);
	assert_string_equal(ev.oom.gfp_names, "");
}

/* Where the kernel cannot be asked at the kill, all of it is unknown. */
static void test_oom_without_a_split(void **state)
{
	struct wire_oom wire = an_oom();
	union event ev;

	(void)state;
	memset(&wire.split, 0xff, sizeof(wire.split));
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	for (size_t i = 0; i < sizeof(ev.oom.split) / sizeof(uint64_t); i++)
		assert_true(((uint64_t *)&ev.oom.split)[i] == U64_UNKNOWN);
	/* 0 is an answer. */
	memset(&wire.split, 0, sizeof(wire.split));
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(ev.oom.split.anon, 0);
}

static void test_oom_damaged(void **state)
{
	struct wire_oom wire = an_oom();
	union event ev;

	(void)state;
	assert_int_equal(decode(&wire, sizeof(wire) - 1, &ev), -EBADMSG);
	wire.tier = 0;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	wire.tier = WIRE_OOM_TRACEPOINT + 1;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	wire = an_oom();
	wire.n_levels = WIRE_LEVELS;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	wire.n_levels = WIRE_LEVELS + 1;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	wire = an_oom();
	wire.victim_path_len = WIRE_PATH;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	wire.victim_path_len = WIRE_PATH + 1;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	wire = an_oom();
	wire.limit_path_len = UINT32_MAX;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), -EBADMSG);
	/* No NUL anywhere. */
	wire = an_oom();
	memset(wire.message, 'm', sizeof(wire.message));
	memset(wire.victim_path, 'p', sizeof(wire.victim_path));
	wire.victim_path_len = WIRE_PATH;
	assert_int_equal(decode(&wire, sizeof(wire), &ev), 0);
	assert_int_equal(strlen(ev.oom.message), WIRE_MESSAGE);
	assert_int_equal(strlen(ev.oom.victim_path), WIRE_PATH + 1);
	assert_int_equal(ev.oom.victim_path[0], '/');
}

static void test_snapshots(void **state)
{
	struct wire_snap_task task = {
		.who = who(31337, 23, "gunicorn"),
		.parent_tgid = 31300,
		.parent_start = 77,
		.pid_ns = 4026532100u,
		.rss = {.file = 5, .anon = 6, .swap = 7, .shmem = 8},
		.rss_flags = WIRE_RSS_VALID | WIRE_RSS_EXACT,
		.threads = 3,
	};
	struct wire_snap_memcg memcg = {.level = a_level(900),
					.parent_id = 800,
					.oom_kills = 4,
					.oom_kills_local = 3,
					.depth = 2,
					.v1 = 1};
	union event ev;

	(void)state;
	assert_int_equal(decode_snap_task(&config, &task, sizeof(task), 42, &ev), 0);
	assert_int_equal(ev.head.type, EV_TASK);
	assert_int_equal(ev.head.ts, 42);
	check_who(&ev.task.who, 31337, 0, "gunicorn");
	assert_int_equal(ev.task.ns_pid, 23);
	assert_int_equal(ev.task.parent_pid, 31300);
	assert_int_equal(ev.task.parent_start, 77);
	assert_int_equal(ev.task.pid_ns, 4026532100u);
	assert_int_equal(ev.task.threads, 3);
	assert_int_equal(ev.task.rss_exact, 1);
	assert_int_equal(ev.task.file, 5 * PAGE);
	assert_int_equal(ev.task.anon, 6 * PAGE);
	assert_int_equal(ev.task.swap, 7 * PAGE);
	assert_int_equal(ev.task.shmem, 8 * PAGE);
	task.rss_flags = 0;
	assert_int_equal(decode_snap_task(&config, &task, sizeof(task), 42, &ev), 0);
	assert_true(ev.task.anon == S64_UNKNOWN);
	assert_int_equal(decode_snap_task(&config, &task, sizeof(task) - 1, 42, &ev), -EBADMSG);
	assert_int_equal(decode_snap_task(&config, &task, sizeof(task) + 1, 42, &ev), -EBADMSG);

	assert_int_equal(decode_snap_memcg(&config, &memcg, sizeof(memcg), 43, &ev), 0);
	assert_int_equal(ev.head.type, EV_MEMCG);
	assert_int_equal(ev.head.ts, 43);
	check_level(&ev.memcg.level, 900);
	assert_int_equal(ev.memcg.v1, 1);
	assert_int_equal(ev.memcg.oom_kills, 4);
	assert_int_equal(ev.memcg.oom_kills_local, 3);
	assert_int_equal(decode_snap_memcg(&config, &memcg, sizeof(memcg) - 1, 43, &ev), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oom),
		cmocka_unit_test(test_oom_tracepoint),
		cmocka_unit_test(test_oom_damaged),
		cmocka_unit_test(test_oom_flags_by_name),
		cmocka_unit_test(test_oom_without_a_split),
		cmocka_unit_test(test_snapshots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
