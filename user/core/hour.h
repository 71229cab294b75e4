/* SPDX-License-Identifier: Apache-2.0 */
/* hour.h - exits by cause over the last hour, in buckets of a minute. */
#ifndef MW_CORE_HOUR_H
#define MW_CORE_HOUR_H

#include "core/record.h"

#define HOUR_MINUTES 60
#define HOUR_NS      (3600ull * 1000000000ull)

struct hour {
	uint64_t minute; /* number of the newest bucket since boot */
	uint16_t causes[HOUR_MINUTES][CAUSE_COUNT];
	uint16_t planned[HOUR_MINUTES];
	uint16_t forced[HOUR_MINUTES];
};

struct hour_sum {
	uint64_t total, planned;
	uint64_t forced; /* killed by the parent, and not because it was time to leave */
	uint64_t causes[CAUSE_COUNT];
};

/* One exit at ts (ns since boot). One that is more than an hour old is left out. */
void hour_add(struct hour *h, uint64_t ts, enum exit_cause cause, bool planned);

/* What the last `minutes` (1..60) before now hold, the current one included. */
void hour_sum(const struct hour *h, uint64_t now, uint32_t minutes, struct hour_sum *out);

#endif
