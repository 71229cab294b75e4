/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_workers.c - families of children: who is in which, and which birth takes whose place,
 * however late either of them is told.
 */
#include "crew.h"

static const struct workers *only_family(const struct crew *c)
{
	assert_null(crew_family(c, 1));
	assert_non_null(crew_family(c, 0));
	return crew_family(c, 0);
}

/* ---- who is in which ---- */

static void test_forked_ones_are_one_family(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_fork(&c, "boss");
	crew_fork(&c, "other-name");
	crew_live(&c, 1);
	assert_int_equal(only_family(&c)->alive, 2);
	assert_int_equal(only_family(&c)->births, 2);
	assert_true(only_family(&c)->forked);
	assert_int_equal(only_family(&c)->restarts.total, 0);
	crew_close(&c);
}

static void test_by_command_line(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_run(&c, "a", "/bin/a --port 8000");
	crew_run(&c, "a", "/bin/a --port 81");
	crew_run(&c, "b", "/bin/b --port 8000");
	crew_run(&c, "a", "/bin/a --port 8000 -v");
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	assert_int_equal(crew_family(&c, 0)->alive, 2);
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(crew_family(&c, i)->alive, 1);
	assert_null(crew_family(&c, 4));
	assert_false(crew_family(&c, 0)->forked);
	assert_string_equal(crew_family(&c, 0)->comm, "a");
	assert_true(crew_family(&c, 3)->forked);
	crew_close(&c);
}

/* Between fork and exec it is what its parent is: not counted until it has had time for an exec. */
static void test_settles_first(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_fork(&c, "boss");
	h_pass(c.h, 20 * H_MS);
	crew_look(&c);
	assert_null(crew_family(&c, 0));
	h_exec(c.h, c.kids[0], "/bin/a", "/bin/a");
	crew_live(&c, 1);
	assert_int_equal(only_family(&c)->alive, 1);
	assert_false(only_family(&c)->forked);
	crew_close(&c);
}

/* After that it changes families, which is neither an exit nor a restart. */
static void test_exec_later(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 2);
	h_exec(c.h, c.kids[0], "/bin/a", "/bin/a");
	crew_live(&c, 1);
	assert_int_equal(crew_family(&c, 0)->alive, 1);
	assert_int_equal(crew_family(&c, 0)->n_pending, 0);
	assert_int_equal(crew_family(&c, 1)->alive, 1);
	/* Its exit is of the new family. */
	crew_exit(&c, 0, H_CODE(1));
	crew_read(&c);
	assert_int_equal(crew_family(&c, 0)->n_pending, 0);
	assert_int_equal(crew_family(&c, 1)->n_pending, 1);
	crew_close(&c);
}

/* One that is gone before any look at it counts as well. */
static void test_short_life(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_run(&c, "a", "/bin/a");
	crew_exit(&c, 0, H_CODE(1));
	h_pass(c.h, 10 * H_MS);
	crew_run(&c, "a", "/bin/a");
	crew_exit(&c, 0, H_CODE(1));
	crew_read(&c);
	assert_int_equal(only_family(&c)->births, 2);
	assert_int_equal(only_family(&c)->alive, 0);
	assert_int_equal(only_family(&c)->restarts.total, 1);
	assert_int_equal(only_family(&c)->restarts.causes[CAUSE_FAILED], 1);
	assert_int_equal(only_family(&c)->n_pending, 1);
	crew_close(&c);
}

/* More are born between two looks than can wait to be counted: the first ones are counted early. */
static void test_many_newborns(void **state)
{
	uint32_t n = WORKERS_NEWBORNS + 50;
	struct crew c;

	(void)state;
	crew_open_with(&c, 2 * n, "boss", "boss");
	for (uint32_t i = 0; i < n; i++) {
		crew_fork(&c, "boss");
		crew_drop(&c, 0);
	}
	crew_read(&c);
	assert_int_equal(only_family(&c)->births, 50);
	assert_int_equal(c.h->core->n_newborns, WORKERS_NEWBORNS);
	h_pass(c.h, 100 * H_MS);
	h_tasks_end(c.h, c.h->now - H_START); /* a snapshot that began before them */
	crew_read(&c);
	assert_int_equal(only_family(&c)->births, n);
	assert_int_equal(c.h->core->n_newborns, 0);
	crew_close(&c);
}

