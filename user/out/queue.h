/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - lines that wait for the output, in one fixed area of memory.
 *
 * Lines leave in the order in which they came. When there is no room for one more, the least
 * important ones give way: info before warning, of equal ones the oldest; a line never pushes out
 * one that matters more, it is then refused itself. The area is cut into small blocks that a line
 * chains together, so that taking a line out of the middle moves nothing, and memory is touched
 * only as far as the queue was ever filled.
 */
#ifndef MW_OUT_QUEUE_H
#define MW_OUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/record.h"

#define QUEUE_SEVERITIES 3

struct line_queue;

/*
 * A queue over `bytes` of memory (a line of n bytes takes n + 16, rounded up to whole blocks of
 * 252). 0 with *out for line_queue_free(), -EINVAL when not even one block fits, or -ENOMEM.
 */
int line_queue_new(struct line_queue **out, size_t bytes);
void line_queue_free(struct line_queue *q);

/* The smallest `bytes` with which a line of this length has room. */
size_t line_queue_size_for(size_t len);

/*
 * Append a copy. Lines that gave way, or this one if it was refused (false), are added to
 * dropped[] by their severity.
 */
bool line_queue_push(struct line_queue *q, const char *line, size_t len, enum severity severity,
		     uint64_t dropped[QUEUE_SEVERITIES]);

/* Length of the line that is next, 0 when there is none. */
size_t line_queue_next(const struct line_queue *q);

/*
 * Take the next line out into dst, which must have room for line_queue_next() bytes. Returns its
 * length, 0 when the queue is empty.
 */
size_t line_queue_pop(struct line_queue *q, char *dst);

/* Bytes of lines that wait; bytes of the area. */
uint64_t line_queue_bytes(const struct line_queue *q);
uint64_t line_queue_size(const struct line_queue *q);

#endif
