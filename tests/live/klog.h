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

#define KLOG_COMM 64
#define KLOG_PATH 512

/* "swap: usage 0kB, limit 1024kB, failcnt 0", in bytes. */
struct klog_counter {
	bool valid;
	uint64_t usage;
	uint64_t limit;
	uint64_t failcnt;
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

void klog_close(struct klog *k);

#endif
