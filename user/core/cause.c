/* SPDX-License-Identifier: Apache-2.0 */
/* cause.c - the rule of causes, see cause.h. */
#include <signal.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/cause.h"

/* A handler of a fault writes its report and leaves: it does not take longer than this. */
#define FAULT_TO_CODE_NS (2 * NSEC_PER_SEC)
/* And in a process that was told to end, only one that close to the exit is its reason. */
#define FAULT_LAST_NS  (NSEC_PER_SEC / 10)

#define SI_CODE_KERNEL 0x80 /* SI_KERNEL */

bool cause_is_runtime(const char *comm)
{
	/* comm holds 15 bytes: the longer names are cut as the kernel cuts them. */
	static const char *const names[] = {
		"containerd-shim",
		"containerd",
		"dockerd",
		"docker-containe",
		"runc",
		"crun",
		"conmon",
		"conmon-rs",
		"crio",
		"kubelet",
		"podman",
		"systemd",
		"systemd-oomd",
		"systemd-shutdow",
		"lxc-start",
		"lxc-stop",
		"lxc-monitord",
		"systemd-nspawn",
		"systemd-machine",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(comm, names[i]))
			return true;
	return !strncmp(comm, "runc:[", 6);
}

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE ||
	       sig == SIGTRAP || sig == SIGSYS;
}

/* Raised by the kernel for what the process itself did: si_code tells, positive but not a kill. */
static bool is_kernel_fault(const struct proc_signal *s)
{
	return is_fault(s->number) &&
	       (s->info == EV_SI_PRIV || (s->info == EV_SI_REAL && s->code > 0));
}

/* A timer's or a limit's signal: `current` was only who happened to run. */
static bool is_kernel_timer(const struct proc_signal *s)
{
	if (s->info == EV_SI_REAL && s->code == SI_TIMER)
		return true;
	return (s->info == EV_SI_PRIV || (s->info == EV_SI_REAL && s->code == SI_CODE_KERNEL)) &&
	       (s->number == SIGALRM || s->number == SIGVTALRM || s->number == SIGPROF ||
		s->number == SIGXCPU || s->number == SIGXFSZ || s->number == SIGPIPE);
}

static bool is_self(const struct exit_facts *f, const struct proc_signal *s)
{
	return (s->sender_pid == f->pid && s->sender_start == f->start) || is_kernel_timer(s);
}

static bool is_kernel_kill(const struct proc_signal *s)
{
	return s->number == SIGKILL &&
	       (s->info == EV_SI_PRIV || (s->info == EV_SI_REAL && s->code == SI_CODE_KERNEL));
}

/* One that people and supervisors send to end a process, or that would have ended it. */
static bool is_terminating(const struct proc_signal *s)
{
	if (s->handler == EV_SA_IGNORE && s->number != SIGKILL)
		return false;
	switch (s->number) {
	case SIGTERM:
	case SIGINT:
	case SIGQUIT:
	case SIGABRT:
	case SIGKILL:
	case SIGXCPU:
		return true;
	default:
		/* HUP, USR1 and their like often mean "reload": only without a handler they end. */
		return s->handler == EV_SA_DEFAULT;
	}
}

static enum exit_cause by_sender(const struct exit_facts *f, int i)
{
	const struct proc_signal *s = &f->signals->entries[i];
	uint32_t from = f->sender_container[i];
	bool same = from && from == f->container;

	if (is_self(f, s))
		return CAUSE_KILLED_BY_SELF;
	if (!same && cause_is_runtime(s->sender_comm))
		return CAUSE_KILLED_BY_RUNTIME;
	if (s->sender_pid == f->parent_pid &&
	    (!f->parent_start || s->sender_start == f->parent_start))
		return CAUSE_KILLED_BY_PARENT;
	return same ? CAUSE_KILLED_BY_SIBLING : CAUSE_KILLED_BY_OTHER;
}

/* The first of the window that somebody else sent to end it, before entry `before`; or -1. */
static int first_from_others(const struct exit_facts *f, int before)
{
	for (int i = 0; i < before; i++) {
		const struct proc_signal *s = &f->signals->entries[i];

		if (s->ts + SIGNAL_WINDOW_NS >= f->ts && !is_self(f, s) && !is_kernel_fault(s) &&
		    !is_kernel_kill(s) && is_terminating(s))
			return i;
	}
	return -1;
}

static int latest(const struct exit_facts *f, int number)
{
	for (int i = f->signals ? (int)f->signals->n - 1 : -1; i >= 0; i--)
		if (f->signals->entries[i].number == number)
			return i;
	return -1;
}

static int kernel_fault_within(const struct exit_facts *f, uint64_t ns)
{
	for (int i = f->signals ? (int)f->signals->n - 1 : -1; i >= 0; i--) {
		const struct proc_signal *s = &f->signals->entries[i];

		if (s->ts + ns >= f->ts && is_kernel_fault(s))
			return i;
	}
	return -1;
}

