/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - memory cgroups by id: their path, their place in the hierarchy, their counters. */
#include <math.h>
#include <string.h>
#include "base/hash.h"
#include "core/state.h"

#define ROUNDS_MISSED 4 /* rounds over all memory cgroups without one before it is asked for */
#define MISSING_NS    NSEC_PER_SEC

uint32_t cgroup_find(const struct core *core, uint64_t id)
{
	uint32_t i = htab_first(&core->cgroup_tab, hash_u64(id));

	while (i && core->cgroups[i].id != id)
		i = core->cgroup_tab.next[i];
	return i;
}

static void cgroup_free(struct core *core, uint32_t i)
{
	struct cgroup *g = &core->cgroups[i];

	if (g->container && core->containers[g->container].key == g->id)
		container_free(core, g->container);
	htab_del(&core->cgroup_tab, hash_u64(g->id), i);
	ilist_remove(&core->gone, &core->cgroup_links, i);
	pool_put(&core->cgroup_pool, i);
}

bool cgroup_evict(struct core *core, uint32_t but)
{
	if (!core->gone.head || core->gone.head == but)
		return false;
	cgroup_free(core, core->gone.head);
	return true;
}

void cgroup_expire(struct core *core, uint64_t now)
{
	while (core->gone.head && core->cgroups[core->gone.head].ended + GRACE_NS < now)
		cgroup_free(core, core->gone.head);
}

uint32_t cgroup_get(struct core *core, uint64_t id)
{
	uint32_t i = cgroup_find(core, id);
	struct cgroup *g;

	if (i || !id || id == U64_UNKNOWN)
		return i;
	i = pool_get(&core->cgroup_pool);
	if (!i && cgroup_evict(core, 0))
		i = pool_get(&core->cgroup_pool);
	if (!i) {
		core->cgroup_pool.lost++;
		return 0;
	}
	g = &core->cgroups[i];
	memset(g, 0, offsetof(struct cgroup, path) + 1);
	g->id = id;
	g->seen = core->now;
	g->usage = g->last_usage = g->swap_usage = U64_UNKNOWN;
	g->limit = g->high = g->swap_limit = U64_UNKNOWN;
	g->watch.refault_rate = NAN;
	htab_add(&core->cgroup_tab, hash_u64(id), i);
	ilist_append(&core->present, &core->cgroup_links, i);
	return i;
}

void cgroup_set_path(struct core *core, uint32_t i, const char *path)
{
	struct cgroup *g = &core->cgroups[i];
	struct cgpath parsed;

	if (!path[0] || g->path[0])
		return;
	strcpy(g->path, path);
	cgpath_parse(path, &parsed);
	g->kind = parsed.kind;
	if (g->container && core->containers[g->container].key == g->id)
		container_path_known(core, i, &parsed);
}

void cgroup_on_new(struct core *core, const struct ev_cgroup_new *ev)
{
	uint32_t i = cgroup_get(core, ev->id);
	struct cgroup *g;

	if (!i)
		return;
	g = &core->cgroups[i];
	if (ev->parent_id != U64_UNKNOWN && ev->parent_id != ev->id)
		g->parent = ev->parent_id;
	/* A scan may find again what its mkdir has already told of. */
	if (ev->scanned != 1)
		g->created = ev->head.ts;
	/* What is left of a path without its front could look like another one. */
	if (ev->path_cut != 1)
		cgroup_set_path(core, i, ev->path);
	if (g->kind == CGPATH_CONTAINER)
		container_of_cgroup(core, i);
	else if (g->kind == CGPATH_NONE && g->created)
		identity_ask(core, i); /* its runtime may know what the path does not tell */
}

void cgroup_end(struct core *core, uint32_t i, uint64_t ts)
{
	struct cgroup *g = &core->cgroups[i];

	if (!i || g->gone)
		return;
	g->gone = true;
	g->ended = ts;
	ilist_remove(&core->present, &core->cgroup_links, i);
	ilist_append(&core->gone, &core->cgroup_links, i);
	pressure_end(core, i, ts);
	container_cgroup_gone(core, i, ts);
}

