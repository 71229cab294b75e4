/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c - the agent about itself: what was attached, what it costs, how full its buffers are
 * and what was lost where; and the kernel's own count of OOM kills against the records written.
 */
#include <stdio.h>
#include <string.h>
#include "core/state.h"

void health_on_feature(struct core *core, const struct ev_feature *ev)
{
	if (core->n_features < MAX_FEATURES)
		core->features[core->n_features++] = *ev;
	if (!strcmp(ev->name, "iter_cgroup"))
		core->memcg_iter = ev->state == FEATURE_YES;
}

void health_on_ready(struct core *core)
{
	struct rec_agent_start start = {&core->start, core->features, core->n_features};
	struct record r = {.type = RECORD_AGENT_START, .agent_start = &start};
	struct request base = {.type = REQUEST_HOST};

	if (core->ready)
		return;
	core->ready = true;
	core->next_report = core->now + core->start.report_interval;
	core->host_begin = core->now;
	core_emit(core, &r, core->now, 0);
	/* What the first report's rates are measured from. */
	core_request(core, &base);
}

/* EV_HEALTH closes a series of resources and programs: what comes after it begins the next. */
static void open_series(struct core *core)
{
	if (!core->series_closed)
		return;
	core->series_closed = false;
	core->n_resources = core->n_programs = 0;
}

void health_on_resource(struct core *core, const struct ev_resource *ev)
{
	struct rec_resource *r;

	open_series(core);

	if (core->n_resources == MAX_RESOURCES)
		return;
	r = &core->resources[core->n_resources++];
	strcpy(r->name, ev->name);
	strcpy(r->cause, ev->cause);
	r->capacity = ev->capacity;
	r->used = ev->used;
	r->peak = ev->peak;
	r->lost = ev->lost;
}

void health_on_program(struct core *core, const struct ev_program *ev)
{
	struct rec_program *p;

	open_series(core);
	if (core->n_programs == MAX_PROGRAMS)
		return;
	p = &core->programs[core->n_programs++];
	strcpy(p->name, ev->name);
	p->runs = ev->runs;
	p->run_ns = ev->run_ns;
}

static void add_pool(struct core *core, const char *name, const struct pool *pool)
{
	struct rec_resource *r;

	if (core->n_resources == MAX_RESOURCES)
		return;
	r = &core->resources[core->n_resources++];
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->cause, sizeof(r->cause), "%s",
		 !pool->lost      ? ""
		 : pool->capacity ? "full"
				  : "not told");
	r->capacity = pool->capacity ? pool->capacity : U64_UNKNOWN;
	r->used = pool->capacity ? pool->used : U64_UNKNOWN;
	r->peak = pool->capacity ? pool->peak : U64_UNKNOWN;
	r->lost = pool->lost;
}

/* The tables of the core itself, behind those that the shell told of. */
static void add_own(struct core *core)
{
	struct pool window = {.capacity = WINDOW_EVENTS,
			      .used = core->window.n,
			      .peak = core->window.peak,
			      .lost = 0};
	/* Processes of earlier snapshots that ended and no event told of it. */
	struct pool exits = {.used = 0, .lost = core->vanished};

	add_pool(core, "processes", &core->process_pool);
	add_pool(core, "signal_logs", &core->signal_pool);
	add_pool(core, "cgroups", &core->cgroup_pool);
	add_pool(core, "containers", &core->container_pool);
	add_pool(core, "reorder_window", &window);
	if (core->vanished)
		add_pool(core, "exits", &exits);
}

static void describe(struct core *core, struct rec_health *out)
{
	const struct ev_health *h = &core->health;

	memset(out, 0, sizeof(*out));
	out->cpu_seconds = (double)h->cpu_ns / (double)NSEC_PER_SEC;
	out->rss = h->rss;
	out->resources = core->resources;
	out->n_resources = core->n_resources;
	out->programs = core->programs;
	out->n_programs = core->n_programs;
	kills_describe(core, &out->kills);
	out->mark_victim_seen = h->mark_victim_seen;
	out->mark_victim_refused = h->mark_victim_refused;
	out->oom_no_kill = h->oom_no_kill;
	out->exit_duplicate = h->exit_duplicate;
	out->late_events = core->window.late;
}

/* Something of the evidence was lost: worth a warning, not just a number. */
static enum severity health_severity(const struct core *core)
{
	if (core->oom_missing && core->oom_missing != U64_UNKNOWN)
		return SEVERITY_WARNING;
	for (uint32_t i = 0; i < core->n_resources; i++)
		if (core->resources[i].lost && core->resources[i].lost != U64_UNKNOWN)
			return SEVERITY_WARNING;
	return SEVERITY_INFO;
}

void health_on_health(struct core *core, const struct ev_health *ev)
{
	struct rec_health health;
	struct record r = {.type = RECORD_AGENT_HEALTH, .agent_health = &health};

	core->health = *ev;
	core->series_closed = true;
	kills_note_host(core, ev->kernel_oom_kills, false);
	if (core->report_time) {
		uint64_t at = core->report_time;

		sample_report(core);
		add_own(core);
		describe(core, &health);
		r.severity = health_severity(core);
		core_emit(core, &r, at, 0);
	}
}

void health_on_stop(struct core *core, const struct ev_stop *ev)
{
	struct rec_agent_stop stop;
	struct record r = {.type = RECORD_AGENT_STOP, .agent_stop = &stop};

	stop.why = ev->why;
	kills_note_host(core, core->health.kernel_oom_kills, true);
	add_own(core);
	describe(core, &stop.health);
	core_emit(core, &r, ev->head.ts, 0);
}
