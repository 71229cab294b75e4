/* SPDX-License-Identifier: Apache-2.0 */
/* procfs_cgroup.c - see procfs_cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "in/kvfile.h"
#include "in/procfs_cgroup.h"

#define NS_PER_TICK 10000000u /* USER_HZ is 100 on x86-64 and arm64 */

int procfs_join_host_cgroups(const char *root)
{
	char path[512];
	_cleanup_close_ int fd = -1;
	struct stat host, own;

	if (snprintf(path, sizeof(path), "%s/proc/1/ns/cgroup", root) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &host) || stat("/proc/self/ns/cgroup", &own))
		return -errno;
	if (host.st_ino == own.st_ino && host.st_dev == own.st_dev)
		return 0;
	return setns(fd, CLONE_NEWCGROUP) ? -errno : 0;
}

static ssize_t read_of(const char *root, uint32_t pid, const char *name, char *text, size_t size)
{
	char path[512];
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/proc/%u/%s", root, pid, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	n = kvfile_read(AT_FDCWD, path, text, size);
	return n == -ENOENT ? -ESRCH : n;
}

/* "4:cpu,memory:/path": does the list of controllers, len bytes, hold the one of memory? */
static bool has_memory(const char *list, size_t len)
{
	while (len) {
		size_t n = strcspn(list, ",:");

		if (n == 6 && !memcmp(list, "memory", 6))
			return true;
		if (n >= len)
			return false;
		list += n + 1;
		len -= n + 1;
	}
	return false;
}

int procfs_cgroup_path(const char *root, uint32_t pid, bool v1, char *path, size_t size)
{
	char text[16384];
	ssize_t n = read_of(root, pid, "cgroup", text, sizeof(text));
	int cut = 0;

	if (n < 0)
		return (int)n;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *list = memchr(line, ':', len);
		const char *at =
			list ? memchr(list + 1, ':', len - (size_t)(list + 1 - line)) : NULL;
		size_t path_len = at ? len - (size_t)(at + 1 - line) : 0;

		if (at && (v1 ? has_memory(list + 1, (size_t)(at - list - 1))
			      : !strncmp(line, "0::", 3))) {
			if (path_len >= 3 && !memcmp(at + 1, "/..", 3) &&
			    (path_len == 3 || at[4] == '/'))
				return -EXDEV;
			utf8_clean(path, size, at + 1, path_len, &cut);
			return path_len && !cut ? 0 : -ENAMETOOLONG;
		}
		line += len;
		line += *line == '\n';
	}
	return -ENOENT;
}

/* The last of a status line's numbers: NSpid lists the pid in every namespace, the own one last. */
static uint64_t last_number(const char *text, const char *key)
{
	const char *line = strstr(text, key);
	uint64_t value = U64_UNKNOWN;

	if (!line)
		return U64_UNKNOWN;
	for (line += strlen(key); *line == '\t' || *line == ' ';) {
		size_t len = strcspn(++line, "\t \n");

		if (parse_u64_n(line, len, &value))
			return U64_UNKNOWN;
		line += len;
	}
	return value;
}

int procfs_task(const char *root, uint32_t pid, uint64_t ts, union event *ev)
{
	char stat[2048], status[8192];
	ssize_t n = read_of(root, pid, "stat", stat, sizeof(stat));
	const char *open, *close, *uid;
	uint64_t ns_pid, value;
	unsigned long long start;
	unsigned int parent;

	event_init(ev, EV_TASK, ts);
	if (n < 0)
		return (int)n;
	open = strchr(stat, '(');
	close = strrchr(stat, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1,
		   " %*c %u %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		   "%*d %llu",
		   &parent, &start) != 2)
		return -EBADMSG;
	ev->task.who.pid = pid;
	ev->task.who.start = start * NS_PER_TICK;
	ev->task.parent_pid = parent;
	ev->task.threads = 1;
	utf8_clean(ev->task.who.comm, sizeof(ev->task.who.comm), open + 1,
		   (size_t)(close - open - 1), NULL);
	n = read_of(root, pid, "status", status, sizeof(status));
	if (n < 0)
		return (int)n;
	uid = strstr(status, "\nUid:\t");
	if (uid && !parse_u64_n(uid + 6, strcspn(uid + 6, "\t\n"), &value))
		ev->task.who.uid = (uint32_t)value;
	ns_pid = last_number(status, "\nNSpid:");
	ev->task.ns_pid = ns_pid < UINT32_MAX ? (uint32_t)ns_pid : pid;
	return 0;
}
