/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - the options of `run`: defaults, the table, the file with its lines, who wins. */
#include <argp.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/cleanup.h"
#include "cmd/options.h"
#include "unit/capture.h"

#define MIB    (1ull << 20)
#define SECOND 1000000000ull

/* Parse a command line of words up to NULL; messages go to c when it is not NULL. */
static int parse(struct run_options *o, struct capture *c, ...)
{
	char *argv[40] = {(char *)"memwitness run"};
	int argc = 1, r;
	va_list args;
	char *word;

	va_start(args, c);
	while ((word = va_arg(args, char *)) != NULL)
		argv[argc++] = word;
	va_end(args);
	if (c)
		capture_begin(c);
	r = run_options_parse(o, argc, argv);
	if (c)
		capture_end(c);
	return r;
}

/* The same for the text of a file that calls itself "f.conf". */
static int read_text(struct run_options *o, struct capture *c, const char *text, size_t len)
{
	FILE *f = fmemopen((void *)text, len, "r");
	int r;

	assert_non_null(f);
	run_options_default(o);
	capture_begin(c);
	r = run_options_read_file(o, f, "f.conf");
	capture_end(c);
	fclose(f);
	return r;
}

static const struct option_def *find(const char *name)
{
	const struct option_def *table;
	size_t n;

	table = run_option_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

static void test_defaults(void **state)
{
	struct run_options o;

	(void)state;
	assert_int_equal(parse(&o, NULL, NULL), 0);
	assert_string_equal(o.output, "-");
	assert_int_equal(o.rotate_bytes, 100 * MIB);
	assert_int_equal(o.rotate_ns, 0);
	assert_int_equal(o.rotate_keep, 5);
	assert_int_equal(o.queue_bytes, 8 * MIB);
	assert_int_equal(o.report_interval_ns, 60 * SECOND);
	assert_int_equal(o.sample_interval_ns, SECOND);
	assert_int_equal(o.duration_ns, 0);
	assert_false(o.all_exits);
	assert_int_equal(o.pressure_threshold, 10);
	assert_int_equal(o.restart_warning, 5);
	assert_int_equal(o.restart_critical, 20);
	assert_false(o.debug);
	assert_int_equal(o.include.n, 0);
	assert_int_equal(o.exclude.n, 0);
	assert_int_equal(o.redact, REDACT_SECRETS);
	assert_int_equal(o.max_processes, 16384);
	assert_int_equal(o.max_containers, 1024);
	assert_int_equal(o.ring_bytes, 4 * MIB);
	assert_int_equal(o.oom_ring_bytes, MIB);
	assert_int_equal(o.oom_tier, OOM_TIER_AUTO);
	assert_int_equal(o.log_level, LOG_LEVEL_INFO);
	assert_int_equal(o.labels.n, 0);
	assert_string_equal(o.host_root, "/");
	assert_string_equal(o.record, "");
	assert_string_equal(o.config, "");
}

/* For every option a text that is taken, the value that it gives, and one byte off. */
static const struct option_case {
	const char *name;
	const char *good;
	uint64_t value; /* of numbers, choices and flags */
	const char *bad;
} cases[] = {
	{"output", "/a/b", 0, ""},
	{"rotate-size", "64K", 65536, "63K"},
	{"rotate-age", "1d", 86400 * SECOND, "1D"},
	{"rotate-keep", "1000", 1000, "1001"},
	{"queue-size", "256K", 262144, "255K"},
	{"record", "r.gz", 0, ""},
	{"report-interval", "5s", 5 * SECOND, "5x"},
	{"sample-interval", "100ms", SECOND / 10, "99ms"},
	{"duration", "1.5s", SECOND * 3 / 2, "1,5s"},
	{"all-exits", "yes", 1, "yea"},
	{"pressure-threshold", "100", 100, "101"},
	{"restart-warning", "1", 1, "0"},
	{"restart-critical", "1000000", 1000000, "1000001"},
	{"cgroup", "/a*", 0, "a*"},
	{"exclude-cgroup", "*b", 0, "b*"},
	{"label", "app", 0, "app="},
	{"host-root", "/host", 0, ""},
	{"redact", "args", REDACT_ARGS, "arg"},
	{"max-processes", "64", 64, "63"},
	{"max-containers", "16", 16, "15"},
	{"ring-size", "1G", 1024 * MIB, "2G"},
	{"oom-ring-size", "64K", 65536, "64k"},
	{"oom-tier", "kprobe", OOM_TIER_KPROBE, "kprobes"},
	{"config", "x.conf", 0, ""},
	{"log-level", "debug", LOG_LEVEL_DEBUG, "Debug"},
	{"debug", "on", 1, "om"},
};

static uint64_t value_of(const struct run_options *o, const struct option_def *def)
{
	const char *field = (const char *)o + def->offset;

	switch (def->kind) {
	case OPTION_FLAG:
		return *(const bool *)field;
	case OPTION_CHOICE:
		return *(const unsigned int *)field;
	case OPTION_COUNT:
	case OPTION_BYTES:
	case OPTION_DURATION:
		return *(const uint64_t *)field;
	case OPTION_TEXT:
	case OPTION_GLOBS:
	case OPTION_NAMES:
		break;
	}
	return 0;
}

static void test_every_option(void **state)
{
	const struct option_def *table;
	size_t n;

	(void)state;
	table = run_option_table(&n);
	assert_int_equal(n, ARRAY_SIZE(cases));
	for (size_t i = 0; i < n; i++) {
		const struct option_case *k = &cases[i];
		struct run_options o, before;
		char err[512] = "";

		assert_string_equal(table[i].name, k->name);
		assert_non_null(table[i].doc);
		assert_true((table[i].kind == OPTION_FLAG) == (table[i].arg == NULL));
		run_options_default(&o);
		memcpy(&before, &o, sizeof(o));
		assert_int_equal(run_option_set(&o, &table[i], k->bad, err, sizeof(err)), -EINVAL);
		assert_true(err[0] != '\0');
		assert_memory_equal(&o, &before, sizeof(o));
		assert_int_equal(run_option_set(&o, &table[i], k->good, err, sizeof(err)), 0);
		assert_int_equal(value_of(&o, &table[i]), k->value);
		if (table[i].kind == OPTION_TEXT)
			assert_string_equal((char *)&o + table[i].offset, k->good);
		if (table[i].kind == OPTION_GLOBS || table[i].kind == OPTION_NAMES) {
			const struct globs *g = (void *)((char *)&o + table[i].offset);

			assert_int_equal(g->n, 1);
			assert_string_equal(g->text[0], k->good);
		}
	}
}

/* What --help calls the default is the default. */
static void test_help_tells_the_defaults(void **state)
{
	static const char mark[] = "(default: ";
	const struct option_def *table;
	size_t n, told = 0;

	(void)state;
	table = run_option_table(&n);
	for (size_t i = 0; i < n; i++) {
		const char *at = strstr(table[i].doc, mark);
		struct run_options o, defaults;
		char text[64], err[512];

		if (!at)
			continue;
		told++;
		at += strlen(mark);
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, ")"), at);
		run_options_default(&defaults);
		memcpy(&o, &defaults, sizeof(o));
		assert_int_equal(run_option_set(&o, &table[i], text, err, sizeof(err)), 0);
		assert_memory_equal(&o, &defaults, sizeof(o));
	}
	assert_int_equal(told, 18);
}

