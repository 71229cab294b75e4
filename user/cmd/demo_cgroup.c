/* SPDX-License-Identifier: Apache-2.0 */
/* demo_cgroup.c - the demo's own memory cgroup, on v1 and v2. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/demo.h"
#include "in/cgroupfs.h"

static int write_file(const char *directory, const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[1200];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int set_limits(const struct demo_cgroup *c, bool v1)
{
	char limit[32];
	int err;

	snprintf(limit, sizeof(limit), "%llu", DEMO_LIMIT);
	err = write_file(c->path, v1 ? "memory.limit_in_bytes" : "memory.max", limit);
	if (err < 0) {
		log_error("cannot set the memory limit of %s: %s", c->path, strerror(-err));
		return err;
	}
	/* Without these files swap is not counted, and then there is nothing to forbid. */
	if (v1)
		err = write_file(c->path, "memory.memsw.limit_in_bytes", limit);
	else
		err = write_file(c->path, "memory.swap.max", "0");
	if (err < 0 && err != -ENOENT) {
		log_error("cannot set the swap limit of %s: %s", c->path, strerror(-err));
		return err;
	}
	return 0;
}

int demo_cgroup_make(struct demo_cgroup *c)
{
	struct cgroupfs fs;
	int err = cgroupfs_open(&fs, "");

	c->path[0] = '\0';
	if (err < 0) {
		log_error("no memory cgroup hierarchy is mounted: %s", strerror(-err));
		return err;
	}
	/* systemd has done so already; elsewhere the root must hand the controller down. */
	if (!fs.v1) {
		err = write_file(fs.memory, "cgroup.subtree_control", "+memory");
		if (err < 0)
			log_debug("+memory in %s: %s", fs.memory, strerror(-err));
	}
	snprintf(c->name, sizeof(c->name), "memwitness-demo-%d", (int)getpid());
	snprintf(c->path, sizeof(c->path), "%s/%s", fs.memory, c->name);
	if (mkdir(c->path, 0755) < 0) {
		err = -errno;
		log_error("cannot make the cgroup %s: %s; the demo needs to run as root on the "
			  "host, or in a privileged container",
			  c->path, strerror(-err));
		c->path[0] = '\0';
		return err;
	}
	err = set_limits(c, fs.v1);
	if (err < 0)
		demo_cgroup_remove(c);
	return err;
}

int demo_cgroup_enter(const struct demo_cgroup *c)
{
	return write_file(c->path, "cgroup.procs", "0");
}

/* Everything in there was put there by the demo. Returns how many processes were found. */
static int kill_all(const struct demo_cgroup *c)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[1200];
	int pid, n = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", c->path);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		/* 0: a process of a pid namespace that is not ours to see. */
		if (pid > 0)
			kill(pid, SIGKILL);
		n++;
	}
	return n;
}

void demo_cgroup_remove(struct demo_cgroup *c)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000000L};
	int err = 0;

	if (!c->path[0])
		return;
	/* The kernel needs a moment after the last exit before it lets the directory go. */
	for (int i = 0; i < 150; i++) {
		if (rmdir(c->path) == 0 || errno == ENOENT) {
			c->path[0] = '\0';
			return;
		}
		err = errno;
		kill_all(c);
		nanosleep(&pause, NULL);
	}
	log_error("cannot remove the cgroup %s: %s", c->path, strerror(err));
	c->path[0] = '\0';
}
