/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * fault.bpf.c - page faults of user space, counted exactly by memory cgroup; the kind of address
 * of one in WIRE_FAULT_SAMPLE.
 *
 * The tracepoint is the hottest hook that we have (a fault takes 1 to 2 us): typed loads, two
 * array lookups, one atomic addition. Three programs, of which one is loaded: with bpf_find_vma()
 * (5.17), without it, and for a perf event where there is no tracepoint (arm64).
 */
#include "count.h"
#include "task.h"

#define VM_GROWSDOWN 0x100
#define TMPFS_MAGIC  0x01021994 /* also of shared anonymous memory, memfd and SysV segments */
#define STACK_GUESS  (8ULL << 20)

/* To 5.16: what the address alone tells. */
static __always_inline __u32 kind_by_address(struct task_struct *task, __u64 address)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 stack;

	if (!mm)
		return WIRE_FAULT_OTHER;
	if (address >= BPF_CORE_READ(mm, start_brk) && address < BPF_CORE_READ(mm, brk))
		return WIRE_FAULT_HEAP;
	stack = BPF_CORE_READ(mm, start_stack);
	if (address <= stack && address + STACK_GUESS > stack)
		return WIRE_FAULT_STACK;
	return WIRE_FAULT_MMAP;
}

struct vma_question {
	__u64 address;
	__u32 kind;
};

static long kind_by_vma(struct task_struct *task, struct vm_area_struct *vma,
			struct vma_question *question)
{
	struct mm_struct *mm = task->mm;
	__u64 start = vma->vm_start, end = vma->vm_end;

	if (vma->vm_file) {
		question->kind = vma->vm_file->f_inode->i_sb->s_magic == TMPFS_MAGIC
					 ? WIRE_FAULT_SHMEM
					 : WIRE_FAULT_FILE;
		return 0;
	}
	if (start < mm->brk && end > mm->start_brk)
		question->kind = WIRE_FAULT_HEAP;
	else if ((vma->vm_flags & VM_GROWSDOWN) ||
		 (start <= mm->start_stack && end > mm->start_stack))
		question->kind = WIRE_FAULT_STACK;
	else
		question->kind = WIRE_FAULT_MMAP;
	return 0;
}

/* Count n faults of current; returns the cell's counters when this one is to be classified. */
static __always_inline struct wire_counts *fault_count(__u64 n)
{
	struct cpu_state *cpu = this_cpu();
	struct wire_counts *counters;
	__u64 memcg;

	if (!cpu)
		return NULL;
	if (has_typed_current())
		memcg = task_memcg(bpf_get_current_task_btf(), TYPED);
	else
		memcg = task_memcg((void *)bpf_get_current_task(), RAW);
	counters = counts_of(memcg, true, cpu);
	if (!counters)
		return NULL;
	__sync_fetch_and_add(&counters->faults, n);
	cpu->faults++;
	return n > 1 || !(cpu->faults % WIRE_FAULT_SAMPLE) ? counters : NULL;
}

static __always_inline void kind_count(struct wire_counts *counters, __u32 kind)
{
	if (kind < WIRE_FAULT_KINDS)
		__sync_fetch_and_add(&counters->kinds[kind], 1);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(fault_vma, unsigned long address)
{
	struct wire_counts *counters = fault_count(1);
	struct vma_question question = {.address = address, .kind = WIRE_FAULT_OTHER};

	if (!counters)
		return 0;
	/* mmap_lock may be taken: such a fault stays "other". */
	bpf_find_vma(bpf_get_current_task_btf(), address, kind_by_vma, &question, 0);
	kind_count(counters, question.kind);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(fault_address, unsigned long address)
{
	struct wire_counts *counters = fault_count(1);

	if (counters)
		kind_count(counters, kind_by_address((void *)bpf_get_current_task(), address));
	return 0;
}

SEC("perf_event")
int fault_perf(struct bpf_perf_event_data *ctx)
{
	struct wire_counts *counters = fault_count(ctx->sample_period);

	if (counters)
		kind_count(counters, kind_by_address((void *)bpf_get_current_task(), ctx->addr));
	return 0;
}
