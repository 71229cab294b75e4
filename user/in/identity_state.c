/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity_state.c - runc and crun by themselves: what they keep of a container that they run,
 * <root>/<id>/state.json and <root>/<id>/status, written when it is made. Anybody may have given
 * the id, so the file has to name this very cgroup.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "in/identity_look.h"

#define SCAN_MAX 256 /* containers of one root that are looked through */

struct state_kind {
	const char *runtime;
	const char *file;
	size_t (*own_len)(const json_t *state, const char *path);
};

/*
 * The host's path of a cgroup directory is a mount point and the cgroup's path. Only the usual
 * mount points count: the rest of the text is what decides.
 */
static size_t mounted_own_len(const char *dir, const char *path)
{
	static const char *const mounts[] = {
		"/sys/fs/cgroup/memory",
		"/sys/fs/cgroup/unified",
		"/sys/fs/cgroup",
	};

	for (size_t i = 0; dir && i < ARRAY_SIZE(mounts); i++) {
		size_t len = strlen(mounts[i]);

		if (!strncmp(dir, mounts[i], len) && dir[len] == '/')
			return oci_own_len(dir + len, path);
	}
	return 0;
}

/* libcontainer's State: the directory of each controller, on v2 one under the empty name. */
static size_t runc_own_len(const json_t *state, const char *path)
{
	const json_t *paths = json_object_get(state, "cgroup_paths");
	const char *memory = json_text(paths, "memory");

	return mounted_own_len(memory ? memory : json_text(paths, ""), path);
}

/* crun's systemd driver puts the container one below its scope: the scope is what is its own. */
static size_t crun_own_len(const json_t *state, const char *path)
{
	const char *cgroup = json_text(state, "cgroup-path"), *scope = json_text(state, "scope");
	char own[EV_PATH], *at = NULL;

	if (!cgroup || strlen(cgroup) >= sizeof(own))
		return 0;
	strcpy(own, cgroup);
	if (scope && scope[0])
		at = strstr(own, scope);
	if (at && at > own && at[-1] == '/' && at[strlen(scope)] == '/')
		at[strlen(scope)] = '\0';
	return oci_own_len(own, path);
}

static const struct state_kind kinds[] = {
	{"runc", "state.json", runc_own_len},
	{"crun", "status", crun_own_len},
};

/* "key=value" of the bundle's annotations, which runc keeps as labels. */
static void take_runc_labels(struct look *l, const json_t *state, const struct look_file *file)
{
	const json_t *labels = json_object_get(json_object_get(state, "config"), "labels");
	json_t *object = json_object();

	for (size_t i = 0; i < json_array_size(labels); i++) {
		const char *text = json_string_value(json_array_get(labels, i));
		const char *equal = text ? strchr(text, '=') : NULL;
		char key[EV_TEXT];

		if (!equal || (size_t)(equal - text) >= sizeof(key))
			continue;
		memcpy(key, text, (size_t)(equal - text));
		key[equal - text] = '\0';
		json_object_set_new(object, key, json_string(equal + 1));
	}
	take_labels(l, object, file, "config.labels");
	json_decref(object);
}

/* The bundle's annotations, which crun keeps beside its status. */
static void take_crun_labels(struct look *l, const char *root, const char *id, uid_t owner)
{
	char below[HOST_PATH];
	struct look_file file = {root, below, owner};
	json_t *json;

	snprintf(below, sizeof(below), "%s/config.json", id);
	json = look_json(l, &file, CONFIG_MAX);
	take_labels(l, json_object_get(json, "annotations"), &file, "annotations");
	json_decref(json);
}

static bool read_state(struct look *l, const struct state_kind *kind, const char *root,
		       const char *id, uid_t owner)
{
	char below[HOST_PATH];
	struct look_file file = {root, below, owner};
	json_t *json;
	size_t own;

	if (snprintf(below, sizeof(below), "%s/%s", id, kind->file) >= (int)sizeof(below))
		return false;
	json = look_json(l, &file, CONFIG_MAX);
	own = json ? kind->own_len(json, l->q->path) : 0;
	if (own) {
		take_source(l, "runtime-state");
		l->out->ev.own_len = own;
		take_text(l, IDENTITY_RUNTIME, kind->runtime, &file, "cgroup path");
		take_text(l, IDENTITY_ID, id, &file, "cgroup path");
		take_text(l, IDENTITY_NAME, id, &file, "cgroup path");
		if (!strcmp(kind->runtime, "runc"))
			take_runc_labels(l, json, &file);
		else
			take_crun_labels(l, root, id, owner);
	}
	json_decref(json);
	return own > 0;
}

/*
 * The path need not hold the id, so all are looked through. Those with full ids are podman's, which
 * its own files tell more of.
 */
static bool read_root(struct look *l, const struct state_kind *kind, const char *base, uid_t owner)
{
	_cleanup_closedir_ DIR *dir = hostfile_dir(&l->reader->root, base, ".", owner);
	const struct dirent *entry;

	for (int n = 0; dir && n < SCAN_MAX && (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.' ||
		    (is_full_id(entry->d_name, len) && !strstr(l->q->path, entry->d_name)))
			continue;
		n++;
		if (read_state(l, kind, base, entry->d_name, owner))
			return true;
	}
	return false;
}

bool look_state(struct look *l)
{
	char base[96];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(base, sizeof(base), "/run/%s", kinds[i].runtime);
		if (read_root(l, &kinds[i], base, l->reader->root.owner))
			return true;
		if (!l->user.known)
			continue;
		snprintf(base, sizeof(base), "%s/%s", l->user.run, kinds[i].runtime);
		if (read_root(l, &kinds[i], base, l->user.uid))
			return true;
	}
	return false;
}
