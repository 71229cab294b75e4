/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_harness.h - a core with nothing around it: events are pushed by short calls, the records
 * and requests that come out are kept, with copies of everything that they point to.
 *
 * Every push takes place at h->now and moves it on by a microsecond; h_pass() lets time pass. A
 * process is (pid, start), and its start is PID milliseconds after H_BOOT unless a test sets it.
 */
#ifndef MW_TESTS_CORE_HARNESS_H
#define MW_TESTS_CORE_HARNESS_H

#include "harness_keep.h"

#define H_MS     1000000ull
#define H_BOOT   (100 * NSEC_PER_SEC)
#define H_START  (1000 * NSEC_PER_SEC)
#define H_REAL   (1700000000 * NSEC_PER_SEC) /* wall clock at H_START */
#define H_ROOT   1
#define H_ID(c)  c c c c c c c c c c c c c c c c
#define H_ID64   H_ID("beef")
#define H_ID64_2 H_ID("cafe")
#define H_DOCKER "/docker/" H_ID64

/* ---- beginning and end ---- */

static inline struct ev_start h_start(void)
{
	union event ev;

	event_init(&ev, EV_START, H_START);
	ev.start.log_version = EVENT_LOG_VERSION;
	ev.start.page_size = 4096;
	ev.start.real = H_REAL;
	ev.start.cpus = 2;
	ev.start.memory_total = 8ull << 30;
	ev.start.memory_hierarchy = 0;
	ev.start.root_memcg = H_ROOT;
	ev.start.sample_interval = NSEC_PER_SEC;
	ev.start.report_interval = 60 * NSEC_PER_SEC;
	ev.start.max_processes = 64;
	ev.start.max_containers = 16;
	ev.start.redact = REDACT_SECRETS;
	ev.start.all_exits = 1;
	ev.start.agent_pid = 99;
	strcpy(ev.start.version, "test");
	strcpy(ev.start.host, "node");
	strcpy(ev.start.boot_id, "0b6c5f0e-7b7b-4a63-9d55-1f0a6c1f2e3d");
	strcpy(ev.start.cgroup_mode, "v2");
	return ev.start;
}

static inline void h_step(struct harness *h)
{
	core_step(h->core, &h->ev);
	h->now += 1000;
}

static inline union event *h_event(struct harness *h, uint32_t type)
{
	return event_init(&h->ev, type, h->now);
}

/* All events so far are complete: the core may take them. */
static inline void h_mark(struct harness *h)
{
	h_event(h, EV_MARK)->mark.now = h->now;
	h_step(h);
}

static inline void h_pass(struct harness *h, uint64_t ns)
{
	h->now += ns;
}

static inline struct harness *h_open(const struct ev_start *start)
{
	static const struct core_ops ops = {.emit = h_on_record, .request = h_on_request};
	struct harness *h = calloc(1, sizeof(*h));
	size_t size = core_size(start);

	assert_non_null(h);
	h->start = *start;
	h->memory = calloc(1, size);
	assert_non_null(h->memory);
	h->core = core_init(h->memory, start, &ops, h);
	h->now = start->head.ts;
	h->ev.start = *start;
	h_step(h);
	return h;
}

static inline void h_ready(struct harness *h)
{
	h_event(h, EV_READY);
	h_step(h);
}

/* What came out so far is gone, with all that it points to. */
static inline void h_forget(struct harness *h)
{
	for (size_t i = 0; i < h->n_texts; i++)
		free(h->texts[i]);
	h->n_texts = 0;
	h->n_records = 0;
	h->n_requests = 0;
}

static inline void h_close(struct harness *h)
{
	h_forget(h);
	free(h->memory);
	free(h);
}

/* ---- who ---- */

static inline struct ev_who h_who(uint32_t pid, uint64_t memcg, const char *comm)
{
	struct ev_who who = {.pid = pid, .start = H_BOOT + pid * H_MS, .memcg = memcg, .uid = 1000};

	snprintf(who.comm, sizeof(who.comm), "%s", comm);
	return who;
}

/* ---- events ---- */

