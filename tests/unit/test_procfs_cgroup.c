/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_procfs_cgroup.c - which memory cgroup /proc says a process is in, and what it says of the
 * process itself; both with texts that nobody expects.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "in/procfs_cgroup.h"
#include "unit/tmptree.h"

#define V1                                                                                         \
	"12:pids:/user\n11:perf_event:/\n9:cpu,cpuacct:/cpu\n5:blkio,memory,freezer:/docker/a\n"   \
	"1:name=systemd:/init.scope\n0::/unified\n"

static void put(const char *text)
{
	tree_put("proc/7/cgroup", text);
}

static int read_path(bool v1, char *path, size_t size)
{
	return procfs_cgroup_path(tree_root, 7, v1, path, size);
}

static void expect_path(bool v1, const char *text, const char *want)
{
	char path[EV_PATH] = "";

	put(text);
	assert_int_equal(read_path(v1, path, sizeof(path)), 0);
	assert_string_equal(path, want);
}

static void expect_error(bool v1, const char *text, int error)
{
	char path[EV_PATH] = "";

	put(text);
	assert_int_equal(read_path(v1, path, sizeof(path)), error);
}

static void test_the_hierarchy_with_memory(void **state)
{
	(void)state;
	expect_path(true, V1, "/docker/a");
	expect_path(false, V1, "/unified");
	expect_path(true, "3:memory:/\n", "/");
	expect_path(true, "3:memory:/x", "/x"); /* no newline at the end */
	expect_path(true, "3:memory,cpu:/x\n", "/x");
	expect_path(true, "3:cpu,memory:/x\n", "/x");
	expect_path(false, "0::/\n", "/");
	/* Controllers and named hierarchies whose names only look alike. */
	expect_path(true, "6:memoryx,xmemory:/no\n5:name=memory:/no\n4:memor:/no\n3:memory:/yes\n",
		    "/yes");
	/* Where it is not: v1 without the controller, v2 not mounted. */
	expect_error(true, "1:name=systemd:/a\n0::/b\n", -ENOENT);
	expect_error(false, "3:memory:/a\n", -ENOENT);
	expect_error(false, "10::/a\n", -ENOENT);
}

/* A cgroup's name holds anything but a '/' and a newline. */
static void test_hostile_names(void **state)
{
	(void)state;
	expect_path(true, "3:memory:/a:b:c\n", "/a:b:c");
	expect_path(true, "3:memory::memory:/x\n", ":memory:/x");
	expect_path(false, "3:memory:/0::\n0::/3:memory:/x\n", "/3:memory:/x");
	expect_path(true, "4:cpu:/3:memory:/no\n3:memory:/yes\n", "/yes");
	expect_path(true, "3:memory:/ \t\x1b[31m\n", "/ \t\x1b[31m");
	expect_path(true, "3:memory:/\xff\xc3\xa4\xc3\n", "/\ufffd\u00e4\ufffd");
}

static void test_what_is_no_list(void **state)
{
	static const char *const texts[] = {
		"", "\n\n\n", "3", "3:", "3:memory", ":", "memory:/x\n", "3:memory\n:/x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		expect_error(true, texts[i], -ENOENT);
		expect_error(false, texts[i], -ENOENT);
	}
	expect_error(true, "3:memory:\n", -ENAMETOOLONG);
	assert_int_equal(procfs_cgroup_path(tree_root, 8, true, (char[8]){0}, 8), -ESRCH);
}

/* The reader's cgroup namespace begins below: where that is cannot be told. */
static void test_outside_of_the_namespace(void **state)
{
	(void)state;
	expect_error(true, "3:memory:/..\n", -EXDEV);
	expect_error(true, "3:memory:/../../docker/a\n", -EXDEV);
	expect_error(false, "0::/../x\n", -EXDEV);
	expect_path(true, "3:memory:/.x\n", "/.x");
	expect_path(true, "3:memory:/..x\n", "/..x");
	expect_path(true, "3:memory:/.../x\n", "/.../x");
}

static void test_long_paths(void **state)
{
	char text[2048], path[EV_PATH];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "3:memory:/", 10);
	text[10 + EV_PATH - 2] = '\n';
	text[10 + EV_PATH - 1] = '\0';
	put(text);
	assert_int_equal(read_path(true, path, sizeof(path)), 0);
	assert_int_equal(strlen(path), EV_PATH - 1);
	assert_int_equal(read_path(true, path, sizeof(path) - 1), -ENAMETOOLONG);
	text[10 + EV_PATH - 2] = 'x';
	text[10 + EV_PATH - 1] = '\n';
	text[10 + EV_PATH] = '\0';
	put(text);
	assert_int_equal(read_path(true, path, sizeof(path)), -ENAMETOOLONG);
	/* Each byte that is no UTF-8 takes three: a name that lost its end is another one. */
	memset(text + 10, 0xff, 300);
	text[310] = '\n';
	text[311] = '\0';
	put(text);
	assert_int_equal(read_path(true, path, sizeof(path)), -ENAMETOOLONG);
	memset(text, 'r', 600);
	text[600] = '\0';
	assert_int_equal(procfs_cgroup_path(text, 7, true, path, sizeof(path)), -ENAMETOOLONG);
}

/* ---- the process ---- */

#define TICK 10000000ull

static void put_task(const char *comm, const char *status)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "7 (%s) S 4 7 7 0 -1 4194560 900 0 12 0 5 6 0 0 20 0 1 0 360123 3133440 414 "
		 "18446744073709551615 1 1 0 0 0 0 0\n",
		 comm);
	tree_put("proc/7/stat", text);
	tree_put("proc/7/status", status);
}

