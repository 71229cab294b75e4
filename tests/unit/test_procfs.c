/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_procfs.c - /proc as recorded (tests/trees/hybrid), as built here with hostile contents,
 * and as it is for this very process.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "in/kvfile.h"
#include "in/procfs.h"
#include "in/source.h"
#include "unit/tmptree.h"

#define HYBRID "tests/trees/hybrid"
#define TICK   10000000ull

static void put_process(const char *comm, const char *cmdline, size_t len, const char *exe)
{
	char text[512], path[128];
	int n = snprintf(text, sizeof(text),
			 "4711 (%s) S 4700 4711 4711 0 -1 4194560 900 0 12 0 5 6 0 0 20 0 1 0 "
			 "360123 3133440 414 18446744073709551615 1 1 0 0 0 0 0\n",
			 comm);

	tree_put_bytes("proc/4711/stat", text, (size_t)n);
	tree_put_bytes("proc/4711/cmdline", cmdline, len);
	snprintf(path, sizeof(path), "%s/proc/4711/exe", tree_root);
	unlink(path);
	if (exe)
		assert_int_equal(symlink(exe, path), 0);
}

static void test_process(void **state)
{
	static const char args[] = "/usr/bin/python3\0app.py\0--token=abc";
	union event ev;

	(void)state;
	put_process("python3", args, sizeof(args), "/usr/bin/python3.11 (deleted)");
	assert_int_equal(procfs_process(tree_root, 4711, 360123 * TICK, REDACT_SECRETS, 99, &ev),
			 0);
	assert_int_equal(ev.head.type, EV_PROC_INFO);
	assert_int_equal(ev.head.ts, 99);
	assert_int_equal(ev.proc_info.pid, 4711);
	assert_int_equal(ev.proc_info.start, 360123 * TICK);
	assert_int_equal(ev.proc_info.found, 1);
	assert_int_equal(ev.proc_info.args_cut, 0);
	assert_string_equal(ev.proc_info.executable, "/usr/bin/python3.11");
	assert_string_equal(ev.proc_info.command_line, "/usr/bin/python3 app.py --token=***");
	/* Anywhere within the tick it is the same process, a tick away it is another. */
	procfs_process(tree_root, 4711, 360124 * TICK - 1, REDACT_ALL, 99, &ev);
	assert_int_equal(ev.proc_info.found, 1);
	assert_string_equal(ev.proc_info.command_line, "");
	assert_int_equal(procfs_process(tree_root, 4711, 360124 * TICK, 0, 99, &ev), 0);
	assert_int_equal(ev.proc_info.found, 0);
	assert_string_equal(ev.proc_info.executable, "");
	assert_int_equal(procfs_process(tree_root, 4711, 360123 * TICK - 1, 0, 99, &ev), 0);
	assert_int_equal(ev.proc_info.found, 0);
	assert_int_equal(procfs_process(tree_root, 4712, 360123 * TICK, 0, 99, &ev), 0);
	assert_int_equal(ev.proc_info.found, 0);
	assert_int_equal(ev.proc_info.pid, 4712);
}

/* A name is 15 bytes of anything but NUL: none of them may move the fields behind it. */
static void test_hostile_comm(void **state)
{
	static const char *const names[] = {
		"",       ")",         "(",          ") R 1 1 1 0", "a b c", "a) S 9 9 (b",
		"))))))", "\n) S 1\n", "\xff(\x01)",
	};
	union event ev;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		put_process(names[i], "x", 2, NULL);
		assert_int_equal(procfs_process(tree_root, 4711, 360123 * TICK, 0, 0, &ev), 0);
		assert_int_equal(ev.proc_info.found, 1);
		assert_string_equal(ev.proc_info.command_line, "x");
		assert_string_equal(ev.proc_info.executable, "");
	}
}

