/* SPDX-License-Identifier: Apache-2.0 */
/* exits_signals.c - to end by a signal: sent by four kinds of sender, raised by a fault, caught. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "exits.h"

/* ---- one signal, four senders ---- */

static const int fatal[] = {
	SIGHUP,    SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,    SIGFPE,  SIGKILL,
	SIGUSR1,   SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGXFSZ,
	SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS,  34,      64,
};

static void kill_self(void *arg)
{
	for (;;)
		kill(getpid(), *(const int *)arg);
}

static bool is_crash(int sig)
{
	return sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS || sig == SIGILL || sig == SIGFPE;
}

static void by_self(struct stage *s, int sig)
{
	const char *causes = is_crash(sig)                     ? "crashed"
			     : sig == SIGTRAP || sig == SIGSYS ? "crashed|killed_by_self"
							       : "killed_by_self";
	struct expected_exit *x;
	struct child c;

	if (child_start(&c, NULL, "mw-self", kill_self, &sig))
		return;
	x = exits_note(s->l, "by itself", &c, causes);
	x->signal = sig;
	x->caught = 0;
	/* A crash needs no sender. */
	x->sender = strcmp(causes, "killed_by_self") ? -1 : c.pid;
}

static void by_parent(struct stage *s, int sig)
{
	struct expected_exit *x;
	struct child c;

	if (child_start(&c, NULL, "mw-child", exits_wait, NULL))
		return;
	kill(c.pid, sig);
	x = exits_note(s->l, "by the parent", &c, "killed_by_parent");
	x->signal = sig;
	x->caught = 0;
	x->sender = getpid();
}

static void kill_one(void *arg)
{
	const struct order *o = arg;

	kill(o->pid, o->sig);
}

static void by_sibling(struct stage *s, int sig)
{
	struct expected_exit *x;
	struct child c, killer;
	struct order o;

	if (child_start(&c, NULL, "mw-sibling", exits_wait, NULL))
		return;
	o.pid = c.pid;
	o.sig = sig;
	if (!child_start(&killer, NULL, "mw-killer", kill_one, &o))
		exits_note(s->l, "the sibling", &killer, "clean");
	x = exits_note(s->l, "by a sibling", &c, "killed_by_sibling");
	x->signal = sig;
	x->caught = 0;
	x->sender = killer.pid;
}

static bool order(struct stage *s, pid_t pid, int sig)
{
	struct order o = {.pid = pid, .sig = sig};
	char byte;

	return write(s->out.order[1], &o, sizeof(o)) == sizeof(o) &&
	       read(s->out.done[0], &byte, 1) == 1;
}

static void by_outsider(struct stage *s, int sig)
{
	struct expected_exit *x;
	struct child c;

	if (child_start(&c, NULL, "mw-inside", exits_wait, NULL))
		return;
	order(s, c.pid, sig);
	x = exits_note(s->l, "from outside", &c, "killed_by_other");
	x->signal = sig;
	x->caught = 0;
	x->sender = s->out.child.pid;
	snprintf(x->sender_cgroup, sizeof(x->sender_cgroup), "%s", s->out.cg.path);
}

void exits_signals(struct stage *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
		by_self(s, fatal[i]);
		by_parent(s, fatal[i]);
		by_sibling(s, fatal[i]);
		by_outsider(s, fatal[i]);
	}
}

/* ---- crashes ---- */

static void touch_null(void *arg)
{
	*(volatile int *)arg = 1;
}

static void divide(void *arg)
{
	volatile int zero = arg != NULL, one = 1;

	/* Not every architecture traps it. */
	one /= zero;
	_exit(one);
}

static void beyond_the_file(void *arg)
{
	int fd = memfd_create("empty", 0);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	(void)arg;
	p[0] = 1;
}

static void call_abort(void *arg)
{
	(void)arg;
	abort();
}

static void exit_one(int sig)
{
	(void)sig;
	_exit(1);
}

static void handled_fault(void *arg)
{
	signal(SIGSEGV, exit_one);
	touch_null(arg);
}

void exits_crashes(struct stage *s)
{
	static const struct {
		const char *what;
		child_fn fn;
		int signal;
		int caught;
	} list[] = {
		{"null pointer", touch_null, SIGSEGV, 0},
		{"beyond the end of a file", beyond_the_file, SIGBUS, 0},
		{"abort()", call_abort, SIGABRT, 0},
		{"fault that a handler makes a code", handled_fault, SIGSEGV, 1},
#ifdef __x86_64__
		{"division by zero", divide, SIGFPE, 0},
#endif
	};
	struct child c;

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		struct expected_exit *x;

		if (child_start(&c, NULL, "mw-crash", list[i].fn, NULL))
			continue;
		x = exits_note(s->l, list[i].what, &c, "crashed");
		x->signal = list[i].signal;
		x->caught = list[i].caught;
		/* Who raised it is itself or nobody. */
		x->sender = -1;
	}
}

