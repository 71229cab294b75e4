/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h - what the core remembers, private to this room: processes by (pid, start time),
 * cgroups by id, containers on top of cgroups, and the round of a report.
 *
 * The dead are kept for a grace period, so that a late event, a sender or a parent can still be
 * named. When a table is full the longest dead goes first; the living are never thrown out, what
 * cannot be kept is counted.
 */
#ifndef MW_CORE_STATE_H
#define MW_CORE_STATE_H

#include "core/cgpath.h"
#include "core/core.h"
#include "core/history.h"
#include "core/index.h"
#include "core/window.h"
#include "core/workers.h"

#define NSEC_PER_SEC          1000000000ull

#define DEAD_SHARE            4 /* the dead may take one part in so many of the process table */
#define GRACE_NS              (10 * NSEC_PER_SEC) /* the dead are kept at least this long, room permitting */
#define SIGNAL_WINDOW_NS      (10 * NSEC_PER_SEC) /* a signal older than this led to nothing */
#define CGROUPS_PER_CONTAINER 4 /* slices, pods and sub-cgroups beside each container's own */
#define SIGNALS_KEPT          4
#define MAX_FEATURES          32
#define MAX_RESOURCES         48
#define MAX_PROGRAMS          48
#define MAX_INCIDENTS         64
#define MAX_HELD_EXITS        64
#define INCIDENT_TEXT         48
#define WORKERS_NEWBORNS      256
#define WORKERS_SETTLE_NS     (NSEC_PER_SEC / 20) /* from fork to exec, normally less */

/* One signal that could end a process, as its target remembers it. */
struct proc_signal {
	uint64_t ts;
	int32_t number;
	int32_t code;
	uint32_t info;    /* enum ev_siginfo */
	uint32_t handler; /* enum ev_handler */
	uint32_t sender_pid;
	uint32_t sender_tid;
	uint64_t sender_start;
	uint64_t sender_memcg;
	uint32_t sender_uid;
	char sender_comm[EV_COMM];
};

/* The first of the window and the latest ones: which of them counts is cause.c's business. */
struct signal_log {
	struct proc_signal entries[SIGNALS_KEPT];
	uint32_t n;
	uint32_t owner; /* index of the process */
};

/* Its anon memory over the last minute: the first look at it, and one every PAST_STEP_NS. */
#define PAST_POINTS  6
#define PAST_STEP_NS (10 * NSEC_PER_SEC)

struct past_point {
	uint64_t ts;
	int64_t anon;
};

struct process {
	uint32_t pid;
	uint32_t parent_pid;
	uint64_t start;
	uint64_t parent_start;
	uint64_t pid_ns;
	uint64_t memcg; /* id of its memory cgroup */
	uint32_t ns_pid;
	uint32_t uid;
	uint64_t container_uid; /* the same as its own user namespace sees it */
	uint32_t signals;       /* index of its signal_log, 0: none */
	uint32_t round;         /* of the last snapshot that held it */
	uint32_t incident;      /* number of the OOM incident that marked it, 0: none */
	bool alive;
	bool exit_told; /* its exit event was seen */
	bool args_cut;
	bool forked;    /* runs what its parent ran: no exec since the fork */
	bool borrowed;  /* its command line is still its parent's */
	bool successor; /* it was born to take another one's place */
	bool newborn;   /* not yet counted in a family, see workers.c */
	uint32_t family;
	uint64_t family_number; /* of that family: the entry may be another one's now */
	uint8_t n_past;
	uint8_t info_asks; /* how often /proc was asked about it */
	int32_t oom_score_adj;
	uint64_t info_next; /* when to ask again */
	uint64_t first_seen;
	uint64_t ended;
	uint64_t oom_ts; /* of its mark, 0: none */
	int64_t anon, file, shmem, swap;
	uint64_t peak_rss;                   /* largest exact sum that a snapshot saw */
	struct past_point past[PAST_POINTS]; /* oldest first */
	char comm[EV_COMM];
	char executable[EV_EXE];
	char command_line[EV_ARGS];
};

