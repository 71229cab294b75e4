/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfs.h - /proc, read as it is on disk: every function takes the root directory that holds
 * `proc` ("" for the running system), so recorded trees serve as tests.
 */
#ifndef MW_IN_PROCFS_H
#define MW_IN_PROCFS_H

#include "core/event.h"

/*
 * EV_PROC_INFO for (pid, start): executable, command line (redacted by mode). When the pid is gone
 * or belongs to a later process (field 22 of stat is in clock ticks: compared at that precision),
 * found is 0. Always fills *ev; 0 or -errno of something other than "gone".
 */
int procfs_process(const char *root, uint32_t pid, uint64_t start, int redact, uint64_t ts,
		   union event *ev);

/* EV_HOST from meminfo, stat, pressure/memory. What is missing stays unknown. */
int procfs_host(const char *root, uint64_t ts, union event *ev);

/* oom_kill of vmstat, or U64_UNKNOWN. */
uint64_t procfs_oom_kills(const char *root);

/* Own CPU time (ns) and rss (bytes) from /proc/self. */
int procfs_self(uint64_t *cpu_ns, uint64_t *rss);

/* Kernel release, machine, host name, boot id, CPUs, MemTotal into a start event. */
int procfs_host_identity(const char *root, struct ev_start *start);

#endif
