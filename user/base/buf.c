/* SPDX-License-Identifier: Apache-2.0 */
/* buf.c - text into fixed memory. After an overflow the text is a prefix of what was meant. */
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

/* What a byte of a JSON string needs: 0 nothing, 'u' \u00xx, 'x' a look at UTF-8, else \<letter>.
 */
static const char json_class[256] = {
	[0x00 ... 0x07] = 'u', ['\b'] = 'b',  ['\t'] = 't', ['\n'] = 'n',
	[0x0b] = 'u',          ['\f'] = 'f',  ['\r'] = 'r', [0x0e ... 0x1f] = 'u',
	['"'] = '"',           ['\\'] = '\\', [0x7f] = 'u', [0x80 ... 0xff] = 'x',
};

static const char digit_pairs[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

void buf_init(struct buf *b, char *data, size_t size)
{
	b->data = data;
	b->len = 0;
	b->size = size;
	b->overflow = false;
}

void buf_bytes(struct buf *b, const char *s, size_t n)
{
	if (n > b->size - b->len) {
		n = b->size - b->len;
		b->overflow = true;
	}
	if (n) /* an empty buffer may have no memory at all */
		memcpy(b->data + b->len, s, n);
	b->len += n;
}

void buf_str(struct buf *b, const char *s)
{
	buf_bytes(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	if (b->len < b->size)
		b->data[b->len++] = c;
	else
		b->overflow = true;
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	while (v >= 100) {
		at -= 2;
		memcpy(digits + at, digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		at -= 2;
		memcpy(digits + at, digit_pairs + v * 2, 2);
	} else {
		digits[--at] = (char)('0' + v);
	}
	buf_bytes(b, digits + at, sizeof(digits) - at);
}

void buf_s64(struct buf *b, int64_t v)
{
	if (v < 0) {
		buf_char(b, '-');
		buf_u64(b, -(uint64_t)v);
	} else {
		buf_u64(b, (uint64_t)v);
	}
}

static void json_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char kind = json_class[c];
	char text[6] = {'\\', kind, '0', '0', hex[c >> 4], hex[c & 15]};

	buf_bytes(b, text, kind == 'u' ? 6 : 2);
}

void buf_json_string(struct buf *b, const char *s, size_t n)
{
	const unsigned char *text = (const unsigned char *)s;
	size_t done = 0, i = 0;

	buf_char(b, '"');
	while (i < n) {
		char kind = json_class[text[i]];
		size_t len = 1;

		if (kind == 'x')
			len = utf8_sequence(text + i, n - i);
		if (!kind || (kind == 'x' && len)) {
			i += len;
			continue;
		}
		buf_bytes(b, s + done, i - done);
		if (kind == 'x')
			buf_bytes(b, "\\ufffd", 6);
		else
			json_escape(b, text[i]);
		done = ++i;
	}
	buf_bytes(b, s + done, i - done);
	buf_char(b, '"');
}
