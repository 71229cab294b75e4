/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cgroupfs_stat.c - what the files of one cgroup say, on v1, hybrid and v2 (tests/trees), and
 * what is not the cgroup that was asked for.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "in/cgroupfs.h"
#include "unit/tmptree.h"

#define TREES  "tests/trees/"
#define DOCKER "/docker/308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define POD                                                                                        \
	"/kubepods.slice/kubepods-burstable.slice/"                                                \
	"kubepods-burstable-pod94cb0821_407a_404c_9d1b_48839f6b4c32.slice/"                        \
	"cri-containerd-aabc15b7e50019b558654c2606a713e33391435b7a74445acd203f696cbcb65c.scope"

static void test_stat_hybrid(void **state)
{
	struct cgroupfs fs;
	union event ev;
	const struct ev_memcg_stat *s = &ev.memcg_stat;
	uint64_t id;

	(void)state;
	assert_int_equal(cgroupfs_open(&fs, TREES "hybrid"), 0);
	id = tree_inode(fs.memory, "/shop/api");
	assert_int_equal(cgroupfs_stat(&fs, id, "/shop/api", 9, &ev), 0);
	assert_int_equal(ev.head.type, EV_MEMCG_STAT);
	assert_int_equal(ev.head.ts, 9);
	assert_int_equal(s->id, id);
	assert_int_equal(s->found, 1);
	assert_int_equal(s->usage, 39837696);
	assert_int_equal(s->peak, 67108864);
	assert_int_equal(s->limit, 67108864);
	assert_true(s->high == U64_UNLIMITED);
	assert_int_equal(s->swap, 0);
	assert_int_equal(s->swap_limit, 33554432);
	assert_int_equal(s->anon, 28368896);
	assert_int_equal(s->file, 9551872);
	assert_int_equal(s->shmem, 3145728);
	assert_int_equal(s->kernel, 1171456);
	assert_true(s->slab_unreclaimable == U64_UNKNOWN);
	assert_int_equal(s->inactive_file, 6234112);
	assert_int_equal(s->pgfault, 46660);
	assert_int_equal(s->pgmajfault, 1);
	assert_int_equal(s->cpu_ns, 657731662);
	assert_int_equal(s->throttled_ns, 2548576477);
	assert_true(s->psi_some_avg10 == U64_UNKNOWN);
	assert_int_equal(s->oom_kills, 1);
	assert_int_equal(s->oom_kill_disable, 0);

	/* The parent's numbers hold the child's; its own limit is none. */
	id = tree_inode(fs.memory, "/shop");
	assert_int_equal(cgroupfs_stat(&fs, id, "/shop", 9, &ev), 0);
	assert_true(s->anon >= 28368896);
	assert_true(s->limit == U64_UNLIMITED);
	assert_true(s->swap_limit == U64_UNLIMITED);
	assert_int_equal(s->oom_kills, 0);

	assert_int_equal(cgroupfs_stat(&fs, fs.root_id, "/", 9, &ev), 0);
	assert_int_equal(s->found, 1);
	assert_true(s->usage != U64_UNKNOWN && s->limit == U64_UNLIMITED);
}

static void test_stat_v1(void **state)
{
	struct cgroupfs fs;
	union event ev;
	const struct ev_memcg_stat *s = &ev.memcg_stat;

	(void)state;
	assert_int_equal(cgroupfs_open(&fs, TREES "v1-5.10"), 0);
	assert_int_equal(cgroupfs_stat(&fs, tree_inode(fs.memory, DOCKER), DOCKER, 9, &ev), 0);
	assert_int_equal(s->usage, 104857600);
	assert_int_equal(s->peak, 134217728);
	assert_true(s->limit == U64_UNLIMITED);
	assert_true(s->swap == U64_UNKNOWN); /* no swap accounting there */
	assert_true(s->swap_limit == U64_UNKNOWN);
	assert_int_equal(s->anon, 80003072);
	assert_int_equal(s->file, 20000768);
	assert_int_equal(s->shmem, 1351680);
	assert_int_equal(s->kernel, 3145728);
	assert_int_equal(s->inactive_file, 12300288);
	assert_int_equal(s->cpu_ns, 5123456789);
	assert_int_equal(s->throttled_ns, 0);
	assert_int_equal(s->oom_kills, 2);
	assert_int_equal(s->oom_kill_disable, 1);
}

