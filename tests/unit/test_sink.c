/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sink.c - lines into files: rotation, reopening, what cannot be opened. Time is an argument
 * of the sink, so nothing here sleeps. Each test leaves as many descriptors as it found.
 */
#include <errno.h>
#include "unit/sink_fixture.h"

static void test_file_is_appended_to(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path};
	struct sink_stats stats;
	struct stat st;
	struct sink *s;

	umask(022);
	s = open_sink(&options);
	assert_int_equal(sink_fd(s), -1);
	put(s, "one\n", 0);
	assert_false(sink_pending(s));
	sink_stats(s, &stats);
	assert_int_equal(stats.lines, 1);
	assert_int_equal(stats.bytes, 4);
	assert_int_equal(stats.queued, 0);
	assert_int_equal(stats.queued_peak, 4);
	assert_int_equal(sink_close(s, 0), 0);
	s = open_sink(&options);
	put(s, "two\n", 0);
	assert_int_equal(sink_close(s, 0), 0);
	expect_content(f, "", "one\ntwo\n");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_cut_line_of_before_is_ended(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path};
	FILE *file = fopen(f->path, "we");
	struct sink *s;

	assert_non_null(file);
	fputs("whole\n{\"cut", file);
	fclose(file);
	s = open_sink(&options);
	put(s, "next\n", 0);
	put(s, "after\n", 0);
	assert_int_equal(sink_close(s, 0), 0);
	expect_content(f, "", "whole\n{\"cut\nnext\nafter\n");
}

static void test_rotation_by_size(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .rotate_bytes = 10, .rotate_keep = 2};
	struct sink *s = open_sink(&options);
	struct sink_stats stats;

	put(s, "aaaa\n", 0);
	put(s, "bbbb\n", 0); /* ten bytes: still within */
	put(s, "c\n", 0);
	expect_content(f, "", "c\n");
	expect_content(f, ".1", "aaaa\nbbbb\n");
	put(s, "longer than ten bytes\n", 0); /* a line is never split */
	expect_content(f, "", "longer than ten bytes\n");
	put(s, "d\n", 0);
	expect_content(f, "", "d\n");
	expect_content(f, ".1", "longer than ten bytes\n");
	expect_content(f, ".2", "c\n");
	expect_content(f, ".3", NULL);
	sink_stats(s, &stats);
	assert_int_equal(stats.rotations, 3);
	assert_int_equal(stats.write_errors, 0);
	assert_int_equal(sink_close(s, 0), 0);
	/* What is there already counts. */
	s = open_sink(&options);
	put(s, "eeeeeeee\n", 0);
	expect_content(f, "", "eeeeeeee\n");
	expect_content(f, ".1", "d\n");
	assert_int_equal(sink_close(s, 0), 0);
}

static void test_rotation_fills_a_gap(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .rotate_bytes = 2, .rotate_keep = 3};
	struct sink *s = open_sink(&options);
	char first[128];

	for (const char *c = "abcd"; *c; c++)
		put(s, (char[]){*c, '\n', '\0'}, 0);
	snprintf(first, sizeof(first), "%s.1", f->path);
	assert_int_equal(unlink(first), 0);
	put(s, "e\n", 0);
	expect_content(f, "", "e\n");
	expect_content(f, ".1", "d\n");
	expect_content(f, ".2", "b\n");
	expect_content(f, ".3", "a\n");
	assert_int_equal(sink_close(s, 0), 0);
}

static void test_rotation_keeps_none(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .rotate_bytes = 4, .rotate_keep = 0};
	struct sink *s = open_sink(&options);

	put(s, "aaa\n", 0);
	put(s, "bbb\n", 0);
	expect_content(f, "", "bbb\n");
	expect_content(f, ".1", NULL);
	assert_int_equal(sink_close(s, 0), 0);
}

static void test_rotation_by_age(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .rotate_ns = 1000 * MS, .rotate_keep = 1};
	struct sink *s = open_sink(&options);
	const uint64_t begin = 5000000 * MS; /* the age counts from the first line */

	put(s, "a\n", begin);
	put(s, "b\n", begin + 999 * MS);
	expect_content(f, ".1", NULL);
	put(s, "c\n", begin + 1000 * MS);
	expect_content(f, ".1", "a\nb\n");
	put(s, "d\n", begin + 1999 * MS);
	expect_content(f, "", "c\nd\n");
	put(s, "e\n", begin + 2000 * MS);
	expect_content(f, "", "e\n");
	expect_content(f, ".1", "c\nd\n");
	assert_int_equal(sink_close(s, 0), 0);
}

/* logrotate's copytruncate: the size that was counted is not the file's any more. */
static void test_size_after_truncation_by_others(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .rotate_bytes = 10, .rotate_keep = 1};
	struct sink *s = open_sink(&options);

	put(s, "aaaaaaa\n", 0);
	assert_int_equal(truncate(f->path, 0), 0);
	put(s, "bbbbbbb\n", 0);
	expect_content(f, "", "bbbbbbb\n");
	expect_content(f, ".1", NULL);
	assert_int_equal(sink_close(s, 0), 0);
}

