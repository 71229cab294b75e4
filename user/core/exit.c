/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit.c - a process has ended: its cause, its record, and what its container remembers of it.
 *
 * From Linux 6.16 on an OOM victim's exit can be seen before the OOM killer's mark. Such an exit
 * waits for its mark for a short while, so that the record names its incident.
 */
#include <math.h>
#include <signal.h>
#include <string.h>
#include "core/cause.h"
#include "core/role.h"

/* PROC_PID_INIT_INO: the first pid namespace has the same inode number on every kernel. */
#define INIT_PID_NS 0xeffffffcu

/* When all is known so long after the exit, the OOM killer's own mark is not coming any more. */
#define HELD_NS (NSEC_PER_SEC / 2)

static void gather(struct core *core, const struct ev_exit *ev, const struct process *p,
		   struct exit_facts *f)
{
	memset(f, 0, sizeof(*f));
	f->ts = ev->head.ts;
	f->status = ev->status;
	f->pid = p->pid;
	f->start = p->start;
	f->parent_pid = p->parent_pid;
	f->parent_start = p->parent_start;
	f->oom_marked = p->oom_ts != 0;
	f->oom_flag = ev->oom_victim;
	f->host_pid_ns = p->pid_ns == INIT_PID_NS;
	f->container = container_find(core, ev->who.memcg);
	f->signals = signal_log_of(core, p);
	for (uint32_t i = 0; f->signals && i < f->signals->n; i++) {
		const struct proc_signal *s = &f->signals->entries[i];

		f->sender_container[i] = container_find(core, s->sender_memcg);
		if (oom_collateral(core, s))
			f->oom_collateral = true;
	}
}

static void describe_sender(struct core *core, const struct proc_signal *s,
			    struct rec_process_exit *out)
{
	struct ev_who who = {.pid = s->sender_pid,
			     .start = s->sender_start,
			     .uid = s->sender_uid,
			     .memcg = s->sender_memcg};
	uint32_t container = container_find(core, s->sender_memcg);

	strcpy(who.comm, s->sender_comm);
	describe_who(core, &who, &out->sender);
	/* who lives on this stack; the log lives in the core. */
	out->sender.name = s->sender_comm;
	if (container)
		describe_container(core, container, &out->sender_container);
}

/* Largest resident size that anybody saw, or U64_UNKNOWN. */
static uint64_t peak_of(const struct ev_exit *ev, const struct process *p)
{
	uint64_t exact = memory_sum(ev->anon, ev->file, ev->shmem);
	uint64_t peak = ev->peak_rss != U64_UNKNOWN ? ev->peak_rss : 0;

	if (p->peak_rss > peak)
		peak = p->peak_rss;
	if (exact != U64_UNKNOWN && exact > peak)
		peak = exact;
	return peak ? peak : U64_UNKNOWN;
}

static void describe_exit(struct core *core, const struct ev_exit *ev, const struct process *p,
			  const struct exit_facts *f, const struct exit_reason *why,
			  struct rec_process_exit *out)
{
	const struct incident *incident = incident_find(core, p->incident);

	memset(out, 0, sizeof(*out));
	describe_process(core, p, &out->process);
	describe_status(ev->status, &out->exit);
	out->cause = why->cause;
	if (why->signal >= 0) {
		const struct proc_signal *s = &f->signals->entries[why->signal];

		out->signal.number = (uint32_t)s->number;
		out->signal.age_seconds = core_seconds(s->ts, ev->head.ts);
		out->signal.caught = s->handler == EV_SA_HANDLER;
		if (why->cause != CAUSE_CRASHED && why->cause != CAUSE_OOM_KILLED)
			describe_sender(core, s, out);
		if (!incident)
			incident = oom_collateral(core, s);
	}
	out->lifetime_seconds = core_seconds(p->start, ev->head.ts);
	out->peak_rss = peak_of(ev, p);
	out->minor_faults = ev->minor_faults;
	out->major_faults = ev->major_faults;
	nearest_limit(core, ev->who.memcg, ev->head.ts, &out->nearest);
	out->incident = incident ? incident->text : "";
	out->kill_to_exit_seconds =
		p->oom_ts && incident ? core_seconds(p->oom_ts, ev->head.ts) : NAN;
}

