/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a text buffer of fixed capacity over memory that the caller owns. Appending beyond the
 * end sets `overflow` and drops what does not fit; nothing is ever written past the end.
 */
#ifndef MW_BASE_BUF_H
#define MW_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t len;
	size_t size; /* data[len] is writable while len < size; no NUL is kept */
	bool overflow;
};

void buf_init(struct buf *b, char *data, size_t size);
void buf_bytes(struct buf *b, const char *s, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v);
void buf_s64(struct buf *b, int64_t v);

/*
 * The text as a JSON string with its quotes: valid UTF-8 passes, control characters (DEL too), '"'
 * and '\\' are escaped, invalid bytes become \ufffd. So text that is valid comes back unchanged.
 */
void buf_json_string(struct buf *b, const char *s, size_t n);

#endif
