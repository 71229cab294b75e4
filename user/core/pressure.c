/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pressure.c - near misses: a cgroup that is about to be OOM-killed, or is held back at its limit.
 *
 * That a cgroup is at its limit says little: page cache fills any limit and is given back at
 * once. So what counts is what cannot be reclaimed (usage less the pages on the file lists; anon
 * and shmem are on others) together with signs that the kernel looks for memory: events of
 * memory.max or memory.high, pages that come back as soon as they were reclaimed, tasks that
 * stall. Each look must find it twice in five, except the stall time, which is an average already.
 */
#include <math.h>
#include "core/state.h"

#define FULL_RATIO    0.85 /* of the limit, by what cannot be reclaimed */
#define THRASH_RATIO  0.80
#define THRASH_RATE   0.05 /* of the limit, a second, comes back after it was reclaimed */
#define PRESSURE_FULL 1000 /* default threshold: 10 % of full stall, in hundredths of a percent */
#define LOOKS         0x1f /* of the last five */
#define LOOKS_BAD     2
#define CLEAR_NS      (15 * NSEC_PER_SEC)
#define FRESH_NS      (10 * NSEC_PER_SEC) /* an older memory.stat says nothing about now */

uint64_t unreclaimable_of(const struct cgroup *g)
{
	const struct ev_split *s = &g->watch.split;
	uint64_t lists;

	if (!g->watch.ts || g->usage >= U64_UNLIMITED || s->inactive_file >= U64_UNLIMITED ||
	    s->active_file >= U64_UNLIMITED)
		return U64_UNKNOWN;
	lists = s->inactive_file + s->active_file;
	return g->usage > lists ? g->usage - lists : 0;
}

static uint64_t threshold_of(const struct core *core)
{
	return core->start.pressure_threshold < U64_UNLIMITED ? core->start.pressure_threshold
							      : PRESSURE_FULL;
}

/* Swap takes what is too much: a full limit is then no end. */
static bool can_swap(const struct core *core, const struct cgroup *g)
{
	if (!core->host.head.ts || core->host.swap_free >= U64_UNLIMITED ||
	    core->host.swap_free < core->host.swap_total / 10 || !core->host.swap_free)
		return false;
	return g->swap_limit == U64_UNLIMITED ||
	       (g->swap_limit < U64_UNLIMITED && g->swap_usage < U64_UNLIMITED &&
		g->swap_usage + g->swap_limit / 10 < g->swap_limit);
}

static void note_look(uint8_t *looks, bool bad)
{
	*looks = (uint8_t)((*looks << 1 | bad) & LOOKS);
}

static bool looks_bad(uint8_t looks)
{
	return __builtin_popcount(looks) >= LOOKS_BAD;
}

/* What is wrong at this look: PRESSURE_* or 0. */
static uint32_t reasons_of(const struct core *core, struct cgroup *g, uint64_t ts)
{
	struct pressure *p = &g->pressure;
	bool fresh = g->watch.ts && g->watch.ts + FRESH_NS >= ts;
	uint64_t stuck = fresh ? unreclaimable_of(g) : U64_UNKNOWN;
	double of_limit = core_ratio(stuck, g->limit), of_high = core_ratio(stuck, g->high);
	bool full = of_limit >= FULL_RATIO && !can_swap(core, g);
	double rate = fresh && g->limit < U64_UNLIMITED ? g->watch.refault_rate : NAN;
	bool thrash = of_limit >= THRASH_RATIO && rate >= THRASH_RATE * (double)g->limit;
	uint32_t reasons = 0;

	note_look(&p->limit_looks, p->max_rate > 0 && full);
	note_look(&p->high_looks, p->high_rate > 0 && of_high >= FULL_RATIO);
	/* One answer is one look, however often the counters are read meanwhile. */
	if (g->watch.ts != p->answer)
		note_look(&p->thrash_looks, thrash);
	p->answer = g->watch.ts;
	if (looks_bad(p->limit_looks))
		reasons |= PRESSURE_LIMIT;
	if (looks_bad(p->high_looks))
		reasons |= PRESSURE_HIGH;
	if (fresh && looks_bad(p->thrash_looks))
		reasons |= PRESSURE_THRASH;
	if (fresh && g->watch.psi_full_avg10 < U64_UNLIMITED &&
	    g->watch.psi_full_avg10 >= threshold_of(core))
		reasons |= PRESSURE_STALL;
	return reasons;
}

