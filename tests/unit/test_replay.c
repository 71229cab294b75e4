/* SPDX-License-Identifier: Apache-2.0 */
/* test_replay.c - replay and the pipeline: same bytes, damage with its line, exit codes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "cmd/pipeline.h"
#include "out/eventlog_write.h"
#include "unit/capture.h"

#define LOG_MAX 65536
#define SECOND  1000000000ull

/* A short life: start, a tick, an end. Five lines. */
struct stream {
	char text[LOG_MAX];
	struct buf log;
	size_t line[8]; /* where line i (from 0) begins */
	size_t n;
	char records[LOG_MAX]; /* what the pipeline made of it */
	size_t records_len;
	unsigned int lines, requests;
};

static struct stream stream;
static char log_path[64], out_path[64];

static void on_line(void *ctx, const char *line, size_t len, enum severity severity)
{
	struct stream *s = ctx;

	assert_true(len > 0 && line[len - 1] == '\n');
	assert_true(severity <= SEVERITY_CRITICAL);
	assert_true(s->records_len + len <= sizeof(s->records));
	memcpy(s->records + s->records_len, line, len);
	s->records_len += len;
	s->lines++;
}

static void on_request(void *ctx, const struct request *request)
{
	struct stream *s = ctx;

	assert_true(request->type != 0);
	s->requests++;
}

static const struct pipeline_ops ops = {.line = on_line, .request = on_request};

static void add(struct stream *s, struct pipeline *p, const union event *ev)
{
	s->line[s->n++] = s->log.len;
	eventlog_format(&s->log, ev);
	assert_false(s->log.overflow);
	pipeline_step(p, ev);
}