/* The newest look into memory.stat and the pressure file of a cgroup. */
struct watch {
	uint64_t asked; /* when, 0: never */
	uint64_t ts;    /* of the answer, 0: none yet */
	struct ev_split split;
	uint64_t swap;
	uint64_t refaults;       /* pages, since the cgroup began */
	double refault_rate;     /* bytes a second between the last two looks; NAN before */
	uint64_t psi_full_avg10; /* hundredths of a percent */
};

/* pressure.c: how close it is to a kill. */
struct pressure {
	uint64_t ts; /* of the last look at its events, 0: none yet */
	uint64_t max_events, high_events;
	double max_rate, high_rate; /* a second, between the last two looks */
	uint8_t limit_looks, high_looks,
		thrash_looks; /* a bit a look, the newest lowest: was bad */
	uint64_t answer;      /* time of the memory.stat that thrash_looks holds last */
	bool raised;
	uint64_t since;    /* raised when */
	uint64_t last_bad; /* last look with a reason */
};

/* kills.c: the kernel's own count of victims in this very cgroup, against the records. */
struct kill_count {
	bool known; /* the base is settled */
	uint32_t looks;
	uint64_t kernel; /* newest reading */
	uint64_t base;   /* of it, before the agent or the cgroup began */
	uint64_t records;
	uint64_t twice;   /* counted once more by the kernel: the chosen one of a group */
	uint64_t missing; /* of the last two looks the smaller one */
	uint64_t last_missing;
};

struct cgroup {
	uint64_t id;
	uint64_t parent;    /* id, 0: none or not known */
	uint32_t container; /* index, valid while that container's key is container_key */
	uint64_t container_key;
	bool gone;
	bool crowded_out; /* the table of containers had no room for its own */
	uint64_t ended;
	uint64_t seen;    /* first */
	uint32_t round;   /* the last one that held it, 0: none yet */
	uint64_t missing; /* since when its directory is not found, 0: it is */
	enum cgpath_kind kind;
	uint64_t created;    /* its mkdir, 0: not seen */
	uint64_t oom_local;  /* local OOM events accounted for, for the tracepoint tier */
	uint64_t oom_newest; /* of the last round; it counts from the next one on, see oom.c */
	bool oom_known;
	uint64_t read;       /* when its counters were read last, 0: never */
	uint64_t usage;      /* of the last round, U64_UNKNOWN before */
	uint64_t last_usage; /* of the round before */
	uint64_t max_usage;  /* largest of all rounds */
	uint64_t limit, high, swap_limit;
	uint64_t swap_usage;
	struct ev_memcg_counts counts; /* last reading */
	struct watch watch;
	struct pressure pressure;
	struct kill_count kills;
	struct history history;
	char path[EV_PATH];
};

struct container {
	uint64_t key;    /* id of its own cgroup: never used twice in a boot; 0: free */
	uint32_t cgroup; /* index of its own cgroup */
	uint32_t processes;
	bool announced;
	bool included; /* by --cgroup and --exclude-cgroup */
	bool stat_known;
	bool ended; /* its cgroup is gone, container_stop waits for the last counts */
	uint64_t ended_at;
	uint64_t window_begin;
	/* its first process */
	uint32_t init_pid;
	uint64_t init_start;
	bool init_pid_one; /* it is process 1 of its pid namespace */
	bool init_ended;
	struct rec_exit_status init_exit;
	enum exit_cause init_cause;
	char init_comm[EV_COMM];
	/* totals since created or first seen, and their values at the window's begin */
	struct ev_memcg_counts total, total_begin;
	uint64_t faults_at_stat; /* total.faults when stat was read */
	uint64_t major_exited;   /* major faults of processes that ended here */
	struct exit_totals exits, exits_begin;
	struct ev_memcg_stat stat, stat_begin;
	/* scratch of a report */
	uint32_t top[RECORD_TOP];
	uint32_t n_top;
	struct cgpath path; /* identity by path */
	uint32_t asks;      /* how often its runtime's files were asked for */
	uint64_t counted_restarts;
	uint32_t lives; /* index of all that had its name, 0: none */
	enum restart_status restart_status;
	struct ev_identity identity;
	const char *workload_kind; /* see workload.h */
	char workload[EV_TEXT];
};

