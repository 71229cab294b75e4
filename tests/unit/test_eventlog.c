/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_eventlog.c - events to lines and back: nothing is lost, and nothing damaged is believed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "any_event.h"
#include "base/cleanup.h"
#include "in/eventlog.h"
#include "out/eventlog_write.h"

#define LINE_ROOM (256 * 1024)

static union event event_a, event_b; /* too big for comfort on the stack */

static size_t format(char *line, size_t size, const union event *ev)
{
	struct buf b;

	buf_init(&b, line, size);
	eventlog_format(&b, ev);
	assert_false(b.overflow);
	return b.len;
}

static void round_trip(const struct event_info *info, enum flavour flavour, char *line)
{
	const char *error = "";
	size_t len;

	fill_event(&event_a, info, flavour);
	len = format(line, LINE_ROOM, &event_a);
	assert_true(len <= 65536);
	assert_int_equal(line[len - 1], '\n');
	assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
	memset(&event_b, 0xaa, sizeof(event_b));
	if (eventlog_parse_line(line, len - 1, &event_b, &error))
		fail_msg("%s: %s in %.*s", info->name, error, (int)len, line);
	if (memcmp(&event_a, &event_b, info->size) != 0)
		fail_msg("%s: not the same: %.*s", info->name, (int)len, line);
}

static void test_round_trip(void **state)
{
	_cleanup_free_ char *line = malloc(LINE_ROOM);

	(void)state;
	for (uint32_t type = 0; type < 100; type++) {
		if (!event_info(type))
			continue;
		for (int flavour = 0; flavour < FLAVOUR_RANDOM; flavour++)
			round_trip(event_info(type), (enum flavour)flavour, line);
		for (int i = 0; i < 300; i++)
			round_trip(event_info(type), FLAVOUR_RANDOM, line);
	}
}

/* What was only prepared comes back as it was: unknown stays unknown. */
static void test_round_trip_of_nothing(void **state)
{
	const char *error;
	char line[1024];

	(void)state;
	for (uint32_t type = 0; type < 100; type++) {
		const struct event_info *info = event_info(type);
		size_t len;

		if (!info)
			continue;
		event_init(&event_a, type, 5);
		if (type == EV_START)
			event_a.start.log_version = 1;
		len = format(line, sizeof(line), &event_a);
		assert_int_equal(eventlog_parse_line(line, len - 1, &event_b, &error), 0);
		assert_memory_equal(&event_a, &event_b, info->size);
	}
}

static void test_exact_lines(void **state)
{
	char line[1024];
	size_t len;

	(void)state;
	event_init(&event_a, EV_FORK, 123456789);
	event_a.fork.child = (struct ev_who){.pid = 7,
					     .start = 11,
					     .memcg = U64_UNKNOWN,
					     .uid = 1000,
					     .oom_score_adj = -998,
					     .comm = "a\"b"};
	event_a.fork.parent_pid = 1;
	event_a.fork.pid_ns = U64_UNLIMITED;
	len = format(line, sizeof(line), &event_a);
	line[len] = '\0';
	assert_string_equal(line,
			    "{\"ev\":\"fork\",\"t\":123456789,\"child\":{\"pid\":7,\"tid\":0,"
			    "\"start\":11,\"uid\":1000,\"oom_score_adj\":-998,\"comm\":\"a\\\"b\"},"
			    "\"parent\":1,\"ns_pid\":0,\"pid_ns\":\"max\"}\n");
	event_init(&event_a, EV_MEMCG_COUNTS, 1);
	event_a.memcg_counts.kinds[1] = 5;
	event_a.memcg_counts.kinds[2] = U64_UNLIMITED;
	len = format(line, sizeof(line), &event_a);
	line[len] = '\0';
	assert_string_equal(line, "{\"ev\":\"memcg_counts\",\"t\":1,\"kinds\":[null,5,\"max\",null,"
				  "null,null]}\n");
}

#define WHO(pid)                                                                                   \
	"{\"pid\":" pid ",\"tid\":0,\"start\":11,\"memcg\":12,\"uid\":4294967295,"                 \
	"\"oom_score_adj\":-2147483648,\"comm\":"                                                  \
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"

static const char fork_line[] = "{\"ev\":\"fork\",\"t\":1,\"child\":" WHO(
	"7") ",\"parent\":1,\"parent_start\":18446744073709551613,\"ns_pid\":3,\"pid_ns\":\"max\"}";
