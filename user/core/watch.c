/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - memory.stat of those for whom it may be wanted soon.
 *
 * Reading it costs some 40 to 80 us a cgroup (ten system calls, and a flush of counters), so not
 * everybody is read at every tick: who is close to a limit, or grows so fast that it will be there
 * by the next two ticks, is; the others only once a point of their history. All within a budget,
 * of which a part is kept for the others: what does not fit goes first in the next round, since
 * whoever was asked goes to the end of the list.
 */
#include <math.h>
#include "core/state.h"

#define READS_A_SECOND 50 /* under half a percent of one core */
#define READS_AT_LEAST 16 /* in a round, however short the interval */
#define COLD_SHARE     4  /* one part in so many is for the others, however many are hot */
#define HOT_RATIO      0.75

static uint32_t budget_of(const struct core *core)
{
	uint64_t interval = core->start.sample_interval;
	uint64_t n;

	if (interval >= 10 * NSEC_PER_SEC)
		interval = 10 * NSEC_PER_SEC;
	n = READS_A_SECOND * interval / NSEC_PER_SEC;
	return n < READS_AT_LEAST ? READS_AT_LEAST : (uint32_t)n;
}

/* A kill would be told of by this cgroup's files: it has a limit, or it is a container's own. */
static bool matters(const struct core *core, const struct cgroup *g)
{
	const struct container *c = &core->containers[g->container];

	if (!g->path[0])
		return false;
	if (g->container && c->key == g->container_key) {
		if (!c->included)
			return false;
		if (c->key == g->id)
			return true;
	}
	return g->limit < U64_UNLIMITED || g->high < U64_UNLIMITED;
}

static bool is_near(const struct cgroup *g, uint64_t limit)
{
	uint64_t step;

	if (limit >= U64_UNLIMITED || g->usage >= U64_UNLIMITED)
		return false;
	if ((double)g->usage >= HOT_RATIO * (double)limit)
		return true;
	if (g->last_usage >= U64_UNLIMITED || g->usage <= g->last_usage)
		return false;
	step = g->usage - g->last_usage;
	return step >= limit / 2 || g->usage + 2 * step >= limit;
}

static bool is_hot(const struct cgroup *g)
{
	return g->pressure.raised || is_near(g, g->limit) || is_near(g, g->high);
}

/* Ticks come a little early or late: three quarters of a point's interval will do. */
static bool is_due(const struct cgroup *g, uint64_t now)
{
	return !g->watch.asked || g->watch.asked + g->history.interval * 3 / 4 <= now;
}

static void ask(struct core *core, uint32_t i)
{
	struct cgroup *g = &core->cgroups[i];
	struct request r = {.type = REQUEST_MEMCG_WATCH, .cgroup_id = g->id, .path = g->path};

	g->watch.asked = core->now;
	core_request(core, &r);
	ilist_remove(&core->present, &core->cgroup_links, i);
	ilist_append(&core->present, &core->cgroup_links, i);
}

/* One pass over those that are present, from who has waited longest. Returns what is left. */
static uint32_t pass(struct core *core, bool hot, uint32_t budget)
{
	uint32_t last = core->present.tail, next;

	for (uint32_t i = core->present.head; i && budget; i = next) {
		struct cgroup *g = &core->cgroups[i];

		next = i == last ? 0 : core->cgroup_links.next[i];
		if (!matters(core, g) || g->watch.asked == core->now || is_hot(g) != hot)
			continue;
		if (!hot && !is_due(g, core->now))
			continue;
		ask(core, i);
		budget--;
	}
	return budget;
}

void watch_round(struct core *core)
{
	uint32_t budget = budget_of(core), kept = budget / COLD_SHARE;

	if (!core->ready)
		return;
	/* Page cache makes many look hot. What the others leave is for those once more. */
	kept += pass(core, true, budget - kept);
	kept = pass(core, false, kept);
	pass(core, true, kept);
}

static double refault_rate(const struct core *core, const struct watch *then,
			   const struct ev_memcg_watch *now)
{
	double seconds = core_seconds(then->ts, now->head.ts);

	if (!then->ts || seconds <= 0 || then->refaults == U64_UNKNOWN ||
	    now->refaults == U64_UNKNOWN || now->refaults < then->refaults)
		return NAN;
	return (double)(now->refaults - then->refaults) * core->start.page_size / seconds;
}

void watch_on_answer(struct core *core, const struct ev_memcg_watch *ev)
{
	uint32_t i = cgroup_find(core, ev->id);
	struct watch *w = &core->cgroups[i].watch;

	/* That it is gone is told elsewhere. */
	if (!i || ev->found != 1 || core->cgroups[i].gone)
		return;
	w->refault_rate = refault_rate(core, w, ev);
	w->ts = ev->head.ts;
	w->split = ev->split;
	w->swap = ev->swap;
	w->refaults = ev->refaults;
	w->psi_full_avg10 = ev->psi_full_avg10;
	history_note(&core->cgroups[i].history, ev->head.ts, core->start.sample_interval,
		     ev->split.anon, U64_UNKNOWN);
}