/* restarts.c: all lives of what has one name. */
struct lives {
	uint64_t latest; /* memory cgroup of the latest one */
	uint64_t restarts;
	uint64_t hash;
	/* the life before the latest */
	uint64_t ended; /* 0: its end was not seen */
	bool exit_known;
	struct rec_exit_status exit;
	enum exit_cause cause;
	uint32_t early; /* in a row: ended within a minute of their beginning */
	uint64_t early_since;
	struct hour hour;
	struct spread between; /* ns from an end to the next beginning */
	char key[EV_PATH + EV_TEXT];
};

/* advice.c: sentences of one report. */
struct restart_advice {
	char text[RECORD_ADVICE][EV_TEXT];
	const char *list[RECORD_ADVICE];
	size_t n;
};

struct incident {
	uint32_t number; /* from 1 on; 0: free */
	char text[INCIDENT_TEXT];
	uint64_t decision; /* 0 in the tracepoint tier */
	uint64_t first_ts;
	uint64_t last_ts;
	uint32_t trigger_tid;
	uint64_t limit_id;
	uint64_t victims;
	bool group;
};

/* An exit that says "OOM victim" but came before its mark (Linux 6.16 on): it waits for it. */
struct held_exit {
	struct ev_exit exit;
};

struct core {
	struct ev_start start;
	const struct core_ops *ops;
	void *ctx;
	int64_t real_offset; /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	uint64_t now;        /* time of the event that is being taken */
	uint64_t mark_now;   /* clock of the shell at the last mark */
	uint64_t seq;
	uint64_t next_report;
	uint64_t report_time; /* of the report whose answers are awaited, 0: none */
	uint64_t host_begin;
	uint32_t round;       /* of snapshots */
	uint32_t memcg_round; /* over the memory cgroups */
	uint64_t restart_warning, restart_critical;
	bool ready;
	bool memcg_iter; /* the shell reads all memcgs itself each tick */
	bool series_closed;

	struct window window;

	struct process *processes;
	struct pool process_pool;
	struct htab process_tab;
	struct ilinks process_links;
	struct ilist alive, dead;

	struct signal_log *signal_logs;
	struct pool signal_pool;
	uint32_t signal_hand; /* index of the log that was looked at last for one to take back */

	struct cgroup *cgroups;
	struct pool cgroup_pool;
	struct htab cgroup_tab;
	struct ilinks cgroup_links;
	struct ilist present, gone;

	struct container *containers;
	struct pool container_pool;
	struct ilinks container_links;
	struct ilist running;

	struct workers *workers;
	struct pool workers_pool;
	struct htab workers_tab;
	struct ilinks workers_links;
	struct ilist workers_used; /* the longest unused first */
	uint32_t newborns[WORKERS_NEWBORNS];
	uint32_t n_newborns;
	uint64_t n_families; /* ever */

	struct lives *lives;
	struct pool lives_pool;
	struct htab lives_tab;
	struct ilinks lives_links;
	struct ilist lives_used; /* the longest unused first */

	struct incident incidents[MAX_INCIDENTS];                   /* a ring: the latest */
	uint32_t n_incidents;                                       /* ever */
	struct rec_oom_process oom_processes[RECORD_OOM_PROCESSES]; /* of the record at work */
	struct held_exit held[MAX_HELD_EXITS];
	uint32_t n_held;

