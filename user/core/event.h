/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - everything the core ever learns.
 *
 * The core is a pure function of a stream of these. The kernel's records, answers about /proc and
 * cgroupfs, the clock and the configuration all arrive as events, and the event log
 * (docs/events.md) is these structs, field for field, as JSON lines: event_fields.h has the one
 * table that the writer, the reader and the documents share.
 *
 * Rules: sizes are bytes, times are nanoseconds of CLOCK_BOOTTIME unless the name ends in _real
 * (CLOCK_REALTIME). U64_UNKNOWN and S64_UNKNOWN mean "not known", and such a field is left out of
 * the log; U64_UNLIMITED means that there is no limit. Strings are NUL-terminated valid UTF-8
 * (the decoder replaces what is not) and "" means not known. Kinds carry explicit numbers; a
 * retired one leaves a hole.
 */
#ifndef MW_CORE_EVENT_H
#define MW_CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define U64_UNKNOWN       UINT64_MAX
#define U64_UNLIMITED     (UINT64_MAX - 1)
#define S64_UNKNOWN       INT64_MIN

#define EVENT_LOG_VERSION 1

/* Sizes of strings, the closing NUL included. */
#define EV_COMM   48  /* 15 bytes of comm can become 45 when each is replaced */
#define EV_PATH   768 /* cgroup path */
#define EV_EXE    256
#define EV_ARGS   768 /* command line, arguments parted by blanks, redacted */
#define EV_NAME   128
#define EV_TEXT   256
#define EV_LABELS 1024 /* all labels of a container that were asked for */
#define EV_LEVELS 8
#define EV_GLOBS  16
#define EV_KINDS  6

enum event_type {
	EV_START = 1,    /* first of every stream: who records, where, with which options */
	EV_FEATURE = 2,  /* one probed feature; all of them follow EV_START */
	EV_READY = 3,    /* attached: the core may write agent_start */
	EV_CLOCK = 4,    /* a tick of the sample interval */
	EV_MARK = 5,     /* all that happened before ts has been read from the rings */
	EV_STOP = 6,     /* last of a whole stream */
	EV_RESOURCE = 7, /* fill and losses of one buffer, map or queue */
	EV_PROGRAM = 8,  /* run time of one BPF program */
	EV_HEALTH = 9,   /* the agent's own cost; closes a series of 7 and 8 */

	EV_CGROUP_NEW = 10,
	EV_CGROUP_GONE = 11,
	EV_CGROUP_ATTACH = 12,
	EV_IDENTITY = 13, /* what runtime files say about a container */

	EV_FORK = 20,
	EV_EXEC = 21,
	EV_EXIT = 22,
	EV_SIGNAL = 23,
	EV_PROC_INFO = 24, /* what /proc says about a process, asked for by the core */

	EV_OOM = 30,

	EV_TASK = 40,       /* one process of a snapshot */
	EV_TASKS_END = 41,  /* the snapshot is complete */
	EV_MEMCG = 42,      /* page counters of a memory cgroup */
	EV_MEMCG_STAT = 43, /* memory.stat, cpu and pressure files of one, asked for by the core */
	EV_MEMCG_COUNTS = 44, /* our own exact counters of one */
	EV_HOST = 45,
	EV_MEMCGS_END = 46,  /* the round over all memory cgroups is complete */
	EV_MEMCG_WATCH = 47, /* memory.stat and pressure of one that is watched, asked for */
};

struct event_head {
	uint64_t ts;
	uint32_t type;
	uint32_t size; /* of the whole struct */
};

enum redact_mode { REDACT_SECRETS = 0, REDACT_NONE = 1, REDACT_ARGS = 2, REDACT_ALL = 3 };

struct ev_start {
	struct event_head head;
	uint32_t log_version;
	uint32_t page_size;
	uint64_t real; /* CLOCK_REALTIME at head.ts */
	uint64_t cpus;
	uint64_t memory_total;
	uint64_t memory_hierarchy; /* id of the hierarchy that holds the memory controller; 0 on v2
				    */
	uint64_t root_memcg;       /* cgroup id of the root of that hierarchy */
	uint64_t sample_interval;
	uint64_t report_interval;
	uint64_t max_processes;
	uint64_t max_containers;
	uint64_t redact; /* enum redact_mode */
	uint64_t all_exits;
	uint64_t pressure_threshold; /* hundredths of a percent of PSI full avg10 */
	uint64_t restart_warning;    /* unplanned restarts an hour */
	uint64_t restart_critical;
	uint64_t agent_pid;
	char version[EV_NAME];
	char host[EV_TEXT];
	char boot_id[EV_NAME];
	char kernel[EV_NAME];
	char machine[EV_NAME];
	char cgroup_mode[EV_NAME]; /* v1, hybrid or v2 */
	uint32_t n_include;
	uint32_t n_exclude;
	char include[EV_GLOBS][EV_TEXT];
	char exclude[EV_GLOBS][EV_TEXT];
	char labels[EV_LABELS]; /* keys that are asked for, parted by newlines */
	char host_root[EV_TEXT];
};

