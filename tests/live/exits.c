/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exits.c - the ways to end: codes, signals by four kinds of sender, crashes, threads, namespaces.
 * A supervisor inside a cgroup of its own does it, so that parent, sibling and outsider differ.
 * What the records must say of them: exits_check.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "exits.h"

#define THREADS     8
#define CROWDS      10
#define OLD_SECONDS 11 /* a signal older than ten seconds led to nothing */

static void no_core(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_CORE, &r);
	r.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &r);
}

struct expected_exit *exits_note(struct live *l, const char *what, const struct child *c,
				 const char *causes)
{
	struct expected_exit *x;
	struct rusage usage;
	int status = 0, err = child_wait(c, &status, &usage);

	if (err) {
		/* It is noted all the same: the check then says what is wrong. */
		status = -1;
		memset(&usage, 0, sizeof(usage));
	}
	x = expect_exit(l, what, c->pid);
	x->status = status;
	x->usage = usage;
	x->life_max = (double)(now_ns() - c->t0) / 1e9;
	x->caught = -1;
	snprintf(x->causes, sizeof(x->causes), "%s", causes);
	return x;
}

void exits_wait(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

void exits_code(void *arg)
{
	_exit(*(const int *)arg);
}

static void codes(struct stage *s)
{
	static const int values[] = {0, 1, 42, 255};
	struct child c;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct expected_exit *x;
		int code = values[i];

		if (child_start(&c, NULL, "mw-code", exits_code, &code))
			continue;
		x = exits_note(s->l, "exit code", &c, code ? "failed" : "clean");
		x->compare_usage = true;
		snprintf(x->name, sizeof(x->name), "mw-code");
	}
}

/* ---- threads, exec, namespaces ---- */

static void *thread_ends_process(void *arg)
{
	(void)arg;
	sleep_ms(60);
	_exit(7);
}

static void leader_first(void *arg)
{
	pthread_t t;

	(void)arg;
	pthread_create(&t, NULL, thread_ends_process, NULL);
	syscall(SYS_exit, 2);
}

static pthread_barrier_t barrier;

static void *thread_ends_itself(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&barrier);
	syscall(SYS_exit, 1);
	return NULL;
}

static void all_at_once(void *arg)
{
	pthread_t t;

	(void)arg;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS - 1; i++)
		pthread_create(&t, NULL, thread_ends_itself, NULL);
	pthread_barrier_wait(&barrier);
	syscall(SYS_exit, 6);
}

static void threads(struct stage *s)
{
	struct expected_exit *x;
	struct child c;

	if (!child_start(&c, NULL, "mw-leader", leader_first, NULL)) {
		x = exits_note(s->l, "the leader left first", &c, "failed");
		x->life_min = 0.060;
		x->compare_usage = true;
	}
	for (int i = 0; i < CROWDS; i++)
		if (!child_start(&c, NULL, "mw-crowd", all_at_once, NULL))
			exits_note(s->l, "all threads at once", &c, "failed");
}

static void exec_self(void *arg)
{
	execl(arg, "mw-exec", "--exec-child", "9", "a-word", (char *)NULL);
	_exit(93);
}

static void executed(struct stage *s)
{
	const char *base = strrchr(s->l->self, '/');
	struct expected_exit *x;
	struct child c;

	if (child_start(&c, NULL, "mw-before", exec_self, s->l->self))
		return;
	x = exits_note(s->l, "after exec", &c, "failed");
	snprintf(x->name, sizeof(x->name), "%.15s", base ? base + 1 : s->l->self);
	snprintf(x->argument, sizeof(x->argument), "--exec-child 9 a-word");
	x->compare_usage = true;
}

/* The first child after unshare() is init of the namespace, the others live in it. */
static void namespace_goes(void *arg)
{
	struct stage *s = arg;
	struct expected_exit *x;
	struct child init, c[2];
	int n;

	if (unshare(CLONE_NEWPID) || child_start(&init, NULL, "mw-nsinit", exits_wait, NULL))
		_exit(92);
	for (n = 0; n < 2; n++)
		if (child_start(&c[n], NULL, "mw-inns", exits_wait, NULL))
			break;
	kill(init.pid, SIGKILL);
	/* Their init ends last: it waits in the kernel until they are reaped. */
	for (int i = 0; i < n; i++) {
		x = exits_note(s->l, "its init died", &c[i], "init_died");
		x->signal = SIGKILL;
		x->sender = -1;
	}
	x = exits_note(s->l, "init of a namespace", &init, "killed_by_parent");
	x->sender = getpid();
	x->signal = SIGKILL;
}

