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
#include "live/klog_blocks.c"

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

/* ---- the blocks: lines of real logs, with values that tell one key from another ---- */

static void feed_header(struct klog *k, const char *const *lines, size_t n)
{
	klog_init(k);
	klog_line(k, "x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0");
	for (size_t i = 0; i < n; i++)
		klog_line(k, lines[i]);
}

#define FEED_HEADER(k, lines) feed_header(k, lines, sizeof(lines) / sizeof((lines)[0]))

/* To 6.1 the whole block is one message, whose ends of line /dev/kmsg shows as \x0a. */
static void test_stats_in_one_message_of_6_1(void **state)
{
	static const char *const lines[] = {
		"Memory cgroup stats for /mwlive88.slice/oom/simple:",
		"anon 16732160\\x0afile 8192\\x0akernel 45056\\x0akernel_stack 0\\x0apagetables "
		"40960\\x0a"
		"sec_pagetables 0\\x0apercpu 0\\x0asock 4096\\x0avmalloc 0\\x0ashmem "
		"12288\\x0afile_mapped 0\\x0a"
		"file_dirty 0\\x0afile_writeback 0\\x0aswapcached 0\\x0aanon_thp 0\\x0afile_thp "
		"0\\x0ashmem_thp "
		"0\\x0ainactive_anon 16723968\\x0aactive_anon 0\\x0ainactive_file "
		"20480\\x0aactive_file 24576"
		"\\x0aunevictable 28672\\x0aslab_reclaimable 0\\x0aslab_unreclaimable 344\\x0aslab "
		"344\\x0apgfault"
		" 4086\\x0apgmajfault 0\\x0athp_fault_alloc 0\\x0athp_collapse_alloc 0",
		"Tasks state (memory values in pages):",
		"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj "
		"name",
		"[     92]  1000    91     4672     4234    69632        7         -998   mw "
		"simple",
	};
	const struct klog_stats *s;
	const struct klog_task *t;
	struct klog k;

	(void)state;
	FEED_HEADER(&k, lines);
	assert_int_equal(k.malformed, 0);
	s = &k.header.stats;
	assert_true(s->valid);
	assert_false(s->v1);
	assert_string_equal(s->path, "/mwlive88.slice/oom/simple");
	assert_int_equal(s->values[KLOG_ANON], 16732160);
	assert_int_equal(s->values[KLOG_FILE], 8192);
	assert_int_equal(s->values[KLOG_SHMEM], 12288);
	assert_int_equal(s->values[KLOG_KERNEL], 45056);
	assert_int_equal(s->values[KLOG_SLAB_UNRECLAIMABLE], 344);
	assert_int_equal(s->values[KLOG_INACTIVE_FILE], 20480);
	assert_int_equal(s->values[KLOG_ACTIVE_FILE], 24576);
	assert_int_equal(s->values[KLOG_UNEVICTABLE], 28672);
	assert_int_equal(s->values[KLOG_SOCK], 4096);
	assert_int_equal(s->values[KLOG_SWAP], -1);
	assert_true(k.header.tasks.valid);
	assert_false(k.header.tasks.split);
	assert_int_equal(k.header.tasks.n, 1);
	t = &k.header.tasks.rows[0];
	assert_int_equal(t->pid, 92);
	assert_int_equal(t->uid, 1000);
	assert_int_equal(t->tgid, 91);
	assert_int_equal(t->total_vm, 4672 * 4096);
	assert_int_equal(t->rss, 4234 * 4096);
	assert_int_equal(t->anon, -1);
	assert_int_equal(t->page_tables, 69632);
	assert_int_equal(t->swap, 7 * 4096);
	assert_int_equal(t->oom_score_adj, -998);
	assert_string_equal(t->comm, "  mw simple");
	klog_close(&k);
}

/* 5.10 has no "kernel" yet: what is not printed is not 0. */
static void test_stats_of_5_10(void **state)
{
	static const char *const lines[] = {
		"Memory cgroup stats for /mwlive81.slice/oom/simple:",
		"anon 16625664\\x0afile 0\\x0akernel_stack 0\\x0apercpu 0\\x0asock 0\\x0ashmem "
		"0\\x0afile_mapped 0",
	};
	struct klog k;

	(void)state;
	FEED_HEADER(&k, lines);
	assert_int_equal(k.header.stats.values[KLOG_ANON], 16625664);
	assert_int_equal(k.header.stats.values[KLOG_KERNEL], -1);
	assert_int_equal(k.header.stats.values[KLOG_SOCK], 0);
	klog_close(&k);
}

