/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mkevents.c - a long event log for timing `memwitness replay`, the same bytes on every run.
 *
 * It is the log of an imagined node: 200 containers, 2,000 processes that stay and are sampled
 * every second, and each second a few hundred that come, run a program and leave. So the mix of
 * kinds is that of a live recording, where snapshots are more than half of the lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/event.h"
#include "out/eventlog_write.h"

#define SECOND       1000000000ull
#define CGROUPS      200
#define PROCESSES    2000
#define SHORT_LIVED  400 /* a second */
#define REPORT       60  /* seconds */
#define FIRST_CGROUP 1000
#define FIRST_PID    2000
#define FIRST_SHORT  10000
#define SHORT_PIDS   20000
#define BEGIN        (1000 * SECOND)
#define BEGIN_REAL   (1700000000 * SECOND)
#define PAGE         4096
#define MARKS        20 /* a second: the reader's timer */

struct maker {
	struct eventlog_writer *log;
	union event ev; /* only ever one at a time */
	unsigned long written;
	unsigned long serial; /* of short-lived processes */
};

static void put(struct maker *m)
{
	eventlog_write(m->log, &m->ev);
	m->written++;
}

static void put_start(struct maker *m)
{
	struct ev_start *start = &m->ev.start;

	event_init(&m->ev, EV_START, BEGIN);
	start->log_version = EVENT_LOG_VERSION;
	start->page_size = PAGE;
	start->real = BEGIN_REAL;
	start->cpus = 2;
	start->memory_total = 8ull << 30;
	start->memory_hierarchy = 0;
	start->root_memcg = 1;
	start->sample_interval = SECOND;
	start->report_interval = REPORT * SECOND;
	start->max_processes = 16384;
	start->max_containers = 1024;
	start->redact = REDACT_SECRETS;
	start->all_exits = 0;
	start->agent_pid = 500;
	strcpy(start->version, "bench");
	strcpy(start->host, "bench");
	strcpy(start->boot_id, "00000000-0000-4000-8000-000000000000");
	strcpy(start->kernel, "6.1.0");
	strcpy(start->machine, "x86_64");
	strcpy(start->cgroup_mode, "v2");
	put(m);
}

static void put_cgroups(struct maker *m)
{
	event_init(&m->ev, EV_CGROUP_NEW, BEGIN);
	m->ev.cgroup_new.id = 1;
	m->ev.cgroup_new.parent_id = 0;
	m->ev.cgroup_new.level = 0;
	m->ev.cgroup_new.scanned = 1;
	strcpy(m->ev.cgroup_new.path, "/");
	put(m);
	for (unsigned int i = 0; i < CGROUPS; i++) {
		event_init(&m->ev, EV_CGROUP_NEW, BEGIN);
		m->ev.cgroup_new.id = FIRST_CGROUP + i;
		m->ev.cgroup_new.parent_id = 1;
		m->ev.cgroup_new.level = 1;
		m->ev.cgroup_new.scanned = 1;
		snprintf(m->ev.cgroup_new.path, sizeof(m->ev.cgroup_new.path),
			 "/docker-%08x%08x%08x%08x%08x%08x%08x%08x.scope", i, i, i, i, i, i, i, i);
		put(m);
	}
}

static void fill_who(struct ev_who *who, uint32_t pid, uint64_t start, unsigned int cgroup)
{
	who->pid = pid;
	who->tid = 0;
	who->start = start;
	who->memcg = FIRST_CGROUP + cgroup % CGROUPS;
	who->uid = 1000;
	who->oom_score_adj = 0;
	snprintf(who->comm, sizeof(who->comm), "worker-%u", cgroup % CGROUPS);
}

static uint64_t start_of(unsigned int i)
{
	return BEGIN - (PROCESSES - i) * 1000000ull;
}

