/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_family.c - who else is there when one is killed: a master, children, another container of the
 * pod, a runtime's helper; and whose limit it was, in the layouts of Kubernetes. The grammar of
 * cgroup paths knows these also below the tests' own base.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oom.h"

#define POD_LIMIT   OOM_LIMIT
#define ID(c)       c c c c c c c c /* eight times eight digits */

#define SYSTEMD_QOS "oom/kubepods.slice/kubepods-burstable.slice"
#define FS_QOS      "oom/kubepods/burstable"

/* ---- master and workers ---- */

struct family {
	struct live *l;
	struct scratch *scratch;
};

/* A child of a victim: its parent's death is not to end it. */
static void outlive(void *arg)
{
	prctl(PR_SET_PDEATHSIG, 0);
	oom_sleep(arg);
}

static void wait_for_go(const struct scratch *s)
{
	while (!atomic_load(&s->go))
		sleep_ms(5);
}

/* The first process of its cgroup forks one that is killed, sees it and lives on. */
static void master_of_one(void *arg)
{
	struct family *f = arg;
	struct child c;

	if (child_start(&c, NULL, "mw-worker", oom_eat_all, NULL))
		_exit(94);
	oom_tell_made(f->scratch, 0, c.pid);
	oom_note_end(f->l, "a worker", &c);
	wait_for_go(f->scratch);
}

void oom_worker(struct live *l)
{
	struct family f = {.l = l, .scratch = scratch_new()};
	struct expected_oom *o;
	struct child master;
	struct cg cg;

	if (!f.scratch || oom_cg(l, "oom/worker", OOM_LIMIT, &cg))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "a worker, its master lives on", &cg, &cg);
	o->init_alive = 1;
	o->survivors = 1;
	if (!oom_child(l, &master, &cg, "mw-master", master_of_one, &f)) {
		oom_expect_bystander(o, master.pid);
		oom_expect_made(o, f.scratch, 0, true);
		atomic_store(&f.scratch->go, 1);
		child_wait(&master, &(int){0}, NULL);
		oom_settle(l);
	}
	scratch_free(f.scratch);
}

/* Two children, then memory; the score makes it the one to go. */
static void boss(void *arg)
{
	struct scratch *s = arg;
	struct child c;

	for (int i = 0; i < 2; i++) {
		if (child_start(&c, NULL, "mw-orphan", outlive, NULL))
			_exit(94);
		oom_tell_made(s, i + 1, c.pid);
	}
	oom_set_adj(getpid(), 1000);
	eat(6 * MIB, false);
	oom_tell_made(s, 0, getpid());
	oom_sleep(NULL);
}

static void end_made(const struct scratch *s, int first, int n)
{
	for (int i = first; i < first + n; i++)
		oom_end("an orphan", &(struct child){.pid = atomic_load(&s->pids[i])});
}

/* A sibling asks for memory and a parent of two is killed for it. */
void oom_orphans(struct live *l)
{
	struct scratch *s = scratch_new();
	struct child parent, eater;
	struct expected_oom *o;
	struct cg cg;

	if (!s || oom_cg(l, "oom/orphans", OOM_LIMIT, &cg))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "a parent of two", &cg, &cg);
	o->orphans = 2;
	o->survivors = 3;
	if (oom_child(l, &parent, &cg, "mw-boss", boss, s))
		return;
	oom_expect_made(o, s, 0, true);
	oom_expect_made(o, s, 1, false);
	oom_expect_made(o, s, 2, false);
	if (!oom_child(l, &eater, &cg, "mw-eater", oom_eat_much, NULL)) {
		oom_expect_bystander(o, eater.pid);
		oom_expect_maybe(l, o, eater.pid);
		oom_reap(l, "a parent of two", &parent);
		oom_end(o->what, &eater);
		oom_settle_maybe(l, eater.pid);
		/* They are children of this program now, the subreaper. */
		end_made(s, 1, 2);
	}
	scratch_free(s);
}

static void first_and_eater(void *arg)
{
	struct scratch *s = arg;
	struct child c;

	if (child_start(&c, NULL, "mw-orphan", outlive, NULL))
		_exit(94);
	oom_tell_made(s, 0, c.pid);
	eat(0, false);
}

/* The first process of the cgroup itself is killed, a child of its lives on. */
void oom_init(struct live *l)
{
	struct scratch *s = scratch_new();
	struct expected_oom *o;
	struct child first;
	struct cg cg;

	if (!s || oom_cg(l, "oom/init", OOM_LIMIT, &cg))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "the first process", &cg, &cg);
	o->init_alive = 0;
	o->orphans = 1;
	o->survivors = 1;
	if (!oom_child(l, &first, &cg, "mw-first", first_and_eater, s)) {
		oom_expect_victim(o, first.pid);
		oom_expect_made(o, s, 0, false);
		oom_reap(l, "the first process", &first);
		end_made(s, 0, 1);
	}
	scratch_free(s);
}

/* ---- pods ---- */

struct place {
	const char *what;
	const char *name; /* of the processes */
	const char *dirs[3];
	uint64_t limits[3];
	const char *level;
	const char *uid;
	const char *id;
};

/* The cgroups of a pod from the outermost on; the innermost is the container. */
static bool make_place(struct live *l, const struct place *p, struct cg cgs[3])
{
	char rel[LIVE_PATH] = "";
	size_t n = 0;

	for (int i = 0; i < 3; i++) {
		n += (size_t)snprintf(rel + n, sizeof(rel) - n, "%s%s", i ? "/" : "", p->dirs[i]);
		if (oom_cg(l, rel, p->limits[i], &cgs[i]))
			return false;
	}
	return true;
}