static void test_task(void **state)
{
	union event ev;

	(void)state;
	put_task("app",
		 "Name:\tapp\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\nNSpid:\t7\nVmPeak:\t9\n");
	assert_int_equal(procfs_task(tree_root, 7, 99, &ev), 0);
	assert_int_equal(ev.head.type, EV_TASK);
	assert_int_equal(ev.head.ts, 99);
	assert_int_equal(ev.task.who.pid, 7);
	assert_int_equal(ev.task.who.start, 360123 * TICK);
	assert_int_equal(ev.task.parent_pid, 4);
	assert_int_equal(ev.task.who.uid, 1000); /* the real one */
	assert_int_equal(ev.task.ns_pid, 7);
	assert_int_equal(ev.task.threads, 1);
	assert_string_equal(ev.task.who.comm, "app");
	assert_int_equal(ev.task.anon, S64_UNKNOWN);
}

/* In each pid namespace it has another pid; its own namespace's stands last. */
static void test_pids_of_namespaces(void **state)
{
	static const struct {
		const char *status;
		uint32_t want;
	} cases[] = {
		{"Name:\tx\nNSpid:\t7\t12\t1\n", 1},
		{"Name:\tx\nNSpid:\t7 12\n", 12},
		{"Name:\tx\nNSpid:\t7\t4294967294", 4294967294u},
		/* Not told, or nonsense: the one that is known. */
		{"Name:\tx\n", 7},
		{"Name:\tx\nNSpid:\n", 7},
		{"Name:\tx\nNSpid:\t7\tx\n", 7},
		{"Name:\tx\nNSpid:\t7\t4294967296\n", 7},
		{"Name:\tx\nXNSpid:\t9\n", 7},
	};
	union event ev;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_task("x", cases[i].status);
		assert_int_equal(procfs_task(tree_root, 7, 0, &ev), 0);
		assert_int_equal(ev.task.ns_pid, cases[i].want);
	}
}

static void test_hostile_comm(void **state)
{
	static const char *const names[] = {"",      ")",           "(",      ") R 1 1 1 0",
					    "a b c", "a) S 9 9 (b", "))))))", "x) S 1 2 3"};
	union event ev;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		put_task(names[i], "Name:\tx\nUid:\t5\t5\t5\t5\nNSpid:\t7\t3\n");
		assert_int_equal(procfs_task(tree_root, 7, 0, &ev), 0);
		assert_string_equal(ev.task.who.comm, names[i]);
		assert_int_equal(ev.task.parent_pid, 4);
		assert_int_equal(ev.task.who.start, 360123 * TICK);
		assert_int_equal(ev.task.ns_pid, 3);
	}
	put_task("\xff\xfe\xc3", "Name:\tx\n");
	assert_int_equal(procfs_task(tree_root, 7, 0, &ev), 0);
	assert_string_equal(ev.task.who.comm, "\ufffd\ufffd\ufffd");
}

static void test_damaged_task(void **state)
{
	static const char *const texts[] = {
		"",
		"7",
		"7 (x",
		"7 x) S 4",
		") (",
		"7 (x) S",
		"7 (x) S 4 7 7 0 -1 4194560 900 0 12 0 5 6 0 0 20 0 1 0"};
	union event ev;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_task("x", "Name:\tx\n");
		tree_put("proc/7/stat", texts[i]);
		assert_int_equal(procfs_task(tree_root, 7, 0, &ev), -EBADMSG);
	}
}

static void __attribute__((noinline)) use_the_stack(void)
{
	volatile char text[32768];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = 'x';
}

/* There is none, or it goes while it is read. (What was on the stack before is not looked at.) */
static void test_no_task(void **state)
{
	char path[128];
	union event ev;

	(void)state;
	use_the_stack();
	assert_int_equal(procfs_task(tree_root, 7, 0, &ev), -ESRCH);
	put_task("x", "");
	snprintf(path, sizeof(path), "%s/proc/7/status", tree_root);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(procfs_task(tree_root, 7, 0, &ev), -ESRCH);
	assert_int_equal(ev.head.type, EV_TASK);
}

/* And this very process, as it is. */
static void test_live_task(void **state)
{
	char path[EV_PATH];
	union event ev;

	(void)state;
	assert_int_equal(procfs_task("", (uint32_t)getpid(), 0, &ev), 0);
	assert_int_equal(ev.task.who.pid, getpid());
	assert_int_equal(ev.task.parent_pid, getppid());
	assert_int_equal(ev.task.who.uid, getuid());
	assert_string_equal(ev.task.who.comm, "test_procfs_cgr");
	assert_true(!procfs_cgroup_path("", (uint32_t)getpid(), true, path, sizeof(path)) ||
		    !procfs_cgroup_path("", (uint32_t)getpid(), false, path, sizeof(path)));
	assert_int_equal(path[0], '/');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_the_hierarchy_with_memory),
		TREE_TEST(test_hostile_names),
		TREE_TEST(test_what_is_no_list),
		TREE_TEST(test_outside_of_the_namespace),
		TREE_TEST(test_long_paths),
		TREE_TEST(test_task),
		TREE_TEST(test_pids_of_namespaces),
		TREE_TEST(test_hostile_comm),
		TREE_TEST(test_damaged_task),
		TREE_TEST(test_no_task),
		TREE_TEST(test_live_task),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