static void put_task(struct maker *m, uint64_t ts, unsigned int i, unsigned int round)
{
	struct ev_task *task = &m->ev.task;

	event_init(&m->ev, EV_TASK, ts);
	fill_who(&task->who, FIRST_PID + i, start_of(i), i);
	task->parent_pid = 1;
	task->parent_start = 1;
	task->ns_pid = 1 + i / CGROUPS;
	task->pid_ns = 4026531836u + i % CGROUPS;
	task->threads = 1 + i % 4;
	task->rss_exact = 1;
	task->anon = (int64_t)(20 + i % 50 + round % 100) * 65536;
	task->file = 3145728;
	task->shmem = 0;
	task->swap = 0;
	put(m);
}

static void put_memcg(struct maker *m, uint64_t ts, unsigned int i, unsigned int round)
{
	struct ev_level *level = &m->ev.memcg.level;

	event_init(&m->ev, EV_MEMCG, ts);
	level->id = FIRST_CGROUP + i;
	level->usage = (int64_t)(500 + i + round % 1000) * 65536;
	level->max = 512u << 20;
	level->high = U64_UNLIMITED;
	level->swap_usage = 0;
	level->swap_max = U64_UNLIMITED;
	level->failcnt = 0;
	level->events_max = 0;
	level->oom_local = 0;
	level->oom_group = 0;
	m->ev.memcg.v1 = 0;
	m->ev.memcg.oom_kills = 0;
	put(m);
}

/* A process that comes and goes: fork, for one in four an exec, a signal for one in eight, exit. */
static void put_short(struct maker *m, uint64_t ts)
{
	unsigned long n = m->serial++;
	unsigned int parent = (unsigned int)(n % PROCESSES);
	uint32_t pid = FIRST_SHORT + (uint32_t)(n % SHORT_PIDS);
	struct ev_exit *gone = &m->ev.exit;

	event_init(&m->ev, EV_FORK, ts);
	fill_who(&m->ev.fork.child, pid, ts, parent);
	m->ev.fork.parent_pid = FIRST_PID + parent;
	m->ev.fork.parent_start = start_of(parent);
	m->ev.fork.ns_pid = pid;
	m->ev.fork.pid_ns = 4026531836u;
	put(m);
	if (n % 4 == 0) {
		event_init(&m->ev, EV_EXEC, ts + 200000);
		fill_who(&m->ev.exec.who, pid, ts, parent);
		m->ev.exec.args_cut = 0;
		strcpy(m->ev.exec.executable, "/usr/bin/python3.11");
		snprintf(m->ev.exec.command_line, sizeof(m->ev.exec.command_line),
			 "python3 /srv/app/manage.py task --number %lu --queue default", n);
		put(m);
	}
	if (n % 8 == 0) {
		event_init(&m->ev, EV_SIGNAL, ts + 900000);
		fill_who(&m->ev.signal.sender, FIRST_PID + parent, start_of(parent), parent);
		fill_who(&m->ev.signal.target, pid, ts, parent);
		m->ev.signal.sig = 15;
		m->ev.signal.info = EV_SI_REAL;
		m->ev.signal.group = 1;
		put(m);
	}
	event_init(&m->ev, EV_EXIT, ts + 1000000);
	fill_who(&gone->who, pid, ts, parent);
	gone->parent_pid = FIRST_PID + parent;
	gone->parent_start = start_of(parent);
	gone->ns_pid = pid;
	gone->pid_ns = 4026531836u;
	gone->status = n % 8 == 0 ? 15 : 0;
	gone->oom_victim = 0;
	gone->rss_exact = 1;
	gone->anon = 1 << 20;
	gone->file = 1 << 20;
	gone->shmem = 0;
	gone->swap = 0;
	gone->peak_rss = 3 << 20;
	gone->minor_faults = 300;
	gone->major_faults = 0;
	put(m);
}

static void put_clock(struct maker *m, uint64_t ts)
{
	event_init(&m->ev, EV_CLOCK, ts);
	m->ev.clock.real = BEGIN_REAL + (ts - BEGIN);
	put(m);
}

static void put_mark(struct maker *m, uint64_t ts)
{
	event_init(&m->ev, EV_MARK, ts);
	m->ev.mark.now = ts;
	put(m);
}

