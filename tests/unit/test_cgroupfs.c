/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cgroupfs.c - the memory hierarchy on disk: recorded trees (tests/trees), trees built here
 * for what no kernel shows on its own, and the running system where it can be read.
 */
#include <errno.h>
#include <ftw.h>
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

#define TREES  "tests/trees/"
#define DOCKER "/docker/308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define POD                                                                                        \
	"/kubepods.slice/kubepods-burstable.slice/"                                                \
	"kubepods-burstable-pod94cb0821_407a_404c_9d1b_48839f6b4c32.slice/"                        \
	"cri-containerd-aabc15b7e50019b558654c2606a713e33391435b7a74445acd203f696cbcb65c.scope"

static char root[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int open_descriptors(void)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	return n;
}

static int setup(void **state)
{
	static int before;

	strcpy(root, "/tmp/mw-test-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	before = open_descriptors();
	*state = &before;
	return 0;
}

static int teardown(void **state)
{
	nftw(root, remove_one, 64, FTW_DEPTH | FTW_PHYS);
	return open_descriptors() == *(int *)*state ? 0 : -1;
}

/* Write a file below the root, with the folders that it needs. */
static void put(const char *name, const char *text)
{
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static uint64_t inode_of(const char *mount, const char *path)
{
	char full[2048];
	struct stat st;

	snprintf(full, sizeof(full), "%s%s", mount, path);
	assert_int_equal(stat(full, &st), 0);
	return st.st_ino;
}

/* ---- which mount ---- */

static void test_open_trees(void **state)
{
	struct cgroupfs fs;

	(void)state;
	assert_int_equal(cgroupfs_open(&fs, TREES "hybrid"), 0);
	assert_true(fs.found && fs.v1);
	assert_string_equal(fs.mode, "hybrid");
	assert_int_equal(fs.hierarchy, 4);
	assert_string_equal(fs.memory, TREES "hybrid/sys/fs/cgroup/memory");
	assert_string_equal(fs.cpu, TREES "hybrid/sys/fs/cgroup/cpu");
	assert_string_equal(fs.cpuacct, TREES "hybrid/sys/fs/cgroup/cpuacct");
	assert_int_equal(fs.root_id, inode_of(fs.memory, ""));

	assert_int_equal(cgroupfs_open(&fs, TREES "v1-5.10"), 0);
	assert_true(fs.found && fs.v1);
	assert_string_equal(fs.mode, "v1");
	assert_int_equal(fs.hierarchy, 11);
	assert_string_equal(fs.cpu, TREES "v1-5.10/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(fs.cpuacct, fs.cpu);

	assert_int_equal(cgroupfs_open(&fs, TREES "v2-5.10"), 0);
	assert_true(fs.found && !fs.v1);
	assert_string_equal(fs.mode, "v2");
	assert_int_equal(fs.hierarchy, 0);
	assert_string_equal(fs.memory, TREES "v2-5.10/sys/fs/cgroup");
	assert_string_equal(fs.cpu, "");

	assert_int_equal(cgroupfs_open(&fs, TREES "v2-6.12"), 0);
	assert_string_equal(fs.mode, "v2");
	assert_int_equal(cgroupfs_open(&fs, "/nowhere"), -ENOENT);
	assert_false(fs.found);
	assert_string_equal(fs.mode, "");
}

struct mount_case {
	const char *mountinfo;
	const char *memory; /* NULL: nothing is found */
	const char *mode;
};

#define L "30 20 0:30 "
#define O " rw,relatime shared:9 master:3 - "

static void test_mount_choice(void **state)
{
	static const struct mount_case cases[] = {
		/* A part of the hierarchy loses against all of it, in either order. */
		{L "/docker/a /a" O "cgroup cgroup rw,memory\n" L "/ /b" O
		   "cgroup cgroup rw,memory\n",
		 "/b", "v1"},
		{L "/ /b" O "cgroup cgroup rw,memory\n" L "/docker/a /a" O
		   "cgroup cgroup rw,memory\n",
		 "/b", "v1"},
		{L "/docker/a /a" O "cgroup cgroup rw,memory\n", "/a", "v1"},
		/* What is above the reader's cgroup namespace shows more than its root. */
		{L "/ /a" O "cgroup2 cgroup2 rw\n" L "/../../.. /b" O "cgroup2 cgroup2 rw\n", "/b",
		 "v2"},
		{L "/.. /a" O "cgroup2 cgroup2 rw\n" L "/../.. /b" O "cgroup2 cgroup2 rw\n", "/b",
		 "v2"},
		{L "/../other /a" O "cgroup2 cgroup2 rw\n" L "/ /b" O "cgroup2 cgroup2 rw\n", "/b",
		 "v2"},
		/* Of two equal ones the first. */
		{L "/ /a" O "cgroup2 cgroup2 rw\n" L "/ /b" O "cgroup2 cgroup2 rw\n", "/a", "v2"},
		/* Hidden below another mount: no cgroup.procs there. */
		{L "/ /hidden" O "cgroup2 cgroup2 rw\n" L "/ /b" O "cgroup2 cgroup2 rw\n", "/b",
		 "v2"},
		/* v1 goes first, wherever v2 stands. */
		{L "/ /a" O "cgroup2 cgroup2 rw\n" L "/ /b" O "cgroup cgroup rw,memory\n", "/b",
		 "hybrid"},
		/* Names in options are whole words. */
		{L "/ /a" O "cgroup cgroup rw,name=memory\n", NULL, ""},
		{L "/ /a" O "cgroup cgroup rw,memory2\n", NULL, ""},
		{L "/ /a" O "cgroup cgroup rw,memor\n", NULL, ""},
		{L "/ /a" O "cgroup cgroup rw,xattr,cpu,memory,pids\n", "/a", "v1"},
		/* Blank, tab, newline and backslash. */
		{L "/ /a\\040b\\011c\\134d" O "cgroup cgroup rw,memory\n", "/a b\tc\\d", "v1"},
		{L "/ /a\\04xb" O "cgroup cgroup rw,memory\n", NULL, ""},
		/* No optional fields; a file system of that name is no mount of that type. */
		{L "/ /a rw - cgroup2 cgroup2 rw\n", "/a", "v2"},
		{L "/ /a rw - cgroup3 cgroup2 rw\n", NULL, ""},
		{L "/ /a rw - tmpfs cgroup2 rw\n", NULL, ""},
		/* Broken lines are left aside. */
		{"\n \n - \n30 20\n" L "/ /a" O "\n" L "/ /a" O "cgroup2\n" L
		 "/ - cgroup2 cgroup2 rw\n" L "/ /b" O "cgroup2 cgroup2 rw",
		 "/b", "v2"},
		/* v2 without the memory controller on it. */
		{L "/ /bare" O "cgroup2 cgroup2 rw\n", NULL, ""},
		{"", NULL, ""},
	};
	struct cgroupfs fs;

	(void)state;
	put("a/cgroup.procs", "");
	put("b/cgroup.procs", "");
	put("bare/cgroup.procs", "");
	put("a b\tc\\d/cgroup.procs", "");
	put("a\\04xb2/cgroup.procs", "");
	put("hidden/else", "");
	put("a/cgroup.controllers", "cpuset cpu io memory pids\n");
	put("b/cgroup.controllers", "memory\n");
	put("bare/cgroup.controllers", "cpuset memory2 memor\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct mount_case *c = &cases[i];
		char want[256];
		int r;

		put("proc/self/mountinfo", c->mountinfo);
		r = cgroupfs_open(&fs, root);
		assert_int_equal(r, c->memory ? 0 : -ENOENT);
		assert_int_equal(fs.found, c->memory != NULL);
		assert_string_equal(fs.mode, c->mode);
		snprintf(want, sizeof(want), "%s%s", c->memory ? root : "",
			 c->memory ? c->memory : "");
		assert_string_equal(fs.memory, want);
		assert_int_equal(fs.hierarchy, 0); /* no /proc/cgroups here */
	}
}

/* ---- scan ---- */

struct seen {
	uint64_t id, parent_id, level, cut;
	char path[EV_PATH];
};

struct seen_list {
	struct seen *items;
	size_t n, size;
};

static void keep(void *ctx, const union event *ev)
{
	struct seen_list *list = ctx;
	struct seen *s;

	assert_int_equal(ev->head.type, EV_CGROUP_NEW);
	assert_int_equal(ev->head.ts, 77);
	assert_int_equal(ev->cgroup_new.scanned, 1);
	if (list->n == list->size) {
		list->size = list->size ? list->size * 2 : 64;
		list->items = realloc(list->items, list->size * sizeof(*list->items));
		assert_non_null(list->items);
	}
	s = &list->items[list->n++];
	s->id = ev->cgroup_new.id;
	s->parent_id = ev->cgroup_new.parent_id;
	s->level = ev->cgroup_new.level;
	s->cut = ev->cgroup_new.path_cut;
	strcpy(s->path, ev->cgroup_new.path);
}

static const struct seen *find_path(const struct seen_list *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i].path, path))
			return &list->items[i];
	return NULL;
}

