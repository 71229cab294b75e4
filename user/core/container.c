/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.c - containers on top of memory cgroups: which cgroup belongs to which, who lives in
 * one, its totals, and the records of its beginning and end.
 *
 * A cgroup whose path names a container (or a systemd unit) is one, and so is everything below it.
 * A cgroup of no known layout is one of its own as soon as a process lives in it.
 */
#include <math.h>
#include <string.h>
#include "core/state.h"

static bool is_own(const struct core *core, uint32_t container, const struct cgroup *g)
{
	return core->containers[container].key == g->id;
}

/* The ancestor (index) whose path is the first len bytes of this cgroup's, or 0. */
static uint32_t ancestor_with(struct core *core, uint32_t cgroup, size_t len)
{
	const char *path = core->cgroups[cgroup].path;

	for (int depth = 0; depth < 64 && cgroup; depth++) {
		const struct cgroup *g = &core->cgroups[cgroup];

		if (strlen(g->path) == len && !memcmp(g->path, path, len))
			return cgroup;
		cgroup = g->parent ? cgroup_find(core, g->parent) : 0;
	}
	return 0;
}

static uint32_t container_new(struct core *core, uint32_t cgroup, const struct cgpath *path)
{
	uint32_t i = pool_get(&core->container_pool);
	struct container *c;

	/* Those that are gone make room, the longest gone first. */
	while (!i && cgroup_evict(core, cgroup))
		i = pool_get(&core->container_pool);
	if (!i) {
		/* One, however often something happens in it. */
		core->container_pool.lost += !core->cgroups[cgroup].crowded_out;
		core->cgroups[cgroup].crowded_out = true;
		return 0;
	}
	c = &core->containers[i];
	memset(c, 0, sizeof(*c));
	c->key = core->cgroups[cgroup].id;
	c->cgroup = cgroup;
	c->path = *path;
	c->included = filter_included(&core->start, core->cgroups[cgroup].path);
	c->window_begin = core->now;
	ilist_append(&core->running, &core->container_links, i);
	return i;
}

/* The nearest ancestor (index) whose path is known, for a cgroup whose own is not; or 0. */
static uint32_t ancestor_named(const struct core *core, uint32_t cgroup)
{
	for (int depth = 0; depth < 64 && cgroup && !core->cgroups[cgroup].path[0]; depth++)
		cgroup = core->cgroups[cgroup].parent
				 ? cgroup_find(core, core->cgroups[cgroup].parent)
				 : 0;
	return cgroup && core->cgroups[cgroup].path[0] ? cgroup : 0;
}

/*
 * The ancestor (index) that its runtime's files have named, where no path could, and within which
 * this cgroup has no name of its own; or 0.
 */
static uint32_t ancestor_known(const struct core *core, uint32_t cgroup)
{
	uint32_t i = cgroup_find(core, core->cgroups[cgroup].parent);

	for (int depth = 0; depth < 64 && i; depth++) {
		const struct cgroup *g = &core->cgroups[i];

		if (g->container && is_own(core, g->container, g))
			return core->containers[g->container].identity.source[0] ? i : 0;
		i = g->parent ? cgroup_find(core, g->parent) : 0;
	}
	return 0;
}

uint32_t container_of_cgroup(struct core *core, uint32_t cgroup)
{
	struct cgroup *g = &core->cgroups[cgroup];
	struct cgpath path;
	uint32_t owner = cgroup, named, i;
	bool is_new;

	if (!cgroup)
		return 0;
	if (g->container && core->containers[g->container].key == g->container_key)
		return g->container;
	/* What began after its end is late news of the container that has ended. */
	if (g->gone)
		return 0;
	/* Below a container everything is the container's, named or not. */
	named = ancestor_named(core, cgroup);
	if (named && core->cgroups[named].kind != CGPATH_CONTAINER)
		named = cgroup;
	cgpath_parse(named ? core->cgroups[named].path : "", &path);
	if (path.kind == CGPATH_CONTAINER) {
		owner = ancestor_with(core, named, path.own_len);
	} else if (path.kind == CGPATH_NONE) {
		owner = ancestor_known(core, cgroup);
	}
	if (!owner)
		owner = cgroup;
	i = 0;
	if (owner != cgroup) {
		const struct cgroup *o = &core->cgroups[owner];

		if (o->container && is_own(core, o->container, o))
			i = o->container;
	}
	is_new = !i;
	if (is_new)
		i = container_new(core, owner, &path);
	if (!i)
		return 0;
	g->container = core->cgroups[owner].container = i;
	g->container_key = core->cgroups[owner].container_key = core->cgroups[owner].id;
	if (is_new)
		identity_ask(core, owner);
	return i;
}

