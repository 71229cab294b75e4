/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroupfs_scan.c - every cgroup of the memory hierarchy, parents before children.
 *
 * The walk keeps one open directory a level and nothing a directory, so 100,000 siblings cost
 * time and no memory. Directories come and go during it: what vanished is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "in/cgroupfs.h"

#define SCAN_DEPTH 64

struct level {
	DIR *dir;
	uint64_t id;
	size_t path_len; /* of this directory, without a closing '/' */
};

struct scan {
	struct level levels[SCAN_DEPTH];
	size_t depth; /* levels in use */
	dev_t device;
	uint64_t ts;
	event_sink sink;
	void *ctx;
	union event event;
	char path[SCAN_DEPTH * 256 + 1];
};

/* The event's path is bounded: like the kernel side, a longer one loses its front. */
static void emit(struct scan *scan, size_t path_len, uint64_t id, uint64_t parent, size_t level)
{
	struct ev_cgroup_new *new = &scan->event.cgroup_new;
	const char *path = scan->path;
	int cut = 0;

	event_init(&scan->event, EV_CGROUP_NEW, scan->ts);
	new->id = id;
	new->parent_id = parent;
	new->level = level;
	new->scanned = 1;
	if (path_len > sizeof(new->path) - 2) {
		path += path_len - (sizeof(new->path) - 2);
		path_len = sizeof(new->path) - 2;
		cut = 1;
	} else if (path_len) {
		path++;
		path_len--;
	}
	new->path[0] = '/';
	utf8_clean(new->path + 1, sizeof(new->path) - 1, path, path_len, &cut);
	new->path_cut = (uint64_t)cut;
	scan->sink(scan->ctx, &scan->event);
}

/* Errors that mean no more than that the directory has gone meanwhile. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ENODEV || error == ENOTDIR || error == ELOOP;
}

/* Go down into a directory that was just emitted; 0 also when it is gone or too deep. */
static int push(struct scan *scan, int parent, const char *name, uint64_t id, size_t path_len)
{
	struct level *level;
	struct stat st;
	DIR *dir;
	int fd;

	if (scan->depth == SCAN_DEPTH)
		return 0;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return is_gone(errno) ? 0 : -errno;
	if (fstat(fd, &st) || st.st_ino != id || st.st_dev != scan->device) {
		close(fd);
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		int error = errno;

		close(fd);
		return -error;
	}
	level = &scan->levels[scan->depth++];
	level->dir = dir;
	level->id = id;
	level->path_len = path_len;
	return 0;
}

/* One entry of the deepest open directory. */
static int visit(struct scan *scan, const struct dirent *entry)
{
	const struct level *top = &scan->levels[scan->depth - 1];
	size_t name_len = strlen(entry->d_name);
	size_t path_len = top->path_len + 1 + name_len;
	struct stat st;

	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return 0;
	if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
		return 0;
	if (fstatat(dirfd(top->dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return is_gone(errno) ? 0 : -errno;
	if (!S_ISDIR(st.st_mode) || st.st_dev != scan->device)
		return 0;
	scan->path[top->path_len] = '/';
	memcpy(scan->path + top->path_len + 1, entry->d_name, name_len);
	emit(scan, path_len, st.st_ino, top->id, scan->depth);
	/* kernfs keeps st_nlink at two and the number of sub-directories: spare the leaves. */
	if (st.st_nlink == 2)
		return 0;
	return push(scan, dirfd(top->dir), entry->d_name, st.st_ino, path_len);
}

static int walk(struct scan *scan)
{
	while (scan->depth > 0) {
		struct level *top = &scan->levels[scan->depth - 1];
		const struct dirent *entry;
		int r;

		errno = 0;
		entry = readdir(top->dir);
		if (!entry) {
			if (errno && !is_gone(errno))
				return -errno;
			closedir(top->dir);
			scan->depth--;
			continue;
		}
		r = visit(scan, entry);
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroupfs_scan(const struct cgroupfs *fs, uint64_t ts, event_sink sink, void *ctx)
{
	_cleanup_free_ struct scan *scan = calloc(1, sizeof(*scan));
	struct stat st;
	int r;

	if (!scan)
		return -ENOMEM;
	if (stat(fs->memory, &st))
		return -errno;
	scan->device = st.st_dev;
	scan->ts = ts;
	scan->sink = sink;
	scan->ctx = ctx;
	emit(scan, 0, st.st_ino, 0, 0);
	r = push(scan, AT_FDCWD, fs->memory, st.st_ino, 0);
	if (!r)
		r = walk(scan);
	while (scan->depth > 0)
		closedir(scan->levels[--scan->depth].dir);
	return r;
}
