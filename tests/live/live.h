/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.h - the live tests: real kills, exits and counters on a running kernel, seen by the real
 * binary, held against what the kernel itself says (its log, wait4, memory.stat).
 *
 * One static program. On a machine it runs as root below a limited memory cgroup that it makes and
 * removes; as init of a virtual machine it mounts what it needs, runs the same tests and powers
 * off. It shares no code with the agent beyond base/cleanup.h: two witnesses.
 *
 * A run is one life of the agent with its options, or of several agents that see the same: the
 * groups of scenarios of the run cause things and note what they caused (struct expected_*), the
 * agents are ended, then the groups' checks compare the records of each with what was noted.
 */
#ifndef MW_LIVE_H
#define MW_LIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "klog.h"

#define LIVE_PATH  512
#define LIVE_NAME  64
#define LIVE_TASKS 64
/* Agents that run at once. */
#define LIVE_AGENTS 3
#define NS_PER_SEC  1000000000ULL
#define NS_PER_MS   1000000ULL
#define MIB         (1024ULL * 1024)
/* What an emulated machine may take for what a real one does at once. */
#define LIVE_DEADLINE_SECONDS 30

/* ---- checks ---- */

struct checks {
	unsigned int passed;
	unsigned int failed;
	char name[128];
	unsigned int good; /* of the open check */
	unsigned int bad;
};

/* Open a check; closes the one before it. */
__attribute__((format(printf, 2, 3))) void check_open(struct checks *c, const char *format, ...);
/* One condition of the open check; what is said is printed only when it does not hold. */
__attribute__((format(printf, 3, 4))) bool check(struct checks *c, bool ok, const char *format,
						 ...);
/* Close it: one line, with what was counted. */
void check_close(struct checks *c);

/* ---- cgroups ---- */

struct cgroups {
	bool v1;
	char mount[LIVE_PATH / 2];
	/* "/mwlive123.slice", from the root of the memory hierarchy: units in it are containers */
	char base[LIVE_NAME];
};

struct cg {
	char path[LIVE_PATH]; /* from the root of the memory hierarchy, as the records name it */
	char dir[LIVE_PATH + LIVE_PATH];
	uint64_t id;
};

/* Find the memory hierarchy and make a limited base directory. 0 or -errno. */
int cgroups_open(struct cgroups *c, uint64_t limit);
/* Kill what is left below the base and remove it. */
void cgroups_close(struct cgroups *c);
/* Make base/rel with its parents; limit 0: none of its own. 0 or -errno. */
int cg_make(struct cgroups *c, const char *rel, uint64_t limit, struct cg *out);
/* Move the calling process into it. 0 or -errno. */
int cg_enter(const struct cg *cg);
/* Remove it, waiting a little for processes that are on their way out. 0 or -errno. */
int cg_remove(const struct cg *cg);
int cg_write(const struct cg *cg, const char *file, const char *text);
/* The value behind key in a flat-keyed file, or the whole file when key is NULL. 0 or -errno. */
int cg_read(const struct cg *cg, const char *file, const char *key, uint64_t *out);

/* ---- work that is done inside cgroups ---- */

uint64_t now_ns(void);
void sleep_ms(unsigned int ms);

struct child {
	pid_t pid;
	uint64_t t0, t1; /* around the fork */
};

typedef void (*child_fn)(void *arg);

/*
 * Fork a child that enters cg (NULL: stays), takes the name (NULL: keeps), resets its signals,
 * says that it is ready and runs fn; it exits with code 0 when fn returns. Waits until it is
 * ready. 0 or -errno.
 */
int child_start(struct child *c, const struct cg *cg, const char *name, child_fn fn, void *arg);
/* Wait for its end. Kills it after LIVE_DEADLINE_SECONDS and returns -ETIMEDOUT. */
int child_wait(const struct child *c, int *status, struct rusage *usage);

/* Take `bytes` of anonymous (or shared) memory page by page; 0: until something stops it. */
void eat(uint64_t bytes, bool shared);

