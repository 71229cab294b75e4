/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * oom.h - what the programs of one kill leave for each other: the decision, and the note of a
 * SIGKILL for mark_victim, which follows it within the same call.
 */
#ifndef MW_OOM_H
#define MW_OOM_H

#include "vmlinux.h"
#include "wire.h"

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

struct oom_decision {
	__u64 id; /* time of the entry: oom_lock lets in one at a time, so no two are the same */
	__u32 tier;
	__u32 nth; /* victims so far */
	__u32 constraint;
	__s32 order;
	__u32 gfp;
	__u32 chosen_tid;
	__u64 total_pages;
	__s64 points;
	struct wire_level limit;
	struct wire_split split; /* oom_stat.bpf.c, where it is loaded */
	__u32 limit_path_len;
	__u32 pad;
	char message[WIRE_MESSAGE];
	char limit_path[WIRE_PATH];
};

struct oom_decisions_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32); /* tid */
	__type(value, struct oom_decision);
};

extern struct kill_notes_map kill_notes SEC(".maps");
extern struct oom_decisions_map oom_decisions SEC(".maps");

#endif