/* Once a report interval: the answers to what the core asks then. */
static void put_answers(struct maker *m, uint64_t ts, unsigned int round)
{
	for (unsigned int i = 0; i < CGROUPS; i++) {
		struct ev_memcg_counts *counts = &m->ev.memcg_counts;
		struct ev_memcg_stat *stat = &m->ev.memcg_stat;

		event_init(&m->ev, EV_MEMCG_COUNTS, ts);
		counts->id = FIRST_CGROUP + i;
		counts->faults = 1000ull * round;
		counts->forks = 2ull * round;
		counts->exits = 2ull * round;
		put(m);
		event_init(&m->ev, EV_MEMCG_STAT, ts);
		stat->id = FIRST_CGROUP + i;
		stat->found = 1;
		stat->usage = (500 + i + round % 1000) * 65536ull;
		stat->limit = 512u << 20;
		stat->anon = stat->usage - (16u << 20);
		stat->file = 16u << 20;
		stat->inactive_file = 8u << 20;
		stat->pgfault = 1000ull * round;
		stat->pgmajfault = 0;
		stat->cpu_ns = round * (SECOND / 10);
		put(m);
	}
	event_init(&m->ev, EV_HOST, ts);
	m->ev.host.memory_total = 8ull << 30;
	m->ev.host.memory_available = 4ull << 30;
	m->ev.host.memory_free = 1ull << 30;
	m->ev.host.cpu_busy_ns = round * SECOND;
	m->ev.host.cpus = 2;
	put(m);
	event_init(&m->ev, EV_HEALTH, ts);
	m->ev.health.cpu_ns = round * (SECOND / 100);
	m->ev.health.rss = 16u << 20;
	put(m);
	put_mark(m, ts);
}

/* One second of the node's life, snapshot first. */
static void put_second(struct maker *m, unsigned int round)
{
	uint64_t ts = BEGIN + (round + 1) * SECOND;

	put_clock(m, ts);
	for (unsigned int i = 0; i < PROCESSES; i++)
		put_task(m, ts, i, round);
	event_init(&m->ev, EV_TASKS_END, ts);
	m->ev.tasks_end.count = PROCESSES;
	m->ev.tasks_end.taken_ns = 2000000;
	put(m);
	for (unsigned int i = 0; i < CGROUPS; i++)
		put_memcg(m, ts, i, round);
	event_init(&m->ev, EV_MEMCGS_END, ts);
	m->ev.memcgs_end.count = CGROUPS;
	put(m);
	put_mark(m, ts);
	if (round % REPORT == 0)
		put_answers(m, ts, round);
	for (unsigned int i = 0; i < SHORT_LIVED; i++) {
		put_short(m, ts + (i + 1) * (SECOND / (SHORT_LIVED + 2)));
		if (i % (SHORT_LIVED / MARKS) == 0)
			put_mark(m, ts + (i + 1) * (SECOND / (SHORT_LIVED + 2)));
	}
}

int main(int argc, char **argv)
{
	struct maker *m;
	unsigned int round = 0;
	unsigned long wanted;
	int ret;

	wanted = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	if (!wanted) {
		fprintf(stderr, "usage: mkevents FILE EVENTS\n");
		return 2;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return 1;
	ret = eventlog_writer_open(&m->log, argv[1]);
	if (ret) {
		fprintf(stderr, "mkevents: %s: %s\n", argv[1], strerror(-ret));
		free(m);
		return 1;
	}
	put_start(m);
	event_init(&m->ev, EV_READY, BEGIN);
	put(m);
	put_cgroups(m);
	for (; m->written < wanted; round++)
		put_second(m, round);
	event_init(&m->ev, EV_STOP, BEGIN + (round + 1) * SECOND);
	strcpy(m->ev.stop.why, "end");
	put(m);
	ret = eventlog_writer_close(m->log);
	if (ret)
		fprintf(stderr, "mkevents: %s: %s\n", argv[1], strerror(-ret));
	else
		printf("{\"events\":%lu}\n", m->written);
	free(m);
	return ret ? 1 : 0;
}
