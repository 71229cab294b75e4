/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * fault.bpf.c - page faults of user space, counted exactly by memory cgroup; the kind of address
 * of one in WIRE_FAULT_SAMPLE.
 *
 * The tracepoint is the hottest hook that we have (a fault takes 1 to 2 us): typed loads, two
 * array lookups, one atomic addition. The second program is for a perf event, where there is no
 * tracepoint (arm64): it sees one fault in a period and counts for them all.
 */
#include "count.h"
#include "task.h"
#include "vma.h"

#define VM_GROWSDOWN 0x100
#define TMPFS_MAGIC  0x01021994 /* also of shared anonymous memory, memfd and SysV segments */
#define STACK_GUESS  (8ULL << 20)

/* Without a mapping: the stack is about to grow, or nothing is known but the ranges. */
static __always_inline __u32 kind_by_address(struct mm_struct *mm, __u64 address)
{
	__u64 stack = BPF_CORE_READ(mm, start_stack);

	if (address >= BPF_CORE_READ(mm, start_brk) && address < BPF_CORE_READ(mm, brk))
		return WIRE_FAULT_HEAP;
	if (address <= stack && address + STACK_GUESS > stack)
		return WIRE_FAULT_STACK;
	return WIRE_FAULT_MMAP;
}

static __noinline __u32 kind_of(__u64 address)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct maple_pivots pivots;
	struct vm_area_struct *vma;
	struct file *file;
	__u64 start, end, stack;

	if (!mm)
		return WIRE_FAULT_OTHER;
	vma = vma_at(mm, address, &pivots);
	if (!vma)
		return kind_by_address(mm, address);
	file = BPF_CORE_READ(vma, vm_file);
	if (file)
		return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == TMPFS_MAGIC ? WIRE_FAULT_SHMEM
										  : WIRE_FAULT_FILE;
	start = BPF_CORE_READ(vma, vm_start);
	end = BPF_CORE_READ(vma, vm_end);
	if (start < BPF_CORE_READ(mm, brk) && end > BPF_CORE_READ(mm, start_brk))
		return WIRE_FAULT_HEAP;
	stack = BPF_CORE_READ(mm, start_stack);
	if ((BPF_CORE_READ(vma, vm_flags) & VM_GROWSDOWN) || (start <= stack && end > stack))
		return WIRE_FAULT_STACK;
	return WIRE_FAULT_MMAP;
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

static __always_inline void kind_count(struct wire_counts *counters, __u64 address)
{
	__u32 kind = kind_of(address);

	if (kind < WIRE_FAULT_KINDS)
		__sync_fetch_and_add(&counters->kinds[kind], 1);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(fault_tracepoint, unsigned long address)
{
	struct wire_counts *counters = fault_count(1);

	if (counters)
		kind_count(counters, address);
	return 0;
}

/*
 * A system call that touches user memory faults in kernel mode; the kernel's own counters have it
 * too. Addresses of the kernel's half are another matter (vmalloc, or a bug).
 */
SEC("tp_btf/page_fault_kernel")
int BPF_PROG(fault_in_kernel, unsigned long address)
{
	struct wire_counts *counters;

	if ((long)address < 0)
		return 0;
	counters = fault_count(1);
	if (counters)
		kind_count(counters, address);
	return 0;
}

SEC("perf_event")
int fault_perf(struct bpf_perf_event_data *ctx)
{
	struct wire_counts *counters = fault_count(ctx->sample_period);

	if (counters)
		kind_count(counters, ctx->addr);
	return 0;
}