static void test_runtimes_and_the_agent_have_no_families(void **state)
{
	static const char *const names[] = {"containerd-shim", "conmon", "systemd"};
	struct crew c;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		crew_open_with(&c, 64, names[i], names[i]);
		crew_run(&c, "probe", "/bin/probe");
		crew_live(&c, 1);
		assert_null(crew_family(&c, 0));
		crew_close(&c);
	}
	crew_open(&c);
	c.parent = h_who(99, 10, "memwitness"); /* h_start()'s agent */
	crew_look(&c);
	crew_run(&c, "probe", "/bin/probe");
	crew_live(&c, 1);
	assert_null(crew_family(&c, 0));
	crew_close(&c);
}

/* ---- those from before the agent ---- */

static void info(struct crew *c, struct ev_who who, const char *args)
{
	struct ev_proc_info *ev = &h_event(c->h, EV_PROC_INFO)->proc_info;

	ev->pid = who.pid;
	ev->start = who.start;
	ev->found = 1;
	snprintf(ev->command_line, sizeof(ev->command_line), "%s", args);
	h_step(c->h);
}

/* Three workers with titles that nobody saw born. */
static void open_scanned(struct crew *c)
{
	crew_open(c);
	for (uint32_t i = 0; i < 3; i++)
		c->kids[c->n++] = h_who(c->next_pid++, 10, "boss");
	for (uint32_t i = 0; i < 3; i++)
		c->kids[i].start = H_START - (10 - i) * NSEC_PER_SEC;
	crew_look(c);
	info(c, c->parent, "boss: master");
	for (uint32_t i = 0; i < 3; i++) {
		char title[32];

		snprintf(title, sizeof(title), "boss: worker-%u", i + 1);
		info(c, c->kids[i], title);
	}
	crew_live(c, 4);
}

static void test_before_the_agent(void **state)
{
	struct crew c;

	(void)state;
	open_scanned(&c);
	assert_int_equal(only_family(&c)->alive, 3);
	assert_int_equal(only_family(&c)->size, 3);
	assert_int_equal(only_family(&c)->n_surplus, 0);
	assert_true(only_family(&c)->scanned);
	/* Asked once more, it is the same one. */
	info(&c, c.kids[0], "boss: worker-1");
	crew_live(&c, 1);
	assert_int_equal(only_family(&c)->alive, 3);
	crew_close(&c);
}

/* The first new child tells how they are made. */
static void test_before_the_agent_then_forked(void **state)
{
	struct crew c;

	(void)state;
	open_scanned(&c);
	crew_exit(&c, 0, H_CODE(1));
	h_pass(c.h, 10 * H_MS);
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	assert_int_equal(only_family(&c)->alive, 3);
	assert_int_equal(only_family(&c)->restarts.total, 1);
	assert_false(only_family(&c)->scanned);
	assert_true(only_family(&c)->forked);
	assert_true(workers_is_pool(only_family(&c)));
	crew_close(&c);
}

/* A new child that takes nobody's place is of another family. */
static void test_before_the_agent_and_another(void **state)
{
	struct crew c;

	(void)state;
	open_scanned(&c);
	crew_run(&c, "probe", "/bin/probe");
	crew_live(&c, 1);
	assert_int_equal(crew_family(&c, 0)->alive, 3);
	assert_int_equal(crew_family(&c, 1)->alive, 1);
	crew_close(&c);
}

/* Its exit was lost with a full ring: a snapshot without it tells that it is no more. */
static void test_lost_exit(void **state)
{
	struct ev_who kid;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 3);
	kid = crew_drop(&c, 0);
	crew_live(&c, 3);
	assert_int_equal(only_family(&c)->alive, 2);
	crew_fork(&c, "boss");
	crew_live(&c, 4);
	assert_int_equal(only_family(&c)->alive, 3);
	assert_int_equal(only_family(&c)->size, 3);
	/* It comes late after all. */
	h_exit(c.h, kid, H_CODE(1));
	crew_live(&c, 1);
	assert_int_equal(only_family(&c)->alive, 3);
	crew_close(&c);
}

/* ---- the parent ---- */

static void test_parent_exec_forgets(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 2);
	crew_exit(&c, 0, H_CODE(1));
	h_exec(c.h, c.parent, "/bin/other", "/bin/other");
	crew_live(&c, 1);
	assert_null(crew_family(&c, 0));
	assert_int_equal(c.h->core->workers_pool.used, 0);
	/* One that was in a family which is gone, and one that is born now. */
	crew_exit(&c, 0, H_CODE(1));
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	assert_int_equal(only_family(&c)->births, 1);
	assert_int_equal(only_family(&c)->n_pending, 0);
	crew_close(&c);
}

