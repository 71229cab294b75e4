/* SPDX-License-Identifier: Apache-2.0 */
/* test_restart.c - the restart report: what it counts, when it comes, and what it advises. */
#include "crew.h"

static const struct rec_restart_report *last_report(const struct harness *h)
{
	size_t n = h_count(h, RECORD_RESTART_REPORT);

	assert_true(n > 0);
	return &h_find(h, RECORD_RESTART_REPORT, n - 1)->restart;
}

static const struct rec_workers *only_pool(const struct harness *h)
{
	assert_int_equal(last_report(h)->n_workers, 1);
	return &last_report(h)->workers[0];
}

static bool says(const struct rec_restart_report *r, const char *sentence)
{
	for (size_t i = 0; i < r->n_advice; i++)
		if (!strcmp(r->advice[i], sentence))
			return true;
	for (size_t i = 0; i < r->n_advice; i++)
		print_message("says: %s\n", r->advice[i]);
	return false;
}

static bool mentions(const struct rec_restart_report *r, const char *part)
{
	for (size_t i = 0; i < r->n_advice; i++)
		if (strstr(r->advice[i], part))
			return true;
	return false;
}

/* A crew with so many forked workers, and nothing reported so far. */
static void open_pool(struct crew *c, uint32_t size)
{
	crew_open(c);
	crew_hire(c, size);
	h_forget(c->h);
}

/* ---- when ---- */

static void test_none_without_restarts(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	crew_report(&c);
	crew_report(&c);
	h_stop(c.h);
	assert_int_equal(h_count(c.h, RECORD_CONTAINER_SAMPLE), 2);
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	crew_close(&c);
}

/* At each interval once there were restarts, and a last time at the end. */
static void test_every_interval(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	crew_turn(&c, 0, 1, H_CODE(0));
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	for (size_t i = 1; i <= 3; i++) {
		crew_report(&c);
		assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), i);
	}
	assert_string_equal(h_find(c.h, RECORD_RESTART_REPORT, 2)->container.id, H_ID64);
	h_stop(c.h);
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 4);
	/* Before the stop itself. */
	assert_int_equal(c.h->records[c.h->n_records - 1].r.type, RECORD_AGENT_STOP);
	crew_close(&c);
}

/* So many unplanned ones in an hour, and no report while nothing changes. */
static void test_status(void **state)
{
	static const struct {
		uint32_t restarts;
		enum restart_status status;
		enum severity severity;
		size_t reports;
	} steps[] = {
		{4, RESTART_OK, SEVERITY_INFO, 0},
		{5, RESTART_WARNING, SEVERITY_WARNING, 1},
		{19, RESTART_WARNING, SEVERITY_WARNING, 1},
		{20, RESTART_CRITICAL, SEVERITY_CRITICAL, 2},
		{21, RESTART_CRITICAL, SEVERITY_CRITICAL, 2},
	};
	struct crew c;
	uint32_t n = 0;

	(void)state;
	open_pool(&c, 3);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (; n < steps[i].restarts; n++)
			crew_turn(&c, 0, 10, H_CODE(1));
		assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), steps[i].reports);
		if (!steps[i].reports)
			continue;
		assert_int_equal(last_report(c.h)->status, steps[i].status);
		assert_int_equal(
			h_find(c.h, RECORD_RESTART_REPORT, steps[i].reports - 1)->r.severity,
			steps[i].severity);
	}
	/* An hour later they are forgotten, which the next interval's report says. */
	h_forget(c.h);
	crew_leap(&c, 3600);
	crew_report(&c);
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 1);
	assert_int_equal(last_report(c.h)->status, RESTART_OK);
	assert_int_equal(only_pool(c.h)->restarts, 0);
	assert_int_equal(only_pool(c.h)->restarts_total, 21);
	assert_int_equal(only_pool(c.h)->recycling, RECYCLING_NONE);
	assert_int_equal(last_report(c.h)->n_advice, 0);
	crew_close(&c);
}

