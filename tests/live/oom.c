/* SPDX-License-Identifier: Apache-2.0 */
/* oom.c - the ways to be OOM-killed. What the records must say of them: oom_check.c. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "live.h"

#define LIMIT       (16 * MIB)
#define BURST       20
#define BURST_LIMIT (4 * MIB)
#define THREADS     8
#define DEEP        6

/* Shared with the children of a scenario. */
struct scratch {
	atomic_int go;
	atomic_int pid; /* of a process that the child made itself */
};

static struct scratch *scratch_new(void)
{
	void *p = mmap(NULL, sizeof(struct scratch), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void scratch_free(struct scratch *s)
{
	munmap(s, sizeof(*s));
}

/*
 * The kernel prints the header of a decision (who asked, usage, limit) for ten kills in five
 * seconds at most: wait until n more fit, so that all fields can be compared.
 */
static void pace(struct live *l, unsigned int n)
{
	const unsigned int size = sizeof(l->kill_times) / sizeof(l->kill_times[0]);

	for (unsigned int i = 0; i < n; i++) {
		uint64_t *slot = &l->kill_times[l->n_kill_times++ % size];

		while (*slot && now_ns() < *slot + 5200 * NS_PER_MS)
			sleep_ms(20);
		*slot = now_ns();
	}
}

static struct expected_oom *expect(struct live *l, const char *what, const struct cg *task,
				   const struct cg *limit)
{
	struct expected *e = l->expected;
	struct expected_oom *o = &e->ooms[e->n_ooms];

	if (e->n_ooms + 1 < EXPECT_OOMS)
		e->n_ooms++;
	memset(o, 0, sizeof(*o));
	snprintf(o->what, sizeof(o->what), "%s", what);
	snprintf(o->task_cgroup, sizeof(o->task_cgroup), "%s", task->path);
	if (limit)
		snprintf(o->limit_cgroup, sizeof(o->limit_cgroup), "%s", limit->path);
	o->min = 1;
	o->max = 1;
	return o;
}

static void expect_pid(struct expected_oom *o, pid_t pid)
{
	if (o->n_pids < LIVE_PIDS)
		o->pids[o->n_pids++] = pid;
}

/* Wait for a child that the OOM killer ends; the process_exit record must say so too. */
static void reap(struct live *l, const char *what, const struct child *c)
{
	struct expected_exit *x;
	struct rusage usage;
	int status = 0, err = child_wait(c, &status, &usage);

	klog_drain(&l->klog);
	if (err || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		printf("  %s: pid %d was not killed (error %d, wait status 0x%x)\n", what, c->pid,
		       err, (unsigned)status);
		return;
	}
	x = expect_exit(l, what, c->pid);
	x->status = status;
	snprintf(x->causes, sizeof(x->causes), "oom_killed");
	x->signal = SIGKILL;
	x->caught = 0;
	x->life_max = (double)(now_ns() - c->t0) / 1e9;
}

static void eat_all(void *arg)
{
	(void)arg;
	eat(0, false);
}

static void eat_shared(void *arg)
{
	(void)arg;
	eat(6 * MIB, false);
	eat(0, true);
}

/* One process, its cgroup (limited or not) and the cgroup with the limit. */
static void one(struct live *l, const char *what, const char *comm, const struct cg *task,
		const struct cg *limit, child_fn fn)
{
	struct expected_oom *o = expect(l, what, task, limit);
	struct child c;

	pace(l, 1);
	if (child_start(&c, task, comm, fn, NULL)) {
		printf("  %s: no child\n", what);
		return;
	}
	expect_pid(o, c.pid);
	reap(l, what, &c);
}

static void run_simple(struct live *l)
{
	struct cg cg;

	if (!cg_make(&l->cgroups, "oom/simple", LIMIT, &cg))
		one(l, "simple", "mw-simple", &cg, &cg, eat_all);
}

/* A comm that looks like the fields of the kernel's own line. */
static void run_hostile(struct live *l)
{
	struct cg cg;

	if (!cg_make(&l->cgroups, "oom/hostile", LIMIT, &cg))
		one(l, "hostile name", "a,pid=1,\"\\\n(x)", &cg, &cg, eat_all);
}

static void run_parent(struct live *l)
{
	struct cg parent, child;

	if (!cg_make(&l->cgroups, "oom/parent", LIMIT, &parent) &&
	    !cg_make(&l->cgroups, "oom/parent/child", 0, &child))
		one(l, "limit on the parent", "mw-parent", &child, &parent, eat_all);
}

static void run_nested(struct live *l)
{
	struct cg parent, child;

	/* The kernel says whose limit it was: both may be right, the log decides. */
	if (!cg_make(&l->cgroups, "oom/nested", LIMIT, &parent) &&
	    !cg_make(&l->cgroups, "oom/nested/equal", LIMIT, &child))
		one(l, "nested equal limits", "mw-nested", &child, NULL, eat_all);
}

static void run_deep(struct live *l)
{
	char rel[LIVE_PATH] = "oom/deep";
	struct cg top, cg;

	if (cg_make(&l->cgroups, rel, LIMIT, &top))
		return;
	for (int i = 0; i < DEEP; i++)
		strcat(rel, "/x");
	if (!cg_make(&l->cgroups, rel, 0, &cg))
		one(l, "limit far above", "mw-deep", &cg, &top, eat_all);
}

static void run_shmem(struct live *l)
{
	struct cg cg;

	if (!cg_make(&l->cgroups, "oom/shmem", LIMIT, &cg))
		one(l, "shmem", "mw-shmem", &cg, &cg, eat_shared);
}

static void *thread_eats(void *arg)
{
	(void)arg;
	eat(0, false);
	return NULL;
}

static void threads_eat(void *arg)
{
	pthread_t t;

	(void)arg;
	for (int i = 0; i < THREADS - 1; i++)
		pthread_create(&t, NULL, thread_eats, NULL);
	eat(0, false);
}

static void run_threads(struct live *l)
{
	struct cg cg;

	if (cg_make(&l->cgroups, "oom/threads", LIMIT, &cg))
		return;
	one(l, "eight threads", "mw-threads", &cg, &cg, threads_eat);
	l->expected->ooms[l->expected->n_ooms - 1].busy = true;
}

static void *late_thread(void *arg)
{
	(void)arg;
	sleep_ms(50);
	eat(0, false);
	return NULL;
}

static void leader_leaves(void *arg)
{
	pthread_t t;

	(void)arg;
	pthread_create(&t, NULL, late_thread, NULL);
	syscall(SYS_exit, 0);
}

static void run_leader_gone(struct live *l)
{
	struct cg cg;

	if (!cg_make(&l->cgroups, "oom/leaderless", LIMIT, &cg))
		one(l, "leader gone", "mw-leader", &cg, &cg, leader_leaves);
}

static int sharer(void *arg)
{
	struct scratch *s = arg;

	atomic_store(&s->pid, (int)getpid());
	while (pause())
		;
	return 0;
}

/* Two processes, one memory: the kernel marks one of them and kills both. */
static void share_and_eat(void *arg)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct scratch *s = arg;

	if (clone(sharer, stack + sizeof(stack), CLONE_VM | SIGCHLD, s) < 0)
		_exit(96);
	while (!atomic_load(&s->pid))
		sleep_ms(1);
	eat(0, false);
}

static void vfork_and_eat(void *arg)
{
	struct scratch *s = arg;
	pid_t pid = vfork();

	if (pid == 0) {
		atomic_store(&s->pid, (int)getpid());
		eat(0, false);
		_exit(0);
	}
	_exit(95);
}

static void run_shared(struct live *l, const char *what, const char *rel, child_fn fn)
{
	struct scratch *s = scratch_new();
	struct expected_oom *o;
	struct child c, other = {0};
	struct cg cg;

	if (!s || cg_make(&l->cgroups, rel, LIMIT, &cg))
		return;
	pace(l, 1);
	o = expect(l, what, &cg, &cg);
	o->busy = true;
	if (!child_start(&c, &cg, "mw-sharer", fn, s)) {
		expect_pid(o, c.pid);
		reap(l, what, &c);
		/* The other one is ours to reap: this program is the subreaper. */
		other.pid = atomic_load(&s->pid);
		other.t0 = c.t0;
		expect_pid(o, other.pid);
		if (other.pid)
			reap(l, what, &other);
	}
	scratch_free(s);
}

static void run_sharer(struct live *l)
{
	run_shared(l, "shared memory of two processes", "oom/sharer", share_and_eat);
}

static void run_vfork(struct live *l)
{
	run_shared(l, "vfork", "oom/vfork", vfork_and_eat);
}

static void eat_a_little(void *arg)
{
	(void)arg;
	eat(2 * MIB, false);
	for (;;)
		pause();
}

static void set_adj(pid_t pid, int adj)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	f = fopen(path, "we");
	if (!f)
		return;
	fprintf(f, "%d", adj);
	fclose(f);
}

