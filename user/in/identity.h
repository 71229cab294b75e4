/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.h - what the files of container runtimes say about one container.
 *
 * No daemon is asked and no socket opened: docs/identity.md lists the files. What a file says is
 * taken only when it is about this very container: by the full id in the cgroup's path, or by the
 * path of the cgroup in the file.
 */
#ifndef MW_IN_IDENTITY_H
#define MW_IN_IDENTITY_H

#include <stdbool.h>
#include "core/event.h"
#include "in/hostfile.h"

/* What is known from the path: see core/cgpath.h, whose words these are. */
struct identity_query {
	const char *path; /* of the cgroup, from the root of the memory hierarchy */
	const char *runtime;
	const char *id;
	const char *name;
	const char *pod_uid;
	size_t own_len; /* of the container's own directory; 0: not known */
	uint32_t pid;   /* of a process in it, 0: not known */
};

/* Fields of the answer whose origin is kept. */
enum identity_field {
	IDENTITY_ID,
	IDENTITY_NAME,
	IDENTITY_RUNTIME,
	IDENTITY_SANDBOX,
	IDENTITY_IMAGE,
	IDENTITY_IMAGE_ID,
	IDENTITY_LABELS,
	IDENTITY_RESTARTS,
	IDENTITY_POD_NAME,
	IDENTITY_POD_UID,
	IDENTITY_NAMESPACE,
	IDENTITY_K8S_CONTAINER,
	IDENTITY_FIELDS,
};

struct identity_origin {
	char file[512]; /* as the host names it, "" when the field was not found in a file */
	char key[EV_TEXT];
};

struct identity {
	struct ev_identity ev; /* event_init()ed; source "" when nothing was found */
	struct identity_origin from[IDENTITY_FIELDS];
	/*
	 * There may be more to come: the file is one from before the container was started, or no
	 * process is there yet whose mounts would name it.
	 */
	bool provisional;
};

/* Holds the host's root, the labels that are wanted, and the last large file. */
struct identity_reader {
	struct hostroot root;
	const char (*labels)[EV_TEXT]; /* n_labels keys, not owned */
	size_t n_labels;
	json_t *podman; /* parsed containers.json */
	struct {
		uint64_t dev, ino, mtime_ns, size;
	} podman_key;
};

/* host_root "" for the running system. labels must outlive the reader. 0 or -errno. */
int identity_reader_open(struct identity_reader *r, const char *host_root,
			 const char (*labels)[EV_TEXT], size_t n_labels);

/* Give back what is only kept to save work. */
void identity_reader_rest(struct identity_reader *r);
void identity_reader_close(struct identity_reader *r);

/*
 * Look for a container's files. Always fills *out (with ts and the cgroup's id). Returns 1 when
 * something was found, 0 when there is nothing yet and a file may still be on its way, and
 * -ENOENT when no runtime keeps files of such a thing.
 */
int identity_read(struct identity_reader *r, const struct identity_query *q, uint64_t cgroup_id,
		  uint64_t ts, struct identity *out);

/* Where a field stands in the records: "container.name" ... */
const char *identity_field_name(enum identity_field field);

#endif