static void test_thresholds_are_options(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	c.h->core->restart_warning = 1;
	c.h->core->restart_critical = 2;
	crew_turn(&c, 0, 10, H_CODE(1));
	assert_int_equal(last_report(c.h)->status, RESTART_WARNING);
	crew_turn(&c, 0, 10, H_CODE(1));
	assert_int_equal(last_report(c.h)->status, RESTART_CRITICAL);
	crew_close(&c);
}

/* A pool that is no more leaves no alarm behind. */
static void test_status_of_a_pool_that_is_gone(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	for (uint32_t i = 0; i < 5; i++)
		crew_turn(&c, 0, 10, H_CODE(1));
	assert_int_equal(last_report(c.h)->status, RESTART_WARNING);
	h_exec(c.h, c.parent, "/bin/other", "/bin/other");
	h_forget(c.h);
	crew_report(&c);
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 1);
	assert_int_equal(last_report(c.h)->status, RESTART_OK);
	assert_int_equal(last_report(c.h)->n_workers, 0);
	crew_report(&c);
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 1);
	crew_close(&c);
}

/* Its parent has ended, so has each of them, and an hour has gone by: nothing more to say. */
static void test_ended_pool_is_dropped(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 2);
	h_scan(c.h, 30, 10, H_DOCKER "/kept"); /* something of the container's lives on */
	crew_turn(&c, 0, 10, H_CODE(1));
	h_exit(c.h, c.parent, H_CODE(0));
	while (c.n)
		crew_exit(&c, 0, H_CODE(0));
	crew_read(&c);
	h_forget(c.h);
	crew_report(&c);
	assert_true(only_pool(c.h)->parent_gone);
	assert_int_equal(only_pool(c.h)->alive, 0);
	h_pass(c.h, 3600 * NSEC_PER_SEC);
	h_tasks_end(c.h, 1);
	crew_read(&c);
	h_forget(c.h);
	crew_report(&c);
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	assert_int_equal(c.h->core->workers_pool.used, 0);
	crew_close(&c);
}

/* ---- what: planned ones ---- */

static void test_planned_never_alarms(void **state)
{
	const struct rec_workers *w;
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	for (uint32_t i = 0; i < 25; i++)
		crew_turn(&c, 0, 20, H_CODE(0));
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	crew_report(&c);
	w = only_pool(c.h);
	assert_int_equal(last_report(c.h)->status, RESTART_OK);
	assert_int_equal(w->restarts, 25);
	assert_int_equal(w->unplanned, 0);
	assert_int_equal(w->causes.causes[CAUSE_CLEAN], 25);
	assert_int_equal(w->recycling, RECYCLING_PLANNED);
	assert_int_equal(w->size, 3);
	assert_int_equal(w->alive, 3);
	assert_int_equal(w->parent.pid, CREW_PID);
	assert_string_equal(w->parent.name, "boss");
	assert_string_equal(w->role, "boss");
	assert_false(w->parent_gone);
	assert_false(w->synchronized);
	assert_false(w->boot_loop);
	assert_false(w->respawn_storm);
	assert_int_equal(w->respawn.p50 / H_MS, 100);
	assert_int_equal(w->below_size_ns / H_MS, 2500);
	assert_int_equal(w->lifetime.p50 / NSEC_PER_SEC, 63);
	assert_int_equal(w->peak_rss.p95, 80 << 20);
	assert_true(says(last_report(c.h),
			 "Planned recycling about every 63 s holds boss at 80 MiB (95 of 100)."));
	assert_int_equal(last_report(c.h)->n_advice, 1);
	crew_close(&c);
}

/* `n` of the four leave together after a minute, in each of two generations. */
static void generations(struct crew *c, uint32_t n, uint32_t turns, bool told)
{
	while (turns--) {
		crew_live(c, 60);
		for (uint32_t i = 0; i < n; i++) {
			if (told)
				crew_kill(c, 0, SIGTERM, H_CODE(0));
			else
				crew_exit(c, 0, H_CODE(0));
			h_pass(c->h, 500 * H_MS);
			crew_fork(c, "boss");
		}
		crew_live(c, 3);
	}
	crew_report(c);
}

