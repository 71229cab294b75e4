/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.c - this program as init of a virtual machine: mount what is needed, run the tests in a child,
 * write the results as a tar archive straight onto the NVMe disk, power off.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "live.h"

#define RESULTS   "/run/live"
#define TAR_BLOCK 512

static void must_mount(const char *what, const char *where, const char *type, const char *options)
{
	mkdir(where, 0755);
	if (mount(what, where, type, MS_NOSUID, options) && errno != EBUSY)
		printf("init: mount %s: %s\n", where, strerror(errno));
}

static void set_file(const char *path, const char *text)
{
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	if (f)
		fputs(text, f);
}

/* The kernel hands us the words of its command line that it does not know. */
static bool take_word(int *argc, char **argv, const char *word)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], word))
			continue;
		--*argc;
		memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof(*argv));
		return true;
	}
	return false;
}

static void set_up(bool v1)
{
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};

	must_mount("proc", "/proc", "proc", NULL);
	must_mount("sysfs", "/sys", "sysfs", NULL);
	must_mount("devtmpfs", "/dev", "devtmpfs", NULL);
	must_mount("tmpfs", "/run", "tmpfs", NULL);
	must_mount("tmpfs", "/tmp", "tmpfs", NULL);
	must_mount("tracefs", "/sys/kernel/tracing", "tracefs", NULL);
	must_mount("bpf", "/sys/fs/bpf", "bpf", NULL);
	if (v1) {
		must_mount("tmpfs", "/sys/fs/cgroup", "tmpfs", NULL);
		must_mount("cgroup", "/sys/fs/cgroup/memory", "cgroup", "memory");
	} else {
		must_mount("cgroup2", "/sys/fs/cgroup", "cgroup2", NULL);
	}
	mkdir(RESULTS, 0755);
	setrlimit(RLIMIT_CORE, &r);
	set_file("/proc/sys/kernel/core_pattern", "/tmp/core");
	/* All that the kernel logs is read from /dev/kmsg: the serial line would only slow it. */
	set_file("/proc/sys/kernel/printk", "1");
	set_file("/proc/sys/kernel/printk_devkmsg", "on");
	set_file("/proc/sys/kernel/hostname", "mwvm");
	set_file("/proc/self/oom_score_adj", "-1000");
}

/* Digits with leading zeros, the last byte left NUL. */
static void octal(char *field, size_t size, unsigned long long v)
{
	for (size_t i = size - 1; i-- > 0; v >>= 3)
		field[i] = (char)('0' + (v & 7));
}

/* A ustar header: name at 0, mode at 100, size at 124, checksum at 148, type at 156, magic at 257.
 */
static void tar_header(char *h, const char *name, unsigned long long size)
{
	unsigned int sum = 0;

	memset(h, 0, TAR_BLOCK);
	snprintf(h, 100, "%s", name);
	octal(h + 100, 8, 0644);
	octal(h + 108, 8, 0);
	octal(h + 116, 8, 0);
	octal(h + 124, 12, size);
	octal(h + 136, 12, 0);
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257, "ustar\00000", 8);
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)h[i];
	octal(h + 148, 7, sum);
}

static int tar_file(int disk, const char *dir, const char *name)
{
	char path[LIVE_PATH], block[64 * TAR_BLOCK];
	_cleanup_close_ int fd = -1;
	unsigned long long left;
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	left = (unsigned long long)st.st_size;
	tar_header(block, name, left);
	if (write(disk, block, TAR_BLOCK) != TAR_BLOCK)
		return -errno;
	while (left) {
		memset(block, 0, sizeof(block));
		n = read(fd, block, left < sizeof(block) ? left : sizeof(block));
		if (n <= 0)
			return -EIO;
		left -= (unsigned long long)n;
		n = (n + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (write(disk, block, (size_t)n) != n)
			return -errno;
	}
	return 0;
}

bool vm_disk(unsigned long number, char *path, size_t size)
{
	struct cg sys;
	uint64_t nsid;

	/* Newer kernels look at both at once and name them as they come. */
	for (int i = 1; i <= 2; i++) {
		snprintf(sys.dir, sizeof(sys.dir), "/sys/block/nvme0n%d", i);
		snprintf(path, size, "/dev/nvme0n%d", i);
		if (!cg_read(&sys, "nsid", NULL, &nsid) && nsid == number)
			return true;
	}
	return false;
}

static int write_results(void)
{
	char zero[TAR_BLOCK * 2] = "", path[64];
	_cleanup_closedir_ DIR *d = NULL;
	_cleanup_close_ int disk = -1;
	struct dirent *e;
	int err = 0;

	for (int i = 0; i < 100 && disk < 0; i++) {
		if (vm_disk(VM_DISK_RESULTS, path, sizeof(path)))
			disk = open(path, O_WRONLY | O_CLOEXEC);
		if (disk < 0)
			sleep_ms(50);
	}
	d = opendir(RESULTS);
	if (disk < 0 || !d)
		return -errno;
	while (!err && (e = readdir(d)))
		err = tar_file(disk, RESULTS, e->d_name);
	if (!err && write(disk, zero, sizeof(zero)) != sizeof(zero))
		err = -errno;
	if (fsync(disk))
		err = -errno;
	return err;
}

static void run_tests(int argc, char **argv)
{
	struct live l = {.vm = true};

	snprintf(l.agent_path, sizeof(l.agent_path), "/memwitness");
	snprintf(l.dir, sizeof(l.dir), RESULTS);
	l.filters = argv + 1;
	l.n_filters = argc - 1;
	exit(live_main(&l));
}

_Noreturn void vm_main(int argc, char **argv)
{
	int err;
	pid_t pid, tests;

	set_up(take_word(&argc, argv, "mwv1"));
	fflush(stdout);
	tests = fork();
	if (tests == 0)
		run_tests(argc, argv);
	do {
		pid = wait(NULL);
	} while (pid != tests && (pid > 0 || errno == EINTR));
	err = write_results();
	if (err)
		printf("init: results: %s\n", strerror(-err));
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
