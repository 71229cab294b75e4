/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_eventlog_file.c - logs as files: cut, damaged, compressed, too long, on a full disk. What
 * comes before the damage is used. File descriptors are counted before and after each test.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "any_event.h"
#include "base/cleanup.h"
#include "in/eventlog.h"
#include "out/eventlog_write.h"

static char dir[64];
static union event event_a, event_b; /* too big for comfort on the stack */

/* ---- file descriptors, scratch files ---- */

static int count_fds(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	return n;
}

static int fds_before;

static int setup(void **state)
{
	(void)state;
	fds_before = count_fds();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return count_fds() == fds_before ? 0 : -1;
}

static const char *scratch(const char *name)
{
	static char path[384];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put_file(const char *path, const void *data, size_t len)
{
	_cleanup_fclose_ FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
}

static char *get_file(const char *path, size_t *len)
{
	_cleanup_fclose_ FILE *f = fopen(path, "r");
	char *data = malloc(1 << 21);

	assert_non_null(f);
	assert_non_null(data);
	*len = fread(data, 1, 1 << 21, f);
	return data;
}

/* ---- reading ---- */

/* Read a log to its end: events, and the line of the (one) damage or 0. */
static size_t read_log(const char *path, uint64_t *bad_line, char *text, size_t size)
{
	struct eventlog *log;
	struct buf b;
	size_t events = 0;
	int ret;

	*bad_line = 0;
	buf_init(&b, text, size);
	assert_int_equal(eventlog_open(&log, path), 0);
	while ((ret = eventlog_next(log, &event_b)) != 0) {
		if (ret == 1) {
			events++;
			eventlog_format(&b, &event_b);
			continue;
		}
		assert_int_equal(ret, -EBADMSG);
		assert_int_equal(*bad_line, 0);
		assert_true(strlen(eventlog_error(log)) > 0);
		*bad_line = eventlog_line(log);
	}
	assert_int_equal(eventlog_next(log, &event_b), 0);
	assert_false(b.overflow);
	if (b.len < size)
		text[b.len] = '\0';
	eventlog_close(log);
	return events;
}

static size_t small_log(char *text, size_t size)
{
	struct buf b;

	buf_init(&b, text, size);
	event_init(&event_a, EV_START, 1);
	event_a.start.log_version = 1;
	strcpy(event_a.start.host, "node-7");
	eventlog_format(&b, &event_a);
	eventlog_format(&b, event_init(&event_a, EV_READY, 2));
	event_init(&event_a, EV_CGROUP_NEW, 3);
	event_a.cgroup_new.id = 4711;
	strcpy(event_a.cgroup_new.path, "/a/\xc3\xa4\"");
	eventlog_format(&b, &event_a);
	event_init(&event_a, EV_STOP, 4);
	strcpy(event_a.stop.why, "SIGTERM");
	eventlog_format(&b, &event_a);
	assert_false(b.overflow);
	return b.len;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

static void test_cut_everywhere(void **state)
{
	char text[2048], got[2048];
	size_t len = small_log(text, sizeof(text));
	uint64_t bad;

	(void)state;
	for (size_t n = 0; n <= len; n++) {
		size_t lines = count_lines(text, n);

		put_file(scratch("cut"), text, n);
		assert_int_equal(read_log(scratch("cut"), &bad, got, sizeof(got)), lines);
		assert_memory_equal(got, text, strlen(got));
		assert_int_equal(bad, n == 0 || text[n - 1] == '\n' ? 0 : lines + 1);
	}
}

static void test_damage_goes_on(void **state)
{
	char text[2048], got[2048];
	size_t len = small_log(text, sizeof(text));
	uint64_t bad;
	char *second = strchr(text, '\n') + 1;

	(void)state;
	second[3] = '\0';
	put_file(scratch("nul"), text, len);
	assert_int_equal(read_log(scratch("nul"), &bad, got, sizeof(got)), 3);
	assert_int_equal(bad, 2);
}

static size_t gzip(const void *data, size_t len, unsigned char *out, size_t size)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, 0), Z_OK);
	z.next_in = (unsigned char *)data;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return size - z.avail_out;
}

static void test_gzip(void **state)
{
	char text[2048], got[4096];
	unsigned char packed[4096];
	size_t len = small_log(text, sizeof(text)), n = gzip(text, len, packed, sizeof(packed));
	uint64_t bad;

	(void)state;
	put_file(scratch("gz"), packed, n);
	assert_int_equal(read_log(scratch("gz"), &bad, got, sizeof(got)), 4);
	assert_int_equal(bad, 0);
	assert_memory_equal(got, text, len);
	/* one stream behind another, the line parted between them */
	n = gzip(text, len - 5, packed, sizeof(packed));
	n += gzip(text + len - 5, 5, packed + n, sizeof(packed) - n);
	put_file(scratch("gz"), packed, n);
	assert_int_equal(read_log(scratch("gz"), &bad, got, sizeof(got)), 4);
	assert_int_equal(bad, 0);
	assert_memory_equal(got, text, len);
	/* something else behind it */
	packed[n] = 'x';
	put_file(scratch("gz"), packed, n + 1);
	assert_int_equal(read_log(scratch("gz"), &bad, got, sizeof(got)), 4);
	assert_int_equal(bad, 5);
}

