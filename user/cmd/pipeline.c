/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline.c - the core's memory, its callbacks, and the line buffer. */
#include <errno.h>
#include <stdlib.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "cmd/pipeline.h"
#include "out/record_json.h"

static void on_record(void *ctx, const struct record *record)
{
	struct pipeline *p = ctx;
	struct buf b;

	buf_init(&b, p->line, RECORD_LINE_MAX);
	record_json(&b, record);
	if (b.overflow) {
		p->oversize++;
		return;
	}
	p->records++;
	p->ops->line(p->ctx, b.data, b.len, record->severity);
}

static void on_request(void *ctx, const struct request *request)
{
	struct pipeline *p = ctx;

	if (p->ops->request)
		p->ops->request(p->ctx, request);
}

static const struct core_ops core_ops = {.emit = on_record, .request = on_request};

int pipeline_open(struct pipeline *p, const struct ev_start *start, const struct pipeline_ops *ops,
		  void *ctx)
{
	size_t size = core_size(start);
	/* From malloc's mmap for anything of this size: pages cost nothing until they are used. */
	_cleanup_free_ void *memory = calloc(1, size);
	_cleanup_free_ char *line = malloc(RECORD_LINE_MAX);

	if (!memory || !line)
		return -ENOMEM;
	*p = (struct pipeline){
		.memory = memory, .memory_size = size, .line = line, .ops = ops, .ctx = ctx};
	p->core = core_init(memory, start, &core_ops, p);
	memory = NULL;
	line = NULL;
	return 0;
}

void pipeline_step(struct pipeline *p, const union event *ev)
{
	core_step(p->core, ev);
}

void pipeline_close(struct pipeline *p)
{
	free(p->memory);
	free(p->line);
	*p = (struct pipeline){0};
}