struct ev_feature {
	struct event_head head;
	uint64_t state; /* enum feature_state */
	char name[EV_NAME];
	char how[EV_NAME];  /* the form in use: "fentry", "kprobe", "tracepoint" ... */
	char lost[EV_TEXT]; /* what records lack because of it, "" if nothing */
};

enum feature_state { FEATURE_NO = 0, FEATURE_FALLBACK = 1, FEATURE_YES = 2 };

struct ev_ready {
	struct event_head head;
};

struct ev_clock {
	struct event_head head;
	uint64_t real;
};

struct ev_mark {
	struct event_head head; /* ts: the watermark */
	uint64_t now;           /* when it was pushed */
};

struct ev_stop {
	struct event_head head;
	char why[EV_TEXT]; /* "SIGTERM", "duration", ... */
};

struct ev_resource {
	struct event_head head;
	uint64_t capacity;
	uint64_t used;
	uint64_t peak;
	uint64_t lost; /* since start */
	char name[EV_NAME];
	char cause[EV_NAME]; /* of the loss */
};

struct ev_program {
	struct event_head head;
	uint64_t runs;
	uint64_t run_ns; /* unknown without kernel.bpf_stats_enabled */
	char name[EV_NAME];
};

struct ev_health {
	struct event_head head;
	uint64_t cpu_ns; /* user and system, since start */
	uint64_t rss;
	uint64_t kernel_oom_kills; /* oom_kill of /proc/vmstat since boot */
	uint64_t mark_victim_seen;
	uint64_t mark_victim_refused;
	uint64_t oom_no_kill;
	uint64_t exit_duplicate;
};

struct ev_cgroup_new {
	struct event_head head;
	uint64_t id;
	uint64_t parent_id;
	uint64_t level;   /* 0: the root */
	uint64_t scanned; /* 1: it was there when we looked, 0: its mkdir was seen */
	uint64_t path_cut;
	char path[EV_PATH]; /* from the root of the memory hierarchy */
};

struct ev_cgroup_attach {
	struct event_head head;
	uint64_t id;
	uint64_t start;
	uint32_t pid;
	uint32_t pad;
};

/* Answer to REQUEST_IDENTITY. An empty source: nothing is known beyond the path. */
struct ev_identity {
	struct event_head head;
	uint64_t id;      /* memory cgroup */
	uint64_t own_len; /* bytes of its path up to the container's own directory; unknown: all */
	uint64_t sandbox; /* 1: it holds a pod's namespaces and runs nothing of the user's */
	uint64_t restart_count;
	uint64_t labels_cut;
	char container_id[EV_NAME];
	char name[EV_TEXT];
	char runtime[EV_NAME];
	char image[EV_TEXT]; /* normalised, with its tag */
	char image_id[EV_NAME];
	char pod_name[EV_TEXT];
	char pod_uid[EV_NAME];
	char namespace[EV_NAME];
	char k8s_container[EV_NAME];
	char source[EV_NAME];
	char labels[EV_LABELS]; /* "key=value" each, parted by newlines; no key holds a '=' */
};

/* Who: a process by (pid, start), with what was known of it at that instant. */
struct ev_who {
	uint32_t pid; /* thread group id */
	uint32_t tid; /* the thread; 0 where only the process matters */
	uint64_t start;
	uint64_t memcg;
	uint32_t uid;
	int32_t oom_score_adj;
	char comm[EV_COMM];
};

struct ev_fork {
	struct event_head head;
	struct ev_who child;
	uint64_t parent_start;
	uint32_t parent_pid;
	uint32_t ns_pid; /* pid in its own pid namespace */
	uint64_t pid_ns; /* inode number of that namespace */
};

struct ev_exec {
	struct event_head head;
	struct ev_who who;
	uint64_t args_cut;
	char executable[EV_EXE];
	char command_line[EV_ARGS];
};