/* Of two equal limits the kernel's log tells which was reached. */
static const char *logged_level(const struct live *l, const struct cg cgs[3])
{
	const struct klog *k = &l->klog;

	if (!k->n)
		return NULL;
	return !strcmp(k->kills[k->n - 1].header.oom_memcg, cgs[1].path) ? "pod" : "container";
}

static void run_place(struct live *l, const struct place *p)
{
	struct expected_oom *o;
	struct cg cgs[3], *limit = NULL;

	if (!make_place(l, p, cgs))
		return;
	for (int i = 0; i < 3; i++)
		if (p->limits[i])
			limit = limit || !p->level ? NULL : &cgs[i];
	o = oom_one(l, p->what, p->name, &cgs[2], limit, oom_eat_all);
	if (!o)
		return;
	o->level = p->level ? p->level : logged_level(l, cgs);
	snprintf(o->container_id, sizeof(o->container_id), "%s", p->id);
	snprintf(o->pod_uid, sizeof(o->pod_uid), "%s", p->uid);
}

/* The pod's alone: oom_pod_sibling(), oom_runtime(). */
void oom_levels(struct live *l)
{
	static const struct place places[] = {
		{"level: container",
		 "mw-container",
		 {SYSTEMD_QOS, "kubepods-burstable-pod3a0de2f9_70d0_4b8e_9d0e_9c5f8c1a0001.slice",
		  "cri-containerd-" ID("0a1b2c01") ".scope"},
		 {0, 0, POD_LIMIT},
		 "container",
		 "3a0de2f9-70d0-4b8e-9d0e-9c5f8c1a0001",
		 ID("0a1b2c01")},
		{"level: slice",
		 "mw-slice",
		 {"oom/kubepods/besteffort", "pod3a0de2f970d04b8e9d0e9c5f8c1a0003", ID("0a1b2c03")},
		 {POD_LIMIT, 0, 0},
		 "slice",
		 "3a0de2f970d04b8e9d0e9c5f8c1a0003",
		 ID("0a1b2c03")},
		{"level: equal limits of pod and container",
		 "mw-equal",
		 {SYSTEMD_QOS, "kubepods-burstable-pod3a0de2f9_70d0_4b8e_9d0e_9c5f8c1a0004.slice",
		  "cri-containerd-" ID("0a1b2c04") ".scope"},
		 {0, POD_LIMIT, POD_LIMIT},
		 NULL,
		 "3a0de2f9-70d0-4b8e-9d0e-9c5f8c1a0004",
		 ID("0a1b2c04")},
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		run_place(l, &places[i]);
}

/* One in the container of the place is killed because one in `other`, beside it, wants memory. */
static void run_beside(struct live *l, const struct place *p, const char *other_dir,
		       const char *relation)
{
	struct scratch *s = scratch_new();
	struct child victim, eater;
	struct expected_oom *o;
	struct cg cgs[3], other;
	char rel[LIVE_PATH];

	snprintf(rel, sizeof(rel), "%s/%s/%s", p->dirs[0], p->dirs[1], other_dir);
	if (!s || !make_place(l, p, cgs) || oom_cg(l, rel, 0, &other) ||
	    oom_child(l, &victim, &cgs[2], "mw-victim", oom_eat_some, s))
		return;
	oom_set_adj(victim.pid, 1000);
	oom_pace(l, 1);
	o = oom_expect(l, p->what, &cgs[2], &cgs[1]);
	o->level = p->level;
	o->relation = relation;
	o->survivors = 0;
	snprintf(o->container_id, sizeof(o->container_id), "%s", p->id);
	snprintf(o->pod_uid, sizeof(o->pod_uid), "%s", p->uid);
	/* What it has eaten is what the other one will lack. */
	oom_expect_made(o, s, 0, true);
	if (!oom_child(l, &eater, &other, p->name, oom_eat_much, NULL)) {
		oom_expect_bystander(o, eater.pid);
		oom_expect_maybe(l, o, eater.pid);
		oom_reap(l, p->what, &victim);
		oom_end(o->what, &eater);
		oom_settle_maybe(l, eater.pid);
	}
	scratch_free(s);
}

void oom_pod_sibling(struct live *l)
{
	static const struct place place = {
		"asked for by another container",
		"mw-sibling",
		{FS_QOS, "pod3a0de2f9-70d0-4b8e-9d0e-9c5f8c1a0005", ID("0a1b2c05")},
		{0, 13 * MIB, 0},
		"pod",
		"3a0de2f9-70d0-4b8e-9d0e-9c5f8c1a0005",
		ID("0a1b2c05")};

	run_beside(l, &place, ID("0a1b2c06"), "other_container");
}

void oom_runtime(struct live *l)
{
	static const struct place place = {
		"asked for by the runtime's helper",
		"conmon",
		{SYSTEMD_QOS, "kubepods-burstable-pod3a0de2f9_70d0_4b8e_9d0e_9c5f8c1a0007.slice",
		 "crio-" ID("0a1b2c07") ".scope"},
		{0, 13 * MIB, 0},
		"pod",
		"3a0de2f9-70d0-4b8e-9d0e-9c5f8c1a0007",
		ID("0a1b2c07")};

	run_beside(l, &place, "crio-conmon-" ID("0a1b2c07") ".scope", "runtime");
}
