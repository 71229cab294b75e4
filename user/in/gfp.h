/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gfp.h - the flags of a memory allocation by name, as the kernel's own log prints them.
 *
 * Which bit is which differs between kernels. From 6.10 on ("mm: turn ___GFP_* bits into an enum")
 * BTF has the numbers; the kernels before that, from 5.10 on, share one numbering of the bits
 * below 23 (include/linux/gfp.h), and those above have no name here.
 */
#ifndef MW_IN_GFP_H
#define MW_IN_GFP_H

#include <stddef.h>
#include <stdint.h>

struct btf;

enum gfp_flag {
	GFP_F_DMA,
	GFP_F_HIGHMEM,
	GFP_F_DMA32,
	GFP_F_MOVABLE,
	GFP_F_RECLAIMABLE,
	GFP_F_HIGH,
	GFP_F_IO,
	GFP_F_FS,
	GFP_F_ZERO,
	GFP_F_ATOMIC, /* to 6.2 */
	GFP_F_DIRECT_RECLAIM,
	GFP_F_KSWAPD_RECLAIM,
	GFP_F_WRITE,
	GFP_F_NOWARN,
	GFP_F_RETRY_MAYFAIL,
	GFP_F_NOFAIL,
	GFP_F_NORETRY,
	GFP_F_MEMALLOC,
	GFP_F_COMP,
	GFP_F_NOMEMALLOC,
	GFP_F_HARDWALL,
	GFP_F_THISNODE,
	GFP_F_ACCOUNT,
	GFP_F_COUNT,
};

/* The mask of each flag on one kernel; 0: it has no such flag. */
struct gfp_names {
	uint32_t mask[GFP_F_COUNT];
};

/* The numbering of the kernels without the enum. */
void gfp_names_plain(struct gfp_names *names);

/* The running kernel's: by BTF (NULL: none is there), else the plain one. */
void gfp_names_probe(struct gfp_names *names, const struct btf *btf);

/*
 * The names of a mask, joined by '|', into dst (size bytes, at least 1; cut at its end). Whole sets
 * go first (GFP_KERNEL), as in __def_gfpflag_names (include/trace/events/mmflags.h); kernels after
 * 6.12 print the single flags in another order, under the same names. Bits without a name are
 * hexadecimal at the end; "none" for 0.
 */
void gfp_text(const struct gfp_names *names, uint32_t gfp, char *dst, size_t size);

#endif
