/* SPDX-License-Identifier: Apache-2.0 */
/* window.c - see window.h. */
#include <string.h>
#include "core/window.h"

void window_carve(struct window *w, struct carve *c)
{
	w->slab = carve_take(c, WINDOW_BYTES, 1);
	w->spare = carve_take(c, WINDOW_BYTES, 1);
	w->order = carve_take(c, WINDOW_EVENTS, sizeof(uint32_t));
}

static const union event *at(const struct window *w, uint32_t i)
{
	return (const union event *)(const void *)(w->slab + w->order[i]);
}

/* Close the gap that departed events left in the order and in the slab. */
static void compact(struct window *w)
{
	uint32_t keep = w->n - w->begin;
	unsigned char *swap = w->slab;
	size_t used = 0;

	for (uint32_t i = 0; i < keep; i++) {
		const union event *ev = at(w, w->begin + i);
		size_t size = (ev->head.size + 15) & ~15u;

		memcpy(w->spare + used, ev, size);
		w->order[i] = used;
		used += size;
	}
	w->slab = w->spare;
	w->spare = swap;
	w->n = keep;
	w->begin = 0;
	w->used = used;
}

static void leave(struct window *w, void (*take)(void *ctx, const union event *ev), void *ctx)
{
	const union event *ev = at(w, w->begin++);

	if (ev->head.ts < w->released)
		w->late++;
	else
		w->released = ev->head.ts;
	take(ctx, ev);
}

void window_release(struct window *w, uint64_t until,
		    void (*take)(void *ctx, const union event *ev), void *ctx)
{
	while (w->begin < w->n && at(w, w->begin)->head.ts <= until)
		leave(w, take, ctx);
	compact(w);
}

void window_put(struct window *w, const union event *ev,
		void (*take)(void *ctx, const union event *ev), void *ctx)
{
	size_t size = (ev->head.size + 15) & ~15u;
	uint32_t i;

	if (w->n == WINDOW_EVENTS || w->used + size > WINDOW_BYTES) {
		uint32_t half = w->n / 2;

		w->overflow++;
		while (w->begin < half)
			leave(w, take, ctx);
		compact(w);
	}
	memcpy(w->slab + w->used, ev, ev->head.size);
	/* Nearly sorted input: the place is almost always at or close to the end. */
	for (i = w->n; i > 0 && at(w, i - 1)->head.ts > ev->head.ts; i--)
		w->order[i] = w->order[i - 1];
	w->order[i] = w->used;
	w->used += size;
	if (++w->n > w->peak)
		w->peak = w->n;
}
