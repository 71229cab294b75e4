/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals.c - the signals that could end a process, kept at their target: the first of the last
 * seconds, which the rule of causes asks for, and the latest.
 */
#include <string.h>
#include "core/state.h"

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

static struct proc_signal *log_place(struct signal_log *log, uint64_t now)
{
	uint32_t keep = 0;

	for (uint32_t i = 0; i < log->n; i++)
		if (log->entries[i].ts + SIGNAL_WINDOW_NS >= now)
			log->entries[keep++] = log->entries[i];
	log->n = keep;
	if (log->n == SIGNALS_KEPT) {
		/* Keep the first, which may be the reason, and the latest. */
		memmove(&log->entries[1], &log->entries[2],
			(SIGNALS_KEPT - 2) * sizeof(log->entries[0]));
		log->n--;
	}
	return &log->entries[log->n++];
}

void signal_on_event(struct core *core, const struct ev_signal *ev)
{
	uint32_t i = process_get(core, &ev->target);
	struct proc_signal *s;
	struct process *p;

	if (!i)
		return;
	p = &core->processes[i];
	if (!p->signals) {
		p->signals = pool_get(&core->signal_pool);
		if (!p->signals) {
			core->signal_pool.lost++;
			return;
		}
		core->signal_logs[p->signals].n = 0;
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
