/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pools.c - which families of children are pools, rule by rule with a case on both sides, and
 * which of their exits were planned.
 */
#include "crew.h"

/* A family by its numbers; what is not set here speaks for no pool and against none. */
struct traits {
	uint32_t restarts, planned, unreplaced, excess;
	uint64_t life_ms, gap_ms;
	bool forked, shell, known;
	uint32_t size, held, short_held, ticks, inhabited;
	const char *role; /* by the table */
};

/* Forked, a minute old, ended well, and `held` of 100 looks found as many as should be. */
#define FORKED(n, looks) AFTER(n, looks, 10)
#define AFTER(n, looks, gap)                                                                       \
	.restarts = (n), .planned = (n), .life_ms = 60000, .gap_ms = (gap), .forked = true,        \
	.size = (looks) ? 4 : 0, .held = (looks), .short_held = (looks) ? 100 - (looks) : 0
#define COMMAND(life, gap) .restarts = 10, .planned = 10, .life_ms = (life), .gap_ms = (gap)
#define FAILED(n, well)    .restarts = (n), .planned = (well), .life_ms = 100, .gap_ms = 10

static const struct {
	const char *what;
	struct traits t;
	bool pool;
} cases[] = {
	{"nobody was replaced yet", {.forked = true, .size = 4, .held = 1000}, false},
	{"forked, end well, and are kept at a number", {FORKED(10, 50)}, true},

	/* ---- followed or not ---- */
	{"half of all are not followed", {FORKED(10, 50), .unreplaced = 5}, false},
	{"fewer than half", {FORKED(11, 50), .unreplaced = 5}, true},
	{"as many are one too many", {FORKED(10, 50), .excess = 10}, false},
	{"fewer are", {FORKED(10, 50), .excess = 9}, true},
	{"both", {FORKED(10, 50), .unreplaced = 3, .excess = 4}, false},
	{"one that was a pool", {FORKED(10, 50), .known = true, .excess = 10}, false},

	/* ---- forked ones that end well: is there a number that is kept? ---- */
	{"more often there are fewer", {FORKED(7, 49)}, false},
	{"no number was ever held", {FORKED(7, 0)}, false},
	{"it was a pool before", {FORKED(7, 49), .known = true, .role = "x worker"}, true},
	{"it was taken for one before", {FORKED(7, 49), .known = true}, false},
	{"a master that looks every three seconds", {AFTER(7, 50, 3000)}, true},
	{"connections, by chance as many", {AFTER(7, 50, 3001)}, false},
	{"the same of a program that is known", {AFTER(7, 50, 3001), .role = "x worker"}, true},
	{"too fast for a number, but there is always one",
	 {FORKED(10, 0), .ticks = 100, .inhabited = 75},
	 true},
	{"the same at the pace of visitors",
	 {AFTER(10, 0, 251), .ticks = 100, .inhabited = 75},
	 false},
	{"the same of a program that is known",
	 {AFTER(10, 0, 251), .ticks = 100, .inhabited = 75, .role = "x worker"},
	 true},
	{"there often is none", {FORKED(10, 0), .ticks = 100, .inhabited = 74}, false},
	{"too few to tell", {FORKED(7, 0), .ticks = 100, .inhabited = 100}, false},
	{"one in five is not followed",
	 {FORKED(10, 0), .ticks = 100, .inhabited = 100, .unreplaced = 2},
	 false},

	/* ---- commands that end well ---- */
	{"a command that is run again at once", {COMMAND(60000, 10)}, true},
	{"one that lives a second", {COMMAND(1000, 10)}, true},
	{"a probe", {COMMAND(999, 10)}, false},
	{"missed for as long as it lived", {COMMAND(5000, 5000)}, true},
	{"a job with pauses", {COMMAND(5000, 5001)}, false},

	/* ---- failures ---- */
	{"a forked one that failed once", {FAILED(1, 0), .forked = true}, false},
	{"one of a program that is known",
	 {FAILED(1, 0), .forked = true, .role = "x worker"},
	 true},
	{"one where a number is kept",
	 {FAILED(1, 0), .forked = true, .size = 4, .held = 50, .short_held = 50},
	 true},
	{"a command that failed once", {FAILED(1, 0)}, false},
	{"a command that failed twice", {FAILED(2, 0)}, true},
	{"half of them failed", {FAILED(2, 1)}, true},
	{"most ended well", {FAILED(3, 2)}, false},

	/* ---- shells ---- */
	{"a loop in a script", {COMMAND(59999, 10), .shell = true}, false},
	{"one that fails", {FAILED(9, 0), .shell = true}, false},
	{"one that was a pool", {COMMAND(59999, 10), .shell = true, .known = true}, false},
	{"a service in a script", {COMMAND(60000, 10), .shell = true}, true},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct traits *t = &cases[i].t;
		struct workers w = {
			.parent_pid = 1,
			.restarts = {.total = t->restarts},
			.planned = t->planned,
			.unreplaced = t->unreplaced,
			.excess = t->excess,
			.forked = t->forked,
			.shell = t->shell,
			.known = t->known,
			.role = t->role,
			.size = t->size,
			.held = t->held,
			.short_held = t->short_held,
			.ticks = t->ticks,
			.inhabited = t->inhabited,
		};

		for (uint32_t k = 0; k < t->restarts; k++) {
			spread_add(&w.lifetime, t->life_ms * H_MS);
			spread_add(&w.respawn, t->gap_ms * H_MS);
		}
		if (workers_is_pool(&w) != cases[i].pool)
			fail_msg("%s: a pool or not", cases[i].what);
	}
}

