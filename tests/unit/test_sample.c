/* SPDX-License-Identifier: Apache-2.0 */
/* test_sample.c - the report round: what is asked for, host_sample, container_sample, time jumps.
 */
#include <math.h>

#include "core_harness.h"

#define MB (1024ull * 1024)

/* A tick, and the answers that a shell would give to what it leads to. */
static void tick(struct harness *h, uint64_t pgfault, uint64_t cpu_ns)
{
	struct ev_memcg_stat *ev;

	h_clock(h);
	h_mark(h);
	if (!h_requested(h, REQUEST_HEALTH, 0) && h->core->report_time == 0)
		return;
	h_host(h, cpu_ns);
	ev = h_stat_event(h, 10);
	ev->usage = 400 * MB;
	ev->limit = 512 * MB;
	ev->high = U64_UNLIMITED;
	ev->inactive_file = 3 * MB;
	ev->anon = 380 * MB;
	ev->file = 12 * MB;
	ev->shmem = 0;
	ev->kernel = 9 * MB;
	ev->swap = 0;
	ev->pgfault = pgfault;
	ev->pgmajfault = 12;
	ev->cpu_ns = cpu_ns;
	ev->throttled_ns = 0;
	ev->psi_some_avg10 = 125;
	h_step(h);
	h_health(h, 0);
	h_mark(h);
}

static void test_nothing_before_the_interval(void **state)
{
	struct harness *h = h_open_docker();

	(void)state;
	h_pass(h, 59 * NSEC_PER_SEC);
	h_forget(h);
	h_clock(h);
	h_mark(h);
	assert_int_equal(h_requested(h, REQUEST_HOST, 0), 0);
	h_pass(h, NSEC_PER_SEC);
	h_clock(h);
	h_mark(h);
	assert_int_equal(h_requested(h, REQUEST_HOST, 0), 1);
	assert_int_equal(h_requested(h, REQUEST_HEALTH, 0), 1);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_COUNTS, 0), 1);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, 10), 1);
	assert_int_equal(h_requested(h, REQUEST_MEMCG_STAT, H_ROOT), 0);
	h_close(h);
}

static void test_everything_of_a_sample(void **state)
{
	struct harness *h = h_open_docker();
	const struct rec_container_sample *s;
	struct ev_memcg_counts *c;

	(void)state;
	for (uint32_t i = 0; i < 7; i++)
		h_task(h, h_who(200 + i, 10, "worker"), 1, (int64_t)((i * 5) % 7 + 1) << 20);
	h_task(h, h_who(300, 1, "elsewhere"), 1, 100 << 20);
	h_mark(h);
	h_pass(h, 60 * NSEC_PER_SEC);
	tick(h, 1000, 10 * NSEC_PER_SEC); /* the base */
	h_forget(h);
	h_exit(h, h_who(206, 10, "worker"), H_CODE(0));
	c = h_counts_event(h, 10);
	c->forks = 3;
	c->execs = 2;
	c->kinds[1] = 62;
	c->kinds[2] = 38;
	h_step(h);
	h_mark(h);
	h_pass(h, 60 * NSEC_PER_SEC);
	tick(h, 121000, 40 * NSEC_PER_SEC);
	s = &h_the(h, RECORD_CONTAINER_SAMPLE)->sample;
	assert_float_equal(s->window_seconds, 60.0, 0.001);
	assert_int_equal(s->usage, 400 * MB);
	assert_int_equal(s->working_set, 397 * MB);
	assert_int_equal(s->anon, 380 * MB);
	assert_int_equal(s->limit, 512 * MB);
	assert_int_equal(s->high, U64_UNLIMITED);
	assert_float_equal(s->usage_ratio, 400.0 / 512.0, 1e-9);
	assert_float_equal(s->pressure_some_avg10, 1.25, 1e-9);
	assert_true(isnan(s->pressure_full_avg10));
	assert_float_equal(s->cpu_usage_ratio, 0.5, 1e-3);
	assert_int_equal(s->faults_minor, 120000);
	assert_int_equal(s->faults_major, 0);
	assert_float_equal(s->minor_per_second, 2000.0, 1.0);
	assert_true(s->kinds_known);
	assert_float_equal(s->kinds[1], 0.62, 1e-9);
	assert_float_equal(s->kinds[2], 0.38, 1e-9);
	assert_int_equal(s->forks, 3);
	assert_int_equal(s->execs, 2);
	assert_int_equal(s->exits.total, 1);
	assert_int_equal(s->exits.causes[CAUSE_CLEAN], 1);
	assert_int_equal(s->processes, 6);
	assert_false(s->final);
	assert_int_equal(s->n_top, RECORD_TOP);
	for (size_t i = 1; i < s->n_top; i++)
		assert_true(s->top[i - 1].anon >= s->top[i].anon);
	assert_int_equal(s->top[0].anon, 7 << 20);
	assert_int_equal(s->top[0].process.pid, 204);
	h_close(h);
}

