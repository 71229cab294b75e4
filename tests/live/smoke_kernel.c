/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smoke_kernel.c - the kernel side alone: load, attach, make things happen, look at the events.
 *
 * As root: smoke_kernel [fentry|kprobe|tracepoint ...]; each tier is a round, by default "auto".
 * As init of a VM (pid 1) it mounts what it needs, tries every tier and powers the machine off;
 * the last line says "SMOKE OK" or "SMOKE FAILED". OOM kills happen only in a 32 MiB cgroup of its
 * own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "bpf/wire.h"
#include "in/cgroupfs.h"
#include "in/kernel.h"

#define MAX_EVENTS 65536
#define LIMIT      (32UL << 20)
#define MANY       400 /* cgroups: more than fit into one session of the cgroup iterator */

struct smoke {
	struct cgroupfs fs;
	struct feature features[FEAT_COUNT];
	struct kernel *kernel;
	union event *events;
	size_t n;
	char dir[600];
	uint64_t id; /* of the cgroup in dir */
	int failed;
};

static void check(struct smoke *s, bool ok, const char *what)
{
	printf("%s %s\n", ok ? "  ok  " : "  FAIL", what);
	s->failed += !ok;
}

static void keep(void *ctx, const union event *event)
{
	struct smoke *s = ctx;

	if (s->n < MAX_EVENTS)
		memcpy(&s->events[s->n++], event, event->head.size);
}

static void drain(struct smoke *s)
{
	struct timespec pause = {.tv_nsec = 50000000};

	nanosleep(&pause, NULL);
	kernel_drain(s->kernel, keep, s);
}

/* The only event of a type about a process, NULL when there is none or more than one. */
static const union event *only(const struct smoke *s, uint32_t type, pid_t pid)
{
	const union event *found = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const union event *e = &s->events[i];
		uint32_t of = type == EV_EXIT     ? e->exit.who.pid
			      : type == EV_FORK   ? e->fork.child.pid
			      : type == EV_EXEC   ? e->exec.who.pid
			      : type == EV_OOM    ? e->oom.victim.pid
			      : type == EV_TASK   ? e->task.who.pid
			      : type == EV_SIGNAL ? e->signal.target.pid
						  : 0;

		if (e->head.type != type || of != (uint32_t)pid)
			continue;
		if (found)
			return NULL;
		found = e;
	}
	return found;
}

static bool has_cgroup(const struct smoke *s, uint32_t type, uint64_t id)
{
	for (size_t i = 0; i < s->n; i++) {
		const union event *e = &s->events[i];

		if (e->head.type == type && e->cgroup_gone.id == id && type == EV_CGROUP_GONE)
			return true;
		if (e->head.type == type && type == EV_CGROUP_NEW && e->cgroup_new.id == id)
			return true;
		if (e->head.type == type && type == EV_CGROUP_ATTACH && e->cgroup_attach.id == id)
			return true;
		if (e->head.type == type && type == EV_MEMCG && e->memcg.level.id == id)
			return true;
	}
	return false;
}

static int put(const char *dir, const char *file, const char *text)
{
	char path[700];
	_cleanup_close_ int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -errno;
}

static uint64_t dir_id(const char *dir)
{
	struct stat st;

	return stat(dir, &st) ? 0 : st.st_ino;
}

static void cgroup_make(struct smoke *s, const char *name)
{
	char limit[32];

	snprintf(s->dir, sizeof(s->dir), "%s/%s", s->fs.memory, name);
	if (mkdir(s->dir, 0755) && errno != EEXIST)
		printf("  mkdir %s: %s\n", s->dir, strerror(errno));
	s->id = dir_id(s->dir);
	snprintf(limit, sizeof(limit), "%lu", LIMIT);
	if (s->fs.v1) {
		put(s->dir, "memory.limit_in_bytes", limit);
		put(s->dir, "memory.memsw.limit_in_bytes", limit);
	} else {
		put(s->dir, "memory.max", limit);
		put(s->dir, "memory.swap.max", "0");
	}
}

/* A child inside the cgroup that runs work() and exits with what it returns. */
static pid_t spawn(struct smoke *s, int (*work)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (put(s->dir, "cgroup.procs", "0"))
		_exit(99);
	_exit(work());
}

static int work_code(void)
{
	return 7;
}

