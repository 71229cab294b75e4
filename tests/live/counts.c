/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counts.c - containers' lives and totals: forks, exits and page faults of a cgroup against what
 * was done in it and against the kernel's own count, and cgroups that live very shortly.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "live.h"

#define FORKS      70
#define EXECS      20
#define PAGES_EAT  (12 * MIB)
#define SHORT      20
#define EMPTY_LIFE 5 /* milliseconds */

struct forker {
	const char *self;
};

static void *do_nothing(void *arg)
{
	return arg;
}

/* FORKS children, EXECS of them become another program; threads are no forks. */
static void fork_many(void *arg)
{
	const struct forker *f = arg;
	pthread_t t;
	pid_t pid;

	for (int i = 0; i < 4; i++)
		if (!pthread_create(&t, NULL, do_nothing, NULL))
			pthread_join(t, NULL);
	for (int i = 0; i < FORKS; i++) {
		pid = fork();
		if (pid == 0) {
			if (i < EXECS)
				execl(f->self, "mw-exec", "--exec-child", "0", (char *)NULL);
			_exit(0);
		}
		if (pid < 0)
			_exit(88);
		waitpid(pid, NULL, 0);
	}
}

static void finish(const struct cg *cg, const char *what)
{
	int err = cg_remove(cg);

	if (err)
		printf("  %s: cannot remove %s: %s\n", what, cg->path, strerror(-err));
}

static void run_forks(struct live *l)
{
	struct forker f = {.self = l->self};
	struct expected_cgroup *x;
	struct child c;
	struct cg cg;
	int status = -1;

	if (cg_make(&l->cgroups, "counts/forks", 64 * MIB, &cg) ||
	    child_start(&c, &cg, "mw-forks", fork_many, &f) || child_wait(&c, &status, NULL))
		return;
	if (status)
		printf("  forks: the child ended with wait status 0x%x\n", (unsigned)status);
	x = expect_cgroup(l, "forks and exits", &cg, 64 * MIB);
	x->count = true;
	x->forks = FORKS;
	/* It was itself forked outside and moved in, but it ended here. */
	x->exits = FORKS + 1;
	finish(&cg, "forks");
}

/* Faults that the program itself takes. */
static void touch_pages(void *arg)
{
	(void)arg;
	eat(PAGES_EAT, false);
}

/* Faults that the kernel takes on the program's behalf: read() into memory that is not there yet.
 */
static void read_pages(void *arg)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char *p = mmap(NULL, PAGES_EAT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	if (fd < 0 || p == MAP_FAILED || madvise(p, PAGES_EAT, MADV_NOHUGEPAGE))
		_exit(87);
	if (read(fd, p, PAGES_EAT) != (ssize_t)PAGES_EAT)
		_exit(86);
}

static void run_faults_of(struct live *l, const char *what, const char *rel, child_fn fn)
{
	struct expected_cgroup *x;
	uint64_t faults = 0;
	struct child c;
	struct cg cg;
	int status = -1;

	if (cg_make(&l->cgroups, rel, 64 * MIB, &cg) ||
	    child_start(&c, &cg, "mw-faults", fn, NULL) || child_wait(&c, &status, NULL))
		return;
	if (status)
		printf("  %s: the child ended with wait status 0x%x\n", what, (unsigned)status);
	if (cg_read(&cg, "memory.stat", "pgfault", &faults))
		printf("  %s: memory.stat has no pgfault\n", what);
	x = expect_cgroup(l, what, &cg, 64 * MIB);
	x->faults = faults;
	x->least_faults = PAGES_EAT / (uint64_t)sysconf(_SC_PAGESIZE);
	finish(&cg, what);
}

static void run_faults(struct live *l)
{
	run_faults_of(l, "page faults of user space", "counts/faults", touch_pages);
}

static void run_kernel_faults(struct live *l)
{
	run_faults_of(l, "page faults taken in the kernel", "counts/kfaults", read_pages);
}

/* A cgroup named as a unit is a container from its mkdir on, also when nobody ever lives in it. */
static void run_empty(struct live *l)
{
	struct cg cg;

	if (cg_make(&l->cgroups, "empty.service", 0, &cg))
		return;
	sleep_ms(EMPTY_LIFE);
	expect_cgroup(l, "empty, for milliseconds", &cg, 0);
	finish(&cg, "empty");
}

static void leave(void *arg)
{
	(void)arg;
}

