/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * vma.h - which mapping an address of current belongs to, read without a lock.
 *
 * bpf_find_vma() would be the plain way, but in the page-fault tracepoint interrupts are off, so it
 * defers its unlock to an interrupt of its own: 13 us a call on a virtual machine, measured, which
 * is eight faults. So the tree is walked here with reads that may fail. It can change meanwhile:
 * a wrong answer then costs one sample its kind, and the walk is bounded.
 */
#ifndef MW_VMA_H
#define MW_VMA_H

#include "compat.h"

#define MAPLE_DEPTH 8  /* four levels hold more mappings than a process may have */
#define RB_DEPTH    32 /* twice the logarithm of the same limit */

/* mm_struct.mm_mt: from 6.1; mm_struct.mm_rb: to 6.0. */
enum maple_type { maple_leaf_64 = 1, maple_arange_64 = 3 };

struct maple_tree {
	void *ma_root;
} __attribute__((preserve_access_index));

struct maple_range_64 {
	unsigned long pivot[15];
	void *slot[16];
} __attribute__((preserve_access_index));

struct maple_arange_64 {
	unsigned long pivot[9];
	void *slot[10];
} __attribute__((preserve_access_index));

struct mm_struct___maple {
	struct maple_tree mm_mt;
} __attribute__((preserve_access_index));

struct rb_node {
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __attribute__((preserve_access_index));

struct rb_root {
	struct rb_node *rb_node;
} __attribute__((preserve_access_index));

struct mm_struct___rbtree {
	struct rb_root mm_rb;
} __attribute__((preserve_access_index));

struct vm_area_struct___rbtree {
	struct rb_node vm_rb;
} __attribute__((preserve_access_index));

/* The pivots of one node with room behind for the longest kind; slots are read one by one. */
struct maple_pivots {
	__u64 pivot[16];
};

/*
 * One step down: the slot of `node` that covers the address. Pivot i is the last address of slot i;
 * a pivot of 0 behind the first stands at the end of what is used.
 */
static __always_inline __u64 maple_step(struct maple_pivots *p, void *node, bool arange,
					__u64 address)
{
	__u32 pivots = arange ? 9 : 15, i;
	__u64 entry = 0;
	void *slots;

	if (arange) {
		slots = node + bpf_core_field_offset(struct maple_arange_64, slot);
		node += bpf_core_field_offset(struct maple_arange_64, pivot);
	} else {
		slots = node + bpf_core_field_offset(struct maple_range_64, slot);
		node += bpf_core_field_offset(struct maple_range_64, pivot);
	}
	bpf_probe_read_kernel(p->pivot, 15 * sizeof(p->pivot[0]), node);
	for (i = 0; i < 15; i++) {
		if (i >= pivots || address <= p->pivot[i] || (i && !p->pivot[i]))
			break;
	}
	bpf_probe_read_kernel(&entry, sizeof(entry), slots + i * sizeof(entry));
	return entry;
}

static __always_inline struct vm_area_struct *vma_in_maple(struct mm_struct___maple *mm,
							   __u64 address, struct maple_pivots *p)
{
	__u64 entry = (__u64)BPF_CORE_READ(mm, mm_mt.ma_root);
	int i;

	/* Anything else is a tree of a single entry, which no process has. */
	if ((entry & 3) != 2)
		return NULL;
	for (i = 0; i < MAPLE_DEPTH; i++) {
		/* The address of a node (256-byte aligned) with its type in it. */
		__u32 type = entry >> 3 & 15;

		entry &= ~255ULL;
		if (!entry)
			return NULL;
		entry = maple_step(p, (void *)entry,
				   type == bpf_core_enum_value(enum maple_type, maple_arange_64),
				   address);
		if (type == bpf_core_enum_value(enum maple_type, maple_leaf_64))
			return (void *)entry;
	}
	return NULL;
}

static __always_inline struct vm_area_struct *vma_in_rbtree(struct mm_struct___rbtree *mm,
							    __u64 address)
{
	struct rb_node *node = BPF_CORE_READ(mm, mm_rb.rb_node);
	int i;

	for (i = 0; i < RB_DEPTH; i++) {
		struct vm_area_struct *vma;

		if (!node)
			return NULL;
		vma = (void *)node - bpf_core_field_offset(struct vm_area_struct___rbtree, vm_rb);
		if (address >= BPF_CORE_READ(vma, vm_end))
			node = BPF_CORE_READ(node, rb_right);
		else if (address < BPF_CORE_READ(vma, vm_start))
			node = BPF_CORE_READ(node, rb_left);
		else
			return vma;
	}
	return NULL;
}

/* The mapping at an address of this mm (RAW), or NULL: none, or the tree is of an unknown form. */
static __always_inline struct vm_area_struct *vma_at(struct mm_struct *mm, __u64 address,
						     struct maple_pivots *p)
{
	struct mm_struct___maple *maple = (void *)mm;
	struct mm_struct___rbtree *rbtree = (void *)mm;

	if (bpf_core_field_exists(maple->mm_mt))
		return vma_in_maple(maple, address, p);
	if (bpf_core_field_exists(rbtree->mm_rb))
		return vma_in_rbtree(rbtree, address);
	return NULL;
}

#endif
