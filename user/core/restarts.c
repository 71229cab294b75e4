/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restarts.c - the same container again: what has a name and ends and begins anew was restarted,
 * whatever id it has now.
 *
 * The name is (namespace, pod, container) in Kubernetes, elsewhere the container's or the unit's
 * name within the directory of its cgroup, which tells runtimes, their namespaces and nested ones
 * apart. Where the runtime keeps a count itself, that one is told and this one is not.
 */
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
		core->lives[i].latest = core->lives[i].restarts = 0;
		core->lives[i].hash = hash;
		strcpy(core->lives[i].key, key);
		htab_add(&core->lives_tab, hash, i);
	}
	ilist_append(&core->lives_used, &core->lives_links, i);
	return i;
}

uint64_t restarts_note(struct core *core, uint32_t container)
{
	uint64_t id = core->containers[container].key;
	char key[sizeof(core->lives->key)];
	uint32_t before;
	struct lives *l;

	if (!name_of(core, container, key, sizeof(key)))
		return 0;
	l = &core->lives[lives_get(core, key)];
	before = l->latest == id ? 0 : container_find(core, l->latest);
	/* A name is of one container at a time: who had it and lives on has another one by now. */
	if (before && !core->cgroups[core->containers[before].cgroup].gone)
		identity_ask_again(core, before);
	/* An id is never used twice in a boot, and grows: an older life is no new one. */
	else if (l->latest && id > l->latest)
		l->restarts++;
	if (id > l->latest)
		l->latest = id;
	return l->restarts;
}