/* The whole service stops: nobody was restarted. */
static void test_parent_exit_ends_it(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 2);
	crew_exit(&c, 0, H_CODE(0));
	h_exit(c.h, c.parent, H_CODE(0));
	crew_read(&c);
	assert_true(only_family(&c)->ended);
	assert_int_equal(only_family(&c)->n_pending, 0);
	crew_exit(&c, 0, H_CODE(0));
	crew_read(&c);
	h_pass(c.h, NSEC_PER_SEC);
	h_tasks_end(c.h, 1);
	crew_read(&c);
	assert_null(crew_family(&c, 0));
	assert_int_equal(h_count(c.h, RECORD_RESTART_REPORT), 0);
	crew_close(&c);
}

/* ---- an exit and a birth ---- */

static void test_followed(void **state)
{
	const struct workers *w;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 3);
	crew_exit(&c, 1, H_CODE(0));
	h_pass(c.h, 250 * H_MS);
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	w = only_family(&c);
	assert_int_equal(w->size, 3);
	assert_int_equal(w->alive, 3);
	assert_int_equal(w->restarts.total, 1);
	assert_int_equal(w->restarts.causes[CAUSE_CLEAN], 1);
	assert_int_equal(w->planned, 1);
	assert_int_equal(w->unreplaced, 0);
	assert_int_equal(w->excess, 0);
	assert_int_equal(w->respawn.values[0] / H_MS, 250);
	assert_int_equal(w->short_ns / H_MS, 250);
	crew_close(&c);
}

/* One that ended well is waited for 10 s, one that failed 30 s. */
static void test_patience(void **state)
{
	static const struct {
		uint32_t status;
		uint64_t after;
		bool in_time;
	} cases[] = {
		{H_CODE(0), 9, true},
		{H_CODE(0), 11, false},
		{H_CODE(1), 29, true},
		{H_CODE(1), 31, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct crew c;

		crew_open(&c);
		crew_hire(&c, 2);
		crew_exit(&c, 0, cases[i].status);
		crew_live(&c, cases[i].after);
		crew_fork(&c, "boss");
		crew_live(&c, 1);
		assert_int_equal(only_family(&c)->restarts.total, cases[i].in_time);
		assert_int_equal(only_family(&c)->unreplaced, !cases[i].in_time);
		crew_close(&c);
	}
}

/* Who comes first takes the place of who left first. */
static void test_in_order(void **state)
{
	const struct workers *w;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 3);
	crew_exit(&c, 0, H_CODE(0));
	h_pass(c.h, NSEC_PER_SEC);
	crew_exit(&c, 0, H_CODE(1));
	h_pass(c.h, NSEC_PER_SEC);
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	w = only_family(&c);
	assert_int_equal(w->restarts.causes[CAUSE_CLEAN], 1);
	assert_int_equal(w->restarts.causes[CAUSE_FAILED], 0);
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	assert_int_equal(w->restarts.causes[CAUSE_FAILED], 1);
	/* Both waited 2 s, but 3 s went by with fewer than three, not 4. */
	assert_int_equal(w->respawn.values[0] / NSEC_PER_SEC, 2);
	assert_int_equal(w->respawn.values[1] / NSEC_PER_SEC, 2);
	assert_int_equal(w->short_ns / NSEC_PER_SEC, 3);
	crew_close(&c);
}

/* gunicorn on HUP: new ones first, then the old ones are told to leave. */
static void reload(struct crew *c, uint32_t n, bool look_between)
{
	for (uint32_t i = 0; i < n; i++)
		crew_fork(c, "boss");
	if (look_between)
		crew_live(c, 1);
	else
		h_pass(c->h, 200 * H_MS);
	for (uint32_t i = 0; i < n; i++)
		crew_kill(c, 0, SIGTERM, H_CODE(0));
	crew_live(c, 15);
}

static void test_birth_ahead(void **state)
{
	const struct workers *w;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 3);
	for (uint32_t turn = 1; turn <= 3; turn++) {
		reload(&c, 3, true);
		w = only_family(&c);
		assert_int_equal(w->restarts.total, 3 * turn);
		assert_int_equal(w->told, 3 * turn);
		assert_int_equal(w->unreplaced, 0);
		assert_int_equal(w->excess, 0);
		assert_int_equal(w->short_ns, 0);
		assert_int_equal(w->size, 3);
		assert_true(workers_is_pool(w));
	}
	crew_close(&c);
}

