/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_scan.h - a strict pull scanner over one line of JSON in memory, without allocation, for the
 * event log, which is read at a million lines a second. Foreign JSON (runtime files) is
 * jansson's job. Accepts RFC 8259 except that numbers must be integers that fit 64 bits.
 */
#ifndef MW_BASE_JSON_SCAN_H
#define MW_BASE_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum json_token {
	JSON_ERROR = -1,
	JSON_END = 0, /* the whole text was read */
	JSON_OBJECT,  /* { */
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_KEY, /* text/len: raw bytes between the quotes; the colon is consumed */
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

struct json_scan {
	const char *p, *end, *begin;
	const char *text; /* of the last key or string, still escaped */
	size_t len;
	int negative;       /* of the last number */
	uint64_t magnitude; /* of the last number */
	int escaped;        /* the last key or string holds a backslash */
	int depth;
	uint64_t in_object; /* a bit a level */
	int state;
	const char *error; /* what was wrong, after JSON_ERROR */
};

void json_scan_init(struct json_scan *s, const char *text, size_t len);
enum json_token json_scan_next(struct json_scan *s);

/*
 * When the next token is this key, written the plain way (no blanks, no escapes, no NUL in it),
 * consume it and return 1; else return 0 with nothing consumed: json_scan_next() decides. For a
 * reader that knows what the writer puts next. A key is shorter than JSON_SCAN_KEY_MAX.
 */
int json_scan_key(struct json_scan *s, const char *key);
#define JSON_SCAN_KEY_MAX 48

/* Skip the value that comes next (after a JSON_KEY). 0 or -EINVAL. */
int json_scan_skip(struct json_scan *s);

/*
 * The last string, unescaped into dst (size bytes with the NUL). Returns its length, or -EINVAL
 * for an escape or UTF-8 that is not valid or for NUL, or -E2BIG when it does not fit.
 */
int json_scan_string(const struct json_scan *s, char *dst, size_t size);

#endif
