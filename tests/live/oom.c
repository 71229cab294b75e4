/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.c - the ways to be OOM-killed: what the scenarios share, and their order. They are in
 * oom_ways.c (one process), oom_many.c, oom_family.c (who else is there) and oom_machine.c (what
 * only a VM can be asked for). What the records must say of them: oom_check.c.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oom.h"

struct scratch *scratch_new(void)
{
	void *p = mmap(NULL, sizeof(struct scratch), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void scratch_free(struct scratch *s)
{
	munmap(s, sizeof(*s));
}

void oom_pace(struct live *l, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uint64_t *slot = &l->kill_times[l->n_kill_times++ % ARRAY_SIZE(l->kill_times)];

		while (*slot && now_ns() < *slot + 5200 * NS_PER_MS)
			sleep_ms(20);
		*slot = now_ns();
	}
	l->n_paced = n;
}

void oom_settle(struct live *l)
{
	klog_drain(&l->klog);
	/* Some come long after they were waited for. */
	for (unsigned int i = 1; i <= l->n_paced; i++)
		l->kill_times[(l->n_kill_times - i) % ARRAY_SIZE(l->kill_times)] = now_ns();
}

int oom_cg(struct live *l, const char *rel, uint64_t limit, struct cg *out)
{
	int err = cg_make(&l->cgroups, rel, limit, out);

	if (err)
		oom_failed(l, rel, err);
	return err;
}

int oom_child(struct live *l, struct child *c, const struct cg *cg, const char *name, child_fn fn,
	      void *arg)
{
	int err = child_start(c, cg, name, fn, arg);

	if (err)
		oom_failed(l, name, err);
	return err;
}

void oom_failed(struct live *l, const char *what, int err)
{
	printf("  %s: cannot be set up: %s\n", what, strerror(-err));
	l->expected->oom_failures++;
}

/* ---- what is expected ---- */

struct expected_oom *oom_expect(struct live *l, const char *what, const struct cg *task,
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
	o->relation = "same_container";
	o->init_alive = -1;
	o->survivors = -1;
	return o;
}

static void add_task(struct expected_oom *o, pid_t pid, bool victim)
{
	if (o->n_tasks < LIVE_TASKS)
		o->tasks[o->n_tasks++] =
			(struct expected_task){.pid = pid, .since = now_ns(), .victim = victim};
}

void oom_expect_victim(struct expected_oom *o, pid_t pid)
{
	add_task(o, pid, true);
}

void oom_expect_bystander(struct expected_oom *o, pid_t pid)
{
	add_task(o, pid, false);
}

void oom_expect_maybe(struct live *l, const struct expected_oom *first, pid_t pid)
{
	struct expected_oom *o = oom_expect(l, first->what, &(struct cg){.path = ""}, NULL);

	o->min = 0;
	o->no_header = true;
	o->busy = true;
	o->orphans = -1;
	oom_expect_victim(o, pid);
}

void oom_tell_made(struct scratch *s, int i, pid_t pid)
{
	atomic_store(&s->pids[i], (int)pid);
}

void oom_expect_made(struct expected_oom *o, struct scratch *s, int i, bool victim)
{
	uint64_t deadline = now_ns() + LIVE_DEADLINE_SECONDS * NS_PER_SEC;

	while (!atomic_load(&s->pids[i]) && now_ns() < deadline)
		sleep_ms(1);
	add_task(o, atomic_load(&s->pids[i]), victim);
}

/* ---- how it ends ---- */

void oom_note_end(struct live *l, const char *what, const struct child *c)
{
	struct expected_exit *x;
	struct rusage usage;
	int status = 0, err = child_wait(c, &status, &usage);

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

void oom_reap(struct live *l, const char *what, const struct child *c)
{
	oom_note_end(l, what, c);
	oom_settle(l);
}

void oom_end(const char *what, const struct child *c)
{
	int status = 0;

	if (!kill(c->pid, SIGKILL) && child_wait(c, &status, NULL))
		printf("  %s: pid %d does not end\n", what, c->pid);
}

void oom_settle_maybe(struct live *l, pid_t pid)
{
	oom_settle(l);
	for (size_t i = 0; i < l->klog.n; i++)
		if (l->klog.kills[i].pid == pid)
			oom_pace(l, 1);
}

struct expected_oom *oom_one(struct live *l, const char *what, const char *comm,
			     const struct cg *task, const struct cg *limit, child_fn fn)
{
	struct expected_oom *o = oom_expect(l, what, task, limit);
	struct child c;

	oom_pace(l, 1);
	if (oom_child(l, &c, task, comm, fn, NULL))
		return NULL;
	oom_expect_victim(o, c.pid);
	oom_reap(l, what, &c);
	return o;
}

bool oom_set_adj(pid_t pid, int adj)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];
	int now = 0;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	f = fopen(path, "r+e");
	if (!f)
		return false;
	fprintf(f, "%d", adj);
	fflush(f);
	rewind(f);
	return fscanf(f, "%d", &now) == 1 && now == adj;
}

void oom_left_out(const char *name, const char *why)
{
	printf("live: %s is left out: %s\n", name, why);
}

/* ---- bodies of children ---- */

void oom_eat_all(void *arg)
{
	(void)arg;
	eat(0, false);
}

void oom_sleep(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

void oom_eat_some(void *arg)
{
	eat(2 * MIB, false);
	if (arg)
		oom_tell_made(arg, 0, getpid());
	oom_sleep(NULL);
}

void oom_eat_much(void *arg)
{
	eat(12 * MIB, false);
	oom_sleep(arg);
}

/* The slow ones stand where the kernel's ten headers in five seconds would make others wait. */
void oom_run(struct live *l)
{
	static const struct {
		const char *name;
		void (*run)(struct live *l);
	} scenarios[] = {
		{"oom/simple", oom_simple},
		{"oom/hostile", oom_hostile},
		{"oom/parent", oom_parent},
		{"oom/nested", oom_nested},
		{"oom/deep", oom_deep},
		{"oom/shmem", oom_shmem},
		{"oom/tmpfs", oom_tmpfs},
		{"oom/threads", oom_threads},
		{"oom/slow", oom_slow},
		{"oom/leader", oom_leader_gone},
		{"oom/sharer", oom_sharer},
		{"oom/vfork", oom_vfork},
		{"oom/adj", oom_adj},
		{"oom/group", oom_group},
		{"oom/crowd", oom_crowd},
		{"oom/swap", oom_swap},
		{"oom/levels", oom_levels},
		{"oom/sibling", oom_pod_sibling},
		{"oom/runtime", oom_runtime},
		{"oom/worker", oom_worker},
		{"oom/orphans", oom_orphans},
		{"oom/init", oom_init},
		{"oom/byhand", oom_by_hand},
		{"oom/cpuset", oom_cpuset},
		{"oom/mempolicy", oom_mempolicy},
		{"oom/host", oom_host},
		{"oom/global", oom_global},
		{"oom/burst", oom_burst},
	};

	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (live_wanted(l, scenarios[i].name))
			scenarios[i].run(l);
	klog_drain(&l->klog);
}
