/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_record_json.c - records as lines, byte for byte against tests/golden/records.jsonl.
 *
 * `test_record_json --print` writes the golden lines, for when the contract itself changes;
 * `--hostile` writes lines at the limits, for tests/test_schema.py to hold against the schema.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "base/cleanup.h"
#include "out/json_write.h"
#include "out/record_json.h"
#include "out/record_parts.h"
#include "unit/fixtures.h"

#define GOLDEN "tests/golden/records.jsonl"

static char line_memory[RECORD_LINE_MAX];

static struct buf line_buf(void)
{
	struct buf b;

	buf_init(&b, line_memory, sizeof(line_memory));
	return b;
}

static void test_goldens(void **state)
{
	_cleanup_fclose_ FILE *f = fopen(GOLDEN, "re");
	_cleanup_free_ char *want = NULL;
	size_t size = 0;

	(void)state;
	assert_non_null(f);
	for (size_t i = 0; i < ARRAY_SIZE(fix_records); i++) {
		struct buf b = line_buf();
		ssize_t n = getline(&want, &size, f);

		record_json(&b, &fix_records[i]);
		assert_true(n > 0);
		assert_false(b.overflow);
		assert_int_equal(b.len, n);
		assert_memory_equal(b.data, want, b.len);
	}
	assert_int_equal(getline(&want, &size, f), -1);
}

static void test_locale_does_not_matter(void **state)
{
	static char before[RECORD_LINE_MAX];
	struct buf b = line_buf();
	size_t len;

	(void)state;
	record_json(&b, &fix_records[2]);
	len = b.len;
	memcpy(before, b.data, len);
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
		print_message("no locale with a decimal comma here: only the C locale was tried\n");
	b = line_buf();
	record_json(&b, &fix_records[2]);
	setlocale(LC_ALL, "C");
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, before, len);
}

static void expect_object(struct json_write *w, const char *want)
{
	jw_finish(w);
	assert_int_equal(w->b->len, strlen(want));
	assert_memory_equal(w->b->data, want, strlen(want));
}

static void test_signal_names(void **state)
{
	struct buf b = line_buf();
	struct json_write w;

	(void)state;
	jw_begin(&w, &b);
	put_signal_name(&w, "a", 0);
	put_signal_name(&w, "b", 1);
	put_signal_name(&w, "c", 31);
	put_signal_name(&w, "d", 32);
	put_signal_name(&w, "e", 34);
	put_signal_name(&w, "f", 64);
	put_signal_name(&w, "g", 65);
	put_signal_name(&w, "h", 9);
	put_signal_name(&w, "i", U64_UNKNOWN);
	put_signal_name(&w, "j", 11);
	put_signal_name(&w, "k", 17);
	expect_object(&w, "{\"b\":\"SIGHUP\",\"c\":\"SIGSYS\",\"d\":\"SIG32\",\"e\":\"SIGRTMIN\","
			  "\"f\":\"SIGRTMIN+30\",\"g\":\"SIG65\",\"h\":\"SIGKILL\","
			  "\"j\":\"SIGSEGV\",\"k\":\"SIGCHLD\"}\n");
}

/* What the kernel cut already (args_cut) and what was left out are both said. */
static void test_process_parts(void **state)
{
	static const struct record_process bare = {.pid = 1,
						   .start_real = U64_UNKNOWN,
						   .uid = U64_UNKNOWN,
						   .container_uid = U64_UNKNOWN,
						   .container_pid = U64_UNKNOWN};
	static const struct record_process nobody = {.pid = 0, .name = "swapper"};
	struct record_process cut = bare;
	struct buf b = line_buf();
	struct json_write w;

	(void)state;
	cut.command_line = "a b";
	cut.args_cut = true;
	jw_begin(&w, &b);
	put_process(&w, "p", &bare);
	put_process(&w, "q", &nobody);
	jw_object(&w, "victim");
	put_process(&w, "process", &cut);
	jw_end(&w);
	expect_object(&w, "{\"p\":{\"pid\":1},\"victim\":{\"process\":{\"pid\":1,"
			  "\"command_line\":\"a b\"}},"
			  "\"truncated\":[\"victim.process.command_line\"]}\n");
}

/* ---- kills and findings ---- */

