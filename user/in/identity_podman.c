/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity_podman.c - the list of all containers that containers/storage keeps for podman, written
 * when one is created: <graph root>/<driver>-containers/containers.json; those of `podman run --rm`
 * are in volatile-containers.json of the run root since containers/storage 1.46.
 *
 * The list grows with the number of containers, so it stays parsed as long as it does not change.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "in/identity_look.h"

static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};

/* The list, borrowed from the reader; NULL when there is none. */
static const json_t *read_list(struct look *l, const struct look_file *file)
{
	struct identity_reader *r = l->reader;
	_cleanup_close_ int fd = hostfile_open(&r->root, file->base, file->below, file->owner);
	struct stat st;
	uint64_t mtime;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	mtime = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
	if (r->podman && r->podman_key.dev == st.st_dev && r->podman_key.ino == st.st_ino &&
	    r->podman_key.mtime_ns == mtime && r->podman_key.size == (uint64_t)st.st_size)
		return r->podman;
	json_decref(r->podman);
	r->podman = look_json(l, file, CONTAINER_MAX);
	r->podman_key.dev = st.st_dev;
	r->podman_key.ino = st.st_ino;
	r->podman_key.mtime_ns = mtime;
	r->podman_key.size = (uint64_t)st.st_size;
	return r->podman;
}

static const json_t *find(const json_t *list, const char *id)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *its_id = json_text(entry, "id");

		if (its_id && !strcmp(its_id, id))
			return entry;
	}
	return NULL;
}

/*
 * A pod's own container, which holds its namespaces: podman names it by the first digits of the
 * pod's id (libpod's addInfraData()), and the pod's whole id is in the directory around it.
 */
static bool is_infra(const char *name, const char *path)
{
	static const char end[] = "-infra";
	const size_t digits = 12;

	if (!name || strlen(name) != digits + sizeof(end) - 1 || strcmp(name + digits, end) != 0)
		return false;
	for (const char *p = path; (p = strpbrk(p, "/_")); p++) {
		if (strncmp(p + 1, name, digits) != 0 || strlen(p + 1) <= ID_LEN ||
		    !is_full_id(p + 1, ID_LEN))
			continue;
		return p[1 + ID_LEN] == '/' || !strncmp(p + 1 + ID_LEN, ".slice/", 7);
	}
	return false;
}

static void take_entry(struct look *l, const json_t *entry, const struct look_file *file)
{
	const char *text = json_text(entry, "metadata");
	const char *image = json_text(entry, "image");
	const char *name = json_string_value(json_array_get(json_object_get(entry, "names"), 0));
	json_t *metadata = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	char image_id[ID_LEN + 8];

	take_source(l, "runtime-state");
	take_text(l, IDENTITY_RUNTIME, "podman", file, "id");
	take_text(l, IDENTITY_ID, json_text(entry, "id"), file, "id");
	take_text(l, IDENTITY_NAME, name, file, "names");
	if (is_infra(name, l->q->path))
		take_sandbox(l, file, "names");
	take_image(l, json_text(metadata, "image-name"), file, "metadata.image-name");
	if (image && is_full_id(image, strlen(image))) {
		snprintf(image_id, sizeof(image_id), "sha256:%s", image);
		take_text(l, IDENTITY_IMAGE_ID, image_id, file, "image");
	}
	json_decref(metadata);
}

/* Labels are in podman's database only; annotations are in the bundle. */
static void read_bundle(struct look *l, const char *base, const char *driver, const char *id,
			uid_t owner)
{
	char below[ID_LEN + 96];
	struct look_file file = {base, below, owner};
	json_t *json;

	if (!l->reader->n_labels)
		return;
	snprintf(below, sizeof(below), "%s-containers/%s/userdata/config.json", driver, id);
	json = look_json(l, &file, CONFIG_MAX);
	take_labels(l, json_object_get(json, "annotations"), &file, "annotations");
	json_decref(json);
}

static bool read_storage(struct look *l, const char *id, const char *graph, const char *run,
			 uid_t owner)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		for (int is_volatile = 0; is_volatile < 2; is_volatile++) {
			char below[64];
			struct look_file file = {is_volatile ? run : graph, below, owner};
			const json_t *entry;

			snprintf(below, sizeof(below), "%s-containers/%scontainers.json",
				 drivers[i], is_volatile ? "volatile-" : "");
			entry = find(read_list(l, &file), id);
			if (!entry)
				continue;
			take_entry(l, entry, &file);
			read_bundle(l, graph, drivers[i], id, owner);
			return true;
		}
	}
	return false;
}

bool look_podman(struct look *l, const char *id)
{
	char graph[HOST_PATH], run[HOST_PATH];
	int n;

	if (!is_full_id(id, strlen(id)))
		return false;
	if (!l->user.known)
		return read_storage(l, id, "/var/lib/containers/storage", "/run/containers/storage",
				    l->reader->root.owner);
	n = snprintf(graph, sizeof(graph), "%s/.local/share/containers/storage", l->user.home);
	if (n < 0 || (size_t)n >= sizeof(graph))
		return false;
	snprintf(run, sizeof(run), "%s/containers", l->user.run);
	return read_storage(l, id, graph, run, l->user.uid);
}
