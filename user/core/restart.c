/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart.c - the restart report: what restarts in a container and how often, its workers and it
 * itself. Planned restarts never alarm, but for those that come in a storm.
 */
#include <string.h>
#include "core/role.h"
#include "core/state.h"

#define CRASH_LOOP_LIVES 3
#define CRASH_LOOP_NS    (600 * NSEC_PER_SEC) /* over when nothing ended for that long */

/* One report in the making: what the record points to. */
struct report {
	struct rec_workers pools[RECORD_POOLS];
	const struct workers *of[RECORD_POOLS]; /* whom each of them describes */
	struct restart_advice advice;
	struct rec_restart_report rec;
};

/* What a container's status follows from. */
struct verdict {
	uint64_t unplanned; /* in the last hour, of all pools and of the container */
	bool loops;         /* something starts over and over */
};

static struct rec_quantiles quantiles(const struct spread *s)
{
	return (struct rec_quantiles){spread_quantile(s, 50), spread_quantile(s, 95)};
}

static void describe_parent(struct core *core, const struct workers *w, struct record_process *out)
{
	struct ev_who who = {.pid = w->parent_pid, .start = w->parent_start, .uid = UINT32_MAX};
	uint32_t i = process_find(core, w->parent_pid, w->parent_start);

	if (i) {
		describe_process(core, &core->processes[i], out);
		return;
	}
	describe_who(core, &who, out);
	out->uid = U64_UNKNOWN;
	out->name = w->parent_comm;
}

static enum recycling recycling_of(const struct hour_sum *sum)
{
	if (!sum->total)
		return RECYCLING_NONE;
	return 2 * sum->planned > sum->total ? RECYCLING_PLANNED : RECYCLING_UNPLANNED;
}

static void describe_pool(struct core *core, const struct workers *w, uint64_t now,
			  struct rec_workers *out)
{
	struct hour_sum sum;
	const char *child;

	hour_sum(&w->hour, now, HOUR_MINUTES, &sum);
	memset(out, 0, sizeof(*out));
	describe_parent(core, w, &out->parent);
	out->role = w->role ? w->role : w->comm;
	/* Re-executed, a worker may have a command line that tells nothing of its program. */
	child = out->parent.role ? role_of_child(out->parent.role) : NULL;
	if (!w->role && child != out->parent.role)
		out->role = child;
	out->parent_gone = w->ended;
	out->size = w->size ? w->size : w->most;
	out->alive = w->alive;
	out->restarts = out->causes.total = sum.total;
	memcpy(out->causes.causes, sum.causes, sizeof(sum.causes));
	out->restarts_total = w->restarts.total;
	out->unplanned = sum.total - sum.planned;
	out->forced = sum.forced;
	out->restarts_per_hour = (double)sum.total;
	out->lifetime = quantiles(&w->lifetime);
	out->respawn = quantiles(&w->respawn);
	out->peak_rss = quantiles(&w->peak);
	out->recycling = recycling_of(&sum);
	out->synchronized = workers_synchronized(w, now, &out->together);
	out->below_size_ns = w->short_ns;
	if (w->n_pending) {
		uint64_t from = w->pending[0].ts;

		from = from < w->short_until ? w->short_until : from;
		out->below_size_ns += now > from ? now - from : 0;
	}
	out->boot_loop = workers_boot_loop(w, now);
	out->respawn_storm = workers_storm(w, now);
}

/* This family or the first one used before it that is a pool of the container, or 0. */
static uint32_t pool_from(const struct core *core, uint32_t i, uint32_t container)
{
	while (i && (core->workers[i].container_key != core->containers[container].key ||
		     !workers_is_pool(&core->workers[i])))
		i = core->workers_links.prev[i];
	return i;
}

/* Walk a container's pools, the latest used first: 0 ends it. */
static uint32_t first_pool(const struct core *core, uint32_t container)
{
	return pool_from(core, core->workers_used.tail, container);
}

static uint32_t next_pool(const struct core *core, uint32_t i, uint32_t container)
{
	return pool_from(core, core->workers_links.prev[i], container);
}

static void describe_pools(struct core *core, uint32_t container, struct report *report,
			   uint64_t now)
{
	struct rec_restart_report *rec = &report->rec;

	rec->workers = report->pools;
	for (uint32_t i = first_pool(core, container); i; i = next_pool(core, i, container)) {
		if (rec->n_workers == RECORD_POOLS) {
			rec->more_workers++;
			continue;
		}
		report->of[rec->n_workers] = &core->workers[i];
		describe_pool(core, &core->workers[i], now, &report->pools[rec->n_workers++]);
	}
}

/* All lives of what has this container's name; NULL: it has none. */
static const struct lives *lives_of(const struct core *core, const struct container *c)
{
	const struct lives *l = &core->lives[c->lives];

	/* The entry may be another name's by now. */
	return c->lives && l->latest == c->key ? l : NULL;
}

static bool crash_loops(const struct lives *l, uint64_t now)
{
	return l->early >= CRASH_LOOP_LIVES && l->ended + CRASH_LOOP_NS >= now;
}

