/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity_oci.c - the OCI bundles that containerd and CRI-O write for the runtime below them:
 * config.json, there before the container is made, gone the moment it is deleted.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "in/identity_look.h"

#define NAMESPACES_MAX 64 /* of containerd, looked at */

/* Where containerd has its state: its own default, and distributions that bring their own. */
static const char *const containerd_states[] = {
	"/run/containerd",
	"/run/k3s/containerd",
	"/var/snap/microk8s/common/run/containerd",
};

#define TASKS "io.containerd.runtime.v2.task"

/* ---- containerd ---- */

/* pkg/cri/annotations of containerd. False when it is another pod's. */
static bool take_cri(struct look *l, const json_t *a, const struct look_file *file)
{
	const char *uid = json_text(a, "io.kubernetes.cri.sandbox-uid");
	const char *type = json_text(a, "io.kubernetes.cri.container-type");
	const char *name = json_text(a, "io.kubernetes.cri.container-name");

	/* containerd before 1.5 did not write the uid. */
	if (uid && l->q->pod_uid[0] && strcmp(uid, l->q->pod_uid) != 0)
		return false;
	if (!type)
		return true;
	take_text(l, IDENTITY_POD_UID, uid, file, "annotations.io.kubernetes.cri.sandbox-uid");
	take_text(l, IDENTITY_POD_NAME, json_text(a, "io.kubernetes.cri.sandbox-name"), file,
		  "annotations.io.kubernetes.cri.sandbox-name");
	take_text(l, IDENTITY_NAMESPACE, json_text(a, "io.kubernetes.cri.sandbox-namespace"), file,
		  "annotations.io.kubernetes.cri.sandbox-namespace");
	take_image(l, json_text(a, "io.kubernetes.cri.image-name"), file,
		   "annotations.io.kubernetes.cri.image-name");
	if (!strcmp(type, "sandbox")) {
		take_sandbox(l, file, "annotations.io.kubernetes.cri.container-type");
		return true;
	}
	take_text(l, IDENTITY_K8S_CONTAINER, name, file,
		  "annotations.io.kubernetes.cri.container-name");
	take_text(l, IDENTITY_NAME, name, file, "annotations.io.kubernetes.cri.container-name");
	return true;
}

/*
 * One bundle. A full id is proof enough that it is this container's; a name that anybody can give
 * (ctr's ids) has to come with this cgroup's path.
 */
static bool read_bundle(struct look *l, const char *state, const char *namespace, const char *id)
{
	char below[HOST_PATH];
	struct look_file file = {state, below, l->reader->root.owner};
	int n = snprintf(below, sizeof(below), TASKS "/%s/%s/config.json", namespace, id);
	const char *cgroups_path, *nerdctl;
	const json_t *a;
	size_t own;
	json_t *json;

	if (n < 0 || (size_t)n >= sizeof(below))
		return false;
	json = look_json(l, &file, CONFIG_MAX);
	cgroups_path = json_text(json_object_get(json, "linux"), "cgroupsPath");
	own = cgroups_path ? oci_own_len(cgroups_path, l->q->path) : 0;
	a = json_object_get(json, "annotations");
	if (!json || (!own && !is_full_id(id, strlen(id))) || !take_cri(l, a, &file)) {
		json_decref(json);
		return false;
	}
	take_source(l, "oci-config");
	take_text(l, IDENTITY_RUNTIME, "containerd", &file, "linux.cgroupsPath");
	take_text(l, IDENTITY_ID, id, &file, "linux.cgroupsPath");
	if (own)
		l->out->ev.own_len = own;
	nerdctl = json_text(a, "nerdctl/name");
	take_text(l, IDENTITY_NAME, nerdctl, &file, "annotations.nerdctl/name");
	if (l->out->ev.sandbox != 1 && !is_full_id(id, strlen(id)))
		take_text(l, IDENTITY_NAME, id, &file, "linux.cgroupsPath");
	take_labels(l, a, &file, "annotations");
	json_decref(json);
	return true;
}

/* In any of the namespaces of one containerd. */
static bool read_namespaces(struct look *l, const char *state, const char *id)
{
	_cleanup_closedir_ DIR *dir =
		hostfile_dir(&l->reader->root, state, TASKS, l->reader->root.owner);
	const struct dirent *entry;

	for (int n = 0; dir && n < NAMESPACES_MAX && (entry = readdir(dir)); n++)
		if (entry->d_name[0] != '.' && read_bundle(l, state, entry->d_name, id))
			return true;
	return false;
}