struct ev_exit {
	struct event_head head;
	struct ev_who who;
	uint64_t parent_start;
	uint32_t parent_pid;
	uint32_t ns_pid;
	uint64_t pid_ns;
	uint32_t status; /* as wait(2) gives it */
	uint32_t oom_victim;
	uint64_t rss_exact;
	int64_t anon; /* S64_UNKNOWN when its memory was gone already */
	int64_t file;
	int64_t shmem;
	int64_t swap;
	uint64_t peak_rss;
	uint64_t minor_faults;
	uint64_t major_faults;
};

enum ev_siginfo { EV_SI_NOINFO = 0, EV_SI_PRIV = 1, EV_SI_REAL = 2 };
enum ev_handler { EV_SA_DEFAULT = 0, EV_SA_IGNORE = 1, EV_SA_HANDLER = 2 };

struct ev_signal {
	struct event_head head;
	struct ev_who sender;
	struct ev_who target;
	int32_t sig;
	int32_t code; /* si_code; 0 unless info is EV_SI_REAL */
	uint32_t info;
	uint32_t handler;
	uint32_t group;
	int32_t result;
};

struct ev_proc_info {
	struct event_head head;
	uint64_t start;
	uint32_t pid;
	uint32_t found; /* 0: it was gone; nothing else is set then */
	uint64_t args_cut;
	uint64_t container_uid; /* its uid in its own user namespace */
	char executable[EV_EXE];
	char command_line[EV_ARGS];
};

/* Answer to the wait for memory on one level of the hierarchy. */
struct ev_level {
	uint64_t id;
	int64_t usage;
	uint64_t max; /* or U64_UNLIMITED */
	uint64_t high;
	int64_t swap_usage; /* v1: memory+swap usage, see v1 beside it */
	uint64_t swap_max;
	uint64_t failcnt;
	uint64_t events_max;
	uint64_t events_high;
	uint64_t oom_local;
	uint64_t oom_group;
};

/* The last reading rides along where the kernel side could take it: level.id is 0 otherwise. */
struct ev_cgroup_gone {
	struct event_head head;
	uint64_t id;
	uint64_t v1;
	uint64_t peak; /* largest usage of its life */
	uint64_t oom_kills;
	uint64_t oom_kills_local; /* without those of the cgroups below it */
	struct ev_level level;
};

/* What fills a memory cgroup, by the keys of memory.stat. Hierarchical where the kernel is. */
struct ev_split {
	uint64_t anon;
	uint64_t file; /* shmem is a part of it */
	uint64_t shmem;
	uint64_t kernel;
	uint64_t slab_unreclaimable;
	uint64_t inactive_file;
	uint64_t active_file;
	uint64_t unevictable;
	uint64_t sock;
};

enum ev_constraint {
	EV_CONSTRAINT_NONE = 0,
	EV_CONSTRAINT_CPUSET = 1,
	EV_CONSTRAINT_MEMPOLICY = 2,
	EV_CONSTRAINT_MEMCG = 3,
};

enum ev_oom_tier { EV_OOM_FENTRY = 1, EV_OOM_KPROBE = 2, EV_OOM_TRACEPOINT = 3 };

struct ev_oom {
	struct event_head head;
	struct ev_who victim;
	struct ev_who trigger;
	uint64_t parent_start;
	uint32_t parent_pid;
	uint32_t ns_pid;
	uint64_t pid_ns;
	uint64_t tier; /* enum ev_oom_tier */
	uint64_t v1;   /* swap_usage and swap_max of the levels are memory+swap */
	uint64_t total_vm;
	uint64_t page_tables;
	uint64_t rss_exact;
	int64_t anon;
	int64_t file;
	int64_t shmem;
	int64_t swap;
	int64_t raw_anon; /* the bare counters, which kernels before 7.0 print */
	int64_t raw_file;
	int64_t raw_shmem;
	uint64_t decision;    /* 0 in the tracepoint tier */
	uint64_t nth;         /* 1: first victim of the decision */
	uint64_t constraint;  /* unknown in the tracepoint tier */
	int64_t order;        /* S64_UNKNOWN there */
	uint64_t gfp;         /* U64_UNKNOWN there */
	uint64_t total_pages; /* of oom_control, bytes; U64_UNKNOWN there */
	int64_t points;
	uint64_t chosen_tid;
	struct ev_level limit; /* of the decision at its entry; id 0: global or not known */
	struct ev_split split; /* of the same cgroup; anon is U64_UNKNOWN where it was not read */
	uint32_t n_levels;
	uint32_t pad;
	struct ev_level levels[EV_LEVELS]; /* from the victim's own cgroup towards the root */
	char gfp_names[EV_TEXT];           /* of gfp, joined by '|' */
	char message[EV_NAME];
	char victim_path[EV_PATH];
	char limit_path[EV_PATH];
};

