/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cause.c - the rule of causes, as a table: what the contract says of each cause, what real
 * workloads do when they die, and beside each the same facts with one of them changed.
 */
#include <signal.h>

#include "core/cause.h"
#include "core_harness.h"

#define NOW (5000 * NSEC_PER_SEC)

enum whence { NOBODY, SELF, PARENT, SHIM, SIBLING, STRANGER, MASTER_AGAIN, FORMER_SELF };

/* Who can send: pid, start, container, name. The process is 100 in container 1, its parent 50. */
static const struct {
	uint32_t pid;
	uint64_t start;
	uint32_t container;
	const char *comm;
} senders[] = {
	[SELF] = {100, 1000, 1, "python3"},       [PARENT] = {50, 500, 1, "gunicorn"},
	[SHIM] = {7, 70, 3, "containerd-shim"},   [SIBLING] = {60, 600, 1, "sh"},
	[STRANGER] = {8, 80, 4, "bash"},          [MASTER_AGAIN] = {50, 501, 1, "gunicorn"},
	[FORMER_SELF] = {100, 999, 1, "python3"},
};

enum how {
	USER,   /* kill(2): si_code SI_USER */
	TKILL,  /* raise(), abort(), pthread_kill() */
	NOINFO, /* cgroup.kill and other writers in the kernel */
	PRIV,   /* the kernel itself */
	FAULT,  /* a real siginfo of a fault, si_code > 0 */
	KERNEL, /* SI_KERNEL */
	TIMER,
};

enum to { DFL = EV_SA_DEFAULT, IGN = EV_SA_IGNORE, CAUGHT = EV_SA_HANDLER };

struct sent {
	enum whence from;
	int sig;
	enum how how;
	enum to to;
	uint32_t ago_ms;
};

#define CODE(n)       ((n) << 8)
#define KILLED(s)     (s)
#define CORE(s)       ((s) | 0x80)
#define MARKED        1
#define FLAG          2
#define COLLATERAL    4
#define HOST_PID_NS   8
#define PARENT_ABSENT 16