static void namespaces(struct stage *s)
{
	struct child c;

	if (!child_start(&c, NULL, "mw-nsowner", namespace_goes, s))
		exits_note(s->l, "owner of a namespace", &c, "clean");
}

/* ---- the stage ---- */

static void outsider_works(void *arg)
{
	struct outsider *out = arg;
	struct order o;

	close(out->order[1]);
	while (read(out->order[0], &o, sizeof(o)) == sizeof(o)) {
		kill(o.pid, o.sig);
		if (write(out->done[1], "d", 1) != 1)
			_exit(91);
	}
}

static void supervise(void *arg)
{
	static const struct {
		const char *name;
		void (*run)(struct stage *s);
	} scenarios[] = {
		{"exits/codes", codes},
		{"exits/signals", exits_signals},
		{"exits/crashes", exits_crashes},
		{"exits/core", exits_core_dump},
		{"exits/caught", exits_caught},
		{"exits/sigchld", exits_after_sigchld},
		{"exits/too-late", exits_too_late},
		{"exits/threads", threads},
		{"exits/exec", executed},
		{"exits/namespace", namespaces},
	};
	struct stage *s = arg;

	no_core();
	if (chdir(s->l->dir))
		_exit(90);
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++)
		if (live_wanted(s->l, scenarios[i].name))
			scenarios[i].run(s);
}

void exits_run(struct live *l)
{
	struct stage s = {.l = l};
	struct cg inside;
	struct child c;

	if (!live_wanted(l, "exits"))
		return;
	if (cg_make(&l->cgroups, "exits/inside", 64 * MIB, &inside) ||
	    cg_make(&l->cgroups, "exits/outside", 64 * MIB, &s.out.cg) ||
	    pipe2(s.out.order, O_CLOEXEC) || pipe2(s.out.done, O_CLOEXEC) ||
	    child_start(&s.out.child, &s.out.cg, "mw-outsider", outsider_works, &s.out)) {
		printf("  exits: no outsider\n");
		return;
	}
	if (!child_start(&c, &inside, "mw-supervisor", supervise, &s)) {
		int status;

		/* It runs longer than one child may. */
		while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
			;
		if (status)
			printf("  exits: the supervisor ended with wait status 0x%x\n",
			       (unsigned)status);
	}
	close(s.out.order[1]);
	close(s.out.done[0]);
	exits_note(l, "the outsider", &s.out.child, "clean");
	close(s.out.order[0]);
	close(s.out.done[1]);
}

/* ---- a signal that is long over when its target ends ---- */

static void nothing(int sig)
{
	(void)sig;
}

static void ends_when_told(void *arg)
{
	const struct old_signal *old = arg;
	char byte;

	signal(SIGUSR1, nothing);
	if (write(old->said[1], "h", 1) != 1)
		_exit(89);
	while (read(old->go[0], &byte, 1) < 0 && errno == EINTR)
		;
	_exit(4);
}

void exits_begin(struct live *l)
{
	struct old_signal *old = &l->old;
	struct cg cg;
	char byte;

	memset(old, 0, sizeof(*old));
	if (!live_wanted(l, "exits/old") || cg_make(&l->cgroups, "exits/old", 64 * MIB, &cg) ||
	    pipe2(old->go, O_CLOEXEC) || pipe2(old->said, O_CLOEXEC))
		return;
	if (child_start(&old->child, &cg, "mw-old", ends_when_told, old) ||
	    read(old->said[0], &byte, 1) != 1)
		return;
	kill(old->child.pid, SIGUSR1);
	old->at = now_ns();
}

void exits_end(struct live *l)
{
	struct old_signal *old = &l->old;
	struct expected_exit *x;

	if (!old->at)
		return;
	while (now_ns() < old->at + OLD_SECONDS * NS_PER_SEC)
		sleep_ms(50);
	if (write(old->go[1], "g", 1) == 1) {
		x = exits_note(l, "a harmless signal long before", &old->child, "failed");
		x->signal = 0;
		x->life_min = OLD_SECONDS;
	}
	for (int i = 0; i < 2; i++) {
		close(old->go[i]);
		close(old->said[i]);
	}
	old->at = 0;
}
