/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loops.c - the loads whose slowdown the benchmark measures: anonymous page faults, fork() and
 * vfork() with an exit that is waited for.
 *
 * One CPU, one process, nothing but the system calls in question. The loop is cut into batches and
 * the median batch is reported, because on a busy machine a mean belongs to the neighbours.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REGION_PAGES 1024 /* faults between two MADV_DONTNEED */
#define BATCHES_MAX  1000

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int enter_cgroup(const char *dir)
{
	char path[4096];
	int fd, ret = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/cgroup.procs", dir) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

/* Touch every page of the region, then give them back, until `count` pages were touched. */
static int batch_fault(char *region, size_t page, unsigned long count)
{
	while (count) {
		unsigned long n = count < REGION_PAGES ? count : REGION_PAGES;

		for (unsigned long i = 0; i < n; i++)
			*(volatile char *)(region + i * page) = 1;
		if (madvise(region, REGION_PAGES * page, MADV_DONTNEED))
			return -errno;
		count -= n;
	}
	return 0;
}

static int wait_for(pid_t pid)
{
	int status;

	if (pid < 0)
		return -errno;
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return status ? -ECHILD : 0;
}

static pid_t spawn_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

/* Its own function: a vfork() child shares our stack frame, so it must hold nothing else. */
static __attribute__((noinline)) pid_t spawn_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static int batch_spawn(pid_t (*spawn)(void), unsigned long count)
{
	int ret = 0;

	for (; count && !ret; count--)
		ret = wait_for(spawn());
	return ret;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run(const char *kind, unsigned long batches, unsigned long count)
{
	static double ns[BATCHES_MAX];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *region;

	region = mmap(NULL, REGION_PAGES * page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region == MAP_FAILED)
		return -errno;
	/* One fault a page, whatever the host says about huge pages; without THP this fails. */
	madvise(region, REGION_PAGES * page, MADV_NOHUGEPAGE);

	/* The batch before the first warms caches and is not counted. */
	for (unsigned long i = 0; i <= batches; i++) {
		uint64_t begin = now_ns();
		int ret;

		if (!strcmp(kind, "fault"))
			ret = batch_fault(region, page, count);
		else if (!strcmp(kind, "fork"))
			ret = batch_spawn(spawn_fork, count);
		else
			ret = batch_spawn(spawn_vfork, count);
		if (ret)
			return ret;
		if (i)
			ns[i - 1] = (double)(now_ns() - begin) / (double)count;
	}
	munmap(region, REGION_PAGES * page);
	qsort(ns, batches, sizeof(ns[0]), compare);
	printf("{\"ns\":%.2f,\"low\":%.2f,\"high\":%.2f,\"operations\":%lu}\n", ns[batches / 2],
	       ns[0], ns[batches - 1], (batches + 1) * count);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long batches, count;
	cpu_set_t cpus;
	int ret;

	if (argc != 6) {
		fprintf(stderr, "usage: loops fault|fork|vfork CPU BATCHES COUNT CGROUP_DIR|-\n");
		return 2;
	}
	batches = strtoul(argv[3], NULL, 10);
	count = strtoul(argv[4], NULL, 10);
	if (!batches || batches > BATCHES_MAX || !count ||
	    (strcmp(argv[1], "fault") && strcmp(argv[1], "fork") && strcmp(argv[1], "vfork"))) {
		fprintf(stderr, "loops: bad arguments\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(strtoul(argv[2], NULL, 10), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
		fprintf(stderr, "loops: cannot run on CPU %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	ret = strcmp(argv[5], "-") ? enter_cgroup(argv[5]) : 0;
	if (!ret)
		ret = run(argv[1], batches, count);
	if (ret)
		fprintf(stderr, "loops: %s: %s\n", argv[1], strerror(-ret));
	return ret ? 1 : 0;
}