/* Every parent came before its children, one level above, with a path that begins theirs. */
static void check_tree(const struct seen_list *list, const char *mount)
{
	assert_true(list->n > 0);
	assert_string_equal(list->items[0].path, "/");
	assert_int_equal(list->items[0].level, 0);
	assert_int_equal(list->items[0].parent_id, 0);
	for (size_t i = 1; i < list->n; i++) {
		const struct seen *s = &list->items[i], *parent = NULL;

		for (size_t j = 0; j < i && !parent; j++)
			if (list->items[j].id == s->parent_id)
				parent = &list->items[j];
		assert_non_null(parent);
		assert_int_equal(s->level, parent->level + 1);
		if (s->cut)
			continue;
		assert_memory_equal(s->path, parent->path, strlen(parent->path));
		if (mount)
			assert_int_equal(s->id, inode_of(mount, s->path));
	}
}

static void test_scan_tree(void **state)
{
	struct seen_list list = {0};
	struct cgroupfs fs;

	(void)state;
	assert_int_equal(cgroupfs_open(&fs, TREES "v2-6.12"), 0);
	assert_int_equal(cgroupfs_scan(&fs, 77, keep, &list), 0);
	assert_int_equal(list.n, 5);
	check_tree(&list, fs.memory);
	assert_int_equal(find_path(&list, POD)->level, 4);
	assert_int_equal(list.items[0].id, fs.root_id);
	free(list.items);
}

