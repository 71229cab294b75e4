/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * wire.h - the layout that the BPF programs and the decoder share.
 *
 * Everything here is fixed-width and naturally aligned without padding, so that both sides agree
 * by construction; WIRE_CHECK() asserts it. Units are the kernel's own (pages, nanoseconds of
 * CLOCK_BOOTTIME): user/in/decode.c alone turns them into bytes. Nothing outside bpf/ and user/in/
 * includes this file. A change of layout is a change of WIRE_VERSION.
 */
#ifndef MW_WIRE_H
#define MW_WIRE_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define WIRE_VERSION 2

#define WIRE_COMM    16  /* TASK_COMM_LEN */
#define WIRE_LEVELS  8   /* memory cgroups walked from a victim towards the root */
#define WIRE_PATH    512 /* bytes of a cgroup path; a longer one loses its front and says so */
#define WIRE_ARGS    512 /* bytes of a command line taken at exec, NULs between arguments */
#define WIRE_FILE    256 /* bytes of an executable's name */
#define WIRE_MESSAGE 32  /* the kernel's own word for the kill, as in its log line */

/* Kinds carry explicit numbers; a retired one leaves a hole. */
enum wire_kind {
	WIRE_FORK = 1,
	WIRE_EXEC = 2,
	WIRE_EXIT = 3,
	WIRE_SIGNAL = 4,
	WIRE_CGROUP_NEW = 5,
	WIRE_CGROUP_GONE = 6,
	WIRE_CGROUP_ATTACH = 7,
	WIRE_OOM = 8,
	WIRE_SNAP_TASK = 9,   /* iterator output, not a ring record */
	WIRE_SNAP_MEMCG = 10, /* iterator output, not a ring record */
};

struct wire_head {
	__u16 kind;
	__u16 version;
	__u32 size; /* of the whole record, this head included */
	__u64 ts;   /* CLOCK_BOOTTIME, ns */
};

/* Who did something: a task with its thread group and memory cgroup. */
struct wire_who {
	__u32 tgid;
	__u32 tid;
	__u64 start; /* of the thread group's leader, CLOCK_BOOTTIME ns */
	__u64 memcg; /* kernfs id of its memory cgroup */
	__u32 uid;
	__s32 oom_score_adj;
	char comm[WIRE_COMM];
};

/* Resident pages by kind; exact (per-CPU deltas summed) where WIRE_RSS_EXACT is set. */
struct wire_rss {
	__s64 file;
	__s64 anon;
	__s64 swap;
	__s64 shmem;
};

#define WIRE_RSS_VALID 1 /* the process had an mm to read */
#define WIRE_RSS_EXACT 2

struct wire_fork {
	struct wire_head head;
	struct wire_who child; /* tid is the child's pid in its own pid namespace */
	__u32 parent_tgid;     /* the real parent (CLONE_PARENT respected), not who called fork */
	__u32 pid_ns;          /* inode number of the child's pid namespace */
	__u64 parent_start;
};

/* Variable length: file_len bytes of file name, then args_len bytes of arguments follow. */
struct wire_exec {
	struct wire_head head;
	struct wire_who who;
	__u32 file_len;
	__u32 args_len;
	__u32 args_total; /* length in memory: more than args_len when it was cut */
	__u32 pad;
};

struct wire_exit {
	struct wire_head head;
	struct wire_who who; /* tid is the pid in its own pid namespace */
	__u32 parent_tgid;
	__u32 pid_ns;
	__u64 parent_start;
	__u32 status;    /* as wait(2) gives it: signal | core flag 0x80 | code << 8 */
	__u32 rss_flags; /* WIRE_RSS_* */
	struct wire_rss rss;
	__u64 max_rss; /* signal->maxrss, pages */
	__u64 min_flt;
	__u64 maj_flt;
	__u32 oom_victim; /* signal->oom_mm was set */
	__u32 source;     /* enum wire_exit_source */
};