/* v1's own names: those of the whole subtree count, also where a name is v2's too. */
static void test_stats_v1_of_6_18(void **state)
{
	static const char *const lines[] = {
		"Memory cgroup stats for /mwlive6679.slice/oom/parent:",
		"cache 1",
		"rss 2",
		"shmem 3",
		"swap 4",
		"inactive_file 5",
		"unevictable 6",
		"hierarchical_memory_limit 16777216",
		"total_cache 8192",
		"total_rss 16736256",
		"total_rss_huge 0",
		"total_shmem 4096",
		"total_swap 12288",
		"total_inactive_anon 16723968",
		"total_inactive_file 16384",
		"total_active_file 20480",
		"total_unevictable 24576",
		"Tasks state (memory values in pages):",
		"[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem "
		"pgtables_bytes "
		"swapents oom_score_adj name",
		"[   6683]     0  6683     4674     4209     4096      113         0    73728      "
		" "
		" 5             0 mw-simple",
	};
	const struct klog_stats *s;
	const struct klog_task *t;
	struct klog k;

	(void)state;
	FEED_HEADER(&k, lines);
	assert_int_equal(k.malformed, 0);
	s = &k.header.stats;
	assert_true(s->v1);
	assert_int_equal(s->values[KLOG_ANON], 16736256);
	assert_int_equal(s->values[KLOG_FILE], 8192);
	assert_int_equal(s->values[KLOG_SHMEM], 4096);
	assert_int_equal(s->values[KLOG_SWAP], 12288);
	assert_int_equal(s->values[KLOG_KERNEL], -1);
	assert_int_equal(s->values[KLOG_INACTIVE_FILE], 16384);
	assert_int_equal(s->values[KLOG_ACTIVE_FILE], 20480);
	assert_int_equal(s->values[KLOG_UNEVICTABLE], 24576);
	assert_true(k.header.tasks.split);
	t = &k.header.tasks.rows[0];
	assert_int_equal(t->rss, 4209 * 4096);
	assert_int_equal(t->anon, 4096 * 4096);
	assert_int_equal(t->file, 113 * 4096);
	assert_int_equal(t->shmem, 0);
	assert_int_equal(t->page_tables, 73728);
	assert_int_equal(t->swap, 5 * 4096);
	assert_int_equal(t->oom_score_adj, 0);
	assert_string_equal(t->comm, "mw-simple");
	klog_close(&k);
}

/* A line each; messages of others come between them, and a name that looks like a row's end. */
static void test_blocks_of_7_2(void **state)
{
	static const char *const lines[] = {
		"Memory cgroup stats for /mwlive105.slice/oom/simple:",
		"anon 16740352",
		"file 0",
		"clocksource: Watchdog remote CPU 1 read timed out",
		"kernel 36864",
		"sock 0",
		"swapcached 0",
		"slab_unreclaimable 376",
		"Memory cgroup min protection 0kB -- low protection 0kB",
		"Tasks state (memory values in pages):",
		"[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem "
		"pgtables_bytes "
		"swapents oom_score_adj name",
		"[    107]     0   107    14723     5884     2783     2693       408    86016      "
		"  "
		"0         -1000 memwitness",
		"[    109]     0   109     4674     4244     4114        1       129    69632      "
		"  "
		"0             0 a 0 -1000 b\\x5c\\x0a",
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/a,task_memcg=/a,task=mw-simple,pid=109,uid=0",
		"anon 1",
	};
	const struct klog_tasks *t;
	struct klog k;

	(void)state;
	FEED_HEADER(&k, lines);
	assert_int_equal(k.malformed, 0);
	assert_int_equal(k.header.stats.values[KLOG_ANON], 16740352);
	assert_int_equal(k.header.stats.values[KLOG_KERNEL], 36864);
	assert_int_equal(k.header.stats.values[KLOG_SLAB_UNRECLAIMABLE], 376);
	assert_int_equal(k.header.stats.values[KLOG_UNEVICTABLE], -1);
	t = &k.header.tasks;
	assert_int_equal(t->n, 2);
	assert_int_equal(t->rows[0].oom_score_adj, -1000);
	assert_int_equal(t->rows[1].tgid, 109);
	assert_int_equal(t->rows[1].shmem, 129 * 4096);
	assert_string_equal(t->rows[1].comm, "a 0 -1000 b\\\n");
	klog_close(&k);
}

/* More rows than are kept are counted; one byte changed, and a row is counted as not understood. */
static void test_rows(void **state)
{
	static const char titles[] = "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes "
				     "swapents oom_score_adj name";
	struct klog k;

	(void)state;
	feed_header(&k, NULL, 0);
	klog_line(&k, titles);
	for (int i = 0; i < KLOG_TASKS + 3; i++)
		klog_line(&k, "[     84]     0    84     4672     4233    73728        0           "
			      "  0 mw-simple");
	assert_int_equal(k.header.tasks.n, KLOG_TASKS + 3);
	assert_int_equal(k.malformed, 0);
	klog_line(&k, "[     84]     0    84     4672     4233    73728        x             0 mw");
	assert_int_equal(k.header.tasks.n, KLOG_TASKS + 3);
	assert_int_equal(k.malformed, 1);
	/* The next decision has a table of its own, or none. */
	klog_line(&k, "y invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0");
	assert_false(k.header.tasks.valid);
	assert_false(k.header.stats.valid);
	klog_line(&k, "anon 1");
	assert_false(k.header.stats.valid);
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
		cmocka_unit_test(test_stats_in_one_message_of_6_1),
		cmocka_unit_test(test_stats_of_5_10),
		cmocka_unit_test(test_stats_v1_of_6_18),
		cmocka_unit_test(test_blocks_of_7_2),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