static int work_wait(void)
{
	pause();
	return 0;
}

static int work_exec(void)
{
	execl("/proc/self/exe", "smoke", "--exit", "3", (char *)NULL);
	return 98;
}

static int work_faults(void)
{
	size_t len = 4000UL * (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 97;
	madvise(p, len, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < len; i += (size_t)sysconf(_SC_PAGESIZE))
		p[i] = 1;
	return 0;
}

#define KIND_PAGES 2000

static void touch(char *p, size_t pages)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; p != MAP_FAILED && i < pages; i++)
		((volatile char *)p)[i * page] = 1;
}

/* Faults in one kind of mapping, among so many others that the tree of mappings is deep. */
static int work_kind(enum wire_fault_kind kind)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = KIND_PAGES * page;
	int fd, shared = MAP_SHARED | MAP_ANONYMOUS, private = MAP_PRIVATE | MAP_ANONYMOUS;

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (int i = 0; i < 4000; i++)
		mmap(NULL, page, i & 1 ? PROT_READ : PROT_NONE, private, -1, 0);
	switch (kind) {
	case WIRE_FAULT_HEAP:
		touch(sbrk((intptr_t)len), KIND_PAGES);
		break;
	case WIRE_FAULT_STACK: {
		char room[1500 * 4096];

		touch(room, sizeof(room) / page);
		break;
	}
	case WIRE_FAULT_FILE:
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		for (int i = 0; i < 20; i++)
			touch(mmap(NULL, 100 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0),
			      100);
		break;
	case WIRE_FAULT_SHMEM:
		touch(mmap(NULL, len, PROT_READ | PROT_WRITE, shared, -1, 0), KIND_PAGES);
		break;
	default:
		touch(mmap(NULL, len, PROT_READ | PROT_WRITE, private, -1, 0), KIND_PAGES);
	}
	return 0;
}

static int work_heap(void)
{
	return work_kind(WIRE_FAULT_HEAP);
}

static int work_mmap(void)
{
	return work_kind(WIRE_FAULT_MMAP);
}

static int work_stack(void)
{
	return work_kind(WIRE_FAULT_STACK);
}

static int work_file(void)
{
	return work_kind(WIRE_FAULT_FILE);
}

static int work_shmem(void)
{
	return work_kind(WIRE_FAULT_SHMEM);
}

static int work_oom(void)
{
	size_t len = 4 * LIMIT;
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		memset(p, 1, len);
	return 96; /* not reached */
}

static void *late_thread(void *arg)
{
	struct timespec nap = {.tv_nsec = 30000000};

	nanosleep(&nap, NULL);
	return arg;
}

static int work_leader_first(void)
{
	pthread_t threads[8];

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, late_thread, NULL);
	pthread_exit(NULL);
}

