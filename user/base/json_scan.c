/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_scan.c - the scanner is a state and a stack of one bit a level; a token is read in one
 * pass, classes of characters by table.
 */
#include <errno.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/utf8.h"

#define DEPTH_MAX 64

enum scan_state {
	WANT_VALUE,
	WANT_FIRST_KEY,     /* behind '{': a key or '}' */
	WANT_KEY,           /* behind a comma of an object */
	WANT_FIRST_ELEMENT, /* behind '[': a value or ']' */
	AFTER_VALUE,        /* a comma or the end of the object or array */
	AFTER_ALL,          /* the outermost value is complete */
	FAILED,
};

/* Characters that end the plain run of a string: '"', '\\', control bytes, bytes of UTF-8. */
static const unsigned char string_special[256] = {
	[0x00 ... 0x1f] = 1,
	['"'] = 1,
	['\\'] = 1,
	[0x80 ... 0xff] = 1,
};

static enum json_token fail(struct json_scan *s, const char *why)
{
	s->state = FAILED;
	s->error = why;
	return JSON_ERROR;
}

void json_scan_init(struct json_scan *s, const char *text, size_t len)
{
	memset(s, 0, sizeof(*s));
	s->p = s->begin = text;
	s->end = text + len;
	s->state = WANT_VALUE;
}

static inline void skip_blanks(struct json_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits, or -1. */
static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* Length of the escape sequence at p (its backslash included), or 0. */
static size_t escape_length(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return 2;
	case 'u':
		return hex4(p + 2, end) < 0 ? 0 : 6;
	default:
		return 0;
	}
}

/* From behind the opening quote to behind the closing one. */
static int scan_string(struct json_scan *s)
{
	const char *p = s->p;
	size_t n;

	s->text = p;
	s->escaped = 0;
	for (;;) {
		while (p < s->end && !string_special[(unsigned char)*p])
			p++;
		if (p == s->end)
			return fail(s, "string without end");
		if (*p == '"')
			break;
		if (*p == '\\') {
			s->escaped = 1;
			n = escape_length(p, s->end);
			if (!n)
				return fail(s, "bad escape in a string");
		} else if ((unsigned char)*p < 0x20) {
			return fail(s, "control character in a string");
		} else {
			n = utf8_sequence((const unsigned char *)p, (size_t)(s->end - p));
			if (!n)
				return fail(s, "string is not UTF-8");
		}
		p += n;
	}
	s->len = (size_t)(p - s->text);
	s->p = p + 1;
	return 0;
}

/* Behind a value: what may follow depends on what it stands in. */
static inline enum json_token done(struct json_scan *s, enum json_token token)
{
	s->state = s->depth ? AFTER_VALUE : AFTER_ALL;
	return token;
}

static inline int is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static enum json_token scan_number(struct json_scan *s)
{
	const char *p = s->p, *digits, *safe;
	uint64_t v = 0;
	size_t n;

	s->negative = *p == '-';
	p += s->negative;
	digits = p;
	/* Nineteen digits always fit. */
	for (safe = s->end - p > 19 ? p + 19 : s->end; p < safe && is_digit(*p); p++)
		v = v * 10 + (uint64_t)(*p - '0');
	for (; p < s->end && is_digit(*p); p++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return fail(s, "number does not fit");
	}
	n = (size_t)(p - digits);
	if (!n)
		return fail(s, "digit expected");
	if (n > 1 && *digits == '0')
		return fail(s, "number with a leading zero");
	if (p < s->end && (*p == '.' || *p == 'e' || *p == 'E'))
		return fail(s, "number is not an integer");
	if (s->negative && v > (uint64_t)INT64_MAX + 1)
		return fail(s, "number does not fit");
	s->magnitude = v;
	s->p = p;
	return done(s, JSON_NUMBER);
}

static enum json_token scan_word(struct json_scan *s, const char *word, size_t len,
				 enum json_token token)
{
	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return fail(s, "value expected");
	s->p += len;
	return done(s, token);
}

static enum json_token open_level(struct json_scan *s, int object)
{
	if (s->depth == DEPTH_MAX)
		return fail(s, "nested too deep");
	s->p++;
	s->depth++;
	s->in_object = s->in_object << 1 | (uint64_t)object;
	s->state = object ? WANT_FIRST_KEY : WANT_FIRST_ELEMENT;
	return object ? JSON_OBJECT : JSON_ARRAY;
}

static enum json_token close_level(struct json_scan *s, int object)
{
	s->p++;
	s->depth--;
	s->in_object >>= 1;
	return done(s, object ? JSON_OBJECT_END : JSON_ARRAY_END);
}

