/* SPDX-License-Identifier: Apache-2.0 */
/* spread.h - the latest values of something, and where most of them lie. */
#ifndef MW_CORE_SPREAD_H
#define MW_CORE_SPREAD_H

#include <stdint.h>

#define SPREAD_MAX 32 /* values that are kept */

struct spread {
	uint32_t n; /* ever */
	uint64_t values[SPREAD_MAX];
};

void spread_add(struct spread *s, uint64_t value);

/* The last one that was added, or U64_UNKNOWN. */
uint64_t spread_latest(const struct spread *s);

/*
 * The value that `percent` (1..100) of the kept ones do not exceed (nearest rank), or U64_UNKNOWN
 * when there is none.
 */
uint64_t spread_quantile(const struct spread *s, uint32_t percent);

#endif