static void test_damaged_stat(void **state)
{
	static const char *const texts[] = {
		"",
		"4711 (x",
		"4711 (x)",
		"4711 (x) ",
		"4711 (x) S 1 2 3",
		"4711 (x) S 4700 4711 4711 0 -1 4194560 900 0 12 0 5 6 0 0 20 0 1 0",
		"4711 (x) S 4700 4711 4711 0 -1 4194560 900 0 12 0 5 6 0 0 20 0 1 0 -360123",
		"4711 (x) S 4700 4711 4711 0 -1 4194560 900 0 12 0 5 6 0 0 20 0 1 0 36a123 1",
	};
	union event ev;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put_process("x", "x", 2, NULL);
		tree_put("proc/4711/stat", texts[i]);
		assert_int_equal(procfs_process(tree_root, 4711, 360123 * TICK, 0, 0, &ev),
				 -EBADMSG);
		assert_int_equal(ev.head.type, EV_PROC_INFO);
		assert_int_equal(ev.proc_info.found, 0);
	}
}

static uint64_t mapped(const char *status, const char *map)
{
	union event ev;

	put_process("x", "x", 2, NULL);
	tree_put("proc/4711/status", status);
	tree_put("proc/4711/uid_map", map);
	assert_int_equal(procfs_process(tree_root, 4711, 360123 * TICK, 0, 0, &ev), 0);
	assert_int_equal(ev.proc_info.found, 1);
	return ev.proc_info.container_uid;
}

#define UID(n) "Name:\tx\nUid:\t" n "\t0\t0\t0\nGid:\t9\t9\t9\t9\n"

/* The uid in its own user namespace: lines of "inside outside count". */
static void test_container_uid(void **state)
{
	static const char rootless[] = "         0       1000          1\n"
				       "         1     100000      65536\n"
				       "     65537     200000          2\n";

	(void)state;
	assert_int_equal(mapped(UID("0"), "         0          0 4294967295\n"), 0);
	assert_int_equal(mapped(UID("1000"), "         0          0 4294967295\n"), 1000);
	assert_int_equal(mapped(UID("1000"), rootless), 0);
	assert_int_equal(mapped(UID("100000"), rootless), 1);
	assert_int_equal(mapped(UID("165535"), rootless), 65536);
	assert_int_equal(mapped(UID("200001"), rootless), 65538);
	assert_int_equal(mapped(UID("200001"), "65537 200000 2"), 65538); /* no newline */
	/* In no line: what it is called in there nobody knows. */
	assert_int_equal(mapped(UID("0"), rootless), U64_UNKNOWN);
	assert_int_equal(mapped(UID("1001"), rootless), U64_UNKNOWN);
	assert_int_equal(mapped(UID("165536"), rootless), U64_UNKNOWN);
	assert_int_equal(mapped(UID("200002"), rootless), U64_UNKNOWN);
	assert_int_equal(mapped(UID("65534"), rootless), U64_UNKNOWN);
	assert_int_equal(mapped(UID("4294967295"), "0 0 4294967295\n"), U64_UNKNOWN);
	assert_int_equal(mapped(UID("7"), ""), U64_UNKNOWN);
	/* Without the uid there is nothing to translate. */
	assert_int_equal(mapped("", "0 0 4294967295\n"), U64_UNKNOWN);
	assert_int_equal(mapped("Name:\tx\n", "0 0 4294967295\n"), U64_UNKNOWN);
	assert_int_equal(mapped(UID("x"), "0 0 4294967295\n"), U64_UNKNOWN);
	assert_int_equal(mapped(UID("-1"), "0 0 4294967295\n"), U64_UNKNOWN);
}

/* A damaged line maps nothing, and the next one is one of its own. */
static void test_damaged_uid_map(void **state)
{
	static const char *const maps[] = {
		"x",
		"0",
		"0 5",
		"0 5\n5 1000 1",
		"0 5\n\n9\n",
		"0 5 0\n",
		"-1 5 1\n",
		"0 -5 100\n",
		"0 5 -1\n",
		"0x0 5 1\n",
		"0 5 1x\n",
		"99999999999999999999999 5 1\n",
		"4294967296 5 1\n",
		"4294967295 4 2\n",
		"18446744073709551615 4 2\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		if (mapped(UID("5"), maps[i]) != U64_UNKNOWN)
			fail_msg("%s", maps[i]);
	}
	assert_int_equal(mapped(UID("5"), "x\n1 5\n\n0 5 1\n"), 0);
}

