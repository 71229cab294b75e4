/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_fields.h - the field table: how an event becomes a line of the event log, and a line an
 * event. The writer (user/out), the reader (user/in) and docs/events.md all go by it.
 */
#ifndef MW_CORE_EVENT_FIELDS_H
#define MW_CORE_EVENT_FIELDS_H

#include "core/event.h"

enum field_kind {
	FIELD_U32,
	FIELD_S32,
	FIELD_U64,    /* left out while U64_UNKNOWN; "max" while U64_UNLIMITED */
	FIELD_S64,    /* left out while S64_UNKNOWN */
	FIELD_STR,    /* left out while "" */
	FIELD_WHO,    /* struct ev_who as an object */
	FIELD_LEVEL,  /* struct ev_level as an object; left out while its id is 0 */
	FIELD_LEVELS, /* array of those; the count is at count_offset */
	FIELD_STRS,   /* array of strings of `size` bytes; the count is at count_offset */
	FIELD_U64S,   /* array of `count` u64 */
};

struct event_field {
	const char *key;
	enum field_kind kind;
	uint16_t offset;
	uint16_t size;  /* of one string, its NUL included */
	uint16_t count; /* capacity of an array */
	uint16_t count_offset;
};

struct event_info {
	const char *name; /* the value of "ev" in the log */
	uint32_t type;
	uint32_t size;
	const struct event_field *fields;
	size_t n_fields;
};

/* The description of an event type, or NULL for a number that is none. */
const struct event_info *event_info(uint32_t type);

/* The description by the name in the log, or NULL. The name need not be NUL-terminated. */
const struct event_info *event_info_by_name(const char *name, size_t len);

/* The fields of a who object and of a level object. */
const struct event_field *event_who_fields(size_t *n);
const struct event_field *event_level_fields(size_t *n);

#endif
