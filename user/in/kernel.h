/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.h - our BPF programs, loaded and attached, and what they tell, as events.
 */
#ifndef MW_IN_KERNEL_H
#define MW_IN_KERNEL_H

#include "in/feature.h"
#include "in/source.h"

struct kernel;

struct kernel_options {
	uint64_t max_containers;   /* counter slots are twice as many */
	uint64_t memory_hierarchy; /* hierarchy id of the memory controller, 0 on v2 */
	bool memory_v1;
	uint64_t ring_bytes; /* lesser events; rounded up to a power of two of pages */
	uint64_t oom_ring_bytes;
	int redact;              /* enum redact_mode, for the command lines of exec */
	const char *memory_root; /* mount point of the memory hierarchy, for the cgroup iterator */
	const struct gfp_names *gfp; /* outlives the kernel; NULL: flags stay without names */
	bool debug;                  /* let libbpf print */
};

/*
 * Load and attach by what features[] says; features whose attach fails after all are changed to
 * their fallback there. On error -errno and a sentence for the user in err. Ownership of *out goes
 * to the caller (kernel_free).
 */
int kernel_open(struct kernel **out, struct feature features[FEAT_COUNT],
		const struct kernel_options *options, char *err, size_t err_size);
void kernel_free(struct kernel *k);

/* Descriptor that is readable when OOM evidence waits, or the lesser ring is filling up. */
int kernel_poll_fd(const struct kernel *k);

/* Read both rings until empty, OOM evidence first; every record becomes an event. Count or -errno.
 */
int kernel_drain(struct kernel *k, event_sink sink, void *ctx);

/* EV_TASK for every process, then EV_TASKS_END. 0 or -errno. */
int kernel_snapshot_tasks(struct kernel *k, event_sink sink, void *ctx);

/* EV_MEMCG for every memory cgroup, then EV_MEMCGS_END. -EOPNOTSUPP without iter/cgroup. */
int kernel_snapshot_memcgs(struct kernel *k, event_sink sink, void *ctx);

/* EV_MEMCG_COUNTS for every cgroup with a counter slot, and for slot 0. 0 or -errno. */
int kernel_read_counts(struct kernel *k, event_sink sink, void *ctx);

/* The same for one cgroup; zeros when it never had a slot, so there is always one event. */
int kernel_read_count(struct kernel *k, uint64_t cgroup_id, event_sink sink, void *ctx);

/* A cgroup is gone and its last counts were read: recycle its slot (after a safe delay). */
void kernel_forget(struct kernel *k, uint64_t cgroup_id);

/* EV_RESOURCE for each ring and map, EV_PROGRAM for each program; kernel-side sums into *health. */
int kernel_health(struct kernel *k, event_sink sink, void *ctx, struct ev_health *health);

#endif
