/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroupfs_stat.c - what the files of one memory cgroup say.
 *
 * The directory is opened component by component without following links, its inode is held
 * against the cgroup's id, and all files are opened relative to it: a cgroup that was removed and
 * made again under the same path is never taken for the old one.
 *
 * v1 and v2 say the same things under other names; where v1 has a total_* key, that is the
 * hierarchical value, which is what v2's plain keys are.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "in/cgroupfs.h"
#include "in/kvfile.h"

/* memory.stat is about 1.5 KiB on 5.10 and about 3 KiB on 6.x. */
#define STAT_SIZE 8192

/*
 * v1's "no limit" is PAGE_COUNTER_MAX pages: LONG_MAX rounded down to a page, and no page that
 * we run on is larger than 64 KiB.
 */
static uint64_t v1_limit(int dir, const char *name)
{
	uint64_t bytes = kvfile_number(dir, name);

	if (bytes != U64_UNKNOWN && bytes >= (uint64_t)INT64_MAX - 0xffff)
		return U64_UNLIMITED;
	return bytes;
}

/* Open mount + path; a descriptor or -errno. Path components that no cgroup has are refused. */
static int open_cgroup(const char *mount, const char *path)
{
	int fd = open(mount, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (*path) {
		char name[256];
		size_t len = strcspn(path, "/");
		int next, error;

		if (len == 0) {
			path++;
			continue;
		}
		if (len >= sizeof(name)) {
			close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		if (!strcmp(name, ".") || !strcmp(name, "..")) {
			close(fd);
			return -ENOENT;
		}
		next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		error = errno;
		close(fd);
		if (next < 0)
			return -error;
		fd = next;
	}
	return fd;
}

/* The directory of cgroup `id`; -ENOENT when it is gone or another one has its path. */
static int open_memory(const struct cgroupfs *fs, uint64_t id, const char *path)
{
	int fd = open_cgroup(fs->memory, path);
	struct stat st;

	if (fd == -ENOTDIR || fd == -ELOOP || fd == -ENAMETOOLONG || fd == -ENODEV)
		return -ENOENT;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || st.st_ino != id) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* The kernel's memory of a v2 cgroup: one key since 5.18, before that the sum of its parts. */
static uint64_t v2_kernel(const char *stat)
{
	static const char *const parts[] = {"kernel_stack", "pagetables", "percpu", "slab"};
	uint64_t sum = kvfile_get(stat, "kernel");
	bool any = false;

	if (sum != U64_UNKNOWN)
		return sum;
	sum = 0;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		uint64_t part = kvfile_get(stat, parts[i]);

		if (part == U64_UNKNOWN)
			continue;
		sum += part;
		any = true;
	}
	return any ? sum : U64_UNKNOWN;
}

static uint64_t ns_from_us(uint64_t us)
{
	return us > UINT64_MAX / 2000 ? U64_UNKNOWN : us * 1000;
}

static void stat_v2(int dir, struct ev_memcg_stat *stat)
{
	char text[STAT_SIZE];

	stat->usage = kvfile_number(dir, "memory.current");
	stat->peak = kvfile_number(dir, "memory.peak");
	stat->limit = kvfile_number(dir, "memory.max");
	stat->high = kvfile_number(dir, "memory.high");
	stat->swap = kvfile_number(dir, "memory.swap.current");
	stat->swap_limit = kvfile_number(dir, "memory.swap.max");
	if (kvfile_read(dir, "memory.stat", text, sizeof(text)) >= 0) {
		stat->anon = kvfile_get(text, "anon");
		stat->file = kvfile_get(text, "file");
		stat->shmem = kvfile_get(text, "shmem");
		stat->kernel = v2_kernel(text);
		stat->slab_unreclaimable = kvfile_get(text, "slab_unreclaimable");
		stat->inactive_file = kvfile_get(text, "inactive_file");
		stat->pgfault = kvfile_get(text, "pgfault");
		stat->pgmajfault = kvfile_get(text, "pgmajfault");
	}
	if (kvfile_read(dir, "memory.events", text, sizeof(text)) >= 0)
		stat->oom_kills = kvfile_get(text, "oom_kill");
	if (kvfile_read(dir, "cpu.stat", text, sizeof(text)) >= 0) {
		stat->cpu_ns = ns_from_us(kvfile_get(text, "usage_usec"));
		stat->throttled_ns = ns_from_us(kvfile_get(text, "throttled_usec"));
	}
	/* Absent without CONFIG_PSI, EOPNOTSUPP on reading with psi=0 or cgroup.pressure 0. */
	if (kvfile_read(dir, "memory.pressure", text, sizeof(text)) >= 0)
		kvfile_pressure(text, &stat->psi_some_avg10, &stat->psi_full_avg10);
}

/* memsw counts memory and swap together; what is left for swap is the difference. */
static uint64_t v1_swap_limit(uint64_t limit, uint64_t memsw)
{
	if (memsw == U64_UNKNOWN || limit == U64_UNKNOWN)
		return U64_UNKNOWN;
	if (memsw == U64_UNLIMITED || limit == U64_UNLIMITED)
		return U64_UNLIMITED;
	return memsw > limit ? memsw - limit : 0;
}

/* CPU time is on hierarchies of its own on v1: the cgroup of the same path there, if any. */
static void stat_v1_cpu(const struct cgroupfs *fs, const char *path, struct ev_memcg_stat *stat)
{
	_cleanup_close_ int cpuacct = fs->cpuacct[0] ? open_cgroup(fs->cpuacct, path) : -1;
	_cleanup_close_ int cpu = fs->cpu[0] ? open_cgroup(fs->cpu, path) : -1;
	char text[512];

	if (cpuacct >= 0)
		stat->cpu_ns = kvfile_number(cpuacct, "cpuacct.usage");
	if (cpu >= 0 && kvfile_read(cpu, "cpu.stat", text, sizeof(text)) >= 0)
		stat->throttled_ns = kvfile_get(text, "throttled_time");
}

static void stat_v1(const struct cgroupfs *fs, int dir, const char *path,
		    struct ev_memcg_stat *stat)
{
	char text[STAT_SIZE];

	stat->usage = kvfile_number(dir, "memory.usage_in_bytes");
	stat->peak = kvfile_number(dir, "memory.max_usage_in_bytes");
	stat->limit = v1_limit(dir, "memory.limit_in_bytes");
	stat->high = U64_UNLIMITED; /* v1 has no such limit */
	stat->swap_limit = v1_swap_limit(stat->limit, v1_limit(dir, "memory.memsw.limit_in_bytes"));
	stat->kernel = kvfile_number(dir, "memory.kmem.usage_in_bytes");
	if (kvfile_read(dir, "memory.stat", text, sizeof(text)) >= 0) {
		stat->anon = kvfile_get(text, "total_rss");
		stat->file = kvfile_get(text, "total_cache");
		stat->shmem = kvfile_get(text, "total_shmem");
		/* memsw minus usage would be two counters read at two times. */
		stat->swap = kvfile_get(text, "total_swap");
		stat->inactive_file = kvfile_get(text, "total_inactive_file");
		stat->pgfault = kvfile_get(text, "total_pgfault");
		stat->pgmajfault = kvfile_get(text, "total_pgmajfault");
	}
	if (kvfile_read(dir, "memory.oom_control", text, sizeof(text)) >= 0) {
		stat->oom_kills = kvfile_get(text, "oom_kill");
		stat->oom_kill_disable = kvfile_get(text, "oom_kill_disable");
	}
	stat_v1_cpu(fs, path, stat);
}

static void stat_gone(uint64_t id, uint64_t ts, union event *ev)
{
	event_init(ev, EV_MEMCG_STAT, ts);
	ev->memcg_stat.id = id;
	ev->memcg_stat.found = 0;
}

int cgroupfs_stat(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		  union event *ev)
{
	struct ev_memcg_stat *stat = &ev->memcg_stat;
	_cleanup_close_ int dir = open_memory(fs, id, path);

	stat_gone(id, ts, ev);
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	stat->found = 1;
	if (fs->v1)
		stat_v1(fs, dir, path, stat);
	else
		stat_v2(dir, stat);
	/* Removed while it was read? v2's root and a cgroup without the controller have no usage.
	 */
	if (stat->usage == U64_UNKNOWN) {
		_cleanup_close_ int again = open_memory(fs, id, path);

		if (again == -ENOENT)
			stat_gone(id, ts, ev);
	}
	return 0;
}

/* The sum of those of two keys that are there; one name before 5.9, one for anon and file since. */
static uint64_t refaults(const char *text, const char *anon, const char *file)
{
	uint64_t a = kvfile_get(text, anon), f = kvfile_get(text, file);

	if (a == U64_UNKNOWN || f == U64_UNKNOWN)
		return f == U64_UNKNOWN ? a : f;
	return a + f;
}

static void watch_v2(int dir, const char *text, struct ev_memcg_watch *watch)
{
	struct ev_split *split = &watch->split;
	char pressure[512];
	uint64_t some;

	split->anon = kvfile_get(text, "anon");
	split->file = kvfile_get(text, "file");
	split->shmem = kvfile_get(text, "shmem");
	split->kernel = v2_kernel(text);
	split->slab_unreclaimable = kvfile_get(text, "slab_unreclaimable");
	split->inactive_file = kvfile_get(text, "inactive_file");
	split->active_file = kvfile_get(text, "active_file");
	split->unevictable = kvfile_get(text, "unevictable");
	split->sock = kvfile_get(text, "sock");
	watch->swap = kvfile_number(dir, "memory.swap.current");
	watch->refaults = refaults(text, "workingset_refault_anon", "workingset_refault_file");
	if (kvfile_read(dir, "memory.pressure", pressure, sizeof(pressure)) >= 0)
		kvfile_pressure(pressure, &some, &watch->psi_full_avg10);
}

static void watch_v1(int dir, const char *text, struct ev_memcg_watch *watch)
{
	struct ev_split *split = &watch->split;

	split->anon = kvfile_get(text, "total_rss");
	split->file = kvfile_get(text, "total_cache");
	split->shmem = kvfile_get(text, "total_shmem");
	split->kernel = kvfile_number(dir, "memory.kmem.usage_in_bytes");
	split->inactive_file = kvfile_get(text, "total_inactive_file");
	split->active_file = kvfile_get(text, "total_active_file");
	split->unevictable = kvfile_get(text, "total_unevictable");
	watch->swap = kvfile_get(text, "total_swap");
	watch->refaults =
		refaults(text, "total_workingset_refault_anon", "total_workingset_refault_file");
}

int cgroupfs_watch(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		   union event *ev)
{
	struct ev_memcg_watch *watch = &ev->memcg_watch;
	_cleanup_close_ int dir = open_memory(fs, id, path);
	char text[STAT_SIZE];

	event_init(ev, EV_MEMCG_WATCH, ts);
	watch->id = id;
	watch->found = 0;
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	if (kvfile_read(dir, "memory.stat", text, sizeof(text)) < 0)
		return 0;
	watch->found = 1;
	if (fs->v1)
		watch_v1(dir, text, watch);
	else
		watch_v2(dir, text, watch);
	return 0;
}

static int64_t signed_size(uint64_t bytes)
{
	return bytes > INT64_MAX ? S64_UNKNOWN : (int64_t)bytes;
}

/* An initialised level is none at all; this is one that nothing is known of. */
static const struct ev_level unknown_level = {
	.usage = S64_UNKNOWN,
	.max = U64_UNKNOWN,
	.high = U64_UNKNOWN,
	.swap_usage = S64_UNKNOWN,
	.swap_max = U64_UNKNOWN,
	.failcnt = U64_UNKNOWN,
	.events_max = U64_UNKNOWN,
	.events_high = U64_UNKNOWN,
	.oom_local = U64_UNKNOWN,
	.oom_group = U64_UNKNOWN,
};

static void memcg_v2(int dir, struct ev_memcg *memcg)
{
	struct ev_level *level = &memcg->level;
	char text[512];

	level->usage = signed_size(kvfile_number(dir, "memory.current"));
	level->max = kvfile_number(dir, "memory.max");
	level->high = kvfile_number(dir, "memory.high");
	level->swap_usage = signed_size(kvfile_number(dir, "memory.swap.current"));
	level->swap_max = kvfile_number(dir, "memory.swap.max");
	level->oom_group = kvfile_number(dir, "memory.oom.group");
	if (kvfile_read(dir, "memory.events", text, sizeof(text)) >= 0) {
		level->events_max = kvfile_get(text, "max");
		memcg->oom_kills = kvfile_get(text, "oom_kill");
		level->events_high = kvfile_get(text, "high");
	}
	if (kvfile_read(dir, "memory.events.local", text, sizeof(text)) >= 0) {
		level->oom_local = kvfile_get(text, "oom");
		memcg->oom_kills_local = kvfile_get(text, "oom_kill");
	}
}

static void memcg_v1(int dir, struct ev_memcg *memcg)
{
	struct ev_level *level = &memcg->level;
	char text[512];

	level->usage = signed_size(kvfile_number(dir, "memory.usage_in_bytes"));
	level->max = v1_limit(dir, "memory.limit_in_bytes");
	level->high = U64_UNLIMITED;
	level->swap_usage = signed_size(kvfile_number(dir, "memory.memsw.usage_in_bytes"));
	level->swap_max = v1_limit(dir, "memory.memsw.limit_in_bytes");
	level->failcnt = kvfile_number(dir, "memory.failcnt");
	level->oom_group = 0; /* v1 kills one at a time */
	if (kvfile_read(dir, "memory.oom_control", text, sizeof(text)) >= 0)
		memcg->oom_kills = memcg->oom_kills_local = kvfile_get(text, "oom_kill");
}

int cgroupfs_memcg(const struct cgroupfs *fs, uint64_t id, const char *path, uint64_t ts,
		   union event *ev)
{
	_cleanup_close_ int dir = open_memory(fs, id, path);

	event_init(ev, EV_MEMCG, ts);
	ev->memcg.v1 = fs->v1;
	if (dir < 0)
		return dir;
	ev->memcg.level = unknown_level;
	ev->memcg.level.id = id;
	if (fs->v1)
		memcg_v1(dir, &ev->memcg);
	else
		memcg_v2(dir, &ev->memcg);
	return 0;
}

bool cgroupfs_exists(const struct cgroupfs *fs, uint64_t id, const char *path)
{
	_cleanup_close_ int fd = open_memory(fs, id, path);

	return fd >= 0;
}

bool cgroupfs_accounts(const struct cgroupfs *fs, const char *path)
{
	_cleanup_close_ int dir = open_cgroup(fs->memory, path);

	/* The root of v2 has no such file, and accounts. */
	return dir >= 0 &&
	       (fs->v1 || !strcmp(path, "/") || !faccessat(dir, "memory.current", F_OK, 0));
}

uint32_t cgroupfs_any_pid(const struct cgroupfs *fs, const char *path)
{
	_cleanup_close_ int dir = open_cgroup(fs->memory, path);
	char text[32];
	uint64_t pid;

	/* Whole lines only: the first is all that is wanted. */
	if (dir < 0 || kvfile_read(dir, "cgroup.procs", text, sizeof(text)) <= 0 ||
	    parse_u64_n(text, strcspn(text, "\n"), &pid) || pid > INT32_MAX)
		return 0;
	return (uint32_t)pid;
}

uint64_t cgroupfs_id(const struct cgroupfs *fs, const char *path)
{
	_cleanup_close_ int dir = open_cgroup(fs->memory, path);
	struct stat st;

	return dir >= 0 && !fstat(dir, &st) ? st.st_ino : 0;
}