static void dump_core(void *arg)
{
	struct rlimit r;

	(void)arg;
	getrlimit(RLIMIT_CORE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_CORE, &r);
	abort();
}

/* wait4 says whether the kernel wrote a core; so must the record. */
void exits_core_dump(struct stage *s)
{
	struct expected_exit *x;
	struct child c;

	if (child_start(&c, NULL, "mw-core", dump_core, NULL))
		return;
	x = exits_note(s->l, "core dump", &c, "crashed");
	x->signal = SIGABRT;
	x->sender = -1;
	if (s->l->vm && !WCOREDUMP(x->status))
		printf("  core dump: the kernel wrote none\n");
}

/* ---- signals that are caught ---- */

static void exit_three(int sig)
{
	(void)sig;
	_exit(3);
}

static void nothing(int sig)
{
	(void)sig;
}

static void raise_again(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

static void exit_zero(int sig)
{
	(void)sig;
	_exit(0);
}

struct catcher {
	int sig;
	void (*handler)(int sig);
	int pipe[2];
};

/* Says by the pipe that the handler is set: child_start() alone would be too early. */
static void catch_and_wait(void *arg)
{
	struct catcher *k = arg;

	signal(k->sig, k->handler);
	if (write(k->pipe[1], "h", 1) != 1)
		_exit(94);
	for (;;)
		pause();
}

static int start_catcher(struct child *c, struct catcher *k, const struct cg *cg)
{
	char byte;
	int err;

	if (pipe2(k->pipe, O_CLOEXEC))
		return -errno;
	err = child_start(c, cg, "mw-catch", catch_and_wait, k);
	close(k->pipe[1]);
	if (!err && read(k->pipe[0], &byte, 1) != 1)
		err = -EIO;
	close(k->pipe[0]);
	return err;
}

void exits_caught(struct stage *s)
{
	static const struct {
		const char *what, *cause;
		int sig;
		void (*handler)(int sig);
		int then; /* another signal, a little later */
		int signal, caught;
	} list[] = {
		{"caught, exit code 3", "killed_by_parent", SIGTERM, exit_three, 0, SIGTERM, 1},
		{"ABRT caught, exit code 1", "killed_by_parent", SIGABRT, exit_one, 0, SIGABRT, 1},
		{"caught and raised again", "killed_by_parent", SIGTERM, raise_again, 0, SIGTERM,
		 1},
		{"TERM, then KILL", "killed_by_parent", SIGTERM, nothing, SIGKILL, -1, -1},
		{"TERM ignored, then KILL", "killed_by_parent", SIGTERM, SIG_IGN, SIGKILL, SIGKILL,
		 -1},
		{"TERM, ends in order", "clean", SIGTERM, exit_zero, 0, -1, -1},
	};
	struct child c;

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		struct catcher k = {.sig = list[i].sig, .handler = list[i].handler};
		struct expected_exit *x;

		if (start_catcher(&c, &k, NULL))
			continue;
		kill(c.pid, list[i].sig);
		if (list[i].then) {
			sleep_ms(100);
			kill(c.pid, list[i].then);
		}
		x = exits_note(s->l, list[i].what, &c, list[i].cause);
		x->signal = list[i].signal;
		x->caught = list[i].caught;
		x->sender = strcmp(list[i].cause, "clean") ? getpid() : -1;
	}
}

/* SIGCHLD comes right before the end and is not what ended it. */
static void lose_a_child(void *arg)
{
	struct child c;
	int zero = 0;

	(void)arg;
	if (!child_start(&c, NULL, "mw-grandchild", exits_code, &zero))
		child_wait(&c, &zero, NULL);
	_exit(5);
}

void exits_after_sigchld(struct stage *s)
{
	struct child c;

	if (!child_start(&c, NULL, "mw-chld", lose_a_child, NULL))
		exits_note(s->l, "right after SIGCHLD", &c, "failed")->signal = 0;
}

/* ---- a signal that comes too late ---- */

#define PF_EXITING 0x4

/* Much to give back, so that its end takes a while. */
static void eat_and_fail(void *arg)
{
	(void)arg;
	eat(32 << 20, false);
	_exit(7);
}

/* It has begun to end, or has ended: state Z. */
static bool is_leaving(pid_t pid)
{
	char path[64], text[512];
	unsigned int flags = 0;
	char state = 'Z', *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return true;
	if (fgets(text, sizeof(text), f) && (end = strrchr(text, ')')))
		sscanf(end + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags);
	fclose(f);
	return state == 'Z' || flags & PF_EXITING;
}

/*
 * A process without other threads that is in do_exit() takes no signal, but the kernel calls it
 * delivered: it is not why the process ended.
 */
void exits_too_late(struct stage *s)
{
	struct expected_exit *x;
	struct child c;

	if (child_start(&c, NULL, "mw-late", eat_and_fail, NULL))
		return;
	while (!is_leaving(c.pid))
		;
	kill(c.pid, SIGTERM);
	x = exits_note(s->l, "a signal while it ends", &c, "failed");
	x->signal = 0;
	x->sender = 0;
}