static void test_stat_v2(void **state)
{
	struct cgroupfs fs;
	union event ev;
	const struct ev_memcg_stat *s = &ev.memcg_stat;

	(void)state;
	assert_int_equal(cgroupfs_open(&fs, TREES "v2-5.10"), 0);
	assert_int_equal(cgroupfs_stat(&fs, tree_inode(fs.memory, "/system.slice/leaky.service"),
				       "/system.slice/leaky.service", 9, &ev),
			 0);
	assert_int_equal(s->found, 1);
	assert_int_equal(s->usage, 62914560);
	assert_true(s->peak == U64_UNKNOWN);
	assert_int_equal(s->limit, 67108864);
	assert_true(s->high == U64_UNLIMITED);
	assert_int_equal(s->swap, 4096);
	assert_true(s->swap_limit == U64_UNLIMITED);
	assert_int_equal(s->anon, 50331648);
	assert_int_equal(s->file, 9437184);
	assert_int_equal(s->shmem, 2097152);
	assert_int_equal(s->kernel, 49152 + 8192 + 1024000); /* without sock */
	assert_int_equal(s->slab_unreclaimable, 622592);
	assert_int_equal(s->inactive_file, 5242880);
	assert_int_equal(s->pgfault, 23001);
	assert_int_equal(s->pgmajfault, 17);
	assert_int_equal(s->cpu_ns, 2450000000);
	assert_int_equal(s->throttled_ns, 150250000);
	assert_int_equal(s->psi_some_avg10, 150);
	assert_int_equal(s->psi_full_avg10, 75);
	assert_int_equal(s->oom_kills, 2);
	assert_true(s->oom_kill_disable == U64_UNKNOWN);

	/* The root has no limits of its own and says so by having no such files. */
	assert_int_equal(cgroupfs_stat(&fs, fs.root_id, "/", 9, &ev), 0);
	assert_int_equal(s->found, 1);
	assert_true(s->usage == U64_UNKNOWN && s->limit == U64_UNKNOWN);
	assert_int_equal(s->cpu_ns, 90210000000);
	assert_true(s->throttled_ns == U64_UNKNOWN);

	assert_int_equal(cgroupfs_open(&fs, TREES "v2-6.12"), 0);
	assert_int_equal(cgroupfs_stat(&fs, tree_inode(fs.memory, POD), POD, 9, &ev), 0);
	assert_int_equal(s->peak, 450000896);
	assert_int_equal(s->high, 483183616);
	assert_int_equal(s->swap_limit, 0);
	assert_int_equal(s->kernel, 9072640);
	assert_int_equal(s->shmem, 0);
	assert_int_equal(s->oom_kills, 0);
	assert_int_equal(s->psi_full_avg10, 0);
}

