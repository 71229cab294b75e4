/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals.c - the signals that could end a process, kept at their target: the first of the last
 * seconds, which the rule of causes asks for, and the latest.
 */
#include <signal.h>
#include <string.h>
#include "core/state.h"

#define RECLAIM_STEPS 8

const struct signal_log *signal_log_of(const struct core *core, const struct process *p)
{
	return p->signals ? &core->signal_logs[p->signals] : NULL;
}

void signal_forget(struct core *core, struct process *p)
{
	if (p->signals)
		pool_put(&core->signal_pool, p->signals);
	p->signals = 0;
}

bool signal_sender_ended(const struct core *core, const struct proc_signal *s)
{
	uint32_t i = process_find(core, s->sender_pid, s->sender_start);

	return i && !core->processes[i].alive && core->processes[i].ended <= s->ts;
}

static bool same_source(const struct proc_signal *a, const struct proc_signal *b)
{
	return a->number == b->number && a->sender_pid == b->sender_pid &&
	       a->sender_start == b->sender_start;
}

/*
 * Which entry of a full log goes. The first may be the reason, the last is the latest. Between
 * them rather one that comes again later, so that a flood of the same (a JVM's faults) cannot wash
 * out what somebody else sent.
 */
static uint32_t dispensable(const struct signal_log *log)
{
	for (uint32_t i = 1; i < SIGNALS_KEPT - 1; i++)
		for (uint32_t k = i + 1; k < SIGNALS_KEPT; k++)
			if (same_source(&log->entries[i], &log->entries[k]))
				return i;
	if (same_source(&log->entries[0], &log->entries[SIGNALS_KEPT - 1]))
		return SIGNALS_KEPT - 1;
	return 1;
}

static struct proc_signal *log_place(struct signal_log *log, uint64_t now)
{
	uint32_t keep = 0, at;

	for (uint32_t i = 0; i < log->n; i++)
		if (log->entries[i].ts + SIGNAL_WINDOW_NS >= now)
			log->entries[keep++] = log->entries[i];
	log->n = keep;
	if (log->n == SIGNALS_KEPT) {
		at = dispensable(log);
		memmove(&log->entries[at], &log->entries[at + 1],
			(SIGNALS_KEPT - 1 - at) * sizeof(log->entries[0]));
		log->n--;
	}
	return &log->entries[log->n++];
}

/*
 * A free log; when there is none, that of a process whose last signal led to nothing. The hand
 * goes on where it stopped, a few steps each time.
 */
static uint32_t log_get(struct core *core, uint64_t now)
{
	uint32_t i = pool_get(&core->signal_pool);

	for (int step = 0; step < RECLAIM_STEPS && !i; step++) {
		const struct signal_log *log;

		core->signal_hand = core->signal_hand % core->signal_pool.capacity + 1;
		log = &core->signal_logs[core->signal_hand];
		if (log->n && log->entries[log->n - 1].ts + SIGNAL_WINDOW_NS < now) {
			signal_forget(core, &core->processes[log->owner]);
			i = pool_get(&core->signal_pool);
		}
	}
	if (!i)
		core->signal_pool.lost++;
	return i;
}

/*
 * The target's entry; made when its fork was missed, but not for a zombie that outlived its
 * container: nobody would ever tell of its end.
 */
static uint32_t target_of(struct core *core, const struct ev_who *who)
{
	uint32_t i = process_find(core, who->pid, who->start), g;

	if (i)
		return i;
	g = cgroup_find(core, who->memcg);
	return g && !core->cgroups[g].gone ? process_get(core, who) : 0;
}

/* The OOM killer's second SIGKILL to the chosen one of a group: the kernel counts it once more. */
static void note_repeat(struct core *core, const struct process *p, const struct ev_signal *ev)
{
	const struct incident *in = incident_find(core, p->incident);
	struct proc_signal s = {
		.ts = ev->head.ts, .sender_pid = ev->sender.pid, .sender_start = ev->sender.start};

	if (ev->sig != SIGKILL || ev->info != EV_SI_PRIV || !p->oom_ts || !in || !in->group ||
	    in->trigger_tid != ev->sender.tid)
		return;
	/* The first one, told late: it comes before its mark. */
	if (ev->head.ts <= p->oom_ts)
		return;
	/* A namespace that ends kills those in it, too, in the name of its init. */
	if (!signal_sender_ended(core, &s))
		kills_on_repeat(core, ev->target.memcg);
}

void signal_on_event(struct core *core, const struct ev_signal *ev)
{
	uint32_t i = target_of(core, &ev->target);
	struct proc_signal *s;
	struct process *p;

	if (!i)
		return;
	p = &core->processes[i];
	note_repeat(core, p, ev);
	if (!p->signals) {
		p->signals = log_get(core, ev->head.ts);
		if (!p->signals)
			return;
		core->signal_logs[p->signals].n = 0;
		core->signal_logs[p->signals].owner = i;
	}
	s = log_place(&core->signal_logs[p->signals], ev->head.ts);
	s->ts = ev->head.ts;
	s->number = ev->sig;
	s->code = ev->code;
	s->info = ev->info;
	s->handler = ev->handler;
	s->sender_pid = ev->sender.pid;
	s->sender_tid = ev->sender.tid;
	s->sender_start = ev->sender.start;
	s->sender_memcg = ev->sender.memcg;
	s->sender_uid = ev->sender.uid;
	memcpy(s->sender_comm, ev->sender.comm, sizeof(s->sender_comm));
}