/* The old ones have requests to finish first: by then all six seem to be wanted. */
static void test_birth_long_ahead(void **state)
{
	const struct workers *w;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 3);
	for (uint32_t i = 0; i < 3; i++)
		crew_fork(&c, "boss");
	crew_live(&c, 25);
	for (uint32_t i = 0; i < 3; i++)
		crew_kill(&c, 0, SIGTERM, H_CODE(0));
	crew_live(&c, 15);
	w = only_family(&c);
	assert_int_equal(w->restarts.total, 3);
	assert_int_equal(w->unreplaced, 0);
	assert_int_equal(w->excess, 0);
	assert_int_equal(w->size, 3);
	assert_int_equal(w->short_ns, 0);
	crew_close(&c);
}

/* The same between two looks: the births are counted after the exits. */
static void test_birth_ahead_counted_late(void **state)
{
	const struct workers *w;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 3);
	reload(&c, 3, false);
	w = only_family(&c);
	assert_int_equal(w->restarts.total, 3);
	assert_int_equal(w->unreplaced, 0);
	assert_int_equal(w->excess, 0);
	assert_int_equal(w->short_ns, 0);
	assert_true(workers_is_pool(w));
	crew_close(&c);
}

/* As large as gunicorn advises on 16 cores: all of them at a time. */
static void test_large_reload(void **state)
{
	const struct workers *w;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 33);
	reload(&c, 33, true);
	w = only_family(&c);
	assert_int_equal(w->restarts.total, 33);
	assert_int_equal(w->unreplaced, 0);
	assert_int_equal(w->excess, 0);
	assert_true(workers_is_pool(w));
	/* The master is slow to start 33 new ones. */
	for (uint32_t i = 0; i < 33; i++)
		crew_exit(&c, 0, H_CODE(0));
	for (uint32_t i = 0; i < 33; i++) {
		h_pass(c.h, 100 * H_MS);
		crew_fork(&c, "boss");
	}
	crew_live(&c, 15);
	assert_int_equal(w->restarts.total, 66);
	assert_int_equal(w->unreplaced, 0);
	crew_close(&c);
}

/* One more is wanted, and a minute later one of the others leaves: that is no reload. */
static void test_scaling(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 2);
	crew_fork(&c, "boss");
	crew_live(&c, 61);
	assert_int_equal(only_family(&c)->size, 3);
	crew_exit(&c, 0, H_CODE(0));
	crew_live(&c, 12);
	assert_int_equal(only_family(&c)->restarts.total, 0);
	assert_int_equal(only_family(&c)->unreplaced, 1);
	assert_int_equal(only_family(&c)->size, 2);
	crew_close(&c);
}

/* The exit of a kill whose record is still to come is held for half a second: by then the next one
 * is born and counted. */
static void test_held_exit(void **state)
{
	const struct workers *w;
	struct ev_who kid;
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 2);
	kid = crew_drop(&c, 0);
	h_kernel_kill(c.h, kid, kid);
	h_exit_event(c.h, kid, H_SIGNAL(SIGKILL))->oom_victim = 1;
	h_step(c.h);
	h_pass(c.h, 10 * H_MS);
	crew_fork(&c, "boss");
	h_pass(c.h, 100 * H_MS);
	crew_look(&c);
	w = only_family(&c);
	assert_int_equal(c.h->core->n_held, 1);
	assert_int_equal(w->births, 3);
	crew_live(&c, 1);
	assert_int_equal(c.h->core->n_held, 0);
	assert_int_equal(w->restarts.total, 1);
	assert_int_equal(w->restarts.causes[CAUSE_OOM_KILLED], 1);
	assert_int_equal(w->alive, 2);
	assert_int_equal(w->respawn.values[0] / H_MS, 10);
	assert_int_equal(w->n_surplus, 2); /* the first two of all */
	assert_int_equal(w->excess, 0);
	assert_true(workers_is_pool(w));
	crew_close(&c);
}