	struct ev_feature features[MAX_FEATURES];
	uint32_t n_features;
	struct rec_resource resources[MAX_RESOURCES];
	uint32_t n_resources;
	struct rec_program programs[MAX_PROGRAMS];
	uint32_t n_programs;
	struct ev_health health;
	uint64_t kernel_oom_base;
	uint64_t oom_records;
	uint64_t oom_twice;       /* counted twice by the kernel, see kills.c */
	uint64_t oom_missing;     /* of the whole host; U64_UNKNOWN: not known */
	uint64_t oom_missing_raw; /* the same at the last look: it counts when seen twice */
	uint64_t oom_missing_told;
	uint64_t snapshot; /* when the last one of all processes began, 0: none yet */
	uint64_t vanished; /* processes that ended without an exit event */
	struct ev_host host, host_last;

	struct process scratch; /* a process that is not in the table */
};

/* ---- time ---- */

uint64_t core_real(const struct core *core, uint64_t boot);
double core_seconds(uint64_t from, uint64_t to);

/* ---- numbers ---- */

/* A counter that can be off by a little on either side of zero. */
uint64_t core_bytes(int64_t v);
/* NAN where one of them is not known, or the whole is nothing. */
double core_ratio(uint64_t part, uint64_t whole);
double core_percent(uint64_t hundredths);

/* Resident bytes of the three kinds; U64_UNKNOWN unless all are known and none is absurd. */
uint64_t memory_sum(int64_t anon, int64_t file, int64_t shmem);

/* ---- rank.c ---- */

/*
 * Keep the `max` biggest (by size) in best, biggest first, of equal ones the earlier; n: how many
 * it holds. Takes item if it is one of them, and returns the new n.
 */
size_t rank_insert(const struct core *core, uint32_t *best, size_t n, size_t max, uint32_t item,
		   uint64_t (*size)(const struct core *core, uint32_t item));

/* ---- process.c ---- */

/* Index of the process (alive or in its grace period), or 0. */
uint32_t process_find(const struct core *core, uint32_t pid, uint64_t start);

/* The same, made from who when it is new; 0 when the table is full of living ones. */
uint32_t process_get(struct core *core, const struct ev_who *who);

/* It ended at ts: it stays for the grace period. */
void process_end(struct core *core, uint32_t i, uint64_t ts);
void process_expire(struct core *core, uint64_t now);

void process_on_fork(struct core *core, const struct ev_fork *ev);
void process_on_exec(struct core *core, const struct ev_exec *ev);
void process_on_info(struct core *core, const struct ev_proc_info *ev);
void process_on_attach(struct core *core, const struct ev_cgroup_attach *ev);
void process_on_task(struct core *core, const struct ev_task *ev);
void process_on_tasks_end(struct core *core, const struct ev_tasks_end *ev);

/* ---- signals.c ---- */

void signal_on_event(struct core *core, const struct ev_signal *ev);
/* The log of a process, or NULL. */
const struct signal_log *signal_log_of(const struct core *core, const struct process *p);
void signal_forget(struct core *core, struct process *p);
/*
 * Its sender had ended when it was sent: so it was the init of a pid namespace, which takes all
 * others with it, and not the OOM killer, whatever that init has triggered before.
 */
bool signal_sender_ended(const struct core *core, const struct proc_signal *s);

/* ---- cgroup.c ---- */

uint32_t cgroup_find(const struct core *core, uint64_t id);
/* The same, made (with an unknown path) when it is new; 0 when the table is full. */
uint32_t cgroup_get(struct core *core, uint64_t id);
void cgroup_set_path(struct core *core, uint32_t i, const char *path);
void cgroup_expire(struct core *core, uint64_t now);
/* Free the entry of the one that is gone longest, unless it is `but`. */
bool cgroup_evict(struct core *core, uint32_t but);
/* It is gone since ts. */
void cgroup_end(struct core *core, uint32_t i, uint64_t ts);
/* Its directory was not found at ts. */
void cgroup_missing(struct core *core, uint32_t i, uint64_t ts);
/* The round over all memory cgroups is complete. */
void cgroup_on_round_end(struct core *core);