static void test_synchronized(void **state)
{
	static const struct {
		uint32_t together, generations;
		bool told, synchronized;
	} steps[] = {
		{4, 1, false, true},  /* all of them, once */
		{3, 1, false, false}, /* by chance */
		{3, 2, false, true},  /* again */
		{2, 4, false, false}, /* only half */
		{4, 2, true, false},  /* a reload */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct crew c;

		open_pool(&c, 4);
		generations(&c, steps[i].together, steps[i].generations, steps[i].told);
		if (only_pool(c.h)->synchronized != steps[i].synchronized)
			fail_msg("%zu: synchronized", i);
		assert_int_equal(mentions(last_report(c.h), "jitter"), steps[i].synchronized);
		crew_close(&c);
	}
}

/* Lives of 45 to 75 s: they meet by chance, time and again, and nothing is wrong with that. */
static void test_jitter(void **state)
{
	uint64_t ends[4], seed = 7;
	struct crew c;

	(void)state;
	open_pool(&c, 4);
	for (uint32_t i = 0; i < 4; i++)
		ends[i] = c.h->now + (45 + 7 * i) * NSEC_PER_SEC;
	for (uint32_t second = 0; second < 3600; second++) {
		crew_live(&c, 1);
		for (uint32_t i = 0; i < 4; i++) {
			if (c.h->now < ends[i])
				continue;
			crew_exit(&c, i, H_CODE(0));
			crew_fork(&c, "boss");
			/* crew_exit() has moved those behind it up. */
			memmove(ends + i, ends + i + 1, (3 - i) * sizeof(ends[0]));
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			ends[3] = c.h->now + (45000 + (seed >> 33) % 30000) * H_MS;
		}
		c.h->n_requests = 0;
	}
	crew_report(&c);
	assert_in_range(only_pool(c.h)->restarts, 200, 280);
	assert_false(only_pool(c.h)->synchronized);
	assert_false(mentions(last_report(c.h), "jitter"));
	crew_close(&c);
}

static void test_advice_on_jitter(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 4);
	generations(&c, 4, 1, false);
	assert_true(says(last_report(c.h),
			 "boss: 4 of 4 left together, after about 64 s each: add jitter; "
			 "fewer than 4 were alive for 2.0 s in all."));
	crew_close(&c);
}

/* Times at which one or more are missing count once each. */
static void test_below_size(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	crew_exit(&c, 0, H_CODE(1));
	h_pass(c.h, NSEC_PER_SEC);
	crew_exit(&c, 0, H_CODE(1));
	h_pass(c.h, NSEC_PER_SEC);
	crew_fork(&c, "boss");
	h_pass(c.h, NSEC_PER_SEC);
	crew_fork(&c, "boss");
	crew_live(&c, 10);
	crew_report(&c);
	assert_int_equal(only_pool(c.h)->below_size_ns / NSEC_PER_SEC, 3);
	/* And one that is missing now. */
	crew_exit(&c, 0, H_CODE(1));
	h_pass(c.h, 5 * NSEC_PER_SEC);
	h_stop(c.h);
	assert_int_equal(only_pool(c.h)->below_size_ns / NSEC_PER_SEC, 8);
	crew_close(&c);
}

/* ---- what: unplanned ones ---- */

static void test_oom_behind_the_back(void **state)
{
	const struct rec_workers *w;
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	for (uint32_t i = 0; i < 2; i++) {
		crew_live(&c, 30);
		crew_oom(&c, 0);
		h_pass(c.h, 300 * H_MS);
		crew_fork(&c, "boss");
	}
	crew_turn(&c, 0, 30, H_CODE(0));
	crew_report(&c);
	w = only_pool(c.h);
	assert_int_equal(w->restarts, 3);
	assert_int_equal(w->unplanned, 2);
	assert_int_equal(w->causes.causes[CAUSE_OOM_KILLED], 2);
	assert_int_equal(w->recycling, RECYCLING_UNPLANNED);
	assert_true(says(last_report(c.h),
			 "2 of 3 restarts of boss were OOM kills that no orchestrator "
			 "saw: the container's init lived on."));
	crew_close(&c);
}

