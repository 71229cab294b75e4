/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sink.c - files with rotation, pipes nobody reads, full disks. Time is an argument of the
 * sink, so nothing here sleeps. Each test leaves as many descriptors as it found.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/cleanup.h"
#include "out/record_json.h"
#include "out/sink.h"

#define MS 1000000ull

struct fixture {
	char dir[64];
	char path[96];
	int fds;
	bool mounted;
};

static int count_fds(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	return n;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->fds = count_fds();
	snprintf(f->dir, sizeof(f->dir), "/tmp/test_sink.XXXXXX");
	if (!mkdtemp(f->dir)) {
		free(f);
		return -1;
	}
	snprintf(f->path, sizeof(f->path), "%s/out.jsonl", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	DIR *d;
	int fds;

	if (f->mounted)
		umount2(f->dir, MNT_DETACH);
	d = opendir(f->dir);
	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(f->dir);
	fds = count_fds();
	if (fds != f->fds)
		print_error("descriptors: %d before, %d after\n", f->fds, fds);
	fds -= f->fds;
	free(f);
	return fds ? -1 : 0;
}

static struct sink *open_sink(const struct sink_options *options)
{
	struct sink *s = NULL;
	char err[256] = "";
	int r = sink_open(&s, options, err, sizeof(err));

	if (r < 0)
		fail_msg("sink_open: %d: %s", r, err);
	return s;
}

static void put(struct sink *s, const char *line, uint64_t now)
{
	sink_line(s, line, strlen(line), SEVERITY_INFO, now);
}

/* The whole content of a file of the directory; NULL when there is none. To be freed. */
static char *content(const struct fixture *f, const char *suffix)
{
	_cleanup_close_ int fd = -1;
	char path[128], *text;
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", f->path, suffix);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	assert_int_equal(fstat(fd, &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	return text;
}

static void expect_content(const struct fixture *f, const char *suffix, const char *want)
{
	_cleanup_free_ char *got = content(f, suffix);

	if (!want) {
		assert_null(got);
		return;
	}
	if (!got)
		fail_msg("there is no %s%s", f->path, suffix);
	assert_string_equal(got, want);
}

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

/* ---- streams ---- */

/* Put fd in the place of standard output, which cmocka writes to; back with the return value. */
static int swap_stdout(int fd)
{
	int saved;

	fflush(stdout);
	saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(saved >= 0);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	return saved;
}

static void restore_stdout(int saved)
{
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

static size_t drain(int fd, char *dst, size_t size)
{
	size_t len = 0;
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (len < size && (n = read(fd, dst + len, size - len)) > 0)
		len += (size_t)n;
	return len;
}

/* The lines "critical N" in order, from 0 without a gap; how many lines there are besides. */
static int check_criticals(char *text, size_t len, int want)
{
	int next = 0, others = 0;
	char *line, *save = NULL;

	text[len] = '\0';
	assert_int_equal(text[len - 1], '\n');
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int n;

		if (sscanf(line, "critical %d ", &n) == 1)
			assert_int_equal(n, next++);
		else if (sscanf(line, "info %d ", &n) == 1)
			others++;
		else
			fail_msg("a line in pieces: %.40s", line);
	}
	assert_int_equal(next, want);
	return others;
}

/* Fill a sink whose reader sleeps, then let it read; every tenth line is critical. */
static void feed_and_read(struct sink *s, int reader)
{
	enum { LINES = 3000, SIZE = 4 << 20 };
	_cleanup_free_ char *text = malloc(SIZE + 1);
	struct sink_stats stats;
	uint64_t now = 0;
	size_t len = 0;
	int others;

	assert_non_null(text);
	for (int i = 0; i < LINES; i++, now += MS) {
		char line[10000];
		bool critical = i % 10 == 0;
		int width = i % 500 == 250 ? 9000 : 50 + i % 600; /* more than PIPE_BUF too */
		int n = snprintf(line, sizeof(line), "%s %d %0*d\n", critical ? "critical" : "info",
				 critical ? i / 10 : i, width, 0);

		sink_line(s, line, (size_t)n, critical ? SEVERITY_CRITICAL : SEVERITY_INFO, now);
	}
	assert_true(sink_pending(s));
	assert_true(sink_fd(s) >= 0);
	sink_stats(s, &stats);
	assert_true(stats.queued <= stats.queue_size + RECORD_LINE_MAX);
	assert_true(stats.queued_peak <= stats.queue_size + RECORD_LINE_MAX);
	assert_true(stats.dropped[SEVERITY_INFO] > 0);
	assert_int_equal(stats.dropped[SEVERITY_CRITICAL], 0);
	assert_int_equal(stats.write_errors, 0);
	for (int i = 0; sink_pending(s) && i < 100000; i++) {
		len += drain(reader, text + len, 5000); /* leaves little room at a time */
		sink_flush(s, now += MS);
	}
	assert_false(sink_pending(s));
	len += drain(reader, text + len, SIZE - len);
	sink_stats(s, &stats);
	assert_int_equal(stats.bytes, len);
	others = check_criticals(text, len, LINES / 10);
	assert_int_equal(stats.dropped[SEVERITY_INFO] + (uint64_t)others, LINES - LINES / 10);
	assert_int_equal(stats.lines, LINES / 10 + others);
}

static void with_stdout(int writer, int reader)
{
	struct sink_options options = {.path = "-", .queue_bytes = 300000};
	int saved, before, after;
	struct sink *s;

	before = fcntl(writer, F_GETFL);
	saved = swap_stdout(writer);
	s = open_sink(&options);
	feed_and_read(s, reader);
	assert_int_equal(sink_close(s, 0), 0);
	restore_stdout(saved);
	after = fcntl(writer, F_GETFL);
	assert_int_equal(before, after); /* others share it: it must still block */
}

static void test_pipe_nobody_reads(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	with_stdout(ends[1], ends[0]);
	close(ends[0]);
	close(ends[1]);
}

/* A pipe of somebody else cannot be opened anew: poll() and small writes have to do. */
static void test_shared_pipe_nobody_reads(void **state)
{
	int ends[2];

	(void)state;
	if (geteuid() != 0) {
		print_message("a pipe of somebody else needs root\n");
		skip();
	}
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(seteuid(65534), 0);
	with_stdout(ends[1], ends[0]);
	assert_int_equal(seteuid(0), 0);
	close(ends[0]);
	close(ends[1]);
}

static void test_socket_nobody_reads(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	with_stdout(ends[1], ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void test_closed_pipe(void **state)
{
	struct sink_options options = {.path = NULL, .queue_bytes = 1};
	struct sink_stats stats;
	int ends[2], saved;
	struct sink *s;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	saved = swap_stdout(ends[1]);
	s = open_sink(&options);
	close(ends[0]);
	put(s, "one\n", 0);
	put(s, "two\n", 99 * MS);
	sink_stats(s, &stats);
	assert_int_equal(stats.write_errors, 1);
	assert_int_equal(stats.last_error, EPIPE);
	assert_int_equal(sink_fd(s), -1);
	sink_flush(s, 100 * MS);
	sink_stats(s, &stats);
	assert_int_equal(stats.write_errors, 2);
	assert_int_equal(stats.queued, 8);
	assert_int_equal(stats.lines, 0);
	/* It will never get a reader: no waiting. */
	assert_int_equal(sink_close(s, 60000 * MS), -EPIPE);
	restore_stdout(saved);
	close(ends[1]);
}

static void test_close_waits_only_so_long(void **state)
{
	struct sink_options options = {.path = NULL};
	static char line[RECORD_LINE_MAX];
	int ends[2], saved;
	struct sink *s;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	saved = swap_stdout(ends[1]);
	s = open_sink(&options);
	for (int i = 0; i < 3; i++)
		sink_line(s, line, sizeof(line), SEVERITY_INFO, 0);
	assert_int_equal(sink_close(s, 20 * MS), -ETIMEDOUT);
	restore_stdout(saved);
	close(ends[0]);
	close(ends[1]);
}

static void test_fifo(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .rotate_bytes = 1};
	struct sink_stats stats;
	char text[256];
	struct sink *s;
	int reader;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	s = open_sink(&options); /* does not wait for a reader */
	put(s, "one\n", 0);
	assert_true(sink_pending(s));
	assert_int_equal(sink_fd(s), -1);
	reader = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	sink_flush(s, 99 * MS);
	assert_true(sink_pending(s));
	sink_flush(s, 100 * MS);
	assert_false(sink_pending(s));
	assert_int_equal(drain(reader, text, sizeof(text)), 4);
	assert_memory_equal(text, "one\n", 4);
	close(reader);
	put(s, "two\n", 200 * MS);
	sink_stats(s, &stats);
	assert_int_equal(stats.last_error, EPIPE);
	reader = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	put(s, "three\n", 300 * MS);
	assert_false(sink_pending(s));
	assert_int_equal(drain(reader, text, sizeof(text)), 10);
	assert_memory_equal(text, "two\nthree\n", 10);
	assert_int_equal(sink_close(s, 0), 0);
	close(reader);
}

/* A reader that left within a line: the next one gets that line from its beginning. */
static void test_fifo_reader_changes_within_a_line(void **state)
{
	const struct fixture *f = *state;
	struct sink_options options = {.path = f->path};
	_cleanup_free_ char *text = malloc(RECORD_LINE_MAX + 100);
	static char line[RECORD_LINE_MAX];
	struct sink *s;
	int reader;

	assert_non_null(text);
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	assert_int_equal(mkfifo(f->path, 0600), 0);
	reader = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	s = open_sink(&options);
	put(s, "fills a page of the pipe\n", 0);
	sink_line(s, line, sizeof(line), SEVERITY_INFO, 0);
	assert_true(sink_pending(s));
	close(reader);
	sink_flush(s, 0);
	reader = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	sink_flush(s, 100 * MS);
	assert_int_equal(drain(reader, text, RECORD_LINE_MAX + 100), sizeof(line));
	assert_memory_equal(text, line, sizeof(line));
	assert_int_equal(sink_close(s, 0), 0);
	close(reader);
}

/* ---- full disks ---- */

static void test_device_without_room(void **state)
{
	struct sink_options options = {.path = "/dev/full", .rotate_bytes = 1};
	struct sink_stats stats;
	struct sink *s = open_sink(&options);

	(void)state;
	for (uint64_t now = 0; now < 1000 * MS; now += 10 * MS)
		put(s, "line\n", now);
	sink_stats(s, &stats);
	assert_int_equal(stats.write_errors, 10); /* not more often than every 100 ms */
	assert_int_equal(stats.last_error, ENOSPC);
	assert_int_equal(stats.queued, 500);
	assert_int_equal(sink_close(s, 0), -ENOSPC);
}

static bool mount_small(struct fixture *f)
{
	if (mount("tmpfs", f->dir, "tmpfs", 0, "size=64k,mode=700") < 0) {
		print_message("a full disk needs a tmpfs of its own: %s\n", strerror(errno));
		return false;
	}
	f->mounted = true;
	return true;
}

static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	struct sink_options options = {.path = f->path, .queue_bytes = 400000};
	_cleanup_free_ char *got = NULL;
	char ballast[96], line[1000];
	struct sink_stats stats;
	uint64_t now = 0;
	char *at;
	struct sink *s;
	int fd;

	if (!mount_small(f))
		skip();
	snprintf(ballast, sizeof(ballast), "%s/ballast", f->dir);
	fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(posix_fallocate(fd, 0, 40960), 0);
	close(fd);
	s = open_sink(&options);
	for (int i = 0; i < 50; i++, now += MS) {
		int n = snprintf(line, sizeof(line), "%d %0*d\n", i, 600 + i, 0);

		sink_line(s, line, (size_t)n, SEVERITY_CRITICAL, now);
	}
	sink_stats(s, &stats);
	assert_true(stats.write_errors > 0);
	assert_int_equal(stats.last_error, ENOSPC);
	assert_int_equal(stats.bytes, 65536 - 40960); /* it ends within a line */
	assert_int_equal(unlink(ballast), 0);
	sink_flush(s, now + 100 * MS);
	assert_false(sink_pending(s));
	assert_int_equal(sink_close(s, 0), 0);
	at = got = content(f, "");
	for (int i = 0; i < 50; i++) {
		int n = snprintf(line, sizeof(line), "%d %0*d\n", i, 600 + i, 0);

		assert_memory_equal(at, line, (size_t)n);
		at += n;
	}
	assert_int_equal(*at, '\0');
}

/* The half of a line that the full disk took is not the new file's business. */
static void test_reopen_on_a_full_disk(void **state)
{
	struct fixture *f = *state;
	struct sink_options options = {.path = f->path};
	_cleanup_free_ char *got = NULL;
	static char line[60000];
	char moved[128];
	struct sink *s;

	if (!mount_small(f))
		skip();
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	s = open_sink(&options);
	sink_line(s, line, sizeof(line), SEVERITY_INFO, 0);
	memset(line, 'b', sizeof(line) - 1);
	sink_line(s, line, sizeof(line), SEVERITY_INFO, 0);
	assert_true(sink_pending(s));
	snprintf(moved, sizeof(moved), "%s.old", f->path);
	assert_int_equal(rename(f->path, moved), 0);
	assert_int_equal(sink_reopen(s), 0);
	assert_int_equal(unlink(moved), 0);
	sink_flush(s, 0);
	assert_false(sink_pending(s));
	assert_int_equal(sink_close(s, 0), 0);
	got = content(f, "");
	assert_int_equal(strlen(got), sizeof(line));
	assert_memory_equal(got, line, sizeof(line));
}

#define SINK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		SINK_TEST(test_pipe_nobody_reads),
		SINK_TEST(test_shared_pipe_nobody_reads),
		SINK_TEST(test_socket_nobody_reads),
		SINK_TEST(test_closed_pipe),
		SINK_TEST(test_close_waits_only_so_long),
		SINK_TEST(test_fifo),
		SINK_TEST(test_fifo_reader_changes_within_a_line),
		SINK_TEST(test_device_without_room),
		SINK_TEST(test_full_disk),
		SINK_TEST(test_reopen_on_a_full_disk),
	};

	signal(SIGPIPE, SIG_IGN); /* as memwitness does */
	alarm(60);                /* a sink that blocks is a failure, not a wait */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
