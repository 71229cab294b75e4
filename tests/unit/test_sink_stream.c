/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sink_stream.c - outputs that do not take what they are given: pipes, sockets and FIFOs that
 * nobody reads or that were closed, and full disks.
 */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include "unit/sink_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