static void test_memcg(void **state)
{
	struct cgroupfs fs;
	union event ev;
	const struct ev_level *l = &ev.memcg.level;
	uint64_t id;

	(void)state;
	assert_int_equal(cgroupfs_open(&fs, TREES "hybrid"), 0);
	id = tree_inode(fs.memory, "/shop/api");
	assert_int_equal(cgroupfs_memcg(&fs, id, "/shop/api", 9, &ev), 0);
	assert_int_equal(ev.head.type, EV_MEMCG);
	assert_int_equal(l->id, id);
	assert_int_equal(ev.memcg.v1, 1);
	assert_int_equal(ev.memcg.oom_kills, 1);
	assert_int_equal(ev.memcg.oom_kills_local, 1);
	assert_true(l->events_high == U64_UNKNOWN);
	assert_int_equal(l->usage, 39837696);
	assert_int_equal(l->max, 67108864);
	assert_true(l->high == U64_UNLIMITED);
	assert_int_equal(l->swap_usage, 39014400); /* memory and swap */
	assert_int_equal(l->swap_max, 100663296);
	assert_int_equal(l->failcnt, 74);
	assert_true(l->events_max == U64_UNKNOWN && l->oom_local == U64_UNKNOWN);
	assert_int_equal(l->oom_group, 0);
	assert_int_equal(cgroupfs_memcg(&fs, id + 1, "/shop/api", 9, &ev), -ENOENT);
	assert_int_equal(l->id, 0);

	assert_int_equal(cgroupfs_open(&fs, TREES "v2-5.10"), 0);
	id = tree_inode(fs.memory, "/system.slice/leaky.service");
	assert_int_equal(cgroupfs_memcg(&fs, id, "/system.slice/leaky.service", 9, &ev), 0);
	assert_int_equal(ev.memcg.v1, 0);
	assert_int_equal(ev.memcg.oom_kills, 2);
	assert_int_equal(ev.memcg.oom_kills_local, 1);
	assert_int_equal(l->events_high, 0);
	assert_int_equal(l->usage, 62914560);
	assert_int_equal(l->max, 67108864);
	assert_true(l->high == U64_UNLIMITED && l->swap_max == U64_UNLIMITED);
	assert_int_equal(l->swap_usage, 4096);
	assert_true(l->failcnt == U64_UNKNOWN);
	assert_int_equal(l->events_max, 211);
	assert_int_equal(l->oom_local, 1);
	assert_int_equal(l->oom_group, 0);
	assert_int_equal(cgroupfs_open(&fs, TREES "v2-6.12"), 0);
	assert_int_equal(cgroupfs_memcg(&fs, tree_inode(fs.memory, POD), POD, 9, &ev), 0);
	assert_int_equal(l->oom_group, 1);
	assert_int_equal(l->events_high, 12);
	assert_int_equal(l->events_max, 0);
	assert_int_equal(ev.memcg.oom_kills_local, 0);
}

static struct ev_memcg_watch watch(const char *tree, const char *path)
{
	struct cgroupfs fs;
	union event ev;
	uint64_t id;

	assert_int_equal(cgroupfs_open(&fs, tree), 0);
	id = tree_inode(fs.memory, path);
	memset(&ev, 0xa5, sizeof(ev));
	assert_int_equal(cgroupfs_watch(&fs, id, path, 9, &ev), 0);
	assert_int_equal(ev.head.type, EV_MEMCG_WATCH);
	assert_int_equal(ev.head.ts, 9);
	assert_int_equal(ev.memcg_watch.id, id);
	return ev.memcg_watch;
}

static void test_watch(void **state)
{
	struct ev_memcg_watch w = watch(TREES "v2-5.10", "/system.slice/leaky.service");

	(void)state;
	assert_int_equal(w.found, 1);
	assert_int_equal(w.split.anon, 50331648);
	assert_int_equal(w.split.file, 9437184);
	assert_int_equal(w.split.shmem, 2097152);
	assert_int_equal(w.split.kernel, 49152 + 8192 + 1024000);
	assert_int_equal(w.split.slab_unreclaimable, 622592);
	assert_int_equal(w.split.inactive_file, 5242880);
	assert_int_equal(w.split.active_file, 2097152);
	assert_int_equal(w.split.unevictable, 0);
	assert_int_equal(w.split.sock, 65536);
	assert_int_equal(w.swap, 4096);
	assert_int_equal(w.refaults, 33);
	assert_int_equal(w.psi_full_avg10, 75);

	w = watch(TREES "v2-6.12", POD);
	assert_int_equal(w.split.kernel, 9072640);
	assert_int_equal(w.split.active_file, 9003008);
	assert_int_equal(w.split.sock, 4096);
	assert_int_equal(w.refaults, 0);
	assert_int_equal(w.psi_full_avg10, 0);
}