/* More leave at once than can wait. */
static void test_more_exits_than_can_wait(void **state)
{
	struct crew c;

	(void)state;
	crew_open(&c);
	crew_hire(&c, WORKERS_PENDING + 4);
	for (uint32_t i = 0; i < WORKERS_PENDING + 4; i++)
		crew_exit(&c, 0, H_CODE(1));
	crew_read(&c);
	assert_int_equal(only_family(&c)->n_pending, WORKERS_PENDING);
	assert_int_equal(only_family(&c)->unreplaced, 4);
	assert_int_equal(only_family(&c)->alive, 0);
	crew_close(&c);
}

/* ---- the table ---- */

static uint32_t families_max(const struct crew *c)
{
	return c->h->core->workers_pool.capacity;
}

static void test_full_table(void **state)
{
	struct crew c;
	uint32_t max;

	(void)state;
	crew_open(&c);
	crew_hire(&c, 2); /* a pool */
	crew_exit(&c, 0, H_CODE(1));
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	max = families_max(&c);
	for (uint32_t i = 0; i < max + 5; i++) {
		char args[32] = "job ";

		/* Digits would all be the same. */
		snprintf(args, sizeof(args), "job %c%c", 'a' + i / 26, 'a' + i % 26);
		crew_run(&c, "job", args);
		crew_exit(&c, c.n - 1, H_CODE(0));
	}
	crew_live(&c, 1);
	assert_int_equal(c.h->core->workers_pool.used, max);
	assert_int_equal(c.h->core->workers_pool.lost, 6);
	/* Nobody was replaced in those; the pool has stayed, though it was the oldest. */
	assert_true(crew_family(&c, 0)->forked);
	assert_int_equal(crew_family(&c, 0)->alive, 2);
	crew_close(&c);
}

/* A family that made room, and its place taken by another one of the same parent: the exit of a
 * child of the old one is not one of the new one. */
static void test_place_of_a_family_reused(void **state)
{
	struct crew c;
	uint32_t max;

	(void)state;
	crew_open(&c);
	crew_run(&c, "long", "long");
	crew_live(&c, 1);
	max = families_max(&c);
	for (uint32_t i = 0; i < max; i++) {
		char args[32];

		snprintf(args, sizeof(args), "job %c%c", 'a' + i / 26, 'a' + i % 26);
		crew_run(&c, "job", args);
	}
	crew_live(&c, 1);
	assert_int_equal(c.h->core->workers_pool.lost, 1);
	assert_string_equal(crew_family(&c, 0)->comm, "job");
	crew_exit(&c, 0, H_CODE(1));
	crew_read(&c);
	assert_int_equal(crew_family(&c, 0)->alive, 1);
	assert_int_equal(crew_family(&c, 0)->n_pending, 0);
	crew_close(&c);
}

/* The entry of a newborn that is gone is another process's by now. */
static void test_entry_of_a_process_reused(void **state)
{
	struct crew c;

	(void)state;
	crew_open_with(&c, 64, "boss", "boss");
	for (uint32_t i = 0; i < 200; i++) {
		crew_fork(&c, "boss");
		h_pass(c.h, H_MS);
		crew_exit(&c, 0, H_CODE(0));
		crew_read(&c);
	}
	crew_fork(&c, "boss");
	crew_live(&c, 1);
	assert_int_equal(only_family(&c)->births, 201);
	assert_int_equal(only_family(&c)->restarts.total, 200);
	assert_int_equal(only_family(&c)->alive, 1);
	crew_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forked_ones_are_one_family),
		cmocka_unit_test(test_by_command_line),
		cmocka_unit_test(test_settles_first),
		cmocka_unit_test(test_exec_later),
		cmocka_unit_test(test_short_life),
		cmocka_unit_test(test_many_newborns),
		cmocka_unit_test(test_runtimes_and_the_agent_have_no_families),
		cmocka_unit_test(test_before_the_agent),
		cmocka_unit_test(test_before_the_agent_then_forked),
		cmocka_unit_test(test_before_the_agent_and_another),
		cmocka_unit_test(test_lost_exit),
		cmocka_unit_test(test_parent_exec_forgets),
		cmocka_unit_test(test_parent_exit_ends_it),
		cmocka_unit_test(test_followed),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_birth_ahead),
		cmocka_unit_test(test_birth_long_ahead),
		cmocka_unit_test(test_birth_ahead_counted_late),
		cmocka_unit_test(test_large_reload),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_held_exit),
		cmocka_unit_test(test_more_exits_than_can_wait),
		cmocka_unit_test(test_full_table),
		cmocka_unit_test(test_place_of_a_family_reused),
		cmocka_unit_test(test_entry_of_a_process_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
