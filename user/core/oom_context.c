/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_context.c - what stood around a kill: who else was in the cgroup at its limit, what filled
 * it, how it got there, who lives on.
 */
#include <math.h>
#include <string.h>
#include "core/cause.h"
#include "core/state.h"

#define STAT_FRESH_NS     NSEC_PER_SEC        /* an older memory.stat is no "at the kill" */
#define GROWTH_SPAN_NS    (70 * NSEC_PER_SEC) /* the last minute, and a point more */
#define OOM_SCORE_ADJ_MIN (-1000)             /* never killed */
#define GROWTH_LEAST_NS   (NSEC_PER_SEC / 10) /* less says nothing about a rate */

static uint64_t or_nothing(int64_t v)
{
	return v > 0 ? (uint64_t)v : 0;
}

static uint64_t size_of(const struct core *core, uint32_t process)
{
	const struct process *p = &core->processes[process];

	return or_nothing(p->anon) + or_nothing(p->file) + or_nothing(p->shmem) +
	       or_nothing(p->swap);
}

/* In the last snapshot, alive or a victim of this very incident, and inside. */
static bool counts(const struct core *core, const struct process *p, uint32_t incident,
		   uint32_t limit_cgroup)
{
	if (p->anon == S64_UNKNOWN || (!p->alive && p->incident != incident))
		return false;
	return !limit_cgroup || cgroup_below(core, p->memcg, limit_cgroup);
}

struct ranking {
	uint32_t best[RECORD_OOM_PROCESSES];
	size_t n;
	uint64_t total;
};

static void rank(const struct core *core, struct ranking *r, uint32_t process)
{
	r->total++;
	r->n = rank_insert(core, r->best, r->n, RECORD_OOM_PROCESSES, process, size_of);
}

static void describe_processes(struct core *core, const struct ev_oom *ev, uint32_t incident,
			       uint32_t limit_cgroup, struct rec_oom_kill *out)
{
	struct rec_oom_process *list = core->oom_processes;
	struct ranking r = {.n = 0};

	if (!core->snapshot)
		return;
	for (uint32_t i = core->alive.head; i; i = core->process_links.next[i])
		if (counts(core, &core->processes[i], incident, limit_cgroup))
			rank(core, &r, i);
	for (uint32_t i = core->dead.tail; i; i = core->process_links.prev[i]) {
		if (core->processes[i].ended < core->snapshot)
			break;
		if (counts(core, &core->processes[i], incident, limit_cgroup))
			rank(core, &r, i);
	}
	for (size_t k = 0; k < r.n; k++) {
		const struct process *p = &core->processes[r.best[k]];

		describe_process(core, p, &list[k].process);
		list[k].anon = p->anon;
		list[k].file = p->file;
		list[k].shmem = p->shmem;
		list[k].swap = p->swap;
		list[k].oom_score_adj = p->oom_score_adj;
	}
	out->processes = list;
	out->n_processes = r.n;
	out->processes_total = r.total;
	out->processes_age_seconds = core_seconds(core->snapshot, ev->head.ts);
}

/* The kernel's own answer at the kill, else the newest reading of the file if it is fresh. */
static void describe_stat(const struct core *core, const struct ev_oom *ev, const struct cgroup *g,
			  struct rec_memory_stat *out)
{
	uint64_t fresh = 2 * core->start.sample_interval;

	if (ev->split.anon != U64_UNKNOWN) {
		out->age_seconds = 0;
		out->source = "kernel";
		out->split = ev->split;
		out->swap = U64_UNKNOWN;
		return;
	}
	if (fresh < STAT_FRESH_NS || fresh >= U64_UNLIMITED)
		fresh = STAT_FRESH_NS;
	if (!g->watch.ts || g->watch.ts + fresh < ev->head.ts)
		return;
	out->age_seconds = core_seconds(g->watch.ts, ev->head.ts);
	out->source = "file";
	out->split = g->watch.split;
	out->swap = g->watch.swap;
}