/* v1: the totals of the hierarchy, no pressure, and what it does not tell is not known. */
static void test_watch_v1(void **state)
{
	struct ev_memcg_watch w = watch(TREES "hybrid", "/shop/api");

	(void)state;
	assert_int_equal(w.found, 1);
	assert_int_equal(w.split.anon, 28368896);
	assert_int_equal(w.split.file, 9551872);
	assert_int_equal(w.split.shmem, 3145728);
	assert_int_equal(w.split.kernel, 1171456);
	assert_int_equal(w.split.inactive_file, 6234112);
	assert_int_equal(w.split.active_file, 167936);
	assert_int_equal(w.split.unevictable, 0);
	assert_true(w.split.slab_unreclaimable == U64_UNKNOWN);
	assert_true(w.split.sock == U64_UNKNOWN);
	assert_int_equal(w.swap, 0);
	assert_int_equal(w.refaults, 41);
	assert_true(w.psi_full_avg10 == U64_UNKNOWN);

	/* With nobody of its own: all is below it. */
	w = watch(TREES "hybrid", "/shop");
	assert_int_equal(w.split.anon, 28368896);
	assert_int_equal(w.split.inactive_file, 6189056);
	assert_int_equal(w.split.active_file, 163840);
	assert_int_equal(w.refaults, 41);

	w = watch(TREES "v1-5.10", DOCKER);
	assert_int_equal(w.split.anon, 80003072);
	assert_true(w.swap == U64_UNKNOWN); /* no swap accounting there */
	assert_true(w.refaults == U64_UNKNOWN);
}

/* One file that is missing or damaged costs what it would say, and nothing else. */
static void test_watch_what_is_missing(void **state)
{
	struct cgroupfs fs = {.v1 = false, .mode = "v2"};
	union event ev;
	const struct ev_memcg_watch *w = &ev.memcg_watch;
	uint64_t id;

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/memory", tree_root);
	tree_put("memory/a/memory.swap.current", "4096\n");
	id = tree_inode(fs.memory, "/a");
	/* Without the controller there is no memory.stat. */
	assert_int_equal(cgroupfs_watch(&fs, id, "/a", 9, &ev), 0);
	assert_int_equal(w->found, 0);
	assert_true(w->swap == U64_UNKNOWN);
	tree_put("memory/a/memory.stat", "anon 5\nfile x7\nworkingset_refault_file 3\n");
	assert_int_equal(cgroupfs_watch(&fs, id, "/a", 9, &ev), 0);
	assert_int_equal(w->found, 1);
	assert_int_equal(w->split.anon, 5);
	assert_true(w->split.file == U64_UNKNOWN);
	assert_true(w->split.kernel == U64_UNKNOWN);
	assert_int_equal(w->refaults, 3);
	assert_int_equal(w->swap, 4096);
	assert_true(w->psi_full_avg10 == U64_UNKNOWN);
	tree_put("memory/a/memory.stat", "workingset_refault_anon 4\nworkingset_refault_file 3\n");
	tree_put("memory/a/memory.pressure",
		 "some avg10=1.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=12.34 total=0\n");
	assert_int_equal(cgroupfs_watch(&fs, id, "/a", 9, &ev), 0);
	assert_int_equal(w->refaults, 7);
	assert_int_equal(w->psi_full_avg10, 1234);
}

