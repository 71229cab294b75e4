/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.c - whose a container is: what its runtime's files say, asked for and taken in.
 *
 * The path of its cgroup says what can be said without a file. The files are asked for when the
 * cgroup is made, while some of them live no longer than the container, and again when a process
 * comes in and nothing was found. What was learned stays with the cgroup, also after its end.
 */
#include <string.h>
#include "core/state.h"
#include "core/workload.h"

#define ASKS_MAX 8 /* a container */

/* What lives in a slice itself, or is a runtime's helper, has no files, unless it is a pod's. */
static bool may_have_files(const struct cgpath *path)
{
	return path->kind == CGPATH_CONTAINER || path->kind == CGPATH_NONE || path->pod_uid[0];
}

/* docker and podman have a command for it; elsewhere a name is for life. */
static bool may_be_renamed(const struct container *c)
{
	const char *runtime = c->identity.source[0] ? c->identity.runtime : "";

	return !strcmp(runtime, "docker") || !strcmp(runtime, "podman");
}

void identity_ask(struct core *core, uint32_t cgroup)
{
	const struct cgroup *g = &core->cgroups[cgroup];
	struct container *c = &core->containers[container_find(core, g->id)];
	struct request r = {.type = REQUEST_IDENTITY,
			    .cgroup_id = g->id,
			    .path = g->path,
			    .start = g->created ? g->created : g->seen};

	if (c->key == g->id) {
		if (!c->included || c->asks >= ASKS_MAX || !may_have_files(&c->path))
			return;
		c->asks += g->path[0] != '\0';
	} else if (!filter_included(&core->start, g->path)) {
		return;
	}
	core_request(core, &r);
}

void identity_ask_again(struct core *core, uint32_t container)
{
	const struct container *c = &core->containers[container];
	struct request r = {.type = REQUEST_IDENTITY,
			    .cgroup_id = c->key,
			    .path = core->cgroups[c->cgroup].path};

	if (c->included && !c->ended && may_be_renamed(c))
		core_request(core, &r);
}

void identity_on_enter(struct core *core, uint32_t container)
{
	const struct container *c = &core->containers[container];

	if (container && !c->identity.source[0] && !c->ended)
		identity_ask(core, c->cgroup);
}

uint32_t identity_parent(struct core *core, uint32_t container)
{
	uint64_t id = core->cgroups[core->containers[container].cgroup].parent;

	for (int depth = 0; depth < 64 && id; depth++) {
		uint32_t i = cgroup_find(core, id);
		const struct cgroup *g = &core->cgroups[i];
		uint32_t around = i ? container_find(core, id) : 0;
		const struct container *c = &core->containers[around];

		/* A cgroup of the host's own, or of no known layout, is no container. */
		if (around && around != container && g->parent &&
		    (c->identity.runtime[0] || c->path.kind == CGPATH_CONTAINER))
			return around;
		id = i ? g->parent : 0;
	}
	return 0;
}

static void derive_workload(struct container *c)
{
	const struct ev_identity *known = &c->identity;
	const char *uid = known->pod_uid[0] ? known->pod_uid : c->path.pod_uid;
	struct workload w;

	c->workload_kind = NULL;
	c->workload[0] = '\0';
	if (!known->pod_name[0] || !workload_of_pod(known->pod_name, strlen(uid) == 32, &w))
		return;
	c->workload_kind = w.kind;
	memcpy(c->workload, known->pod_name, w.name_len);
	c->workload[w.name_len] = '\0';
}

/* The ancestor (index) whose path is the first `len` bytes of this cgroup's; itself if none is. */
static uint32_t owner_of(const struct core *core, uint32_t cgroup, uint64_t len)
{
	const char *path = core->cgroups[cgroup].path;
	uint32_t i = cgroup;

	for (int depth = 0; depth < 64 && i && len < strlen(path); depth++) {
		if (strlen(core->cgroups[i].path) == len)
			return i;
		i = cgroup_find(core, core->cgroups[i].parent);
	}
	return cgroup;
}

static bool same_answer(const struct ev_identity *a, const struct ev_identity *b)
{
	return a->sandbox == b->sandbox && a->restart_count == b->restart_count &&
	       !strcmp(a->container_id, b->container_id) && !strcmp(a->name, b->name) &&
	       !strcmp(a->runtime, b->runtime) && !strcmp(a->image, b->image) &&
	       !strcmp(a->image_id, b->image_id) && !strcmp(a->pod_name, b->pod_name) &&
	       !strcmp(a->pod_uid, b->pod_uid) && !strcmp(a->namespace, b->namespace) &&
	       !strcmp(a->k8s_container, b->k8s_container) && !strcmp(a->source, b->source) &&
	       !strcmp(a->labels, b->labels);
}

void identity_on_answer(struct core *core, const struct ev_identity *ev)
{
	uint32_t cgroup = cgroup_find(core, ev->id), owner, i;
	struct container *c;
	bool news;

	if (!cgroup || !ev->source[0])
		return;
	owner = owner_of(core, cgroup, ev->own_len);
	i = container_of_cgroup(core, owner);
	c = &core->containers[i];
	/* Of a part of a container there is nothing to say that is not said of the whole. */
	if (!i || c->key != core->cgroups[owner].id)
		return;
	news = c->announced && !c->ended && !same_answer(&c->identity, ev);
	c->identity = *ev;
	derive_workload(c);
	if (owner != cgroup)
		container_join(core, cgroup, owner);
	if (news) {
		c->counted_restarts = restarts_note(core, i);
		container_say_start(core, i, core->now);
		restart_evaluate(core, i, core->now);
	}
}
