/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroupfs.h - the memory hierarchy on disk: where it is mounted, which cgroups it holds, and what
 * their files say. v1, hybrid and v2; every function works under a root directory ("" for the
 * running system), so recorded trees serve as tests.
 */
#ifndef MW_IN_CGROUPFS_H
#define MW_IN_CGROUPFS_H

#include "in/source.h"

struct cgroupfs {
	bool v1;            /* the memory controller is on a v1 hierarchy */
	bool found;         /* a memory hierarchy was found at all */
	const char *mode;   /* "v1", "hybrid", "v2" */
	uint64_t hierarchy; /* id of the memory hierarchy as in /proc/cgroups; 0 on v2 */
	uint64_t root_id;   /* inode of the hierarchy's root directory */
	char memory[512];   /* mount point of the memory hierarchy, with the root prefix */
	char cpuacct[512];  /* v1: of cpuacct, "" if none */
	char cpu[512];      /* v1: of cpu, "" if none */
};

/*
 * Find the mounts by /proc/self/mountinfo and /proc/cgroups under root. Always fills *fs; -ENOENT
 * when no memory hierarchy is mounted, else 0 or -errno.
 */
int cgroupfs_open(struct cgroupfs *fs, const char *root);

/*
 * EV_CGROUP_NEW (scanned = 1), parents before children, for every directory of the memory
 * hierarchy, the root included. Vanishing directories are no error. 0 or -errno.
 */
int cgroupfs_scan(const struct cgroupfs *fs, uint64_t ts, event_sink sink, void *ctx);

/*
 * EV_MEMCG_STAT of one cgroup by its path in the hierarchy. When the directory is gone or is
 * another one (inode differs from id), found is 0. Always fills *ev.
 */
int cgroupfs_stat(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		  union event *ev);

/* EV_MEMCG by files, for kernels without the cgroup iterator; same rules. */
int cgroupfs_memcg(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		   union event *ev);

#endif
