/* SPDX-License-Identifier: Apache-2.0 */
/* identity_look.h - what the readers of identity*.c share: one look for one container. */
#ifndef MW_IN_IDENTITY_LOOK_H
#define MW_IN_IDENTITY_LOOK_H

#include <stdbool.h>
#include "in/identity.h"

#define ID_LEN        64 /* hexadecimal digits of a full container id */
#define HOST_PATH     512
#define CONFIG_MAX    (1u << 20)  /* bytes of one container's file */
#define CONTAINER_MAX (16u << 20) /* bytes of podman's list of all containers */
#define LIST_MAX      4096        /* entries of a directory that are looked at */

/* One of a user's own runtimes: where it keeps its files, and who writes them. */
struct look_user {
	bool known;
	uid_t uid;
	char home[HOST_PATH];
	char run[64]; /* /run/user/UID */
};

struct look {
	struct identity_reader *reader;
	const struct identity_query *q;
	struct look_user user; /* the cgroup is in a user's own slice */
	struct identity *out;
};

/* A file that is being read: what is taken from it says so. */
struct look_file {
	const char *base, *below;
	uid_t owner;
};

/* Each fills what it finds and returns true when there was a file about this container. */
bool look_docker(struct look *l, const char *id);
bool look_bundle(struct look *l, const char *id); /* containerd's */
bool look_crio(struct look *l, const char *id);
bool look_podman(struct look *l, const char *id);
bool look_task(struct look *l);  /* containerd's, by the cgroup's path */
bool look_state(struct look *l); /* runc's and crun's own, by the cgroup's path */
bool look_machine(struct look *l);
bool look_pod(struct look *l); /* what the kubelet's directories say of a pod's container */

/* The restarts that the kubelet has counted, once namespace, pod and container are known. */
void look_pod_restarts(struct look *l);

/*
 * Set a field that is not known yet. value NULL or "" is nothing. Text is cleaned (UTF-8) and cut
 * to the field's size.
 */
void take_text(struct look *l, enum identity_field field, const char *value,
	       const struct look_file *file, const char *key);
void take_image(struct look *l, const char *reference, const struct look_file *file,
		const char *key);
void take_restarts(struct look *l, uint64_t count, const struct look_file *file, const char *key);
void take_sandbox(struct look *l, const struct look_file *file, const char *key);

/* Those members of an object of strings that were asked for. */
void take_labels(struct look *l, const json_t *labels, const struct look_file *file,
		 const char *key);

/* What kind of file it was; the first one stays. */
void take_source(struct look *l, const char *source);

/* The string that a member of an object is, or NULL. */
const char *json_text(const json_t *json, const char *key);

json_t *look_json(struct look *l, const struct look_file *file, size_t max);

/* text[0..len) is a full container id. */
bool is_full_id(const char *text, size_t len);

/* Names of files that come from a path: no '/', no "..", not too long. */
bool is_file_name(const char *text, size_t len);

/*
 * Length of the part of the cgroup's path that an OCI cgroupsPath means ("/a/b", or
 * "slice:prefix:name" of the systemd driver), or 0 when it is about another cgroup.
 */
size_t oci_own_len(const char *cgroups_path, const char *path);

#endif