/* What recycling does not hold is not said to be held. */
static void test_recycling_that_does_not_hold(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	for (uint32_t i = 0; i < 5; i++)
		crew_turn(&c, 0, 20, H_CODE(0));
	crew_live(&c, 20);
	crew_oom(&c, 0);
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	crew_report(&c);
	assert_int_equal(only_pool(c.h)->recycling, RECYCLING_PLANNED);
	assert_true(mentions(last_report(c.h), "1 of 6 restarts of boss were OOM kills"));
	assert_false(mentions(last_report(c.h), "holds"));
	crew_close(&c);
}

static void test_timeout(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	crew_live(&c, 30);
	crew_kill(&c, 0, SIGABRT, H_SIGNAL(SIGABRT));
	crew_fork(&c, "boss");
	crew_live(&c, 30);
	crew_kill(&c, 0, SIGKILL, H_SIGNAL(SIGKILL));
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	crew_report(&c);
	assert_int_equal(only_pool(c.h)->causes.causes[CAUSE_KILLED_BY_PARENT], 2);
	assert_int_equal(only_pool(c.h)->unplanned, 2);
	assert_true(says(last_report(c.h),
			 "2 of 2 restarts of boss were kills by its own parent, as on a timeout: "
			 "memory is not the cause, whatever a log guesses."));
	crew_close(&c);
}

/* Told to end by TERM and dead of it, at a reload: that is no timeout, whatever else happened. */
static void test_reload_and_oom_are_no_timeout(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	for (uint32_t i = 0; i < 3; i++) {
		crew_live(&c, 30);
		crew_kill(&c, 0, SIGTERM, H_SIGNAL(SIGTERM));
		crew_fork(&c, "boss");
		crew_live(&c, 30);
		crew_oom(&c, 0);
		crew_fork(&c, "boss");
	}
	crew_live(&c, 1);
	crew_report(&c);
	assert_int_equal(only_pool(c.h)->causes.causes[CAUSE_KILLED_BY_PARENT], 3);
	assert_int_equal(only_pool(c.h)->unplanned, 3);
	assert_true(mentions(last_report(c.h), "3 of 6 restarts of boss were OOM kills"));
	assert_false(mentions(last_report(c.h), "timeout"));
	crew_close(&c);
}

static void test_crashes(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	crew_turn(&c, 0, 30, H_SIGNAL(SIGSEGV));
	crew_turn(&c, 0, 30, H_CODE(1));
	crew_report(&c);
	assert_true(says(
		last_report(c.h),
		"1 of 2 restarts of boss were crashes (a fatal fault or an abort of its own)."));
	crew_close(&c);
}

static void test_failures(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	crew_turn(&c, 0, 30, H_CODE(1));
	crew_turn(&c, 0, 30, H_CODE(7));
	crew_turn(&c, 0, 30, H_CODE(0));
	crew_report(&c);
	assert_int_equal(last_report(c.h)->n_advice, 1);
	assert_true(says(last_report(c.h),
			 "2 of 3 restarts of boss were failures by its own account: it left with a "
			 "code that is not 0, last with 7."));
	crew_close(&c);
}

/* ---- loops and storms ---- */

/* A successor dies half a second after its birth. */
static void fail_early(struct crew *c, uint32_t times, uint32_t status)
{
	while (times--) {
		h_pass(c->h, 500 * H_MS);
		crew_exit(c, c->n - 1, status);
		h_pass(c->h, 20 * H_MS);
		crew_fork(c, "boss");
		h_pass(c->h, 100 * H_MS);
		crew_look(c);
	}
}

static void test_boot_loop(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 2);
	/* An hour of good work, then a new version that cannot start. */
	for (uint32_t i = 0; i < 3; i++)
		crew_turn(&c, 0, 600, H_CODE(0));
	crew_turn(&c, 0, 60, H_CODE(0));
	fail_early(&c, 2, H_CODE(3));
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	fail_early(&c, 1, H_CODE(3));
	assert_int_equal(last_report(c.h)->status, RESTART_WARNING);
	assert_true(only_pool(c.h)->boot_loop);
	assert_true(says(last_report(c.h),
			 "boss ended 3 times in a row within 1.5 s of its start, last with code 3: "
			 "it cannot start."));
	/* One that works ends it; so does a minute of peace. */
	crew_live(&c, 62);
	crew_report(&c);
	assert_int_equal(last_report(c.h)->status, RESTART_OK);
	assert_false(only_pool(c.h)->boot_loop);
	fail_early(&c, 1, H_CODE(3));
	crew_report(&c);
	assert_false(only_pool(c.h)->boot_loop);
	crew_close(&c);
}