static const char *advice_of(uint32_t reasons, bool cleared)
{
	if (cleared)
		return "The pressure is over.";
	if (reasons & PRESSURE_LIMIT)
		return "What cannot be reclaimed fills the limit: the next growth ends in an OOM "
		       "kill. Raise the limit, or run fewer or smaller workers.";
	if (reasons & PRESSURE_HIGH)
		return "Processes are slowed down at memory.high and there is no cache left to "
		       "reclaim: raise memory.high, or run fewer or smaller workers.";
	if (reasons & PRESSURE_THRASH)
		return "Pages come back as soon as they are reclaimed: the working set does not "
		       "fit the limit. Raise it.";
	return "All tasks wait for memory for a good part of the time: raise the limit, or run "
	       "fewer or smaller workers.";
}

static void tell(struct core *core, uint32_t i, uint32_t reasons, bool cleared, uint64_t ts)
{
	const struct cgroup *g = &core->cgroups[i];
	const struct pressure *p = &g->pressure;
	uint64_t stuck = unreclaimable_of(g);
	struct rec_finding f = {
		.kind = FINDING_MEMORY_PRESSURE,
		.cleared = cleared,
		.since_real = cleared ? core_real(core, p->since) : U64_UNKNOWN,
		.reasons = reasons,
		.usage = g->usage,
		.limit = g->limit,
		.high = g->high,
		.usage_ratio = core_ratio(g->usage, g->limit),
		.unreclaimable = stuck,
		.unreclaimable_ratio = core_ratio(stuck, g->limit),
		.max_rate = p->max_rate,
		.high_rate = p->high_rate,
		.pressure_full_avg10 = g->watch.ts ? core_percent(g->watch.psi_full_avg10) : NAN,
		.refault_rate = g->watch.ts ? g->watch.refault_rate : NAN,
		.threshold_pressure = core_percent(threshold_of(core)),
		.threshold_unreclaimable_ratio = FULL_RATIO,
		.history = g->history.n ? &g->history : NULL,
		.advice = advice_of(reasons, cleared),
	};

	core_emit_finding(core, &f, cleared ? SEVERITY_INFO : SEVERITY_WARNING, ts, i);
}

static double rate_of(uint64_t now, uint64_t before, double seconds)
{
	if (now >= U64_UNLIMITED || before >= U64_UNLIMITED || now < before || seconds <= 0)
		return 0;
	return (double)(now - before) / seconds;
}

void pressure_note(struct core *core, uint32_t cgroup, const struct ev_level *l, bool v1,
		   uint64_t ts)
{
	struct cgroup *g = &core->cgroups[cgroup];
	struct pressure *p = &g->pressure;
	/* v1's files have no events, but count what failed at the limit. */
	uint64_t max_events = v1 && l->events_max == U64_UNKNOWN ? l->failcnt : l->events_max;
	double seconds = core_seconds(p->ts, ts);
	uint32_t reasons;

	p->max_rate = p->ts ? rate_of(max_events, p->max_events, seconds) : 0;
	p->high_rate = p->ts ? rate_of(l->events_high, p->high_events, seconds) : 0;
	p->max_events = max_events;
	p->high_events = l->events_high;
	p->ts = ts;
	/* Without a limit of its own it is the host's or a slice's pressure. */
	if (g->limit >= U64_UNLIMITED && g->high >= U64_UNLIMITED && !p->raised)
		return;
	reasons = reasons_of(core, g, ts);
	if (reasons)
		p->last_bad = ts;
	if (reasons && !p->raised) {
		p->raised = true;
		p->since = ts;
		tell(core, cgroup, reasons, false, ts);
	} else if (p->raised && !reasons && p->last_bad + CLEAR_NS <= ts) {
		p->raised = false;
		tell(core, cgroup, 0, true, ts);
	}
}

void pressure_end(struct core *core, uint32_t cgroup, uint64_t ts)
{
	struct pressure *p = &core->cgroups[cgroup].pressure;

	if (!p->raised)
		return;
	p->raised = false;
	tell(core, cgroup, 0, true, ts);
}