static enum severity severity_of(enum exit_cause cause)
{
	switch (cause) {
	case CAUSE_CLEAN:
	case CAUSE_FAILED:
	case CAUSE_KILLED_BY_RUNTIME:
		return SEVERITY_INFO;
	default:
		return SEVERITY_WARNING;
	}
}

static void count_exit(struct core *core, const struct ev_exit *ev, const struct process *p,
		       uint32_t container, enum exit_cause cause)
{
	struct container *c = &core->containers[container];

	c->exits.total++;
	c->exits.causes[cause]++;
	if (ev->major_faults != U64_UNKNOWN)
		c->major_exited += ev->major_faults;
	if (c->init_pid == p->pid && c->init_start == p->start) {
		c->init_ended = true;
		c->init_cause = cause;
		describe_status(ev->status, &c->init_exit);
		strcpy(c->init_comm, p->comm);
	}
	/* The last one leaves: what the cgroup's files say now is their final word. */
	if (!c->processes && c->included && !core->cgroups[c->cgroup].gone) {
		struct request r = {.type = REQUEST_MEMCG_STAT,
				    .cgroup_id = c->key,
				    .path = core->cgroups[c->cgroup].path};

		core_request(core, &r);
	}
}

/* Also one that still had its master's title, as those who leave soon do. */
static bool is_recycled(const struct core *core, const struct process *p, uint32_t status)
{
	const char *role = process_role(core, p);

	return role_recycles(role, status) ||
	       (role && p->forked && role_recycles(role_of_child(role), status));
}

/* Its place in the family that it was born into. */
static void leave_family(struct core *core, const struct ev_exit *ev, struct process *p,
			 const struct exit_facts *f, const struct exit_reason *why, bool recycled)
{
	struct worker_exit e = {
		.ts = ev->head.ts,
		.lifetime = ev->head.ts > p->start ? ev->head.ts - p->start : 0,
		.peak_rss = peak_of(ev, p),
		.cause = why->cause,
		.signal = ev->status & 0x7f,
	};

	e.code = e.signal ? UINT32_MAX : (ev->status >> 8) & 0xff;
	e.planned = worker_exit_is_planned(&e);
	/* What recycles itself does so with or without a signal that hurries it. */
	e.told = !recycled && why->signal >= 0 &&
		 f->signals->entries[why->signal].sender_pid == f->parent_pid;
	workers_on_exit(core, p, &e);
	workers_parent_gone(core, p, why->cause == CAUSE_OOM_KILLED);
}

/* The record of the exit, if one is wanted. */
static void tell_exit(struct core *core, const struct ev_exit *ev, const struct process *p,
		      const struct exit_facts *facts, const struct exit_reason *why,
		      uint32_t container)
{
	struct rec_process_exit exit;
	struct record r = {.type = RECORD_PROCESS_EXIT,
			   .severity = severity_of(why->cause),
			   .process_exit = &exit};

	if (!container_wanted(core, container))
		return;
	if (why->cause == CAUSE_CLEAN && !core->start.all_exits)
		return;
	container_announce(core, container);
	describe_exit(core, ev, p, facts, why, &exit);
	core_emit(core, &r, ev->head.ts, container);
}

/* All is known that will be: decide and write. */
static void exit_finish(struct core *core, const struct ev_exit *ev, struct process *p)
{
	uint32_t container = container_find(core, ev->who.memcg);
	struct exit_facts facts;
	struct exit_reason why;
	bool recycled;

	gather(core, ev, p, &facts);
	cause_decide(&facts, &why);
	recycled = is_recycled(core, p, ev->status);
	if (recycled)
		why.cause = CAUSE_CLEAN;
	if (container)
		count_exit(core, ev, p, container, why.cause);
	tell_exit(core, ev, p, &facts, &why, container);
	leave_family(core, ev, p, &facts, &why, recycled);
}

