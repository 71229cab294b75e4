/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - how a memory cgroup got to where it is: its anon memory and its usage at even
 * intervals, in a fixed place.
 *
 * It begins as fine as the readings are; when all points are taken, two become one and the
 * interval doubles, until it is HISTORY_INTERVAL; from then on the oldest goes.
 */
#ifndef MW_CORE_HISTORY_H
#define MW_CORE_HISTORY_H

#include <stdint.h>

#define HISTORY_POINTS   60
#define HISTORY_INTERVAL 5000000000ull /* ns, never exceeded by doubling: 4 s from ticks of 1 s */

/* Points are in units of 4 KiB, so that 32 bits hold 16 TiB. */
struct history {
	uint64_t interval; /* ns; 0: no point yet */
	uint64_t slot;     /* of the newest point: its time by the interval */
	uint32_t n;
	uint32_t anon[HISTORY_POINTS]; /* oldest first */
	uint32_t usage[HISTORY_POINTS];
};

/*
 * Note readings at ts (CLOCK_BOOTTIME; not before the newest, which would be left aside): bytes,
 * U64_UNKNOWN for what was not read. step: the interval to begin with, ns. A later reading within
 * one point takes the place of the earlier one.
 */
void history_note(struct history *h, uint64_t ts, uint64_t step, uint64_t anon, uint64_t usage);

/* A point in bytes, or U64_UNKNOWN; i from 0, the oldest, to n - 1. */
uint64_t history_anon(const struct history *h, uint32_t i);
uint64_t history_usage(const struct history *h, uint32_t i);

#endif