/* The small one with the high score goes first, asked for by the big one; then the big one. */
static void run_adj(struct live *l)
{
	struct expected_oom *o;
	struct child small, big;
	struct cg cg;

	if (cg_make(&l->cgroups, "oom/adj", LIMIT, &cg))
		return;
	pace(l, 2);
	o = expect(l, "oom_score_adj", &cg, &cg);
	o->min = o->max = 2;
	/* The small one's memory is still being given back when the big one comes to the limit. */
	o->busy = true;
	if (child_start(&small, &cg, "mw-small", eat_a_little, NULL))
		return;
	set_adj(small.pid, 1000);
	sleep_ms(30);
	expect_pid(o, small.pid);
	if (!child_start(&big, &cg, "mw-big", eat_all, NULL)) {
		expect_pid(o, big.pid);
		reap(l, "oom_score_adj, the small one", &small);
		reap(l, "oom_score_adj, the big one", &big);
	}
}

static void run_group(struct live *l)
{
	struct child c[3];
	struct expected_oom *o;
	struct cg cg;
	int n = 0;

	if (cg_make(&l->cgroups, "oom/group", LIMIT, &cg) || cg_write(&cg, "memory.oom.group", "1"))
		return;
	pace(l, 1);
	o = expect(l, "memory.oom.group", &cg, &cg);
	o->group = true;
	o->busy = true;
	for (n = 0; n < 3; n++) {
		if (n == 2)
			sleep_ms(30);
		if (child_start(&c[n], &cg, "mw-group", n < 2 ? eat_a_little : eat_all, NULL))
			break;
		expect_pid(o, c[n].pid);
	}
	o->min = o->max = n;
	for (int i = 0; i < n; i++)
		reap(l, "memory.oom.group", &c[i]);
}