static void test_rotation_of_a_link_rotates_the_file(void **state)
{
	const struct fixture *f = *state;
	char link[128];
	struct sink_options options = {.path = link, .rotate_bytes = 2, .rotate_keep = 1};
	struct stat st;
	struct sink *s;

	snprintf(link, sizeof(link), "%s/link", f->dir);
	assert_int_equal(symlink("out.jsonl", link), 0);
	s = open_sink(&options);
	put(s, "a\n", 0);
	put(s, "b\n", 0);
	assert_int_equal(sink_close(s, 0), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	expect_content(f, "", "b\n");
	expect_content(f, ".1", "a\n");
}

/* A directory in the way of path.1: the lines go on into the old file, and it is counted. */
static void test_rotation_that_fails(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .rotate_bytes = 2, .rotate_keep = 1};
	struct sink *s = open_sink(&options);
	struct sink_stats stats;
	char first[128];

	snprintf(first, sizeof(first), "%s.1", f->path);
	assert_int_equal(mkdir(first, 0700), 0);
	put(s, "a\n", 0);
	put(s, "b\n", 0);
	put(s, "c\n", 99 * MS); /* too early for another attempt */
	sink_stats(s, &stats);
	assert_int_equal(stats.write_errors, 1);
	assert_int_equal(stats.last_error, EISDIR);
	assert_int_equal(stats.rotations, 0);
	expect_content(f, "", "a\nb\nc\n");
	assert_int_equal(rmdir(first), 0);
	put(s, "d\n", 100 * MS);
	expect_content(f, "", "d\n");
	expect_content(f, ".1", "a\nb\nc\n");
	assert_int_equal(sink_close(s, 0), 0);
}

static void test_reopen(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path};
	struct sink *s = open_sink(&options);
	char moved[128];

	snprintf(moved, sizeof(moved), "%s.old", f->path);
	put(s, "one\n", 0);
	assert_int_equal(rename(f->path, moved), 0);
	put(s, "two\n", 0);
	assert_int_equal(sink_reopen(s), 0);
	put(s, "three\n", 0);
	expect_content(f, ".old", "one\ntwo\n");
	expect_content(f, "", "three\n");
	/* When it cannot be opened, the old file stays in use. */
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(sink_reopen(s), -EISDIR);
	put(s, "four\n", 0);
	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(sink_reopen(s), 0);
	put(s, "five\n", 0);
	expect_content(f, "", "five\n");
	assert_int_equal(sink_close(s, 0), 0);
}

static void expect_refused(const struct sink_options *options, int error, const char *part)
{
	struct sink *s = NULL;
	char err[256] = "";

	assert_int_equal(sink_open(&s, options, err, sizeof(err)), error);
	assert_null(s);
	if (!strstr(err, part) || !strstr(err, options->path))
		fail_msg("'%s' does not say '%s'", err, part);
}

static void test_what_cannot_be_opened(void **state)
{
	const struct fixture *f = *state;
	char path[160];
	struct sink_options options = {.path = path};

	snprintf(path, sizeof(path), "%s/none/out.jsonl", f->dir);
	expect_refused(&options, -ENOENT, "directory does not exist");
	snprintf(path, sizeof(path), "%s", f->dir);
	expect_refused(&options, -EISDIR, "is a directory");
	assert_int_equal(mknod(f->path, S_IFSOCK | 0600, 0), 0);
	snprintf(path, sizeof(path), "%s", f->path);
	expect_refused(&options, -EOPNOTSUPP, "no file, FIFO or terminal");
	snprintf(path, sizeof(path), "%s/sub", f->path);
	expect_refused(&options, -ENOTDIR, "Not a directory");
}

static void test_lines_that_are_none(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .queue_bytes = 1};
	_cleanup_free_ char *line = malloc(RECORD_LINE_MAX + 1);
	struct sink *s = open_sink(&options);
	struct sink_stats stats;

	assert_non_null(line);
	memset(line, 'x', RECORD_LINE_MAX + 1);
	line[RECORD_LINE_MAX - 1] = '\n';
	sink_line(s, line, RECORD_LINE_MAX + 1, SEVERITY_CRITICAL, 0);
	sink_line(s, line, 0, SEVERITY_WARNING, 0);
	sink_line(s, line, RECORD_LINE_MAX, SEVERITY_INFO, 0); /* the longest there is */
	sink_stats(s, &stats);
	assert_int_equal(stats.dropped[SEVERITY_CRITICAL], 1);
	assert_int_equal(stats.dropped[SEVERITY_WARNING], 1);
	assert_int_equal(stats.dropped[SEVERITY_INFO], 0);
	assert_int_equal(stats.lines, 1);
	assert_int_equal(sink_close(s, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SINK_TEST(test_file_is_appended_to),
		SINK_TEST(test_cut_line_of_before_is_ended),
		SINK_TEST(test_rotation_by_size),
		SINK_TEST(test_rotation_fills_a_gap),
		SINK_TEST(test_rotation_keeps_none),
		SINK_TEST(test_rotation_by_age),
		SINK_TEST(test_size_after_truncation_by_others),
		SINK_TEST(test_rotation_of_a_link_rotates_the_file),
		SINK_TEST(test_rotation_that_fails),
		SINK_TEST(test_reopen),
		SINK_TEST(test_what_cannot_be_opened),
		SINK_TEST(test_lines_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