static void set(struct exit_reason *out, enum exit_cause cause, int signal)
{
	out->cause = cause;
	out->signal = signal;
}

static void kernel_killed(const struct exit_facts *f, int i, struct exit_reason *out)
{
	/* Not a namespace that ended: a limit of CPU time, or something that we do not know. */
	enum exit_cause otherwise = f->host_pid_ns ? CAUSE_UNKNOWN : CAUSE_INIT_DIED;

	set(out, f->oom_collateral ? CAUSE_OOM_KILLED : otherwise, i);
}

static void by_signal(const struct exit_facts *f, int number, struct exit_reason *out)
{
	int direct = latest(f, number), first, fault;
	const struct proc_signal *s;

	if (direct < 0) {
		set(out, is_fault(number) || number == SIGABRT ? CAUSE_CRASHED : CAUSE_UNKNOWN, -1);
		return;
	}
	s = &f->signals->entries[direct];
	if (is_kernel_kill(s)) {
		kernel_killed(f, direct, out);
		return;
	}
	if (is_kernel_fault(s)) {
		set(out, CAUSE_CRASHED, direct);
		return;
	}
	fault = is_self(f, s) ? kernel_fault_within(f, SIGNAL_WINDOW_NS) : -1;
	first = first_from_others(f, direct);
	if (fault >= 0 && (first < 0 || number == SIGABRT || is_fault(number)))
		set(out, CAUSE_CRASHED, fault);
	else if (first >= 0)
		set(out, by_sender(f, first), first);
	else if (is_self(f, s) && (number == SIGABRT || is_fault(number)))
		set(out, CAUSE_CRASHED, direct);
	else
		set(out, by_sender(f, direct), direct);
}

/* abort() whose handler leaves with a code: nobody else's doing, and not a plain failure. */
static int own_abort(const struct exit_facts *f)
{
	int i = latest(f, SIGABRT);

	if (i < 0 || f->signals->entries[i].ts + SIGNAL_WINDOW_NS < f->ts)
		return -1;
	return is_self(f, &f->signals->entries[i]) ? i : -1;
}

static bool fault_is_last_word(const struct exit_facts *f, int fault)
{
	return fault >= 0 && f->signals->entries[fault].ts + FAULT_LAST_NS >= f->ts;
}

static void by_code(const struct exit_facts *f, uint32_t code, struct exit_reason *out)
{
	int first = f->signals ? first_from_others(f, (int)f->signals->n) : -1;
	int fault = kernel_fault_within(f, FAULT_TO_CODE_NS), own;

	if (code == 0) {
		/*
		 * A service that ends well when it is told to: clean, with who told it beside. But
		 * an ABRT is no request: gunicorn 23's master sends it on a timeout, and its sync
		 * worker takes the exception for one of the request and leaves with 0.
		 */
		if (first >= 0 && f->signals->entries[first].number == SIGABRT)
			set(out, by_sender(f, first), first);
		else
			set(out, CAUSE_CLEAN, first);
		return;
	}
	/*
	 * Runtimes live with faults of their own (a JVM's null checks and safepoints): one leads to
	 * a code only right before the exit. And a code of 128 + n says that signal n was obeyed.
	 */
	if (first >= 0 && (fault < first || !fault_is_last_word(f, fault) ||
			   code == 128u + (uint32_t)f->signals->entries[first].number)) {
		set(out, by_sender(f, first), first);
		return;
	}
	if (fault >= 0) {
		set(out, CAUSE_CRASHED, fault);
		return;
	}
	own = own_abort(f);
	set(out, own >= 0 ? CAUSE_CRASHED : CAUSE_FAILED, own);
}

/*
 * The kernel sets the victim's flag also without a kill, for a task that is dying already and runs
 * into OOM: with a SIGKILL of somebody's before it, it says nothing.
 */
static bool oom_flag_counts(const struct exit_facts *f)
{
	if (!f->oom_flag)
		return false;
	for (uint32_t i = 0; f->signals && i < f->signals->n; i++)
		if (f->signals->entries[i].number == SIGKILL)
			return is_kernel_kill(&f->signals->entries[i]);
	return true;
}

void cause_decide(const struct exit_facts *f, struct exit_reason *out)
{
	int number = f->status & 0x7f;

	set(out, CAUSE_UNKNOWN, -1);
	if (number == SIGKILL && (f->oom_marked || oom_flag_counts(f)))
		set(out, CAUSE_OOM_KILLED, latest(f, SIGKILL));
	else if (number)
		by_signal(f, number, out);
	else
		by_code(f, (f->status >> 8) & 0xff, out);
}
