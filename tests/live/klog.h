/* SPDX-License-Identifier: Apache-2.0 */
/*
 * klog.h - the kernel's own account of its OOM kills, out of its log: the second witness that the
 * records are held against. The parser takes one message at a time and knows the forms of 5.10 to
 * 7.x; it reads no file, so that a unit test can feed it. The reader takes /dev/kmsg from a mark.
 */
#ifndef MW_LIVE_KLOG_H
#define MW_LIVE_KLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define KLOG_COMM  64
#define KLOG_PATH  512
#define KLOG_TASKS 64

/* "swap: usage 0kB, limit 1024kB, failcnt 0", in bytes. */
struct klog_counter {
	bool valid;
	uint64_t usage;
	uint64_t limit;
	uint64_t failcnt;
};

/* What is compared of "Memory cgroup stats for /a:", by the names of v2's memory.stat. */
enum klog_stat {
	KLOG_ANON,
	KLOG_FILE,
	KLOG_SHMEM,
	KLOG_KERNEL,
	KLOG_SLAB_UNRECLAIMABLE,
	KLOG_INACTIVE_FILE,
	KLOG_ACTIVE_FILE,
	KLOG_UNEVICTABLE,
	KLOG_SOCK,
	KLOG_SWAP, /* v1 only */
	KLOG_STATS
};

struct klog_stats {
	bool valid;
	bool v1; /* v1's own names, with "total_" for the whole subtree: on v1 from 6.4 on */
	char path[KLOG_PATH];
	int64_t values[KLOG_STATS]; /* bytes; -1: not printed */
};

/* A row of "Tasks state", in bytes. */
struct klog_task {
	int64_t pid; /* of the thread that holds the memory */
	int64_t tgid;
	int64_t uid;
	uint64_t total_vm;
	uint64_t rss;
	int64_t anon, file, shmem; /* -1 to 6.7, which print their sum alone */
	uint64_t page_tables;
	uint64_t swap;
	int64_t oom_score_adj;
	char comm[KLOG_COMM];
};

struct klog_tasks {
	bool valid;
	bool split;     /* rss comes in its three parts too */
	unsigned int n; /* rows that the kernel printed; the first KLOG_TASKS are kept */
	struct klog_task rows[KLOG_TASKS];
};

/* What dump_header() says of a decision. The kernel leaves it out when it comes too often. */
struct klog_header {
	bool valid;
	char trigger[KLOG_COMM];
	int64_t trigger_tid; /* -1: the line was not seen */
	uint64_t gfp;
	char gfp_names[256]; /* joined by '|', as printed */
	int64_t order;
	int64_t trigger_adj;
	struct klog_counter memory;
	struct klog_counter swap;
	struct klog_counter memsw;
	struct klog_stats stats;
	struct klog_tasks tasks;
	/* the "oom-kill:" line */
	bool have_kill;
	bool global;
	char constraint[32];
	char oom_memcg[KLOG_PATH];
	char task_memcg[KLOG_PATH];
	char task[KLOG_COMM];
	int64_t pid;
	int64_t uid;
};

/* One "Killed process" line. Sizes in bytes. */
struct klog_kill {
	struct klog_header header;
	bool group;          /* killed because of memory.oom.group */
	bool memcg;          /* "Memory cgroup out of memory" */
	int64_t pid;         /* of the thread that holds the memory: not always the leader */
	uint64_t order_seen; /* 1, 2, ... in the log */
	char comm[KLOG_COMM];
	uint64_t total_vm;
	uint64_t anon;
	uint64_t file;
	uint64_t shmem;
	int64_t uid;
	uint64_t page_tables;
	int64_t oom_score_adj;
};

struct klog {
	struct klog_kill *kills;
	size_t n;
	size_t size;
	uint64_t seen;        /* "Killed process" lines, repeated ones included */
	uint64_t malformed;   /* lines that begin like ours and do not go on so */
	uint64_t overwritten; /* /dev/kmsg lost something before we read it */
	struct klog_header header;
	enum { KLOG_NO_BLOCK, KLOG_IN_STATS, KLOG_IN_TASKS } block;
	bool group_next;
	int fd;
	FILE *copy;
};

/* Start empty; fd is -1 until klog_open(). */
void klog_init(struct klog *k);

/*
 * Open /dev/kmsg and go to its end: what was logged before is not ours. A copy of all lines read
 * goes to the file named. 0 or -errno.
 */
int klog_open(struct klog *k, const char *copy);

/* Take all that was logged since the last call. Never blocks. */
void klog_drain(struct klog *k);

/* Take one message, without its prefix and without a newline. */
void klog_line(struct klog *k, const char *line);

/* Forget the kills so far; the log is read on from where it is. */
void klog_forget(struct klog *k);

void klog_close(struct klog *k);

/* ---- parts of the parser: klog_blocks.c ---- */

/* Copy n bytes into dst and undo the \xNN of /dev/kmsg. */
void klog_text(char *dst, size_t size, const char *src, size_t n);

/* "Memory cgroup stats for /a:" begins the block. False: the line is none of it. */
bool klog_stats_begin(struct klog_stats *s, const char *line);

/* A line of the block, or all of it at once: to 6.1 it is one message. Others pass unnoticed. */
void klog_stats_line(struct klog_stats *s, const char *line);

/* The titles of the table. False: they are no titles. */
bool klog_tasks_begin(struct klog_tasks *t, const char *line);

/* A row of it. False: it begins like one and does not go on so. */
bool klog_tasks_line(struct klog_tasks *t, const char *line);

#endif
