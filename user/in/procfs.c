/* SPDX-License-Identifier: Apache-2.0 */
/*
 * procfs.c - what /proc says about a process and about the host.
 *
 * A process is held by its open /proc directory from the moment that it is found: files opened
 * relative to that belong to it or fail, also when its pid is given to another process meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "in/cmdline.h"
#include "in/kvfile.h"
#include "in/procfs.h"

/* USER_HZ is 100 on x86-64 and arm64, whatever CONFIG_HZ is (include/asm-generic/param.h). */
#define NS_PER_TICK 10000000u

#define STAT_START  22 /* fields of /proc/PID/stat, from 1, as proc(5) counts them */

static int open_proc(const char *root)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/proc", root);
	int fd;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * Field `number` of a stat line. The second field is the name in brackets, and a name may hold
 * brackets and blanks itself; what follows are numbers, so the last bracket closes the name.
 */
static int stat_field(const char *text, unsigned int number, uint64_t *out)
{
	const char *p = strrchr(text, ')');

	if (!p)
		return -EBADMSG;
	p++;
	for (unsigned int i = 3; *p == ' '; i++) {
		size_t len = strcspn(++p, " \n");

		if (i == number)
			return parse_u64_n(p, len, out);
		p += len;
	}
	return -EBADMSG;
}

/* 1: it is the process that started at `start`; 0: it is gone or another; or -errno. */
static int same_process(int dir, uint64_t start)
{
	char text[2048];
	uint64_t ticks;
	ssize_t len = kvfile_read(dir, "stat", text, sizeof(text));

	if (len == -ENOENT || len == -ESRCH)
		return 0;
	if (len < 0)
		return (int)len;
	if (stat_field(text, STAT_START, &ticks))
		return -EBADMSG;
	return ticks == start / NS_PER_TICK;
}

static void read_executable(int dir, struct ev_proc_info *info)
{
	static const char deleted[] = " (deleted)";
	const size_t suffix = sizeof(deleted) - 1;
	char path[4096];
	ssize_t n = readlinkat(dir, "exe", path, sizeof(path));
	size_t len;

	if (n <= 0)
		return;
	len = (size_t)n;
	if (len > suffix && !memcmp(path + len - suffix, deleted, suffix))
		len -= suffix;
	utf8_clean(info->executable, sizeof(info->executable), path, len, NULL);
}

