/* SPDX-License-Identifier: Apache-2.0 */
/* spread.c - see spread.h. */
#include <string.h>
#include "core/event.h"
#include "core/spread.h"

void spread_add(struct spread *s, uint64_t value)
{
	s->values[s->n++ % SPREAD_MAX] = value;
}

uint64_t spread_latest(const struct spread *s)
{
	return s->n ? s->values[(s->n - 1) % SPREAD_MAX] : U64_UNKNOWN;
}

uint64_t spread_quantile(const struct spread *s, uint32_t percent)
{
	uint32_t n = s->n < SPREAD_MAX ? s->n : SPREAD_MAX;
	uint64_t sorted[SPREAD_MAX] = {0};

	if (!n)
		return U64_UNKNOWN;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i;

		for (; at > 0 && sorted[at - 1] > s->values[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = s->values[i];
	}
	return sorted[(n * percent + 99) / 100 - 1];
}
