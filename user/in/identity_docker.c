/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity_docker.c - dockerd's own file of a container, written before it is started and kept
 * until it is removed: <data root>/containers/<id>/config.v2.json.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "in/identity_look.h"

#define DAEMON_MAX (64u << 10)

/*
 * A pod's container that a kubelet has docker run: dockershim and cri-dockerd write these labels
 * (pkg/kubelet/dockershim: labels.go and naming.go). The uid must be that of the pod's cgroup.
 */
static void take_pod(struct look *l, const json_t *labels, const struct look_file *file)
{
	const char *uid = json_text(labels, "io.kubernetes.pod.uid");
	const char *type = json_text(labels, "io.kubernetes.docker.type");
	const char *count = json_text(labels, "annotation.io.kubernetes.container.restartCount");
	uint64_t n;

	if (!uid || !l->q->pod_uid[0] || strcmp(uid, l->q->pod_uid) != 0)
		return;
	take_text(l, IDENTITY_POD_UID, uid, file, "Config.Labels.io.kubernetes.pod.uid");
	take_text(l, IDENTITY_POD_NAME, json_text(labels, "io.kubernetes.pod.name"), file,
		  "Config.Labels.io.kubernetes.pod.name");
	take_text(l, IDENTITY_NAMESPACE, json_text(labels, "io.kubernetes.pod.namespace"), file,
		  "Config.Labels.io.kubernetes.pod.namespace");
	if (type && !strcmp(type, "podsandbox")) {
		take_sandbox(l, file, "Config.Labels.io.kubernetes.docker.type");
		return;
	}
	for (int i = 0; i < 2; i++)
		take_text(l, i ? IDENTITY_K8S_CONTAINER : IDENTITY_NAME,
			  json_text(labels, "io.kubernetes.container.name"), file,
			  "Config.Labels.io.kubernetes.container.name");
	if (count && !parse_u64(count, &n))
		take_restarts(l, n, file,
			      "Config.Labels.annotation.io.kubernetes.container.restartCount");
}

static bool read_config(struct look *l, const char *id, const char *base, uid_t owner)
{
	char below[ID_LEN + 64];
	struct look_file file = {base, below, owner};
	const char *name, *its_id;
	const json_t *labels, *count;
	json_t *json;
	bool found;

	snprintf(below, sizeof(below), "containers/%s/config.v2.json", id);
	json = look_json(l, &file, CONFIG_MAX);
	its_id = json_text(json, "ID");
	found = its_id && !strcmp(its_id, id);
	if (found) {
		labels = json_object_get(json_object_get(json, "Config"), "Labels");
		take_source(l, "runtime-state");
		take_text(l, IDENTITY_RUNTIME, "docker", &file, "ID");
		take_text(l, IDENTITY_ID, id, &file, "ID");
		take_pod(l, labels, &file);
		name = json_text(json, "Name");
		if (l->out->ev.sandbox != 1)
			take_text(l, IDENTITY_NAME, name && name[0] == '/' ? name + 1 : name, &file,
				  "Name");
		take_image(l, json_text(json_object_get(json, "Config"), "Image"), &file,
			   "Config.Image");
		take_text(l, IDENTITY_IMAGE_ID, json_text(json, "Image"), &file, "Image");
		take_labels(l, labels, &file, "Config.Labels");
		/* Written when it was stopped: dockerd writes it anew once it runs again. */
		l->out->provisional =
			!json_is_true(json_object_get(json_object_get(json, "State"), "Running"));
		count = json_object_get(json, "RestartCount");
		if (json_is_integer(count) && json_integer_value(count) >= 0)
			take_restarts(l, (uint64_t)json_integer_value(count), &file,
				      "RestartCount");
	}
	json_decref(json);
	return found;
}

/* Where the administrator has put docker's data, "" when nowhere else: dockerd(8), daemon.json. */
static void data_root(struct look *l, char *dst, size_t size)
{
	const struct look_file file = {"/etc", "docker/daemon.json", l->reader->root.owner};
	json_t *json = look_json(l, &file, DAEMON_MAX);
	const char *root = json_text(json, "data-root");

	dst[0] = '\0';
	if (root && root[0] == '/' && strlen(root) < size)
		strcpy(dst, root);
	json_decref(json);
}

bool look_docker(struct look *l, const char *id)
{
	char other[HOST_PATH];
	int n;

	if (!is_full_id(id, strlen(id)))
		return false;
	if (l->user.known) {
		n = snprintf(other, sizeof(other), "%s/.local/share/docker", l->user.home);
		return n > 0 && (size_t)n < sizeof(other) && read_config(l, id, other, l->user.uid);
	}
	if (read_config(l, id, "/var/lib/docker", l->reader->root.owner))
		return true;
	data_root(l, other, sizeof(other));
	return other[0] && read_config(l, id, other, l->reader->root.owner);
}
