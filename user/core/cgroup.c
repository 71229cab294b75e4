/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - memory cgroups by id: their path, their place in the hierarchy, their counters. */
#include <string.h>
#include "base/hash.h"
#include "core/state.h"

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

void cgroup_expire(struct core *core, uint64_t now)
{
	while (core->gone.head && core->cgroups[core->gone.head].ended + GRACE_NS < now)
		cgroup_free(core, core->gone.head);
}

uint32_t cgroup_get(struct core *core, uint64_t id)
{
	uint32_t i = cgroup_find(core, id);
	struct cgroup *g;

	if (i || !id)
		return i;
	i = pool_get(&core->cgroup_pool);
	if (!i && core->gone.head) {
		cgroup_free(core, core->gone.head);
		i = pool_get(&core->cgroup_pool);
	}
	if (!i) {
		core->cgroup_pool.lost++;
		return 0;
	}
	g = &core->cgroups[i];
	memset(g, 0, offsetof(struct cgroup, path) + 1);
	g->id = id;
	g->seen = core->now;
	g->usage = g->limit = g->high = g->swap_limit = U64_UNKNOWN;
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
		core->containers[g->container].path = parsed;
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
	if (ev->scanned == 1) {
		/* A scan may find again what its mkdir has already told of. */
		g->scanned = !g->created;
	} else {
		g->scanned = false;
		g->created = ev->head.ts;
	}
	cgroup_set_path(core, i, ev->path);
	if (g->kind == CGPATH_CONTAINER)
		container_of_cgroup(core, i);
}

void cgroup_on_gone(struct core *core, const struct ev_cgroup_gone *ev)
{
	uint32_t i = cgroup_find(core, ev->id);
	struct cgroup *g;

	if (!i || core->cgroups[i].gone)
		return;
	g = &core->cgroups[i];
	g->gone = true;
	g->ended = ev->head.ts;
	ilist_remove(&core->present, &core->cgroup_links, i);
	ilist_append(&core->gone, &core->cgroup_links, i);
	container_cgroup_gone(core, i, ev->head.ts);
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
	g->usage = ev->level.usage < 0 ? 0 : (uint64_t)ev->level.usage;
	if (g->usage > g->max_usage)
		g->max_usage = g->usage;
	g->limit = ev->level.max;
	g->high = ev->level.high;
	g->swap_limit = ev->level.swap_max;
	if (ev->v1 && ev->level.swap_max < U64_UNLIMITED)
		g->swap_limit = ev->level.max < U64_UNLIMITED && ev->level.swap_max > ev->level.max
					? ev->level.swap_max - ev->level.max
					: 0;
	oom_note_count(g, ev->level.oom_local);
}
