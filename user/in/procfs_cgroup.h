/* SPDX-License-Identifier: Apache-2.0 */
/* procfs_cgroup.h - which memory cgroup a process is in, by /proc, and what else names it there. */
#ifndef MW_IN_PROCFS_CGROUP_H
#define MW_IN_PROCFS_CGROUP_H

#include <stdbool.h>
#include "core/event.h"

/*
 * Join the cgroup namespace of process 1 under root: /proc/PID/cgroup is written as the reader's
 * namespace sees it, and in a container that is not the host's view. 0 (also when it is joined
 * already) or -errno; it takes CAP_SYS_ADMIN.
 */
int procfs_join_host_cgroups(const char *root);

/*
 * Path of the process' cgroup in the hierarchy that has the memory controller (v1: the line that
 * names it, else the line of v2). 0; -ESRCH when there is no such process; -EXDEV when the path
 * leaves this cgroup namespace, so that it cannot be told; or -errno.
 */
int procfs_cgroup_path(const char *root, uint32_t pid, bool v1, char *path, size_t size);

/*
 * EV_TASK of one process: pid, start time (ns, to the clock tick), parent, comm, real uid, pid in
 * its own namespace. Memory stays unknown. 0, -ESRCH when there is none, or -errno.
 */
int procfs_task(const char *root, uint32_t pid, uint64_t ts, union event *ev);

#endif
