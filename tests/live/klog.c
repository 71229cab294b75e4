/* SPDX-License-Identifier: Apache-2.0 */
/* klog.c - parse the kernel's OOM messages, and read them from /dev/kmsg. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "klog.h"

#define KLOG_MAX_KILLS 4096

void klog_init(struct klog *k)
{
	memset(k, 0, sizeof(*k));
	k->fd = -1;
}

/* The last occurrence: a comm may hold anything, so what follows it is looked for from the end. */
static const char *last_of(const char *s, const char *what)
{
	const char *found = NULL, *p = s;

	while ((p = strstr(p, what))) {
		found = p;
		p++;
	}
	return found;
}

static bool parse_counter(const char *s, struct klog_counter *c)
{
	unsigned long long usage, limit, failcnt;

	if (sscanf(s, "usage %llukB, limit %llukB, failcnt %llu", &usage, &limit, &failcnt) != 3)
		return false;
	c->usage = usage * 1024;
	c->limit = limit * 1024;
	c->failcnt = failcnt;
	c->valid = true;
	return true;
}

/* "X invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0" */
static bool parse_invoked(const char *line, struct klog_header *h)
{
	static const char mark[] = " invoked oom-killer: gfp_mask=";
	const char *p = last_of(line, mark);
	unsigned long long gfp;
	long long order, adj;
	int n = 0;
	const char *close;

	if (!p)
		return false;
	memset(h, 0, sizeof(*h));
	h->trigger_tid = -1;
	h->pid = -1;
	klog_text(h->trigger, sizeof(h->trigger), line, (size_t)(p - line));
	p += sizeof(mark) - 1;
	if (sscanf(p, "0x%llx(%n", &gfp, &n) != 1 || !n)
		return true;
	p += n;
	close = strchr(p, ')');
	if (!close || sscanf(close, "), order=%lld, oom_score_adj=%lld", &order, &adj) != 2)
		return true;
	klog_text(h->gfp_names, sizeof(h->gfp_names), p, (size_t)(close - p));
	h->gfp = gfp;
	h->order = order;
	h->trigger_adj = adj;
	h->valid = true;
	return true;
}

/* "CPU: 0 PID: 12 Comm: x ...", from 6.12 on "CPU: 0 UID: 0 PID: 12 Comm: x ..." */
static void parse_cpu(const char *line, struct klog_header *h)
{
	long long pid;
	const char *p = strstr(line, " PID: ");
	const char *comm = strstr(line, " Comm: ");

	if (p && comm && p < comm && sscanf(p, " PID: %lld", &pid) == 1)
		h->trigger_tid = pid;
}

/* Copy the value that begins at p and ends before `end` (NULL: not well formed). */
static bool take(const char *p, const char *end, char *dst, size_t size)
{
	if (!p || !end || end < p)
		return false;
	klog_text(dst, size, p, (size_t)(end - p));
	return true;
}

/*
 * "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,
 * task_memcg=/a/b,task=x,pid=1,uid=0", with "global_oom" in the place of oom_memcg.
 */
static bool parse_oom_kill(const char *line, struct klog_header *h)
{
	const char *p = line, *end, *task_memcg, *task;
	long long pid, uid;

	p += strlen("oom-kill:constraint=");
	if (!take(p, strchr(p, ','), h->constraint, sizeof(h->constraint)))
		return false;
	task_memcg = strstr(p, ",task_memcg=");
	end = last_of(p, ",pid=");
	if (!task_memcg || !end || sscanf(end, ",pid=%lld,uid=%lld", &pid, &uid) != 2)
		return false;
	p = strstr(line, ",oom_memcg=");
	if (p && p < task_memcg) {
		p += strlen(",oom_memcg=");
		take(p, task_memcg, h->oom_memcg, sizeof(h->oom_memcg));
	}
	h->global = strstr(line, ",global_oom,task_memcg=") != NULL;
	task_memcg += strlen(",task_memcg=");
	/* A path may hold ",task=" as little as a comm may not: the tests' paths never do. */
	task = strstr(task_memcg, ",task=");
	if (!take(task_memcg, task, h->task_memcg, sizeof(h->task_memcg)) ||
	    !take(task + strlen(",task="), end, h->task, sizeof(h->task)))
		return false;
	h->pid = pid;
	h->uid = uid;
	h->have_kill = true;
	return true;
}

/*
 * "Killed process 12 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0
 * pgtables:44kB oom_score_adj:0", with a prefix that says which kind of OOM it was.
 */
static bool parse_killed(const char *p, struct klog_kill *kill)
{
	const char *end = last_of(p, ") total-vm:");
	unsigned long long vm, anon, file, shmem, pgtables;
	long long pid, uid, adj;
	int n = 0;

	if (!end || sscanf(p, "Killed process %lld (%n", &pid, &n) != 1 || !n)
		return false;
	if (sscanf(end,
		   ") total-vm:%llukB, anon-rss:%llukB, file-rss:%llukB, shmem-rss:%llukB, "
		   "UID:%lld pgtables:%llukB oom_score_adj:%lld",
		   &vm, &anon, &file, &shmem, &uid, &pgtables, &adj) != 7)
		return false;
	if (!take(p + n, end, kill->comm, sizeof(kill->comm)))
		return false;
	kill->pid = pid;
	kill->total_vm = vm * 1024;
	kill->anon = anon * 1024;
	kill->file = file * 1024;
	kill->shmem = shmem * 1024;
	kill->uid = uid;
	kill->page_tables = pgtables * 1024;
	kill->oom_score_adj = adj;
	return true;
}