/* The same through the file and through the command line. */
static void test_both_ways(void **state)
{
	static struct capture c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct option_def *def = find(cases[i].name);
		struct run_options o;
		char text[300];

		snprintf(text, sizeof(text), "%s = %s\n", def->name, cases[i].good);
		assert_int_equal(read_text(&o, &c, text, strlen(text)),
				 def->command_line ? -EINVAL : 0);
		if (!def->command_line)
			assert_int_equal(value_of(&o, def), cases[i].value);
		if (def->command_line)
			continue;
		if (def->kind == OPTION_FLAG)
			snprintf(text, sizeof(text), "--%s", def->name);
		else
			snprintf(text, sizeof(text), "--%s=%s", def->name, cases[i].good);
		assert_int_equal(parse(&o, NULL, text, NULL), 0);
		assert_int_equal(value_of(&o, def), cases[i].value);
		if (def->kind == OPTION_FLAG)
			continue;
		snprintf(text, sizeof(text), "--%s=%s", def->name, cases[i].bad);
		assert_int_equal(parse(&o, &c, text, NULL), 2);
		snprintf(text, sizeof(text), "memwitness: error: --%s: ", def->name);
		assert_memory_equal(c.text, text, strlen(text));
	}
}

static void test_zero_and_edges(void **state)
{
	static struct capture c;
	struct run_options o;

	(void)state;
	assert_int_equal(parse(&o, NULL, "--rotate-size=0", "--rotate-age=0", "--duration=0", NULL),
			 0);
	assert_int_equal(o.rotate_bytes, 0);
	assert_int_equal(parse(&o, &c, "--ring-size=0", NULL), 2);
	assert_string_equal(c.text, "memwitness: error: --ring-size: '0' is out of range (64K to "
				    "1G)\n");
	assert_int_equal(parse(&o, &c, "--rotate-size=1", NULL), 2);
	assert_string_equal(c.text, "memwitness: error: --rotate-size: '1' is out of range (64K to "
				    "1024G, or 0)\n");
	assert_int_equal(parse(&o, &c, "--max-processes=99999999999999999999", NULL), 2);
	assert_non_null(strstr(c.text, "out of range (64 to 4194304)"));
	assert_int_equal(parse(&o, &c, "--redact=secret", NULL), 2);
	assert_non_null(strstr(c.text, "'secret' is none of: secrets, none, args, all\n"));
	assert_int_equal(parse(&o, &c, "--cgroup=docker", NULL), 2);
	assert_non_null(strstr(c.text, "does not begin with / or * (try '*docker*')"));
}