static int reap(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

static void test_exits(struct smoke *s)
{
	const union event *e;
	pid_t code = spawn(s, work_code), group, term, exec;
	int status = reap(code);

	group = spawn(s, work_leader_first);
	reap(group);
	exec = spawn(s, work_exec);
	reap(exec);
	term = spawn(s, work_wait);
	usleep(50000);
	kill(term, SIGTERM);
	reap(term);
	drain(s);

	e = only(s, EV_FORK, code);
	check(s, e && e->fork.parent_pid == (uint32_t)getpid() && e->fork.ns_pid == (uint32_t)code,
	      "fork: one record, with its parent");
	e = only(s, EV_EXIT, code);
	check(s,
	      e && e->exit.status == (uint32_t)status && WEXITSTATUS(status) == 7 &&
		      e->exit.who.memcg == s->id,
	      "exit: code 7, in the cgroup");
	check(s, e && e->exit.minor_faults != U64_UNKNOWN && e->exit.minor_faults > 0,
	      "exit: faults");
	check(s, only(s, EV_EXIT, group) != NULL,
	      "exit: one record for a group whose leader went first");
	e = only(s, EV_EXEC, exec);
	check(s,
	      e && !strcmp(e->exec.command_line, "smoke --exit 3") &&
		      !strcmp(e->exec.executable, "/proc/self/exe"),
	      "exec: file and command line");
	e = only(s, EV_SIGNAL, term);
	check(s,
	      e && e->signal.sig == SIGTERM && e->signal.sender.pid == (uint32_t)getpid() &&
		      e->signal.target.memcg == s->id,
	      "signal: sender and target");
	e = only(s, EV_EXIT, term);
	check(s, e && e->exit.status == SIGTERM, "exit: by SIGTERM");
	check(s, has_cgroup(s, EV_CGROUP_ATTACH, s->id), "cgroup: attach");
}

static void test_oom(struct smoke *s)
{
	const struct feature *tier = &s->features[FEAT_OOM];
	struct pollfd wait = {.fd = kernel_poll_fd(s->kernel), .events = POLLIN};
	const union event *e;
	pid_t pid = spawn(s, work_oom);
	int status, woken = poll(&wait, 1, 20000);

	status = reap(pid);
	drain(s);
	check(s, woken == 1, "oom: the reader was woken");
	e = only(s, EV_OOM, pid);
	check(s, e && WIFSIGNALED(status), "oom: exactly one record for the victim");
	if (!e)
		return;
	printf("  tier %s: anon %lld of %lld (bare %lld), levels %u, limit id %llu usage %lld max "
	       "%llu, path %s, "
	       "trigger %u, gfp %llx, message '%s'\n",
	       tier->how, (long long)e->oom.anon, (long long)e->oom.total_vm,
	       (long long)e->oom.raw_anon, e->oom.n_levels, (unsigned long long)e->oom.limit.id,
	       (long long)e->oom.limit.usage, (unsigned long long)e->oom.limit.max,
	       e->oom.victim_path, e->oom.trigger.pid, (unsigned long long)e->oom.gfp,
	       e->oom.message);
	check(s,
	      e->oom.levels[0].id == s->id && e->oom.levels[0].max == LIMIT &&
		      strstr(s->dir, e->oom.victim_path),
	      "oom: the victim's cgroup, limit and path");
	check(s, e->oom.anon > (int64_t)(LIMIT / 2) && e->oom.anon <= (int64_t)(LIMIT + (4 << 20)),
	      "oom: anon about the limit");
	if (tier->state == FEATURE_YES)
		check(s,
		      e->oom.limit.id == s->id && e->oom.decision && e->oom.nth == 1 &&
			      e->oom.constraint == EV_CONSTRAINT_MEMCG &&
			      !strcmp(e->oom.limit_path, e->oom.victim_path),
		      "oom: the decision");
	e = only(s, EV_EXIT, pid);
	check(s, e && e->exit.oom_victim && e->exit.status == SIGKILL, "oom: the victim's exit");
}

static int64_t own_status(const char *key)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), ": %lld", &kb);
	return kb * 1024;
}

static void test_snapshots(struct smoke *s)
{
	char dir[700];
	const union event *e;
	uint64_t first = 0;
	int r, seen = 0;

	for (int i = 0; i < MANY; i++) {
		snprintf(dir, sizeof(dir), "%s/mw-many-%d", s->fs.memory, i);
		mkdir(dir, 0755);
		first = i ? first : dir_id(dir);
	}
	s->n = 0;
	r = kernel_snapshot_tasks(s->kernel, keep, s);
	e = only(s, EV_TASK, getpid());
	check(s, !r && e, "snapshot: this process");
	if (e) {
		int64_t anon = own_status("RssAnon"), off = anon - e->task.anon;

		printf("  %llu tasks in %llu us; anon %lld, /proc %lld\n",
		       (unsigned long long)s->events[s->n - 1].tasks_end.count,
		       (unsigned long long)s->events[s->n - 1].tasks_end.taken_ns / 1000,
		       (long long)e->task.anon, (long long)anon);
		check(s, llabs(off) <= (e->task.rss_exact ? 65536 : 1 << 20),
		      "snapshot: anon as /proc has it");
	}
	s->n = 0;
	r = kernel_snapshot_memcgs(s->kernel, keep, s);
	if (r == -EOPNOTSUPP && s->features[FEAT_ITER_CGROUP].state == FEATURE_NO) {
		printf("  no cgroup iterator\n");
	} else {
		for (size_t i = 0; i < s->n; i++)
			seen += s->events[i].head.type == EV_MEMCG;
		printf("  %d memory cgroups: %d\n", seen, r);
		check(s,
		      !r && seen > MANY && has_cgroup(s, EV_MEMCG, s->id) &&
			      has_cgroup(s, EV_MEMCG, first),
		      "snapshot: every memory cgroup");
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(dir, sizeof(dir), "%s/mw-many-%d", s->fs.memory, i);
		rmdir(dir);
	}
	drain(s);
	check(s, has_cgroup(s, EV_CGROUP_GONE, first), "cgroup: rmdir");
}

