/* SPDX-License-Identifier: Apache-2.0 */
/* oom_many.c - several processes in one cgroup, several kills, and a kill that is none. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "oom.h"

#define BURST       20
#define BURST_LIMIT (4 * MIB)
#define CROWD       50
#define CROWD_LIMIT (32 * MIB)
#define SITTERS     3
#define SITTER      MIB
#define STEP        MIB
#define STEP_MS     140
#define FREE_STEPS  8 /* before the growing one waits for the agent to have looked */

/* The small one with the high score goes first, asked for by the big one; then the big one. */
void oom_adj(struct live *l)
{
	struct scratch *s = scratch_new();
	struct expected_oom *o;
	struct child small, big;
	struct cg cg;

	if (!s || oom_cg(l, "oom/adj", OOM_LIMIT, &cg))
		return;
	oom_pace(l, 2);
	o = oom_expect(l, "oom_score_adj", &cg, &cg);
	o->min = o->max = 2;
	/* The small one's memory is still being given back when the big one comes to the limit. */
	o->busy = true;
	if (oom_child(l, &small, &cg, "mw-small", oom_eat_some, s))
		return;
	oom_set_adj(small.pid, 1000);
	oom_expect_made(o, s, 0, true);
	if (!oom_child(l, &big, &cg, "mw-big", oom_eat_all, NULL)) {
		oom_expect_victim(o, big.pid);
		oom_reap(l, "oom_score_adj, the small one", &small);
		oom_reap(l, "oom_score_adj, the big one", &big);
	}
	scratch_free(s);
}

/* memory.oom.group is v2's. */
static bool make_group(struct live *l, const char *name, uint64_t limit, struct cg *cg)
{
	if (l->cgroups.v1) {
		oom_left_out(name, "cgroup v1 has no memory.oom.group");
		return false;
	}
	return !oom_cg(l, name, limit, cg) && !cg_write(cg, "memory.oom.group", "1");
}

/* n - 1 that sleep after `body`, then one that eats; all are to be killed at once. */
static void run_group(struct live *l, struct expected_oom *o, const struct cg *cg, int n,
		      child_fn body)
{
	struct child c[CROWD];
	int made;

	o->group = true;
	o->busy = true;
	for (made = 0; made < n; made++) {
		bool last = made == n - 1;

		if (last)
			sleep_ms(30);
		if (oom_child(l, &c[made], cg, "mw-group", last ? oom_eat_all : body, NULL))
			break;
		oom_expect_victim(o, c[made].pid);
	}
	o->min = o->max = made;
	for (int i = 0; i < made; i++)
		oom_reap(l, o->what, &c[i]);
}

void oom_group(struct live *l)
{
	struct expected_oom *o;
	struct cg cg;

	if (!make_group(l, "oom/group", OOM_LIMIT, &cg))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "memory.oom.group", &cg, &cg);
	o->survivors = 0;
	run_group(l, o, &cg, 3, oom_eat_some);
}

/* Many, and one whom the kernel spares. */
void oom_crowd(struct live *l)
{
	struct expected_oom *o;
	struct child spared;
	struct cg cg;

	if (!make_group(l, "oom/crowd", CROWD_LIMIT, &cg) ||
	    oom_child(l, &spared, &cg, "mw-spared", oom_sleep, NULL))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "memory.oom.group of fifty", &cg, &cg);
	o->survivors = 1;
	if (oom_set_adj(spared.pid, -1000)) {
		oom_expect_bystander(o, spared.pid);
	} else {
		oom_left_out("the one that is spared", "oom_score_adj cannot be lowered here");
		oom_end(o->what, &spared);
		o->survivors = 0;
	}
	run_group(l, o, &cg, CROWD, oom_sleep);
	if (o->survivors)
		oom_end(o->what, &spared);
}

static void wait_and_eat(void *arg)
{
	struct scratch *s = arg;

	while (!atomic_load(&s->go))
		sleep_ms(1);
	eat(0, false);
}

/* Many at once: beyond ten the kernel logs no headers, but every kill has its line. */
void oom_burst(struct live *l)
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
		if (oom_cg(l, rel, BURST_LIMIT, &cg))
			break;
		o = oom_expect(l, "burst", &cg, &cg);
		o->busy = o->no_header = true;
		if (oom_child(l, &c[n], &cg, "mw-burst", wait_and_eat, s))
			break;
		oom_expect_victim(o, c[n].pid);
	}
	atomic_store(&s->go, 1);
	for (int i = 0; i < n; i++)
		oom_reap(l, "burst", &c[i]);
	for (size_t i = 0; i < ARRAY_SIZE(l->kill_times); i++)
		l->kill_times[i] = now_ns();
	scratch_free(s);
}

/* A SIGKILL by hand close to the limit is no OOM kill. */
void oom_by_hand(struct live *l)
{
	struct expected_exit *x;
	struct child c;
	struct cg cg;
	int status = 0;

	if (oom_cg(l, "oom/byhand", OOM_LIMIT, &cg) ||
	    oom_child(l, &c, &cg, "mw-byhand", oom_eat_some, NULL))
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

/* ---- one that grows slowly, among others that sleep ---- */

struct grower {
	struct growth *growth;
	struct scratch *scratch;
};

static void sit(void *arg)
{
	eat(SITTER, false);
	oom_sleep(arg);
}

static void grow(void *arg)
{
	struct grower *g = arg;
	struct growth *w = g->growth;

	w->pid = getpid();
	for (unsigned int i = 0;; i++) {
		eat(STEP, false);
		if (w->n < ARRAY_SIZE(w->steps)) {
			w->steps[w->n].bytes = (i + 1) * STEP;
			w->steps[w->n].at = now_ns();
			w->n++;
		}
		sleep_ms(STEP_MS);
		while (i >= FREE_STEPS && !atomic_load(&g->scratch->go))
			sleep_ms(STEP_MS);
	}
}

/*
 * The limit stands above two cgroups. By the time it is reached the agent has looked several
 * times, so that all that snapshots tell must be in the record.
 */
void oom_slow(struct live *l)
{
	struct grower g = {.growth = &l->expected->growth, .scratch = scratch_new()};
	struct child sitters[SITTERS], eater;
	struct cg top, one, other;
	struct expected_oom *o;
	int n;

	if (!g.scratch || oom_cg(l, "oom/slow", OOM_LIMIT, &top) ||
	    oom_cg(l, "oom/slow/one", 0, &one) || oom_cg(l, "oom/slow/other", 0, &other))
		return;
	oom_pace(l, 1);
	o = oom_expect(l, "slow growth among sleepers", &one, &top);
	o->watched = true;
	o->level = "slice";
	for (n = 0; n < SITTERS; n++) {
		if (oom_child(l, &sitters[n], n ? &one : &other, "mw-sitter", sit, NULL))
			break;
		oom_expect_bystander(o, sitters[n].pid);
	}
	if (!oom_child(l, &eater, &one, "mw-slow", grow, &g)) {
		oom_expect_victim(o, eater.pid);
		if (!agent_wait_snapshots(l, 4))
			printf("  slow: the agent takes no snapshots\n");
		atomic_store(&g.scratch->go, 1);
		oom_reap(l, "slow growth", &eater);
	}
	while (n-- > 0)
		oom_end("slow growth", &sitters[n]);
	scratch_free(g.scratch);
}