static void test_together(void **state)
{
	static struct capture c;
	struct run_options o;

	(void)state;
	assert_int_equal(parse(&o, NULL, "-i", "2s", "--sample-interval=2s", NULL), 0);
	assert_int_equal(parse(&o, &c, "-i", "2s", "--sample-interval=3s", NULL), 2);
	assert_int_equal(parse(&o, NULL, "--restart-warning=20", NULL), 0);
	assert_int_equal(parse(&o, &c, "--restart-warning=21", NULL), 2);
	assert_int_equal(parse(&o, NULL, "-o", "a", "--record=b", NULL), 0);
	assert_int_equal(parse(&o, &c, "-o", "a", "--record=a", NULL), 2);
}

static void test_many_globs(void **state)
{
	char *argv[EV_GLOBS + 2] = {(char *)"memwitness run"};
	static struct capture c;
	struct run_options o;
	char longest[EV_TEXT + 20];
	char err[512];

	(void)state;
	for (int i = 1; i <= EV_GLOBS + 1; i++)
		argv[i] = (char *)"-c/x";
	assert_int_equal(run_options_parse(&o, EV_GLOBS + 1, argv), 0);
	assert_int_equal(o.include.n, EV_GLOBS);
	capture_begin(&c);
	assert_int_equal(run_options_parse(&o, EV_GLOBS + 2, argv), 2);
	assert_non_null(strstr(capture_end(&c), "at most 16\n"));

	run_options_default(&o);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[EV_TEXT] = '\0';
	assert_int_equal(run_option_set(&o, find("cgroup"), longest, err, sizeof(err)), -EINVAL);
	longest[EV_TEXT - 1] = '\0';
	assert_int_equal(run_option_set(&o, find("cgroup"), longest, err, sizeof(err)), 0);
	assert_string_equal(o.include.text[0], longest);
}

static void test_file(void **state)
{
	static const char text[] = "# a comment\n"
				   "; another\n"
				   "\n"
				   "log-level = debug\n"
				   "[run]\n"
				   "   report-interval = 5s   ; not the default\n"
				   "sample-interval=500ms\n"
				   "\tcgroup = /a=b:c\n"
				   "cgroup = /d\n"
				   "all-exits: yes\r\n"
				   "output = /var/log/mw.jsonl"; /* no newline at the end */
	static struct capture c;
	struct run_options o;

	(void)state;
	assert_int_equal(read_text(&o, &c, text, sizeof(text) - 1), 0);
	assert_string_equal(c.text, "");
	assert_int_equal(o.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(o.report_interval_ns, 5 * SECOND);
	assert_int_equal(o.sample_interval_ns, SECOND / 2);
	assert_int_equal(o.include.n, 2);
	assert_string_equal(o.include.text[0], "/a=b:c");
	assert_string_equal(o.include.text[1], "/d");
	assert_true(o.all_exits);
	assert_string_equal(o.output, "/var/log/mw.jsonl");
}

/* Each text is right but for one byte, and the message says where and what. */
static void test_file_errors(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} wrong[] = {
		{"\n\n# c\nreport-interval = 5x\n",
		 "f.conf:4: report-interval: '5x' is not a duration (try 60s, 500ms, 5m)\n"},
		{"report-intervai = 5s\n", "f.conf:1: 'report-intervai' is not an option\n"},
		{"log-level = info\nreport-interval  5s\n",
		 "f.conf:2: neither 'name = value' nor a comment nor [run]\n"},
		{"[rum]\nreport-interval = 5s\n",
		 "f.conf:2: report-interval: there is no section [rum], only [run]\n"},
		{"[run\nreport-interval = 5s\n",
		 "f.conf:1: neither 'name = value' nor a comment nor [run]\n"},
		{"config = x\n", "f.conf:1: config: only on the command line\n"},
		{"ring-size = 1M\nring-size = 2M\n",
		 "f.conf:2: ring-size: was given in line 1 already\n"},
		{"all-exits = yas\n", "f.conf:1: all-exits: 'yas' is neither yes nor no\n"},
		{"output =\n", "f.conf:1: output: the value is empty\n"},
		{"max-processes = 1 6384\n",
		 "f.conf:1: max-processes: '1 6384' is not a number (try 100)\n"},
	};
	static struct capture c;
	struct run_options o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char expected[256];

		snprintf(expected, sizeof(expected), "memwitness: error: %s", wrong[i].message);
		assert_int_equal(read_text(&o, &c, wrong[i].text, strlen(wrong[i].text)), -EINVAL);
		assert_string_equal(c.text, expected);
	}
}

