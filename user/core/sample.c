/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.c - the report round: at every report interval the core asks for the counters and files
 * it needs, and when the last answer is in it writes one sample of the host and one of each
 * container, over the time since the sample before.
 */
#include <math.h>
#include <string.h>
#include "core/state.h"

void sample_request(struct core *core, uint64_t now)
{
	struct request r = {.type = REQUEST_HOST};

	if (now < core->next_report)
		return;
	/* A clock that jumped ahead (suspend) gets one report, not a burst. */
	core->next_report += ((now - core->next_report) / core->start.report_interval + 1) *
			     core->start.report_interval;
	core->report_time = now;
	core_request(core, &r);
	r.type = REQUEST_MEMCG_COUNTS;
	r.cgroup_id = 0;
	core_request(core, &r);
	for (uint32_t i = core->running.head; i; i = core->container_links.next[i]) {
		const struct container *c = &core->containers[i];
		const struct cgroup *g = &core->cgroups[c->cgroup];

		if (!c->included || c->ended || g->gone)
			continue;
		r.type = REQUEST_MEMCG_STAT;
		r.cgroup_id = g->id;
		r.path = g->path;
		core_request(core, &r);
		identity_ask_again(core, i);
	}
	r = (struct request){.type = REQUEST_HEALTH};
	core_request(core, &r);
}

static uint64_t delta(uint64_t now, uint64_t before)
{
	if (now >= U64_UNLIMITED || before >= U64_UNLIMITED || now < before)
		return U64_UNKNOWN;
	return now - before;
}

static double per_second(uint64_t n, double seconds)
{
	return n == U64_UNKNOWN || seconds <= 0 ? NAN : (double)n / seconds;
}

static void memory_of(const struct container *c, const struct cgroup *g,
		      struct rec_container_sample *s)
{
	const struct ev_memcg_stat *st = &c->stat;

	s->usage = g->usage;
	s->limit = g->limit;
	s->high = g->high;
	s->working_set = s->anon = s->file = s->shmem = s->kernel = s->swap = U64_UNKNOWN;
	s->pressure_some_avg10 = s->pressure_full_avg10 = NAN;
	if (c->stat_known) {
		s->usage = st->usage != U64_UNKNOWN ? st->usage : g->usage;
		s->anon = st->anon;
		s->file = st->file;
		s->shmem = st->shmem;
		s->kernel = st->kernel;
		s->swap = st->swap;
		s->pressure_some_avg10 = core_percent(st->psi_some_avg10);
		s->pressure_full_avg10 = core_percent(st->psi_full_avg10);
		/* cAdvisor's working set: what is used less what could be dropped at once. */
		if (s->usage < U64_UNLIMITED && st->inactive_file < U64_UNLIMITED)
			s->working_set =
				s->usage > st->inactive_file ? s->usage - st->inactive_file : 0;
	}
	s->usage_ratio = core_ratio(s->usage, s->limit);
}

static void rates_of(const struct container *c, struct rec_container_sample *s)
{
	const struct ev_memcg_stat *now = &c->stat, *then = &c->stat_begin;
	uint64_t all = U64_UNKNOWN, kinds = 0;

	s->cpu_usage_ratio = s->throttled_seconds = NAN;
	s->faults_minor = s->faults_major = U64_UNKNOWN;
	if (c->stat_known) {
		uint64_t cpu = delta(now->cpu_ns, then->cpu_ns);
		uint64_t throttled = delta(now->throttled_ns, then->throttled_ns);

		if (cpu != U64_UNKNOWN && s->window_seconds > 0)
			s->cpu_usage_ratio = (double)cpu / (double)NSEC_PER_SEC / s->window_seconds;
		if (throttled != U64_UNKNOWN)
			s->throttled_seconds = (double)throttled / (double)NSEC_PER_SEC;
		all = delta(now->pgfault, then->pgfault);
		s->faults_major = delta(now->pgmajfault, then->pgmajfault);
		if (all != U64_UNKNOWN && s->faults_major != U64_UNKNOWN)
			s->faults_minor = all >= s->faults_major ? all - s->faults_major : 0;
	}
	s->minor_per_second = per_second(s->faults_minor, s->window_seconds);
	s->major_per_second = per_second(s->faults_major, s->window_seconds);
	for (int k = 0; k < EV_KINDS; k++)
		kinds += c->total.kinds[k] - c->total_begin.kinds[k];
	s->kinds_known = kinds > 0;
	for (int k = 0; k < EV_KINDS && kinds; k++)
		s->kinds[k] = (double)(c->total.kinds[k] - c->total_begin.kinds[k]) / (double)kinds;
}

static void exits_of(const struct container *c, struct rec_container_sample *s)
{
	s->forks = c->total.forks - c->total_begin.forks;
	s->execs = c->total.execs - c->total_begin.execs;
	s->exits.total = c->exits.total - c->exits_begin.total;
	for (int k = 0; k < CAUSE_COUNT; k++)
		s->exits.causes[k] = c->exits.causes[k] - c->exits_begin.causes[k];
}