static const char exit_line[] = "{\"ev\":\"exit\",\"t\":1,\"who\":" WHO(
	"7") ",\"parent\":1,\"ns_pid\":3,\"status\":9,"
	     "\"oom_victim\":0,\"anon\":9223372036854775807,"
	     "\"file\":-9223372036854775807,\"shmem\":-0}";
static const char stop_line[] = "{\"ev\":\"stop\",\"t\":1,\"why\":\"\\ud83d\\ude00\"}";
static const char start_line[] = "{\"ev\":\"start\",\"t\":1,\"log_version\":1,\"page_size\":4096}";
static const char oom_line[] =
	"{\"ev\":\"memcg\",\"t\":1,\"level\":{\"id\":1,\"usage\":5},\"v1\":0}";
static const char counts_line[] =
	"{\"ev\":\"memcg_counts\",\"t\":1,\"kinds\":[0,0,0,0,0,0 ],\"id\":3}";

/* Each line passes; with `from` turned into `to`, once, it does not, for the reason given. */
static void test_damage(void **state)
{
	static const struct {
		const char *line, *from, *to;
		int err;
		const char *error;
	} cases[] = {
		{fork_line, "4294967295", "4294967296", -EBADMSG, "uid"},
		{fork_line, "4294967295", "-294967295", -EBADMSG, "uid"},
		{fork_line, "4294967295", "\"29496729\"", -EBADMSG, "uid"},
		{fork_line, "4294967295", "4294967.95", -EBADMSG, "uid"},
		{fork_line, "-2147483648", "-2147483649", -EBADMSG, "oom_score_adj"},
		{fork_line, "-2147483648", "02147483648", -EBADMSG, "oom_score_adj"},
		{fork_line, "709551613", "709551614", -EBADMSG, "parent_start"},
		{fork_line, "709551613", "709551616", -EBADMSG, "parent_start"},
		{fork_line, "\"max\"", "\"max \"", -EBADMSG, "pid_ns"},
		{fork_line, "\"max\"", "null", -EBADMSG, "pid_ns"},
		{fork_line, "aaa\"", "aaaa\"", -EBADMSG, "comm"},
		{fork_line, "aaa\"", "aa\xff\"", -EBADMSG, "comm"},
		{fork_line, "aaa\"", "aa\n\"", -EBADMSG, "comm"},
		{fork_line, "\"tid\"", "\"pid\"", -EBADMSG, "pid"},
		{fork_line, "\"uid\"", "\"uie\"", -EBADMSG, "uid"},
		{fork_line, "\"ns_pid\"", "\"ns_pie\"", -EBADMSG, "ns_pid"},
		{fork_line, "\"child\":{", "\"child\":[", -EBADMSG, "child"},
		{fork_line, "\"parent\":1", "\"parent\":{}", -EBADMSG, "parent"},
		{fork_line, "fork", "forl", -EBADMSG, "unknown event"},
		{fork_line, "\"ev\"", "\"ew\"", -EBADMSG, "\"ev\" is not first"},
		{fork_line, "\"t\"", "\"u\"", -EBADMSG, "\"t\" is not second"},
		{fork_line, "\"t\":1", "\"t\":-1", -EBADMSG, "\"t\" is not second"},
		{fork_line, "\"max\"}", "\"max\"", -EBADMSG, "cut off"},
		{fork_line, "\"max\"}", "\"max\"}}", -EBADMSG, "text behind the end"},
		{fork_line, "{\"ev", "[\"ev", -EBADMSG, "not an object"},
		{exit_line, "4775807,", "4775808,", -EBADMSG, "anon"},
		{exit_line, "-9223372036854775807", "-9223372036854775808", -EBADMSG, "file"},
		{exit_line, "\"shmem\":-0", "\"anon\":-0", -EBADMSG, "anon"},
		{exit_line, "\"status\":9", "\"status\":\"9\"", -EBADMSG, "status"},
		{stop_line, "\\ude00", "\\ue600", -EBADMSG, "why"},
		{stop_line, "\\ud83d\\ude00", "\\u0000", -EBADMSG, "why"},
		{stop_line, "\"\\ud83d\\ude00\"", "7", -EBADMSG, "why"},
		{start_line, "_version\":1", "_version\":2", -EPROTO, "written by a newer version"},
		{start_line, "_version\":1", "_version\":0", -EBADMSG, "log_version"},
		{start_line, "_version", "_verse", -EBADMSG, "log_version"},
		{oom_line, "\"id\":1", "\"id\":0", -EBADMSG, "level"},
		{oom_line, "\"usage\":5", "\"usage\":\"max\"", -EBADMSG, "usage"},
		{counts_line, "0 ]", "0,0]", -EBADMSG, "kinds"},
		{counts_line, "0 ]", "-1]", -EBADMSG, "kinds"},
		{counts_line, "0 ]", "\"\"]", -EBADMSG, "kinds"},
	};
	static const char *const passing[] = {fork_line,  exit_line, stop_line,
					      start_line, oom_line,  counts_line};
	const char *error = NULL;
	char line[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		assert_int_equal(
			eventlog_parse_line(passing[i], strlen(passing[i]), &event_a, &error), 0);
	assert_null(error);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *at = strstr(cases[i].line, cases[i].from);
		int err;

		assert_non_null(at);
		snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - cases[i].line), cases[i].line,
			 cases[i].to, at + strlen(cases[i].from));
		err = eventlog_parse_line(line, strlen(line), &event_a, &error);
		if (err != cases[i].err || strcmp(error, cases[i].error) != 0)
			fail_msg("case %zu: %d, %s: %s", i, err, error, line);
	}
}

