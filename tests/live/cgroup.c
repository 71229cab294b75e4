/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - memory cgroups of the tests' own, on v1 and v2, below one limited directory. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "live.h"

static int write_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		return -errno;
	return 0;
}

int cg_write(const struct cg *cg, const char *file, const char *text)
{
	char path[sizeof(cg->dir) + 64];

	snprintf(path, sizeof(path), "%s/%s", cg->dir, file);
	return write_file(path, text);
}

int cg_read(const struct cg *cg, const char *file, const char *key, uint64_t *out)
{
	char path[sizeof(cg->dir) + 64], line[256], name[64];
	unsigned long long v;
	FILE *f;
	int err = -ENOENT;

	snprintf(path, sizeof(path), "%s/%s", cg->dir, file);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		if (!key) {
			if (sscanf(line, "%llu", &v) != 1)
				break;
		} else if (sscanf(line, "%63s %llu", name, &v) != 2 || strcmp(name, key)) {
			continue;
		}
		*out = v;
		err = 0;
	}
	fclose(f);
	return err;
}

static int find_memory(struct cgroups *c)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mounts", "re");
	char line[1024], mount[256], type[32], options[512], controllers[320], v2[256] = "";

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %255s %31s %511s", mount, type, options) != 3)
			continue;
		if (!strcmp(type, "cgroup2"))
			snprintf(v2, sizeof(v2), "%s", mount);
		if (strcmp(type, "cgroup") || !strstr(options, ",memory"))
			continue;
		c->v1 = true;
		snprintf(c->mount, sizeof(c->mount), "%s", mount);
		return 0;
	}
	if (!v2[0])
		return -ENOENT;
	snprintf(controllers, sizeof(controllers), "%s/cgroup.controllers", v2);
	f = freopen(controllers, "re", f);
	if (!f || !fgets(line, sizeof(line), f) || !strstr(line, "memory"))
		return -ENOENT;
	c->v1 = false;
	snprintf(c->mount, sizeof(c->mount), "%s", v2);
	return 0;
}

/* The limit of memory and, so that nothing leaves for the swap, of what is beyond it. */
static int set_limit(const struct cgroups *c, const struct cg *cg, uint64_t limit)
{
	char text[32];
	int err;

	if (!limit)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)limit);
	err = cg_write(cg, c->v1 ? "memory.limit_in_bytes" : "memory.max", text);
	if (err)
		return err;
	/* The files are absent where swap is not accounted, and then there is nothing to limit. */
	err = c->v1 ? cg_write(cg, "memory.memsw.limit_in_bytes", text)
		    : cg_write(cg, "memory.swap.max", "0");
	return err == -ENOENT || err == -EACCES ? 0 : err;
}

static int make_dir(const struct cgroups *c, struct cg *cg, const char *path)
{
	struct stat st;

	if (snprintf(cg->path, sizeof(cg->path), "%s", path) >= (int)sizeof(cg->path))
		return -ENAMETOOLONG;
	snprintf(cg->dir, sizeof(cg->dir), "%s%s", c->mount, path);
	if (mkdir(cg->dir, 0755) && errno != EEXIST)
		return -errno;
	if (stat(cg->dir, &st))
		return -errno;
	cg->id = st.st_ino;
	return 0;
}

/* Hand the memory controller down, so that the directory may have children with limits. */
static int hand_down(const struct cgroups *c, const char *dir)
{
	char path[LIVE_PATH * 3];

	if (c->v1)
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	return write_file(path, "+memory");
}

int cgroups_open(struct cgroups *c, uint64_t limit)
{
	struct cg base;
	int err = find_memory(c);

	if (err)
		return err;
	err = hand_down(c, c->mount);
	if (err)
		return err;
	snprintf(c->base, sizeof(c->base), "/mwlive%d.slice", (int)getpid());
	err = make_dir(c, &base, c->base);
	if (err)
		return err;
	/* Old kernels' v1 charges a parent only when told to; newer ones always do. */
	if (c->v1)
		cg_write(&base, "memory.use_hierarchy", "1");
	err = set_limit(c, &base, limit);
	if (err)
		return err;
	return hand_down(c, base.dir);
}

int cg_make(struct cgroups *c, const char *rel, uint64_t limit, struct cg *out)
{
	char path[LIVE_PATH], *slash;
	struct cg cg;
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", c->base, rel) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (slash = strchr(path + strlen(c->base) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		err = make_dir(c, &cg, path);
		if (!err)
			err = hand_down(c, cg.dir);
		*slash = '/';
		if (err)
			return err;
	}
	err = make_dir(c, &cg, path);
	if (!err)
		err = set_limit(c, &cg, limit);
	if (err)
		return err;
	*out = cg;
	return 0;
}

int cg_enter(const struct cg *cg)
{
	return cg_write(cg, "cgroup.procs", "0");
}

int cg_remove(const struct cg *cg)
{
	for (int i = 0; i < 200; i++) {
		if (!rmdir(cg->dir) || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -errno;
		sleep_ms(10);
	}
	return -EBUSY;
}

static void kill_all_in(const char *dir)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[LIVE_PATH * 3];
	int pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		if (pid > 1)
			kill(pid, SIGKILL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct cg cg = {.path = ""};

	(void)st;
	(void)ftw;
	if (type != FTW_DP)
		return 0;
	kill_all_in(path);
	snprintf(cg.dir, sizeof(cg.dir), "%s", path);
	cg_remove(&cg);
	return 0;
}

void cgroups_close(struct cgroups *c)
{
	char dir[LIVE_PATH * 2];

	if (!c->base[0])
		return;
	snprintf(dir, sizeof(dir), "%s%s", c->mount, c->base);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	c->base[0] = '\0';
}
