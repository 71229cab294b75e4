/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* proc.bpf.c - processes that begin: fork (new thread groups only) and exec with its arguments. */
#include "again.h"
#include "count.h"
#include "task.h"

__u32 fork_marks[MARKS] = {};
__u32 exec_marks[MARKS] = {};

static __always_inline int forked(struct task_struct *child)
{
	struct wire_fork *e;

	/* New threads and kernel threads are no new processes. */
	if (child->pid != child->tgid || (child->flags & PF_KTHREAD))
		return 0;
	count(task_memcg(child, TYPED), true, COUNT_FORKS);
	e = ring_reserve(WIRE_FORK, sizeof(*e));
	if (!e)
		return 0;
	who_fill(&e->child, child, TYPED);
	ns_pid_fill(&e->child.tid, &e->pid_ns, child, TYPED);
	parent_fill(&e->parent_tgid, &e->parent_start, child, TYPED);
	ring_submit(e);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(proc_fork, struct task_struct *forker, struct task_struct *child)
{
	mark_told(fork_marks, child->pid);
	return forked(child);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(fork_again, struct task_struct *forker, struct task_struct *child)
{
	return was_told(fork_marks, child->pid) ? 0 : forked(child);
}

/* Built here and copied out at its true length: both texts are short in most cases. */
struct exec_scratch {
	struct wire_exec exec;
	char text[WIRE_FILE + WIRE_ARGS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exec_scratch);
} exec_scratch SEC(".maps");

static __always_inline int executed(struct task_struct *task, struct linux_binprm *bprm)
{
	__u64 file, args, total, start;
	struct exec_scratch *e;
	__u32 zero = 0;

	count(task_memcg(task, TYPED), true, COUNT_EXECS);
	e = bpf_map_lookup_elem(&exec_scratch, &zero);
	if (!e)
		return 0;
	who_fill(&e->exec.who, task, TYPED);
	file = text_len(bpf_probe_read_kernel_str(e->text, WIRE_FILE, bprm->filename), WIRE_FILE);

	start = task->mm->arg_start;
	total = task->mm->arg_end - start;
	args = at_most(total, WIRE_ARGS);
	/* The new stack is just written: it is resident, and a page that is not costs the words. */
	if (bpf_probe_read_user(&e->text[file], args, (void *)start))
		args = 0;

	e->exec.file_len = file;
	e->exec.args_len = args;
	e->exec.args_total = total;
	e->exec.pad = 0;
	head_init(&e->exec.head, WIRE_EXEC, sizeof(e->exec) + file + args);
	ring_output(e, at_most(sizeof(e->exec) + file + args, sizeof(*e)), ring_flags());
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(proc_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	mark_told(exec_marks, task->pid);
	return executed(task, bprm);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_again, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	return was_told(exec_marks, task->pid) ? 0 : executed(task, bprm);
}
