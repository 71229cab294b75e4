/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroupfs_open.c - where the hierarchies are mounted, and which of several mounts to use.
 *
 * One hierarchy can be mounted many times: a container has its own view of it, and the host's may
 * be bound beside that (a DaemonSet with /sys/fs/cgroup as a hostPath). The root field of
 * mountinfo tells them apart: it is relative to the reader's cgroup namespace, so "/.." is above
 * that namespace, "/" is its root, and "/a" is only a part of it (cgroup_namespaces(7)).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "in/cgroupfs.h"
#include "in/kvfile.h"

/* The best mount so far of one hierarchy. */
struct candidate {
	char path[512]; /* with the root prefix */
	int rank;
};

struct mounts {
	struct candidate memory, cpu, cpuacct; /* v1 */
	struct candidate unified;
};

#define RANK_PART 1 /* a sub-tree only */
#define RANK_FULL 2 /* the namespace's root; one more for each level above it */

static int rank_of_root(const char *root)
{
	int rank = RANK_FULL;

	if (!strcmp(root, "/"))
		return rank;
	for (; !strncmp(root, "/..", 3); root += 3)
		rank++;
	return *root ? RANK_PART : rank;
}

/* mountinfo writes blank, tab, newline and backslash as \ooo; in place. */
static void unescape_octal(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

static bool has_option(const char *options, const char *name)
{
	size_t len = strlen(name);

	while (*options) {
		size_t n = strcspn(options, ",");

		if (n == len && !memcmp(options, name, len))
			return true;
		options += n;
		options += *options == ',';
	}
	return false;
}

/* A mount may be hidden by a later one: every cgroup directory has cgroup.procs. */
static bool is_cgroup_directory(const char *path)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && !faccessat(fd, "cgroup.procs", F_OK, 0);
}

static void offer(struct candidate *best, const char *path, int rank)
{
	if (rank > best->rank && strlen(path) < sizeof(best->path) && is_cgroup_directory(path)) {
		strcpy(best->path, path);
		best->rank = rank;
	}
}

/*
 * One line: id parent major:minor root mountpoint options [optional...] - type source
 * super-options (proc_pid_mountinfo(5)). What is not of that form is left aside.
 */
static void take_mount(struct mounts *mounts, const char *prefix, char *line)
{
	char *field[6], *type, *options, *tail, *next = NULL;
	char path[512];
	int n, rank;

	tail = strstr(line, " - ");
	if (!tail)
		return;
	*tail = '\0';
	type = strtok_r(tail + 3, " \n", &next);
	if (!type || (strcmp(type, "cgroup") && strcmp(type, "cgroup2")))
		return;
	if (!strtok_r(NULL, " \n", &next))
		return;
	options = strtok_r(NULL, " \n", &next);
	if (!options)
		return;
	next = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &next);
		if (!field[i])
			return;
	}
	unescape_octal(field[3]);
	unescape_octal(field[4]);
	n = snprintf(path, sizeof(path), "%s%s", prefix, field[4]);
	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	rank = rank_of_root(field[3]);

	if (!strcmp(type, "cgroup2")) {
		offer(&mounts->unified, path, rank);
		return;
	}
	if (has_option(options, "memory"))
		offer(&mounts->memory, path, rank);
	if (has_option(options, "cpu"))
		offer(&mounts->cpu, path, rank);
	if (has_option(options, "cpuacct"))
		offer(&mounts->cpuacct, path, rank);
}

static FILE *open_text(const char *root, const char *name)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s%s", root, name);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fopen(path, "re");
}

static int read_mounts(const char *root, struct mounts *mounts)
{
	_cleanup_fclose_ FILE *file = open_text(root, "/proc/self/mountinfo");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) >= 0)
		take_mount(mounts, root, line);
	return ferror(file) ? -EIO : 0;
}

/* The hierarchy's number from /proc/cgroups: name, hierarchy, cgroups, enabled. 0 if not there. */
static uint64_t memory_hierarchy(const char *root)
{
	_cleanup_fclose_ FILE *file = open_text(root, "/proc/cgroups");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		uint64_t number;

		if (strncmp(line, "memory\t", 7) != 0)
			continue;
		if (!parse_u64_n(line + 7, strcspn(line + 7, "\t\n"), &number))
			return number;
	}
	return 0;
}

/* On v2, a hierarchy can be mounted that the memory controller is not on. */
static bool has_memory_controller(const char *path)
{
	_cleanup_close_ int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[1024];
	char *word, *next = NULL;

	if (dir < 0 || kvfile_read(dir, "cgroup.controllers", text, sizeof(text)) < 0)
		return false;
	for (word = strtok_r(text, " \n", &next); word; word = strtok_r(NULL, " \n", &next))
		if (!strcmp(word, "memory"))
			return true;
	return false;
}

int cgroupfs_open(struct cgroupfs *fs, const char *root)
{
	struct mounts mounts = {0};
	struct stat st;
	int r;

	memset(fs, 0, sizeof(*fs));
	fs->mode = "";
	r = read_mounts(root, &mounts);
	if (r < 0)
		return r;
	if (mounts.memory.rank) {
		fs->v1 = true;
		fs->mode = mounts.unified.rank ? "hybrid" : "v1";
		strcpy(fs->memory, mounts.memory.path);
		strcpy(fs->cpu, mounts.cpu.path);
		strcpy(fs->cpuacct, mounts.cpuacct.path);
		fs->hierarchy = memory_hierarchy(root);
	} else if (mounts.unified.rank && has_memory_controller(mounts.unified.path)) {
		fs->mode = "v2";
		strcpy(fs->memory, mounts.unified.path);
	} else {
		return -ENOENT;
	}
	if (stat(fs->memory, &st))
		return -errno;
	fs->root_id = st.st_ino;
	fs->found = true;
	return 0;
}