static void test_without_files_nothing_is_invented(void **state)
{
	struct harness *h = h_open_docker();
	const struct rec_container_sample *s;

	(void)state;
	h_pass(h, 60 * NSEC_PER_SEC);
	h_clock(h);
	h_mark(h);
	h_health(h, 0);
	h_mark(h);
	s = &h_the(h, RECORD_CONTAINER_SAMPLE)->sample;
	assert_int_equal(s->usage, U64_UNKNOWN);
	assert_int_equal(s->anon, U64_UNKNOWN);
	assert_int_equal(s->working_set, U64_UNKNOWN);
	assert_int_equal(s->limit, U64_UNKNOWN);
	assert_true(isnan(s->usage_ratio));
	assert_true(isnan(s->cpu_usage_ratio));
	assert_int_equal(s->faults_minor, U64_UNKNOWN);
	assert_true(isnan(s->minor_per_second));
	assert_false(s->kinds_known);
	assert_int_equal(h_count(h, RECORD_HOST_SAMPLE), 0);
	h_close(h);
}

static void test_host(void **state)
{
	struct harness *h = h_open_docker();
	const struct rec_host_sample *s;
	uint64_t ids[7] = {20, 21, 22, 23, 24, 25, 26};

	(void)state;
	for (int i = 0; i < 7; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/mine%d", i);
		h_scan(h, ids[i], 1, path);
		h_task(h, h_who(400 + (uint32_t)i, ids[i], "x"), 1, 1);
		h_memcg(h, ids[i], ((i * 3) % 7 + 1) * (int64_t)MB, 100 * MB, 0);
	}
	h_task(h, h_who(1, H_ROOT, "init"), 0, 1);
	h_memcg(h, H_ROOT, 1000 * (int64_t)MB, U64_UNLIMITED, 0);
	h_memcgs_end(h);
	h_mark(h);
	h_pass(h, 60 * NSEC_PER_SEC);
	tick(h, 0, 100 * NSEC_PER_SEC);
	h_forget(h);
	h_pass(h, 60 * NSEC_PER_SEC);
	tick(h, 0, 160 * NSEC_PER_SEC);
	s = &h_the(h, RECORD_HOST_SAMPLE)->host;
	assert_int_equal(s->memory_total, 8ull << 30);
	assert_int_equal(s->swap_used, 1 << 29);
	assert_int_equal(s->cpus, 2);
	assert_float_equal(s->cpu_usage_ratio, 0.5, 1e-3);
	assert_float_equal(s->pressure_some_avg10, 1.5, 1e-9);
	assert_int_equal(s->memory_free, U64_UNKNOWN);
	assert_int_equal(s->processes, 8);
	assert_int_equal(s->containers, 8); /* seven and docker's; the host is none */
	assert_int_equal(s->n_biggest, RECORD_TOP);
	assert_int_equal(s->biggest[0].usage, 7 * MB);
	for (size_t i = 0; i < s->n_biggest; i++)
		assert_string_not_equal(s->biggest[i].container.cgroup, "/");
	h_close(h);
}

