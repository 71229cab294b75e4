/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.h - worker pools: a parent and the children that it keeps in a role, found by what they
 * do. A parent keeps about so many children alike (forked without an exec, or executed with the
 * same command line) and puts another one in the place of one that leaves.
 *
 * Every such family of children is followed from its first child on, in a table of fixed size; it
 * is a pool once one was replaced and nothing speaks against it (workers_is_pool()).
 */
#ifndef MW_CORE_WORKERS_H
#define MW_CORE_WORKERS_H

#include <stdbool.h>
#include <stdint.h>
#include "core/hour.h"
#include "core/spread.h"

#define WORKERS_PENDING 64 /* exits that wait for a replacement, births that have no exit yet */
#define WORKERS_RECENT  32

/* One exit of a child. */
struct worker_exit {
	uint64_t ts;
	uint64_t lifetime; /* ns */
	uint64_t peak_rss; /* bytes or U64_UNKNOWN */
	enum exit_cause cause;
	uint32_t code;   /* of an exit by code, UINT32_MAX of a signal */
	uint32_t signal; /* that ended it, 0 */
	bool planned;    /* it ended well, or as its supervisor wanted it to */
	bool told;       /* its parent had sent it a signal */
	bool successor;  /* it had taken the place of another one */
};

/* A birth that followed no exit. */
struct surplus {
	uint64_t ts;
	bool excess; /* it was one more than the size */
};

struct workers {
	uint32_t parent_pid; /* 0: free */
	uint64_t number;     /* of all families that ever were: an entry is used again */
	uint64_t parent_start;
	uint64_t key;           /* of the children among those of one parent */
	uint64_t container_key; /* cgroup id of the container that the children live in */
	bool forked;            /* they run what their parent runs */
	bool scanned;           /* only children that were there before the agent */
	bool ended;             /* the parent is gone */
	bool parent_oom;        /* and was OOM-killed */
	bool known;             /* it was reported as a pool */
	bool shell;             /* the parent is one: its loops are nobody's pool */
	const char *role;       /* of a child, by the table; NULL: not known */
	char comm[EV_COMM];     /* of a child */
	char parent_comm[EV_COMM];

	uint32_t alive;
	uint32_t births;
	uint32_t steady;           /* ticks without a change */
	uint32_t size;             /* as many as were alive for a while */
	uint32_t moves;            /* births and exits, ever */
	uint32_t last_moves;       /* at the tick before */
	uint32_t ticks, inhabited; /* since its first child, and those at which any was alive */
	uint32_t most;             /* alive at once */
	uint32_t held;             /* ticks at which `size` were alive */
	uint32_t short_held;       /* ticks with fewer, or more */
	uint32_t unreplaced;       /* exits that nobody followed */
	uint32_t excess;           /* births above the size */

	struct worker_exit pending[WORKERS_PENDING]; /* oldest first */
	uint32_t n_pending;
	struct surplus surplus[WORKERS_PENDING]; /* oldest first */
	uint32_t n_surplus;
	uint64_t short_ns;    /* with fewer alive than before, as far as it is over */
	uint64_t short_until; /* until then that is counted */

	struct exit_totals restarts; /* since the agent's start */
	uint64_t planned;            /* of them */
	uint64_t told;               /* of these, by a signal of the parent's: a reload */
	uint64_t hidden_oom;         /* OOM kills of them that left the container's init alive */
	struct hour hour;
	struct spread lifetime, respawn, peak; /* ns, ns, bytes */
	struct worker_exit recent[WORKERS_RECENT];
	uint32_t n_recent;    /* ever */
	uint32_t early;       /* in a row: ended badly within seconds of their birth */
	uint64_t early_life;  /* ns, the longest of them */
	uint32_t early_code;  /* of the last one, UINT32_MAX: it was a signal */
	uint32_t failed_code; /* of the last one that failed */
	uint64_t storm;       /* when a respawn storm was seen last, 0: never */
};

#endif