static void run_short(struct live *l)
{
	char rel[64];

	for (int i = 0; i < SHORT; i++) {
		struct child c;
		struct cg cg;
		int status;

		snprintf(rel, sizeof(rel), "counts/short%d", i);
		if (cg_make(&l->cgroups, rel, 8 * MIB, &cg) ||
		    child_start(&c, &cg, "mw-short", leave, NULL) || child_wait(&c, &status, NULL))
			return;
		expect_cgroup(l, "short lives", &cg, 0)->exits = 1;
		finish(&cg, "short");
	}
}

void counts_run(struct live *l)
{
	static const struct {
		const char *name;
		void (*run)(struct live *l);
	} scenarios[] = {
		{"counts/forks", run_forks},           {"counts/faults", run_faults},
		{"counts/kfaults", run_kernel_faults}, {"counts/empty", run_empty},
		{"counts/short", run_short},
	};

	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (live_wanted(l, scenarios[i].name))
			scenarios[i].run(l);
}

/* ---- checks ---- */

static unsigned int records_of(struct live *l, const struct expected_cgroup *x, const char *type,
			       json_t **first)
{
	unsigned int n = 0;
	json_t *o;

	for (size_t i = 0; (o = records_next(&l->agent->records, type, &i));)
		if (json_int(o, "container.cgroup_id", -1) == (int64_t)x->cg.id &&
		    json_is(o, "container.cgroup", x->cg.path) && !n++)
			*first = o;
	return n;
}

static void check_faults(struct live *l, const struct expected_cgroup *x, json_t *stop)
{
	int64_t minor = json_int(stop, "faults.minor", -1);
	int64_t major = json_int(stop, "faults.major", 0);
	uint64_t sum = (uint64_t)(minor + major);
	/* The memory.stat of 5.10 is brought up to date late: it may be behind, never ahead. */
	bool lags = !strncmp(l->release, "5.", 2);

	check(&l->checks, minor >= 0 && sum >= x->least_faults,
	      "%" PRIu64 " faults, at least %" PRIu64 " were caused", sum, x->least_faults);
	check(&l->checks, lags ? x->faults <= sum : x->faults == sum,
	      "%" PRIu64 " faults, memory.stat says %" PRIu64, sum, x->faults);
}

static void check_one(struct live *l, const struct expected_cgroup *x)
{
	struct checks *c = &l->checks;
	json_t *start = NULL, *stop = NULL, *limit;
	unsigned int starts = records_of(l, x, "container_start", &start);
	unsigned int stops = records_of(l, x, "container_stop", &stop);
	double life;

	check(c, starts == 1, "%s: %u container_start", x->cg.path, starts);
	check(c, stops == 1, "%s: %u container_stop", x->cg.path, stops);
	if (!starts || !stops)
		return;
	life = json_num(stop, "lifetime_seconds", -1);
	check(c, json_int(start, "seq", 0) < json_int(stop, "seq", 0),
	      "%s: stopped before its start", x->cg.path);
	check(c, life > 0 && life < LIVE_DEADLINE_SECONDS * 2.0, "%s: lifetime_seconds %f",
	      x->cg.path, life);
	/* The limit is set after the mkdir, so only the end can be asked for it. */
	limit = json_at(stop, "limits.memory");
	if (x->limit && limit)
		check(c, json_integer_value(limit) == (json_int_t)x->limit,
		      "%s: limits.memory %" PRId64 ", not %" PRIu64, x->cg.path,
		      (int64_t)json_integer_value(limit), x->limit);
	if (x->count)
		check(c, json_int(stop, "processes.forks", -1) == (int64_t)x->forks,
		      "%s: %" PRId64 " forks, not %" PRIu64, x->cg.path,
		      json_int(stop, "processes.forks", -1), x->forks);
	if (x->exits)
		check(c, json_int(stop, "processes.exits.total", -1) == (int64_t)x->exits,
		      "%s: %" PRId64 " exits, not %" PRIu64, x->cg.path,
		      json_int(stop, "processes.exits.total", -1), x->exits);
	if (x->faults || x->least_faults)
		check_faults(l, x, stop);
}

void counts_check(struct live *l)
{
	struct expected *e = l->expected;
	const char *last = "";

	for (unsigned int i = 0; i < e->n_cgroups; i++) {
		const struct expected_cgroup *x = &e->cgroups[i];

		if (strcmp(last, x->what))
			check_open(&l->checks, "%s: container: %s", l->agent->name, x->what);
		last = x->what;
		check_one(l, x);
	}
	check_close(&l->checks);
}

bool counts_ready(struct live *l)
{
	struct expected *e = l->expected;
	json_t *o;

	for (unsigned int i = 0; i < e->n_cgroups; i++)
		if (!records_of(l, &e->cgroups[i], "container_stop", &o))
			return false;
	return true;
}
