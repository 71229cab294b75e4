/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eventlog_read.c - the event log's reader: lines out of a file, plain or gzip.
 *
 * Memory is bounded whatever the file holds: a line longer than LINE_MAX_LEN is damage and is
 * skipped without being kept. read(2), not mmap: a log may be cut while it is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "in/eventlog.h"
#include "in/eventlog_parse.h"

#define LINE_MAX_LEN (64 * 1024)
#define TEXT_SIZE    (256 * 1024)
#define PACKED_SIZE  (64 * 1024)

enum log_form { FORM_UNKNOWN, FORM_PLAIN, FORM_GZIP };

struct eventlog {
	int fd;
	enum log_form form;
	bool eof;        /* the file is read to its end */
	bool in_member;  /* inside a gzip stream, which must not end here */
	bool skipping;   /* the rest of a line that was too long */
	const char *bad; /* gzip data are damaged; to be reported once */
	uint64_t line;
	uint64_t done, total; /* bytes of the file */
	size_t pos, len;      /* of text */
	z_stream inflate;
	char error[160];
	unsigned char *packed;
	char text[TEXT_SIZE];
};

/* ---- text out of a file ---- */

/* Up to size bytes of the file: their number, 0 at its end, or -errno. */
static ssize_t read_file(struct eventlog *log, void *data, size_t size)
{
	ssize_t n;

	do {
		n = read(log->fd, data, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	log->done += (size_t)n;
	log->eof = n == 0;
	return n;
}

static int fill_plain(struct eventlog *log)
{
	ssize_t n = read_file(log, log->text + log->len, TEXT_SIZE - log->len);

	if (n > 0)
		log->len += (size_t)n;
	return n < 0 ? (int)n : 0;
}

/* Nothing more comes; what is wrong is told when all that came before is used up. */
static void stop_inflating(struct eventlog *log, const char *why)
{
	log->bad = why;
	log->eof = true;
}

static void inflate_some(struct eventlog *log)
{
	z_stream *z = &log->inflate;
	int ret;

	if (!log->in_member) {
		if (*z->next_in != 0x1f || inflateReset(z) != Z_OK) {
			stop_inflating(log, "foreign bytes behind the compressed data");
			return;
		}
		log->in_member = true;
	}
	z->next_out = (unsigned char *)log->text + log->len;
	z->avail_out = (uInt)(TEXT_SIZE - log->len);
	ret = inflate(z, Z_NO_FLUSH);
	log->len = TEXT_SIZE - z->avail_out;
	if (ret == Z_STREAM_END)
		log->in_member = false; /* another one may follow */
	else if (ret != Z_OK && ret != Z_BUF_ERROR)
		stop_inflating(log, "damaged compressed data");
}

static int fill_packed(struct eventlog *log)
{
	size_t before = log->len;

	while (log->len == before && !log->eof) {
		if (!log->inflate.avail_in) {
			ssize_t n = read_file(log, log->packed, PACKED_SIZE);

			if (n < 0)
				return (int)n;
			if (!n) {
				if (log->in_member)
					log->bad = "compressed data are cut off";
				return 0;
			}
			log->inflate.next_in = log->packed;
			log->inflate.avail_in = (uInt)n;
		}
		inflate_some(log);
	}
	return 0;
}

/* The first bytes say whether the log is compressed. */
static int recognise(struct eventlog *log)
{
	int err = 0;

	while (log->len < 2 && !log->eof && !err)
		err = fill_plain(log);
	if (err)
		return err;
	if (log->len < 2 || memcmp(log->text, "\x1f\x8b", 2) != 0) {
		log->form = FORM_PLAIN;
		return 0;
	}
	log->packed = malloc(TEXT_SIZE);
	if (!log->packed)
		return -ENOMEM;
	if (inflateInit2(&log->inflate, 15 + 16) != Z_OK)
		return -ENOMEM;
	log->form = FORM_GZIP;
	memcpy(log->packed, log->text, log->len);
	log->inflate.next_in = log->packed;
	log->inflate.avail_in = (uInt)log->len;
	log->in_member = true;
	log->len = 0;
	return 0;
}

/* More text behind what there is, which moves to the front. Nothing more: log->eof. */
static int fill(struct eventlog *log)
{
	if (log->form == FORM_UNKNOWN) {
		int err = recognise(log);

		if (err || log->form == FORM_PLAIN)
			return err;
	}
	log->len -= log->pos;
	memmove(log->text, log->text + log->pos, log->len);
	log->pos = 0;
	return log->form == FORM_PLAIN ? fill_plain(log) : fill_packed(log);
}

/* ---- the reader ---- */

static int damaged(struct eventlog *log, const char *why)
{
	snprintf(log->error, sizeof(log->error), "%s", why);
	return -EBADMSG;
}

/* The file is at its end, and these bytes are a line without one. */
static int last_line(struct eventlog *log)
{
	const char *why = log->bad;

	if (!why && log->pos == log->len && !log->skipping)
		return 0;
	log->bad = NULL;
	log->skipping = false;
	log->pos = log->len;
	log->line++;
	return damaged(log, why ? why : "cut off: the line has no end");
}

static int next_event(struct eventlog *log, const char *line, size_t len, union event *ev)
{
	struct event_parser p;
	int err;

	if (log->skipping || len > LINE_MAX_LEN) {
		log->skipping = false;
		return damaged(log, "line longer than 64 KiB");
	}
	err = event_parser_line(&p, line, len, ev);
	if (!err)
		return 1;
	snprintf(log->error, sizeof(log->error), "%s%s%s%s%s", p.outer ? p.outer : "",
		 p.outer && p.key ? "." : "", p.key ? p.key : "", p.outer || p.key ? ": " : "",
		 p.why);
	return err;
}

int eventlog_next(struct eventlog *log, union event *ev)
{
	size_t searched = 0;
	int err;

	for (;;) {
		const char *line = log->text + log->pos;
		const char *end = memchr(line + searched, '\n', log->len - log->pos - searched);

		if (end) {
			log->pos = (size_t)(end - log->text) + 1;
			log->line++;
			return next_event(log, line, (size_t)(end - line), ev);
		}
		searched = log->len - log->pos;
		if (searched > LINE_MAX_LEN) {
			log->skipping = true;
			log->pos = log->len;
			searched = 0;
		}
		if (log->eof)
			return last_line(log);
		err = fill(log);
		if (err)
			return err;
	}
}

int eventlog_open(struct eventlog **out, const char *path)
{
	_cleanup_close_ int fd = -1;
	struct eventlog *log;
	struct stat st;

	fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				    : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	log = calloc(1, sizeof(*log));
	if (!log)
		return -ENOMEM;
	log->total = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	log->fd = fd;
	fd = -1;
	*out = log;
	return 0;
}

void eventlog_close(struct eventlog *log)
{
	if (!log)
		return;
	if (log->form == FORM_GZIP)
		inflateEnd(&log->inflate);
	free(log->packed);
	close(log->fd);
	free(log);
}

uint64_t eventlog_line(const struct eventlog *log)
{
	return log->line;
}

const char *eventlog_error(const struct eventlog *log)
{
	return log->error;
}

void eventlog_progress(const struct eventlog *log, uint64_t *done, uint64_t *total)
{
	*done = log->done;
	*total = log->total;
}
