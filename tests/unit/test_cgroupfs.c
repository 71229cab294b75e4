/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cgroupfs.c - where the memory hierarchy is and which cgroups it holds: recorded trees
 * (tests/trees), trees built here for what no kernel shows on its own, and the running system.
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

#define TREES "tests/trees/"
#define POD                                                                                        \
	"/kubepods.slice/kubepods-burstable.slice/"                                                \
	"kubepods-burstable-pod94cb0821_407a_404c_9d1b_48839f6b4c32.slice/"                        \
	"cri-containerd-aabc15b7e50019b558654c2606a713e33391435b7a74445acd203f696cbcb65c.scope"

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
	assert_int_equal(fs.root_id, tree_inode(fs.memory, ""));

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
	tree_put("a/cgroup.procs", "");
	tree_put("b/cgroup.procs", "");
	tree_put("bare/cgroup.procs", "");
	tree_put("a b\tc\\d/cgroup.procs", "");
	tree_put("a\\04xb2/cgroup.procs", "");
	tree_put("hidden/else", "");
	tree_put("a/cgroup.controllers", "cpuset cpu io memory pids\n");
	tree_put("b/cgroup.controllers", "memory\n");
	tree_put("bare/cgroup.controllers", "cpuset memory2 memor\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct mount_case *c = &cases[i];
		char want[256];
		int r;

		tree_put("proc/self/mountinfo", c->mountinfo);
		r = cgroupfs_open(&fs, tree_root);
		assert_int_equal(r, c->memory ? 0 : -ENOENT);
		assert_int_equal(fs.found, c->memory != NULL);
		assert_string_equal(fs.mode, c->mode);
		snprintf(want, sizeof(want), "%s%s", c->memory ? tree_root : "",
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
			assert_int_equal(s->id, tree_inode(mount, s->path));
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
	char deep[1024] = "m";

	(void)state;
	snprintf(fs.memory, sizeof(fs.memory), "%s/m", tree_root);
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "m/a/c%d/x/cgroup.procs", i);
		tree_put(path, "");
	}
	tree_put("m/\xff\xfe/cgroup.procs", "");
	tree_put("outside/secret/cgroup.procs", "");
	snprintf(path, sizeof(path), "%s/m/link", tree_root);
	assert_int_equal(symlink("../outside", path), 0);
	/* Deeper than is walked, and longer than an event's path. */
	for (int i = 0; i < 70; i++)
		strcat(deep, "/ddddddddddd");
	strcat(deep, "/cgroup.procs");
	tree_put(deep, "");
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

	snprintf(fs.memory, sizeof(fs.memory), "%s/none", tree_root);
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
		snprintf(path, sizeof(path), "%s/m/c%d/x", tree_root, i);
		rmdir(path);
		snprintf(path, sizeof(path), "%s/m/c%d", tree_root, i);
		rmdir(path);
	}
}

static void drop_self(void *ctx, const union event *ev)
{
	char path[1024];

	(void)ctx;
	if (ev->cgroup_new.level != 1)
		return;
	snprintf(path, sizeof(path), "%s/m%s/x", tree_root, ev->cgroup_new.path);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/m%s", tree_root, ev->cgroup_new.path);
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
	snprintf(fs.memory, sizeof(fs.memory), "%s/m", tree_root);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 50; i++) {
			snprintf(path, sizeof(path), "m/c%d/x/y", i);
			tree_put(path, "");
			snprintf(path, sizeof(path), "%s/m/c%d/x/y", tree_root, i);
			unlink(path);
		}
		assert_int_equal(cgroupfs_scan(&fs, 77, round ? drop_self : drop_siblings, &count),
				 0);
	}
	assert_int_equal(count, 1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_open_trees),     TREE_TEST(test_mount_choice),
		TREE_TEST(test_scan_tree),      TREE_TEST(test_scan_built),
		TREE_TEST(test_scan_vanishing), TREE_TEST(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
