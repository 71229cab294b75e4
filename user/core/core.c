/* SPDX-License-Identifier: Apache-2.0 */
/* core.c - setting the core up inside the memory it is given, and sending events to their rooms. */
#include <string.h>
#include "core/state.h"

#define REAL_STEP_NS (10 * 1000000ull) /* a smaller change of the wall clock is only slewing */

static void carve(struct core *core, struct carve *c, uint32_t processes, uint32_t containers)
{
	uint32_t cgroups = containers * CGROUPS_PER_CONTAINER;
	uint32_t logs = processes / 4 + 64;
	uint32_t families = processes / 32 + 32;

	window_carve(&core->window, c);

	core->processes = carve_take(c, processes + 1, sizeof(struct process));
	pool_carve(&core->process_pool, c, processes);
	htab_carve(&core->process_tab, c, processes);
	ilinks_carve(&core->process_links, c, processes);

	core->signal_logs = carve_take(c, logs + 1, sizeof(struct signal_log));
	pool_carve(&core->signal_pool, c, logs);

	core->cgroups = carve_take(c, cgroups + 1, sizeof(struct cgroup));
	pool_carve(&core->cgroup_pool, c, cgroups);
	htab_carve(&core->cgroup_tab, c, cgroups);
	ilinks_carve(&core->cgroup_links, c, cgroups);

	core->containers = carve_take(c, containers + 1, sizeof(struct container));
	pool_carve(&core->container_pool, c, containers);
	ilinks_carve(&core->container_links, c, containers);

	core->workers = carve_take(c, families + 1, sizeof(struct workers));
	pool_carve(&core->workers_pool, c, families);
	htab_carve(&core->workers_tab, c, families);
	ilinks_carve(&core->workers_links, c, families);

	core->lives = carve_take(c, containers + 1, sizeof(struct lives));
	pool_carve(&core->lives_pool, c, containers);
	htab_carve(&core->lives_tab, c, containers);
	ilinks_carve(&core->lives_links, c, containers);
}

static uint32_t bounded(uint64_t n, uint32_t low, uint32_t high)
{
	return n < low ? low : n > high ? high : (uint32_t)n;
}

static uint32_t processes_of(const struct ev_start *start)
{
	return bounded(start->max_processes, 64, 1u << 22);
}

static uint32_t containers_of(const struct ev_start *start)
{
	return bounded(start->max_containers, 16, 1u << 18);
}

size_t core_size(const struct ev_start *start)
{
	struct core measure;
	struct carve c = {.base = NULL, .used = 0};

	memset(&measure, 0, sizeof(measure));
	carve_take(&c, 1, sizeof(struct core));
	carve(&measure, &c, processes_of(start), containers_of(start));
	return c.used;
}

struct core *core_init(void *mem, const struct ev_start *start, const struct core_ops *ops,
		       void *ctx)
{
	struct carve c = {.base = mem, .used = 0};
	struct core *core = carve_take(&c, 1, sizeof(*core));

	core->start = *start;
	core->ops = ops;
	core->ctx = ctx;
	core->kernel_oom_base = core->oom_missing = U64_UNKNOWN;
	core->health.kernel_oom_kills = U64_UNKNOWN;
	core->real_offset = (int64_t)(start->real - start->head.ts);
	core->now = core->mark_now = start->head.ts;
	core->round = core->memcg_round = 1;
	/* A log without sane intervals must not make the report loop endless. */
	if (core->start.report_interval == 0 || core->start.report_interval >= U64_UNLIMITED)
		core->start.report_interval = 60 * NSEC_PER_SEC;
	/* A log of before there was the option. */
	core->restart_warning = start->restart_warning == U64_UNKNOWN ? 5 : start->restart_warning;
	core->restart_critical =
		start->restart_critical == U64_UNKNOWN ? 20 : start->restart_critical;
	if (core->start.all_exits == U64_UNKNOWN)
		core->start.all_exits = 0;
	carve(core, &c, processes_of(start), containers_of(start));
	return core;
}

