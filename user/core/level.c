/* SPDX-License-Identifier: Apache-2.0 */
/* level.c - the way from a cgroup up to the root: whose limits stand above a process. */
#include <math.h>
#include "core/state.h"

#define MAX_DEPTH 64

enum limit_level level_of(const struct core *core, uint32_t cgroup, uint32_t container)
{
	const struct cgroup *g = &core->cgroups[cgroup];

	switch (g->kind) {
	case CGPATH_ROOT:
		return LEVEL_HOST;
	case CGPATH_POD:
		return LEVEL_POD;
	case CGPATH_CONTAINER:
		return LEVEL_CONTAINER;
	case CGPATH_SLICE:
		return LEVEL_SLICE;
	default:
		/* Of no known layout: the victim's own is its container, what is above a slice. */
		if (container && core->containers[container].key == g->id)
			return LEVEL_CONTAINER;
		return LEVEL_SLICE;
	}
}

uint32_t cgroup_parent(const struct core *core, uint32_t cgroup)
{
	const struct cgroup *g = &core->cgroups[cgroup];

	return cgroup && g->parent ? cgroup_find(core, g->parent) : 0;
}

bool cgroup_below(const struct core *core, uint64_t id, uint32_t top)
{
	uint32_t g = cgroup_find(core, id);

	for (int depth = 0; depth < MAX_DEPTH && g; depth++) {
		if (g == top)
			return true;
		g = cgroup_parent(core, g);
	}
	return false;
}

void nearest_limit(const struct core *core, uint64_t cgroup_id, uint64_t now,
		   struct rec_nearest_limit *out)
{
	uint32_t g = cgroup_find(core, cgroup_id), container = container_find(core, cgroup_id);

	out->cgroup = NULL;
	for (int depth = 0; depth < MAX_DEPTH && g; depth++, g = cgroup_parent(core, g)) {
		const struct cgroup *c = &core->cgroups[g];
		double ratio;

		if (c->limit >= U64_UNLIMITED || !c->limit || c->usage >= U64_UNLIMITED)
			continue;
		ratio = (double)c->usage / (double)c->limit;
		if (out->cgroup && ratio <= out->usage_ratio)
			continue;
		out->cgroup = c->path;
		out->level = level_of(core, g, container);
		out->usage = c->usage;
		out->limit = c->limit;
		out->usage_ratio = ratio;
		out->age_seconds = c->read ? core_seconds(c->read, now) : NAN;
	}
}
