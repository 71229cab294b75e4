/* SPDX-License-Identifier: Apache-2.0 */
/* gfp_probe.c - which bit is which allocation flag on the running kernel, by its BTF. */
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#include "in/gfp.h"

/* The enumerators that the kernel numbers its bits by are ___GFP_<name>_BIT. */
static const char *const flag_names[GFP_F_COUNT] = {
	[GFP_F_DMA] = "DMA",
	[GFP_F_HIGHMEM] = "HIGHMEM",
	[GFP_F_DMA32] = "DMA32",
	[GFP_F_MOVABLE] = "MOVABLE",
	[GFP_F_RECLAIMABLE] = "RECLAIMABLE",
	[GFP_F_HIGH] = "HIGH",
	[GFP_F_IO] = "IO",
	[GFP_F_FS] = "FS",
	[GFP_F_ZERO] = "ZERO",
	[GFP_F_ATOMIC] = "ATOMIC",
	[GFP_F_DIRECT_RECLAIM] = "DIRECT_RECLAIM",
	[GFP_F_KSWAPD_RECLAIM] = "KSWAPD_RECLAIM",
	[GFP_F_WRITE] = "WRITE",
	[GFP_F_NOWARN] = "NOWARN",
	[GFP_F_RETRY_MAYFAIL] = "RETRY_MAYFAIL",
	[GFP_F_NOFAIL] = "NOFAIL",
	[GFP_F_NORETRY] = "NORETRY",
	[GFP_F_MEMALLOC] = "MEMALLOC",
	[GFP_F_COMP] = "COMP",
	[GFP_F_NOMEMALLOC] = "NOMEMALLOC",
	[GFP_F_HARDWALL] = "HARDWALL",
	[GFP_F_THISNODE] = "THISNODE",
	[GFP_F_ACCOUNT] = "ACCOUNT",
};

static void take_enumerator(struct gfp_names *names, const char *name, uint32_t bit)
{
	char wanted[48];

	for (int flag = 0; flag < GFP_F_COUNT; flag++) {
		snprintf(wanted, sizeof(wanted), "___GFP_%s_BIT", flag_names[flag]);
		if (!strcmp(name, wanted) && bit < 32)
			names->mask[flag] = 1u << bit;
	}
}

/* The unnamed enum whose first member is ___GFP_DMA_BIT, or NULL. */
static const struct btf_type *find_enum(const struct btf *btf)
{
	uint32_t n = btf__type_cnt(btf);

	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *first;

		if (!btf_is_enum(t) || t->name_off || !btf_vlen(t))
			continue;
		first = btf__name_by_offset(btf, btf_enum(t)[0].name_off);
		if (first && !strcmp(first, "___GFP_DMA_BIT"))
			return t;
	}
	return NULL;
}

void gfp_names_probe(struct gfp_names *names, const struct btf *btf)
{
	const struct btf_type *t = btf ? find_enum(btf) : NULL;

	if (!t) {
		gfp_names_plain(names);
		return;
	}
	memset(names, 0, sizeof(*names));
	for (uint32_t i = 0; i < btf_vlen(t); i++)
		take_enumerator(names, btf__name_by_offset(btf, btf_enum(t)[i].name_off),
				(uint32_t)btf_enum(t)[i].val);
}