uint32_t container_of_process(struct core *core, const struct process *p)
{
	return container_of_cgroup(core, cgroup_find(core, p->memcg));
}

uint32_t container_find(const struct core *core, uint64_t cgroup_id)
{
	uint32_t i = cgroup_find(core, cgroup_id);
	const struct cgroup *g = &core->cgroups[i];

	if (!i || !g->container || core->containers[g->container].key != g->container_key)
		return 0;
	return g->container;
}

bool container_wanted(const struct core *core, uint32_t i)
{
	return i ? core->containers[i].included : core->start.n_include == 0;
}

/* Is this process more of a first one than the one that is known? */
static bool is_better_init(const struct container *c, uint64_t start, bool pid_one)
{
	if (!c->init_pid)
		return true;
	if (c->init_pid_one > pid_one || (c->init_pid_one == pid_one && c->init_start <= start))
		return false;
	return !c->init_ended || !c->init_pid_one;
}

/* The first process of a container; process 1 of a pid namespace goes before any other. */
static void consider_init(struct container *c, const struct process *p)
{
	bool one = p->ns_pid == 1 && p->pid != 1;

	if (c->init_pid == p->pid && c->init_start == p->start) {
		c->init_pid_one = one;
		return;
	}
	if (!is_better_init(c, p->start, one))
		return;
	c->init_pid = p->pid;
	c->init_start = p->start;
	c->init_pid_one = one;
	c->init_ended = false;
}

void container_enter(struct core *core, const struct process *p)
{
	uint32_t i = container_of_cgroup(core, cgroup_get(core, p->memcg));

	if (!i)
		return;
	core->containers[i].processes++;
	consider_init(&core->containers[i], p);
	/* The first: others that a runtime puts in before its program bring no news. */
	if (core->containers[i].processes == 1)
		identity_on_enter(core, i);
}

void container_leave(struct core *core, const struct process *p)
{
	uint32_t i = container_find(core, p->memcg);

	if (i && core->containers[i].processes)
		core->containers[i].processes--;
}

void container_namespaces_known(struct core *core, const struct process *p)
{
	uint32_t i = container_find(core, p->memcg);

	if (i)
		consider_init(&core->containers[i], p);
}

static void limits_of(const struct cgroup *g, struct record_limits *out)
{
	out->memory = g->limit;
	out->high = g->high;
	out->swap = g->swap_limit;
}

void container_say_start(struct core *core, uint32_t i, uint64_t ts)
{
	struct rec_container_start start;
	struct record r = {.type = RECORD_CONTAINER_START, .container_start = &start};

	limits_of(&core->cgroups[core->containers[i].cgroup], &start.limits);
	core_emit(core, &r, ts, i);
}

void container_announce(struct core *core, uint32_t i)
{
	struct container *c = &core->containers[i];
	const struct cgroup *g = &core->cgroups[c->cgroup];

	if (!i || c->announced || !c->included)
		return;
	c->announced = true;
	c->counted_restarts = restarts_note(core, i);
	container_say_start(core, i, g->created ? g->created : core->now);
	restart_evaluate(core, i, core->now);
	if (!g->created) {
		/* It lived before us: its counters need a base. */
		struct request q = {
			.type = REQUEST_MEMCG_STAT, .cgroup_id = g->id, .path = g->path};

		core_request(core, &q);
	}
}

void container_announce_all(struct core *core)
{
	for (uint32_t i = core->running.head; i; i = core->container_links.next[i])
		container_announce(core, i);
}