/* ---- what was caused ---- */

struct expected_exit {
	char what[LIVE_NAME];
	pid_t pid;
	int status;
	char causes[LIVE_NAME]; /* "|" between those that are right */
	pid_t sender;           /* 0: none is to be named, -1: does not matter */
	int signal;             /* that led to it, 0: none, -1: does not matter */
	int caught;             /* 1, 0, -1: does not matter */
	double life_min, life_max;
	bool compare_usage;
	struct rusage usage;
	char name[16];
	char argument[LIVE_NAME];      /* part of its command line, "": does not matter */
	char sender_cgroup[LIVE_PATH]; /* "": does not matter */
};

/* A process in the cgroup of the limit or below it. */
struct expected_task {
	pid_t pid;
	uint64_t since; /* from then on it has surely been there as it is now */
	bool victim;    /* it may be killed */
	pid_t thread;   /* of it, by which the kernel's log may name it; 0: its leader is there */
};

struct expected_oom {
	char what[LIVE_NAME];
	char task_cgroup[LIVE_PATH];
	char limit_cgroup[LIVE_PATH]; /* "": the kernel's log decides */
	struct expected_task tasks[LIVE_TASKS];
	int n_tasks;
	int min, max; /* kills */
	bool group;
	bool busy;       /* others run or die meanwhile: counters move between two looks */
	bool watched;    /* snapshots saw it all: what they tell must be in the record */
	bool leaderless; /* a snapshot sees a process by its leader, which has left */
	bool no_header;  /* more at once than the kernel prints headers for */
	bool swaps;      /* it fills its swap first */
	const char *constraint;
	const char *level;    /* of the limit; NULL: does not matter */
	const char *relation; /* of a trigger other than the victim itself */
	int init_alive;       /* 1, 0, -1: does not matter */
	int orphans;
	int survivors; /* -1: does not matter; of a group: when the last was killed */
	char container_id[72], pod_uid[40]; /* "": does not matter */
};

/* How a process grew, by its own account, from the first step to the last. */
struct growth {
	pid_t pid;
	unsigned int n;
	struct {
		uint64_t at;
		uint64_t bytes;
	} steps[64];
};

struct expected_cgroup {
	struct cg cg;
	char what[LIVE_NAME];
	uint64_t limit; /* 0: none */
	bool count;     /* compare the forks */
	uint64_t forks;
	uint64_t exits;        /* 0: not compared */
	uint64_t faults;       /* memory.stat's pgfault at the end; 0: not compared */
	uint64_t least_faults; /* pages that were touched for the first time */
};

#define EXPECT_EXITS   512
#define EXPECT_OOMS    96
#define EXPECT_CGROUPS 256

/* Shared with the children, which note things too. */
struct expected {
	unsigned int n_exits;
	unsigned int n_ooms;
	unsigned int n_cgroups;
	unsigned int oom_failures; /* scenarios that could not be played */
	struct expected_exit exits[EXPECT_EXITS];
	struct expected_oom ooms[EXPECT_OOMS];
	struct expected_cgroup cgroups[EXPECT_CGROUPS];
	struct growth growth;
};

/* ---- the agent and its records ---- */

struct records {
	json_t **lines;
	size_t n, size;
	long offset;   /* read so far */
	size_t broken; /* lines that are no JSON object */
	char first_broken[160];
};

struct agent {
	const char *name;
	const char *tier; /* "auto" "fentry" "kprobe" "tracepoint" */
	bool all_exits;
	unsigned int exits_missing; /* that it told itself it lost */
	pid_t pid;
	char records_path[LIVE_PATH];
	char events_path[LIVE_PATH];
	char errors_path[LIVE_PATH];
	struct records records;
	struct records events; /* only loaded after its end */
	long events_seen;      /* how far its snapshots were counted */
	unsigned int snapshots;
};

/* A child that was sent a harmless signal at `at` and ends much later, when told. */
struct old_signal {
	struct child child;
	uint64_t at;
	int go[2];
	int said[2];
};