/* Suspend: the clock jumps hours ahead. One report, then the old rhythm. */
static void test_one_report_after_a_jump(void **state)
{
	struct harness *h = h_open_docker();
	uint64_t next;

	(void)state;
	h_pass(h, 9 * 3600 * NSEC_PER_SEC + 7 * NSEC_PER_SEC);
	h_forget(h);
	for (int i = 0; i < 5; i++) {
		h_clock(h);
		h_mark(h);
	}
	assert_int_equal(h_requested(h, REQUEST_HOST, 0), 1);
	next = h->core->next_report;
	assert_true(next > h->now && next <= h->now + 60 * NSEC_PER_SEC);
	h_close(h);
}

/* The same with an interval of 1 ns and the end of time: no loop that never ends. */
static void test_absurd_interval_and_jump(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.report_interval = 1;
	h = h_open(&start);
	h_ready(h);
	h->now = UINT64_MAX - 100000000;
	h_clock(h);
	h_mark(h);
	h_clock(h);
	h_mark(h);
	h_close(h);
	start.report_interval = U64_UNKNOWN;
	h = h_open(&start);
	assert_int_equal(h->core->start.report_interval, 60 * NSEC_PER_SEC);
	h_close(h);
}

static uint64_t real_of_exit(struct harness *h, uint32_t pid)
{
	h_exit(h, h_who(pid, 10, "x"), H_CODE(1));
	h_mark(h);
	return h_find(h, RECORD_PROCESS_EXIT, h_count(h, RECORD_PROCESS_EXIT) - 1)->r.time_real;
}

/* The wall clock is set: times follow; it is slewed by a little: they do not flicker. */
static void test_wall_clock_steps(void **state)
{
	struct harness *h = h_open_docker();
	uint64_t at;

	(void)state;
	h_event(h, EV_CLOCK)->clock.real = H_REAL + (h->now - H_START) + 9 * H_MS;
	h_step(h);
	at = h->now;
	assert_int_equal(real_of_exit(h, 300), H_REAL + (at - H_START));
	h_event(h, EV_CLOCK)->clock.real = H_REAL + (h->now - H_START) + 11 * H_MS;
	h_step(h);
	at = h->now;
	assert_int_equal(real_of_exit(h, 301), H_REAL + (at - H_START) + 11 * H_MS);
	h_event(h, EV_CLOCK)->clock.real = H_REAL + (h->now - H_START) - 3600 * NSEC_PER_SEC;
	h_step(h);
	at = h->now;
	assert_int_equal(real_of_exit(h, 302), H_REAL + (at - H_START) - 3600 * NSEC_PER_SEC);
	/* Not known is no step. */
	h_event(h, EV_CLOCK);
	h_step(h);
	at = h->now;
	assert_int_equal(real_of_exit(h, 303), H_REAL + (at - H_START) - 3600 * NSEC_PER_SEC);
	h_close(h);
}

static void test_without_an_iterator_each_is_asked_for(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_feature *ev;

	(void)state;
	h_clock(h);
	h_mark(h);
	assert_int_equal(h_requested(h, REQUEST_MEMCG, 10), 1);
	ev = &h_event(h, EV_FEATURE)->feature;
	strcpy(ev->name, "iter_cgroup");
	ev->state = FEATURE_YES;
	h_step(h);
	h_clock(h);
	h_mark(h);
	assert_int_equal(h_requested(h, REQUEST_MEMCG, 10), 1);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_before_the_interval),
		cmocka_unit_test(test_everything_of_a_sample),
		cmocka_unit_test(test_without_files_nothing_is_invented),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_one_report_after_a_jump),
		cmocka_unit_test(test_absurd_interval_and_jump),
		cmocka_unit_test(test_wall_clock_steps),
		cmocka_unit_test(test_without_an_iterator_each_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
