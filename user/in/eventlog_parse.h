/* SPDX-License-Identifier: Apache-2.0 */
/* eventlog_parse.h - one line of the event log becomes an event; private to the reader. */
#ifndef MW_IN_EVENTLOG_PARSE_H
#define MW_IN_EVENTLOG_PARSE_H

#include "base/json_scan.h"
#include "core/event.h"

struct event_parser {
	struct json_scan scan;
	const char *outer; /* after an error: key of the object around `key`, or NULL */
	const char *key;   /* the field that is wrong, or NULL */
	const char *why;
};

/* One line without its newline into *ev: 0, -EBADMSG or -EPROTO; then p says where and why. */
int event_parser_line(struct event_parser *p, const char *line, size_t len, union event *ev);

#endif