/* What is charged at this level, and what of it is swap: bytes, or U64_UNKNOWN. */
uint64_t level_usage(const struct ev_level *l);
uint64_t level_swap_usage(const struct ev_level *l, bool v1);
/* What swap may take at this level: bytes, U64_UNLIMITED, or U64_UNKNOWN. */
uint64_t level_swap_limit(const struct ev_level *l, bool v1);
/* A reading of its page counters at ts. */
void cgroup_note_level(struct cgroup *g, const struct ev_level *l, bool v1, uint64_t ts);

void cgroup_on_new(struct core *core, const struct ev_cgroup_new *ev);
void cgroup_on_gone(struct core *core, const struct ev_cgroup_gone *ev);
void cgroup_on_memcg(struct core *core, const struct ev_memcg *ev);

/* ---- container.c ---- */

/* Index of the container that a cgroup (index) belongs to, made when there is none; or 0. */
uint32_t container_of_cgroup(struct core *core, uint32_t cgroup);
uint32_t container_of_process(struct core *core, const struct process *p);
/* The container by a cgroup id, without making one; or 0. */
uint32_t container_find(const struct core *core, uint64_t cgroup_id);

/* A process appears in, or leaves, the memory cgroup with this id. */
void container_enter(struct core *core, const struct process *p);
void container_leave(struct core *core, const struct process *p);
/* Its pid in its own namespace is known now: it may be the container's init. */
void container_namespaces_known(struct core *core, const struct process *p);
/* Write container_start unless that was done; before any record that names it. */
void container_announce(struct core *core, uint32_t i);
void container_announce_all(struct core *core);
/* The path of its own cgroup is known at last. */
void container_path_known(struct core *core, uint32_t cgroup, const struct cgpath *path);
/* No process is known in the cgroup's container, or it has none. */
bool container_empty(const struct core *core, uint32_t cgroup);
/* Its own cgroup is about to leave the table. */
void container_free(struct core *core, uint32_t i);
/* A cgroup is gone: fetch its last counts; when it is a container's own, that ends by them. */
void container_cgroup_gone(struct core *core, uint32_t cgroup, uint64_t ts);
void container_on_counts(struct core *core, const struct ev_memcg_counts *ev);
void container_on_stat(struct core *core, const struct ev_memcg_stat *ev);
bool container_wanted(const struct core *core, uint32_t i);

/* Its container_start, or a second one that corrects what the first has said. */
void container_say_start(struct core *core, uint32_t i, uint64_t ts);
/*
 * It was told of, and is no container: a container_stop that says nothing of a life, which goes on
 * elsewhere.
 */
void container_take_back(struct core *core, uint32_t i);
/* Add what a part has gathered so far: processes, exits, counts, the first process. */
void container_merge(struct container *to, const struct container *from);

/* ---- join.c ---- */

/*
 * The cgroup's own container, if it has one, is a part of the container of the ancestor `owner`
 * (index): all that it has gathered and all that belongs to it goes there.
 */
void container_join(struct core *core, uint32_t cgroup, uint32_t owner);

/* ---- identity.c ---- */

/* Ask for the files that its runtime keeps of this cgroup (index). */
void identity_ask(struct core *core, uint32_t cgroup);
/* It may have been renamed since. */
void identity_ask_again(struct core *core, uint32_t container);
void identity_on_answer(struct core *core, const struct ev_identity *ev);
/* A process has come into the container: its runtime's files are there at the latest now. */
void identity_on_enter(struct core *core, uint32_t container);
/* The nearest container around this one, or 0. */
uint32_t identity_parent(struct core *core, uint32_t container);

/* ---- restarts.c ---- */

/* How often what has this container's name was seen to begin again; 0: never, or not known. */
uint64_t restarts_note(struct core *core, uint32_t container);
/* Its life is over. */
void restarts_ended(struct core *core, uint32_t container);