static const struct ev_memcg_counts *counts_of(struct smoke *s)
{
	int r;

	s->n = 0;
	r = kernel_read_count(s->kernel, s->id, keep, s);
	if (r || s->n != 1) {
		printf("  counts of %llu: %d, %zu events\n", (unsigned long long)s->id, r, s->n);
		return NULL;
	}
	return &s->events[0].memcg_counts;
}

/* Nearly all faults of a process that touches one kind of mapping are sampled as that kind. */
static void test_kinds(struct smoke *s)
{
	static const struct {
		enum wire_fault_kind kind;
		int (*work)(void);
		const char *what;
	} kinds[] = {
		{WIRE_FAULT_HEAP, work_heap, "kinds: heap"},
		{WIRE_FAULT_MMAP, work_mmap, "kinds: mmap"},
		{WIRE_FAULT_STACK, work_stack, "kinds: stack"},
		{WIRE_FAULT_FILE, work_file, "kinds: file"},
		{WIRE_FAULT_SHMEM, work_shmem, "kinds: shmem"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct ev_memcg_counts *c = counts_of(s);
		uint64_t before = c ? c->kinds[kinds[i].kind] : 0, old = 0, all = 0, hit = 0;

		for (int k = 0; c && k < EV_KINDS; k++)
			old += c->kinds[k];
		reap(spawn(s, kinds[i].work));
		c = counts_of(s);
		for (int k = 0; c && k < EV_KINDS; k++)
			all += c->kinds[k];
		hit = c ? c->kinds[kinds[i].kind] - before : 0;
		printf("  %s: %llu of %llu\n", kinds[i].what, (unsigned long long)hit,
		       (unsigned long long)(all - old));
		/* A VM's root file system is a tmpfs: its files count as shmem. */
		check(s, hit >= 15 || (getpid() == 1 && kinds[i].kind == WIRE_FAULT_FILE),
		      kinds[i].what);
	}
}

static void test_counts(struct smoke *s)
{
	const struct ev_memcg_counts *c = counts_of(s);
	uint64_t before = c ? c->faults : 0;
	bool perf = s->features[FEAT_PAGE_FAULT].state != FEATURE_YES;

	reap(spawn(s, work_faults));
	c = counts_of(s);
	check(s, c && c->faults - before >= (perf ? 3500 : 4000) && c->faults - before < 6000,
	      "counts: 4000 faults");
	check(s, c && c->forks == 0 && c->exits == 6 && c->execs == 1 && c->oom_kills == 1,
	      "counts: exits, execs, oom kills of the cgroup");
	if (c)
		printf("  faults %llu of them sampled: other %llu heap %llu mmap %llu stack %llu "
		       "file %llu shmem %llu; "
		       "forks %llu execs %llu exits %llu signals %llu oom %llu\n",
		       (unsigned long long)(c->faults - before), (unsigned long long)c->kinds[0],
		       (unsigned long long)c->kinds[1], (unsigned long long)c->kinds[2],
		       (unsigned long long)c->kinds[3], (unsigned long long)c->kinds[4],
		       (unsigned long long)c->kinds[5], (unsigned long long)c->forks,
		       (unsigned long long)c->execs, (unsigned long long)c->exits,
		       (unsigned long long)c->signals, (unsigned long long)c->oom_kills);
	check(s, c && c->kinds[2] > 30, "counts: sampled as mmap");
	test_kinds(s);
	kernel_forget(s->kernel, s->id);
	c = counts_of(s);
	check(s, c && c->faults == 0, "counts: forgotten");
	sleep(3);
	s->n = 0;
	kernel_read_counts(s->kernel, keep, s);
	s->n = 0;
	reap(spawn(s, work_code));
	c = counts_of(s);
	check(s, c && c->exits == 1 && c->faults < 1000, "counts: a slot used again");
}

static void test_health(struct smoke *s)
{
	union event health;

	event_init(&health, EV_HEALTH, now_boot());
	s->n = 0;
	check(s, !kernel_health(s->kernel, keep, s, &health.health), "health");
	for (size_t i = 0; i < s->n; i++) {
		const struct ev_resource *r = &s->events[i].resource;

		if (r->head.type == EV_RESOURCE)
			printf("  %-12s %llu of %llu, peak %llu, lost %llu %s\n", r->name,
			       (unsigned long long)r->used, (unsigned long long)r->capacity,
			       (unsigned long long)r->peak, (unsigned long long)r->lost, r->cause);
	}
	printf("  mark_victim %llu refused %llu, no kill %llu, exit duplicates %llu\n",
	       (unsigned long long)health.health.mark_victim_seen,
	       (unsigned long long)health.health.mark_victim_refused,
	       (unsigned long long)health.health.oom_no_kill,
	       (unsigned long long)health.health.exit_duplicate);
	check(s, health.health.mark_victim_seen > health.health.mark_victim_refused,
	      "health: mark_victim seen");
}

static int round_of(enum oom_tier_choice tier, const char *name)
{
	struct smoke s = {0};
	struct kernel_options options = {
		.max_containers = 1000, .ring_bytes = 4 << 20, .oom_ring_bytes = 1 << 20};
	char err[512] = "";
	int r;

	printf("round %s\n", name);
	cgroupfs_open(&s.fs, "");
	features_probe(s.features, tier, NULL);
	for (int i = 0; i < FEAT_COUNT; i++)
		printf("  %-20s %d %-28s %s\n", s.features[i].name, s.features[i].state,
		       s.features[i].how, s.features[i].error ? strerror(s.features[i].error) : "");
	options.memory_hierarchy = s.fs.hierarchy;
	options.memory_v1 = s.fs.v1;
	options.memory_root = s.fs.memory;
	options.debug = getenv("SMOKE_DEBUG") != NULL;
	s.events = calloc(MAX_EVENTS, sizeof(*s.events));
	r = s.events ? kernel_open(&s.kernel, s.features, &options, err, sizeof(err)) : -ENOMEM;
	check(&s, !r, "open");
	if (r) {
		printf("  %s\n", err);
		return 1;
	}
	printf("  verdict %d, oom by %s, exit by %s\n", features_verdict(s.features),
	       s.features[FEAT_OOM].how, s.features[FEAT_EXIT_GROUP_DEAD].how);
	cgroup_make(&s, "mw-smoke");
	drain(&s);
	check(&s, has_cgroup(&s, EV_CGROUP_NEW, s.id), "cgroup: mkdir");
	test_exits(&s);
	test_oom(&s);
	test_counts(&s);
	test_snapshots(&s);
	test_health(&s);
	rmdir(s.dir);
	kernel_free(s.kernel);
	free(s.events);
	return s.failed;
}

static void vm_mount(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	if (access("/v1", F_OK) == 0) {
		mount("tmpfs", "/sys/fs/cgroup", "tmpfs", 0, NULL);
		mkdir("/sys/fs/cgroup/memory", 0755);
		mount("cgroup", "/sys/fs/cgroup/memory", "cgroup", 0, "memory");
	} else {
		mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
		put("/sys/fs/cgroup", "cgroup.subtree_control", "+memory");
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum oom_tier_choice tier;
	} tiers[] = {{"auto", OOM_TIER_AUTO},
		     {"fentry", OOM_TIER_FENTRY},
		     {"kprobe", OOM_TIER_KPROBE},
		     {"tracepoint", OOM_TIER_TRACEPOINT}};
	bool init = getpid() == 1;
	int failed = 0;

	if (argc == 3 && !strcmp(argv[1], "--exit"))
		return atoi(argv[2]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (init)
		vm_mount();
	if (getenv("SMOKE_DEBUG"))
		log_set_level(LOG_LEVEL_DEBUG);
	for (size_t i = 0; i < ARRAY_SIZE(tiers); i++) {
		bool asked = init || (argc == 1 && !i);

		for (int a = 1; a < argc; a++)
			asked |= !strcmp(argv[a], tiers[i].name);
		if (asked)
			failed += round_of(tiers[i].tier, tiers[i].name);
	}
	printf("SMOKE %s\n", failed ? "FAILED" : "OK");
	if (init)
		reboot(RB_POWER_OFF);
	return failed != 0;
}