static enum json_token scan_value(struct json_scan *s)
{
	switch (*s->p) {
	case '-':
	case '0' ... '9':
		return scan_number(s);
	case '"':
		s->p++;
		if (scan_string(s))
			return JSON_ERROR;
		return done(s, JSON_STRING);
	case '{':
		return open_level(s, 1);
	case '[':
		return open_level(s, 0);
	case 't':
		return scan_word(s, "true", 4, JSON_TRUE);
	case 'f':
		return scan_word(s, "false", 5, JSON_FALSE);
	case 'n':
		return scan_word(s, "null", 4, JSON_NULL);
	default:
		return fail(s, "value expected");
	}
}

static enum json_token scan_key(struct json_scan *s)
{
	if (*s->p != '"')
		return fail(s, "key expected");
	s->p++;
	if (scan_string(s))
		return JSON_ERROR;
	skip_blanks(s);
	if (s->p == s->end || *s->p != ':')
		return fail(s, "':' expected");
	s->p++;
	s->state = WANT_VALUE;
	return JSON_KEY;
}

enum json_token json_scan_next(struct json_scan *s)
{
	int object = s->in_object & 1;

	/* The way most tokens go: a number or string right behind its key. */
	if (s->state == WANT_VALUE && s->p < s->end && (is_digit(*s->p) || *s->p == '"'))
		return scan_value(s);
	skip_blanks(s);
	if (s->state == AFTER_VALUE && s->p < s->end && *s->p == ',') {
		s->p++;
		s->state = object ? WANT_KEY : WANT_VALUE;
		skip_blanks(s);
	}
	if (s->p == s->end) {
		if (s->state == AFTER_ALL)
			return JSON_END;
		return s->state == FAILED ? JSON_ERROR : fail(s, "cut off");
	}
	switch (s->state) {
	case WANT_FIRST_KEY:
		if (*s->p == '}')
			return close_level(s, 1);
		return scan_key(s);
	case WANT_KEY:
		return scan_key(s);
	case WANT_FIRST_ELEMENT:
		if (*s->p == ']')
			return close_level(s, 0);
		return scan_value(s);
	case WANT_VALUE:
		return scan_value(s);
	case AFTER_VALUE:
		if (*s->p == (object ? '}' : ']'))
			return close_level(s, object);
		return fail(s, object ? "',' or '}' expected" : "',' or ']' expected");
	case AFTER_ALL:
		return fail(s, "text behind the end");
	default:
		return JSON_ERROR;
	}
}

int json_scan_key(struct json_scan *s, const char *key)
{
	const char *p = s->p;

	/* One look at the end is enough, and the last few keys of a text take the long way. */
	if (s->end - p < JSON_SCAN_KEY_MAX + 4)
		return 0;
	if (s->state == AFTER_VALUE && (s->in_object & 1) && *p == ',')
		p++;
	else if (s->state != WANT_FIRST_KEY)
		return 0;
	if (*p++ != '"')
		return 0;
	while (*key) {
		if (*p++ != *key++)
			return 0;
	}
	if (p[0] != '"' || p[1] != ':')
		return 0;
	s->p = p + 2;
	s->state = WANT_VALUE;
	return 1;
}

int json_scan_skip(struct json_scan *s)
{
	int depth = s->depth;

	do {
		if (json_scan_next(s) <= JSON_END)
			return -EINVAL;
	} while (s->depth > depth);
	return 0;
}

static size_t put_utf8(char *dst, uint32_t c)
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The character of the escape at *p, which is moved behind it, or -EINVAL. */
static int32_t unescape(const char **p, const char *end)
{
	static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	const char *at = *p;
	int32_t c, low;

	if (!escape_length(at, end))
		return -EINVAL;
	if (at[1] != 'u') {
		*p = at + 2;
		for (const char *l = letters; *l; l += 2) {
			if (*l == at[1])
				return l[1];
		}
		return -EINVAL;
	}
	c = hex4(at + 2, end);
	at += 6;
	if (c >= 0xd800 && c < 0xe000) {
		if (c >= 0xdc00 || end - at < 6 || at[0] != '\\' || at[1] != 'u')
			return -EINVAL;
		low = hex4(at + 2, end);
		if (low < 0xdc00 || low >= 0xe000)
			return -EINVAL;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		at += 6;
	}
	*p = at;
	return c;
}

int json_scan_string(const struct json_scan *s, char *dst, size_t size)
{
	const char *p = s->text, *end = s->text + s->len;
	size_t out = 0;

	if (!s->escaped) { /* bytes that the scanner has found to be UTF-8 without control codes */
		if (s->len >= size)
			return -E2BIG;
		memcpy(dst, s->text, s->len);
		dst[s->len] = '\0';
		return (int)s->len;
	}
	while (p < end) {
		char character[4] = {*p};
		size_t n = 1;

		if (*p == '\\') {
			int32_t c = unescape(&p, end);

			if (c <= 0)
				return -EINVAL;
			n = put_utf8(character, (uint32_t)c);
		} else {
			p++;
		}
		if (out + n >= size)
			return -E2BIG;
		memcpy(dst + out, character, n);
		out += n;
	}
	dst[out] = '\0';
	return (int)out;
}