/* ---- workers.c: see workers.h ---- */

void workers_on_fork(struct core *core, struct process *p, uint32_t index);
void workers_on_exec(struct core *core, struct process *p);
/* Those born until then are what they are going to be: count them in their families. */
void workers_count_births(struct core *core, uint64_t until);
void workers_on_info(struct core *core, struct process *p);
void workers_on_snapshot(struct core *core, uint64_t now);
void workers_on_exit(struct core *core, struct process *p, struct worker_exit *e);
/* It is no more, and how it ended was not told. */
void workers_on_vanished(struct core *core, struct process *p);
void workers_parent_gone(struct core *core, const struct process *p, bool oom_killed);

/* ---- workers_judge.c ---- */

/* The exit was followed by the birth of another one. */
void workers_restarted(struct core *core, uint32_t i, const struct worker_exit *e);
/* It is a pool, and not a shell's loop, a server's connections, a build's jobs. */
bool workers_is_pool(const struct workers *w);
/* Its parent is gone: is there still something to say of it? */
bool workers_wanted(const struct core *core, uint32_t i);
/* Children that end badly within seconds of their birth, one after the other, still at `now`. */
bool workers_boot_loop(const struct workers *w, uint64_t now);
/* They leave together, time and again: nothing spreads their ends. *together: how many at most. */
bool workers_synchronized(const struct workers *w, uint64_t now, uint32_t *together);
/* Children that do one task each and are gone. */
bool workers_storm(const struct workers *w, uint64_t now);
/* The exit is what its supervisor wanted: recycling, an orderly end. */
bool worker_exit_is_planned(const struct worker_exit *e);

/* ---- restart.c, advice.c ---- */

/* Something has restarted in the container: a report at once if its status has changed. */
void restart_evaluate(struct core *core, uint32_t container, uint64_t ts);
/* The last report of a container that ends. */
void restart_report_last(struct core *core, uint32_t container, uint64_t at);
/* The reports of all that have restarts. */
void restart_report_all(struct core *core, uint64_t at);
/*
 * Sentences for a report whose numbers are there, of[i] being whom its i-th pool describes;
 * report->advice points into *advice.
 */
void restart_advise(struct rec_restart_report *report, const struct workers *const *of,
		    struct restart_advice *advice);

/* ---- filter.c ---- */

/* '*' matches any bytes, '/' included; '?' one byte; the whole text must match. */
bool glob_match(const char *pattern, const char *text);
bool filter_included(const struct ev_start *start, const char *path);

/* ---- exit.c, oom.c ---- */

void exit_on_event(struct core *core, const struct ev_exit *ev);
/* Its exit waits for the OOM killer's mark. */
bool exit_is_held(const struct core *core, const struct process *p);
/* All before `until` is known: held exits whose mark is not coming any more are told. */
void exit_on_mark(struct core *core, uint64_t until);
/* Tell all that are held. */
void exit_flush(struct core *core);
/* Take a held exit of this process, if there is one. */
void exit_release(struct core *core, uint32_t pid, uint64_t start);
/*
 * A round read this local OOM count. It may already hold a kill whose event is still on its way, so
 * it becomes the base of comparison only with the round after.
 */
void oom_note_count(struct cgroup *g, uint64_t count);
void oom_on_event(struct core *core, const struct ev_oom *ev);
/*
 * The incident whose decision sent this kernel signal although nobody marked the target (who
 * shares a victim's memory is killed with it, silently), or NULL.
 */
const struct incident *oom_collateral(const struct core *core, const struct proc_signal *s);
const struct incident *incident_find(const struct core *core, uint32_t number);

/* ---- level.c: the limits above a process ---- */

