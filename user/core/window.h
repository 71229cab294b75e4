/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h - the bounded reorder window: events wait here until a mark says that nothing earlier
 * is coming, and leave in order of their time (equal times: in order of arrival).
 */
#ifndef MW_CORE_WINDOW_H
#define MW_CORE_WINDOW_H

#include "core/event.h"
#include "core/index.h"

/* Pages that were never needed cost nothing: room for a snapshot of 16,000 processes. */
#define WINDOW_BYTES  (4u << 20)
#define WINDOW_EVENTS 16384u

struct window {
	unsigned char *slab;
	unsigned char *spare; /* compaction copies here and swaps */
	uint32_t *order;      /* offsets into the slab, sorted by time */
	uint32_t n, begin;
	size_t used;
	uint64_t released; /* time of the latest event that left */
	uint64_t late;     /* events that came behind it */
	uint64_t overflow; /* times that half had to leave without a mark */
	uint32_t peak;
};

void window_carve(struct window *w, struct carve *c);

/*
 * Put a copy of the event in. When there is no room, the older half leaves first, by take().
 */
void window_put(struct window *w, const union event *ev,
		void (*take)(void *ctx, const union event *ev), void *ctx);

/* Let everything with a time of at most `until` leave. */
void window_release(struct window *w, uint64_t until,
		    void (*take)(void *ctx, const union event *ev), void *ctx);

#endif
