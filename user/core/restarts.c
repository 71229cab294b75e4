/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restarts.c - the same container again: what has a name and ends and begins anew was restarted,
 * whatever id it has now.
 *
 * The name is (namespace, pod, container) in Kubernetes, elsewhere the container's or the unit's
 * name within the directory of its cgroup, which tells runtimes, their namespaces and nested ones
 * apart. Where the runtime keeps a count itself, that one is told and this one is not.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/hash.h"
#include "core/state.h"

/* False when it has no name that another one could have again. */
static bool name_of(struct core *core, uint32_t container, char *key, size_t size)
{
	struct record_container d;
	const char *dir_end;
	int n;

	describe_container(core, container, &d);
	if (d.sandbox || !d.runtime || !strcmp(d.runtime, "none"))
		return false;
	if (d.namespace[0] && d.pod_name[0] && d.k8s_container[0]) {
		n = snprintf(key, size, "pod/%s/%s/%s", d.namespace, d.pod_name, d.k8s_container);
	} else {
		const char *name = d.name[0] ? d.name : d.id;

		dir_end = strrchr(d.cgroup, '/');
		if (!name[0] || !dir_end)
			return false;
		n = snprintf(key, size, "%s%.*s/%s", d.runtime, (int)(dir_end - d.cgroup), d.cgroup,
			     name);
	}
	return n > 0 && (size_t)n < size;
}

static uint32_t lives_get(struct core *core, const char *key)
{
	uint64_t hash = hash_bytes(key, strlen(key));
	uint32_t i = htab_first(&core->lives_tab, hash);

	while (i && strcmp(core->lives[i].key, key) != 0)
		i = core->lives_tab.next[i];
	if (i) {
		ilist_remove(&core->lives_used, &core->lives_links, i);
	} else {
		i = pool_get(&core->lives_pool);
		if (!i) { /* the name that was not heard of for the longest time makes room */
			i = core->lives_used.head;
			ilist_remove(&core->lives_used, &core->lives_links, i);
			htab_del(&core->lives_tab, core->lives[i].hash, i);
		}
		memset(&core->lives[i], 0, offsetof(struct lives, key));
		core->lives[i].hash = hash;
		strcpy(core->lives[i].key, key);
		htab_add(&core->lives_tab, hash, i);
	}
	ilist_append(&core->lives_used, &core->lives_links, i);
	return i;
}

/* It lived for less than that: it did not come to work. */
#define EARLY_LIFE_NS (60 * NSEC_PER_SEC)

/* A job that is done; or one that whoever runs containers has told to end: an operator's restart.
 */
static bool ended_well(const struct lives *l)
{
	return l->exit_known && (l->cause == CAUSE_CLEAN || l->cause == CAUSE_KILLED_BY_RUNTIME);
}

static void note_restart(struct core *core, struct lives *l, const struct container *c)
{
	uint64_t begun = core->cgroups[c->cgroup].created;

	l->restarts++;
	hour_add(&l->hour, begun ? begun : core->now, l->exit_known ? l->cause : CAUSE_UNKNOWN,
		 ended_well(l));
	if (l->ended && begun > l->ended)
		spread_add(&l->between, begun - l->ended);
}

void restarts_ended(struct core *core, uint32_t container)
{
	const struct container *c = &core->containers[container];
	struct lives *l = &core->lives[c->lives];
	uint64_t created = core->cgroups[c->cgroup].created, lifetime;

	/* Its last counts may come after the next life has begun: told twice, taken once. */
	if (!c->lives || l->latest != c->key || !c->ended_at || l->ended == c->ended_at)
		return;
	l->ended = c->ended_at;
	lifetime = created && c->ended_at > created ? c->ended_at - created : U64_UNKNOWN;
	l->exit_known = c->init_ended;
	l->exit = c->init_exit;
	l->cause = c->init_cause;
	if (lifetime >= EARLY_LIFE_NS || ended_well(l)) {
		l->early = 0;
		return;
	}
	if (!l->early++)
		l->early_since = l->ended;
}

uint64_t restarts_note(struct core *core, uint32_t container)
{
	struct container *c = &core->containers[container];
	char key[sizeof(core->lives->key)];
	uint32_t before;
	struct lives *l;

	c->lives = 0;
	if (!name_of(core, container, key, sizeof(key)))
		return 0;
	c->lives = lives_get(core, key);
	l = &core->lives[c->lives];
	before = l->latest == c->key ? 0 : container_find(core, l->latest);
	/* A name is of one container at a time: who had it and lives on has another one by now. */
	if (before && !core->cgroups[core->containers[before].cgroup].gone) {
		identity_ask_again(core, before);
	} else if (l->latest && c->key > l->latest) {
		/* An id is never used twice in a boot, and grows: an older life is no new one. */
		restarts_ended(core, before);
		note_restart(core, l, c);
	}
	if (c->key > l->latest)
		l->latest = c->key;
	return l->restarts;
}