static void test_file_all_errors_are_told(void **state)
{
	static const char text[] = "a = 1\noutput = x\nnonsense\nring-size = 1\n";
	static struct capture c;
	struct run_options o;

	(void)state;
	assert_int_equal(read_text(&o, &c, text, sizeof(text) - 1), -EINVAL);
	assert_string_equal(c.text,
			    "memwitness: error: f.conf:1: 'a' is not an option\n"
			    "memwitness: error: f.conf:3: neither 'name = value' nor a comment nor "
			    "[run]\n"
			    "memwitness: error: f.conf:4: ring-size: '1' is out of range (64K to "
			    "1G)\n");
	assert_string_equal(o.output, "x");
}

static void test_file_hostile_lines(void **state)
{
	static const char nul[] = "log-level = info\noutput = a\0b\n";
	static const char mark[] = "\xef\xbb\xbf[run]\nlog-level = debug\n";
	static struct capture c;
	struct run_options o;
	char text[512];
	size_t len;

	(void)state;
	assert_int_equal(read_text(&o, &c, nul, sizeof(nul) - 1), -EINVAL);
	assert_string_equal(c.text, "memwitness: error: f.conf:2: the line holds a NUL byte\n");

	assert_int_equal(read_text(&o, &c, mark, sizeof(mark) - 1), 0);
	assert_int_equal(read_text(&o, &c, mark + 1, sizeof(mark) - 2), -EINVAL);
	assert_int_equal(parse(&o, &c, "--config=/dev/zero", NULL), 2);

	/* The longest line that inih takes, newline included, and one byte more. */
	for (size_t extra = 0; extra < 2; extra++) {
		len = (size_t)snprintf(text, sizeof(text), "\noutput = ");
		memset(text + len, 'x', 300);
		len = 1 + 198 + extra;
		text[len++] = '\n';
		assert_int_equal(read_text(&o, &c, text, len), extra ? -EINVAL : 0);
		if (extra)
			assert_string_equal(c.text, "memwitness: error: f.conf:2: the line is "
						    "longer than 199 bytes\n");
	}
}

static void test_command_line_wins(void **state)
{
	char path[] = "/tmp/mw-test-options-XXXXXX", config[64];
	int fd = mkstemp(path), before;
	static struct capture c;
	struct run_options o;

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "report-interval = 5s\nlog-level = error\ncgroup = /file\n"
				"exclude-cgroup = /file\n") > 0);
	close(fd);
	snprintf(config, sizeof(config), "--config=%s", path);
	before = capture_descriptors();
	/* The order on the command line does not matter. */
	assert_int_equal(parse(&o, NULL, "-i7s", "--cgroup=/one", config, "-c", "/two", NULL), 0);
	assert_int_equal(o.report_interval_ns, 7 * SECOND);
	assert_int_equal(o.log_level, LOG_LEVEL_ERROR);
	assert_int_equal(o.include.n, 2);
	assert_string_equal(o.include.text[0], "/one");
	assert_string_equal(o.include.text[1], "/two");
	assert_int_equal(o.exclude.n, 1);
	assert_string_equal(o.exclude.text[0], "/file");
	assert_string_equal(o.config, path);

	assert_int_equal(parse(&o, &c, "--config=/nonexistent/x", NULL), 2);
	assert_string_equal(c.text, "memwitness: error: --config: cannot open /nonexistent/x: No "
				    "such file or directory\n");
	assert_int_equal(truncate(path, 30), 0);
	assert_int_equal(parse(&o, &c, config, NULL), 2);
	assert_non_null(strstr(c.text, ":2: neither"));
	assert_int_equal(capture_descriptors(), before);
	unlink(path);
}

/* argp ends the process: that belongs into a child. */
static int exit_code_of(const char *word)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		struct run_options o;

		if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
			_exit(99);
		argp_err_exit_status = 2;
		_exit(parse(&o, NULL, word, NULL) ? 98 : 97);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_equal(exit_code_of("--help"), 0);
	assert_int_equal(exit_code_of("--usage"), 0);
	assert_int_equal(exit_code_of("--debug"), 97);
	assert_int_equal(exit_code_of("--debuh"), 2);
	assert_int_equal(exit_code_of("word"), 2);
	assert_int_equal(exit_code_of("--output"), 2);
	assert_int_equal(exit_code_of("-aaaaaaaa"), 97);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_help_tells_the_defaults),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_zero_and_edges),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_many_globs),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_errors),
		cmocka_unit_test(test_file_all_errors_are_told),
		cmocka_unit_test(test_file_hostile_lines),
		cmocka_unit_test(test_command_line_wins),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