/* The errors in a log; its good events into text. */
static size_t read_damaged(const char *path, char *text, size_t size)
{
	struct eventlog *log;
	size_t errors = 0;
	struct buf b;
	int ret;

	buf_init(&b, text, size);
	assert_int_equal(eventlog_open(&log, path), 0);
	while ((ret = eventlog_next(log, &event_b)) != 0) {
		if (ret == 1)
			eventlog_format(&b, &event_b);
		else
			errors++;
	}
	eventlog_close(log);
	return errors;
}

/* Cut at any byte or with any byte wrong: events from the front of the log, then one error. */
static void test_gzip_damage(void **state)
{
	char text[2048], got[2048];
	unsigned char packed[4096];
	size_t len = small_log(text, sizeof(text)), n = gzip(text, len, packed, sizeof(packed));
	uint64_t bad;

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		size_t events;

		put_file(scratch("gz"), packed, cut);
		events = read_log(scratch("gz"), &bad, got, sizeof(got));
		assert_memory_equal(got, text, strlen(got));
		assert_int_equal(bad, cut == 0 ? 0 : events + 1);
	}
	for (size_t at = 10; at < n; at++) { /* behind the header, whose time and OS mean nothing */
		packed[at] ^= 0x10;
		put_file(scratch("gz"), packed, n);
		packed[at] ^= 0x10;
		/* The last byte of the deflate data has bits that mean nothing. */
		if (!read_damaged(scratch("gz"), got, sizeof(got)))
			assert_memory_equal(got, text, len);
	}
}

/* 64 KiB is a line, a byte more is damage, a megabyte too; what follows is read. */
static void test_long_lines(void **state)
{
	static const size_t sizes[] = {65535, 65536, 65537, 262143, 262144, 262145, 1048576};
	static const char head[] = "{\"ev\":\"ready\",\"t\":1,\"x\":\"", tail[] = "\"}\n";
	static const char next[] = "{\"ev\":\"ready\",\"t\":2}\n";
	_cleanup_free_ char *text = malloc(1 << 21);
	char got[256];
	uint64_t bad;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = sizes[i];
		size_t pad = len - (sizeof(head) - 1) - (sizeof(tail) - 2);

		memcpy(text, head, sizeof(head) - 1);
		memset(text + sizeof(head) - 1, 'a', pad);
		memcpy(text + sizeof(head) - 1 + pad, tail, sizeof(tail) - 1);
		memcpy(text + len + 1, next, sizeof(next) - 1);
		put_file(scratch("long"), text, len + sizeof(next));
		assert_int_equal(read_log(scratch("long"), &bad, got, sizeof(got)),
				 len <= 65536 ? 2 : 1);
		assert_int_equal(bad, len <= 65536 ? 0 : 1);
		/* without the end of the line */
		put_file(scratch("long"), text, len);
		assert_int_equal(read_log(scratch("long"), &bad, got, sizeof(got)), 0);
		assert_int_equal(bad, 1);
	}
}

/* Blocks of any size: every event lands on another place of the reader's buffer. */
static void test_many(void **state)
{
	static const char *const names[] = {"many", "many.gz"};
	_cleanup_free_ char *want = malloc(1 << 21), *got = malloc(1 << 21);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct eventlog_writer *w;
		uint64_t bad, done, total;
		struct eventlog *log;
		struct buf b;
		size_t n = 0;

		buf_init(&b, want, 1 << 21);
		assert_int_equal(eventlog_writer_open(&w, scratch(names[i])), 0);
		while (b.len < (1 << 21) - 70000) {
			static const uint32_t types[] = {EV_FORK, EV_OOM, EV_EXEC, EV_START,
							 EV_MARK};

			fill_event(&event_a, event_info(types[random_u64() % 5]), FLAVOUR_RANDOM);
			eventlog_format(&b, &event_a);
			eventlog_write(w, &event_a);
			if (n++ % 100 == 0)
				eventlog_flush(w);
		}
		assert_int_equal(eventlog_writer_lost(w, NULL), 0);
		assert_int_equal(eventlog_writer_close(w), 0);
		assert_int_equal(read_log(scratch(names[i]), &bad, got, 1 << 21), n);
		assert_int_equal(bad, 0);
		assert_memory_equal(got, want, b.len);
		/* how far it is */
		assert_int_equal(eventlog_open(&log, scratch(names[i])), 0);
		eventlog_progress(log, &done, &total);
		assert_true(done == 0 && total > 0);
		while (eventlog_next(log, &event_b) == 1)
			;
		eventlog_progress(log, &done, &total);
		assert_true(done == total);
		eventlog_close(log);
	}
}