static void read_command_line(int dir, int redact, struct ev_proc_info *info)
{
	_cleanup_close_ int fd = openat(dir, "cmdline", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char args[4096];
	size_t len = 0;

	if (fd < 0)
		return;
	while (len < sizeof(args)) {
		ssize_t n = read(fd, args + len, sizeof(args) - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	info->args_cut = cmdline_text(info->command_line, sizeof(info->command_line), args, len,
				      len == sizeof(args), redact);
}

#define UID_MAP_SIZE (340 * 33 + 2) /* UID_GID_MAP_MAX_EXTENTS lines of three "%10u" */

/* What one line, "inside outside count", makes of a uid: user_namespaces(7). */
static uint64_t mapped_by(const char *line, size_t len, uint64_t uid)
{
	const char *end = line + len;
	uint64_t n[3];

	for (size_t i = 0; i < ARRAY_SIZE(n); i++) {
		line += strspn(line, " ");
		len = strcspn(line, " \n");
		if (parse_u64_n(line, len, &n[i]))
			return U64_UNKNOWN;
		line += len;
	}
	if (line != end || uid < n[1] || uid - n[1] >= n[2] || n[0] > UINT32_MAX - (uid - n[1]))
		return U64_UNKNOWN;
	return n[0] + (uid - n[1]);
}

/*
 * The user id `uid` of this namespace as the process' own user namespace has it. An id that no line
 * holds has no number there.
 */
static uint64_t mapped_uid(int dir, uint64_t uid)
{
	char text[UID_MAP_SIZE];
	uint64_t inside = U64_UNKNOWN;

	if (uid > UINT32_MAX || kvfile_read(dir, "uid_map", text, sizeof(text)) <= 0)
		return U64_UNKNOWN;
	for (const char *line = text; *line && inside == U64_UNKNOWN;) {
		size_t len = strcspn(line, "\n");

		inside = mapped_by(line, len, uid);
		line += len;
		line += *line == '\n';
	}
	return inside;
}

/* The real uid as this process' own user namespace has it. */
static uint64_t read_uid(int dir)
{
	char text[4096];
	const char *line;
	uint64_t uid;

	if (kvfile_read(dir, "status", text, sizeof(text)) <= 0)
		return U64_UNKNOWN;
	line = strstr(text, "\nUid:\t"); /* real, effective, saved, file system: proc(5) */
	if (!line || parse_u64_n(line + 6, strcspn(line + 6, "\t\n"), &uid))
		return U64_UNKNOWN;
	return uid;
}

int procfs_process(const char *root, uint32_t pid, uint64_t start, int redact, uint64_t ts,
		   union event *ev)
{
	struct ev_proc_info *info = &ev->proc_info;
	_cleanup_close_ int proc = open_proc(root);
	_cleanup_close_ int dir = -1;
	char name[16];
	int r;

	event_init(ev, EV_PROC_INFO, ts);
	info->pid = pid;
	info->start = start;
	info->found = 0;
	if (proc < 0)
		return proc;
	snprintf(name, sizeof(name), "%u", pid);
	dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	r = same_process(dir, start);
	if (r <= 0)
		return r;
	info->found = 1;
	info->args_cut = 0;
	info->container_uid = mapped_uid(dir, read_uid(dir));
	read_command_line(dir, redact, info);
	read_executable(dir, info);
	return 0;
}

/* Busy time of all CPUs in ticks and the number of CPUs online. */
static int read_cpus(int proc, uint64_t *busy, uint64_t *cpus)
{
	_cleanup_fclose_ FILE *file = NULL;
	char line[512];
	uint64_t count = 0;
	int fd = openat(proc, "stat", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	file = fdopen(fd, "re");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	/* The lines of the CPUs come first; the interrupts behind them can be very long. */
	while (fgets(line, sizeof(line), file) && !strncmp(line, "cpu", 3)) {
		unsigned long long t[8] = {0}; /* user nice system idle iowait irq softirq steal */

		if (line[3] >= '0' && line[3] <= '9') {
			count++;
			continue;
		}
		if (sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2],
			   &t[3], &t[4], &t[5], &t[6], &t[7]) == 8)
			*busy = t[0] + t[1] + t[2] + t[5] + t[6] + t[7];
	}
	if (count)
		*cpus = count;
	return 0;
}

static uint64_t meminfo_bytes(const char *text, const char *key)
{
	uint64_t kib = kvfile_get(text, key);

	return kib > UINT64_MAX / 2048 ? U64_UNKNOWN : kib * 1024;
}

int procfs_host(const char *root, uint64_t ts, union event *ev)
{
	struct ev_host *host = &ev->host;
	_cleanup_close_ int proc = open_proc(root);
	uint64_t busy = U64_UNKNOWN;
	char text[8192];

	event_init(ev, EV_HOST, ts);
	if (proc < 0)
		return proc;
	if (kvfile_read(proc, "meminfo", text, sizeof(text)) >= 0) {
		host->memory_total = meminfo_bytes(text, "MemTotal");
		host->memory_available = meminfo_bytes(text, "MemAvailable");
		host->memory_free = meminfo_bytes(text, "MemFree");
		host->memory_cached = meminfo_bytes(text, "Cached");
		host->swap_total = meminfo_bytes(text, "SwapTotal");
		host->swap_free = meminfo_bytes(text, "SwapFree");
		host->committed = meminfo_bytes(text, "Committed_AS");
	}
	read_cpus(proc, &busy, &host->cpus);
	if (busy < UINT64_MAX / NS_PER_TICK)
		host->cpu_busy_ns = busy * NS_PER_TICK;
	/* Absent without CONFIG_PSI, EOPNOTSUPP on reading with psi=0. */
	if (kvfile_read(proc, "pressure/memory", text, sizeof(text)) >= 0)
		kvfile_pressure(text, &host->psi_some_avg10, &host->psi_full_avg10);
	return 0;
}

uint64_t procfs_oom_kills(const char *root)
{
	_cleanup_close_ int proc = open_proc(root);
	char text[32768];

	if (proc < 0 || kvfile_read(proc, "vmstat", text, sizeof(text)) < 0)
		return U64_UNKNOWN;
	return kvfile_get(text, "oom_kill");
}

int procfs_self(uint64_t *cpu_ns, uint64_t *rss)
{
	struct timespec cpu;
	uint64_t pages;
	char text[128];
	const char *resident;
	ssize_t len = kvfile_read(AT_FDCWD, "/proc/self/statm", text, sizeof(text));

	if (len < 0)
		return (int)len;
	resident = strchr(text, ' ');
	if (!resident || parse_u64_n(resident + 1, strcspn(resident + 1, " "), &pages))
		return -EBADMSG;
	/* The same time as in /proc/self/stat, in nanoseconds rather than ticks. */
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu))
		return -errno;
	*cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
	*rss = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/* The first line of a file as clean text; dst stays as it was when there is none. */
static void read_line(int proc, const char *name, char *dst, size_t size)
{
	char text[512];

	if (kvfile_read(proc, name, text, sizeof(text)) > 0)
		utf8_clean(dst, size, text, strcspn(text, "\n"), NULL);
}

int procfs_host_identity(const char *root, struct ev_start *start)
{
	_cleanup_close_ int proc = open_proc(root);
	uint64_t busy, cpus = U64_UNKNOWN;
	char text[8192];
	struct utsname uts;

	if (proc < 0)
		return proc;
	read_line(proc, "sys/kernel/osrelease", start->kernel, sizeof(start->kernel));
	read_line(proc, "sys/kernel/hostname", start->host, sizeof(start->host));
	read_line(proc, "sys/kernel/random/boot_id", start->boot_id, sizeof(start->boot_id));
	/* kernel.arch is younger than 5.10; a recorded tree is not of this machine. */
	read_line(proc, "sys/kernel/arch", start->machine, sizeof(start->machine));
	if (!start->machine[0] && !root[0] && !uname(&uts))
		utf8_clean(start->machine, sizeof(start->machine), uts.machine, strlen(uts.machine),
			   NULL);
	if (!read_cpus(proc, &busy, &cpus) && cpus != U64_UNKNOWN)
		start->cpus = cpus;
	if (kvfile_read(proc, "meminfo", text, sizeof(text)) >= 0)
		start->memory_total = meminfo_bytes(text, "MemTotal");
	return 0;
}