/* Values of the records that were held against the kernel's. */
struct field_count {
	unsigned long compared;
	unsigned long mismatches;
};

struct live {
	char agent_path[LIVE_PATH];
	char dir[LIVE_PATH / 2];
	char self[LIVE_PATH];
	bool vm;
	int cpus;
	char release[128];
	char **filters;
	int n_filters;
	struct checks checks;
	struct cgroups cgroups;
	struct klog klog;
	struct expected *expected;
	uint64_t kill_times[10]; /* the kernel prints a header for ten kills in five seconds */
	unsigned int n_kill_times;
	unsigned int n_paced;      /* the newest of them */
	struct field_count fields; /* of all runs */
	struct agent agents[LIVE_AGENTS];
	unsigned int n_agents;
	struct agent *agent; /* the one that is started, asked, checked or ended */
	struct old_signal old;
};

/* Start it and wait for its agent_start record. 0 or -errno (its messages are shown). */
int agent_start(struct live *l, const char *const *options);
/* Read what it has written since. */
void agent_poll(struct live *l);
/* Wait until all have taken n more snapshots, by their event logs. False: not in time. */
bool agent_wait_snapshots(struct live *l, unsigned int n);
/* SIGTERM, wait, load the rest and the event log. Its wait status, or -errno. */
int agent_stop(struct live *l);
/* Run `memwitness replay` over the event log and compare with the records. */
void agent_check_replay(struct live *l);
/* Every line valid, seq without a gap, first and last line, the agent's own counts. */
void agent_check_lines(struct live *l);
void agent_free(struct agent *a);
/*
 * May one more exit have no record? One agent misses none. Where a tracepoint's callbacks can be
 * preempted (Linux 7.0 on), several at once get in each other's way; then each must have said so.
 */
bool agent_lost_exit(struct live *l);

int records_load(struct records *r, const char *path);
void records_free(struct records *r);

/* Walk a dotted path of object keys. NULL when it is not there. */
json_t *json_at(json_t *o, const char *path);
const char *json_str(json_t *o, const char *path); /* "" when it is not there */
/* The integer, or `missing`. */
int64_t json_int(json_t *o, const char *path, int64_t missing);
double json_num(json_t *o, const char *path, double missing);
bool json_is(json_t *o, const char *path, const char *text);
/* The next record of the type from index *i on, or NULL. */
json_t *records_next(const struct records *r, const char *type, size_t *i);
/* Is the path this program's own base or below it? In a VM every path is. */
bool live_owns(const struct live *l, const char *path);

/* ---- groups of scenarios ---- */

bool live_wanted(const struct live *l, const char *name);
struct expected_exit *expect_exit(struct live *l, const char *what, pid_t pid);
struct expected_cgroup *expect_cgroup(struct live *l, const char *what, const struct cg *cg,
				      uint64_t limit);

void oom_run(struct live *l);
void oom_check(struct live *l);
/* All kills that the kernel logged have their record. */
bool oom_ready(struct live *l);

void exits_begin(struct live *l); /* what must be old by the time it matters */
void exits_run(struct live *l);
void exits_end(struct live *l);
void exits_check(struct live *l);
bool exits_ready(struct live *l);

void counts_run(struct live *l);
void counts_check(struct live *l);
bool counts_ready(struct live *l);

/* ---- init of a virtual machine ---- */

/* The numbers of its disks, as run.sh gives them. */
#define VM_DISK_RESULTS 1
#define VM_DISK_SWAP    2

/* The device of the disk with that number. */
bool vm_disk(unsigned long number, char *path, size_t size);

/* Mount, run the tests in a child, write the results to the disk, power off. Never returns. */
_Noreturn void vm_main(int argc, char **argv);
/* Set up, run the tests, clean up; the exit code. */
int live_main(struct live *l);
/* The runs that the filters want. */
void live_runs(struct live *l);

#endif
