/* SPDX-License-Identifier: Apache-2.0 */
/* sink_state.h - what sink.c and sink_open.c share; nobody else includes it. */
#ifndef MW_OUT_SINK_STATE_H
#define MW_OUT_SINK_STATE_H

#include "out/queue.h"
#include "out/record_json.h"
#include "out/sink.h"

enum sink_kind {
	SINK_FILE,   /* takes what it is given, or fails */
	SINK_STREAM, /* pipe, FIFO, terminal: poll() says when */
	SINK_SOCKET,
};

struct sink {
	int fd; /* -1: a FIFO that waits for its reader */
	bool own_fd;
	enum sink_kind kind;
	char *path; /* NULL: standard output */
	uint64_t rotate_bytes, rotate_ns, rotate_keep;

	uint64_t file_bytes;
	uint64_t file_since; /* first line after the file was opened, by the caller's clock */
	bool since_known;
	bool newline_due;

	bool failing; /* the last attempt failed: not again before retry_at */
	uint64_t retry_at;
	uint64_t rotate_after; /* a rotation failed: not again before */

	struct line_queue *queue;
	/* The line that is being written: it has left the queue and cannot be dropped. */
	size_t line_len, line_off;
	struct sink_stats stats;
	char line[RECORD_LINE_MAX];
};

/*
 * Open s->path and take it in the place of the present descriptor, which is closed. 0 or -errno,
 * and then nothing has changed. -ENXIO: it is a FIFO that nobody reads yet.
 */
int sink_open_path(struct sink *s);

/* Close the descriptor (never standard output's own): there is no output then. */
void sink_close_fd(struct sink *s);

void sink_free(struct sink *s);

#endif
