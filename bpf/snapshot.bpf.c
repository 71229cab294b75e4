/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * snapshot.bpf.c - iterators: every process, every memory cgroup, in one pass each.
 *
 * A cgroup iterator may put out no more than 32 KiB a session and cannot go on in a second one
 * (EOPNOTSUPP): so it writes into an array that the reader has mapped, and puts out nothing.
 */
#include "maps.h"
#include "memcg.h"
#include "task.h"

SEC("iter/task")
int snapshot_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct wire_snap_task e;

	if (!task || task->pid != task->tgid || (task->flags & PF_KTHREAD))
		return 0;
	who_fill(&e.who, task, TYPED);
	ns_pid_fill(&e.who.tid, &e.pid_ns, task, TYPED);
	parent_fill(&e.parent_tgid, &e.parent_start, task, TYPED);
	e.rss_flags = rss_fill(&e.rss, task->mm, snapshot_exact, TYPED);
	e.threads = task->signal->nr_threads;
	bpf_seq_write(ctx->meta->seq, &e, sizeof(e));
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct wire_snap_memcg);
} memcg_table SEC(".maps");

__u32 memcg_count; /* set to 0 by the reader before a pass; those beyond the table count too */

SEC("iter/cgroup")
int snapshot_memcg(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;
	struct wire_snap_memcg *e;
	struct kernfs_node *parent;
	struct mem_cgroup *memcg;
	__u32 at;

	if (!cgroup)
		return 0;
	memcg = css_memcg(cgroup_memory_css(cgroup));
	if (!memcg)
		return 0;
	/* One pass at a time, under cgroup_mutex. */
	at = memcg_count++;
	e = bpf_map_lookup_elem(&memcg_table, &at);
	if (!e)
		return 0;
	level_fill(&e->level, memcg);
	parent = kernfs_parent(cgroup->kn);
	e->parent_id = parent ? BPF_CORE_READ(parent, id) : 0;
	e->oom_kills = memcg_oom_kills(memcg);
	e->oom_kills_local = memcg_oom_kills_local(memcg);
	e->depth = cgroup->level;
	e->v1 = memory_v1;
	return 0;
}