/* What a newer writer may add is skipped, whatever it holds; what it leaves out is not known. */
static void test_unknown_keys(void **state)
{
	static const char *const extra[] = {"1",  "\"x\"", "null",          "true",
					    "[]", "{}",    "[{\"pid\":9}]", "{\"pid\":[1,{}]}"};
	const char *error;
	char line[512];

	(void)state;
	assert_int_equal(eventlog_parse_line(fork_line, strlen(fork_line), &event_a, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++) {
		for (const char *at = fork_line; (at = strchr(at, ',')); at++) {
			if (at < strstr(fork_line, ",\"child\""))
				continue;
			snprintf(line, sizeof(line), "%.*s,\"new\":%s%s", (int)(at - fork_line),
				 fork_line, extra[i], at);
			assert_int_equal(eventlog_parse_line(line, strlen(line), &event_b, &error),
					 0);
			assert_memory_equal(&event_a, &event_b, sizeof(struct ev_fork));
		}
	}
	strcpy(line, fork_line);
	memcpy(strstr(line, "\"memcg\""), "\"memch\"", 7);
	memcpy(strstr(line, "\"pid_ns\""), "\"pid_nt\"", 8);
	memcpy(strstr(line, "\"comm\""), "\"conn\"", 6);
	assert_int_equal(eventlog_parse_line(line, strlen(line), &event_b, &error), 0);
	assert_true(event_b.fork.child.memcg == U64_UNKNOWN);
	assert_true(event_b.fork.pid_ns == U64_UNKNOWN);
	assert_string_equal(event_b.fork.child.comm, "");
}

/* Any order, blanks: not as we write, but the same event. */
static void test_other_order(void **state)
{
	static const char line[] =
		" { \"ev\" : \"fork\" , \"t\":1,\"pid_ns\":\"max\",\"ns_pid\":3,\"parent_start\":"
		"18446744073709551613, \"parent\" : 1,\"child\":{\"comm\":\"aaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaa\\u0061\",\"oom_score_adj\":-2147483648,\"uid\":4294967295,"
		"\"memcg\":12,\"start\":11,\"tid\":0,\"pid\":7 } }\r";
	const char *error;

	(void)state;
	assert_int_equal(eventlog_parse_line(fork_line, strlen(fork_line), &event_a, &error), 0);
	assert_int_equal(eventlog_parse_line(line, strlen(line), &event_b, &error), 0);
	assert_memory_equal(&event_a, &event_b, sizeof(struct ev_fork));
}

/* Every byte of a line replaced by every other: it parses or it does not, within its bounds. */
static void test_every_byte(void **state)
{
	size_t len = strlen(exit_line), parsed = 0;
	_cleanup_free_ char *line = malloc(len); /* no NUL behind it */

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (int c = 0; c < 256; c++) {
			const char *error = NULL;

			memcpy(line, exit_line, len);
			line[at] = (char)c;
			if (eventlog_parse_line(line, len, &event_a, &error) == 0)
				parsed++;
			else
				assert_non_null(error);
		}
	}
	for (size_t n = 0; n < len; n++) {
		const char *error;
		_cleanup_free_ char *cut = malloc(n ? n : 1);

		memcpy(cut, exit_line, n);
		assert_int_equal(eventlog_parse_line(cut, n, &event_a, &error), -EBADMSG);
	}
	assert_true(parsed > len); /* itself at least, once a byte */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_round_trip_of_nothing),
		cmocka_unit_test(test_exact_lines),  cmocka_unit_test(test_damage),
		cmocka_unit_test(test_unknown_keys), cmocka_unit_test(test_other_order),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
