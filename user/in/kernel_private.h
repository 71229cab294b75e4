/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_private.h - what the files of the loader share; nobody else includes it.
 *
 * kernel.c (loading) and kernel_attach.c know the skeleton. The others get descriptors and mapped
 * memory: kernel_rings.c reads the rings, kernel_snapshot.c runs the iterators,
 * kernel_counts.c keeps the counter slots.
 */
#ifndef MW_IN_KERNEL_PRIVATE_H
#define MW_IN_KERNEL_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "in/decode.h"
#include "in/kernel.h"

struct memwitness; /* the skeleton */
struct bpf_link;
struct bpf_program;

/* Forms that feature.c puts into `how` and the loader obeys. */
#define HOW_FENTRY       "fentry"
#define HOW_KPROBE       "kprobe"
#define HOW_TRACEPOINT   "tracepoint"
#define HOW_TWICE        "preemptible, two programs each"
#define HOW_DEDUPLICATED "deduplicated tracepoint"
#define HOW_PERCPU_SUM   "per-CPU sum"
#define HOW_PLAIN        "plain counters"
#define HOW_PERF_EVENT   "perf event"
#define HOW_KFUNCS       "kfuncs"
#define HOW_FILES        "memory.stat"

/* True when the feature is there in this form. */
bool feature_is(const struct feature *feature, const char *how);

/* Change a feature after all: state, form and the errno that made it so. */
void feature_degrade(struct feature *feature, enum feature_state state, const char *how, int error);

/* Send what libbpf prints to log_debug(): all of it, or warnings only. */
void libbpf_to_log(bool all);

/* One BPF ring buffer, mapped. */
struct kernel_ring {
	int fd; /* of the map; owned by the skeleton */
	size_t size;
	unsigned long *consumer;
	const unsigned long *producer;
	const uint8_t *data;
	void *consumer_map; /* NULL: not mapped */
	void *producer_map;
	size_t producer_len;
	uint64_t peak; /* highest fill seen when a drain began */
};

int ring_open(struct kernel_ring *ring, int fd, size_t size);
void ring_close(struct kernel_ring *ring);
uint64_t ring_used(const struct kernel_ring *ring);

struct freed_slot {
	uint32_t slot;
	uint64_t when; /* CLOCK_BOOTTIME */
};

/* The counter slots. */
struct kernel_counts {
	int slots_fd;
	int free_fd;
	int counts_fd;
	uint32_t n_slots; /* slot 0 included */
	uint32_t n_cpus;
	uint32_t n_freed; /* forgotten, not yet safe to give out again */
	uint64_t recycled;
	uint64_t peak;
	struct freed_slot *freed;   /* n_slots of them */
	struct wire_cell *cells;    /* one a CPU */
	uint64_t *keys;             /* n_slots of them */
	const uint64_t *slots_made; /* kernel side, since start */
};

int counts_open(struct kernel_counts *counts);
void counts_close(struct kernel_counts *counts);
uint64_t counts_used(const struct kernel_counts *counts);

#define MAX_LINKS 32

struct attached {
	struct bpf_link *link;
	struct bpf_program *program; /* owned by the skeleton */
};

struct kernel {
	struct memwitness *skel;
	struct wire_stats *stats; /* kernel side, mapped */
	const __u64 *told_again;  /* misses that a second program made good */
	struct decode_config decode;
	union event *event; /* the one that is being handed over */

	struct attached attached[MAX_LINKS];
	size_t n_attached;
	struct bpf_link **perf_links; /* fault_perf: one a CPU */
	size_t n_perf_links;

	struct kernel_ring oom_ring;
	struct kernel_ring ring;
	int epoll_fd;
	uint64_t decode_errors;

	struct kernel_counts counts;

	struct bpf_link *task_iter; /* NULL: no such iterator */
	struct bpf_link *memcg_iter;
	uint8_t *snapshot; /* SNAPSHOT_BYTES */
	uint32_t *memcg_count;
	const struct wire_snap_memcg *memcg_table;
	size_t memcg_table_len; /* bytes mapped */
	uint32_t memcg_capacity;
	uint32_t memcg_peak;
	uint64_t memcg_lost;
};

/*
 * Attach what is loaded (kernel_attach.c): 0, or -errno when something required does not attach.
 * Optional programs that do not are degraded in features.
 */
int kernel_attach(struct kernel *k, struct feature features[FEAT_COUNT],
		  const struct kernel_options *options, int n_cpus);

/* A read of an iterator gives at most 8 pages; larger ones cost nothing. */
#define SNAPSHOT_BYTES (256 * 1024)

#endif
