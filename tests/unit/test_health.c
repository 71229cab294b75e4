/* SPDX-License-Identifier: Apache-2.0 */
/* test_health.c - agent_start, agent_health, agent_stop: what the agent says of itself. */
#include "core_harness.h"

static void resource(struct harness *h, const char *name, uint64_t lost)
{
	struct ev_resource *ev = &h_event(h, EV_RESOURCE)->resource;

	strcpy(ev->name, name);
	strcpy(ev->cause, lost ? "full" : "");
	ev->capacity = 100;
	ev->used = 5;
	ev->peak = 50;
	ev->lost = lost;
	h_step(h);
}

static void program(struct harness *h, const char *name)
{
	struct ev_program *ev = &h_event(h, EV_PROGRAM)->program;

	strcpy(ev->name, name);
	ev->runs = 7;
	h_step(h);
}

static const struct rec_resource *find(const struct rec_health *health, const char *name)
{
	const struct rec_resource *found = NULL;

	for (size_t i = 0; i < health->n_resources; i++) {
		if (strcmp(health->resources[i].name, name))
			continue;
		assert_null(found); /* each once */
		found = &health->resources[i];
	}
	return found;
}

/* A report, with its health answered. */
static const struct h_record *report(struct harness *h, uint64_t lost, uint64_t kernel_kills)
{
	h_forget(h);
	h_pass(h, 60 * NSEC_PER_SEC);
	h_clock(h);
	h_mark(h);
	resource(h, "ring", lost);
	program(h, "proc_fork");
	h_health(h, kernel_kills);
	h_mark(h);
	return h_the(h, RECORD_AGENT_HEALTH);
}

static void test_agent_start_once(void **state)
{
	struct ev_start start = h_start();
	struct harness *h = h_open(&start);
	const struct h_record *r;
	struct ev_feature *ev;

	(void)state;
	for (int i = 0; i < MAX_FEATURES + 3; i++) {
		ev = &h_event(h, EV_FEATURE)->feature;
		snprintf(ev->name, sizeof(ev->name), "f%d", i);
		ev->state = FEATURE_YES;
		h_step(h);
	}
	assert_int_equal(h->n_records, 0);
	h_ready(h);
	h_ready(h);
	r = h_the(h, RECORD_AGENT_START);
	assert_int_equal(r->r.seq, 1);
	assert_int_equal(r->r.severity, SEVERITY_INFO);
	assert_string_equal(r->r.host_name, "node");
	assert_int_equal(r->agent_start.n_features, MAX_FEATURES);
	assert_string_equal(r->agent_start.features[1].name, "f1");
	assert_int_equal(r->agent_start.start->agent_pid, 99);
	h_close(h);
}

static void test_health_of_a_report(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;

	(void)state;
	h_health(h, 40); /* the base */
	h_mark(h);
	assert_int_equal(h_count(h, RECORD_AGENT_HEALTH), 0);
	r = report(h, 0, 42);
	assert_int_equal(r->r.severity, SEVERITY_INFO);
	assert_float_equal(r->health.cpu_seconds, 5.0, 1e-9);
	assert_int_equal(r->health.rss, 10 << 20);
	assert_int_equal(r->health.kills.kernel, 2);
	assert_int_equal(r->health.kills.records, 0);
	assert_int_equal(r->health.n_programs, 1);
	assert_int_equal(r->health.programs[0].runs, 7);
	assert_int_equal(r->health.programs[0].run_ns, U64_UNKNOWN);
	assert_int_equal(find(&r->health, "ring")->peak, 50);
	assert_int_equal(find(&r->health, "processes")->capacity, 64);
	assert_int_equal(find(&r->health, "containers")->used, 1);
	assert_non_null(find(&r->health, "signal_logs"));
	assert_non_null(find(&r->health, "cgroups"));
	assert_int_equal(find(&r->health, "reorder_window")->capacity, WINDOW_EVENTS);
	assert_null(find(&r->health, "exits"));
	h_close(h);
}

/* Each report has its own series: nothing piles up. */
static void test_series_begin_anew(void **state)
{
	struct harness *h = h_open_docker();
	size_t n;

	(void)state;
	n = report(h, 0, 0)->health.n_resources;
	for (int i = 0; i < 20; i++)
		assert_int_equal(report(h, 0, 0)->health.n_resources, n);
	h_close(h);
}

static void test_a_loss_is_a_warning(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	assert_int_equal(report(h, 0, 0)->r.severity, SEVERITY_INFO);
	assert_int_equal(report(h, 1, 0)->r.severity, SEVERITY_WARNING);
	assert_int_equal(report(h, U64_UNKNOWN, 0)->r.severity, SEVERITY_INFO);
	h_close(h);
}