enum wire_exit_source {
	WIRE_EXIT_TP_GROUP_DEAD = 1, /* tracepoint with group_dead, 6.16 and later */
	WIRE_EXIT_FENTRY = 2,        /* taskstats_exit by fentry */
	WIRE_EXIT_KPROBE = 3,        /* taskstats_exit by kprobe */
	WIRE_EXIT_TP_OLD = 4,        /* tracepoint after exit_mm, deduplicated by signal_struct */
};

enum wire_siginfo { WIRE_SI_NOINFO = 0, WIRE_SI_PRIV = 1, WIRE_SI_REAL = 2 };
enum wire_sighandler { WIRE_SA_DEFAULT = 0, WIRE_SA_IGNORE = 1, WIRE_SA_HANDLER = 2 };

struct wire_signal {
	struct wire_head head;
	struct wire_who sender;
	struct wire_who target;
	__s32 sig;
	__s32 code;    /* si_code when info is WIRE_SI_REAL, else 0 */
	__u32 info;    /* enum wire_siginfo */
	__u32 handler; /* enum wire_sighandler: what the target would do with it */
	__u32 group;   /* sent to the whole thread group */
	__s32 result;  /* enum from the tracepoint: 0 delivered, 1 ignored, 2 pending already */
};

/* Variable length: path_len bytes of path follow (no NUL). */
struct wire_cgroup {
	struct wire_head head;
	__u64 id;
	__u64 parent_id;
	__u64 start; /* attach: start of the thread group moved */
	__u32 tgid;  /* attach: the thread group moved */
	__u32 level;
	__u32 path_len;
	__u32 path_cut; /* the path was longer */
};

/* One memory cgroup on the way from the victim's to the root. Pages. */
struct wire_level {
	__u64 id;
	__s64 usage;
	__u64 max;
	__u64 high;
	__s64 swap;     /* v2: swap.usage; v1: memsw.usage */
	__u64 swap_max; /* v2: swap.max; v1: memsw.max */
	__u64 failcnt;
	__u64 events_max; /* memory_events[MEMCG_MAX] */
	__u64 events_high;
	__u64 oom_local; /* memory_events_local[MEMCG_OOM] */
	__u32 oom_group;
	__u32 pad;
};

/* The last reading of a memory cgroup: its rmdir, while the controller still stands. */
struct wire_cgroup_gone {
	struct wire_head head;
	__u64 id;
	struct wire_level level; /* id 0: the controller was not enabled in it */
	__u64 watermark;         /* largest usage of its life, pages */
	__u64 oom_kills;         /* memory_events[MEMCG_OOM_KILL] */
	__u64 oom_kills_local;   /* memory_events_local[MEMCG_OOM_KILL]: victims of its own */
	__u32 v1;
	__u32 pad;
};

/*
 * What memory.stat says of a cgroup, read in the kernel at the kill where it can be (bytes); all
 * ones where it cannot.
 */
struct wire_split {
	__u64 anon;
	__u64 file;
	__u64 shmem;
	__u64 kernel;
	__u64 slab_unreclaimable;
	__u64 inactive_file;
	__u64 active_file;
	__u64 unevictable;
	__u64 sock;
};

enum wire_oom_tier { WIRE_OOM_FENTRY = 1, WIRE_OOM_KPROBE = 2, WIRE_OOM_TRACEPOINT = 3 };

struct wire_oom {
	struct wire_head head;
	struct wire_who victim;
	struct wire_who trigger; /* current: who asked for memory */
	__u32 victim_ns_pid;     /* pid in its own pid namespace */
	__u32 victim_pid_ns;
	__u32 parent_tgid;
	__u32 tier; /* enum wire_oom_tier */
	__u64 parent_start;
	__u64 total_vm;    /* pages */
	__u64 page_tables; /* bytes */
	struct wire_rss rss;
	struct wire_rss rss_raw; /* the bare counters, what kernels before 7.0 log */
	__u32 rss_flags;
	__u32 v1; /* swap fields of the levels are memory+swap */
	/* From oom_control, tiers 1 and 2 only. */
	__u64 decision; /* the same for all victims of one call of oom_kill_process; 0 in tier 3 */
	__u32 nth;      /* 1 for the first victim of the decision */
	__u32 constraint; /* enum oom_constraint */
	__s32 order;
	__u32 gfp;
	__u64 total_pages; /* the limit that applied, in pages: not the victim's size */
	__s64 points;
	__u32 chosen_tid;
	__u32 n_levels;
	struct wire_level limit; /* the cgroup of the decision, as it was at entry; id 0: global */
	struct wire_split split; /* of the same cgroup, when its first victim was marked */
	struct wire_level levels[WIRE_LEVELS]; /* of the victim, from its own upwards */
	char message[WIRE_MESSAGE];
	__u32 victim_path_len;
	__u32 limit_path_len;
	char victim_path[WIRE_PATH];
	char limit_path[WIRE_PATH];
};

