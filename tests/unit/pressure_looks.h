/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pressure_looks.h - a container that is looked at once a second: an answer about memory.stat and
 * a reading of its counters, for the tests of memory pressure.
 */
#ifndef MW_TESTS_PRESSURE_LOOKS_H
#define MW_TESTS_PRESSURE_LOOKS_H

#include "core_harness.h"

#define MB    1048576ull
#define LIMIT (100 * MB)

struct look {
	uint64_t usage, file, limit, high;
	uint64_t max_events, high_events, refaults, full;
	uint64_t swap_usage, swap_max;
};

/* At its limit, nothing to reclaim, nothing more yet. */
static const struct look full_look = {
	.usage = LIMIT, .limit = LIMIT, .high = U64_UNLIMITED, .swap_max = U64_UNLIMITED};

static inline void look_at(struct harness *h, uint64_t id, const struct look *l)
{
	struct ev_memcg_watch *w = h_watch_event(h, id, l->usage - l->file);
	struct ev_memcg *m;

	w->split.file = l->file;
	w->split.inactive_file = l->file / 4;
	w->split.active_file = l->file - l->file / 4;
	w->refaults = l->refaults;
	w->psi_full_avg10 = l->full;
	h_step(h);
	m = h_memcg_event(h, id, (int64_t)l->usage, l->limit);
	m->level.high = l->high;
	m->level.events_max = l->max_events;
	m->level.events_high = l->high_events;
	m->level.swap_usage = (int64_t)l->swap_usage;
	m->level.swap_max = l->swap_max;
	h_step(h);
	h_mark(h);
	h_pass(h, NSEC_PER_SEC);
}

static inline void look(struct harness *h, const struct look *l)
{
	look_at(h, 10, l);
}

/* n looks, at each of which the limit was reached once more. */
static inline void bad_looks(struct harness *h, struct look *l, int n)
{
	for (int i = 0; i < n; i++) {
		l->max_events++;
		look(h, l);
	}
}

static inline void good_looks(struct harness *h, struct look *l, int n)
{
	for (int i = 0; i < n; i++)
		look(h, l);
}

static inline struct harness *open_quiet(void)
{
	struct harness *h = h_open_docker();

	h_forget(h);
	return h;
}

static inline size_t findings(const struct harness *h)
{
	return h_count(h, RECORD_FINDING);
}

static inline const struct rec_finding *the_finding(const struct harness *h)
{
	return &h_the(h, RECORD_FINDING)->finding;
}

#endif