/* The first ones have all begun at once, and one fault is met by each: no loop yet. */
static void test_boot_loop_needs_successors(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	for (uint32_t i = 0; i < 4; i++)
		crew_fork(&c, "boss");
	crew_live(&c, 1);
	for (uint32_t i = 0; i < 4; i++) {
		crew_exit(&c, 0, H_CODE(1));
		h_pass(c.h, H_MS);
		crew_fork(&c, "boss");
	}
	crew_live(&c, 1);
	crew_report(&c);
	assert_int_equal(only_pool(c.h)->restarts, 4);
	assert_false(only_pool(c.h)->boot_loop);
	crew_close(&c);
}

static void test_boot_loop_by_signal(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 2);
	crew_turn(&c, 1, 60, H_CODE(0));
	fail_early(&c, 3, H_SIGNAL(SIGSEGV));
	assert_true(mentions(last_report(c.h), "boss ended 3 times in a row within"));
	assert_true(mentions(last_report(c.h), "of its start, last by a signal: it cannot start."));
	crew_close(&c);
}

/* Each does one task and dies: planned, and an alarm all the same. */
static void test_storm(void **state)
{
	struct crew c;

	(void)state;
	open_pool(&c, 4);
	for (uint32_t i = 0; i < 29; i++)
		crew_turn(&c, 0, 0, H_CODE(0));
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	crew_turn(&c, 0, 0, H_CODE(0));
	assert_int_equal(last_report(c.h)->status, RESTART_WARNING);
	assert_true(only_pool(c.h)->respawn_storm);
	assert_int_equal(only_pool(c.h)->unplanned, 0);
	assert_true(
		says(last_report(c.h),
		     "boss is replaced all the time, half of them after no more than 4.3 s: let "
		     "each do more before it is recycled."));
	crew_live(&c, 62);
	crew_report(&c);
	assert_int_equal(last_report(c.h)->status, RESTART_OK);
	assert_false(only_pool(c.h)->respawn_storm);
	crew_close(&c);
}

/* ---- the parent ---- */

static void test_orphans(void **state)
{
	struct ev_who boss;
	struct crew c;

	(void)state;
	open_pool(&c, 3);
	crew_turn(&c, 0, 30, H_CODE(1));
	boss = c.parent;
	h_oom_event(c.h, boss, boss, c.h->now);
	h_step(c.h);
	h_kernel_kill(c.h, boss, boss);
	h_exit_event(c.h, boss, H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(c.h);
	crew_read(&c);
	crew_report(&c);
	assert_true(only_pool(c.h)->parent_gone);
	assert_int_equal(only_pool(c.h)->alive, 3);
	assert_true(says(last_report(c.h),
			 "The parent of boss was OOM-killed, and 3 of them live on without one: "
			 "nobody replaces them."));
	crew_exit(&c, 0, H_CODE(1));
	crew_read(&c);
	for (uint32_t i = 0; i < 5; i++) {
		h_pass(c.h, NSEC_PER_SEC);
		for (uint32_t k = 0; k < c.n; k++)
			h_task(c.h, c.kids[k], 2, 1 << 20);
		h_tasks_end(c.h, 1);
		crew_read(&c);
	}
	crew_report(&c);
	assert_int_equal(only_pool(c.h)->alive, 2);
	assert_int_equal(only_pool(c.h)->size, 3);
	crew_close(&c);
}

/* ---- several of them ---- */

/* Pools of another container are none of this one's. */
static void test_two_containers(void **state)
{
	struct ev_who other, kid;
	struct crew c;

	(void)state;
	open_pool(&c, 2);
	h_scan(c.h, 11, 5, "/docker/" H_ID64_2);
	crew_turn(&c, 0, 10, H_CODE(0));
	h_memcgs_end(c.h);
	other = h_who(21, 11, "chief");
	h_task(c.h, other, 2, 1 << 20);
	crew_read(&c);
	kid = h_who(900, 11, "chief");
	for (uint32_t i = 0; i < 3; i++) {
		kid.pid++;
		kid.start = c.h->now;
		h_fork(c.h, kid, other);
		h_pass(c.h, 100 * H_MS);
		h_exit(c.h, kid, H_CODE(1));
	}
	h_forget(c.h);
	h_stop(c.h);
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct h_record *r = h_find(c.h, RECORD_RESTART_REPORT, i);
		bool first = !strcmp(r->container.id, H_ID64);

		assert_int_equal(r->restart.n_workers, 1);
		assert_string_equal(r->restart.workers[0].role, first ? "boss" : "chief");
		assert_int_equal(r->restart.workers[0].unplanned, first ? 0 : 2);
	}
	crew_close(&c);
}

