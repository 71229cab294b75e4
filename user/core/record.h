/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - what the core says: one struct a record type of the output contract.
 *
 * The core fills these and hands them to its emit callback; user/out/ turns them into JSON lines.
 * Everything a record points to belongs to the core and is valid only during the callback.
 *
 * "Not known" is U64_UNKNOWN, S64_UNKNOWN, NAN for ratios and seconds, or NULL or "" for strings:
 * such a field is left out of the line. U64_UNLIMITED becomes null (known to have no limit).
 * Bytes are bytes; _real is CLOCK_REALTIME in nanoseconds; _seconds are doubles.
 */
#ifndef MW_CORE_RECORD_H
#define MW_CORE_RECORD_H

#include "core/event.h"
#include "core/history.h"

#define RECORD_SCHEMA "memwitness/1"

enum record_type {
	RECORD_AGENT_START = 1,
	RECORD_CONTAINER_START = 2,
	RECORD_CONTAINER_STOP = 3,
	RECORD_CONTAINER_SAMPLE = 4,
	RECORD_HOST_SAMPLE = 5,
	RECORD_PROCESS_EXIT = 6,
	RECORD_OOM_KILL = 7,
	RECORD_RESTART_REPORT = 8,
	RECORD_LEAK_REPORT = 9,
	RECORD_FINDING = 10,
	RECORD_AGENT_HEALTH = 11,
	RECORD_AGENT_STOP = 12,
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

enum exit_cause {
	CAUSE_UNKNOWN = 0,
	CAUSE_CLEAN,
	CAUSE_FAILED,
	CAUSE_CRASHED,
	CAUSE_OOM_KILLED,
	CAUSE_KILLED_BY_PARENT,
	CAUSE_KILLED_BY_RUNTIME,
	CAUSE_KILLED_BY_SELF,
	CAUSE_KILLED_BY_SIBLING,
	CAUSE_KILLED_BY_OTHER,
	CAUSE_INIT_DIED,
	CAUSE_COUNT,
};

/* The word of the contract for a cause: "oom_killed" ... */
const char *exit_cause_name(enum exit_cause cause);
const char *record_type_name(enum record_type type);

struct record_container {
	const char *id;
	const char *name;
	const char *runtime; /* "docker", ..., "systemd", "none" */
	const char *image;
	const char *image_id;
	const char *labels; /* "key=value" each, parted by newlines */
	bool sandbox;       /* a pod's, which runs nothing of the user's */
	bool labels_cut;
	bool restarts_counted; /* restart_count is the agent's own, since its start */
	const char *cgroup;
	uint64_t cgroup_id;
	uint64_t started_real;
	const char *identity_source;
	/* the container around it; parent_cgroup "" or NULL: none */
	const char *parent_id;
	const char *parent_name;
	const char *parent_runtime;
	const char *parent_cgroup;
	/* k8s; pod_uid "" when it is no pod's */
	const char *pod_name;
	const char *pod_uid;
	const char *namespace;
	const char *k8s_container;
	const char *workload_kind; /* NULL: the pod's name does not tell */
	const char *workload;      /* the pod's owner, derived from its name */
	uint64_t restart_count;    /* of any container */
};

struct record_process {
	uint32_t pid; /* 0: no process at all */
	uint32_t parent_pid;
	uint64_t start_real;
	uint64_t uid; /* U64_UNKNOWN when not known */
	uint64_t container_uid;
	uint64_t container_pid;
	const char *name;
	const char *executable;
	const char *command_line;
	const char *role;
	bool args_cut;
};

struct record_limits {
	uint64_t memory; /* U64_UNLIMITED, U64_UNKNOWN */
	uint64_t high;
	uint64_t swap;
};

struct rec_agent_start {
	const struct ev_start *start;
	const struct ev_feature *features;
	size_t n_features;
};

struct exit_totals {
	uint64_t total;
	uint64_t causes[CAUSE_COUNT];
};

struct rec_container_start {
	struct record_limits limits;
};

/* One of several numbers, in the unit of the field; U64_UNKNOWN where there is none. */
struct rec_quantiles {
	uint64_t p50, p95;
};

struct rec_exit_status {
	uint64_t code;   /* U64_UNKNOWN when it was a signal */
	uint64_t signal; /* U64_UNKNOWN when it was a code */
	bool core_dumped;
};

struct rec_container_stop {
	struct record_limits limits;
	double lifetime_seconds;
	bool lifetime_known; /* its start was seen */
	uint64_t peak_usage;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t forks;
	struct exit_totals exits;
	/* of its first process, when that ended within the container's life */
	bool init_known;
	struct record_process init;
	struct rec_exit_status init_exit;
	enum exit_cause init_cause;
};

struct rec_top_process {
	struct record_process process;
	int64_t anon;
};

#define RECORD_TOP 5

enum restart_status { RESTART_OK, RESTART_WARNING, RESTART_CRITICAL };
enum recycling { RECYCLING_NONE, RECYCLING_PLANNED, RECYCLING_UNPLANNED };

/* The word of the contract: "ok" "warning" "critical"; "none" "planned" "unplanned". */
const char *restart_status_name(enum restart_status status);
const char *recycling_name(enum recycling recycling);

struct rec_workers {
	const char *role; /* by the table, else "worker of" and the parent's name */
	struct record_process parent;
	bool parent_gone;
	uint64_t size, alive;
	uint64_t restarts;       /* in the window */
	uint64_t restarts_total; /* since the agent's start */
	uint64_t unplanned;      /* of those in the window */
	uint64_t forced;         /* of these, kills by the parent */
	double restarts_per_hour;
	struct exit_totals causes;              /* in the window */
	struct rec_quantiles lifetime, respawn; /* ns */
	struct rec_quantiles peak_rss;          /* bytes */
	enum recycling recycling;
	bool synchronized;
	uint32_t together; /* how many left together, when synchronized */
	uint64_t below_size_ns;
	bool boot_loop, respawn_storm;
};

#define RECORD_POOLS  8
#define RECORD_ADVICE 8

struct rec_restart_report {
	enum restart_status status;
	double window_seconds;
	/* of the container itself */
	uint64_t window_restarts, total_restarts;
	uint64_t runtime_restarts; /* as its runtime counts them, or U64_UNKNOWN */
	bool last_known;
	uint64_t last_real;
	struct rec_exit_status last_exit;
	enum exit_cause last_cause;
	struct rec_quantiles between; /* ns */
	uint64_t last_between;        /* ns or U64_UNKNOWN */
	bool crash_loop;
	uint64_t crash_loop_since_real; /* 0: none */
	const struct rec_workers *workers;
	size_t n_workers;
	uint64_t more_workers; /* pools that did not fit */
	const char *const *advice;
	size_t n_advice;
};

struct rec_container_sample {
	double window_seconds;
	uint64_t usage, working_set, anon, file, shmem, kernel, swap;
	uint64_t limit, high;
	double usage_ratio;
	double pressure_some_avg10, pressure_full_avg10; /* percent */
	double cpu_usage_ratio;                          /* of one core */
	double throttled_seconds;
	uint64_t faults_minor, faults_major; /* in the window */
	double minor_per_second, major_per_second;
	bool kinds_known;
	double kinds[EV_KINDS]; /* shares of the sampled faults; they sum to 1 */
	uint64_t processes;
	uint64_t forks, execs;
	struct exit_totals exits;
	struct rec_top_process top[RECORD_TOP];
	size_t n_top;
	bool final; /* taken at the container's stop */
};

struct rec_host_container {
	struct record_container container;
	uint64_t usage;
};

struct rec_host_sample {
	double window_seconds;
	uint64_t memory_total, memory_available, memory_free, memory_cached;
	uint64_t swap_total, swap_used;
	uint64_t committed;
	double pressure_some_avg10, pressure_full_avg10;
	uint64_t cpus;
	double cpu_usage_ratio; /* of all cores: 0..1 */
	uint64_t containers, processes;
	struct rec_host_container biggest[RECORD_TOP];
	size_t n_biggest;
};

struct rec_signal {
	uint32_t number;    /* 0: no signal led to it */
	double age_seconds; /* before the exit */
	bool caught;        /* the process had a handler for it */
};

enum limit_level { LEVEL_UNKNOWN = 0, LEVEL_CONTAINER, LEVEL_POD, LEVEL_SLICE, LEVEL_HOST };

/* Of all limits above a process the one that was fullest at the last look; cgroup NULL: none. */
struct rec_nearest_limit {
	const char *cgroup;
	enum limit_level level;
	uint64_t usage, limit;
	double usage_ratio;
	double age_seconds; /* of the reading */
};

struct rec_process_exit {
	struct record_process process;
	struct rec_exit_status exit;
	enum exit_cause cause;
	struct rec_signal signal;
	struct record_process sender;             /* pid 0: the kernel or nobody */
	struct record_container sender_container; /* cgroup NULL: not known */
	double lifetime_seconds;
	uint64_t peak_rss;
	uint64_t minor_faults, major_faults;
	struct rec_nearest_limit nearest;
	const char *incident;        /* "" unless it belongs to an OOM incident */
	double kill_to_exit_seconds; /* NAN without incident */
};

struct rec_limit_hit {
	const char *cgroup; /* NULL: not known */
	uint64_t cgroup_id;
	enum limit_level level;
	uint64_t usage, limit;
	uint64_t swap_usage, swap_limit;
	uint64_t memsw_usage, memsw_limit; /* v1's memory+swap counter */
	uint64_t failures;
};

/* Who asked for the memory, as seen from the victim. */
enum oom_relation {
	RELATION_UNKNOWN = 0,
	RELATION_VICTIM,
	RELATION_SAME_CONTAINER,
	RELATION_OTHER_CONTAINER,
	RELATION_RUNTIME,
	RELATION_HOST,
};

struct rec_memory_stat {
	double age_seconds; /* NAN: nothing is known */
	const char *source; /* "kernel", "file" */
	struct ev_split split;
	uint64_t swap;
};

struct rec_oom_process {
	struct record_process process;
	int64_t anon, file, shmem, swap;
	int32_t oom_score_adj;
};

#define RECORD_OOM_PROCESSES 20
#define RECORD_SUMMARY       1024 /* all facts, and every byte of a name escaped in the line */

struct rec_oom_kill {
	const char *incident;
	struct record_process victim;
	uint64_t total_vm, rss, anon, file, shmem, swap, page_tables;
	bool exact; /* per-CPU parts included */
	int32_t oom_score_adj;
	double age_seconds;
	double anon_growth_per_second; /* NAN: no earlier look at it */
	enum oom_relation relation;
	struct record_process trigger;
	struct record_container trigger_container;
	const char *constraint; /* "memcg" "global" "cpuset" "mempolicy", "" unknown */
	struct rec_limit_hit limit_hit;
	bool group_kill;
	uint64_t victims;
	int64_t order; /* S64_UNKNOWN in the tracepoint tier */
	uint64_t gfp;
	const char *gfp_names; /* joined by '|' */
	struct rec_memory_stat memory_stat;
	double processes_age_seconds; /* NAN: no snapshot yet */
	uint64_t processes_total;
	const struct rec_oom_process *processes; /* biggest first */
	size_t n_processes;
	const struct history *history; /* NULL: none */
	const char *summary;           /* at most RECORD_SUMMARY bytes, its NUL included */
	const char *method;            /* "fentry", "kprobe", "tracepoint" */
	double kill_to_record_seconds;
	uint64_t survivors; /* processes of the container that live on */
	int init_alive;     /* 1 yes, 0 no, -1 not known */
	uint64_t orphans;   /* living children of the victim in its container */
};

enum finding_kind {
	FINDING_MEMORY_PRESSURE = 1,
	FINDING_OOM_KILLS_BEFORE_START,
	FINDING_OOM_KILLS_MISSED,
};

/* Reasons of FINDING_MEMORY_PRESSURE. */
#define PRESSURE_LIMIT  1u
#define PRESSURE_HIGH   2u
#define PRESSURE_STALL  4u
#define PRESSURE_THRASH 8u

/* OOM kills: what the kernel counted against what was told. U64_UNKNOWN where not known. */
struct rec_kill_gap {
	const char *cgroup;
	uint64_t cgroup_id;
	uint64_t kernel, records, twice, missing;
};

#define RECORD_KILL_GAPS 16

struct rec_kills {
	uint64_t records; /* oom_kill records written */
	uint64_t kernel;  /* /proc/vmstat, since the agent's start */
	uint64_t twice;
	uint64_t missing;
	uint64_t before_start;
	struct rec_kill_gap gaps[RECORD_KILL_GAPS]; /* cgroups where they differ */
	size_t n_gaps;
};

struct rec_finding {
	enum finding_kind kind;
	bool cleared;
	uint64_t since_real; /* when it was raised, of one that is cleared */
	const char *cgroup;
	uint64_t cgroup_id;
	enum limit_level level;
	/* of memory pressure */
	uint32_t reasons; /* PRESSURE_* */
	uint64_t usage, limit, high, unreclaimable;
	double usage_ratio, unreclaimable_ratio;
	double max_rate, high_rate; /* events a second */
	double pressure_full_avg10; /* percent */
	double refault_rate;        /* bytes a second */
	double threshold_pressure;  /* percent */
	double threshold_unreclaimable_ratio;
	const struct history *history;
	/* of kills */
	struct rec_kill_gap kills;
	const char *advice;
};

struct rec_resource {
	char name[EV_NAME];
	char cause[EV_NAME];
	uint64_t capacity, used, peak, lost;
};

struct rec_program {
	char name[EV_NAME];
	uint64_t runs;
	uint64_t run_ns;
};

struct rec_health {
	double cpu_seconds;
	uint64_t rss;
	const struct rec_resource *resources;
	size_t n_resources;
	const struct rec_program *programs;
	size_t n_programs;
	struct rec_kills kills;
	uint64_t mark_victim_seen, mark_victim_refused, oom_no_kill, exit_duplicate;
	uint64_t late_events; /* arrived behind the watermark */
};

struct rec_agent_stop {
	const char *why;
	struct rec_health health;
};

struct record {
	enum record_type type;
	enum severity severity;
	uint64_t seq;
	uint64_t time_real;
	const char *host_name;
	const char *boot_id;
	const struct record_container *container; /* NULL where the record is about no container */
	union {
		const struct rec_agent_start *agent_start;
		const struct rec_container_start *container_start;
		const struct rec_container_stop *container_stop;
		const struct rec_container_sample *container_sample;
		const struct rec_host_sample *host_sample;
		const struct rec_restart_report *restart_report;
		const struct rec_process_exit *process_exit;
		const struct rec_oom_kill *oom_kill;
		const struct rec_finding *finding;
		const struct rec_health *agent_health;
		const struct rec_agent_stop *agent_stop;
	};
};

#endif
