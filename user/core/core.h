/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core.h - the door of the core: events in, records and requests out.
 *
 * The core is a pure function of its event stream: it reads no clock, opens no file, allocates
 * nothing beyond the memory it was given, and has no global state. What it wants to know it asks
 * for by a request; the answer arrives as an event and is in the event log. So a recorded stream,
 * replayed, gives the same records byte for byte.
 *
 * Events may arrive out of order between two marks (EV_MARK): the core holds them in a bounded
 * window and takes them in order of their time once the mark says that nothing earlier is coming.
 */
#ifndef MW_CORE_CORE_H
#define MW_CORE_CORE_H

#include "core/event.h"
#include "core/record.h"

struct core;

enum request_type {
	REQUEST_PROC_INFO = 1,  /* /proc of (pid, start): answered by EV_PROC_INFO */
	REQUEST_MEMCG_STAT = 2, /* files of a memory cgroup: answered by EV_MEMCG_STAT */
	REQUEST_MEMCG_COUNTS =
		3,          /* our counters of one cgroup (or of all: id 0): EV_MEMCG_COUNTS each */
	REQUEST_HOST = 4,   /* host-wide files: answered by EV_HOST */
	REQUEST_HEALTH = 5, /* EV_RESOURCE and EV_PROGRAM each, then EV_HEALTH */
	REQUEST_IDENTITY = 6,    /* runtime files of a container: answered by EV_IDENTITY */
	REQUEST_MEMCG = 8,       /* page counters of one, where no iterator reads all: EV_MEMCG */
	REQUEST_FORGET = 7,      /* a memory cgroup is gone for good: its counter slot is free */
	REQUEST_MEMCG_WATCH = 9, /* memory.stat and pressure of one: answered by EV_MEMCG_WATCH */
};

struct request {
	enum request_type type;
	uint32_t pid;       /* PROC_INFO */
	uint64_t start;     /* PROC_INFO */
	uint64_t cgroup_id; /* MEMCG_STAT, MEMCG_WATCH, MEMCG, IDENTITY, FORGET */
	const char *path;   /* the same but FORGET: from the root of the memory hierarchy */
};

/* What the core calls. Both may be called many times in one core_step; neither may call back. */
struct core_ops {
	void (*emit)(void *ctx, const struct record *record);
	void (*request)(void *ctx, const struct request *request);
};

/* Bytes of memory that a core for this start event needs (its max_processes, max_containers). */
size_t core_size(const struct ev_start *start);

/*
 * Build a core inside mem (core_size() bytes, zeroed, aligned to 16). ops and ctx must outlive it.
 * There is nothing to destroy. The first event must be the same EV_START.
 */
struct core *core_init(void *mem, const struct ev_start *start, const struct core_ops *ops,
		       void *ctx);

/* Take one event. Never fails: what makes no sense is counted and left aside. */
void core_step(struct core *core, const union event *event);

#endif
