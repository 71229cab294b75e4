/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * count.h - exact counters of every memory cgroup, which stand behind every stream of events.
 *
 * A cgroup has a slot of the per-CPU array `counts`; `slots` finds it by cgroup id, and each CPU
 * remembers the last one. What the CPU remembers can be wrong (the slot was recycled since, or a
 * preempted program tore the pair): so every cell names its owner, and only a cell that names the
 * cgroup in question is counted on without asking `slots`. Additions are atomic since some kernels
 * preempt tracing programs.
 */
#ifndef MW_COUNT_H
#define MW_COUNT_H

#include "maps.h"

#define NO_SLOT 0xffffffffU

/* The slot of a cgroup, made when there is none: 0 when all are taken, NO_SLOT unless create. */
static __noinline __u32 slot_find(__u64 memcg, bool create)
{
	__u32 *found = bpf_map_lookup_elem(&slots, &memcg);
	__u32 slot = 0;

	if (found)
		return *found;
	if (!create)
		return NO_SLOT;
	if (!memcg)
		return 0;
	if (bpf_map_pop_elem(&free_slots, &slot)) {
		__sync_fetch_and_add(&stats.lost_slot, 1);
		return 0;
	}
	if (!bpf_map_update_elem(&slots, &memcg, &slot, BPF_NOEXIST)) {
		__sync_fetch_and_add(&slots_made, 1);
		return slot;
	}
	/* Another CPU was faster, or the table refused: ours goes back. */
	bpf_map_push_elem(&free_slots, &slot, 0);
	found = bpf_map_lookup_elem(&slots, &memcg);
	return found ? *found : 0;
}

/*
 * This CPU's counters of a cgroup. NULL only without a slot where create is false: for what can
 * still happen to a cgroup that is gone, and would give it a slot that nobody takes back.
 */
static __always_inline struct wire_counts *counts_of(__u64 memcg, bool create,
						     struct cpu_state *cpu)
{
	struct wire_cell *cell;
	__u32 slot;

	if (!cpu)
		return NULL;
	slot = cpu->slot;
	if (cpu->memcg == memcg) {
		cell = bpf_map_lookup_elem(&counts, &slot);
		if (cell && (cell->owner == memcg || !slot))
			return &cell->counts;
	}
	slot = slot_find(memcg, create);
	if (slot == NO_SLOT)
		return NULL;
	cell = bpf_map_lookup_elem(&counts, &slot);
	if (!cell)
		return NULL;
	if (slot)
		cell->owner = memcg;
	cpu->memcg = memcg;
	cpu->slot = slot;
	return &cell->counts;
}

/* Add one to a counter of a cgroup; which: its offset in struct wire_counts. */
static __always_inline void count(__u64 memcg, bool create, __u32 which)
{
	void *counters = counts_of(memcg, create, this_cpu());

	if (counters)
		__sync_fetch_and_add((__u64 *)(counters + which), 1);
}

#define COUNT_FORKS     __builtin_offsetof(struct wire_counts, forks)
#define COUNT_EXECS     __builtin_offsetof(struct wire_counts, execs)
#define COUNT_EXITS     __builtin_offsetof(struct wire_counts, exits)
#define COUNT_SIGNALS   __builtin_offsetof(struct wire_counts, signals)
#define COUNT_OOM_KILLS __builtin_offsetof(struct wire_counts, oom_kills)

#endif