void cgroup_on_gone(struct core *core, const struct ev_cgroup_gone *ev)
{
	uint32_t i = cgroup_find(core, ev->id);
	struct cgroup *g = &core->cgroups[i];

	if (i && !g->gone && ev->level.id) {
		cgroup_note_level(g, &ev->level, ev->v1 == 1, ev->head.ts);
		if (ev->peak < U64_UNLIMITED && ev->peak > g->max_usage)
			g->max_usage = ev->peak;
		kills_note(core, i, ev->oom_kills_local, true);
	}
	cgroup_end(core, i, ev->head.ts);
}

/* Said once it may be news that is still on its way; said again later, the news was lost. */
void cgroup_missing(struct core *core, uint32_t i, uint64_t ts)
{
	struct cgroup *g = &core->cgroups[i];

	if (!g->missing)
		g->missing = ts;
	else if (g->missing + MISSING_NS <= ts)
		cgroup_end(core, i, g->missing);
}

/*
 * Its end may have been lost with a full ring. Rounds may leave some out, so one that was seen
 * and is missed is asked for; that its directory is gone is the answer that counts. And one
 * without a path, that nothing but a late event has told of, goes by itself.
 */
void cgroup_on_round_end(struct core *core)
{
	struct request r = {.type = REQUEST_MEMCG_STAT};
	uint32_t next;

	for (uint32_t i = core->present.head; i; i = next) {
		struct cgroup *g = &core->cgroups[i];
		uint32_t missed = core->memcg_round - g->round;

		next = core->cgroup_links.next[i];
		if (missed < ROUNDS_MISSED || missed % ROUNDS_MISSED)
			continue;
		if (g->round && g->path[0]) {
			r.cgroup_id = g->id;
			r.path = g->path;
			core_request(core, &r);
		} else if (!g->path[0] && g->seen + GRACE_NS < core->now &&
			   container_empty(core, i)) {
			cgroup_end(core, i, core->now);
		}
	}
	watch_round(core);
	core->memcg_round++;
}

uint64_t level_usage(const struct ev_level *l)
{
	return core_bytes(l->usage);
}

uint64_t level_swap_usage(const struct ev_level *l, bool v1)
{
	uint64_t usage = level_usage(l), swap = core_bytes(l->swap_usage);

	/* v1 counts memory and swap together. */
	if (!v1 || swap == U64_UNKNOWN)
		return swap;
	if (usage == U64_UNKNOWN)
		return U64_UNKNOWN;
	return swap > usage ? swap - usage : 0;
}

uint64_t level_swap_limit(const struct ev_level *l, bool v1)
{
	/* v1 limits memory and swap together: the difference is what swap may take. */
	if (!v1 || l->swap_max >= U64_UNLIMITED)
		return l->swap_max;
	return l->max < U64_UNLIMITED && l->swap_max > l->max ? l->swap_max - l->max : 0;
}

void cgroup_note_level(struct cgroup *g, const struct ev_level *l, bool v1, uint64_t ts)
{
	g->read = ts;
	g->last_usage = g->usage;
	g->usage = level_usage(l);
	g->swap_usage = level_swap_usage(l, v1);
	if (g->usage != U64_UNKNOWN && g->usage > g->max_usage)
		g->max_usage = g->usage;
	g->limit = l->max;
	g->high = l->high;
	g->swap_limit = level_swap_limit(l, v1);
}

void cgroup_on_memcg(struct core *core, const struct ev_memcg *ev)
{
	uint32_t i = cgroup_get(core, ev->level.id);
	struct cgroup *g;

	if (!i)
		return;
	g = &core->cgroups[i];
	if (g->gone)
		return;
	g->round = core->memcg_round;
	g->missing = 0;
	cgroup_note_level(g, &ev->level, ev->v1 == 1, ev->head.ts);
	history_note(&g->history, ev->head.ts, core->start.sample_interval, U64_UNKNOWN, g->usage);
	oom_note_count(g, ev->level.oom_local);
	pressure_note(core, i, &ev->level, ev->v1 == 1, ev->head.ts);
	kills_note(core, i, ev->oom_kills_local, false);
}
