/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c - a container that turns out to be a part of another one: its runtime's files, or its own
 * path, say so later than its first process came.
 */
#include "core/state.h"

/* What belonged to one container belongs to another one now. */
static void relink(struct core *core, const struct ilist *list, uint32_t from, uint32_t to)
{
	uint64_t key = core->containers[from].key;

	for (uint32_t i = list->head; i; i = core->cgroup_links.next[i]) {
		struct cgroup *g = &core->cgroups[i];

		if (g->container != from || g->container_key != key)
			continue;
		g->container = to;
		g->container_key = core->containers[to].key;
	}
}

void container_join(struct core *core, uint32_t cgroup, uint32_t owner)
{
	const struct cgroup *g = &core->cgroups[cgroup];
	uint32_t part = container_find(core, g->id);
	uint32_t whole = container_of_cgroup(core, owner);

	/* One that is a part of a container already goes where that one goes. */
	if (!part || !whole || whole == part || core->containers[part].key != g->id ||
	    core->containers[part].ended)
		return;
	/* Who has heard of its start hears what it is, and of an end. */
	if (core->containers[part].announced) {
		container_announce(core, whole);
		container_take_back(core, part);
	}
	container_merge(&core->containers[whole], &core->containers[part]);
	relink(core, &core->present, part, whole);
	relink(core, &core->gone, part, whole);
	container_free(core, part);
}
