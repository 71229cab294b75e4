/* SPDX-License-Identifier: Apache-2.0 */
/* eventlog.h - the event log's reader (docs/events.md), plain or gzip by content. */
#ifndef MW_IN_EVENTLOG_H
#define MW_IN_EVENTLOG_H

#include "core/event.h"

struct eventlog;

/* Open a path, or "-" for standard input. 0 or -errno. */
int eventlog_open(struct eventlog **out, const char *path);
void eventlog_close(struct eventlog *log);

/*
 * The next event. 1: *ev is filled; 0: the end; -EBADMSG: the line is damaged (see
 * eventlog_error); -EPROTO: a version newer than ours; other -errno from reading. After -EBADMSG
 * the log is positioned behind the bad line and may be read on. Unknown keys are skipped; an
 * unknown event name is an error line.
 */
int eventlog_next(struct eventlog *log, union event *ev);

/* Line number (from 1) and text of the last error. */
uint64_t eventlog_line(const struct eventlog *log);
const char *eventlog_error(const struct eventlog *log);

/* Bytes of the file read so far and in all (0 if not known), for progress. */
void eventlog_progress(const struct eventlog *log, uint64_t *done, uint64_t *total);

/* One line without its newline into *ev: 0, -EBADMSG or -EPROTO; *error names the field. Fuzzed. */
int eventlog_parse_line(const char *line, size_t len, union event *ev, const char **error);

#endif