/* From the oldest look within its last minute to the kill. */
static double growth_of(const struct process *p, const struct ev_oom *ev)
{
	for (uint32_t i = 0; i < p->n_past; i++) {
		const struct past_point *past = &p->past[i];

		if (past->ts + GROWTH_SPAN_NS < ev->head.ts)
			continue;
		if (past->ts + GROWTH_LEAST_NS > ev->head.ts || ev->anon == S64_UNKNOWN)
			break;
		return ((double)ev->anon - (double)past->anon) /
		       core_seconds(past->ts, ev->head.ts);
	}
	return NAN;
}

static enum oom_relation relation_of(const struct core *core, const struct ev_oom *ev)
{
	uint32_t of_victim = container_find(core, ev->victim.memcg);
	uint32_t of_trigger = container_find(core, ev->trigger.memcg);

	if (ev->trigger.pid == ev->victim.pid && ev->trigger.start == ev->victim.start)
		return RELATION_VICTIM;
	if (cause_is_runtime(ev->trigger.comm))
		return RELATION_RUNTIME;
	if (ev->trigger.memcg == ev->victim.memcg || (of_victim && of_victim == of_trigger))
		return RELATION_SAME_CONTAINER;
	if (ev->trigger.memcg == core->start.root_memcg)
		return RELATION_HOST;
	return of_trigger ? RELATION_OTHER_CONTAINER : RELATION_UNKNOWN;
}

/* Marked, or of a group of which all but the exempt are killed within the same instant. */
static bool is_doomed(const struct core *core, const struct process *p, uint32_t group_cgroup)
{
	if (p->oom_ts)
		return true;
	return group_cgroup && p->oom_score_adj != OOM_SCORE_ADJ_MIN &&
	       cgroup_below(core, p->memcg, group_cgroup);
}

/* Who of the container will be left. */
static void describe_survivors(const struct core *core, const struct ev_oom *ev,
			       uint32_t group_cgroup, struct rec_oom_kill *out)
{
	uint32_t container = container_find(core, ev->victim.memcg), init;
	const struct container *c = &core->containers[container];
	uint32_t doomed = 0;

	out->survivors = U64_UNKNOWN;
	out->init_alive = -1;
	if (!container)
		return;
	for (uint32_t i = core->alive.head; i; i = core->process_links.next[i]) {
		const struct process *p = &core->processes[i];

		if (container_find(core, p->memcg) != container)
			continue;
		if (is_doomed(core, p, group_cgroup))
			doomed++;
		else if (p->parent_pid == ev->victim.pid && p->parent_start == ev->victim.start)
			out->orphans++;
	}
	out->survivors = c->processes > doomed ? c->processes - doomed : 0;
	if (!c->init_pid)
		return;
	/* Without a pid namespace the first process may only have started the others. */
	if (c->init_ended && !c->init_pid_one)
		return;
	init = process_find(core, c->init_pid, c->init_start);
	out->init_alive = init && core->processes[init].alive &&
			  !is_doomed(core, &core->processes[init], group_cgroup);
	/* A namespace goes down with its first process: nobody is left to be an orphan. */
	if (c->init_pid_one && !out->init_alive)
		out->orphans = 0;
}

void oom_describe_context(struct core *core, const struct ev_oom *ev, uint32_t limit_cgroup,
			  uint32_t group_cgroup, struct rec_oom_kill *out)
{
	uint32_t victim = process_find(core, ev->victim.pid, ev->victim.start);
	uint32_t where = limit_cgroup ? limit_cgroup : cgroup_find(core, core->start.root_memcg);
	const struct cgroup *g = &core->cgroups[where];

	out->anon_growth_per_second = victim ? growth_of(&core->processes[victim], ev) : NAN;
	out->relation = relation_of(core, ev);
	out->memory_stat.age_seconds = out->processes_age_seconds = NAN;
	out->processes_total = U64_UNKNOWN;
	if (limit_cgroup)
		describe_stat(core, ev, g, &out->memory_stat);
	describe_processes(core, ev, victim ? core->processes[victim].incident : 0, limit_cgroup,
			   out);
	if (where && g->history.n)
		out->history = &g->history;
	describe_survivors(core, ev, group_cgroup, out);
}
