/* SPDX-License-Identifier: Apache-2.0 */
/* hour.c - see hour.h. */
#include <string.h>
#include "core/hour.h"

#define MINUTE_NS (60ull * 1000000000ull)

/* Buckets that time has passed over are empty again. */
static void advance(struct hour *h, uint64_t minute)
{
	uint64_t steps = minute - h->minute;

	for (uint64_t i = 1; i <= steps && i <= HOUR_MINUTES; i++) {
		uint32_t at = (uint32_t)((h->minute + i) % HOUR_MINUTES);

		memset(h->causes[at], 0, sizeof(h->causes[at]));
		h->planned[at] = h->forced[at] = 0;
	}
	h->minute = minute;
}

static void count(uint16_t *n)
{
	if (*n < UINT16_MAX)
		(*n)++;
}

void hour_add(struct hour *h, uint64_t ts, enum exit_cause cause, bool planned)
{
	uint64_t minute = ts / MINUTE_NS;
	uint32_t at = (uint32_t)(minute % HOUR_MINUTES);

	if (minute > h->minute)
		advance(h, minute);
	if (minute + HOUR_MINUTES <= h->minute)
		return;
	count(&h->causes[at][cause]);
	if (planned)
		count(&h->planned[at]);
	else if (cause == CAUSE_KILLED_BY_PARENT)
		count(&h->forced[at]);
}

void hour_sum(const struct hour *h, uint64_t now, uint32_t minutes, struct hour_sum *out)
{
	uint64_t newest = now / MINUTE_NS;

	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < minutes && i <= newest; i++) {
		uint64_t minute = newest - i;
		uint32_t at = (uint32_t)(minute % HOUR_MINUTES);

		/* Newer than what was ever written, or written over since. */
		if (minute > h->minute || minute + HOUR_MINUTES <= h->minute)
			continue;
		for (int k = 0; k < CAUSE_COUNT; k++) {
			out->causes[k] += h->causes[at][k];
			out->total += h->causes[at][k];
		}
		out->planned += h->planned[at];
		out->forced += h->forced[at];
	}
}
