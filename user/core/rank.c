/* SPDX-License-Identifier: Apache-2.0 */
/* rank.c - the few biggest of many, in one pass. */
#include "core/state.h"

size_t rank_insert(const struct core *core, uint32_t *best, size_t n, size_t max, uint32_t item,
		   uint64_t (*size)(const struct core *core, uint32_t item))
{
	uint64_t own = size(core, item);
	size_t at = n;

	while (at > 0 && size(core, best[at - 1]) < own)
		at--;
	if (at == max)
		return n;
	if (n < max)
		n++;
	for (size_t k = n - 1; k > at; k--)
		best[k] = best[k - 1];
	best[at] = item;
	return n;
}
