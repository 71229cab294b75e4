/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity_pod.c - what the kubelet's own directories say, whatever runtime is below it:
 * /var/log/pods/<namespace>_<pod>_<uid>/<container>/<restarts>.log, and the bind mounts of a
 * container from .../pods/<uid>/containers/<container>/.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "in/identity_look.h"
#include "in/kvfile.h"

#define POD_LOGS  "/var/log/pods"
#define MOUNTINFO (64u << 10)

/* No name of Kubernetes holds a '_', so the parts are exact. */
static bool parse_pod_dir(const char *text, char *namespace, char *pod, char *uid)
{
	const char *first = strchr(text, '_'), *last = first ? strchr(first + 1, '_') : NULL;

	if (!last || strchr(last + 1, '_') || first == text || last == first + 1 || !last[1])
		return false;
	if ((size_t)(first - text) >= EV_NAME || (size_t)(last - first) > EV_TEXT ||
	    strlen(last + 1) >= EV_NAME)
		return false;
	snprintf(namespace, EV_NAME, "%.*s", (int)(first - text), text);
	snprintf(pod, EV_TEXT, "%.*s", (int)(last - first - 1), first + 1);
	snprintf(uid, EV_NAME, "%s", last + 1);
	return true;
}

static bool find_pod_dir(struct look *l, const struct look_file *file)
{
	_cleanup_closedir_ DIR *dir =
		hostfile_dir(&l->reader->root, file->base, file->below, file->owner);
	char namespace[EV_NAME], pod[EV_TEXT], uid[EV_NAME];
	const struct dirent *entry;

	for (int n = 0; dir && n < LIST_MAX && (entry = readdir(dir)); n++) {
		if (!parse_pod_dir(entry->d_name, namespace, pod, uid) ||
		    strcmp(uid, l->q->pod_uid) != 0)
			continue;
		take_text(l, IDENTITY_POD_UID, uid, file, "directory");
		take_text(l, IDENTITY_NAMESPACE, namespace, file, "directory");
		take_text(l, IDENTITY_POD_NAME, pod, file, "directory");
		return true;
	}
	return false;
}

/*
 * The root field of a mount (proc_pid_mountinfo(5)) names the directory that was bound. A process
 * with CAP_SYS_ADMIN can mount what it likes, but no more than within its own pod is believed.
 */
static bool name_in_mount(const char *line, const char *pod_uid, char *name, size_t size)
{
	char mark[EV_NAME + 32];
	const char *at, *end;
	size_t len;

	snprintf(mark, sizeof(mark), "/pods/%s/containers/", pod_uid);
	at = strstr(line, mark);
	if (!at)
		return false;
	at += strlen(mark);
	end = strpbrk(at, "/ \n");
	len = end ? (size_t)(end - at) : 0;
	if (!len || *end != '/' || !is_file_name(at, len) || len >= size)
		return false;
	memcpy(name, at, len);
	name[len] = '\0';
	return true;
}

static void take_mounted_name(struct look *l)
{
	char path[64], name[EV_NAME];
	_cleanup_free_ char *text = malloc(MOUNTINFO);
	struct look_file file = {"/proc", path, 0};
	char full[96], *next = NULL;

	snprintf(path, sizeof(path), "%u/mountinfo", l->q->pid);
	snprintf(full, sizeof(full), "proc/%s", path);
	if (!l->q->pid || !text || kvfile_read(l->reader->root.fd, full, text, MOUNTINFO) <= 0)
		return;
	for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		if (!name_in_mount(line, l->q->pod_uid, name, sizeof(name)))
			continue;
		take_text(l, IDENTITY_K8S_CONTAINER, name, &file, "mount");
		take_text(l, IDENTITY_NAME, name, &file, "mount");
		return;
	}
}

bool look_pod(struct look *l)
{
	const struct look_file file = {POD_LOGS, ".", l->reader->root.owner};

	if (!l->q->pod_uid[0] || !find_pod_dir(l, &file))
		return false;
	take_source(l, "pod-directory");
	if (l->out->ev.sandbox != 1 && !l->out->ev.k8s_container[0])
		take_mounted_name(l);
	return true;
}

/* "3.log", and "3.log.20261120-104239.gz" after a rotation. */
static bool parse_log_name(const char *name, uint64_t *count)
{
	size_t digits = strspn(name, "0123456789");

	return digits && !strncmp(name + digits, ".log", 4) &&
	       (!name[digits + 4] || name[digits + 4] == '.') && !parse_u64_n(name, digits, count);
}

void look_pod_restarts(struct look *l)
{
	const struct ev_identity *ev = &l->out->ev;
	char below[EV_NAME * 3 + EV_TEXT];
	const struct look_file file = {POD_LOGS, below, l->reader->root.owner};
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	uint64_t most = 0, count;
	bool any = false;

	if (!ev->namespace[0] || !ev->pod_name[0] || !ev->k8s_container[0] ||
	    ev->restart_count != U64_UNKNOWN)
		return;
	/* The uid in the path: containerd before 1.5 does not write it. */
	snprintf(below, sizeof(below), "%s_%s_%s/%s", ev->namespace, ev->pod_name,
		 ev->pod_uid[0] ? ev->pod_uid : l->q->pod_uid, ev->k8s_container);
	dir = hostfile_dir(&l->reader->root, file.base, file.below, file.owner);
	for (int n = 0; dir && n < LIST_MAX && (entry = readdir(dir)); n++) {
		if (!parse_log_name(entry->d_name, &count))
			continue;
		any = true;
		most = count > most ? count : most;
	}
	if (any)
		take_restarts(l, most, &file, "highest N of N.log");
}
