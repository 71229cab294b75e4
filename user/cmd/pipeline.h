/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h - the core with the writer of record lines behind it, as `run` and `replay` use it.
 *
 * Both go through here, so that a recorded live run, replayed, gives the same bytes.
 */
#ifndef MW_CMD_PIPELINE_H
#define MW_CMD_PIPELINE_H

#include "core/core.h"

/* What the pipeline calls. Neither may call back into the pipeline. */
struct pipeline_ops {
	/* One record as a line with its newline; valid during the call only. */
	void (*line)(void *ctx, const char *line, size_t len, enum severity severity);
	/* What the core wants to know; NULL where nobody can answer. Valid during the call only. */
	void (*request)(void *ctx, const struct request *request);
};

struct pipeline {
	struct core *core;
	void *memory; /* the core's, owned */
	size_t memory_size;
	char *line; /* RECORD_LINE_MAX bytes, owned */
	const struct pipeline_ops *ops;
	void *ctx;
	uint64_t records;  /* lines handed over */
	uint64_t oversize; /* records that did not become a line: always 0 by contract */
};

/*
 * Build a core for this start event. ops and ctx must outlive the pipeline; *p must not move while
 * it is open and is untouched on failure. The start event itself is then the first to be stepped.
 * 0 or -ENOMEM.
 */
int pipeline_open(struct pipeline *p, const struct ev_start *start, const struct pipeline_ops *ops,
		  void *ctx);

/* Take one event; lines and requests come out by the callbacks before it returns. */
void pipeline_step(struct pipeline *p, const union event *ev);

/* Release what pipeline_open() took. Safe on a zeroed struct. */
void pipeline_close(struct pipeline *p);

#endif
