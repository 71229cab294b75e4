/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapcost.c - what one process costs in a snapshot: by our task iterator, and by reading
 * /proc/PID/{stat,status,cgroup} as an agent without BPF must.
 *
 * Both see the same processes in turns, so that what else the machine does hits both. The files
 * are read into one buffer and not parsed, the iterator's output is decoded into events: the
 * comparison is in favour of /proc. Prints one JSON line with the rounds.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "in/cgroupfs.h"
#include "in/kernel.h"

#define ROUNDS_MAX 1000
#define EXIT_SKIP  77

struct round {
	double iterator_ns, proc_ns; /* per process */
};

static void count_tasks(void *ctx, const union event *event)
{
	if (event->head.type == EV_TASK)
		(*(unsigned long *)ctx)++;
}

static void read_file(int dir, const char *pid, const char *name)
{
	static char text[65536];
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pid, name);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* it has just gone */
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

static long read_proc(void)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	struct dirent *entry;
	long count = 0;

	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		read_file(dirfd(proc), entry->d_name, "stat");
		read_file(dirfd(proc), entry->d_name, "status");
		read_file(dirfd(proc), entry->d_name, "cgroup");
		count++;
	}
	return count;
}

static int one_iterator(struct kernel *kernel, double *ns, unsigned long *tasks)
{
	uint64_t begin = now_boot();
	int ret;

	*tasks = 0;
	ret = kernel_snapshot_tasks(kernel, count_tasks, tasks);
	if (ret)
		return ret;
	if (!*tasks)
		return -ENODATA;
	*ns = (double)(now_boot() - begin) / (double)*tasks;
	return 0;
}

static int one_proc(double *ns, unsigned long *tasks)
{
	uint64_t begin = now_boot();
	long count = read_proc();

	if (count < 0)
		return (int)count;
	*tasks = (unsigned long)count;
	*ns = (double)(now_boot() - begin) / (double)count;
	return 0;
}

static int measure(struct kernel *kernel, unsigned long rounds)
{
	static struct round round[ROUNDS_MAX];
	unsigned long by_iterator = 0, by_proc = 0;
	int ret = 0;

	for (unsigned long i = 0; i < rounds && !ret; i++) {
		/* Who goes first changes, because the first warms caches for the second. */
		if (i & 1)
			ret = one_proc(&round[i].proc_ns, &by_proc);
		if (!ret)
			ret = one_iterator(kernel, &round[i].iterator_ns, &by_iterator);
		if (!ret && !(i & 1))
			ret = one_proc(&round[i].proc_ns, &by_proc);
	}
	if (ret)
		return ret;
	printf("{\"tasks_iterator\":%lu,\"tasks_proc\":%lu,\"rounds\":[", by_iterator, by_proc);
	for (unsigned long i = 0; i < rounds; i++)
		printf("%s[%.1f,%.1f]", i ? "," : "", round[i].iterator_ns, round[i].proc_ns);
	printf("]}\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct feature features[FEAT_COUNT];
	struct kernel_options options = {
		.max_containers = 1024,
		.ring_bytes = 1 << 20,
		.oom_ring_bytes = 1 << 20,
	};
	struct kernel *kernel = NULL;
	struct cgroupfs fs;
	unsigned long rounds;
	char err[512] = "";
	int ret;

	rounds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (!rounds || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: snapcost ROUNDS\n");
		return 2;
	}
	features_probe(features, OOM_TIER_AUTO, NULL);
	if (features[FEAT_ITER_TASK].state == FEATURE_NO || features_verdict(features) == 2) {
		fprintf(stderr, "snapcost: this kernel has no task iterator for us\n");
		return EXIT_SKIP;
	}
	if (!cgroupfs_open(&fs, "")) {
		options.memory_hierarchy = fs.hierarchy;
		options.memory_v1 = fs.v1;
	}
	ret = kernel_open(&kernel, features, &options, err, sizeof(err));
	if (ret) {
		fprintf(stderr, "snapcost: %s (%s)\n", err, strerror(-ret));
		return 1;
	}
	ret = measure(kernel, rounds);
	kernel_free(kernel);
	if (ret)
		fprintf(stderr, "snapcost: %s\n", strerror(-ret));
	return ret ? 1 : 0;
}