/* The kernel takes 340 lines (UID_GID_MAP_MAX_EXTENTS), more than a page holds. */
static void test_long_uid_map(void **state)
{
	static char map[340 * 33 + 1];
	size_t len = 0;

	(void)state;
	for (unsigned int i = 0; i < 340; i++)
		len += (size_t)snprintf(map + len, sizeof(map) - len, "%10u %10u %10u\n", i,
					1000000 + i * 2, 1);
	assert_int_equal(mapped(UID("1000000"), map), 0);
	assert_int_equal(mapped(UID("1000678"), map), 339);
}

static void test_command_line(void **state)
{
	char args[6000];
	union event ev;

	(void)state;
	/* A title written over the arguments, with the rest of the space behind it. */
	memset(args, 0, sizeof(args));
	strcpy(args, "gunicorn: worker [app]");
	put_process("gunicorn", args, 300, NULL);
	procfs_process(tree_root, 4711, 360123 * TICK, 0, 0, &ev);
	assert_string_equal(ev.proc_info.command_line, "gunicorn: worker [app]");
	assert_int_equal(ev.proc_info.args_cut, 0);
	/* Empty: a kernel thread or a zombie. */
	put_process("kworker/0:1", "", 0, NULL);
	procfs_process(tree_root, 4711, 360123 * TICK, 0, 0, &ev);
	assert_int_equal(ev.proc_info.found, 1);
	assert_string_equal(ev.proc_info.command_line, "");
	assert_string_equal(ev.proc_info.executable, "");
	/* Longer than an event holds, and longer than is read. */
	for (size_t len = 600; len <= sizeof(args); len += 900) {
		memset(args, 'a', sizeof(args));
		put_process("long", args, len, NULL);
		procfs_process(tree_root, 4711, 360123 * TICK, REDACT_NONE, 0, &ev);
		assert_int_equal(ev.proc_info.args_cut, len >= EV_ARGS);
		assert_int_equal(strlen(ev.proc_info.command_line),
				 len >= EV_ARGS ? EV_ARGS - 1 : len);
	}
	/* Bytes that are no text. */
	memset(args, 0xfd, sizeof(args));
	put_process("bytes", args, 10, "/bin/\xff");
	procfs_process(tree_root, 4711, 360123 * TICK, 0, 0, &ev);
	assert_string_equal(ev.proc_info.executable, "/bin/\xef\xbf\xbd");
	assert_int_equal(strlen(ev.proc_info.command_line), 30);
}

/* Links in the place of files and folders are not followed. */
static void test_links(void **state)
{
	char path[128];
	union event ev;

	(void)state;
	put_process("x", "x", 2, NULL);
	snprintf(path, sizeof(path), "%s/proc/4712", tree_root);
	assert_int_equal(symlink("4711", path), 0);
	assert_int_equal(procfs_process(tree_root, 4712, 360123 * TICK, 0, 0, &ev), -ENOTDIR);
	assert_int_equal(ev.proc_info.found, 0);
	snprintf(path, sizeof(path), "%s/proc/4711/stat", tree_root);
	unlink(path);
	assert_int_equal(symlink("cmdline", path), 0);
	assert_int_equal(procfs_process(tree_root, 4711, 360123 * TICK, 0, 0, &ev), -ELOOP);
}

/* This process itself, against the kernel. */
static void test_live_process(void **state)
{
	char text[2048], exe[512];
	uint64_t start;
	union event ev;
	ssize_t n;
	pid_t pid;
	int status;

	(void)state;
	prctl(PR_SET_NAME, "a) R 1 (b");
	assert_true(kvfile_read(AT_FDCWD, "/proc/self/stat", text, sizeof(text)) > 0);
	assert_int_equal(sscanf(strrchr(text, ')') + 2,
				"%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
				"%*d %*d %*d %lu",
				&start),
			 1);
	assert_int_equal(
		procfs_process("", (uint32_t)getpid(), start * TICK + 5, REDACT_NONE, 7, &ev), 0);
	assert_int_equal(ev.proc_info.found, 1);
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	assert_true(n > 0);
	exe[n] = '\0';
	assert_string_equal(ev.proc_info.executable, exe);
	assert_non_null(strstr(ev.proc_info.command_line, "test_procfs"));

	/* Reaped, it is gone. */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	waitpid(pid, &status, 0);
	assert_int_equal(procfs_process("", (uint32_t)pid, start * TICK, 0, 7, &ev), 0);
	assert_int_equal(ev.proc_info.found, 0);
}