static void test_standard_input(void **state)
{
	char text[2048], got[2048];
	size_t len = small_log(text, sizeof(text));
	int saved = dup(STDIN_FILENO), pipes[2];
	uint64_t bad;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], text, len), len);
	close(pipes[1]);
	dup2(pipes[0], STDIN_FILENO);
	close(pipes[0]);
	assert_int_equal(read_log("-", &bad, got, sizeof(got)), 4);
	assert_int_equal(bad, 0);
	assert_memory_equal(got, text, len);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void test_open_errors(void **state)
{
	struct eventlog *log = (struct eventlog *)0x1;
	struct eventlog_writer *w = (struct eventlog_writer *)0x1;

	(void)state;
	assert_int_equal(eventlog_open(&log, scratch("none")), -ENOENT);
	assert_int_equal(eventlog_open(&log, dir), -EISDIR);
	assert_ptr_equal(log, (void *)0x1);
	assert_int_equal(eventlog_writer_open(&w, scratch("none/x")), -ENOENT);
	assert_int_equal(eventlog_writer_open(&w, scratch("none/x.gz")), -ENOENT);
	assert_ptr_equal(w, (void *)0x1);
	assert_int_equal(eventlog_writer_close(NULL), 0);
	eventlog_close(NULL);
}

/* ---- a disk that is full ---- */

static void test_full_disk(void **state)
{
	struct eventlog_writer *w;
	int error = 0;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(eventlog_writer_open(&w, "/dev/full"), 0);
	event_init(&event_a, EV_READY, 1);
	for (int i = 0; i < 10000; i++)
		eventlog_write(w, &event_a);
	assert_true(eventlog_writer_lost(w, &error) > 0);
	assert_int_equal(error, ENOSPC);
	assert_int_equal(eventlog_writer_close(w), -ENOSPC);
}

/* The file takes a part of a buffer, then nothing, then all again: whole lines, in order. */
static void no_half_lines(const char *name, rlim_t limit)
{
	struct rlimit before, low;
	struct eventlog_writer *w;
	struct eventlog *log;
	uint64_t lost, last = 0, n = 0, written = 20000;
	int error = 0, ret;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	low = before;
	low.rlim_cur = limit;
	assert_int_equal(eventlog_writer_open(&w, scratch(name)), 0);
	for (uint64_t i = 1; i <= written; i++) {
		event_init(&event_a, EV_MARK, i);
		event_a.mark.now = random_u64(); /* that gzip cannot make small */
		if (i == written / 4)
			setrlimit(RLIMIT_FSIZE, &low);
		if (i == written * 3 / 4)
			setrlimit(RLIMIT_FSIZE, &before);
		eventlog_write(w, &event_a);
	}
	setrlimit(RLIMIT_FSIZE, &before);
	lost = eventlog_writer_lost(w, &error);
	assert_int_equal(error, EFBIG);
	assert_true(lost > 0 && lost < written);
	assert_int_equal(eventlog_writer_close(w), -EFBIG);
	assert_int_equal(eventlog_open(&log, scratch(name)), 0);
	while ((ret = eventlog_next(log, &event_b)) == 1) {
		assert_true(event_b.head.ts > last);
		last = event_b.head.ts;
		n++;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(last, written);
	assert_int_equal(n, written - lost);
	eventlog_close(log);
}

static void test_no_half_lines(void **state)
{
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

	(void)state;
	no_half_lines("part", 300000);
	no_half_lines("part.gz", 100000);
	signal(SIGXFSZ, before);
}

/* A crash loses no more than what came behind the last flush. */
static void test_flush(void **state)
{
	static const char *const names[] = {"flush", "flush.gz"};
	char got[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *data = NULL;
		struct eventlog_writer *w;
		uint64_t bad;
		size_t len;

		assert_int_equal(eventlog_writer_open(&w, scratch(names[i])), 0);
		eventlog_write(w, event_init(&event_a, EV_READY, 1));
		eventlog_flush(w);
		eventlog_flush(w);
		eventlog_write(w, event_init(&event_a, EV_READY, 2));
		data = get_file(scratch(names[i]), &len);
		put_file(scratch("crash"), data, len);
		assert_int_equal(eventlog_writer_close(w), 0);
		assert_int_equal(read_log(scratch("crash"), &bad, got, sizeof(got)), 1);
		assert_int_equal(bad, i == 0 ? 0 : 2); /* gzip knows that its end is missing */
		assert_int_equal(read_log(scratch(names[i]), &bad, got, sizeof(got)), 2);
		assert_int_equal(bad, 0);
	}
}

static int make_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof(dir), "%.32s/mw-eventlog-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	(void)state;
	while (d && (e = readdir(d))) {
		if (e->d_name[0] != '.')
			unlink(scratch(e->d_name));
	}
	if (d)
		closedir(d);
	return rmdir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cut_everywhere), TEST(test_damage_goes_on), TEST(test_gzip),
		TEST(test_gzip_damage),    TEST(test_long_lines),     TEST(test_many),
		TEST(test_standard_input), TEST(test_open_errors),    TEST(test_full_disk),
		TEST(test_no_half_lines),  TEST(test_flush),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
