/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * memcg.h - a memory cgroup's counters.
 *
 * All reads are RAW: a css is the first member of a mem_cgroup, but the verifier lets nobody look
 * behind its end by that type.
 */
#ifndef MW_MEMCG_H
#define MW_MEMCG_H

#include "maps.h"

static __always_inline struct mem_cgroup *css_memcg(struct cgroup_subsys_state *css)
{
	return css ? (void *)css - bpf_core_field_offset(struct mem_cgroup, css) : NULL;
}

static __always_inline struct kernfs_node *memcg_kernfs(struct mem_cgroup *memcg)
{
	return BPF_CORE_READ(memcg, css.cgroup, kn);
}

/*
 * The level above as the counters see it: page_counter.parent, not css.parent, since v1 of 5.10 has
 * use_hierarchy 0, where a charge stays in its own cgroup.
 */
static __always_inline struct mem_cgroup *memcg_parent(struct mem_cgroup *memcg)
{
	struct page_counter *parent = BPF_CORE_READ(memcg, memory.parent);

	return parent ? (void *)parent - bpf_core_field_offset(struct mem_cgroup, memory) : NULL;
}

/* Kills below it and its own; to its own v1 adds none from below. */
static __always_inline __u64 memcg_oom_kills(struct mem_cgroup *memcg)
{
	return memcg_event((void *)memcg + bpf_core_field_offset(struct mem_cgroup, memory_events),
			   bpf_core_enum_value(enum memcg_memory_event, MEMCG_OOM_KILL));
}

static __always_inline __u64 memcg_oom_kills_local(struct mem_cgroup *memcg)
{
	return memcg_event((void *)memcg +
				   bpf_core_field_offset(struct mem_cgroup, memory_events_local),
			   bpf_core_enum_value(enum memcg_memory_event, MEMCG_OOM_KILL));
}

static __noinline int level_fill(struct wire_level *level, struct mem_cgroup *memcg)
{
	void *events = (void *)memcg + bpf_core_field_offset(struct mem_cgroup, memory_events);
	void *local = (void *)memcg + bpf_core_field_offset(struct mem_cgroup, memory_events_local);

	level->id = BPF_CORE_READ(memcg, css.cgroup, kn, id);
	level->usage = BPF_CORE_READ(memcg, memory.usage.counter);
	level->max = BPF_CORE_READ(memcg, memory.max);
	level->high = BPF_CORE_READ(memcg, memory.high);
	/* One counter in two names: a union, where both controllers are built. */
	if (memory_v1) {
		level->swap = BPF_CORE_READ(memcg, memsw.usage.counter);
		level->swap_max = BPF_CORE_READ(memcg, memsw.max);
	} else {
		level->swap = BPF_CORE_READ(memcg, swap.usage.counter);
		level->swap_max = BPF_CORE_READ(memcg, swap.max);
	}
	level->failcnt = page_counter_failcnt((void *)memcg +
					      bpf_core_field_offset(struct mem_cgroup, memory));
	level->events_max =
		memcg_event(events, bpf_core_enum_value(enum memcg_memory_event, MEMCG_MAX));
	level->events_high =
		memcg_event(events, bpf_core_enum_value(enum memcg_memory_event, MEMCG_HIGH));
	level->oom_local =
		memcg_event(local, bpf_core_enum_value(enum memcg_memory_event, MEMCG_OOM));
	level->oom_group = BPF_CORE_READ(memcg, oom_group);
	level->pad = 0;
	return 0;
}

#endif