/* The record with this oom_kill or finding as JSON, to be released. */
static json_t *line_of(const struct record *record)
{
	struct buf b = line_buf();
	json_error_t error;
	json_t *root;

	record_json(&b, record);
	root = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s", error.text);
	return root;
}

static json_t *kill_line(const struct rec_oom_kill *kill)
{
	return line_of(&(struct record){FIX_HEAD(RECORD_OOM_KILL, SEVERITY_CRITICAL, 1),
					.oom_kill = kill});
}

/* Between bars, as many as there are; an empty one is none. */
static void test_names_of_flags(void **state)
{
	static const struct {
		const char *names, *want;
	} cases[] = {
		{"GFP_KERNEL", "[\"GFP_KERNEL\"]"},
		{"GFP_KERNEL|__GFP_ZERO|0x800000", "[\"GFP_KERNEL\",\"__GFP_ZERO\",\"0x800000\"]"},
		{"|A||B|", "[\"A\",\"B\"]"},
		{"", NULL},
		{NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rec_oom_kill kill = fix_oom_kill;
		_cleanup_free_ char *got = NULL;
		json_t *root, *gfp;

		kill.gfp_names = cases[i].names;
		root = kill_line(&kill);
		gfp = json_object_get(json_object_get(root, "allocation"), "gfp");
		got = gfp ? json_dumps(gfp, JSON_COMPACT) : NULL;
		assert_true((got != NULL) == (cases[i].want != NULL));
		if (got)
			assert_string_equal(got, cases[i].want);
		json_decref(root);
	}
}

/* What is not known of a kill leaves no empty object and no empty list behind. */
static void test_what_is_not_known_of_a_kill(void **state)
{
	static const char *const absent[] = {"memory_stat", "processes", "history", "allocation",
					     "summary"};
	struct rec_oom_kill kill = fix_oom_kill_bare;
	static const struct history no_points;
	json_t *root;

	(void)state;
	kill.history = &no_points;
	root = kill_line(&kill);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		assert_null(json_object_get(root, absent[i]));
	assert_null(json_object_get(json_object_get(root, "victim"), "anon_growth_per_second"));
	assert_null(json_object_get(json_object_get(root, "trigger"), "relation"));
	json_decref(root);
	/* A snapshot in which nobody was there is an answer. */
	kill.processes_age_seconds = 0.5;
	kill.processes_total = 0;
	root = kill_line(&kill);
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(root, "processes"), "list")), 0);
	assert_non_null(json_object_get(json_object_get(root, "processes"), "list"));
	json_decref(root);
}

/* A history of which only one of the two was ever read; gaps are null. */
static void test_half_a_history(void **state)
{
	struct history h = {.interval = 1500000000, .slot = 9, .n = 2};
	struct rec_finding finding = fix_finding;
	_cleanup_free_ char *got = NULL;
	json_t *root;

	(void)state;
	h.anon[0] = h.anon[1] = UINT32_MAX;
	h.usage[0] = UINT32_MAX;
	h.usage[1] = 3;
	finding.history = &h;
	root = line_of(&(struct record){FIX_HEAD(RECORD_FINDING, SEVERITY_WARNING, 1),
					.finding = &finding});
	got = json_dumps(json_object_get(root, "history"), JSON_COMPACT);
	assert_string_equal(got, "{\"interval_seconds\":1.5,\"usage\":[null,12288]}");
	json_decref(root);
}

/* ---- restarts ---- */

static json_t *restart_line(const struct rec_restart_report *report)
{
	return line_of(&(struct record){FIX_HEAD(RECORD_RESTART_REPORT, SEVERITY_INFO, 1),
					.restart_report = report});
}

static void test_restart_report(void **state)
{
	static const char *const statuses[] = {"ok", "warning", "critical"};
	static const char *const recyclings[] = {"none", "planned", "unplanned"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rec_restart_report report = fix_restart_report;
		struct rec_workers pool = fix_pools[0];
		json_t *root, *got;

		report.status = (enum restart_status)i;
		pool.recycling = (enum recycling)i;
		report.workers = &pool;
		report.n_workers = 1;
		root = restart_line(&report);
		assert_string_equal(json_string_value(json_object_get(root, "status")),
				    statuses[i]);
		got = json_array_get(json_object_get(root, "workers"), 0);
		assert_string_equal(json_string_value(json_object_get(got, "recycling")),
				    recyclings[i]);
		json_decref(root);
	}
}

