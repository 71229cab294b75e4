/* SPDX-License-Identifier: Apache-2.0 */
/* history.c - see history.h. */
#include <string.h>
#include "core/event.h"
#include "core/history.h"

#define UNIT    4096
#define NOTHING UINT32_MAX

static uint32_t to_point(uint64_t bytes)
{
	return bytes >= U64_UNLIMITED || bytes / UNIT >= NOTHING ? NOTHING
								 : (uint32_t)(bytes / UNIT);
}

static uint64_t to_bytes(uint32_t point)
{
	return point == NOTHING ? U64_UNKNOWN : (uint64_t)point * UNIT;
}

static uint32_t later_of(uint32_t early, uint32_t late)
{
	return late == NOTHING ? early : late;
}

/* Two become one: a pair is what has the same slot at twice the interval. */
static void coarsen(struct history *h)
{
	uint64_t first = (h->slot - (h->n - 1)) / 2, last = h->slot / 2;
	uint32_t n = (uint32_t)(last - first + 1);
	uint32_t anon[HISTORY_POINTS], usage[HISTORY_POINTS];

	memset(anon, 0xff, sizeof(anon));
	memset(usage, 0xff, sizeof(usage));
	for (uint32_t i = 0; i < h->n; i++) {
		uint32_t to = (uint32_t)((h->slot - (h->n - 1) + i) / 2 - first);

		anon[to] = later_of(anon[to], h->anon[i]);
		usage[to] = later_of(usage[to], h->usage[i]);
	}
	memcpy(h->anon, anon, sizeof(anon));
	memcpy(h->usage, usage, sizeof(usage));
	h->interval *= 2;
	h->slot = last;
	h->n = n;
}

/* Drop the oldest points, so that `more` fit. */
static void drop(struct history *h, uint64_t more)
{
	uint32_t keep = more >= HISTORY_POINTS ? 0 : HISTORY_POINTS - (uint32_t)more;

	if (h->n <= keep)
		return;
	memmove(h->anon, h->anon + (h->n - keep), keep * sizeof(h->anon[0]));
	memmove(h->usage, h->usage + (h->n - keep), keep * sizeof(h->usage[0]));
	h->n = keep;
}

static void add_point(struct history *h)
{
	h->anon[h->n] = h->usage[h->n] = NOTHING;
	h->n++;
}

/* The newest point becomes the one of ts. */
static void advance(struct history *h, uint64_t ts)
{
	uint64_t more;

	while (ts / h->interval - h->slot + h->n > HISTORY_POINTS &&
	       h->interval <= HISTORY_INTERVAL / 2)
		coarsen(h);
	more = ts / h->interval - h->slot;
	drop(h, more);
	if (more > HISTORY_POINTS)
		more = HISTORY_POINTS;
	for (uint64_t i = 0; i < more; i++)
		add_point(h);
	h->slot = ts / h->interval;
}

void history_note(struct history *h, uint64_t ts, uint64_t step, uint64_t anon, uint64_t usage)
{
	if (!h->interval) {
		h->interval = step ? step : HISTORY_INTERVAL;
		h->slot = ts / h->interval;
		add_point(h);
	} else if (ts / h->interval < h->slot) {
		return;
	} else if (ts / h->interval > h->slot) {
		advance(h, ts);
	}
	if (to_point(anon) != NOTHING)
		h->anon[h->n - 1] = to_point(anon);
	if (to_point(usage) != NOTHING)
		h->usage[h->n - 1] = to_point(usage);
}

uint64_t history_anon(const struct history *h, uint32_t i)
{
	return to_bytes(h->anon[i]);
}

uint64_t history_usage(const struct history *h, uint32_t i)
{
	return to_bytes(h->usage[i]);
}