static void test_scan_built(void **state)
{
	struct seen_list list = {0};
	struct cgroupfs fs = {.v1 = true, .mode = "v1"};
	char path[256];
	char deep[4096] = "";

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/m", root);
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "m/a/c%d/x/cgroup.procs", i);
		put(path, "");
	}
	put("m/\xff\xfe/cgroup.procs", "");
	put("outside/secret/cgroup.procs", "");
	snprintf(path, sizeof(path), "%s/m/link", root);
	assert_int_equal(symlink("../outside", path), 0);
	/* Deeper than is walked, and longer than an event's path. */
	for (int i = 0; i < 70; i++)
		strcat(deep, "/ddddddddddd");
	assert_int_equal(strlen(deep), 840);
	snprintf(path, sizeof(path), "%s", "");
	{
		char full[5000];

		snprintf(full, sizeof(full), "m%s/cgroup.procs", deep);
		put(full, "");
	}
	assert_int_equal(cgroupfs_scan(&fs, 77, keep, &list), 0);
	check_tree(&list, NULL);
	assert_int_equal(list.n, 1 + 1 + 300 + 300 + 1 + 64);
	assert_non_null(find_path(&list, "/a/c299/x"));
	assert_non_null(find_path(&list, "/\xef\xbf\xbd\xef\xbf\xbd"));
	assert_null(find_path(&list, "/link"));
	for (size_t i = 0; i < list.n; i++) {
		assert_null(strstr(list.items[i].path, "secret"));
		/* 64 levels of 12 bytes are 768: one byte more than fits. */
		assert_int_equal(list.items[i].cut, list.items[i].level == 64);
		if (list.items[i].cut)
			assert_int_equal(strlen(list.items[i].path), EV_PATH - 1);
	}
	free(list.items);

	snprintf(fs.memory, sizeof(fs.memory), "%s/none", root);
	assert_int_equal(cgroupfs_scan(&fs, 77, keep, &list), -ENOENT);
}