/*
 * With memory.oom.group the chosen victim is named once as such and once more as a member of its
 * group: the same kill.
 */
static bool repeated(const struct klog *k, const struct klog_kill *kill)
{
	if (!kill->group)
		return false;
	for (size_t i = 0; i < k->n; i++)
		if (k->kills[i].pid == kill->pid && !strcmp(k->kills[i].comm, kill->comm))
			return true;
	return false;
}

static void add_kill(struct klog *k, const char *line, const char *p)
{
	struct klog_kill kill = {.group = k->group_next};

	/* A header that was used up is of the kill before: the kernel printed none for this one. */
	if (!k->header.valid)
		memset(&k->header, 0, sizeof(k->header));
	kill.header = k->header;
	if (!parse_killed(p, &kill)) {
		k->malformed++;
		return;
	}
	kill.memcg = !strncmp(line, "Memory cgroup out of memory", 27);
	kill.order_seen = ++k->seen;
	/* A header is of one decision; only a group has several victims. */
	if (!k->group_next)
		k->header.valid = false;
	if (repeated(k, &kill))
		return;
	if (k->n == k->size) {
		size_t size = k->size ? k->size * 2 : 64;
		struct klog_kill *more;

		if (size > KLOG_MAX_KILLS)
			return;
		more = realloc(k->kills, size * sizeof(*more));
		if (!more)
			return;
		k->kills = more;
		k->size = size;
	}
	k->kills[k->n++] = kill;
}

static void counter_line(struct klog *k, const char *line, struct klog_counter *c)
{
	if (!parse_counter(line, c))
		k->malformed++;
}

/* A line between "invoked oom-killer" and "oom-kill:". */
static void header_line(struct klog *k, struct klog_header *h, const char *line)
{
	if (!strncmp(line, "CPU: ", 5) && h->trigger_tid < 0) {
		parse_cpu(line, h);
	} else if (!strncmp(line, "memory: usage ", 14)) {
		counter_line(k, line + 8, &h->memory);
	} else if (!strncmp(line, "swap: usage ", 12)) {
		counter_line(k, line + 6, &h->swap);
	} else if (!strncmp(line, "memory+swap: usage ", 19)) {
		counter_line(k, line + 13, &h->memsw);
	} else if (klog_stats_begin(&h->stats, line)) {
		k->block = KLOG_IN_STATS;
	} else if (klog_tasks_begin(&h->tasks, line)) {
		k->block = KLOG_IN_TASKS;
	} else if (k->block == KLOG_IN_STATS) {
		klog_stats_line(&h->stats, line);
	} else if (k->block == KLOG_IN_TASKS && line[0] == '[') {
		if (!klog_tasks_line(&h->tasks, line))
			k->malformed++;
	}
}

void klog_line(struct klog *k, const char *line)
{
	struct klog_header *h = &k->header;
	const char *p;

	if (parse_invoked(line, h)) {
		if (!h->valid)
			k->malformed++;
		k->group_next = false;
		k->block = KLOG_NO_BLOCK;
	} else if (!strncmp(line, "oom-kill:constraint=", 20)) {
		k->block = KLOG_NO_BLOCK;
		if (!parse_oom_kill(line, h))
			k->malformed++;
		k->group_next = false;
	} else if (!strncmp(line, "Tasks in ", 9) &&
		   strstr(line, " are going to be killed due to memory.oom.group set")) {
		k->group_next = true;
		h->valid = h->have_kill;
	} else if ((p = strstr(line, "ut of memory")) && (p = strstr(p, ": Killed process "))) {
		add_kill(k, line, p + 2);
	} else if (h->valid) {
		header_line(k, h, line);
	}
}

int klog_open(struct klog *k, const char *copy)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	k->fd = fd;
	k->copy = fopen(copy, "we");
	return 0;
}

void klog_drain(struct klog *k)
{
	char text[8192], *message, *end;
	ssize_t n;

	if (k->fd < 0)
		return;
	for (;;) {
		n = read(k->fd, text, sizeof(text) - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE) {
			k->overwritten++;
			continue;
		}
		if (n <= 0)
			return;
		text[n] = '\0';
		/* "6,1234,5678,-;message\n", then lines of a dictionary that do not matter here */
		message = strchr(text, ';');
		if (!message)
			continue;
		message++;
		end = strchr(message, '\n');
		if (end)
			*end = '\0';
		if (k->copy)
			fprintf(k->copy, "%s\n", message);
		klog_line(k, message);
	}
}

void klog_forget(struct klog *k)
{
	k->n = 0;
	k->seen = 0;
	k->header.valid = false;
}

void klog_close(struct klog *k)
{
	if (k->fd >= 0)
		close(k->fd);
	if (k->copy)
		fclose(k->copy);
	free(k->kills);
	klog_init(k);
}