static void wait_and_eat(void *arg)
{
	struct scratch *s = arg;

	while (!atomic_load(&s->go))
		sleep_ms(1);
	eat(0, false);
}

/* Many at once: beyond ten the kernel logs no headers, but every kill has its line. */
static void run_burst(struct live *l)
{
	struct scratch *s = scratch_new();
	struct child c[BURST];
	struct cg cg;
	char rel[64];
	int n;

	if (!s)
		return;
	for (n = 0; n < BURST; n++) {
		struct expected_oom *o;

		snprintf(rel, sizeof(rel), "oom/burst%d", n);
		if (cg_make(&l->cgroups, rel, BURST_LIMIT, &cg))
			break;
		o = expect(l, "burst", &cg, &cg);
		o->busy = true;
		if (child_start(&c[n], &cg, "mw-burst", wait_and_eat, s))
			break;
		expect_pid(o, c[n].pid);
	}
	atomic_store(&s->go, 1);
	for (int i = 0; i < n; i++)
		reap(l, "burst", &c[i]);
	for (unsigned int i = 0; i < sizeof(l->kill_times) / sizeof(l->kill_times[0]); i++)
		l->kill_times[i] = now_ns();
	scratch_free(s);
}

static void eat_everything(void *arg)
{
	(void)arg;
	set_adj(getpid(), 1000);
	eat(0, false);
}

/* The whole machine: only in a VM. */
static void run_global(struct live *l)
{
	struct cg cg;

	if (!l->vm || cg_make(&l->cgroups, "oom/global", 0, &cg))
		return;
	one(l, "global", "mw-global", &cg, NULL, eat_everything);
	l->expected->ooms[l->expected->n_ooms - 1].busy = true;
}

/* A SIGKILL by hand close to the limit is no OOM kill. */
static void run_by_hand(struct live *l)
{
	struct expected_exit *x;
	struct child c;
	struct cg cg;
	int status = 0;

	if (cg_make(&l->cgroups, "oom/byhand", LIMIT, &cg) ||
	    child_start(&c, &cg, "mw-byhand", eat_a_little, NULL))
		return;
	sleep_ms(30);
	kill(c.pid, SIGKILL);
	if (child_wait(&c, &status, NULL))
		return;
	x = expect_exit(l, "killed by hand", c.pid);
	x->status = status;
	x->sender = getpid();
	x->signal = SIGKILL;
	x->caught = 0;
	x->life_min = 0.030;
	x->life_max = (double)(now_ns() - c.t0) / 1e9;
	snprintf(x->causes, sizeof(x->causes), "killed_by_parent");
}

void oom_run(struct live *l)
{
	static const struct {
		const char *name;
		void (*run)(struct live *l);
	} scenarios[] = {
		{"oom/simple", run_simple},   {"oom/hostile", run_hostile},
		{"oom/parent", run_parent},   {"oom/nested", run_nested},
		{"oom/deep", run_deep},       {"oom/shmem", run_shmem},
		{"oom/threads", run_threads}, {"oom/leader", run_leader_gone},
		{"oom/sharer", run_sharer},   {"oom/vfork", run_vfork},
		{"oom/adj", run_adj},         {"oom/group", run_group},
		{"oom/byhand", run_by_hand},  {"oom/global", run_global},
		{"oom/burst", run_burst},
	};

	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (live_wanted(l, scenarios[i].name))
			scenarios[i].run(l);
	klog_drain(&l->klog);
}
