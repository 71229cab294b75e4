/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * again.h - second programs on the same tracepoint, where the first can be passed over.
 *
 * From 7.0 on a tracepoint's callbacks can be preempted ("tracing: Guard __DECLARE_TRACE() use of
 * __DO_TRACE_CALL() with SRCU-fast"), and a BPF program that is hit again on a CPU while a
 * preempted run of it is still open there is not run: an exit would be lost. So where callbacks are
 * preemptible a second program follows the first. The first leaves a mark; the second, if it finds
 * it, has nothing to do. Both would have to be passed over for the same event to lose it.
 *
 * Marks are by pid, without a lock: two pids that meet in one place at the same instant make the
 * second program tell an event again, which the core takes once.
 */
#ifndef MW_AGAIN_H
#define MW_AGAIN_H

#include "maps.h"

#define MARKS 4096 /* a power of two */

static __always_inline void mark_told(__u32 *marks, __u32 pid)
{
	if (callbacks_preempt)
		marks[pid & (MARKS - 1)] = pid;
}

/* For the second program: true when the first has told of it. */
static __always_inline bool was_told(__u32 *marks, __u32 pid)
{
	if (marks[pid & (MARKS - 1)] == pid) {
		marks[pid & (MARKS - 1)] = 0;
		return true;
	}
	__sync_fetch_and_add(&told_again, 1);
	return false;
}

#endif
