/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - where lines go: a file with rotation, or standard output with backpressure.
 *
 * A line is accepted at once into a bounded queue and written when the output takes it. When the
 * queue is full, the least important lines go first (info, then warning; of equal ones the oldest)
 * and are counted by severity: critical lines (every oom_kill) are the last to go. No call blocks
 * on a pipe that nobody reads; a full disk and a closed pipe are counted and retried.
 */
#ifndef MW_OUT_SINK_H
#define MW_OUT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/record.h"

struct sink;

struct sink_options {
	const char *path;      /* "-" or NULL: standard output */
	uint64_t rotate_bytes; /* 0: never by size */
	uint64_t rotate_ns;    /* 0: never by age */
	uint64_t rotate_keep;  /* old files kept: path.1 ... path.N; 0: the file is emptied */
	size_t queue_bytes;    /* 0: 1 MiB; never less than the longest line needs */
};

struct sink_stats {
	uint64_t lines, bytes;        /* written */
	uint64_t dropped[3];          /* by enum severity */
	uint64_t queued, queued_peak; /* bytes */
	uint64_t queue_size;
	uint64_t write_errors;
	int last_error; /* errno */
	uint64_t rotations;
};

/*
 * 0 or -errno with a sentence for the user in err. A path can be a file (appended to, made with
 * mode 0640), a FIFO (lines wait until it has a reader) or a device. SIGPIPE must be ignored.
 */
int sink_open(struct sink **out, const struct sink_options *options, char *err, size_t err_size);

/* Queue one line (with its newline) and write what the output takes now. now: ns, any steady clock.
 */
void sink_line(struct sink *s, const char *line, size_t len, enum severity severity, uint64_t now);

/* Write what the output takes now; call it from the loop while sink_pending(). */
void sink_flush(struct sink *s, uint64_t now);
bool sink_pending(const struct sink *s);

/*
 * Descriptor to poll for POLLOUT while pending; -1 when there is nothing to poll: a file, a FIFO
 * without a reader, an output that failed. Then sink_flush() belongs on a timer. Ask each time: it
 * changes.
 */
int sink_fd(const struct sink *s);

/*
 * SIGHUP: open the path anew (after an external rotation). A half-written line is ended in the old
 * file. 0, or -errno and the old file stays in use.
 */
int sink_reopen(struct sink *s);

void sink_stats(const struct sink *s, struct sink_stats *stats);

/*
 * Wait at most wait_ns for the queue to empty, then close and free. 0, or -errno when lines were
 * lost: of the last failed write, or -ETIMEDOUT. NULL is allowed.
 */
int sink_close(struct sink *s, uint64_t wait_ns);

#endif