void container_cgroup_gone(struct core *core, uint32_t cgroup, uint64_t ts)
{
	const struct cgroup *g = &core->cgroups[cgroup];
	struct request r = {.type = REQUEST_MEMCG_COUNTS, .cgroup_id = g->id};
	uint32_t i = container_find(core, g->id);

	if (!i)
		r.type = REQUEST_FORGET;
	else if (is_own(core, i, g))
		core->containers[i].ended_at = ts;
	core_request(core, &r);
}

/* Faults since the container began: the kernel's own count as far as it was read, ours behind. */
static void stop_faults(const struct container *c, const struct cgroup *g,
			struct rec_container_stop *out)
{
	uint64_t all = U64_UNKNOWN;

	out->major_faults = out->minor_faults = U64_UNKNOWN;
	if (g->created)
		all = c->total.faults;
	else if (c->stat_known && c->stat.pgfault != U64_UNKNOWN)
		all = c->stat.pgfault + (c->total.faults - c->faults_at_stat);
	if (all == U64_UNKNOWN)
		return;
	out->major_faults = g->created ? c->major_exited : c->stat.pgmajfault;
	if (out->major_faults != U64_UNKNOWN && all >= out->major_faults)
		out->minor_faults = all - out->major_faults;
}

/* over: nothing lives there any more, and its last counts are in. */
static void write_stop(struct core *core, uint32_t i, bool over)
{
	struct container *c = &core->containers[i];
	const struct cgroup *g = &core->cgroups[c->cgroup];
	struct rec_container_stop stop;
	struct record r = {.type = RECORD_CONTAINER_STOP, .container_stop = &stop};
	uint32_t init;

	memset(&stop, 0, sizeof(stop));
	limits_of(g, &stop.limits);
	stop.lifetime_known = over && g->created != 0;
	stop.lifetime_seconds = stop.lifetime_known ? core_seconds(g->created, c->ended_at) : NAN;
	stop.peak_usage = g->max_usage ? g->max_usage : U64_UNKNOWN;
	if (c->stat_known && c->stat.peak < U64_UNLIMITED && c->stat.peak > g->max_usage)
		stop.peak_usage = c->stat.peak;
	stop.minor_faults = stop.major_faults = stop.forks = U64_UNKNOWN;
	if (over) {
		stop_faults(c, g, &stop);
		stop.forks = c->total.forks;
	}
	stop.exits = c->exits;
	/* The kernel side counted exactly; what no event told of has no known cause. */
	if (c->total.exits > c->exits.total) {
		stop.exits.causes[CAUSE_UNKNOWN] += c->total.exits - c->exits.total;
		stop.exits.total = c->total.exits;
	}
	stop.init_known = c->init_pid && c->init_ended;
	if (stop.init_known) {
		init = process_find(core, c->init_pid, c->init_start);
		if (init) {
			describe_process(core, &core->processes[init], &stop.init);
		} else {
			stop.init.pid = c->init_pid;
			stop.init.start_real = core_real(core, c->init_start);
			stop.init.uid = stop.init.container_pid = U64_UNKNOWN;
			stop.init.container_uid = U64_UNKNOWN;
			stop.init.name = c->init_comm;
		}
		stop.init_exit = c->init_exit;
		stop.init_cause = c->init_cause;
	}
	core_emit(core, &r, c->ended_at, i);
}

/* A counter that begins anew (its slot was given back) begins at 0. */
static uint64_t grown(uint64_t now, uint64_t before)
{
	if (now >= U64_UNLIMITED)
		return 0;
	return now >= before ? now - before : now;
}

static void add_counts(struct ev_memcg_counts *to, const struct ev_memcg_counts *now,
		       const struct ev_memcg_counts *before)
{
	to->faults += grown(now->faults, before->faults);
	to->forks += grown(now->forks, before->forks);
	to->execs += grown(now->execs, before->execs);
	to->exits += grown(now->exits, before->exits);
	to->signals += grown(now->signals, before->signals);
	to->oom_kills += grown(now->oom_kills, before->oom_kills);
	for (int k = 0; k < EV_KINDS; k++)
		to->kinds[k] += grown(now->kinds[k], before->kinds[k]);
}

void container_take_back(struct core *core, uint32_t i)
{
	struct container *c = &core->containers[i];

	c->ended = true;
	c->ended_at = core->now;
	write_stop(core, i, false);
}

