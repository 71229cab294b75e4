/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* cgroup.bpf.c - directories of the memory hierarchy that come and go, and processes moved. */
#include "count.h"
#include "memcg.h"
#include "task.h"

#define PATH_SCRATCH 4096 /* PATH_MAX: the whole text, of which the end is kept */

struct cgroup_scratch {
	struct wire_cgroup cgroup;
	char path[WIRE_PATH];
	char whole[PATH_SCRATCH];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgroup_scratch);
} cgroup_scratch SEC(".maps");

static __always_inline bool in_memory_hierarchy(struct cgroup *cgroup)
{
	return cgroup->root->hierarchy_id == memory_hierarchy;
}

static __always_inline void cgroup_fill(struct wire_cgroup *e, struct cgroup *cgroup)
{
	struct kernfs_node *parent = kernfs_parent(cgroup->kn);

	e->id = cgroup->kn->id;
	e->parent_id = parent ? BPF_CORE_READ(parent, id) : 0;
	e->start = 0;
	e->tgid = 0;
	e->level = cgroup->level;
	e->path_len = 0;
	e->path_cut = 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_made, struct cgroup *cgroup, const char *path)
{
	__u64 whole, len, cut;
	struct cgroup_scratch *s;
	__u32 zero = 0;

	if (!in_memory_hierarchy(cgroup))
		return 0;
	s = bpf_map_lookup_elem(&cgroup_scratch, &zero);
	if (!s)
		return 0;
	/* Its slot is ready before its first fault. */
	slot_find(cgroup->kn->id, true);
	cgroup_fill(&s->cgroup, cgroup);
	whole = text_len(bpf_probe_read_kernel_str(s->whole, sizeof(s->whole), path), PATH_SCRATCH);
	len = at_most(whole, WIRE_PATH);
	cut = at_most(whole - len, PATH_SCRATCH - WIRE_PATH);
	s->cgroup.path_cut = cut > 0;
	s->cgroup.path_len = len;
	bpf_probe_read_kernel(s->path, len, &s->whole[cut]);
	head_init(&s->cgroup.head, WIRE_CGROUP_NEW, sizeof(s->cgroup) + len);
	/* Its runtime's files may live for milliseconds: the reader is to look at them now. */
	ring_output(s, sizeof(s->cgroup) + len, BPF_RB_FORCE_WAKEUP);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_gone, struct cgroup *cgroup, const char *path)
{
	struct wire_cgroup_gone *e;
	struct mem_cgroup *memcg;

	if (!in_memory_hierarchy(cgroup))
		return 0;
	e = ring_reserve(WIRE_CGROUP_GONE, sizeof(*e));
	if (!e)
		return 0;
	e->id = cgroup->kn->id;
	e->v1 = memory_v1;
	e->pad = 0;
	/* It goes offline in a work item that waits for the cgroup lock, which rmdir holds. */
	memcg = css_memcg(cgroup_memory_css(cgroup));
	if (memcg) {
		level_fill(&e->level, memcg);
		e->watermark = BPF_CORE_READ(memcg, memory.watermark);
		e->oom_kills = memcg_oom_kills(memcg);
		e->oom_kills_local = memcg_oom_kills_local(memcg);
	} else {
		__builtin_memset(&e->level, 0, sizeof(e->level));
		e->watermark = e->oom_kills = e->oom_kills_local = 0;
	}
	ring_submit(e);
	return 0;
}

/*
 * The id is that of the cgroup which accounts for its memory from now on: on v2 an ancestor of the
 * one moved to, where the controller is not enabled down there.
 */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attached, struct cgroup *cgroup, const char *path, struct task_struct *task)
{
	struct wire_cgroup *e;

	if (!in_memory_hierarchy(cgroup) || task->pid != task->tgid)
		return 0;
	e = ring_reserve(WIRE_CGROUP_ATTACH, sizeof(*e));
	if (!e)
		return 0;
	cgroup_fill(e, cgroup);
	e->id = task_memcg(task, TYPED);
	e->tgid = task->tgid;
	e->start = task_start(task, TYPED);
	ring_submit(e);
	return 0;
}