static void on_clock(struct core *core, const struct ev_clock *ev)
{
	uint64_t offset = ev->real - ev->head.ts;
	uint64_t step = offset - (uint64_t)core->real_offset;

	/* Follow a step of the wall clock, not its noise: a start time must not flicker. */
	if (ev->real < U64_UNLIMITED && step + REAL_STEP_NS > 2 * REAL_STEP_NS)
		core->real_offset = (int64_t)offset;
	process_expire(core, ev->head.ts);
	cgroup_expire(core, ev->head.ts);
	if (core->ready)
		sample_request(core, ev->head.ts);
}

/* Where no iterator reads all: containers, and what may have a limit above them. */
static void request_memcgs(struct core *core)
{
	struct request r = {.type = REQUEST_MEMCG};

	if (core->memcg_iter)
		return;
	for (uint32_t i = core->present.head; i; i = core->cgroup_links.next[i]) {
		const struct cgroup *g = &core->cgroups[i];
		uint32_t c = container_find(core, g->id);

		if (c && core->containers[c].key == g->id) {
			if (!core->containers[c].included)
				continue;
		} else if (g->kind != CGPATH_POD && g->kind != CGPATH_SLICE &&
			   g->kind != CGPATH_NONE) {
			continue;
		}
		r.cgroup_id = g->id;
		r.path = g->path;
		core_request(core, &r);
	}
}

static void take(void *ctx, const union event *ev)
{
	struct core *core = ctx;

	core->now = ev->head.ts;
	switch (ev->head.type) {
	case EV_CLOCK:
		on_clock(core, &ev->clock);
		request_memcgs(core);
		break;
	case EV_CGROUP_NEW:
		cgroup_on_new(core, &ev->cgroup_new);
		break;
	case EV_CGROUP_GONE:
		cgroup_on_gone(core, &ev->cgroup_gone);
		break;
	case EV_CGROUP_ATTACH:
		process_on_attach(core, &ev->cgroup_attach);
		break;
	case EV_IDENTITY:
		identity_on_answer(core, &ev->identity);
		break;
	case EV_FORK:
		process_on_fork(core, &ev->fork);
		break;
	case EV_EXEC:
		process_on_exec(core, &ev->exec);
		break;
	case EV_EXIT:
		exit_on_event(core, &ev->exit);
		break;
	case EV_SIGNAL:
		signal_on_event(core, &ev->signal);
		break;
	case EV_PROC_INFO:
		process_on_info(core, &ev->proc_info);
		break;
	case EV_OOM:
		oom_on_event(core, &ev->oom);
		break;
	case EV_TASK:
		process_on_task(core, &ev->task);
		break;
	case EV_TASKS_END:
		process_on_tasks_end(core, &ev->tasks_end);
		break;
	case EV_MEMCG:
		cgroup_on_memcg(core, &ev->memcg);
		break;
	case EV_MEMCGS_END:
		cgroup_on_round_end(core);
		container_announce_all(core);
		break;
	case EV_MEMCG_STAT:
		container_on_stat(core, &ev->memcg_stat);
		break;
	case EV_MEMCG_WATCH:
		watch_on_answer(core, &ev->memcg_watch);
		break;
	case EV_MEMCG_COUNTS:
		container_on_counts(core, &ev->memcg_counts);
		break;
	case EV_HOST:
		sample_on_host(core, &ev->host);
		break;
	case EV_RESOURCE:
		health_on_resource(core, &ev->resource);
		break;
	case EV_PROGRAM:
		health_on_program(core, &ev->program);
		break;
	case EV_HEALTH:
		health_on_health(core, &ev->health);
		break;
	default:
		break;
	}
}

void core_step(struct core *core, const union event *ev)
{
	switch (ev->head.type) {
	case EV_START:
		break; /* core_init has taken it */
	case EV_FEATURE:
		health_on_feature(core, &ev->feature);
		break;
	case EV_READY:
		core->now = ev->head.ts;
		health_on_ready(core);
		break;
	case EV_MARK:
		core->mark_now = ev->mark.now;
		window_release(&core->window, ev->head.ts, take, core);
		exit_on_mark(core, ev->head.ts);
		break;
	case EV_STOP:
		window_release(&core->window, UINT64_MAX, take, core);
		core->now = ev->head.ts;
		exit_flush(core);
		restart_report_all(core, core->now);
		health_on_stop(core, &ev->stop);
		break;
	default:
		window_put(&core->window, ev, take, core);
		break;
	}
}