static int make_stream(void **state)
{
	struct stream *s = &stream;
	struct pipeline p;
	union event ev;
	int fd;

	(void)state;
	buf_init(&s->log, s->text, sizeof(s->text));
	event_init(&ev, EV_START, SECOND);
	ev.start.log_version = EVENT_LOG_VERSION;
	ev.start.page_size = 4096;
	ev.start.real = 1795171359ull * SECOND;
	ev.start.cpus = 2;
	ev.start.sample_interval = SECOND;
	ev.start.report_interval = 2 * SECOND;
	ev.start.max_processes = 64;
	ev.start.max_containers = 16;
	ev.start.redact = REDACT_SECRETS;
	ev.start.all_exits = 0;
	strcpy(ev.start.version, "0.1.0");
	strcpy(ev.start.host, "node-7");
	strcpy(ev.start.boot_id, "0b6c5f0e-7b7b-4a63-9d55-1f0a6c1f2e3d");
	assert_int_equal(pipeline_open(&p, &ev.start, &ops, s), 0);
	add(s, &p, &ev);
	event_init(&ev, EV_READY, 2 * SECOND);
	add(s, &p, &ev);
	event_init(&ev, EV_CLOCK, 10 * SECOND);
	ev.clock.real = 1795171368ull * SECOND;
	add(s, &p, &ev);
	event_init(&ev, EV_MARK, 10 * SECOND);
	ev.mark.now = 10 * SECOND;
	add(s, &p, &ev);
	event_init(&ev, EV_STOP, 11 * SECOND);
	strcpy(ev.stop.why, "SIGTERM");
	add(s, &p, &ev);
	assert_int_equal(p.records, s->lines);
	assert_int_equal(p.oversize, 0);
	pipeline_close(&p);
	assert_null(p.core);

	strcpy(log_path, "/tmp/mw-test-replay-XXXXXX");
	fd = mkstemp(log_path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(out_path, sizeof(out_path), "%s.out", log_path);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	unlink(log_path);
	unlink(out_path);
	return 0;
}

static void write_log(const char *text, size_t len)
{
	FILE *f = fopen(log_path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static size_t read_output(char *text, size_t size)
{
	FILE *f = fopen(out_path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, size, f);
	fclose(f);
	return len;
}

/* Replay log_path into out_path; the exit code. */
static int replay(struct capture *c)
{
	char *argv[] = {(char *)"memwitness replay", (char *)"-o", out_path, log_path, NULL};
	int before = capture_descriptors(), code;

	capture_begin(c);
	code = cmd_replay(4, argv);
	capture_end(c);
	assert_int_equal(capture_descriptors(), before);
	return code;
}

/* The message is "memwitness: LEVEL: " with the path of the log, and then this. */
static void assert_told(const struct capture *c, const char *level, const char *rest)
{
	char expected[512];

	snprintf(expected, sizeof(expected), "memwitness: %s: %s%s", level, log_path, rest);
	if (!strstr(c->text, expected))
		fail_msg("expected \"%s\" in \"%s\"", expected, c->text);
}

static void assert_same_records(void)
{
	static char text[LOG_MAX];
	size_t len = read_output(text, sizeof(text));

	assert_int_equal(len, stream.records_len);
	assert_memory_equal(text, stream.records, len);
}

static void test_same_bytes(void **state)
{
	static struct capture c;

	(void)state;
	assert_true(stream.lines >= 2); /* agent_start and agent_stop */
	assert_true(stream.requests >= 1);
	write_log(stream.text, stream.log.len);
	assert_int_equal(replay(&c), 0);
	assert_string_equal(c.text, "");
	assert_same_records();
}

/* One byte of one line; what is around it is used. */
static void test_damaged_line(void **state)
{
	static struct capture c;
	static char text[LOG_MAX];

	(void)state;
	memcpy(text, stream.text, stream.log.len);
	text[stream.line[3]] = '[';
	write_log(text, stream.log.len);
	assert_int_equal(replay(&c), 1);
	assert_told(&c, "error", ":4: ");
	assert_told(&c, "warning", ": 1 damaged places; 3 events were used");
	assert_same_records(); /* a mark alone carries nothing */
}

static void test_cut(void **state)
{
	static struct capture c;

	(void)state;
	/* In the middle of the last line. */
	write_log(stream.text, stream.log.len - 5);
	assert_int_equal(replay(&c), 1);
	assert_told(&c, "error", ":5: ");
	assert_null(strstr(c.text, "without a stop event"));
	/* Between two lines. */
	write_log(stream.text, stream.line[4]);
	assert_int_equal(replay(&c), 1);
	assert_told(&c, "error", ": ends after line 4 without a stop event");
}

static void test_not_a_log(void **state)
{
	static struct capture c;
	static char text[LOG_MAX];

	(void)state;
	unlink(out_path);
	write_log("", 0);
	assert_int_equal(replay(&c), 2);
	assert_told(&c, "error", ":1: the log is empty");

	write_log(stream.text + stream.line[1], stream.log.len - stream.line[1]);
	assert_int_equal(replay(&c), 2);
	assert_told(&c, "error", ":1: the first event must be 'start', this is 'ready'");

	memcpy(text, stream.text, stream.log.len);
	text[0] = '[';
	write_log(text, stream.log.len);
	assert_int_equal(replay(&c), 2);
	assert_told(&c, "error", ":1: ");
	assert_non_null(strstr(c.text, "can only be read from its start event"));

	/* Nothing was opened for writing in all that. */
	assert_int_equal(access(out_path, F_OK), -1);
}

static void test_second_start(void **state)
{
	static struct capture c;
	static char text[LOG_MAX];
	size_t len = stream.log.len;

	(void)state;
	memcpy(text, stream.text, len);
	memcpy(text + len, stream.text, len);
	write_log(text, 2 * len);
	assert_int_equal(replay(&c), 1);
	assert_told(&c, "error", ":6: a second start event");
	assert_same_records();
}

static void test_many_damaged_lines(void **state)
{
	static struct capture c;
	static char text[LOG_MAX];
	size_t len = stream.log.len;
	unsigned int told = 0;

	(void)state;
	memcpy(text, stream.text, len);
	for (int i = 0; i < 100; i++) {
		memcpy(text + len, "x\n", 2);
		len += 2;
	}
	write_log(text, len);
	assert_int_equal(replay(&c), 1);
	for (const char *p = c.text; (p = strchr(p, '\n')) != NULL; p++)
		told++;
	assert_int_equal(told, 22); /* 20, that more come, how many in all */
	assert_told(&c, "warning", ": 100 damaged places; 4 events were used");
}

static void test_outputs(void **state)
{
	char *to_itself[] = {(char *)"memwitness replay", (char *)"-o", log_path, log_path, NULL};
	char *to_full[] = {(char *)"memwitness replay", (char *)"-o/dev/full", log_path, NULL};
	char *nowhere[] = {(char *)"memwitness replay", (char *)"-o/nonexistent/x", log_path, NULL};
	char *no_log[] = {(char *)"memwitness replay", (char *)"/nonexistent/x", NULL};
	static struct capture c;

	(void)state;
	write_log(stream.text, stream.log.len);
	capture_begin(&c);
	assert_int_equal(cmd_replay(4, to_itself), 2);
	assert_int_equal(cmd_replay(3, to_full), 2);
	assert_int_equal(cmd_replay(3, nowhere), 2);
	assert_int_equal(cmd_replay(2, no_log), 2);
	capture_end(&c);
	assert_non_null(strstr(c.text, "is the log itself\n"));
	assert_non_null(strstr(c.text, "cannot write records: No space left on device\n"));
	assert_non_null(strstr(c.text, "cannot open /nonexistent/x: No such file or directory\n"));
	assert_int_equal(replay(&c), 0); /* it was not emptied */
}

static void test_pipeline_without_requests(void **state)
{
	static const struct pipeline_ops silent = {.line = on_line};
	struct pipeline p = {0};
	union event ev;

	(void)state;
	pipeline_close(&p);
	event_init(&ev, EV_START, SECOND);
	ev.start.max_processes = 64;
	ev.start.max_containers = 16;
	assert_int_equal(pipeline_open(&p, &ev.start, &silent, &stream), 0);
	assert_true(p.memory_size > 0);
	assert_true((uintptr_t)p.memory % 16 == 0);
	pipeline_step(&p, &ev);
	pipeline_step(&p, event_init(&ev, EV_READY, SECOND));
	pipeline_step(&p, event_init(&ev, EV_CLOCK, 2 * SECOND));
	pipeline_step(&p, event_init(&ev, EV_STOP, 3 * SECOND));
	assert_true(p.records > 0);
	pipeline_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_damaged_line),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_not_a_log),
		cmocka_unit_test(test_second_start),
		cmocka_unit_test(test_many_damaged_lines),
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_pipeline_without_requests),
	};

	return cmocka_run_group_tests_name("replay", tests, make_stream, remove_files);
}