/* Directories that come and go while they are walked. */
static void drop_siblings(void *ctx, const union event *ev)
{
	int *count = ctx;
	char path[256];

	(*count)++;
	if (strcmp(ev->cgroup_new.path, "/") != 0)
		return;
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/m/c%d/x", root, i);
		rmdir(path);
		snprintf(path, sizeof(path), "%s/m/c%d", root, i);
		rmdir(path);
	}
}

static void drop_self(void *ctx, const union event *ev)
{
	char path[1024];

	(void)ctx;
	if (ev->cgroup_new.level != 1)
		return;
	snprintf(path, sizeof(path), "%s/m%s/x", root, ev->cgroup_new.path);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/m%s", root, ev->cgroup_new.path);
	assert_int_equal(rmdir(path), 0);
	if (strchr(ev->cgroup_new.path, '7')) /* another one in its place */
		assert_int_equal(mkdir(path, 0755), 0);
}

static void test_scan_vanishing(void **state)
{
	struct cgroupfs fs = {.v1 = true, .mode = "v1"};
	char path[256];
	int count = 0;

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/m", root);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 50; i++) {
			snprintf(path, sizeof(path), "m/c%d/x/y", i);
			put(path, "");
			snprintf(path, sizeof(path), "%s/m/c%d/x/y", root, i);
			unlink(path);
		}
		assert_int_equal(cgroupfs_scan(&fs, 77, round ? drop_self : drop_siblings, &count),
				 0);
	}
	assert_int_equal(count, 1);
}

/* ---- the files of one ---- */