static void test_exits_that_were_not_told(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;

	(void)state;
	h_task(h, h_who(200, 10, "x"), 1, 4096);
	h_tasks_end(h, 1000);
	h_pass(h, NSEC_PER_SEC);
	h_tasks_end(h, 1000);
	h_mark(h);
	r = report(h, 0, 0);
	assert_int_equal(r->r.severity, SEVERITY_WARNING);
	assert_int_equal(find(&r->health, "exits")->lost, 1);
	assert_string_equal(find(&r->health, "exits")->cause, "not told");
	assert_int_equal(find(&r->health, "exits")->capacity, U64_UNKNOWN);
	h_close(h);
}

static void test_full_tables_are_shown(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;

	(void)state;
	for (uint32_t i = 0; i < h->core->process_pool.capacity + 2; i++)
		h_fork(h, h_who(1000 + i, 10, "x"), h_who(1, 1, "init"));
	h_mark(h);
	r = report(h, 0, 0);
	assert_int_equal(find(&r->health, "processes")->lost, 2);
	assert_string_equal(find(&r->health, "processes")->cause, "full");
	assert_int_equal(find(&r->health, "processes")->peak, 64);
	assert_string_equal(find(&r->health, "cgroups")->cause, "");
	h_close(h);
}

static void test_more_than_there_is_room_for(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;

	(void)state;
	for (int i = 0; i < MAX_RESOURCES + 10; i++)
		resource(h, "many", 0);
	for (int i = 0; i < MAX_PROGRAMS + 10; i++)
		program(h, "many");
	h_pass(h, 60 * NSEC_PER_SEC);
	h_clock(h);
	h_mark(h);
	h_health(h, 0);
	h_mark(h);
	r = h_the(h, RECORD_AGENT_HEALTH);
	assert_int_equal(r->health.n_resources, MAX_RESOURCES);
	assert_int_equal(r->health.n_programs, MAX_PROGRAMS);
	h_close(h);
}

static void test_kernel_count_that_runs_backwards(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_health(h, 40);
	h_mark(h);
	assert_int_equal(report(h, 0, 39)->health.kills.kernel, U64_UNKNOWN);
	assert_int_equal(report(h, 0, U64_UNKNOWN)->health.kills.kernel, U64_UNKNOWN);
	assert_int_equal(report(h, 0, 40)->health.kills.kernel, 0);
	h_close(h);
}

static void test_late_events_are_counted(void **state)
{
	struct harness *h = h_open_docker();
	uint64_t before = h->now;

	(void)state;
	h_pass(h, H_MS);
	h_fork(h, h_who(200, 10, "x"), h_who(1, 1, "init"));
	h_mark(h);
	h_exit_event(h, h_who(201, 10, "x"), 0)->head.ts = before;
	h_step(h);
	h_mark(h);
	assert_int_equal(report(h, 0, 0)->health.late_events, 1);
	h_close(h);
}

static void test_stop_takes_what_waits(void **state)
{
	struct harness *h = h_open_docker();
	const struct h_record *r;

	(void)state;
	h_exit(h, h_who(201, 10, "x"), H_CODE(1)); /* and no mark */
	resource(h, "ring", 0);
	h_health(h, 0);
	h_stop(h);
	r = h_the(h, RECORD_AGENT_STOP);
	assert_int_equal(h_the(h, RECORD_PROCESS_EXIT)->r.seq + 1, r->r.seq);
	assert_string_equal(r->stop.why, "SIGTERM");
	assert_int_equal(r->stop.health.rss, 10 << 20);
	assert_non_null(find(&r->stop.health, "ring"));
	assert_non_null(find(&r->stop.health, "processes"));
	h_close(h);
}

/* Kinds that are none, and a core that was told nothing else. */
static void test_unknown_events(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_forget(h);
	for (uint32_t type = 48; type < 60; type++) {
		memset(&h->ev, 0, sizeof(h->ev));
		h->ev.head.type = type;
		h->ev.head.ts = h->now;
		h->ev.head.size = sizeof(struct event_head);
		h_step(h);
	}
	h_mark(h);
	assert_int_equal(h->n_records, 0);
	assert_int_equal(h->n_requests, 0);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agent_start_once),
		cmocka_unit_test(test_health_of_a_report),
		cmocka_unit_test(test_series_begin_anew),
		cmocka_unit_test(test_a_loss_is_a_warning),
		cmocka_unit_test(test_exits_that_were_not_told),
		cmocka_unit_test(test_full_tables_are_shown),
		cmocka_unit_test(test_more_than_there_is_room_for),
		cmocka_unit_test(test_kernel_count_that_runs_backwards),
		cmocka_unit_test(test_late_events_are_counted),
		cmocka_unit_test(test_stop_takes_what_waits),
		cmocka_unit_test(test_unknown_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