static void test_host(void **state)
{
	union event ev;

	(void)state;
	assert_int_equal(procfs_host(HYBRID, 5, &ev), 0);
	assert_int_equal(ev.head.type, EV_HOST);
	assert_int_equal(ev.host.memory_total, 24684092ull * 1024);
	assert_int_equal(ev.host.swap_total, 0);
	assert_int_equal(ev.host.swap_free, 0);
	assert_true(ev.host.memory_available <= ev.host.memory_total);
	assert_true(ev.host.memory_free <= ev.host.memory_available);
	assert_true(ev.host.memory_cached < ev.host.memory_total);
	assert_true(ev.host.committed < ev.host.memory_total);
	assert_int_equal(ev.host.cpus, 2);
	/* cpu  4108 3041 5872 478482 440 0 69 12: all but idle and iowait. */
	assert_int_equal(ev.host.cpu_busy_ns, (4108 + 3041 + 5872 + 0 + 69 + 12) * TICK);
	assert_int_equal(ev.host.psi_some_avg10, 1234);
	assert_int_equal(ev.host.psi_full_avg10, 450);
	assert_int_equal(procfs_oom_kills(HYBRID), 7);

	/* What is missing is not known, and nothing else suffers. */
	tree_put("proc/meminfo", "MemTotal: 100 kB\nMemFree: x kB\nCached:\n");
	assert_int_equal(procfs_host(tree_root, 5, &ev), 0);
	assert_int_equal(ev.host.memory_total, 102400);
	assert_true(ev.host.memory_free == U64_UNKNOWN);
	assert_true(ev.host.memory_cached == U64_UNKNOWN);
	assert_true(ev.host.cpus == U64_UNKNOWN);
	assert_true(ev.host.cpu_busy_ns == U64_UNKNOWN);
	assert_true(ev.host.psi_some_avg10 == U64_UNKNOWN);
	assert_true(procfs_oom_kills(tree_root) == U64_UNKNOWN);
	assert_true(procfs_oom_kills("/nowhere") == U64_UNKNOWN);
	assert_int_equal(procfs_host("/nowhere", 5, &ev), -ENOENT);

	assert_int_equal(procfs_host("", 5, &ev), 0);
	assert_int_equal(ev.host.cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(ev.host.memory_total > 1 << 20);
	assert_true(ev.host.cpu_busy_ns != U64_UNKNOWN && ev.host.cpu_busy_ns > 0);
}

static void test_host_identity(void **state)
{
	union event ev;
	struct ev_start *start = &ev.start;

	(void)state;
	event_init(&ev, EV_START, 0);
	assert_int_equal(procfs_host_identity(HYBRID, start), 0);
	assert_string_equal(start->kernel, "6.18.44");
	assert_string_equal(start->host, "node-7");
	assert_string_equal(start->boot_id, "0b6c1f6e-54a5-4c0b-8d1c-2f8b1b0e7a11");
	assert_string_equal(start->machine, "x86_64");
	assert_int_equal(start->cpus, 2);
	assert_int_equal(start->memory_total, 24684092ull * 1024);
	event_init(&ev, EV_START, 0);
	assert_int_equal(procfs_host_identity("", start), 0);
	assert_true(start->machine[0] && start->kernel[0] && start->host[0]);
	assert_int_equal(strlen(start->boot_id), 36);
}

static void test_self_and_clock(void **state)
{
	uint64_t cpu1 = 0, cpu2 = 0, rss = 0, boot = now_boot(), real = now_real();
	volatile unsigned int x = 0;

	(void)state;
	assert_int_equal(procfs_self(&cpu1, &rss), 0);
	assert_true(rss > 100000);
	for (int i = 0; i < 10000000; i++)
		x += (unsigned int)i;
	assert_int_equal(procfs_self(&cpu2, &rss), 0);
	assert_true(cpu2 > cpu1 && cpu2 - cpu1 < 10000000000ull);
	assert_true(now_boot() > boot && now_real() > real);
	assert_true(real > 1600000000000000000ull);
}

static void test_kvfile(void **state)
{
	static const char text[] = "anon 12\nanon_thp 34\nfile  56 kB\nkernel: 78\nbad 1x\nneg -1\n"
				   "big 18446744073709551616\nempty\nempty2 \nanon 99\nlast 5";
	char buf[16];
	uint64_t some, full;

	(void)state;
	assert_int_equal(kvfile_get(text, "anon"), 12);
	assert_int_equal(kvfile_get(text, "anon_thp"), 34);
	assert_int_equal(kvfile_get(text, "file"), 56);
	assert_int_equal(kvfile_get(text, "kernel"), 78);
	assert_int_equal(kvfile_get(text, "last"), 5);
	assert_true(kvfile_get(text, "anon_") == U64_UNKNOWN);
	assert_true(kvfile_get(text, "thp") == U64_UNKNOWN);
	assert_true(kvfile_get(text, "bad") == U64_UNKNOWN);
	assert_true(kvfile_get(text, "neg") == U64_UNKNOWN);
	assert_true(kvfile_get(text, "big") == U64_UNKNOWN);
	assert_true(kvfile_get(text, "empty") == U64_UNKNOWN);
	assert_true(kvfile_get(text, "empty2") == U64_UNKNOWN);
	assert_true(kvfile_get("", "anon") == U64_UNKNOWN);

	/* Half a line is no line. */
	tree_put("f", "a 1\nb 22\nc 33333\n");
	{
		_cleanup_close_ int dir = open(tree_root, O_PATH | O_DIRECTORY);

		assert_int_equal(kvfile_read(dir, "f", buf, sizeof(buf)), 9);
		assert_string_equal(buf, "a 1\nb 22\n");
		assert_int_equal(kvfile_read(dir, "f", buf, 1), 0);
		assert_int_equal(kvfile_read(dir, "g", buf, sizeof(buf)), -ENOENT);
		tree_put("n", "max\n");
		assert_true(kvfile_number(dir, "n") == U64_UNLIMITED);
		tree_put("n", "max ");
		assert_true(kvfile_number(dir, "n") == U64_UNKNOWN);
		tree_put("n", "4096\n");
		assert_int_equal(kvfile_number(dir, "n"), 4096);
		tree_put("n", "4096");
		assert_int_equal(kvfile_number(dir, "n"), 4096);
		tree_put("n", "-1\n");
		assert_true(kvfile_number(dir, "n") == U64_UNKNOWN);
		tree_put("n", "");
		assert_true(kvfile_number(dir, "n") == U64_UNKNOWN);
	}

	kvfile_pressure("some avg10=100.00 avg60=0.00\nfull avg10=0.07 avg60=0\n", &some, &full);
	assert_int_equal(some, 10000);
	assert_int_equal(full, 7);
	kvfile_pressure("some avg10=1.5 avg60=0.00\nfull avg10=.07\n", &some, &full);
	assert_true(some == U64_UNKNOWN && full == U64_UNKNOWN);
	kvfile_pressure("full avg10=1.50\nsome avg10=1.00\n", &some, &full);
	assert_true(some == U64_UNKNOWN && full == U64_UNKNOWN);
	kvfile_pressure("some avg10=1.50", &some, &full);
	assert_true(some == 150 && full == U64_UNKNOWN);
	kvfile_pressure("some avg10=999.00\nfull avg10=1.000\n", &some, &full);
	assert_true(some == U64_UNKNOWN && full == U64_UNKNOWN);
	kvfile_pressure("", &some, &full);
	assert_true(some == U64_UNKNOWN && full == U64_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(test_process),         TREE_TEST(test_hostile_comm),
		TREE_TEST(test_damaged_stat),    TREE_TEST(test_container_uid),
		TREE_TEST(test_damaged_uid_map), TREE_TEST(test_long_uid_map),
		TREE_TEST(test_command_line),    TREE_TEST(test_links),
		TREE_TEST(test_live_process),    TREE_TEST(test_host),
		TREE_TEST(test_host_identity),   TREE_TEST(test_self_and_clock),
		TREE_TEST(test_kvfile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
