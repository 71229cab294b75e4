/* SPDX-License-Identifier: Apache-2.0 */
/* gfp.c - see gfp.h. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "in/gfp.h"

#define F(flag)      (1u << GFP_F_##flag)

#define RECLAIM      (F(DIRECT_RECLAIM) | F(KSWAPD_RECLAIM))
#define KERNEL       (RECLAIM | F(IO) | F(FS))
#define USER         (KERNEL | F(HARDWALL))
#define HIGHUSER     (USER | F(HIGHMEM))
#define MOVABLE_USER (HIGHUSER | F(MOVABLE))
#define HUGE_LIGHT   ((MOVABLE_USER | F(COMP) | F(NOMEMALLOC) | F(NOWARN)) & ~RECLAIM)

/* In the order in which the kernel looks for them; what is found is taken out of the mask. */
static const struct {
	const char *name;
	uint32_t flags; /* bits by enum gfp_flag */
} table[] = {
	{"GFP_TRANSHUGE", HUGE_LIGHT | F(DIRECT_RECLAIM)},
	{"GFP_TRANSHUGE_LIGHT", HUGE_LIGHT},
	{"GFP_HIGHUSER_MOVABLE", MOVABLE_USER},
	{"GFP_HIGHUSER", HIGHUSER},
	{"GFP_USER", USER},
	{"GFP_KERNEL_ACCOUNT", KERNEL | F(ACCOUNT)},
	{"GFP_KERNEL", KERNEL},
	{"GFP_NOFS", RECLAIM | F(IO)},
	{"GFP_NOIO", RECLAIM},
	{"GFP_DMA", F(DMA)},
	{"__GFP_HIGHMEM", F(HIGHMEM)},
	{"GFP_DMA32", F(DMA32)},
	{"__GFP_HIGH", F(HIGH)},
	{"__GFP_ATOMIC", F(ATOMIC)},
	{"__GFP_IO", F(IO)},
	{"__GFP_FS", F(FS)},
	{"__GFP_NOWARN", F(NOWARN)},
	{"__GFP_RETRY_MAYFAIL", F(RETRY_MAYFAIL)},
	{"__GFP_NOFAIL", F(NOFAIL)},
	{"__GFP_NORETRY", F(NORETRY)},
	{"__GFP_COMP", F(COMP)},
	{"__GFP_ZERO", F(ZERO)},
	{"__GFP_NOMEMALLOC", F(NOMEMALLOC)},
	{"__GFP_MEMALLOC", F(MEMALLOC)},
	{"__GFP_HARDWALL", F(HARDWALL)},
	{"__GFP_THISNODE", F(THISNODE)},
	{"__GFP_RECLAIMABLE", F(RECLAIMABLE)},
	{"__GFP_MOVABLE", F(MOVABLE)},
	{"__GFP_ACCOUNT", F(ACCOUNT)},
	{"__GFP_WRITE", F(WRITE)},
	{"__GFP_DIRECT_RECLAIM", F(DIRECT_RECLAIM)},
	{"__GFP_KSWAPD_RECLAIM", F(KSWAPD_RECLAIM)},
};

void gfp_names_plain(struct gfp_names *names)
{
	for (int flag = 0; flag < GFP_F_COUNT; flag++)
		names->mask[flag] = 1u << flag;
}

/* The bits that this kernel has for a set of flags; 0 when it lacks one of them. */
static uint32_t mask_of(const struct gfp_names *names, uint32_t flags)
{
	uint32_t mask = 0;

	for (int flag = 0; flag < GFP_F_COUNT; flag++) {
		if (!(flags & 1u << flag))
			continue;
		if (!names->mask[flag])
			return 0;
		mask |= names->mask[flag];
	}
	return mask;
}

static void append(char *dst, size_t size, size_t *len, const char *text)
{
	int n = snprintf(dst + *len, size - *len, "%s%s", *len ? "|" : "", text);

	*len = (size_t)n < size - *len ? *len + (size_t)n : size - 1;
}

void gfp_text(const struct gfp_names *names, uint32_t gfp, char *dst, size_t size)
{
	char rest[16];
	size_t len = 0;

	dst[0] = '\0';
	if (!gfp)
		append(dst, size, &len, "none");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		uint32_t mask = mask_of(names, table[i].flags);

		if (!mask || (gfp & mask) != mask)
			continue;
		append(dst, size, &len, table[i].name);
		gfp &= ~mask;
	}
	if (!gfp)
		return;
	snprintf(rest, sizeof(rest), "0x%x", gfp);
	append(dst, size, &len, rest);
}
