/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_write.h - a streaming writer of one JSON object on one line, as the output contract wants
 * it.
 *
 * It keeps the commas and the nesting; leaves out what is not known (see core/record.h for how each
 * kind of value says so) and with it every object that would be empty; cuts text and lists, and
 * names what it cut in a closing "truncated" member with the path of the field ("process.name";
 * inside a list without an index). Text and list elements may fill a line up to JSON_SOFT_MAX; the
 * reserve above it holds the numbers that are still to come, so that no line passes
 * RECORD_LINE_MAX.
 *
 * The same calls give the same bytes on every machine: no locale, no floating-point arithmetic.
 */
#ifndef MW_OUT_JSON_WRITE_H
#define MW_OUT_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

#define JSON_DEPTH    8
#define JSON_CUTS     40
#define JSON_PATH     80
#define JSON_RESERVE  8192
#define JSON_SOFT_MAX (65536 - JSON_RESERVE)

/*
 * What one text may take, in bytes of the line: escapes count, so that a name full of control
 * characters cannot push what comes after it off the line.
 */
#define JSON_NAME 256
#define JSON_TEXT 1024

struct json_level {
	const char *key; /* NULL in a list */
	size_t mark;     /* where to roll back to when it stays empty */
	bool array;
	bool filled;
};

struct json_write {
	struct buf *b;
	size_t begin; /* of the line in b */
	unsigned int depth;
	struct json_level level[JSON_DEPTH];
	char cuts[JSON_CUTS][JSON_PATH];
	size_t n_cuts;
};

/* Open the line's object. w and b belong to the caller; w needs no clean-up. */
void jw_begin(struct json_write *w, struct buf *b);

/* Write "truncated" when something was cut, close the object, end the line. */
void jw_finish(struct json_write *w);

/*
 * Open an object or a list; key is NULL for an element of a list. jw_end() closes the innermost.
 * An object in which nothing was written leaves no trace; an empty list stays, as it is an answer.
 */
void jw_object(struct json_write *w, const char *key);
void jw_array(struct json_write *w, const char *key);
void jw_end(struct json_write *w);

/*
 * Before each element of a list: is there room for it? When not, the list is named as cut and the
 * caller ends it. An element may hold at most 512 bytes beside its texts.
 */
bool jw_room(struct json_write *w);

/* The comma and the key before a value that the caller then writes to w->b by itself. */
void jw_before(struct json_write *w, const char *key);

/* Text; NULL and "" are not known. At most cap bytes as escaped, cut between characters. */
void jw_string(struct json_write *w, const char *key, const char *text, size_t cap);

/*
 * A member whose key comes from outside, as its value does; neither needs a NUL. An empty value is
 * written: it is known. The caller bounds both.
 */
void jw_pair(struct json_write *w, const char *key, size_t key_len, const char *value,
	     size_t value_len);

/* Name the field as cut, for a text that came here cut already. */
void jw_cut(struct json_write *w, const char *key);

/* U64_UNKNOWN is left out, U64_UNLIMITED is null. */
void jw_u64(struct json_write *w, const char *key, uint64_t v);

/* S64_UNKNOWN is left out. */
void jw_s64(struct json_write *w, const char *key, int64_t v);

/* "0x..." in lower case; U64_UNKNOWN is left out. */
void jw_hex(struct json_write *w, const char *key, uint64_t v);

void jw_bool(struct json_write *w, const char *key, bool v);

/*
 * A number rounded to at most `decimals` (1..6) places, half away from zero, exactly; at least one
 * place is printed, further zeros are not ("2677.0", "0.0008"). NAN, infinities and magnitudes
 * from 2^63 on are not known.
 */
void jw_double(struct json_write *w, const char *key, double v, unsigned int decimals);

/* Nanoseconds as seconds, exact to the microsecond; U64_UNKNOWN is left out. */
void jw_seconds(struct json_write *w, const char *key, uint64_t ns);

/* Nanoseconds since 1970 as RFC 3339 in UTC with nine decimals; 0 and U64_UNKNOWN are left out. */
void jw_time(struct json_write *w, const char *key, uint64_t real_ns);

#endif
