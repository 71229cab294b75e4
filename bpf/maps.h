/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * maps.h - what all programs share: the rings, the statistics, the loader's constants.
 * Defined in maps.bpf.c; sizes are set by the loader before loading.
 */
#ifndef MW_MAPS_H
#define MW_MAPS_H

#include "compat.h"
#include "wire.h"

#define MAX_CPUS 1024 /* whose per-CPU counters can be summed */

/* Set by the loader before loading: the verifier drops the branches that do not apply. */
extern const volatile bool mark_victim_has_task;
extern const volatile bool exit_tells_group_dead;
extern const volatile bool callbacks_preempt; /* second programs are attached (again.h) */
extern const volatile bool memory_v1;
extern const volatile bool snapshot_exact; /* sum per-CPU rss also in snapshots */
extern const volatile bool rss_can_sum;    /* cpu_offset[] will be filled */
extern const volatile int memory_hierarchy;
extern const volatile __u32 n_cpus;
extern const volatile __u64 ring_wake_bytes; /* fill of the lesser ring that wakes the reader */

extern struct wire_stats stats;
extern __u64 told_again; /* events that only a second program told of */
extern __u64 slots_made; /* counter slots given out since the start */

/* Per-CPU offsets of this boot, 0 where there is no such CPU; filled by the setup program. */
extern __u64 cpu_offset[MAX_CPUS];

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
};

/* What one CPU remembers between events. */
struct cpu_state {
	__u64 memcg; /* last one counted here ... */
	__u32 slot;  /* ... and its slot */
	__u32 events;
	__u32 faults;
	__u32 pad;
};

struct cpu_state_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_state);
};

/* Memory cgroup id to counter slot. */
struct slots_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
};

struct free_slots_map {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1024);
	__type(value, __u32);
};

/* Counters by slot; slot 0 takes what found none. */
struct counts_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct wire_cell);
};

extern struct ring_map oom_ring SEC(".maps");
extern struct ring_map ring SEC(".maps");
extern struct cpu_state_map cpu_states SEC(".maps");
extern struct slots_map slots SEC(".maps");
extern struct free_slots_map free_slots SEC(".maps");
extern struct counts_map counts SEC(".maps");

/*
 * A length for a helper. The barriers keep the compiler from comparing one register and passing
 * another, of which the verifier of 5.10 would not know the bound; 64 bits, so that there is no
 * truncation for it to stumble over.
 */
static __always_inline __u64 at_most(__u64 n, __u64 max)
{
	barrier_var(n);
	if (n > max)
		n = max;
	barrier_var(n);
	return n;
}

/* Length without its NUL of what a *_read_*_str() helper returned; 0 for an error. */
static __always_inline __u64 text_len(long result, __u64 size)
{
	__u64 n = result;

	barrier_var(n);
	if (n - 1 >= size)
		return 0;
	return n - 1;
}

static __always_inline struct cpu_state *this_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cpu_states, &zero);
}

static __always_inline void head_init(struct wire_head *head, __u16 kind, __u32 size)
{
	head->kind = kind;
	head->version = WIRE_VERSION;
	head->size = size;
	head->ts = bpf_ktime_get_boot_ns();
}

/*
 * How to hand over a record of the lesser ring: the reader comes by on its own timer and is woken
 * only when the ring is filling up. The fill is asked for once in 64 events of a CPU, since it
 * reads the positions that all CPUs write.
 */
static __always_inline __u64 ring_flags(void)
{
	struct cpu_state *cpu = this_cpu();

	if (!cpu || (++cpu->events & 63))
		return BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < ring_wake_bytes)
		return BPF_RB_NO_WAKEUP;
	return BPF_RB_FORCE_WAKEUP;
}

/* Room for a record of the lesser ring with its head set, or NULL and the loss counted. */
static __always_inline void *ring_reserve(__u16 kind, __u32 size)
{
	struct wire_head *head = bpf_ringbuf_reserve(&ring, size, 0);

	if (!head) {
		__sync_fetch_and_add(&stats.lost_ring, 1);
		return NULL;
	}
	head_init(head, kind, size);
	return head;
}

static __always_inline void ring_submit(void *record)
{
	bpf_ringbuf_submit(record, ring_flags());
}

/* A record of variable length, out of memory of ours. flags: ring_flags() unless it is urgent. */
static __always_inline void ring_output(void *record, __u64 size, __u64 flags)
{
	if (bpf_ringbuf_output(&ring, record, size, flags))
		__sync_fetch_and_add(&stats.lost_ring, 1);
}

#endif