static void write_sample(struct core *core, uint32_t i, uint64_t at, bool final)
{
	struct container *c = &core->containers[i];
	const struct cgroup *g = &core->cgroups[c->cgroup];
	struct rec_container_sample s;
	struct record r = {.type = RECORD_CONTAINER_SAMPLE, .container_sample = &s};

	memset(&s, 0, sizeof(s));
	s.window_seconds = core_seconds(c->window_begin, at);
	s.final = final;
	memory_of(c, g, &s);
	rates_of(c, &s);
	exits_of(c, &s);
	s.processes = c->processes;
	for (uint32_t t = 0; t < c->n_top && !final; t++) {
		const struct process *p = &core->processes[c->top[t]];

		describe_process(core, p, &s.top[s.n_top].process);
		s.top[s.n_top++].anon = p->anon;
	}
	core_emit(core, &r, at, i);
	c->window_begin = at;
	c->total_begin = c->total;
	c->exits_begin = c->exits;
	c->stat_begin = c->stat;
}

void sample_final(struct core *core, uint32_t container)
{
	write_sample(core, container, core->containers[container].ended_at, true);
}

void sample_on_host(struct core *core, const struct ev_host *ev)
{
	core->host = *ev;
	/* The first is what the first report's rates are measured from. */
	if (!core->host_last.head.ts)
		core->host_last = *ev;
}

static uint64_t anon_of(const struct core *core, uint32_t process)
{
	return core_bytes(core->processes[process].anon);
}

static void rank_processes(struct core *core)
{
	for (uint32_t i = core->running.head; i; i = core->container_links.next[i])
		core->containers[i].n_top = 0;
	for (uint32_t i = core->alive.head; i; i = core->process_links.next[i]) {
		const struct process *p = &core->processes[i];
		uint32_t c = p->anon == S64_UNKNOWN ? 0 : container_find(core, p->memcg);

		if (c && core->containers[c].included)
			core->containers[c].n_top = (uint32_t)rank_insert(
				core, core->containers[c].top, core->containers[c].n_top,
				RECORD_TOP, i, anon_of);
	}
}

static uint64_t usage_of(const struct core *core, uint32_t i)
{
	uint64_t usage = core->cgroups[core->containers[i].cgroup].usage;

	return usage == U64_UNKNOWN ? 0 : usage;
}

static void rank_containers(struct core *core, struct rec_host_sample *s)
{
	uint32_t best[RECORD_TOP];

	for (uint32_t i = core->running.head; i; i = core->container_links.next[i]) {
		const struct container *c = &core->containers[i];

		if (c->ended)
			continue;
		/* The host itself is no container, and no competitor of its containers. */
		if (core->cgroups[c->cgroup].kind == CGPATH_ROOT)
			continue;
		s->containers++;
		if (!c->included)
			continue;
		s->n_biggest = rank_insert(core, best, s->n_biggest, RECORD_TOP, i, usage_of);
	}
	for (size_t k = 0; k < s->n_biggest; k++) {
		describe_container(core, best[k], &s->biggest[k].container);
		s->biggest[k].usage = core->cgroups[core->containers[best[k]].cgroup].usage;
	}
}

static void write_host(struct core *core, uint64_t at)
{
	const struct ev_host *now = &core->host, *then = &core->host_last;
	struct rec_host_sample s;
	struct record r = {.type = RECORD_HOST_SAMPLE, .host_sample = &s};
	uint64_t busy;

	memset(&s, 0, sizeof(s));
	s.window_seconds = core_seconds(core->host_begin, at);
	s.memory_total = now->memory_total;
	s.memory_available = now->memory_available;
	s.memory_free = now->memory_free;
	s.memory_cached = now->memory_cached;
	s.swap_total = now->swap_total;
	s.swap_used = delta(now->swap_total, now->swap_free);
	s.committed = now->committed;
	s.pressure_some_avg10 = core_percent(now->psi_some_avg10);
	s.pressure_full_avg10 = core_percent(now->psi_full_avg10);
	s.cpus = now->cpus;
	s.cpu_usage_ratio = NAN;
	busy = then->head.ts ? delta(now->cpu_busy_ns, then->cpu_busy_ns) : U64_UNKNOWN;
	if (busy != U64_UNKNOWN && now->cpus && now->cpus < U64_UNLIMITED &&
	    now->head.ts > then->head.ts)
		s.cpu_usage_ratio =
			(double)busy / (double)now->cpus / (double)(now->head.ts - then->head.ts);
	s.processes = core->alive.count;
	rank_containers(core, &s);
	core_emit(core, &r, at, 0);
	core->host_last = core->host;
	core->host_begin = at;
}

void sample_report(struct core *core)
{
	uint64_t at = core->report_time;

	core->report_time = 0;
	if (core->host.head.ts)
		write_host(core, at);
	rank_processes(core);
	for (uint32_t i = core->running.head; i; i = core->container_links.next[i]) {
		struct container *c = &core->containers[i];

		if (c->included && !c->ended && c->announced)
			write_sample(core, i, at, false);
	}
	restart_report_all(core, at);
}
