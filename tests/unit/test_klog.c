/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_klog.c - the parser of the kernel's OOM messages, which the live tests compare records with,
 * fed with lines that kernels really wrote. A parser that reads wrongly would hide a wrong record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The parser belongs to the live tests' program, not to the library. */
#include "live/klog.c"

static void feed(struct klog *k, const char *const *lines, size_t n)
{
	klog_init(k);
	for (size_t i = 0; i < n; i++)
		klog_line(k, lines[i]);
}

#define FEED(k, lines) feed(k, lines, sizeof(lines) / sizeof((lines)[0]))

static const char *const simple_5_10[] = {
	"mw-simple invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
	"CPU: 1 PID: 84 Comm: mw-simple Not tainted 5.10.0-46-cloud-amd64 #1 Debian 5.10.262-1",
	"Call Trace:",
	" oom_kill_process.cold+0xb/0x10",
	"memory: usage 16380kB, limit 16384kB, failcnt 7",
	"memory+swap: usage 16388kB, limit 32768kB, failcnt 19",
	"kmem: usage 48kB, limit 9007199254740988kB, failcnt 3",
	"Memory cgroup stats for /mwlive-82/oom/simple:",
	"anon 16760832",
	"Tasks state (memory values in pages):",
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
	"[     84]     0    84     4676     4245    73728        0             0 mw-simple",
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
	"oom_memcg=/mwlive-82/oom/parent,task_memcg=/mwlive-82/oom/parent/child,task=mw-simple,"
	"pid=84,uid=1000",
	"Memory cgroup out of memory: Killed process 84 (mw-simple) total-vm:18704kB, "
	"anon-rss:16400kB, file-rss:4kB, shmem-rss:580kB, UID:1000 pgtables:72kB oom_score_adj:-7",
};

static void test_v1_of_5_10(void **state)
{
	struct klog k;
	const struct klog_kill *kill;

	(void)state;
	FEED(&k, simple_5_10);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.malformed, 0);
	kill = &k.kills[0];
	assert_true(kill->memcg);
	assert_false(kill->group);
	assert_int_equal(kill->pid, 84);
	assert_string_equal(kill->comm, "mw-simple");
	assert_int_equal(kill->total_vm, 18704 * 1024);
	assert_int_equal(kill->anon, 16400 * 1024);
	assert_int_equal(kill->file, 4 * 1024);
	assert_int_equal(kill->shmem, 580 * 1024);
	assert_int_equal(kill->uid, 1000);
	assert_int_equal(kill->page_tables, 72 * 1024);
	assert_int_equal(kill->oom_score_adj, -7);
	assert_true(kill->header.valid);
	assert_string_equal(kill->header.trigger, "mw-simple");
	assert_int_equal(kill->header.trigger_tid, 84);
	assert_int_equal(kill->header.gfp, 0xcc0);
	assert_string_equal(kill->header.gfp_names, "GFP_KERNEL");
	assert_int_equal(kill->header.order, 0);
	assert_int_equal(kill->header.memory.usage, 16380 * 1024);
	assert_int_equal(kill->header.memory.limit, 16384 * 1024);
	assert_int_equal(kill->header.memory.failcnt, 7);
	assert_true(kill->header.memsw.valid);
	assert_int_equal(kill->header.memsw.usage, 16388 * 1024);
	assert_int_equal(kill->header.memsw.limit, 32768 * 1024);
	assert_false(kill->header.swap.valid);
	assert_string_equal(kill->header.constraint, "CONSTRAINT_MEMCG");
	assert_string_equal(kill->header.oom_memcg, "/mwlive-82/oom/parent");
	assert_string_equal(kill->header.task_memcg, "/mwlive-82/oom/parent/child");
	assert_string_equal(kill->header.task, "mw-simple");
	assert_int_equal(kill->header.pid, 84);
	assert_int_equal(kill->header.uid, 1000);
	klog_close(&k);
}