/* Another inode, another path, a link, a file, a way out: none is the cgroup asked for. */
static void test_not_it(void **state)
{
	static const char *const paths[] = {
		"/shop/apj",  "/shop/api/..",          "/shop/./api", "/../memory/shop/api",
		"/shop/link", "/shop/api/memory.stat", "/link/api",   "/shop/api/x",
	};
	struct cgroupfs fs = {.v1 = true, .mode = "v1"};
	char path[256], longest[400];
	union event ev;
	uint64_t id;

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/memory", tree_root);
	tree_put("memory/shop/api/memory.usage_in_bytes", "4096\n");
	tree_put("memory/shop/api/memory.stat", "total_rss 1\n");
	snprintf(path, sizeof(path), "%s/memory/shop/link", tree_root);
	assert_int_equal(symlink("api", path), 0);
	snprintf(path, sizeof(path), "%s/memory/link", tree_root);
	assert_int_equal(symlink("shop", path), 0);
	id = tree_inode(fs.memory, "/shop/api");
	assert_int_equal(cgroupfs_stat(&fs, id, "/shop/api", 9, &ev), 0);
	assert_int_equal(ev.memcg_stat.found, 1);
	assert_int_equal(ev.memcg_stat.usage, 4096);
	assert_int_equal(cgroupfs_watch(&fs, id, "/shop/api", 9, &ev), 0);
	assert_int_equal(ev.memcg_watch.found, 1);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_int_equal(cgroupfs_stat(&fs, id, paths[i], 9, &ev), 0);
		assert_int_equal(ev.memcg_stat.id, id);
		assert_int_equal(ev.memcg_stat.found, 0);
		assert_true(ev.memcg_stat.high == U64_UNKNOWN);
		assert_int_equal(cgroupfs_watch(&fs, id, paths[i], 9, &ev), 0);
		assert_int_equal(ev.memcg_watch.id, id);
		assert_int_equal(ev.memcg_watch.found, 0);
		assert_true(ev.memcg_watch.split.anon == U64_UNKNOWN);
		assert_int_equal(cgroupfs_memcg(&fs, id, paths[i], 9, &ev), -ENOENT);
	}
	assert_int_equal(cgroupfs_stat(&fs, id + 1, "/shop/api", 9, &ev), 0);
	assert_int_equal(ev.memcg_stat.found, 0);
	assert_int_equal(cgroupfs_stat(&fs, id, "/shop", 9, &ev), 0);
	assert_int_equal(ev.memcg_stat.found, 0);
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	longest[0] = '/';
	assert_int_equal(cgroupfs_stat(&fs, id, longest, 9, &ev), 0);
	assert_int_equal(ev.memcg_stat.found, 0);
	/* A file in it that is a link elsewhere is not read. */
	tree_put("memory/secret", "4096\n");
	snprintf(path, sizeof(path), "%s/memory/shop/api/memory.limit_in_bytes", tree_root);
	assert_int_equal(symlink("../../secret", path), 0);
	assert_int_equal(cgroupfs_stat(&fs, id, "/shop/api", 9, &ev), 0);
	assert_true(ev.memcg_stat.limit == U64_UNKNOWN);
}

/* Whether it is there, under which id, and who is in it. */
static void test_is_it_there(void **state)
{
	struct cgroupfs fs = {.v1 = false, .mode = "v2"};
	uint64_t id;

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/cg", tree_root);
	tree_put("cg/shop/api/cgroup.procs", "4711\n4712\n");
	tree_put("cg/shop/cgroup.procs", "");
	id = tree_inode(fs.memory, "/shop/api");
	assert_int_equal(cgroupfs_id(&fs, "/shop/api"), id);
	assert_int_equal(cgroupfs_id(&fs, "/"), tree_inode(fs.memory, "/"));
	assert_int_equal(cgroupfs_id(&fs, "/shop/apj"), 0);
	assert_int_equal(cgroupfs_id(&fs, "/shop/.."), 0);
	assert_int_equal(cgroupfs_id(&fs, "/shop/cgroup.procs"), 0);
	assert_true(cgroupfs_exists(&fs, id, "/shop/api"));
	assert_false(cgroupfs_exists(&fs, id, "/shop"));
	assert_false(cgroupfs_exists(&fs, id + 1, "/shop/api"));
	assert_false(cgroupfs_exists(&fs, 0, "/shop/apj"));
	/* v1 accounts everywhere, v2 where the controller is enabled, and in its root. */
	assert_false(cgroupfs_accounts(&fs, "/shop/api"));
	assert_true(cgroupfs_accounts(&fs, "/"));
	tree_put("cg/shop/api/memory.current", "0\n");
	assert_true(cgroupfs_accounts(&fs, "/shop/api"));
	assert_false(cgroupfs_accounts(&fs, "/shop/apj"));
	fs.v1 = true;
	assert_true(cgroupfs_accounts(&fs, "/shop"));
	assert_false(cgroupfs_accounts(&fs, "/shop/apj"));
}

