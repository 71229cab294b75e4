/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.c - lines go out: the queue in front, the file or stream behind. See sink.h; opening is in
 * sink_open.c.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "out/rotate.h"
#include "out/sink_state.h"

#define RETRY_NS 100000000ull

static void count_error(struct sink *s, int error)
{
	s->stats.write_errors++;
	s->stats.last_error = error;
}

static void back_off(struct sink *s, int error, uint64_t now)
{
	if (error != ENXIO) /* to wait for a FIFO's reader is no error */
		count_error(s, error);
	s->failing = true;
	s->retry_at = now + RETRY_NS;
	if (error == EPIPE) {
		/*
		 * The next reader must not begin with the rest of a line; and only when the FIFO
		 * is closed on both sides does the kernel forget what is still in it.
		 */
		s->line_off = 0;
		if (s->path)
			sink_close_fd(s);
	}
}

static uint64_t queued_bytes(const struct sink *s)
{
	return line_queue_bytes(s->queue) + (s->line_len - s->line_off);
}

/* Bytes written; 0 when the output takes none now; or -errno. Never waits for a reader. */
static ssize_t write_some(struct sink *s, const char *p, size_t len)
{
	struct pollfd pfd = {.fd = s->fd, .events = POLLOUT};
	ssize_t n;

	if (s->kind != SINK_FILE) {
		if (poll(&pfd, 1, 0) <= 0)
			return 0;
		/* POLLOUT on a pipe promises room for this much, also on a shared descriptor. */
		if (len > PIPE_BUF)
			len = PIPE_BUF;
	}
	do {
		if (s->kind == SINK_SOCKET)
			n = send(s->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = write(s->fd, p, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	return n;
}

static ssize_t write_line(struct sink *s)
{
	ssize_t n;

	/* Somebody's cut-off line ends the file: let ours begin on its own line. */
	if (s->newline_due && s->line_off == 0) {
		n = write_some(s, "\n", 1);
		if (n <= 0)
			return n;
		s->newline_due = false;
		s->file_bytes += (uint64_t)n;
	}
	n = write_some(s, s->line + s->line_off, s->line_len - s->line_off);
	if (n <= 0)
		return n;
	s->line_off += (size_t)n;
	s->file_bytes += (uint64_t)n;
	s->stats.bytes += (uint64_t)n;
	if (s->line_off == s->line_len)
		s->stats.lines++;
	return n;
}

static bool rotation_due(struct sink *s, size_t len, uint64_t now)
{
	struct stat st;

	if (s->kind != SINK_FILE || !s->path || s->file_bytes == 0 || now < s->rotate_after)
		return false;
	if (s->rotate_ns && now - s->file_since >= s->rotate_ns)
		return true;
	if (!s->rotate_bytes || s->file_bytes + len <= s->rotate_bytes)
		return false;
	/* The file may have been cut short by others (logrotate's copytruncate). */
	if (fstat(s->fd, &st) == 0)
		s->file_bytes = (uint64_t)st.st_size;
	return s->file_bytes && s->file_bytes + len > s->rotate_bytes;
}

/* When it fails, the lines go on into the old file: too long is better than lost. */
static void rotate(struct sink *s, uint64_t now)
{
	int r;

	if (s->rotate_keep == 0) {
		r = ftruncate(s->fd, 0) < 0 ? -errno : 0;
		if (r == 0)
			s->file_bytes = 0;
	} else {
		r = rotate_away(s->path, s->rotate_keep);
		if (r == 0) {
			r = sink_open_path(s);
			if (r < 0)
				rotate_back(s->path);
		}
	}
	if (r < 0) {
		count_error(s, -r);
		s->rotate_after = now + RETRY_NS;
		return;
	}
	s->file_since = now;
	s->stats.rotations++;
}

/* Have a line to write in s->line; false when there is none. */
static bool have_line(struct sink *s, uint64_t now)
{
	size_t len;

	if (s->line_off < s->line_len)
		return true;
	len = line_queue_next(s->queue);
	if (!len)
		return false;
	if (!s->since_known) {
		s->file_since = now;
		s->since_known = true;
	}
	if (rotation_due(s, len, now))
		rotate(s, now);
	s->line_len = line_queue_pop(s->queue, s->line);
	s->line_off = 0;
	return true;
}

/* A FIFO had no reader yet, or a file could not be opened anew. */
static int have_output(struct sink *s)
{
	return s->fd >= 0 ? 0 : sink_open_path(s);
}

void sink_flush(struct sink *s, uint64_t now)
{
	if (!sink_pending(s) || (s->failing && now < s->retry_at))
		return;
	for (;;) {
		ssize_t n = have_output(s);

		if (n == 0) {
			if (!have_line(s, now))
				break;
			n = write_line(s);
			if (n == 0)
				break;
		}
		if (n < 0) {
			back_off(s, (int)-n, now);
			break;
		}
		s->failing = false;
	}
}

void sink_line(struct sink *s, const char *line, size_t len, enum severity severity, uint64_t now)
{
	uint64_t queued;

	if (len > RECORD_LINE_MAX)
		len = 0; /* no line of ours: refused, and counted, by the queue */
	line_queue_push(s->queue, line, len, severity, s->stats.dropped);
	queued = queued_bytes(s);
	if (queued > s->stats.queued_peak)
		s->stats.queued_peak = queued;
	sink_flush(s, now);
}

bool sink_pending(const struct sink *s)
{
	return queued_bytes(s) > 0;
}

int sink_fd(const struct sink *s)
{
	/* A failing stream is always "ready" for poll(): the loop's timer has to come back. */
	return s->kind == SINK_FILE || s->failing ? -1 : s->fd;
}

int sink_reopen(struct sink *s)
{
	int r;

	if (!s->path)
		return 0;
	while (s->fd >= 0 && s->line_off && s->line_off < s->line_len)
		if (write_line(s) <= 0)
			break;
	r = sink_open_path(s);
	if (r == -ENXIO) {
		sink_close_fd(s);
	} else if (r < 0) {
		count_error(s, -r);
		return r;
	}
	/* What the old file did not take goes whole into the new one. */
	if (s->line_off < s->line_len)
		s->line_off = 0;
	s->since_known = false;
	s->failing = false;
	return 0;
}

void sink_stats(const struct sink *s, struct sink_stats *stats)
{
	*stats = s->stats;
	stats->queued = queued_bytes(s);
	stats->queue_size = line_queue_size(s->queue);
}

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int sink_close(struct sink *s, uint64_t wait_ns)
{
	uint64_t begin = monotonic_ns(), now = begin;
	int r = 0;

	if (!s)
		return 0;
	/* The caller's clock ends here: nothing may be compared with it any more. */
	s->retry_at = s->rotate_after = 0;
	s->rotate_ns = 0;
	for (;;) {
		struct pollfd pfd = {.events = POLLOUT};
		uint64_t left, step;

		sink_flush(s, now);
		if (!sink_pending(s) || now - begin >= wait_ns)
			break;
		/* A pipe that nobody holds any more will not get a reader. */
		if (!s->path && s->failing && s->stats.last_error == EPIPE)
			break;
		left = wait_ns - (now - begin);
		step = left < RETRY_NS ? left : RETRY_NS;
		pfd.fd = sink_fd(s);
		poll(&pfd, 1, (int)((step + 999999) / 1000000));
		now = monotonic_ns();
	}
	if (sink_pending(s))
		r = s->failing ? -s->stats.last_error : -ETIMEDOUT;
	sink_free(s);
	return r;
}
