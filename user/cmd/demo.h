/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demo.h - the parts of `memwitness demo`: a cgroup of its own, a small prefork service that goes
 * wrong in it, and the story that the records tell of it.
 */
#ifndef MW_CMD_DEMO_H
#define MW_CMD_DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define DEMO_LIMIT (64ull << 20)

/* Names (comm) of the service's processes; the story finds them by these. */
#define DEMO_MASTER   "demo-master"
#define DEMO_LEAKER   "demo-leaker"
#define DEMO_HANGER   "demo-hanger"
#define DEMO_RECYCLER "demo-recycler"
#define DEMO_HEALTHY  "demo-healthy"

/* ---- demo_cgroup.c ---- */

struct demo_cgroup {
	char name[64];   /* last component of the path */
	char path[1024]; /* directory; "" while there is none */
};

/*
 * Make a memory cgroup with a limit of DEMO_LIMIT, swap included where it is counted. 0, or -errno
 * after a message and with nothing left behind.
 */
int demo_cgroup_make(struct demo_cgroup *c);

/* Move the calling process into it. 0 or -errno. */
int demo_cgroup_enter(const struct demo_cgroup *c);

/* Kill what is left inside and remove it; a message when that fails. Safe to call twice. */
void demo_cgroup_remove(struct demo_cgroup *c);

/* ---- demo_service.c ---- */

struct demo_service {
	pid_t master; /* 0: not running */
	void *board;  /* memory shared with it */
};

/*
 * Start the master in its own process group, in the cgroup. It dies with the calling process. 0 or
 * -errno after a message.
 */
int demo_service_start(struct demo_service *s, const struct demo_cgroup *c);

/* Ask it to end, wait for at most two seconds, then kill it. Safe to call twice. */
void demo_service_stop(struct demo_service *s);

/* ---- demo_story.c ---- */

struct demo_outcome {
	unsigned int oom_kills;        /* records of OOM kills of the leaker */
	unsigned int parent_kills;     /* exits of the hanger that were put down to its master */
	unsigned int recycled;         /* clean exits of the recycler before the end */
	unsigned int init_alive_kills; /* OOM kills that the container's init survived */
};

/*
 * Tell the records in f about the demo's cgroup in plain words, oldest first. ended_real:
 * CLOCK_REALTIME when the service was told to end; clean exits from then on are only counted.
 * 0, or -errno when the records cannot be read.
 */
int demo_story_tell(FILE *out, FILE *f, const struct demo_cgroup *c, uint64_t ended_real,
		    struct demo_outcome *outcome);

#endif