bool look_bundle(struct look *l, const char *id)
{
	if (!is_full_id(id, strlen(id)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(containerd_states); i++)
		if (read_namespaces(l, containerd_states[i], id))
			return true;
	return false;
}

/*
 * "…/<namespace>/<id>" of the cgroupfs driver, and "…/<prefix>-<id>.scope" of systemd's, whose id
 * may hold a '-' itself. Parts of the container's cgroup may be below it.
 */
static bool look_component(struct look *l, const char *state, const char *name, size_t len)
{
	static const char scope[] = ".scope";
	const size_t suffix = sizeof(scope) - 1;
	char id[256];

	if (!is_file_name(name, len) || len >= sizeof(id))
		return false;
	memcpy(id, name, len);
	id[len] = '\0';
	if (len <= suffix || strcmp(id + len - suffix, scope) != 0)
		return read_namespaces(l, state, id);
	id[len - suffix] = '\0';
	for (const char *dash = strchr(id, '-'); dash; dash = strchr(dash + 1, '-'))
		if (dash[1] && read_namespaces(l, state, dash + 1))
			return true;
	return false;
}

bool look_task(struct look *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(containerd_states); i++) {
		const char *end = l->q->path + strlen(l->q->path);
		DIR *tasks = hostfile_dir(&l->reader->root, containerd_states[i], TASKS,
					  l->reader->root.owner);

		/* Most hosts have at most one containerd: not to be asked for every component. */
		if (!tasks)
			continue;
		closedir(tasks);

		/* Its own directory, or that of a cgroup which it has made for itself. */
		for (int depth = 0; depth < 4 && end > l->q->path; depth++) {
			const char *begin = end;

			while (begin > l->q->path && begin[-1] != '/')
				begin--;
			if (look_component(l, containerd_states[i], begin, (size_t)(end - begin)))
				return true;
			end = begin > l->q->path ? begin - 1 : begin;
		}
	}
	return false;
}

/* ---- CRI-O ---- */

/* A label of the kubelet's: CRI-O keeps them as annotations and again as one JSON text. */
static const char *crio_label(const json_t *a, const json_t *labels, const char *key)
{
	const char *text = json_text(a, key);

	return text ? text : json_text(labels, key);
}

/* pkg/annotations of CRI-O. False when it is another container's or another pod's. */
static bool take_crio(struct look *l, const json_t *a, const char *id, const struct look_file *file)
{
	const char *text = json_text(a, "io.kubernetes.cri-o.Labels");
	const char *type = json_text(a, "io.kubernetes.cri-o.ContainerType");
	const char *count = json_text(a, "io.kubernetes.container.restartCount");
	json_t *labels = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *name = crio_label(a, labels, "io.kubernetes.container.name");
	const char *uid = crio_label(a, labels, "io.kubernetes.pod.uid");
	const char *its_id = json_text(a, "io.kubernetes.cri-o.ContainerID");
	uint64_t n;

	if (!its_id || strcmp(its_id, id) != 0 ||
	    (uid && l->q->pod_uid[0] && strcmp(uid, l->q->pod_uid) != 0)) {
		json_decref(labels);
		return false;
	}
	take_source(l, "oci-config");
	take_text(l, IDENTITY_RUNTIME, "cri-o", file,
		  "annotations.io.kubernetes.cri-o.ContainerID");
	take_text(l, IDENTITY_ID, id, file, "annotations.io.kubernetes.cri-o.ContainerID");
	take_text(l, IDENTITY_POD_UID, uid, file, "annotations.io.kubernetes.pod.uid");
	take_text(l, IDENTITY_POD_NAME, crio_label(a, labels, "io.kubernetes.pod.name"), file,
		  "annotations.io.kubernetes.pod.name");
	take_text(l, IDENTITY_NAMESPACE, crio_label(a, labels, "io.kubernetes.pod.namespace"), file,
		  "annotations.io.kubernetes.pod.namespace");
	take_image(l, json_text(a, "io.kubernetes.cri-o.ImageName"), file,
		   "annotations.io.kubernetes.cri-o.ImageName");
	if (type && !strcmp(type, "sandbox")) {
		take_sandbox(l, file, "annotations.io.kubernetes.cri-o.ContainerType");
	} else {
		take_text(l, IDENTITY_K8S_CONTAINER, name, file,
			  "annotations.io.kubernetes.container.name");
		take_text(l, IDENTITY_NAME, name, file, "annotations.io.kubernetes.container.name");
		if (count && !parse_u64(count, &n))
			take_restarts(l, n, file,
				      "annotations.io.kubernetes.container.restartCount");
	}
	take_labels(l, labels, file, "annotations.io.kubernetes.cri-o.Labels");
	take_labels(l, a, file, "annotations");
	json_decref(labels);
	return true;
}

bool look_crio(struct look *l, const char *id)
{
	static const char *const storages[] = {
		"/run/containers/storage",
		"/var/lib/containers/storage",
	};
	char below[ID_LEN + 64];
	bool found = false;

	if (!is_full_id(id, strlen(id)))
		return false;
	snprintf(below, sizeof(below), "overlay-containers/%s/userdata/config.json", id);
	for (size_t i = 0; i < ARRAY_SIZE(storages) && !found; i++) {
		struct look_file file = {storages[i], below, l->reader->root.owner};
		json_t *json = look_json(l, &file, CONFIG_MAX);

		found = json && take_crio(l, json_object_get(json, "annotations"), id, &file);
		json_decref(json);
	}
	return found;
}
