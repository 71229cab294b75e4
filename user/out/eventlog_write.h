/* SPDX-License-Identifier: Apache-2.0 */
/* eventlog_write.h - writes events as the JSON lines that docs/events.md describes. */
#ifndef MW_OUT_EVENTLOG_WRITE_H
#define MW_OUT_EVENTLOG_WRITE_H

#include "base/buf.h"
#include "core/event.h"

struct eventlog_writer;

/* Create the file (truncated, mode 0600); a path that ends in ".gz" is compressed. 0 or -errno. */
int eventlog_writer_open(struct eventlog_writer **out, const char *path);

/* Flush and close; 0 or the first -errno of its life. NULL is allowed. */
int eventlog_writer_close(struct eventlog_writer *w);

/* Append one event. Errors are kept and counted, never fatal. */
void eventlog_write(struct eventlog_writer *w, const union event *ev);

/* Give what is buffered to the file, so that a crash loses little. */
void eventlog_flush(struct eventlog_writer *w);

/* Events that could not be written, and the errno of the first. */
uint64_t eventlog_writer_lost(const struct eventlog_writer *w, int *error);

/* One event as a line with its newline. */
void eventlog_format(struct buf *b, const union event *ev);

#endif