/* Its last sample and its stop, once. */
static void container_end(struct core *core, uint32_t i)
{
	struct container *c = &core->containers[i];

	if (c->ended)
		return;
	c->ended = true;
	if (!c->included)
		return;
	exit_flush(core);
	container_announce(core, i);
	restart_report_last(core, i, c->ended_at);
	sample_final(core, i);
	write_stop(core, i, true);
	restarts_ended(core, i);
}

void container_free(struct core *core, uint32_t i)
{
	/* Its last counts were asked for and never came. */
	if (core->containers[i].announced)
		container_end(core, i);
	core->containers[i].key = 0;
	ilist_remove(&core->running, &core->container_links, i);
	pool_put(&core->container_pool, i);
}

/* The first process of a part is the whole's unless that has a better one. */
static void merge_init(struct container *to, const struct container *from)
{
	if (!from->init_pid || !is_better_init(to, from->init_start, from->init_pid_one))
		return;
	to->init_pid = from->init_pid;
	to->init_start = from->init_start;
	to->init_pid_one = from->init_pid_one;
	to->init_ended = from->init_ended;
	to->init_exit = from->init_exit;
	to->init_cause = from->init_cause;
	strcpy(to->init_comm, from->init_comm);
}

void container_merge(struct container *to, const struct container *from)
{
	static const struct ev_memcg_counts none;

	to->processes += from->processes;
	to->exits.total += from->exits.total;
	for (int k = 0; k < CAUSE_COUNT; k++)
		to->exits.causes[k] += from->exits.causes[k];
	to->major_exited += from->major_exited;
	add_counts(&to->total, &from->total, &none);
	merge_init(to, from);
}

void container_path_known(struct core *core, uint32_t cgroup, const struct cgpath *path)
{
	struct cgroup *g = &core->cgroups[cgroup];
	struct container *c = &core->containers[g->container];
	uint32_t owner;

	c->path = *path;
	c->included = filter_included(&core->start, g->path);
	identity_ask(core, cgroup);
	if (g->gone || path->kind != CGPATH_CONTAINER || path->own_len == strlen(g->path))
		return;
	owner = ancestor_with(core, cgroup, path->own_len);
	if (owner)
		container_join(core, cgroup, owner);
}

bool container_empty(const struct core *core, uint32_t cgroup)
{
	uint32_t i = container_find(core, core->cgroups[cgroup].id);

	return !i || !core->containers[i].processes;
}

void container_on_counts(struct core *core, const struct ev_memcg_counts *ev)
{
	uint32_t cgroup = cgroup_find(core, ev->id);
	struct cgroup *g = &core->cgroups[cgroup];
	struct request forget = {.type = REQUEST_FORGET, .cgroup_id = ev->id};
	struct container *c;
	uint32_t i;

	if (!cgroup)
		return;
	i = container_of_cgroup(core, cgroup);
	if (i) {
		c = &core->containers[i];
		add_counts(&c->total, ev, &g->counts);
		g->counts = *ev;
		if (g->gone && is_own(core, i, g))
			container_end(core, i);
	}
	if (g->gone)
		core_request(core, &forget);
}

void container_on_stat(struct core *core, const struct ev_memcg_stat *ev)
{
	uint32_t i = container_find(core, ev->id);
	struct container *c = &core->containers[i];
	struct cgroup *g;

	if (ev->found == 0) {
		uint32_t cgroup = cgroup_find(core, ev->id);

		if (cgroup)
			cgroup_missing(core, cgroup, ev->head.ts);
		return;
	}
	if (!i || ev->found != 1 || c->key != ev->id)
		return;
	g = &core->cgroups[c->cgroup];
	if (!c->stat_known && !g->created)
		c->stat_begin = *ev;
	c->stat_known = true;
	c->stat = *ev;
	c->faults_at_stat = c->total.faults;
	if (ev->limit != U64_UNKNOWN)
		g->limit = ev->limit;
	if (ev->high != U64_UNKNOWN)
		g->high = ev->high;
	if (ev->swap_limit != U64_UNKNOWN)
		g->swap_limit = ev->swap_limit;
}
