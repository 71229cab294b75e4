/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * exit.bpf.c - processes that end: one record when the whole thread group is dead.
 *
 * Which task says so is known exactly only where the kernel hands over group_dead: the tracepoint
 * from 6.16, taskstats_exit() (fentry or kprobe) before. Both come before exit_mm(), so the memory
 * can still be read. The old tracepoint is the last resort: signal->live is 0 for several threads
 * that end together, so the first one that puts the signal_struct into a map reports.
 */
#include "again.h"
#include "count.h"
#include "task.h"

#define SIGNAL_GROUP_EXIT 0x4
#define THREADS_MAX       64 /* threads on their way out whose faults are added */
#define EEXIST            17

/* signal_struct of groups that the old tracepoint has reported; until the leader is freed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} exits_reported SEC(".maps");

/*
 * Faults of the whole group: signal_struct has those of the threads already released; who still
 * stands on its list (the leader, if it ended first, is kept there) has its own.
 */
static __always_inline void faults_fill(struct wire_exit *e, struct task_struct *task,
					enum pointer_kind kind)
{
	struct signal_struct *signal = READ(kind, task, signal);
	struct list_head *head, *node;
	int i;

	e->min_flt = READ(kind, signal, min_flt);
	e->maj_flt = READ(kind, signal, maj_flt);
	if (READ(kind, signal, nr_threads) <= 1) {
		e->min_flt += READ(kind, task, min_flt);
		e->maj_flt += READ(kind, task, maj_flt);
		return;
	}
	head = (void *)BPF_CORE_READ(task, signal) +
	       bpf_core_field_offset(struct signal_struct, thread_head);
	node = BPF_CORE_READ(head, next);
	for (i = 0; i < THREADS_MAX; i++) {
		struct task_struct *thread;

		if (!node || node == head)
			break;
		thread = (void *)node - bpf_core_field_offset(struct task_struct, thread_node);
		e->min_flt += BPF_CORE_READ(thread, min_flt);
		e->maj_flt += BPF_CORE_READ(thread, maj_flt);
		node = BPF_CORE_READ(node, next);
	}
}

static __always_inline int group_exit(struct task_struct *task, enum pointer_kind kind,
				      __u32 source)
{
	struct wire_exit *e;

	if (READ(kind, task, flags) & PF_KTHREAD)
		return 0;
	count(task_memcg(task, kind), true, COUNT_EXITS);
	e = ring_reserve(WIRE_EXIT, sizeof(*e));
	if (!e)
		return 0;
	who_fill(&e->who, task, kind);
	ns_pid_fill(&e->who.tid, &e->pid_ns, READ(kind, task, group_leader), kind);
	parent_fill(&e->parent_tgid, &e->parent_start, task, kind);
	if (READ(kind, task, signal, flags) & SIGNAL_GROUP_EXIT)
		e->status = READ(kind, task, signal, group_exit_code);
	else
		e->status = READ(kind, task, group_leader, exit_code);
	e->rss_flags = rss_fill(&e->rss, READ(kind, task, mm), true, kind);
	e->max_rss = READ(kind, task, signal, maxrss);
	e->oom_victim = READ(kind, task, signal, oom_mm) != NULL;
	e->source = source;
	faults_fill(e, task, kind);
	ring_submit(e);
	return 0;
}

static __always_inline int group_exit_once(struct task_struct *task)
{
	__u64 key = (__u64)BPF_CORE_READ(task, signal);
	__u8 one = 1;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	if (bpf_map_update_elem(&exits_reported, &key, &one, BPF_NOEXIST) == -EEXIST) {
		__sync_fetch_and_add(&stats.exit_duplicate, 1);
		return 0;
	}
	return group_exit(task, TYPED, WIRE_EXIT_TP_OLD);
}

__u32 exit_marks[MARKS] = {};

SEC("tp_btf/sched_process_exit")
int exit_tracepoint(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	if (!exit_tells_group_dead)
		return group_exit_once(task);
	if (!(__u8)ctx[1])
		return 0;
	mark_told(exit_marks, task->pid);
	return group_exit(task, TYPED, WIRE_EXIT_TP_GROUP_DEAD);
}

SEC("tp_btf/sched_process_exit")
int exit_again(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	if (!(__u8)ctx[1] || was_told(exit_marks, task->pid))
		return 0;
	return group_exit(task, TYPED, WIRE_EXIT_TP_GROUP_DEAD);
}

/* A signal_struct is used again for another process: forget it with the leader. */
SEC("tp_btf/sched_process_free")
int BPF_PROG(exit_free, struct task_struct *task)
{
	__u64 key = (__u64)BPF_CORE_READ(task, signal);

	if (task->pid == task->tgid)
		bpf_map_delete_elem(&exits_reported, &key);
	return 0;
}

SEC("fentry/taskstats_exit")
int BPF_PROG(exit_fentry, struct task_struct *task, int group_dead)
{
	return group_dead ? group_exit(task, TYPED, WIRE_EXIT_FENTRY) : 0;
}

SEC("kprobe/taskstats_exit")
int BPF_KPROBE(exit_kprobe, struct task_struct *task, int group_dead)
{
	return group_dead ? group_exit(task, RAW, WIRE_EXIT_KPROBE) : 0;
}
