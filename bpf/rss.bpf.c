/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * rss.bpf.c - exact per-CPU sums, and the program that finds the per-CPU offsets for them.
 *
 * __per_cpu_offset[] is in no symbol table without KALLSYMS_ALL. But the address of a value of a
 * per-CPU array on one CPU, minus the per-CPU pointer that the map keeps, is that CPU's offset.
 */
#include "maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} cpu_probe SEC(".maps");

/* Addresses go through memory here: the verifier does arithmetic on numbers, not on pointers. */
volatile __u64 probe_address;

/* Global, so that the verifier walks the loop once and not for every caller. */
__noinline long percpu_sum(__u64 count, __u64 deltas)
{
	__u64 sum = count;
	__u32 cpu;

	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		__s32 delta = 0;

		if (cpu >= n_cpus)
			break;
		if (!cpu_offset[cpu])
			continue;
		bpf_probe_read_kernel(&delta, sizeof(delta), (void *)(deltas + cpu_offset[cpu]));
		sum += delta;
	}
	return sum;
}

/* Run once by the loader (test_run) where rss is kept per CPU. */
SEC("raw_tp")
int setup_cpu_offsets(void *ctx)
{
	__u64 percpu_pointer = 0;
	__u32 zero = 0, cpu;

	probe_address = (__u64)&cpu_probe;
	bpf_probe_read_kernel(
		&percpu_pointer, sizeof(percpu_pointer),
		(void *)(probe_address + bpf_core_field_offset(struct bpf_array, pptrs)));
	if (!percpu_pointer)
		return 1;
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		void *value;

		if (cpu >= n_cpus)
			break;
		value = bpf_map_lookup_percpu_elem(&cpu_probe, &zero, cpu);
		if (!value)
			continue;
		probe_address = (__u64)value;
		cpu_offset[cpu] = probe_address - percpu_pointer;
	}
	return 0;
}
