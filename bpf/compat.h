/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * compat.h - one accessor for each thing that differs between the kernels from 5.10 to 7.2.
 *
 * The form in use is found by CO-RE (does the field, type or helper exist) or was found by the
 * loader and put into a constant (maps.h); a version is never asked for, since stable kernels get
 * backports. Ranges in the comments say where a form was seen.
 */
#ifndef MW_COMPAT_H
#define MW_COMPAT_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/*
 * How a pointer may be followed. TYPED: the verifier knows its type (tp_btf, fentry and iterator
 * arguments), plain loads do and cost nothing. RAW: a number to the verifier (kprobes, raw_tp, what
 * was kept in a map): every step is a bpf_probe_read_kernel().
 */
enum pointer_kind { RAW = 0, TYPED = 1 };

#define READ(kind, src, ...)                                                                       \
	((kind) == TYPED ? ___arrow(src, __VA_ARGS__) : BPF_CORE_READ(src, __VA_ARGS__))

/*
 * Current as a typed pointer. bpf_get_current_task_btf() is missing in 5.10 (came with 5.11): ask
 * has_typed_current() first and use bpf_get_current_task() with RAW reads where it says no.
 */
static __always_inline bool has_typed_current(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

/* kernfs_node.parent: to 6.12; __parent: seen from 6.16 ("kernfs: Use RCU to access
 * kernfs_node::parent."). NULL for the root of a hierarchy. */
struct kernfs_node___plain {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

struct kernfs_node___rcu {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___plain *plain = (void *)kn;
	struct kernfs_node___rcu *rcu = (void *)kn;

	if (bpf_core_field_exists(rcu->__parent))
		return BPF_CORE_READ(rcu, __parent);
	return BPF_CORE_READ(plain, parent);
}

/*
 * mm_struct.rss_stat: struct mm_rss_stat with atomic counters to 6.1; percpu_counter[] from 6.2
 * ("mm: convert mm's rss stats into percpu_counter"). Indices MM_FILEPAGES, MM_ANONPAGES,
 * MM_SWAPENTS, MM_SHMEMPAGES are 0 to 3 in both.
 */
struct mm_rss_stat {
	atomic_long_t count[4];
} __attribute__((preserve_access_index));

struct mm_struct___atomic {
	struct mm_rss_stat rss_stat;
} __attribute__((preserve_access_index));

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4];
} __attribute__((preserve_access_index));

static __always_inline bool rss_is_percpu(void)
{
	return !bpf_core_type_exists(struct mm_rss_stat);
}

/*
 * page_counter.failcnt: not kept on v2 seen from 6.16 (the field stays, memory_events[MEMCG_MAX]
 * tells); all ones, "not known", should it ever go.
 */
static __always_inline u64 page_counter_failcnt(struct page_counter *counter)
{
	if (bpf_core_field_exists(counter->failcnt))
		return BPF_CORE_READ(counter, failcnt);
	return ~0ULL;
}

/*
 * css_set.subsys[] and cgroup.subsys[] are 12 to 14 long and the memory controller's place in them
 * depends on the configuration: NULL where the kernel has none.
 */
static __always_inline struct cgroup_subsys_state *task_memory_css(struct task_struct *task,
								   enum pointer_kind kind)
{
	struct css_set *cgroups = READ(kind, task, cgroups);
	struct cgroup_subsys_state **slot, *css = NULL;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return NULL;
	if (kind == RAW && !cgroups)
		return NULL;
	slot = (void *)cgroups + bpf_core_field_offset(struct css_set, subsys) +
	       bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id) * sizeof(void *);
	if (kind == TYPED)
		return *slot;
	bpf_probe_read_kernel(&css, sizeof(css), slot);
	return css;
}

/* The memory css of a cgroup; NULL where the controller is not enabled. RAW result. */
static __always_inline struct cgroup_subsys_state *cgroup_memory_css(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *css = NULL;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return NULL;
	bpf_probe_read_kernel(&css, sizeof(css),
			      (void *)cgroup + bpf_core_field_offset(struct cgroup, subsys) +
				      bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id) *
					      sizeof(void *));
	return css;
}

/* iter/cgroup: from 6.1; where it is missing its program is not loaded. */
struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
} __attribute__((preserve_access_index));

/* memory_events[]: 8 entries in 5.10, 9 in 6.1, 10 in 6.19; the indices are relocated. */
static __always_inline u64 memcg_event(void *events, u32 index)
{
	u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), events + index * sizeof(value));
	return value;
}

/* sched_process_exit(task) to 6.15; (task, bool group_dead) from 6.16, then before exit_mm(). */
/* oom:mark_victim(int pid) in 5.10.223; (task, uid) after ("mm: update mark_victim tracepoints
 * fields", backported). Both: the loader looks into BTF, see exit_tells_group_dead and
 * mark_victim_has_task in maps.h. */

#endif