/* What is not known of restarts is left out; what did not happen is 0, or an empty list. */
static void test_what_is_not_known_of_restarts(void **state)
{
	static const char *const absent[] = {"crash_loop_since", "more_workers"};
	static const char *const unknown[] = {"last", "runtime_total", "seconds_between"};
	json_t *root, *own;

	(void)state;
	root = restart_line(&fix_restart_report_bare);
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		assert_null(json_object_get(root, absent[i]));
	assert_int_equal(json_array_size(json_object_get(root, "workers")), 0);
	assert_true(json_is_array(json_object_get(root, "workers")));
	assert_true(json_is_array(json_object_get(root, "advice")));
	assert_true(json_is_false(json_object_get(root, "crash_loop")));
	own = json_object_get(root, "container_restarts");
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_null(json_object_get(own, unknown[i]));
	assert_int_equal(json_integer_value(json_object_get(own, "window")), 0);
	assert_int_equal(json_integer_value(json_object_get(own, "total")), 1);
	json_decref(root);
}

/* ---- lines at their limits ---- */

static char hostile_text[20000];
static struct ev_start hostile_start;
static struct ev_feature hostile_features[200];
static struct rec_resource hostile_resources[400];
static struct rec_program hostile_programs[400];

/* As long as the core can have them, of bytes that take six each. */
static char hostile_labels[EV_LABELS];

static const struct record_container hostile_container = {.id = hostile_text,
							  .name = hostile_text,
							  .image = hostile_text,
							  .image_id = hostile_text,
							  .labels = hostile_labels,
							  .labels_cut = true,
							  .parent_id = hostile_text,
							  .parent_name = hostile_text,
							  .parent_runtime = "lxc",
							  .parent_cgroup = hostile_text,
							  .workload_kind = "Deployment",
							  .workload = hostile_text,
							  .cgroup = hostile_text,
							  .cgroup_id = INT64_MAX,
							  .started_real = FIX_TIME,
							  .runtime = "docker",
							  .identity_source = "path",
							  .pod_name = hostile_text,
							  .pod_uid = hostile_text,
							  .namespace = hostile_text,
							  .k8s_container = hostile_text,
							  .restart_count = 3};
static const struct record_process hostile_process = {.pid = UINT32_MAX,
						      .parent_pid = UINT32_MAX,
						      .start_real = FIX_TIME,
						      .uid = UINT32_MAX,
						      .container_uid = UINT32_MAX,
						      .container_pid = UINT32_MAX,
						      .name = hostile_text,
						      .executable = hostile_text,
						      .command_line = hostile_text,
						      .role = hostile_text};

static struct rec_oom_process hostile_processes[RECORD_OOM_PROCESSES];
static struct history hostile_history;
static struct rec_oom_kill hostile_oom;
static struct rec_finding hostile_finding;
static struct rec_process_exit hostile_exit;
static struct rec_container_sample hostile_sample;
static struct rec_host_sample hostile_host;
static struct rec_workers hostile_pools[RECORD_POOLS];
static const char *hostile_advice[RECORD_ADVICE];
static struct rec_restart_report hostile_restart;
static struct rec_agent_stop hostile_stop;
static struct rec_agent_start hostile_agent;

static struct record hostile_records[] = {
	{FIX_HEAD(RECORD_AGENT_START, SEVERITY_INFO, 1), .agent_start = &hostile_agent},
	{FIX_HEAD(RECORD_OOM_KILL, SEVERITY_CRITICAL, 2), .container = &hostile_container,
	 .oom_kill = &hostile_oom},
	{FIX_HEAD(RECORD_PROCESS_EXIT, SEVERITY_WARNING, 3), .container = &hostile_container,
	 .process_exit = &hostile_exit},
	{FIX_HEAD(RECORD_CONTAINER_SAMPLE, SEVERITY_INFO, 4), .container = &hostile_container,
	 .container_sample = &hostile_sample},
	{FIX_HEAD(RECORD_HOST_SAMPLE, SEVERITY_INFO, 5), .host_sample = &hostile_host},
	{FIX_HEAD(RECORD_FINDING, SEVERITY_WARNING, 6), .container = &hostile_container,
	 .finding = &hostile_finding},
	{FIX_HEAD(RECORD_RESTART_REPORT, SEVERITY_CRITICAL, 7), .container = &hostile_container,
	 .restart_report = &hostile_restart},
	{FIX_HEAD(RECORD_AGENT_STOP, SEVERITY_INFO, 8), .agent_stop = &hostile_stop},
};