/* What the exit itself says of the process. */
static void process_told(struct process *p, const struct ev_exit *ev)
{
	p->uid = ev->who.uid;
	memcpy(p->comm, ev->who.comm, sizeof(p->comm));
	if (!p->parent_pid) {
		p->parent_pid = ev->parent_pid;
		p->parent_start = ev->parent_start;
	}
	p->ns_pid = ev->ns_pid;
	p->pid_ns = ev->pid_ns;
}

/* A process that is not in the table: what the event itself says is all there is. */
static struct process *stranger(struct core *core, const struct ev_exit *ev)
{
	struct process *p = &core->scratch;

	memset(p, 0, sizeof(*p));
	p->pid = ev->who.pid;
	p->start = ev->who.start;
	p->memcg = ev->who.memcg;
	p->container_uid = U64_UNKNOWN;
	process_told(p, ev);
	return p;
}

static void held_take(struct core *core, uint32_t at)
{
	struct ev_exit ev = core->held[at].exit;
	uint32_t i = process_find(core, ev.who.pid, ev.who.start);

	core->n_held--;
	memmove(&core->held[at], &core->held[at + 1], (core->n_held - at) * sizeof(core->held[0]));
	exit_finish(core, &ev, i ? &core->processes[i] : stranger(core, &ev));
}

bool exit_is_held(const struct core *core, const struct process *p)
{
	for (uint32_t i = 0; i < core->n_held; i++)
		if (core->held[i].exit.who.pid == p->pid &&
		    core->held[i].exit.who.start == p->start)
			return true;
	return false;
}

void exit_release(struct core *core, uint32_t pid, uint64_t start)
{
	for (uint32_t i = 0; i < core->n_held; i++) {
		if (core->held[i].exit.who.pid == pid && core->held[i].exit.who.start == start) {
			held_take(core, i);
			return;
		}
	}
}

void exit_on_mark(struct core *core, uint64_t until)
{
	/* They came in order of their time. */
	while (core->n_held && core->held[0].exit.head.ts + HELD_NS <= until)
		held_take(core, 0);
}

void exit_flush(struct core *core)
{
	while (core->n_held)
		held_take(core, 0);
}

/*
 * The kernel's flag says so; or the kernel killed it, and it left on another CPU before the OOM
 * killer came to set the flag.
 */
static bool may_be_marked(const struct core *core, const struct ev_exit *ev,
			  const struct process *p)
{
	const struct signal_log *log = signal_log_of(core, p);
	const struct incident *in;
	const struct proc_signal *last;

	if (ev->oom_victim)
		return true;
	if ((ev->status & 0x7f) != SIGKILL || !log || !log->n)
		return false;
	last = &log->entries[log->n - 1];
	if (last->number != SIGKILL || last->info != EV_SI_PRIV || signal_sender_ended(core, last))
		return false;
	/* Who shares a victim's memory has no mark of its own; each member of a group has. */
	in = oom_collateral(core, last);
	return !in || in->group;
}

void exit_on_event(struct core *core, const struct ev_exit *ev)
{
	uint32_t i = process_get(core, &ev->who);
	struct process *p = i ? &core->processes[i] : stranger(core, ev);

	if (i) {
		if (p->exit_told)
			return;
		p->exit_told = true;
		process_told(p, ev);
		if (p->alive)
			container_namespaces_known(core, p);
		else
			core->vanished -=
				p->round != 0; /* missed by a snapshot before it was told */
		process_end(core, i, ev->head.ts);
	}
	if (i && !p->oom_ts && may_be_marked(core, ev, p) && core->n_held < MAX_HELD_EXITS) {
		core->held[core->n_held++].exit = *ev;
		return;
	}
	exit_finish(core, ev, p);
}