static void test_planned(void **state)
{
	static const struct {
		enum exit_cause cause;
		uint32_t code, signal;
		bool planned;
	} exits[] = {
		{CAUSE_CLEAN, 0, 0, true},
		{CAUSE_CLEAN, 155, 0, true}, /* recycling by its role */
		{CAUSE_FAILED, 1, 0, false},
		{CAUSE_FAILED, 155, 0, false},
		{CAUSE_CRASHED, UINT32_MAX, SIGSEGV, false},
		{CAUSE_OOM_KILLED, UINT32_MAX, SIGKILL, false},
		{CAUSE_KILLED_BY_PARENT, UINT32_MAX, SIGTERM, true},
		{CAUSE_KILLED_BY_PARENT, UINT32_MAX, SIGINT, true},
		{CAUSE_KILLED_BY_PARENT, UINT32_MAX, SIGHUP, true},
		{CAUSE_KILLED_BY_PARENT, UINT32_MAX, SIGQUIT, true},
		{CAUSE_KILLED_BY_PARENT, UINT32_MAX, SIGABRT, false},
		{CAUSE_KILLED_BY_PARENT, UINT32_MAX, SIGKILL, false},
		{CAUSE_KILLED_BY_PARENT, 1, 0, false}, /* a timeout that it caught */
		{CAUSE_KILLED_BY_PARENT, 0, 0, false}, /* the same of gunicorn 23 */
		{CAUSE_KILLED_BY_OTHER, UINT32_MAX, SIGTERM, false},
		{CAUSE_KILLED_BY_SIBLING, UINT32_MAX, SIGTERM, false},
		{CAUSE_KILLED_BY_SELF, UINT32_MAX, SIGTERM, false},
		{CAUSE_UNKNOWN, UINT32_MAX, SIGTERM, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		struct worker_exit e = {
			.cause = exits[i].cause, .code = exits[i].code, .signal = exits[i].signal};

		if (worker_exit_is_planned(&e) != exits[i].planned)
			fail_msg("case %zu: planned or not", i);
	}
}

/* ---- the same told as events ---- */

static bool is_pool(const struct crew *c)
{
	const struct workers *w = crew_family(c, 0);

	return w && workers_is_pool(w);
}

static void test_shell_loop(void **state)
{
	static const struct {
		const char *parent, *executable, *args;
		bool pool;
	} parents[] = {
		{"sh", "/usr/bin/dash", "sh", false},
		{"bash", "/x", "loop", false},
		{"loop.sh", "/usr/bin/bash", "-bash", false},
		{"loop.sh", "/bin/busybox", "/bin/sh ./loop.sh", false},
		{"loop", "/usr/bin/dash", "/bin/sh -e ./loop", false},
		{"busybox", "/bin/busybox", "busybox httpd", true},
		{"python3", "/usr/bin/python3", "python3 /bin/sh", true},
		{"shy", "/usr/sh/shy", "bash/shy -c bash", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		struct crew c;

		crew_open_with(&c, 256, parents[i].parent, parents[i].args);
		h_exec(c.h, c.parent, parents[i].executable, parents[i].args);
		crew_look(&c);
		for (uint32_t k = 0; k < 6; k++) {
			crew_run(&c, "sync-mail", "/bin/sync-mail --all");
			crew_live(&c, 3);
			crew_exit(&c, 0, H_CODE(0));
			h_pass(c.h, 10 * H_MS);
		}
		crew_run(&c, "sync-mail", "/bin/sync-mail --all");
		crew_live(&c, 1);
		assert_int_equal(is_pool(&c), parents[i].pool);
		crew_close(&c);
	}
}

/* cron forks itself for each job, a minute apart. */
static void test_cron(void **state)
{
	struct crew c;

	(void)state;
	crew_open_with(&c, 256, "cron", "/usr/sbin/cron -f");
	for (uint32_t k = 0; k < 10; k++) {
		crew_fork(&c, "cron");
		crew_live(&c, 2);
		crew_exit(&c, 0, H_CODE(k & 1));
		crew_live(&c, 58);
	}
	assert_false(is_pool(&c));
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	crew_close(&c);
}

static void test_build(void **state)
{
	struct crew c;

	(void)state;
	crew_open_with(&c, 256, "make", "make -j2");
	for (uint32_t k = 0; k < 20; k++) {
		char args[48];

		snprintf(args, sizeof(args), "cc -c %c.c", 'a' + (int)k);
		crew_run(&c, "cc", args);
		crew_live(&c, 1);
		crew_exit(&c, 0, H_CODE(0));
	}
	crew_live(&c, 2);
	for (uint32_t k = 0; k < 20; k++)
		assert_int_equal(crew_family(&c, k)->restarts.total, 0);
	crew_close(&c);
}

/* The recycling code of celery's workers is theirs only. */
static void test_celery(void **state)
{
	static const struct {
		const char *args;
		uint64_t planned;
	} programs[] = {
		{"/usr/bin/python3 /usr/bin/celery -A app worker", 1},
		{"/usr/bin/python3 /srv/other.py", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct crew c;

		crew_open_with(&c, 256, "celery", programs[i].args);
		crew_hire(&c, 2);
		crew_turn(&c, 0, 5, H_CODE(155));
		assert_int_equal(crew_family(&c, 0)->restarts.total, 1);
		assert_int_equal(crew_family(&c, 0)->planned, programs[i].planned);
		crew_close(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),      cmocka_unit_test(test_planned),
		cmocka_unit_test(test_shell_loop), cmocka_unit_test(test_cron),
		cmocka_unit_test(test_build),      cmocka_unit_test(test_celery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