static inline void h_cgroup(struct harness *h, uint64_t id, uint64_t parent, const char *path)
{
	struct ev_cgroup_new *ev = &h_event(h, EV_CGROUP_NEW)->cgroup_new;

	ev->id = id;
	ev->parent_id = parent;
	ev->scanned = 0;
	ev->path_cut = 0;
	snprintf(ev->path, sizeof(ev->path), "%s", path);
	h_step(h);
}

static inline void h_scan(struct harness *h, uint64_t id, uint64_t parent, const char *path)
{
	struct ev_cgroup_new *ev = &h_event(h, EV_CGROUP_NEW)->cgroup_new;

	ev->id = id;
	ev->parent_id = parent;
	ev->scanned = 1;
	snprintf(ev->path, sizeof(ev->path), "%s", path);
	h_step(h);
}

static inline void h_rmdir(struct harness *h, uint64_t id)
{
	h_event(h, EV_CGROUP_GONE)->cgroup_gone.id = id;
	h_step(h);
}

static inline void h_fork(struct harness *h, struct ev_who child, struct ev_who parent)
{
	struct ev_fork *ev = &h_event(h, EV_FORK)->fork;

	ev->child = child;
	ev->parent_pid = parent.pid;
	ev->parent_start = parent.start;
	ev->ns_pid = child.pid;
	ev->pid_ns = 0xeffffffc;
	h_step(h);
}

static inline void h_exec(struct harness *h, struct ev_who who, const char *exe, const char *args)
{
	struct ev_exec *ev = &h_event(h, EV_EXEC)->exec;

	ev->who = who;
	ev->args_cut = 0;
	snprintf(ev->executable, sizeof(ev->executable), "%s", exe);
	snprintf(ev->command_line, sizeof(ev->command_line), "%s", args);
	h_step(h);
}

static inline struct ev_exit *h_exit_event(struct harness *h, struct ev_who who, uint32_t status)
{
	struct ev_exit *ev = &h_event(h, EV_EXIT)->exit;

	ev->who = who;
	ev->parent_pid = 0;
	ev->ns_pid = who.pid;
	ev->pid_ns = 0xeffffffc;
	ev->status = status;
	ev->minor_faults = 100;
	ev->major_faults = 1;
	ev->peak_rss = 4096;
	return ev;
}

static inline void h_exit(struct harness *h, struct ev_who who, uint32_t status)
{
	h_exit_event(h, who, status);
	h_step(h);
}

#define H_CODE(n)   ((uint32_t)(n) << 8)
#define H_SIGNAL(n) ((uint32_t)(n))

static inline struct ev_signal *h_signal_event(struct harness *h, struct ev_who from,
					       struct ev_who to, int sig)
{
	struct ev_signal *ev = &h_event(h, EV_SIGNAL)->signal;

	ev->sender = from;
	ev->sender.tid = from.pid;
	ev->target = to;
	ev->sig = sig;
	ev->info = EV_SI_REAL;
	ev->code = 0; /* SI_USER */
	ev->handler = EV_SA_DEFAULT;
	ev->group = 1;
	return ev;
}

static inline void h_signal(struct harness *h, struct ev_who from, struct ev_who to, int sig)
{
	h_signal_event(h, from, to, sig);
	h_step(h);
}

/* The kernel's own SIGKILL, sent while `from` ran. */
static inline void h_kernel_kill(struct harness *h, struct ev_who from, struct ev_who to)
{
	h_signal_event(h, from, to, 9)->info = EV_SI_PRIV;
	h_step(h);
}

static inline struct ev_level h_level(uint64_t id, int64_t usage, uint64_t max, uint64_t oom_local)
{
	struct ev_level l = {.id = id,
			     .usage = usage,
			     .max = max,
			     .high = U64_UNLIMITED,
			     .swap_usage = 0,
			     .swap_max = U64_UNLIMITED,
			     .failcnt = U64_UNKNOWN,
			     .events_max = 7,
			     .oom_local = oom_local};
	return l;
}

/* A kill that fentry saw, of a process whose own cgroup hit its limit; to be changed and stepped.
 */
static inline struct ev_oom *h_oom_event(struct harness *h, struct ev_who victim,
					 struct ev_who trigger, uint64_t decision)
{
	struct ev_oom *ev = &h_event(h, EV_OOM)->oom;

