/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * oom_stat.bpf.c - what memory.stat says of the cgroup at its limit, read at the kill.
 *
 * Only by the kernel's own functions (Linux 7.0 on): the arrays behind memory.stat have an order
 * that no type tells. Its first mark_victim is the moment: reclaim has just flushed the counters,
 * and so has the kernel for its log, while at the entry of oom_kill_process they may be seconds
 * old. It is attached before the program that writes the record.
 */
#include "maps.h"
#include "oom.h"

extern struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym __weak;
extern void bpf_cgroup_release(struct cgroup *cgroup) __ksym __weak;
extern struct mem_cgroup *bpf_get_mem_cgroup(struct cgroup_subsys_state *css) __ksym __weak;
extern void bpf_put_mem_cgroup(struct mem_cgroup *memcg) __ksym __weak;
extern unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg, int item) __ksym __weak;

#define ITEM(type, name) bpf_mem_cgroup_page_state(memcg, bpf_core_enum_value(enum type, name))

static __always_inline void split_fill(struct wire_split *split, struct mem_cgroup *memcg)
{
	split->anon = ITEM(node_stat_item, NR_ANON_MAPPED);
	split->file = ITEM(node_stat_item, NR_FILE_PAGES);
	split->shmem = ITEM(node_stat_item, NR_SHMEM);
	split->kernel = ITEM(memcg_stat_item, MEMCG_KMEM);
	split->slab_unreclaimable = ITEM(node_stat_item, NR_SLAB_UNRECLAIMABLE_B);
	split->inactive_file = ITEM(node_stat_item, NR_INACTIVE_FILE);
	split->active_file = ITEM(node_stat_item, NR_ACTIVE_FILE);
	split->unevictable = ITEM(node_stat_item, NR_UNEVICTABLE);
	split->sock = ITEM(memcg_stat_item, MEMCG_SOCK);
}

SEC("tp_btf/mark_victim")
int oom_stat(__u64 *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct oom_decision *d = bpf_map_lookup_elem(&oom_decisions, &tid);
	struct mem_cgroup *memcg;
	struct cgroup *cgroup;

	if (!d || d->nth || !d->limit.id)
		return 0;
	cgroup = bpf_cgroup_from_id(d->limit.id);
	if (!cgroup)
		return 0;
	memcg = bpf_get_mem_cgroup(&cgroup->self);
	if (memcg) {
		split_fill(&d->split, memcg);
		bpf_put_mem_cgroup(memcg);
	}
	bpf_cgroup_release(cgroup);
	return 0;
}