struct wire_snap_task {
	struct wire_who who; /* tid is the pid in its own pid namespace */
	__u32 parent_tgid;
	__u32 pid_ns;
	__u64 parent_start;
	struct wire_rss rss;
	__u32 rss_flags;
	__u32 threads;
};

struct wire_snap_memcg {
	struct wire_level level;
	__u64 parent_id;
	__u64 oom_kills; /* memory_events[MEMCG_OOM_KILL] */
	__u64 oom_kills_local;
	__u32 depth;
	__u32 v1;
};

/* Kinds of address a sampled user fault falls into. */
enum wire_fault_kind {
	WIRE_FAULT_OTHER = 0,
	WIRE_FAULT_HEAP = 1,
	WIRE_FAULT_MMAP = 2, /* anonymous, not the heap, not a stack */
	WIRE_FAULT_STACK = 3,
	WIRE_FAULT_FILE = 4,
	WIRE_FAULT_SHMEM = 5,
	WIRE_FAULT_KINDS = 6,
};

/* Exact counters of one memory cgroup, one slot of a per-CPU array. */
struct wire_counts {
	__u64 faults;
	__u64 forks;
	__u64 execs;
	__u64 exits;
	__u64 signals;
	__u64 oom_kills;
	__u64 kinds[WIRE_FAULT_KINDS]; /* of one in WIRE_FAULT_SAMPLE faults (perf event: of one a
					  period) */
};

#define WIRE_FAULT_SAMPLE 64 /* faults of one CPU to one that is classified (bpf/vma.h) */
/* The perf event's, where there is no tracepoint. */
#define WIRE_FAULT_PERIOD 64

/* A value of that array. The owner is set by the first count and cleared when the slot is recycled.
 */
struct wire_cell {
	__u64 owner; /* memory cgroup id; 0 in slot 0 and while unused */
	struct wire_counts counts;
};

/* Why something is missing or was refused, counted in the kernel. */
struct wire_stats {
	__u64 lost_oom_ring; /* OOM ring full: evidence lost */
	__u64 lost_ring;     /* other ring full */
	__u64 lost_slot;     /* no counter slot: counted under slot 0 */
	__u64 lost_stash;    /* no room for oom_control or signal notes */
	__u64 mark_victim_seen;
	__u64 mark_victim_refused; /* without a SIGKILL of its own: not a kill */
	__u64 oom_no_kill;         /* oom_kill_process that marked nobody */
	__u64 exit_duplicate;      /* second report of one thread group, refused */
};

#define WIRE_CHECK(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
WIRE_CHECK(wire_head, 16);
WIRE_CHECK(wire_who, 48);
WIRE_CHECK(wire_fork, 80);
WIRE_CHECK(wire_exec, 80);
WIRE_CHECK(wire_exit, 152);
WIRE_CHECK(wire_signal, 136);
WIRE_CHECK(wire_cgroup, 56);
WIRE_CHECK(wire_level, 88);
WIRE_CHECK(wire_cgroup_gone, 144);
WIRE_CHECK(wire_split, 72);
WIRE_CHECK(wire_snap_task, 104);
WIRE_CHECK(wire_snap_memcg, 120);
WIRE_CHECK(wire_counts, 96);
WIRE_CHECK(wire_cell, 104);
WIRE_CHECK(wire_oom, 2200);

#endif