/* Its lists as long as they can be, with the longest of numbers. */
static void make_hostile_kill(void)
{
	hostile_history = (struct history){.interval = UINT64_MAX - 2, .n = HISTORY_POINTS};
	for (size_t i = 0; i < HISTORY_POINTS; i++)
		hostile_history.anon[i] = hostile_history.usage[i] = UINT32_MAX - 1;
	for (size_t i = 0; i < RECORD_OOM_PROCESSES; i++)
		hostile_processes[i] = (struct rec_oom_process){.process = hostile_process,
								.anon = INT64_MAX,
								.file = INT64_MAX,
								.shmem = INT64_MAX,
								.swap = INT64_MAX,
								.oom_score_adj = -1000};
	hostile_oom = fix_oom_kill;
	hostile_oom.victim = hostile_oom.trigger = hostile_process;
	hostile_oom.trigger_container = hostile_container;
	hostile_oom.limit_hit.cgroup = hostile_text;
	hostile_oom.summary = hostile_text;
	hostile_oom.processes = hostile_processes;
	hostile_oom.n_processes = RECORD_OOM_PROCESSES;
	hostile_oom.history = &hostile_history;
	hostile_finding = fix_finding;
	hostile_finding.cgroup = hostile_finding.advice = hostile_text;
	hostile_finding.history = &hostile_history;
}

/* As many pools and sentences as there can be, with every number at its largest. */
static void make_hostile_restarts(void)
{
	for (size_t i = 0; i < RECORD_POOLS; i++) {
		struct rec_workers *w = &hostile_pools[i];

		*w = fix_pools[1];
		w->role = hostile_text;
		w->parent = hostile_process;
		w->size = w->alive = w->restarts = w->restarts_total = w->unplanned = INT64_MAX;
		w->restarts_per_hour = 1e15;
		for (enum exit_cause cause = 0; cause < CAUSE_COUNT; cause++)
			w->causes.causes[cause] = INT64_MAX;
		w->lifetime = w->respawn = w->peak_rss =
			(struct rec_quantiles){INT64_MAX, INT64_MAX};
		w->below_size_ns = INT64_MAX;
	}
	for (size_t i = 0; i < RECORD_ADVICE; i++)
		hostile_advice[i] = hostile_text;
	hostile_restart = fix_restart_report;
	hostile_restart.workers = hostile_pools;
	hostile_restart.n_workers = RECORD_POOLS;
	hostile_restart.advice = hostile_advice;
	hostile_restart.n_advice = RECORD_ADVICE;
}

/* Every text full of the byte, longer than any cap. */
static void make_hostile(char byte)
{
	memset(hostile_text, byte, sizeof(hostile_text) - 1);
	memset(hostile_labels, byte, sizeof(hostile_labels) - 1);
	hostile_labels[1] = '=';
	hostile_start = fix_ev_start;
	hostile_start.n_include = hostile_start.n_exclude = EV_GLOBS;
	for (size_t i = 0; i < EV_GLOBS; i++) {
		memset(hostile_start.include[i], byte, EV_TEXT - 1);
		memset(hostile_start.exclude[i], byte, EV_TEXT - 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hostile_features); i++) {
		hostile_features[i] = fix_features[1];
		memset(hostile_features[i].lost, byte, EV_TEXT - 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hostile_resources); i++) {
		hostile_resources[i] = fix_resources[0];
		memset(hostile_resources[i].name, byte, EV_NAME - 1);
		hostile_programs[i] = fix_programs[0];
		memset(hostile_programs[i].name, byte, EV_NAME - 1);
	}
	hostile_agent = (struct rec_agent_start){.start = &hostile_start,
						 .features = hostile_features,
						 .n_features = ARRAY_SIZE(hostile_features)};
	make_hostile_kill();
	make_hostile_restarts();
	hostile_exit = fix_process_exit;
	hostile_exit.nearest.cgroup = hostile_text;
	hostile_exit.process = hostile_exit.sender = hostile_process;
	hostile_exit.sender_container = hostile_container;
	hostile_sample = fix_container_sample;
	hostile_sample.n_top = RECORD_TOP;
	hostile_host = fix_host_sample;
	hostile_host.n_biggest = RECORD_TOP;
	for (size_t i = 0; i < RECORD_TOP; i++) {
		hostile_sample.top[i].process = hostile_process;
		hostile_host.biggest[i].container = hostile_container;
	}
	hostile_stop = fix_agent_stop;
	hostile_stop.health.resources = hostile_resources;
	hostile_stop.health.n_resources = ARRAY_SIZE(hostile_resources);
	hostile_stop.health.programs = hostile_programs;
	hostile_stop.health.n_programs = ARRAY_SIZE(hostile_programs);
	hostile_stop.health.kills.n_gaps = RECORD_KILL_GAPS;
	for (size_t i = 0; i < RECORD_KILL_GAPS; i++) {
		hostile_stop.health.kills.gaps[i] = fix_health.kills.gaps[0];
		hostile_stop.health.kills.gaps[i].cgroup = hostile_text;
	}
}