/* What a cgroup (index) is in the hierarchy, seen from a container (index, or 0). */
enum limit_level level_of(const struct core *core, uint32_t cgroup, uint32_t container);
/* Index of the cgroup above, or 0. */
uint32_t cgroup_parent(const struct core *core, uint32_t cgroup);
/* Is the cgroup with this id `top` (index) or below it. */
bool cgroup_below(const struct core *core, uint64_t id, uint32_t top);
/* The limit that was fullest at the last look, from the cgroup with this id upwards. */
void nearest_limit(const struct core *core, uint64_t cgroup_id, uint64_t now,
		   struct rec_nearest_limit *out);

/* ---- watch.c, pressure.c: who is close to a limit ---- */

/* A round over all memory cgroups is complete: ask for what has to be looked at closely. */
void watch_round(struct core *core);
void watch_on_answer(struct core *core, const struct ev_memcg_watch *ev);
/* A reading of its counters: how often it came to its limit. */
void pressure_note(struct core *core, uint32_t cgroup, const struct ev_level *l, bool v1,
		   uint64_t ts);
/* It is gone: a finding that is open is closed. */
void pressure_end(struct core *core, uint32_t cgroup, uint64_t ts);
/* What cannot be reclaimed without swapping: bytes, or U64_UNKNOWN. */
uint64_t unreclaimable_of(const struct cgroup *g);

/* ---- kills.c: the kernel's own count of kills against the records ---- */

void kills_on_record(struct core *core, uint64_t cgroup_id);
/* The kernel has sent SIGKILL to a victim once more, as the member of a group. */
void kills_on_repeat(struct core *core, uint64_t cgroup_id);
/* A reading of the kernel's count of victims in this very cgroup. last: it is gone now. */
void kills_note(struct core *core, uint32_t cgroup, uint64_t count, bool last);
/* The same of the whole host, at a look into /proc/vmstat; at the end one look has to do. */
void kills_note_host(struct core *core, uint64_t count, bool last);
void kills_describe(const struct core *core, struct rec_kills *out);

/* ---- oom_context.c, oom_summary.c: what stood around a kill ---- */

/* limit_cgroup, group_cgroup (of memory.oom.group): indices, or 0. */
void oom_describe_context(struct core *core, const struct ev_oom *ev, uint32_t limit_cgroup,
			  uint32_t group_cgroup, struct rec_oom_kill *out);
void oom_summarise(const struct rec_oom_kill *kill, const struct record_container *container,
		   char text[RECORD_SUMMARY]);

/* ---- sample.c, health.c ---- */

void sample_request(struct core *core, uint64_t now);
void sample_on_host(struct core *core, const struct ev_host *ev);
void sample_report(struct core *core);
/* The closing sample of a container that is gone. */
void sample_final(struct core *core, uint32_t container);

void health_on_feature(struct core *core, const struct ev_feature *ev);
void health_on_resource(struct core *core, const struct ev_resource *ev);
void health_on_program(struct core *core, const struct ev_program *ev);
void health_on_health(struct core *core, const struct ev_health *ev);
void health_on_ready(struct core *core);
void health_on_stop(struct core *core, const struct ev_stop *ev);

/* ---- emit.c ---- */

/* Complete the head of a record (seq, host) and hand it over. container: index or 0. */
void core_emit(struct core *core, const struct record *record, uint64_t boot_ts,
	       uint32_t container);
/* A finding about a cgroup (index): says whose it is, and goes out if its container is wanted. */
void core_emit_finding(struct core *core, struct rec_finding *finding, enum severity severity,
		       uint64_t boot_ts, uint32_t cgroup);
void core_request(struct core *core, const struct request *request);
void describe_container(struct core *core, uint32_t container, struct record_container *out);
void describe_process(struct core *core, const struct process *p, struct record_process *out);
/* Its role by the table of role.c, or NULL. */
const char *process_role(const struct core *core, const struct process *p);
/* By (pid, start) when it is in the table, else from what the event itself says. */
void describe_who(struct core *core, const struct ev_who *who, struct record_process *out);
void describe_status(uint32_t status, struct rec_exit_status *out);

#endif
