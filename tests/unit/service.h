/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - a container (10, in slice 5) of a master and three workers, and how they are killed,
 * on top of core_harness.h.
 */
#ifndef MW_TESTS_SERVICE_H
#define MW_TESTS_SERVICE_H

#include "core_harness.h"

#define MB          (1024ll * 1024)
#define MASTER      h_who(150, 10, "master")
#define WORKER      WORKER_N(0)
#define WORKER_N(n) h_who(200 + (n), 10, "worker")
#define WORKERS     3

static inline struct harness *open_service(void)
{
	struct harness *h = h_open_docker();

	h_fork(h, MASTER, h_who(1, 1, "init"));
	for (uint32_t i = 0; i < WORKERS; i++)
		h_fork(h, WORKER_N(i), MASTER);
	h_mark(h);
	h_forget(h);
	return h;
}

/* A kill by a decision of its own. */
static inline void kill_one(struct harness *h, struct ev_who victim, struct ev_who trigger)
{
	h_oom_event(h, victim, trigger, h->now);
	h_step(h);
	h_mark(h);
}

/* memory.oom.group as the kernel does it: the chosen one, then all members, the chosen one too. */
static inline void kill_group(struct harness *h, struct ev_who trigger)
{
	const struct ev_who members[] = {WORKER, MASTER, WORKER_N(1), WORKER_N(2)};
	uint64_t decision = h->now;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct ev_oom *ev;

		h_kernel_kill(h, trigger, members[i]);
		ev = h_oom_event(h, members[i], trigger, decision);
		ev->levels[0].oom_group = 1;
		ev->nth = i + 1;
		h_step(h);
		if (i == 0)
			h_kernel_kill(h, trigger, members[0]);
	}
	h_mark(h);
}

/* The newest record of a kill. */
static inline const struct rec_oom_kill *last_kill(const struct harness *h)
{
	return &h_find(h, RECORD_OOM_KILL, h_count(h, RECORD_OOM_KILL) - 1)->oom;
}

#endif
