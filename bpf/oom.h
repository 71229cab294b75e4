/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/* oom.h - the note that a SIGKILL leaves for mark_victim, which follows it within the same call. */
#ifndef MW_OOM_H
#define MW_OOM_H

#include "vmlinux.h"

#define KILL_NOTE_NS 1000000000ULL /* older ones belong to something else */

struct kill_note {
	__u64 task; /* struct task_struct * */
	__u64 ts;
};

/* By the tid of who kills. LRU: most such kills are no OOM kills and nobody takes their notes. */
struct kill_notes_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct kill_note);
};

extern struct kill_notes_map kill_notes SEC(".maps");

#endif