	ev->victim = victim;
	ev->trigger = trigger;
	ev->trigger.tid = trigger.pid;
	ev->tier = EV_OOM_FENTRY;
	ev->v1 = 0;
	ev->decision = decision;
	ev->nth = 1;
	ev->constraint = EV_CONSTRAINT_MEMCG;
	ev->anon = 60 << 20;
	ev->file = 1 << 20;
	ev->shmem = 0;
	ev->swap = 0;
	ev->rss_exact = 1;
	ev->order = 0;
	ev->gfp = 0xcc0;
	ev->limit = h_level(victim.memcg, 64 << 20, 64 << 20, 0);
	ev->n_levels = 1;
	ev->levels[0] = h_level(victim.memcg, 64 << 20, 64 << 20, 1);
	return ev;
}

/* The same as the tracepoint tier tells it, with its levels from the victim's own upwards. */
static inline struct ev_oom *h_oom_tracepoint(struct harness *h, struct ev_who victim,
					      struct ev_who trigger, uint32_t n,
					      const struct ev_level *levels)
{
	struct ev_oom *ev = h_oom_event(h, victim, trigger, 0);

	ev->tier = EV_OOM_TRACEPOINT;
	ev->nth = ev->constraint = ev->gfp = U64_UNKNOWN;
	ev->order = S64_UNKNOWN;
	memset(&ev->limit, 0, sizeof(ev->limit));
	ev->n_levels = n;
	memcpy(ev->levels, levels, n * sizeof(levels[0]));
	return ev;
}

static inline struct ev_task *h_task_event(struct harness *h, struct ev_who who, uint32_t parent,
					   int64_t anon)
{
	struct ev_task *ev = &h_event(h, EV_TASK)->task;

	ev->who = who;
	ev->parent_pid = parent;
	ev->parent_start = H_BOOT + parent * H_MS;
	ev->ns_pid = who.pid;
	ev->pid_ns = 0xeffffffc;
	ev->threads = 1;
	ev->rss_exact = 1;
	ev->anon = anon;
	if (anon != S64_UNKNOWN)
		ev->file = ev->shmem = ev->swap = 0;
	return ev;
}

static inline void h_task(struct harness *h, struct ev_who who, uint32_t parent, int64_t anon)
{
	h_task_event(h, who, parent, anon);
	h_step(h);
}

static inline void h_tasks_end(struct harness *h, uint64_t taken)
{
	h_event(h, EV_TASKS_END)->tasks_end.taken_ns = taken;
	h_step(h);
}

/* A reading of one cgroup's counters, to be changed and stepped; its kills are not known. */
static inline struct ev_memcg *h_memcg_event(struct harness *h, uint64_t id, int64_t usage,
					     uint64_t max)
{
	struct ev_memcg *ev = &h_event(h, EV_MEMCG)->memcg;

	ev->level = h_level(id, usage, max, 0);
	ev->v1 = 0;
	return ev;
}

static inline void h_memcg(struct harness *h, uint64_t id, int64_t usage, uint64_t max,
			   uint64_t oom_local)
{
	h_memcg_event(h, id, usage, max)->level.oom_local = oom_local;
	h_step(h);
}

/* A reading with the kernel's count of victims of this very cgroup. */
static inline void h_memcg_kills(struct harness *h, uint64_t id, uint64_t kills)
{
	h_memcg_event(h, id, 32 << 20, 64 << 20)->oom_kills_local = kills;
	h_step(h);
}

/* An answer about memory.stat and pressure, to be changed and stepped. */
static inline struct ev_memcg_watch *h_watch_event(struct harness *h, uint64_t id, uint64_t anon)
{
	struct ev_memcg_watch *ev = &h_event(h, EV_MEMCG_WATCH)->memcg_watch;

	ev->id = id;
	ev->found = 1;
	ev->split.anon = anon;
	ev->split.file = ev->split.shmem = 0;
	ev->split.inactive_file = ev->split.active_file = 0;
	ev->swap = ev->refaults = ev->psi_full_avg10 = 0;
	return ev;
}

static inline void h_watch(struct harness *h, uint64_t id, uint64_t anon)
{
	h_watch_event(h, id, anon);
	h_step(h);
}

static inline void h_memcgs_end(struct harness *h)
{
	h_event(h, EV_MEMCGS_END);
	h_step(h);
}

