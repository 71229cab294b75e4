/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* maps.bpf.c - the maps and constants that maps.h declares, and the license of the whole object. */
#include "maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile bool mark_victim_has_task = true;
const volatile bool exit_tells_group_dead = true;
const volatile bool callbacks_preempt = false;
const volatile bool memory_v1 = false;
const volatile bool snapshot_exact = false;
const volatile bool rss_can_sum = false;
const volatile int memory_hierarchy = 0;
const volatile __u32 n_cpus = 1;
const volatile __u64 ring_wake_bytes = 1 << 18;

struct wire_stats stats = {};
__u64 told_again = 0;
__u64 slots_made = 0;
__u64 cpu_offset[MAX_CPUS] = {};

struct ring_map oom_ring SEC(".maps");
struct ring_map ring SEC(".maps");
struct cpu_state_map cpu_states SEC(".maps");
struct slots_map slots SEC(".maps");
struct free_slots_map free_slots SEC(".maps");
struct counts_map counts SEC(".maps");
