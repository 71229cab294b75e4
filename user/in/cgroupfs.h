/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroupfs.h - the memory hierarchy on disk: where it is mounted, which cgroups it holds, and what
 * their files say. v1, hybrid and v2; every function works under a root directory ("" for the
 * running system), so recorded trees serve as tests.
 */
#ifndef MW_IN_CGROUPFS_H
#define MW_IN_CGROUPFS_H

#include <stdbool.h>
#include "in/source.h"

struct cgroupfs {
	bool v1;            /* the memory controller is on a v1 hierarchy */
	bool found;         /* a memory hierarchy was found at all */
	const char *mode;   /* "v1", "hybrid" (v1 memory and a v2 mount), "v2"; "" when not found */
	uint64_t hierarchy; /* id of the memory hierarchy as in /proc/cgroups; 0 on v2 */
	uint64_t root_id;   /* inode of the hierarchy's root directory */
	char memory[512];   /* mount point of the memory hierarchy, with the root prefix */
	char cpuacct[512];  /* v1: of cpuacct, "" if none */
	char cpu[512];      /* v1: of cpu, "" if none */
};

/*
 * Find the mounts by /proc/self/mountinfo and /proc/cgroups under root. Of several mounts of one
 * hierarchy the one that shows most of it is taken. Always fills *fs; -ENOENT when no memory
 * hierarchy is mounted, else 0 or -errno.
 */
int cgroupfs_open(struct cgroupfs *fs, const char *root);

/*
 * EV_CGROUP_NEW (scanned = 1), parents before children, for every directory of the memory
 * hierarchy, the root included, to a depth of 64. Vanishing directories are no error. A path that
 * does not fit loses its front and has path_cut set. 0 or -errno.
 */
int cgroupfs_scan(const struct cgroupfs *fs, uint64_t ts, event_sink sink, void *ctx);

/*
 * EV_MEMCG_STAT of one cgroup by its path in the hierarchy. When the directory is gone or is
 * another one (inode differs from id), found is 0. Always fills *ev; 0 or -errno.
 *
 * `file` is the kernel's own page cache number, v2's "file" and v1's "total_cache": shmem is a
 * part of it. `kernel` is v2's "kernel", before 5.18 the sum of kernel_stack, pagetables, percpu
 * and slab, which is what that key holds; on v1 memory.kmem.usage_in_bytes. Neither holds socket
 * buffers. `high` on v1, which has no such limit, is U64_UNLIMITED. `swap_limit` on v1 is what
 * memory.memsw.limit_in_bytes leaves above memory.limit_in_bytes.
 */
int cgroupfs_stat(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		  union event *ev);

/*
 * EV_MEMCG_WATCH of one cgroup: memory.stat and memory.pressure, nothing else, so that many can be
 * read often. Found, gone and errors as with cgroupfs_stat().
 */
int cgroupfs_watch(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		   union event *ev);

/*
 * EV_MEMCG by files, for kernels without the cgroup iterator. Always fills *ev; -ENOENT, and a
 * level without id, when the directory is gone or another one. What only the kernel side knows
 * (v2: failcnt; v1: events_max, oom_local) stays unknown. 0 or -errno.
 */
int cgroupfs_memcg(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		   union event *ev);

/* The cgroup `id` is still there under this path. */
bool cgroupfs_exists(const struct cgroupfs *fs, uint64_t id, const char *path);

/* Memory is accounted for in this very cgroup: on v2 where the controller is enabled above it. */
bool cgroupfs_accounts(const struct cgroupfs *fs, const char *path);

/* A process in this very cgroup, or 0: its pid in the namespace that /proc is mounted for. */
uint32_t cgroupfs_any_pid(const struct cgroupfs *fs, const char *path);

/* The id of the cgroup at a path, or 0 when there is none. */
uint64_t cgroupfs_id(const struct cgroupfs *fs, const char *path);

#endif