static const struct {
	const char *what;
	uint32_t status;
	unsigned int facts;
	struct sent sent[SIGNALS_KEPT];
	enum exit_cause cause;
	int signal; /* index of the signal that the record names, -1: none */
} cases[] = {
	/* ---- clean and failed ---- */
	{"code 0", CODE(0), 0, {{0}}, CAUSE_CLEAN, -1},
	{"code 1", CODE(1), 0, {{0}}, CAUSE_FAILED, -1},
	{"gunicorn --max-requests", CODE(0), 0, {{0}}, CAUSE_CLEAN, -1},
	{"celery --max-tasks-per-child, no signal", CODE(155), 0, {{0}}, CAUSE_FAILED, -1},
	{"celery --max-tasks-per-child after the master's TERM",
	 CODE(155),
	 0,
	 {{PARENT, SIGTERM, USER, CAUGHT, 20}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"TERM to the master, worker exits 0",
	 CODE(0),
	 0,
	 {{PARENT, SIGTERM, USER, CAUGHT, 20}},
	 CAUSE_CLEAN,
	 0},
	{"the same, exits 1",
	 CODE(1),
	 0,
	 {{PARENT, SIGTERM, USER, CAUGHT, 20}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"the same, ignored", CODE(1), 0, {{PARENT, SIGTERM, USER, IGN, 20}}, CAUSE_FAILED, -1},
	{"the same, 11 s before",
	 CODE(1),
	 0,
	 {{PARENT, SIGTERM, USER, CAUGHT, 11000}},
	 CAUSE_FAILED,
	 -1},
	{"the same, 9.9 s before",
	 CODE(1),
	 0,
	 {{PARENT, SIGTERM, USER, CAUGHT, 9900}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"a reload is no order to end",
	 CODE(1),
	 0,
	 {{PARENT, SIGHUP, USER, CAUGHT, 20}},
	 CAUSE_FAILED,
	 -1},
	{"without a handler it is",
	 KILLED(SIGHUP),
	 0,
	 {{PARENT, SIGHUP, USER, DFL, 20}},
	 CAUSE_KILLED_BY_PARENT,
	 0},

	/* ---- gunicorn's arbiter ---- */
	{"gunicorn sync timeout: ABRT, handled, code 1",
	 CODE(1),
	 0,
	 {{PARENT, SIGABRT, USER, CAUGHT, 20}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"gunicorn 23: the worker takes the exception for its request's, code 0",
	 CODE(0),
	 0,
	 {{PARENT, SIGABRT, USER, CAUGHT, 20}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"an ABRT from beside, code 0",
	 CODE(0),
	 0,
	 {{SIBLING, SIGABRT, USER, CAUGHT, 20}},
	 CAUSE_KILLED_BY_SIBLING,
	 0},
	{"its own ABRT, handled, code 0",
	 CODE(0),
	 0,
	 {{SELF, SIGABRT, TKILL, CAUGHT, 20}},
	 CAUSE_CLEAN,
	 -1},
	{"ABRT long before, code 0",
	 CODE(0),
	 0,
	 {{PARENT, SIGABRT, USER, CAUGHT, 11000}},
	 CAUSE_CLEAN,
	 -1},
	{"ABRT ignored, code 0", CODE(0), 0, {{PARENT, SIGABRT, USER, IGN, 20}}, CAUSE_CLEAN, -1},
	{"told to end before the timeout struck, code 0",
	 CODE(0),
	 0,
	 {{PARENT, SIGTERM, USER, CAUGHT, 40}, {PARENT, SIGABRT, USER, CAUGHT, 20}},
	 CAUSE_CLEAN,
	 0},
	{"the same, ABRT ignored, KILL 1 s later",
	 KILLED(SIGKILL),
	 0,
	 {{PARENT, SIGABRT, USER, IGN, 1000}, {PARENT, SIGKILL, USER, DFL, 0}},
	 CAUSE_KILLED_BY_PARENT,
	 1},
	{"celery --time-limit: TERM, KILL 0.1 s later",
	 KILLED(SIGKILL),
	 0,
	 {{PARENT, SIGTERM, USER, CAUGHT, 100}, {PARENT, SIGKILL, USER, DFL, 0}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"the first sender wins",
	 KILLED(SIGKILL),
	 0,
	 {{STRANGER, SIGTERM, USER, CAUGHT, 100}, {PARENT, SIGKILL, USER, DFL, 0}},
	 CAUSE_KILLED_BY_OTHER,
	 0},
	{"unless it was long before",
	 KILLED(SIGKILL),
	 0,
	 {{STRANGER, SIGTERM, USER, CAUGHT, 10100}, {PARENT, SIGKILL, USER, DFL, 0}},
	 CAUSE_KILLED_BY_PARENT,
	 1},
	{"a new master with the old one's pid is not the parent",
	 KILLED(SIGKILL),
	 0,
	 {{MASTER_AGAIN, SIGKILL, USER, DFL, 0}},
	 CAUSE_KILLED_BY_SIBLING,
	 0},
	{"where the parent's start is not known, its pid decides",
	 KILLED(SIGKILL),
	 PARENT_ABSENT,
	 {{MASTER_AGAIN, SIGKILL, USER, DFL, 0}},
	 CAUSE_KILLED_BY_PARENT,
	 0},

	/* ---- who sent it ---- */
	{"runtime: stop",
	 KILLED(SIGTERM),
	 0,
	 {{SHIM, SIGTERM, USER, DFL, 5}},
	 CAUSE_KILLED_BY_RUNTIME,
	 0},
	{"runtime: stop, JVM exits 143",
	 CODE(143),
	 0,
	 {{SHIM, SIGTERM, USER, CAUGHT, 900}},
	 CAUSE_KILLED_BY_RUNTIME,
	 0},
	{"sibling",
	 KILLED(SIGTERM),
	 0,
	 {{SIBLING, SIGTERM, USER, DFL, 5}},
	 CAUSE_KILLED_BY_SIBLING,
	 0},
	{"from outside",
	 KILLED(SIGKILL),
	 0,
	 {{STRANGER, SIGKILL, USER, DFL, 5}},
	 CAUSE_KILLED_BY_OTHER,
	 0},
	{"cgroup.kill: the writer",
	 KILLED(SIGKILL),
	 0,
	 {{STRANGER, SIGKILL, NOINFO, DFL, 5}},
	 CAUSE_KILLED_BY_OTHER,
	 0},
	{"itself", KILLED(SIGTERM), 0, {{SELF, SIGTERM, TKILL, DFL, 0}}, CAUSE_KILLED_BY_SELF, 0},
	{"its pid, but an earlier process",
	 KILLED(SIGTERM),
	 0,
	 {{FORMER_SELF, SIGTERM, TKILL, DFL, 0}},
	 CAUSE_KILLED_BY_SIBLING,
	 0},
	{"caught, and raised again to itself",
	 KILLED(SIGTERM),
	 0,
	 {{SHIM, SIGTERM, USER, CAUGHT, 50}, {SELF, SIGTERM, TKILL, DFL, 0}},
	 CAUSE_KILLED_BY_RUNTIME,
	 0},
	{"raised by itself alone",
	 KILLED(SIGTERM),
	 0,
	 {{SELF, SIGTERM, USER, CAUGHT, 50}, {SELF, SIGTERM, TKILL, DFL, 0}},
	 CAUSE_KILLED_BY_SELF,
	 1},
	{"its own timer",
	 KILLED(SIGALRM),
	 0,
	 {{STRANGER, SIGALRM, KERNEL, DFL, 0}},
	 CAUSE_KILLED_BY_SELF,
	 0},
	{"the same number by kill(2)",
	 KILLED(SIGALRM),
	 0,
	 {{STRANGER, SIGALRM, USER, DFL, 0}},
	 CAUSE_KILLED_BY_OTHER,
	 0},
	{"a POSIX timer",
	 KILLED(SIGUSR1),
	 0,
	 {{STRANGER, SIGUSR1, TIMER, DFL, 0}},
	 CAUSE_KILLED_BY_SELF,
	 0},
	{"CPU time is up",
	 KILLED(SIGXCPU),
	 0,
	 {{STRANGER, SIGXCPU, PRIV, DFL, 0}},
	 CAUSE_KILLED_BY_SELF,
	 0},
	{"a signal that nobody saw", KILLED(SIGTERM), 0, {{0}}, CAUSE_UNKNOWN, -1},
	{"KILL that nobody saw", KILLED(SIGKILL), 0, {{0}}, CAUSE_UNKNOWN, -1},

	/* ---- crashes ---- */
	{"fault", CORE(SIGSEGV), 0, {{SELF, SIGSEGV, FAULT, DFL, 0}}, CAUSE_CRASHED, 0},
	{"fault by force_sig", CORE(SIGBUS), 0, {{SELF, SIGBUS, PRIV, DFL, 0}}, CAUSE_CRASHED, 0},
	{"fault that nobody saw", CORE(SIGFPE), 0, {{0}}, CAUSE_CRASHED, -1},
	{"kill -SEGV by the parent",
	 CORE(SIGSEGV),
	 0,
	 {{PARENT, SIGSEGV, USER, DFL, 0}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"abort()", CORE(SIGABRT), 0, {{SELF, SIGABRT, TKILL, DFL, 0}}, CAUSE_CRASHED, 0},
	{"ABRT from the parent, not handled",
	 CORE(SIGABRT),
	 0,
	 {{PARENT, SIGABRT, USER, DFL, 0}},
	 CAUSE_KILLED_BY_PARENT,
	 0},
	{"a failed assertion whose handler leaves with a code",
	 CODE(134),
	 0,
	 {{SELF, SIGABRT, TKILL, CAUGHT, 5}},
	 CAUSE_CRASHED,
	 0},
	{"a fault that a handler turns into a code",
	 CODE(1),
	 0,
	 {{SELF, SIGSEGV, FAULT, CAUGHT, 5}},
	 CAUSE_CRASHED,
	 0},
	{"the same, code 0", CODE(0), 0, {{SELF, SIGSEGV, FAULT, CAUGHT, 5}}, CAUSE_CLEAN, -1},
	{"the same, long before",
	 CODE(1),
	 0,
	 {{SELF, SIGSEGV, FAULT, CAUGHT, 11000}},
	 CAUSE_FAILED,
	 -1},
	{"the same, two seconds before: its handler is long through",
	 CODE(1),
	 0,
	 {{SELF, SIGSEGV, FAULT, CAUGHT, 2001}},
	 CAUSE_FAILED,
	 -1},
	{"a fault while it obeys a signal from outside",
	 CODE(1),
	 0,
	 {{SHIM, SIGTERM, USER, CAUGHT, 700}, {SELF, SIGSEGV, FAULT, CAUGHT, 5}},
	 CAUSE_CRASHED,
	 1},
	{"the same, before the signal",
	 CODE(1),
	 0,
	 {{SELF, SIGSEGV, FAULT, CAUGHT, 50}, {SHIM, SIGTERM, USER, CAUGHT, 5}},
	 CAUSE_KILLED_BY_RUNTIME,
	 1},
	{"the same, sent by kill(2)",
	 CODE(1),
	 0,
	 {{SIBLING, SIGSEGV, USER, CAUGHT, 5}},
	 CAUSE_FAILED,
	 -1},
	{"a fault that a handler turns into ABRT",
	 CORE(SIGABRT),
	 0,
	 {{SELF, SIGSEGV, FAULT, CAUGHT, 5}, {SELF, SIGABRT, TKILL, DFL, 0}},
	 CAUSE_CRASHED,
	 0},
	{"a runtime that lives with faults, stopped from outside",
	 CODE(143),
	 0,
	 {{SELF, SIGSEGV, FAULT, CAUGHT, 800},
	  {SHIM, SIGTERM, USER, CAUGHT, 700},
	  {SELF, SIGSEGV, FAULT, CAUGHT, 5}},
	 CAUSE_KILLED_BY_RUNTIME,
	 1},
	{"the same, which raises TERM again",
	 KILLED(SIGTERM),
	 0,
	 {{SELF, SIGSEGV, FAULT, CAUGHT, 800},
	  {SHIM, SIGTERM, USER, CAUGHT, 700},
	  {SELF, SIGTERM, TKILL, DFL, 0}},
	 CAUSE_KILLED_BY_RUNTIME,
	 1},

	/* ---- the OOM killer and the end of a pid namespace ---- */
	{"worker OOM",
	 KILLED(SIGKILL),
	 MARKED,
	 {{SIBLING, SIGKILL, PRIV, DFL, 0}},
	 CAUSE_OOM_KILLED,
	 0},
	{"marked, but it had left with a code", CODE(1), MARKED, {{0}}, CAUSE_FAILED, -1},
	{"the kernel's KILL without a mark",
	 KILLED(SIGKILL),
	 0,
	 {{SIBLING, SIGKILL, PRIV, DFL, 0}},
	 CAUSE_INIT_DIED,
	 0},
	{"the same where no namespace can end",
	 KILLED(SIGKILL),
	 HOST_PID_NS,
	 {{SIBLING, SIGKILL, PRIV, DFL, 0}},
	 CAUSE_UNKNOWN,
	 0},
	{"SI_KERNEL is the kernel's too",
	 KILLED(SIGKILL),
	 0,
	 {{SIBLING, SIGKILL, KERNEL, DFL, 0}},
	 CAUSE_INIT_DIED,
	 0},
	{"KILL by a user is never an OOM",
	 KILLED(SIGKILL),
	 0,
	 {{SIBLING, SIGKILL, USER, DFL, 0}},
	 CAUSE_KILLED_BY_SIBLING,
	 0},
	{"memory shared with a victim",
	 KILLED(SIGKILL),
	 COLLATERAL,
	 {{SIBLING, SIGKILL, PRIV, DFL, 0}},
	 CAUSE_OOM_KILLED,
	 0},
	{"the kernel's flag, the mark lost",
	 KILLED(SIGKILL),
	 FLAG,
	 {{SIBLING, SIGKILL, PRIV, DFL, 0}},
	 CAUSE_OOM_KILLED,
	 0},
	{"the kernel's flag, mark and signal lost",
	 KILLED(SIGKILL),
	 FLAG,
	 {{0}},
	 CAUSE_OOM_KILLED,
	 -1},
	{"the kernel's flag on one that was dying of another's KILL",
	 KILLED(SIGKILL),
	 FLAG,
	 {{STRANGER, SIGKILL, USER, DFL, 3}},
	 CAUSE_KILLED_BY_OTHER,
	 0},
	{"the master's TERM, then the OOM killer",
	 KILLED(SIGKILL),
	 MARKED,
	 {{PARENT, SIGTERM, USER, CAUGHT, 100}, {SIBLING, SIGKILL, PRIV, DFL, 0}},
	 CAUSE_OOM_KILLED,
	 1},
};

static void gather(size_t at, struct signal_log *log, struct exit_facts *f)
{
	static const uint32_t infos[] = {
		[USER] = EV_SI_REAL, [TKILL] = EV_SI_REAL, [NOINFO] = EV_SI_NOINFO,
		[PRIV] = EV_SI_PRIV, [FAULT] = EV_SI_REAL, [KERNEL] = EV_SI_REAL,
		[TIMER] = EV_SI_REAL};
	static const int32_t codes[] = {
		[USER] = SI_USER, [TKILL] = SI_TKILL,   [NOINFO] = 0,      [PRIV] = 0,
		[FAULT] = 1,      [KERNEL] = SI_KERNEL, [TIMER] = SI_TIMER};
	unsigned int facts = cases[at].facts;

	memset(f, 0, sizeof(*f));
	memset(log, 0, sizeof(*log));
	f->ts = NOW;
	f->status = (uint32_t)cases[at].status;
	f->pid = senders[SELF].pid;
	f->start = senders[SELF].start;
	f->parent_pid = senders[PARENT].pid;
	f->parent_start = facts & PARENT_ABSENT ? 0 : senders[PARENT].start;
	f->oom_marked = facts & MARKED;
	f->oom_flag = facts & FLAG;
	f->oom_collateral = facts & COLLATERAL;
	f->host_pid_ns = facts & HOST_PID_NS;
	f->container = senders[SELF].container;
	for (; log->n < SIGNALS_KEPT && cases[at].sent[log->n].from != NOBODY; log->n++) {
		const struct sent *sent = &cases[at].sent[log->n];
		struct proc_signal *s = &log->entries[log->n];

		s->ts = NOW - sent->ago_ms * H_MS;
		s->number = sent->sig;
		s->info = infos[sent->how];
		s->code = codes[sent->how];
		s->handler = sent->to;
		s->sender_pid = s->sender_tid = senders[sent->from].pid;
		s->sender_start = senders[sent->from].start;
		strcpy(s->sender_comm, senders[sent->from].comm);
		f->sender_container[log->n] = senders[sent->from].container;
	}
	f->signals = log->n ? log : NULL;
}

static void test_table(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signal_log log;
		struct exit_facts facts;
		struct exit_reason why;

		gather(i, &log, &facts);
		cause_decide(&facts, &why);
		if (why.cause == cases[i].cause && why.signal == cases[i].signal)
			continue;
		print_error("%s: %s by signal %d, not %s by signal %d\n", cases[i].what,
			    exit_cause_name(why.cause), why.signal, exit_cause_name(cases[i].cause),
			    cases[i].signal);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* Any status, any signals: a cause of the contract, and a signal that there is. */
static void test_no_facts_are_too_strange(void **state)
{
	uint64_t x = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct signal_log log;
		struct exit_facts f;
		struct exit_reason why;

		memset(&log, 0, sizeof(log));
		memset(&f, 0, sizeof(f));
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		f.ts = x % 3 ? NOW : x;
		f.status = (uint32_t)(x >> 17);
		f.pid = f.parent_pid = (uint32_t)(x >> 40) % 4;
		f.oom_marked = x >> 50 & 1;
		f.oom_flag = x >> 51 & 1;
		f.container = x >> 53 & 1;
		log.n = (uint32_t)(x >> 33) % (SIGNALS_KEPT + 1);
		for (uint32_t k = 0; k < log.n; k++) {
			x = x * 6364136223846793005ull + 1442695040888963407ull;
			log.entries[k].number = (int32_t)(x >> 40) % 70;
			log.entries[k].code = (int32_t)(x >> 20);
			log.entries[k].info = (uint32_t)(x >> 33) % 4;
			log.entries[k].handler = (uint32_t)(x >> 36) % 4;
			log.entries[k].ts = x % 2 ? NOW : x;
			log.entries[k].sender_pid = (uint32_t)(x >> 60);
		}
		f.signals = log.n || x & 1 ? &log : NULL;
		cause_decide(&f, &why);
		assert_in_range(why.cause, 0, CAUSE_COUNT - 1);
		assert_true(why.signal >= -1 && why.signal < (int)log.n);
		if (why.cause == CAUSE_OOM_KILLED)
			assert_true(f.oom_marked || f.oom_flag || f.oom_collateral);
	}
}

static void test_runtimes(void **state)
{
	(void)state;
	assert_true(cause_is_runtime("containerd-shim"));
	assert_true(cause_is_runtime("conmon"));
	assert_true(cause_is_runtime("dockerd"));
	assert_true(cause_is_runtime("runc:[2:INIT]"));
	assert_true(cause_is_runtime("crun"));
	assert_true(cause_is_runtime("systemd"));
	assert_true(cause_is_runtime("kubelet"));
	assert_false(cause_is_runtime(""));
	assert_false(cause_is_runtime("runcs"));
	assert_false(cause_is_runtime("runc:"));
	assert_false(cause_is_runtime("systemdx"));
	assert_false(cause_is_runtime("containerd-shi"));
}

/* A process inside the container is not the runtime by its name. */
static void test_name_alone_makes_no_runtime(void **state)
{
	struct signal_log log;
	struct exit_facts facts;
	struct exit_reason why;
	size_t at = 0;

	(void)state;
	while (strcmp(cases[at].what, "sibling"))
		at++;
	gather(at, &log, &facts);
	strcpy(log.entries[0].sender_comm, "runc");
	cause_decide(&facts, &why);
	assert_int_equal(why.cause, CAUSE_KILLED_BY_SIBLING);
	facts.sender_container[0] = 3;
	cause_decide(&facts, &why);
	assert_int_equal(why.cause, CAUSE_KILLED_BY_RUNTIME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_facts_are_too_strange),
		cmocka_unit_test(test_runtimes),
		cmocka_unit_test(test_name_alone_makes_no_runtime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
