/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - messages: one line each, levels obeyed, hostile bytes harmless, errno kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"

/* What fn() writes to standard error, as a string. */
static void captured(void (*fn)(void), char *out, size_t size)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipe_fds), 0);
	assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
	close(pipe_fds[1]);
	fn();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(pipe_fds[0], out, size - 1);
	close(pipe_fds[0]);
	out[n < 0 ? 0 : n] = '\0';
}

static void say_all(void)
{
	log_error("one %d", 1);
	log_warning("two");
	log_info("three");
	log_debug("four");
}

static void test_levels(void **state)
{
	char out[512];

	(void)state;
	log_set_level(LOG_LEVEL_WARNING);
	captured(say_all, out, sizeof(out));
	assert_string_equal(out, "memwitness: error: one 1\nmemwitness: warning: two\n");
	log_set_level(LOG_LEVEL_DEBUG);
	captured(say_all, out, sizeof(out));
	assert_non_null(strstr(out, "memwitness: debug: four\n"));
	log_set_level(LOG_LEVEL_INFO);
	captured(say_all, out, sizeof(out));
	assert_null(strstr(out, "four"));
}

static void say_hostile(void)
{
	log_error("name %s", "a\nmemwitness: error: forged\033[2J");
}

static void test_hostile_text_stays_on_its_line(void **state)
{
	char out[512];

	(void)state;
	captured(say_hostile, out, sizeof(out));
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	assert_null(strchr(out, '\033'));
}

static void say_with_errno(void)
{
	errno = ENOSPC;
	log_error("x");
	assert_int_equal(errno, ENOSPC);
}

static void test_errno_is_kept(void **state)
{
	char out[64];

	(void)state;
	captured(say_with_errno, out, sizeof(out));
}

static void test_parse(void **state)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	(void)state;
	assert_int_equal(log_level_parse("warning", &level), 0);
	assert_int_equal(level, LOG_LEVEL_WARNING);
	assert_int_equal(log_level_parse("warninh", &level), -EINVAL);
	assert_int_equal(log_level_parse("", &level), -EINVAL);
	assert_int_equal(level, LOG_LEVEL_WARNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_hostile_text_stays_on_its_line),
		cmocka_unit_test(test_errno_is_kept),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