/* The form with a UID before the PID, and a name that looks like the line around it. */
static void test_hostile_name_of_6_12(void **state)
{
	static const char *const lines[] = {
		"a,pid=1,\"\\x5c\\x0a(x) invoked oom-killer: "
		"gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=100",
		"CPU: 1 UID: 0 PID: 141 Comm: a,pid=1,\"\\x5c\\x0a(x) Not tainted "
		"6.12.117+deb13-cloud-amd64 #1  Debian 6.12.117-1",
		"memory: usage 16384kB, limit 16384kB, failcnt 84",
		"swap: usage 0kB, limit 9007199254740988kB, failcnt 0",
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/mwlive-138/oom/hostile,task_memcg=/mwlive-138/oom/hostile,"
		"task=a,pid=1,\"\\x5c\\x0a(x),pid=141,uid=0",
		"Memory cgroup out of memory: Killed process 141 (a,pid=1,\"\\x5c\\x0a(x)) "
		"total-vm:18704kB, anon-rss:16256kB, file-rss:0kB, shmem-rss:572kB, UID:0 "
		"pgtables:72kB oom_score_adj:0",
	};
	const struct klog_kill *kill;
	struct klog k;

	(void)state;
	FEED(&k, lines);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.malformed, 0);
	kill = &k.kills[0];
	assert_string_equal(kill->comm, "a,pid=1,\"\\\n(x)");
	assert_string_equal(kill->header.trigger, "a,pid=1,\"\\\n(x)");
	assert_string_equal(kill->header.task, "a,pid=1,\"\\\n(x)");
	assert_int_equal(kill->header.pid, 141);
	assert_int_equal(kill->header.trigger_tid, 141);
	assert_int_equal(kill->header.trigger_adj, 100);
	assert_string_equal(kill->header.gfp_names, "GFP_HIGHUSER_MOVABLE|__GFP_COMP");
	assert_true(kill->header.swap.limit > INT64_MAX - 8192);
	klog_close(&k);
}

/* The chosen victim is named first alone and then once more with its group. */
static void test_group_of_7_2(void **state)
{
	static const char *const lines[] = {
		"mw-group invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
		"CPU: 0 UID: 0 PID: 132 Comm: mw-group Not tainted 7.2.13+deb14-cloud-amd64 #1 "
		"PREEMPT(lazy)  Debian 7.2.13-1 ",
		"memory: usage 16384kB, limit 16384kB, failcnt 20",
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/g,task_memcg=/g,task=mw-group,pid=132,uid=0",
		"Memory cgroup out of memory: Killed process 132 (mw-group) total-vm:14616kB, "
		"anon-rss:12360kB, file-rss:4kB, shmem-rss:580kB, UID:0 pgtables:68kB "
		"oom_score_adj:0",
		"Tasks in /g are going to be killed due to memory.oom.group set",
		"Memory cgroup out of memory: Killed process 130 (mw-group) total-vm:4376kB, "
		"anon-rss:2172kB, file-rss:4kB, shmem-rss:580kB, UID:0 pgtables:48kB "
		"oom_score_adj:0",
		"Memory cgroup out of memory: Killed process 131 (mw-group) total-vm:4376kB, "
		"anon-rss:2172kB, file-rss:4kB, shmem-rss:580kB, UID:0 pgtables:48kB "
		"oom_score_adj:0",
		"Memory cgroup out of memory: Killed process 132 (mw-group) total-vm:14616kB, "
		"anon-rss:12360kB, file-rss:4kB, shmem-rss:580kB, UID:0 pgtables:68kB "
		"oom_score_adj:0",
	};
	struct klog k;

	(void)state;
	FEED(&k, lines);
	assert_int_equal(k.n, 3);
	assert_int_equal(k.seen, 4);
	assert_int_equal(k.kills[0].pid, 132);
	assert_int_equal(k.kills[1].pid, 130);
	assert_int_equal(k.kills[2].pid, 131);
	assert_false(k.kills[0].group);
	assert_true(k.kills[1].group);
	assert_true(k.kills[2].header.have_kill);
	assert_int_equal(k.kills[2].header.pid, 132);
	klog_close(&k);
}