static void test_more_pools_than_told(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	for (uint32_t k = 0; k < RECORD_POOLS + 3; k++) {
		char args[32];

		snprintf(args, sizeof(args), "service %c", 'a' + (int)k);
		for (uint32_t i = 0; i < 3; i++) {
			crew_run(&c, "service", args);
			h_pass(c.h, 100 * H_MS);
			crew_exit(&c, 0, H_CODE(1));
		}
	}
	crew_look(&c);
	h_stop(c.h);
	assert_int_equal(last_report(c.h)->n_workers, RECORD_POOLS);
	assert_int_equal(last_report(c.h)->more_workers, 3);
	/* Also of those that are not told. */
	assert_int_equal(last_report(c.h)->status, RESTART_CRITICAL);
	crew_close(&c);
}

/* More findings than sentences. */
static void test_advice_is_bounded(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	for (uint32_t k = 0; k < RECORD_POOLS; k++) {
		char args[32];

		snprintf(args, sizeof(args), "service %c", 'a' + (int)k);
		crew_run(&c, "service", args);
		for (uint32_t i = 0; i < 4; i++) {
			h_pass(c.h, 100 * H_MS);
			crew_exit(&c, c.n - 1, H_SIGNAL(SIGSEGV));
			crew_run(&c, "service", args);
		}
	}
	crew_look(&c);
	h_stop(c.h);
	assert_int_equal(last_report(c.h)->n_workers, RECORD_POOLS);
	assert_int_equal(last_report(c.h)->n_advice, RECORD_ADVICE);
	crew_close(&c);
}

/* What a container calls its processes is printed by people. */
static void test_hostile_names(void **state)
{
	struct crew c;

	(void)state;
	crew_open_with(&c, 256, "\x1b[2J\nx\xc2\x9b%n%s", "x");
	crew_hire(&c, 2);
	crew_turn(&c, 0, 30, H_SIGNAL(SIGSEGV));
	crew_report(&c);
	assert_true(says(last_report(c.h),
			 "1 of 1 restarts of ?[2J?x??%n%s were crashes (a fatal fault or an abort "
			 "of its own)."));
	crew_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none_without_restarts),
		cmocka_unit_test(test_every_interval),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_thresholds_are_options),
		cmocka_unit_test(test_status_of_a_pool_that_is_gone),
		cmocka_unit_test(test_ended_pool_is_dropped),
		cmocka_unit_test(test_planned_never_alarms),
		cmocka_unit_test(test_synchronized),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_advice_on_jitter),
		cmocka_unit_test(test_below_size),
		cmocka_unit_test(test_oom_behind_the_back),
		cmocka_unit_test(test_recycling_that_does_not_hold),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_reload_and_oom_are_no_timeout),
		cmocka_unit_test(test_crashes),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_boot_loop),
		cmocka_unit_test(test_boot_loop_needs_successors),
		cmocka_unit_test(test_boot_loop_by_signal),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_orphans),
		cmocka_unit_test(test_two_containers),
		cmocka_unit_test(test_more_pools_than_told),
		cmocka_unit_test(test_advice_is_bounded),
		cmocka_unit_test(test_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