static void test_no_line_too_long(void **state)
{
	static const char bytes[] = {'a', '"', '\x01', '\xff', '\x7f'};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(bytes); k++) {
		make_hostile(bytes[k]);
		for (size_t i = 0; i < ARRAY_SIZE(hostile_records); i++) {
			struct buf b = line_buf();
			json_error_t error;
			json_t *root;

			record_json(&b, &hostile_records[i]);
			assert_false(b.overflow);
			assert_true(b.len <= RECORD_LINE_MAX);
			assert_int_equal(b.data[b.len - 1], '\n');
			assert_null(memchr(b.data, '\n', b.len - 1));
			root = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &error);
			if (!root)
				fail_msg("record %zu: %s", i, error.text);
			assert_true(json_array_size(json_object_get(root, "truncated")) > 0);
			json_decref(root);
		}
	}
}

/* What `memwitness schema` prints is the file, byte for byte. */
static void test_schema_is_the_file(void **state)
{
	_cleanup_fclose_ FILE *f = fopen("user/out/schema.json", "re");
	const char *schema = record_schema();
	_cleanup_free_ char *want = NULL;
	size_t size = 0;
	ssize_t n;

	(void)state;
	assert_non_null(f);
	n = getdelim(&want, &size, '\0', f);
	assert_true(n > 0);
	assert_int_equal(strlen(schema), n);
	assert_memory_equal(schema, want, (size_t)n);
}

/* The buffer may hold other lines already: the limit is of the line, not of the buffer. */
static void test_appends_to_a_buffer(void **state)
{
	_cleanup_free_ char *memory = malloc(4 * RECORD_LINE_MAX);
	size_t first, second;
	struct buf b;

	(void)state;
	assert_non_null(memory);
	make_hostile('\x01');
	buf_init(&b, memory, 4 * RECORD_LINE_MAX);
	record_json(&b, &hostile_records[1]);
	first = b.len;
	record_json(&b, &hostile_records[1]);
	second = b.len - first;
	assert_int_equal(first, second);
	assert_memory_equal(memory, memory + first, first);
}

static void print_lines(const struct record *records, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buf b = line_buf();

		record_json(&b, &records[i]);
		fwrite(b.data, 1, b.len, stdout);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goldens),
		cmocka_unit_test(test_locale_does_not_matter),
		cmocka_unit_test(test_signal_names),
		cmocka_unit_test(test_process_parts),
		cmocka_unit_test(test_names_of_flags),
		cmocka_unit_test(test_what_is_not_known_of_a_kill),
		cmocka_unit_test(test_half_a_history),
		cmocka_unit_test(test_restart_report),
		cmocka_unit_test(test_what_is_not_known_of_restarts),
		cmocka_unit_test(test_no_line_too_long),
		cmocka_unit_test(test_appends_to_a_buffer),
		cmocka_unit_test(test_schema_is_the_file),
	};

	if (argc > 1 && !strcmp(argv[1], "--print")) {
		print_lines(fix_records, ARRAY_SIZE(fix_records));
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--hostile")) {
		make_hostile('\x01');
		print_lines(hostile_records, ARRAY_SIZE(hostile_records));
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