struct ev_task {
	struct event_head head;
	struct ev_who who;
	uint64_t parent_start;
	uint32_t parent_pid;
	uint32_t ns_pid;
	uint64_t pid_ns;
	uint64_t threads;
	uint64_t rss_exact;
	int64_t anon; /* S64_UNKNOWN for a zombie or a kernel thread */
	int64_t file;
	int64_t shmem;
	int64_t swap;
};

struct ev_tasks_end {
	struct event_head head;
	uint64_t count;
	uint64_t taken_ns; /* how long the snapshot took */
};

struct ev_memcg {
	struct event_head head;
	struct ev_level level;
	uint64_t v1;
	uint64_t oom_kills; /* the kernel's own count for this cgroup, on v2 with all below it */
	uint64_t oom_kills_local;
};

struct ev_memcgs_end {
	struct event_head head;
	uint64_t count;
};

/* Answer to REQUEST_MEMCG_WATCH: what memory.stat and memory.pressure say, and no other file. */
struct ev_memcg_watch {
	struct event_head head;
	uint64_t id;
	uint64_t found; /* 0: the cgroup was gone; nothing else is set then */
	struct ev_split split;
	uint64_t swap;
	uint64_t
		refaults; /* pages that came back soon after they were reclaimed, since its start */
	uint64_t psi_full_avg10; /* hundredths of a percent */
};

/* Answer to REQUEST_MEMCG_STAT. Hierarchical values where the kernel keeps them. */
struct ev_memcg_stat {
	struct event_head head;
	uint64_t id;
	uint64_t found; /* 0: the cgroup was gone; nothing else is set then */
	uint64_t usage;
	uint64_t peak; /* memory.peak, memory.max_usage_in_bytes */
	uint64_t limit;
	uint64_t high;
	uint64_t swap;
	uint64_t swap_limit;
	uint64_t anon;
	uint64_t file;
	uint64_t shmem;
	uint64_t kernel;
	uint64_t slab_unreclaimable;
	uint64_t inactive_file;
	uint64_t pgfault;
	uint64_t pgmajfault;
	uint64_t cpu_ns;
	uint64_t throttled_ns;
	uint64_t psi_some_avg10; /* hundredths of a percent */
	uint64_t psi_full_avg10;
	uint64_t oom_kills; /* memory.events or memory.oom_control */
	uint64_t oom_kill_disable;
};

struct ev_memcg_counts {
	struct event_head head;
	uint64_t id; /* 0: the overflow slot */
	uint64_t faults;
	uint64_t forks;
	uint64_t execs;
	uint64_t exits;
	uint64_t signals;
	uint64_t oom_kills;
	uint64_t kinds[EV_KINDS]; /* other heap mmap stack file shmem; of the sampled faults */
};

struct ev_host {
	struct event_head head;
	uint64_t memory_total;
	uint64_t memory_available;
	uint64_t memory_free;
	uint64_t memory_cached;
	uint64_t swap_total;
	uint64_t swap_free;
	uint64_t committed;
	uint64_t cpu_busy_ns; /* all CPUs, since boot */
	uint64_t cpus;
	uint64_t psi_some_avg10; /* hundredths of a percent */
	uint64_t psi_full_avg10;
};

/* A place that can hold any event. */
union event {
	struct event_head head;
	struct ev_start start;
	struct ev_feature feature;
	struct ev_ready ready;
	struct ev_clock clock;
	struct ev_mark mark;
	struct ev_stop stop;
	struct ev_resource resource;
	struct ev_program program;
	struct ev_health health;
	struct ev_cgroup_new cgroup_new;
	struct ev_cgroup_gone cgroup_gone;
	struct ev_cgroup_attach cgroup_attach;
	struct ev_identity identity;
	struct ev_fork fork;
	struct ev_exec exec;
	struct ev_exit exit;
	struct ev_signal signal;
	struct ev_proc_info proc_info;
	struct ev_oom oom;
	struct ev_task task;
	struct ev_tasks_end tasks_end;
	struct ev_memcg memcg;
	struct ev_memcgs_end memcgs_end;
	struct ev_memcg_watch memcg_watch;
	struct ev_memcg_stat memcg_stat;
	struct ev_memcg_counts memcg_counts;
	struct ev_host host;
};

/*
 * Prepare an event: zero it, set its head, and set every field that can be unknown to its
 * unknown value. Returns the struct for chaining. The type must be one of the enum.
 */
union event *event_init(union event *ev, uint32_t type, uint64_t ts);

#endif
