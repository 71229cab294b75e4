/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* task.h - what the records say of a task: who it is, its parent, its pid namespace, its memory. */
#ifndef MW_TASK_H
#define MW_TASK_H

#include "maps.h"

#define PF_EXITING       0x00000004
#define PF_KTHREAD       0x00200000
#define PID_NS_MAX_LEVEL 32         /* MAX_PID_NS_LEVEL */
#define PID_NS_INIT_INUM 0xEFFFFFFC /* PROC_PID_INIT_INO */

/* The key of a container: kernfs id of the task's memory cgroup, 0 if there is none. */
static __always_inline __u64 task_memcg(struct task_struct *task, enum pointer_kind kind)
{
	struct cgroup_subsys_state *css = task_memory_css(task, kind);

	if (kind == RAW && !css)
		return 0;
	return READ(kind, css, cgroup, kn, id);
}

static __always_inline __u64 task_start(struct task_struct *task, enum pointer_kind kind)
{
	return READ(kind, task, group_leader, start_boottime);
}

static __always_inline void who_fill(struct wire_who *who, struct task_struct *task,
				     enum pointer_kind kind)
{
	who->tgid = READ(kind, task, tgid);
	who->tid = READ(kind, task, pid);
	who->start = task_start(task, kind);
	who->memcg = task_memcg(task, kind);
	who->uid = READ(kind, task, real_cred, uid.val);
	who->oom_score_adj = READ(kind, task, signal, oom_score_adj);
	bpf_probe_read_kernel(who->comm, sizeof(who->comm),
			      (void *)task + bpf_core_field_offset(struct task_struct, comm));
}

static __always_inline void parent_fill(__u32 *tgid, __u64 *start, struct task_struct *task,
					enum pointer_kind kind)
{
	struct task_struct *parent = READ(kind, task, real_parent);

	*tgid = READ(kind, parent, tgid);
	*start = task_start(parent, kind);
}

/* A task's pid in its own pid namespace, and which namespace that is. Zeroes when it is reaped. */
static __always_inline void ns_pid_fill(__u32 *nr, __u32 *inum, struct task_struct *task,
					enum pointer_kind kind)
{
	struct pid *pid = READ(kind, task, thread_pid);
	__u32 level = READ(kind, pid, level);
	struct upid *own;

	*nr = 0;
	*inum = 0;
	if (!level && pid) {
		*nr = READ(kind, task, pid);
		*inum = PID_NS_INIT_INUM;
		return;
	}
	/* numbers[] has no fixed length: RAW from here on. */
	pid = BPF_CORE_READ(task, thread_pid);
	if (!pid || level > PID_NS_MAX_LEVEL)
		return;
	own = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	      level * bpf_core_type_size(struct upid);
	*nr = BPF_CORE_READ(own, nr);
	*inum = BPF_CORE_READ(own, ns, ns.inum);
}

/* count of a percpu_counter plus what each CPU has not folded in yet (rss.bpf.c). */
long percpu_sum(__u64 count, __u64 deltas);

static __always_inline __s64 not_negative(__s64 pages)
{
	return pages < 0 ? 0 : pages;
}

/*
 * One counter of an mm. The pointer to its per-CPU parts is RAW in any case: it is a number to
 * percpu_sum(), and a typed load of it is memory to newer verifiers.
 */
static __always_inline __s64 rss_one(struct percpu_counter *counter, bool exact,
				     enum pointer_kind kind)
{
	__s64 count = READ(kind, counter, count);

	if (exact)
		count = percpu_sum(count, (__u64)BPF_CORE_READ(counter, counters));
	return not_negative(count);
}

/*
 * From 6.6 the four counters' per-CPU parts lie side by side (percpu_counter_init_many): one read a
 * CPU in place of four. false: they do not, each has to be summed by itself.
 */
static __always_inline bool rss_together(struct wire_rss *rss, struct mm_struct___percpu *mm,
					 enum pointer_kind kind)
{
	__u64 first = (__u64)BPF_CORE_READ(mm, rss_stat[0].counters);
	__u32 cpu;

	if ((__u64)BPF_CORE_READ(mm, rss_stat[3].counters) != first + 3 * sizeof(__s32))
		return false;
	rss->file = READ(kind, mm, rss_stat[0].count);
	rss->anon = READ(kind, mm, rss_stat[1].count);
	rss->swap = READ(kind, mm, rss_stat[2].count);
	rss->shmem = READ(kind, mm, rss_stat[3].count);
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		__s32 delta[4] = {};

		if (cpu >= n_cpus)
			break;
		if (!cpu_offset[cpu])
			continue;
		bpf_probe_read_kernel(delta, sizeof(delta), (void *)(first + cpu_offset[cpu]));
		rss->file += delta[0];
		rss->anon += delta[1];
		rss->swap += delta[2];
		rss->shmem += delta[3];
	}
	rss->file = not_negative(rss->file);
	rss->anon = not_negative(rss->anon);
	rss->swap = not_negative(rss->swap);
	rss->shmem = not_negative(rss->shmem);
	return true;
}

/*
 * Resident pages of an mm (NULL is allowed: zeroes). Returns WIRE_RSS_* flags. exact asks for the
 * per-CPU sum where there is one. To 6.1 each thread keeps up to 64 pages of its own back: those
 * counters are plain and never called exact.
 */
static __always_inline __u32 rss_fill(struct wire_rss *rss, struct mm_struct *mm, bool exact,
				      enum pointer_kind kind)
{
	*rss = (struct wire_rss){};
	if (!mm)
		return 0;
	if (rss_is_percpu()) {
		struct mm_struct___percpu *p = (void *)mm;

		exact = exact && rss_can_sum;
		if (exact && rss_together(rss, p, kind))
			return WIRE_RSS_VALID | WIRE_RSS_EXACT;
		rss->file = rss_one(&p->rss_stat[0], exact, kind);
		rss->anon = rss_one(&p->rss_stat[1], exact, kind);
		rss->swap = rss_one(&p->rss_stat[2], exact, kind);
		rss->shmem = rss_one(&p->rss_stat[3], exact, kind);
		return exact ? WIRE_RSS_VALID | WIRE_RSS_EXACT : WIRE_RSS_VALID;
	} else {
		struct mm_struct___atomic *a = (void *)mm;

		/* RAW: these verifiers do not see through an array of a typedef. */
		rss->file = not_negative(BPF_CORE_READ(a, rss_stat.count[0].counter));
		rss->anon = not_negative(BPF_CORE_READ(a, rss_stat.count[1].counter));
		rss->swap = not_negative(BPF_CORE_READ(a, rss_stat.count[2].counter));
		rss->shmem = not_negative(BPF_CORE_READ(a, rss_stat.count[3].counter));
		return WIRE_RSS_VALID;
	}
}

#endif