static inline struct ev_memcg_counts *h_counts_event(struct harness *h, uint64_t id)
{
	struct ev_memcg_counts *ev = &h_event(h, EV_MEMCG_COUNTS)->memcg_counts;

	ev->id = id;
	ev->faults = ev->forks = ev->execs = ev->exits = ev->signals = ev->oom_kills = 0;
	memset(ev->kinds, 0, sizeof(ev->kinds));
	return ev;
}

static inline struct ev_memcg_stat *h_stat_event(struct harness *h, uint64_t id)
{
	struct ev_memcg_stat *ev = &h_event(h, EV_MEMCG_STAT)->memcg_stat;

	ev->id = id;
	ev->found = 1;
	return ev;
}

/* What runtimes' files say of a cgroup's container, to be changed and stepped. */
static inline struct ev_identity *h_identity_event(struct harness *h, uint64_t id, const char *name)
{
	struct ev_identity *ev = &h_event(h, EV_IDENTITY)->identity;

	ev->id = id;
	snprintf(ev->name, sizeof(ev->name), "%s", name);
	strcpy(ev->runtime, "docker");
	strcpy(ev->source, "runtime-state");
	return ev;
}

static inline void h_identity(struct harness *h, uint64_t id, const char *name)
{
	h_identity_event(h, id, name);
	h_step(h);
	h_mark(h);
}

static inline void h_clock(struct harness *h)
{
	h_event(h, EV_CLOCK)->clock.real = H_REAL + (h->now - H_START);
	h_step(h);
}

static inline struct ev_host *h_host_event(struct harness *h)
{
	struct ev_host *ev = &h_event(h, EV_HOST)->host;

	ev->memory_total = 8ull << 30;
	ev->memory_available = 4ull << 30;
	ev->swap_total = 1 << 30;
	ev->swap_free = 1 << 29;
	ev->cpus = 2;
	ev->psi_some_avg10 = 150;
	return ev;
}

static inline void h_host(struct harness *h, uint64_t busy)
{
	h_host_event(h)->cpu_busy_ns = busy;
	h_step(h);
}

static inline void h_health(struct harness *h, uint64_t kernel_kills)
{
	struct ev_health *ev = &h_event(h, EV_HEALTH)->health;

	ev->cpu_ns = 5 * NSEC_PER_SEC;
	ev->rss = 10 << 20;
	ev->kernel_oom_kills = kernel_kills;
	ev->mark_victim_seen = ev->mark_victim_refused = ev->oom_no_kill = ev->exit_duplicate = 0;
	h_step(h);
}

static inline void h_stop(struct harness *h)
{
	strcpy(h_event(h, EV_STOP)->stop.why, "SIGTERM");
	h_step(h);
}

/* ---- what came out ---- */

static inline size_t h_count(const struct harness *h, enum record_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_records; i++)
		n += h->records[i].r.type == type;
	return n;
}

/* The nth (from 0) record of the type; NULL when there are fewer. */
static inline const struct h_record *h_find(const struct harness *h, enum record_type type,
					    size_t nth)
{
	for (size_t i = 0; i < h->n_records; i++)
		if (h->records[i].r.type == type && nth-- == 0)
			return &h->records[i];
	return NULL;
}

static inline const struct h_record *h_the(const struct harness *h, enum record_type type)
{
	assert_int_equal(h_count(h, type), 1);
	return h_find(h, type, 0);
}

static inline size_t h_requested(const struct harness *h, enum request_type type, uint64_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_requests; i++)
		n += h->requests[i].r.type == type && h->requests[i].r.cgroup_id == id;
	return n;
}

static inline size_t h_asked_for(const struct harness *h, uint32_t pid)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_requests; i++)
		n += h->requests[i].r.type == REQUEST_PROC_INFO && h->requests[i].r.pid == pid;
	return n;
}

/* A docker container with the id 10 that is there already, its host's root, and both taken. */
static inline struct harness *h_open_docker(void)
{
	struct ev_start start = h_start();
	struct harness *h = h_open(&start);

	h_ready(h);
	h_scan(h, H_ROOT, 0, "/");
	h_scan(h, 5, H_ROOT, "/docker");
	h_scan(h, 10, 5, H_DOCKER);
	h_memcgs_end(h);
	h_mark(h);
	return h;
}

#endif