static void test_any_pid(void **state)
{
	static const struct {
		const char *procs;
		uint32_t want;
	} cases[] = {
		{"4711\n4712\n", 4711},
		{"1\n", 1},
		/* Enough of them for the buffer to end within a number. */
		{"1111111\n2222222\n3333333\n4444444\n5555555\n", 1111111},
		{"", 0},
		{"\n", 0},
		{"0\n", 0}, /* of another pid namespace */
		{"x\n", 0},
		{"-1\n", 0},
		{"2147483648\n", 0},
		{"11111111111111111111111111111111111111111111\n", 0},
	};
	struct cgroupfs fs = {.v1 = true, .mode = "v1"};

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/cg", tree_root);
	assert_int_equal(cgroupfs_any_pid(&fs, "/a"), 0);
	tree_put("cg/a/x", "");
	assert_int_equal(cgroupfs_any_pid(&fs, "/a"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_put("cg/a/cgroup.procs", cases[i].procs);
		assert_int_equal(cgroupfs_any_pid(&fs, "/a"), cases[i].want);
	}
}

static void test_v1_limits(void **state)
{
	static const struct {
		const char *limit, *memsw;
		uint64_t want, want_swap;
	} cases[] = {
		{"9223372036854771712\n", "9223372036854771712\n", U64_UNLIMITED, U64_UNLIMITED},
		{"9223372036854710272\n", "9223372036854710272\n", U64_UNLIMITED, U64_UNLIMITED},
		{"9223372036854706176\n", "9223372036854710272\n", 9223372036854706176u,
		 U64_UNLIMITED},
		{"4096\n", "9223372036854771712\n", 4096, U64_UNLIMITED},
		{"4096\n", "4096\n", 4096, 0},
		{"4096\n", "12288\n", 4096, 8192},
		{"4096\n", "\n", 4096, U64_UNKNOWN},
		{"x4096\n", "12288\n", U64_UNKNOWN, U64_UNKNOWN},
		{"0\n", "0\n", 0, 0},
	};
	struct cgroupfs fs = {.v1 = true, .mode = "v1"};
	union event ev;

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/memory", tree_root);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_put("memory/a/memory.limit_in_bytes", cases[i].limit);
		tree_put("memory/a/memory.memsw.limit_in_bytes", cases[i].memsw);
		cgroupfs_stat(&fs, tree_inode(fs.memory, "/a"), "/a", 9, &ev);
		assert_true(ev.memcg_stat.limit == cases[i].want);
		assert_true(ev.memcg_stat.swap_limit == cases[i].want_swap);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_stat_hybrid),
		TREE_TEST(test_stat_v1),
		TREE_TEST(test_stat_v2),
		TREE_TEST(test_memcg),
		TREE_TEST(test_watch),
		TREE_TEST(test_watch_v1),
		TREE_TEST(test_watch_what_is_missing),
		TREE_TEST(test_not_it),
		TREE_TEST(test_is_it_there),
		TREE_TEST(test_any_pid),
		TREE_TEST(test_v1_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
