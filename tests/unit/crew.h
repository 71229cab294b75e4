/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - a parent in a docker container and the children that it keeps, on top of the harness of
 * a core: each call is what a kernel would tell of it.
 */
#ifndef MW_TESTS_CREW_H
#define MW_TESTS_CREW_H

#include <signal.h>

#include "core_harness.h"

#define CREW_MAX 256
#define CREW_PID 20 /* of the parent; the children's are 1000 and on */

struct crew {
	struct harness *h;
	struct ev_who parent;
	struct ev_who kids[CREW_MAX]; /* that live */
	uint32_t n;
	uint32_t next_pid;
};

/* All that happened so far is read, but nothing is looked at. */
static inline void crew_read(struct crew *c)
{
	h_mark(c->h);
}

/* A snapshot: who is missing from it has ended. */
static inline void crew_look(struct crew *c)
{
	h_task(c->h, c->parent, 2, 30 << 20);
	for (uint32_t i = 0; i < c->n; i++)
		h_task(c->h, c->kids[i], c->parent.pid, 80 << 20);
	h_tasks_end(c->h, 1);
	h_mark(c->h);
}

/* Time passes, with a look each second. */
static inline void crew_live(struct crew *c, uint64_t seconds)
{
	while (seconds--) {
		h_pass(c->h, NSEC_PER_SEC);
		crew_look(c);
	}
}

/* The same in one leap: for hours in which nothing happens. */
static inline void crew_leap(struct crew *c, uint64_t seconds)
{
	h_pass(c->h, seconds * NSEC_PER_SEC);
	crew_look(c);
}

/* The interval's reports are due. */
static inline void crew_report(struct crew *c)
{
	h_pass(c->h, 60 * NSEC_PER_SEC);
	h_clock(c->h);
	h_mark(c->h);
	h_health(c->h, 0);
	h_mark(c->h);
}

static inline void crew_open_with(struct crew *c, uint64_t max_processes, const char *comm,
				  const char *args)
{
	struct ev_start start = h_start();

	memset(c, 0, sizeof(*c));
	start.max_processes = max_processes;
	start.all_exits = 0;
	start.restart_warning = 5;
	start.restart_critical = 20;
	c->h = h_open(&start);
	h_ready(c->h);
	h_scan(c->h, H_ROOT, 0, "/");
	h_scan(c->h, 5, H_ROOT, "/docker");
	h_scan(c->h, 10, 5, H_DOCKER);
	h_memcgs_end(c->h);
	c->parent = h_who(CREW_PID, 10, comm);
	c->next_pid = 1000;
	h_task(c->h, c->parent, 2, 30 << 20);
	h_exec(c->h, c->parent, "/usr/bin/x", args);
	crew_look(c);
}

static inline void crew_open(struct crew *c)
{
	crew_open_with(c, 256, "boss", "/usr/bin/boss --serve");
}

/* A child of the parent's, now. Returns its index among those that live. */
static inline uint32_t crew_fork(struct crew *c, const char *comm)
{
	struct ev_who kid = h_who(c->next_pid++, 10, comm);

	assert_true(c->n < CREW_MAX);
	kid.start = c->h->now;
	h_fork(c->h, kid, c->parent);
	c->kids[c->n] = kid;
	return c->n++;
}

static inline uint32_t crew_run(struct crew *c, const char *comm, const char *args)
{
	uint32_t i = crew_fork(c, comm);

	h_pass(c->h, H_MS);
	h_exec(c->h, c->kids[i], comm, args);
	return i;
}

/* The i-th leaves, and those behind it move up. */
static inline struct ev_who crew_drop(struct crew *c, uint32_t i)
{
	struct ev_who kid = c->kids[i];

	assert_true(i < c->n);
	c->n--;
	memmove(c->kids + i, c->kids + i + 1, (c->n - i) * sizeof(kid));
	return kid;
}

static inline void crew_exit(struct crew *c, uint32_t i, uint32_t status)
{
	h_exit(c->h, crew_drop(c, i), status);
}

/* The parent sends it the signal that ends it, a moment before. */
static inline void crew_kill(struct crew *c, uint32_t i, int sig, uint32_t status)
{
	h_signal(c->h, c->parent, c->kids[i], sig);
	h_pass(c->h, H_MS);
	crew_exit(c, i, status);
}

/* The kernel's OOM killer, which fentry saw. */
static inline void crew_oom(struct crew *c, uint32_t i)
{
	h_oom_event(c->h, c->kids[i], c->kids[i], c->h->now);
	h_step(c->h);
	h_kernel_kill(c->h, c->kids[i], c->kids[i]);
	h_exit_event(c->h, crew_drop(c, i), H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(c->h);
}

/* `n` forked children, that are there for a while. */
static inline void crew_hire(struct crew *c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		crew_fork(c, c->parent.comm);
	crew_live(c, 4);
}

/* The i-th lives for so long from now on, ends so, and is followed a moment later. */
static inline void crew_turn(struct crew *c, uint32_t i, uint64_t seconds, uint32_t status)
{
	crew_live(c, seconds);
	crew_exit(c, i, status);
	h_pass(c->h, 100 * H_MS);
	crew_fork(c, c->parent.comm);
	crew_live(c, 1);
}

/* The nth (from 0) family of the parent's children, in order of their first child; or NULL. */
static inline const struct workers *crew_family(const struct crew *c, uint32_t nth)
{
	const struct core *core = c->h->core;

	for (uint32_t i = 1; i < core->workers_pool.fresh; i++) {
		const struct workers *w = &core->workers[i];

		if (w->parent_pid == c->parent.pid && w->parent_start == c->parent.start && !nth--)
			return w;
	}
	return NULL;
}

static inline void crew_close(struct crew *c)
{
	h_close(c->h);
}

#endif