static void test_stat_hybrid(void **state)
{
	struct cgroupfs fs;
	union event ev;
	const struct ev_memcg_stat *s = &ev.memcg_stat;
	uint64_t id;

	(void)state;
	assert_int_equal(cgroupfs_open(&fs, TREES "hybrid"), 0);
	id = inode_of(fs.memory, "/shop/api");
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
	id = inode_of(fs.memory, "/shop");
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
	assert_int_equal(cgroupfs_stat(&fs, inode_of(fs.memory, DOCKER), DOCKER, 9, &ev), 0);
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
	assert_int_equal(cgroupfs_stat(&fs, inode_of(fs.memory, "/system.slice/leaky.service"),
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
	assert_int_equal(cgroupfs_stat(&fs, inode_of(fs.memory, POD), POD, 9, &ev), 0);
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
	id = inode_of(fs.memory, "/shop/api");
	assert_int_equal(cgroupfs_memcg(&fs, id, "/shop/api", 9, &ev), 0);
	assert_int_equal(ev.head.type, EV_MEMCG);
	assert_int_equal(l->id, id);
	assert_int_equal(ev.memcg.v1, 1);
	assert_int_equal(ev.memcg.oom_kills, 1);
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
	id = inode_of(fs.memory, "/system.slice/leaky.service");
	assert_int_equal(cgroupfs_memcg(&fs, id, "/system.slice/leaky.service", 9, &ev), 0);
	assert_int_equal(ev.memcg.v1, 0);
	assert_int_equal(ev.memcg.oom_kills, 2);
	assert_int_equal(l->usage, 62914560);
	assert_int_equal(l->max, 67108864);
	assert_true(l->high == U64_UNLIMITED && l->swap_max == U64_UNLIMITED);
	assert_int_equal(l->swap_usage, 4096);
	assert_true(l->failcnt == U64_UNKNOWN);
	assert_int_equal(l->events_max, 211);
	assert_int_equal(l->oom_local, 1);
	assert_int_equal(l->oom_group, 0);
	assert_int_equal(cgroupfs_open(&fs, TREES "v2-6.12"), 0);
	assert_int_equal(cgroupfs_memcg(&fs, inode_of(fs.memory, POD), POD, 9, &ev), 0);
	assert_int_equal(l->oom_group, 1);
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
	snprintf(fs.memory, sizeof(fs.memory), "%s/memory", root);
	put("memory/shop/api/memory.usage_in_bytes", "4096\n");
	put("memory/shop/api/memory.stat", "total_rss 1\n");
	snprintf(path, sizeof(path), "%s/memory/shop/link", root);
	assert_int_equal(symlink("api", path), 0);
	snprintf(path, sizeof(path), "%s/memory/link", root);
	assert_int_equal(symlink("shop", path), 0);
	id = inode_of(fs.memory, "/shop/api");
	assert_int_equal(cgroupfs_stat(&fs, id, "/shop/api", 9, &ev), 0);
	assert_int_equal(ev.memcg_stat.found, 1);
	assert_int_equal(ev.memcg_stat.usage, 4096);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_int_equal(cgroupfs_stat(&fs, id, paths[i], 9, &ev), 0);
		assert_int_equal(ev.memcg_stat.id, id);
		assert_int_equal(ev.memcg_stat.found, 0);
		assert_true(ev.memcg_stat.high == U64_UNKNOWN);
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
	put("memory/secret", "4096\n");
	snprintf(path, sizeof(path), "%s/memory/shop/api/memory.limit_in_bytes", root);
	assert_int_equal(symlink("../../secret", path), 0);
	assert_int_equal(cgroupfs_stat(&fs, id, "/shop/api", 9, &ev), 0);
	assert_true(ev.memcg_stat.limit == U64_UNKNOWN);
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
	snprintf(fs.memory, sizeof(fs.memory), "%s/memory", root);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("memory/a/memory.limit_in_bytes", cases[i].limit);
		put("memory/a/memory.memsw.limit_in_bytes", cases[i].memsw);
		cgroupfs_stat(&fs, inode_of(fs.memory, "/a"), "/a", 9, &ev);
		assert_true(ev.memcg_stat.limit == cases[i].want);
		assert_true(ev.memcg_stat.swap_limit == cases[i].want_swap);
	}
}

/* The running system: what the scan says can be asked for. */
static void test_live(void **state)
{
	struct seen_list list = {0};
	struct cgroupfs fs;
	union event ev;
	size_t found = 0;

	(void)state;
	if (cgroupfs_open(&fs, "") < 0)
		skip();
	assert_int_equal(cgroupfs_scan(&fs, 77, keep, &list), 0);
	check_tree(&list, NULL);
	assert_int_equal(list.items[0].id, fs.root_id);
	for (size_t i = 0; i < list.n; i++) {
		assert_int_equal(cgroupfs_stat(&fs, list.items[i].id, list.items[i].path, 1, &ev),
				 0);
		found += ev.memcg_stat.found == 1;
	}
	assert_true(found > 0);
	free(list.items);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_open_trees), TEST(test_mount_choice),   TEST(test_scan_tree),
		TEST(test_scan_built), TEST(test_scan_vanishing), TEST(test_stat_hybrid),
		TEST(test_stat_v1),    TEST(test_stat_v2),        TEST(test_memcg),
		TEST(test_not_it),     TEST(test_v1_limits),      TEST(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