static void test_global(void **state)
{
	static const char *const lines[] = {
		"mw-global invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|"
		"__GFP_ZERO), order=0, oom_score_adj=1000",
		"CPU: 1 PID: 116 Comm: mw-global Not tainted 6.1.0-56-cloud-amd64 #1  Debian "
		"6.1.192-2",
		"Mem-Info:",
		"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/"
		",mems_allowed=0,global_oom,"
		"task_memcg=/mwlive-87/oom/global,task=mw-global,pid=116,uid=0",
		"Out of memory: Killed process 116 (mw-global) total-vm:898320kB, "
		"anon-rss:895800kB, "
		"file-rss:0kB, shmem-rss:708kB, UID:0 pgtables:1792kB oom_score_adj:1000",
	};
	struct klog k;

	(void)state;
	FEED(&k, lines);
	assert_int_equal(k.n, 1);
	assert_false(k.kills[0].memcg);
	assert_true(k.kills[0].header.global);
	assert_string_equal(k.kills[0].header.oom_memcg, "");
	assert_string_equal(k.kills[0].header.constraint, "CONSTRAINT_NONE");
	assert_false(k.kills[0].header.memory.valid);
	klog_close(&k);
}

/* More than ten kills in five seconds: the kernel prints the last line alone. */
static void test_kill_without_header(void **state)
{
	struct klog k;

	(void)state;
	FEED(&k, simple_5_10);
	klog_line(&k, "Memory cgroup out of memory: Killed process 85 (mw-burst) total-vm:8kB, "
		      "anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB "
		      "oom_score_adj:0");
	assert_int_equal(k.n, 2);
	/* The header before it was of another decision. */
	assert_false(k.kills[1].header.valid);
	assert_false(k.kills[1].header.have_kill);
	/* Neither does the group that follows such a kill find it again. */
	klog_line(&k, "Tasks in /g are going to be killed due to memory.oom.group set");
	klog_line(&k, "Memory cgroup out of memory: Killed process 86 (mw-burst) total-vm:8kB, "
		      "anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB "
		      "oom_score_adj:0");
	assert_int_equal(k.n, 3);
	assert_true(k.kills[2].group);
	assert_false(k.kills[2].header.have_kill);
	klog_close(&k);
}

/* One byte changed: the line is counted as not understood and makes no kill. */
static void test_damaged(void **state)
{
	static const char *const lines[] = {
		"Memory cgroup out of memory: Killed process 84 (x) total-vm:18704kB; "
		"anon-rss:16400kB, file-rss:4kB, shmem-rss:580kB, UID:0 pgtables:72kB "
		"oom_score_adj:0",
		"x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=?, oom_score_adj=0",
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/a,task_memcg=/a,task=x,pid=84;uid=0",
	};
	struct klog k;

	(void)state;
	FEED(&k, lines);
	assert_int_equal(k.n, 0);
	assert_int_equal(k.malformed, 3);
	klog_close(&k);
}

static void test_other_lines(void **state)
{
	static const char *const lines[] = {
		"",
		"systemd[1]: Out of memory is what this unit says",
		"oom_reaper: reaped process 84 (x), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
		"memory: usage 1kB, limit 2kB, failcnt 3",
		"Out of memory and no killable processes...",
	};
	struct klog k;

	(void)state;
	FEED(&k, lines);
	assert_int_equal(k.n, 0);
	assert_int_equal(k.malformed, 0);
	klog_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v1_of_5_10),
		cmocka_unit_test(test_hostile_name_of_6_12),
		cmocka_unit_test(test_group_of_7_2),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_kill_without_header),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_other_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