/* The container's own restarts. */
static void describe_lives(struct core *core, uint32_t container, struct report *report,
			   uint64_t now)
{
	const struct container *c = &core->containers[container];
	const struct lives *l = lives_of(core, c);
	struct rec_restart_report *rec = &report->rec;
	struct hour_sum sum;

	rec->between = (struct rec_quantiles){U64_UNKNOWN, U64_UNKNOWN};
	rec->last_between = U64_UNKNOWN;
	rec->runtime_restarts = c->identity.source[0] ? c->identity.restart_count : U64_UNKNOWN;
	if (!l)
		return;
	hour_sum(&l->hour, now, HOUR_MINUTES, &sum);
	rec->window_restarts = sum.total;
	rec->total_restarts = l->restarts;
	rec->last_known = l->restarts && l->ended && l->exit_known;
	rec->last_real = core_real(core, l->ended);
	rec->last_exit = l->exit;
	rec->last_cause = l->cause;
	rec->between = quantiles(&l->between);
	rec->last_between = spread_latest(&l->between);
	rec->crash_loop = crash_loops(l, now);
	if (rec->crash_loop)
		rec->crash_loop_since_real = core_real(core, l->early_since);
}

static void describe(struct core *core, uint32_t container, uint64_t now,
		     enum restart_status status, struct report *report)
{
	struct rec_restart_report *rec = &report->rec;
	uint64_t since = core->start.head.ts;

	memset(rec, 0, sizeof(*rec));
	rec->status = status;
	rec->window_seconds = core_seconds(since, now);
	if (rec->window_seconds > 3600)
		rec->window_seconds = 3600;
	describe_pools(core, container, report, now);
	describe_lives(core, container, report, now);
}

/* ---- the status, without a report: it is looked at with every restart ---- */

static void add_unplanned(struct verdict *v, const struct hour *hour, uint64_t now)
{
	struct hour_sum sum;

	hour_sum(hour, now, HOUR_MINUTES, &sum);
	v->unplanned += sum.total - sum.planned;
}

/* From here on its pools are known as such, and less is asked of them (workers_is_pool()). */
static enum restart_status judge(struct core *core, uint32_t container, uint64_t now)
{
	const struct lives *l = lives_of(core, &core->containers[container]);
	struct verdict v = {0};

	for (uint32_t i = first_pool(core, container); i; i = next_pool(core, i, container)) {
		struct workers *w = &core->workers[i];

		w->known = true;
		add_unplanned(&v, &w->hour, now);
		v.loops = v.loops || workers_boot_loop(w, now) || workers_storm(w, now);
	}
	if (l) {
		add_unplanned(&v, &l->hour, now);
		v.loops = v.loops || crash_loops(l, now);
	}
	if (v.unplanned >= core->restart_critical)
		return RESTART_CRITICAL;
	return v.loops || v.unplanned >= core->restart_warning ? RESTART_WARNING : RESTART_OK;
}

/* ---- reports ---- */

static void write(struct core *core, uint32_t container, uint64_t ts, struct report *report)
{
	static const enum severity severities[] = {
		[RESTART_OK] = SEVERITY_INFO,
		[RESTART_WARNING] = SEVERITY_WARNING,
		[RESTART_CRITICAL] = SEVERITY_CRITICAL,
	};
	struct record r = {.type = RECORD_RESTART_REPORT,
			   .severity = severities[report->rec.status],
			   .restart_report = &report->rec};

	restart_advise(&report->rec, report->of, &report->advice);
	container_announce(core, container);
	core_emit(core, &r, ts, container);
}

void restart_evaluate(struct core *core, uint32_t container, uint64_t ts)
{
	struct container *c = &core->containers[container];
	enum restart_status status;
	struct report report;

	if (!container || !c->included || c->ended)
		return;
	status = judge(core, container, ts);
	if (status == c->restart_status)
		return;
	c->restart_status = status;
	describe(core, container, ts, status, &report);
	write(core, container, ts, &report);
}

/* `ends`: its own restarts are told of when it begins, and this end when it begins again. */
static void report_one(struct core *core, uint32_t i, uint64_t at, bool ends)
{
	enum restart_status status = judge(core, i, at);
	struct report report;

	describe(core, i, at, status, &report);
	if (ends && !report.rec.n_workers)
		return;
	if (!report.rec.n_workers && !report.rec.total_restarts &&
	    status == core->containers[i].restart_status)
		return;
	core->containers[i].restart_status = status;
	write(core, i, at, &report);
}

void restart_report_last(struct core *core, uint32_t container, uint64_t at)
{
	workers_count_births(core, at);
	report_one(core, container, at, true);
}

void restart_report_all(struct core *core, uint64_t at)
{
	workers_count_births(core, at - WORKERS_SETTLE_NS);
	for (uint32_t i = core->running.head; i; i = core->container_links.next[i]) {
		const struct container *c = &core->containers[i];

		if (c->included && !c->ended && c->announced)
			report_one(core, i, at, false);
	}
}
