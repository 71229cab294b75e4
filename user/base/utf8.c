/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - well-formed UTF-8 after table 3-7 of the Unicode standard, and nothing else. */
#include <string.h>

#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd";
#define REPLACEMENT_LEN (sizeof(replacement) - 1)

static int continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_sequence(const unsigned char *s, size_t len)
{
	unsigned char c;

	if (!len)
		return 0;
	c = s[0];
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4) /* stray continuation, overlong two bytes, beyond U+10FFFF */
		return 0;
	if (len < 2 || !continuation(s[1]))
		return 0;
	if (c < 0xe0)
		return 2;
	if (len < 3 || !continuation(s[2]))
		return 0;
	if (c < 0xf0) {
		if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f))
			return 0; /* overlong, surrogate */
		return 3;
	}
	if (len < 4 || !continuation(s[3]))
		return 0;
	if ((c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0; /* overlong, beyond U+10FFFF */
	return 4;
}

size_t utf8_clean(char *dst, size_t size, const char *src, size_t len, int *cut)
{
	size_t out = 0, i = 0;

	while (i < len) {
		const char *from = src + i;
		size_t take = utf8_sequence((const unsigned char *)from, len - i);
		size_t put = take;

		if (!take || !*from) {
			from = replacement;
			take = 1;
			put = REPLACEMENT_LEN;
		}
		if (out + put >= size) {
			if (cut)
				*cut = 1;
			break;
		}
		memcpy(dst + out, from, put);
		out += put;
		i += take;
	}
	dst[out] = '\0';
	return out;
}

void utf8_no_controls(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
	}
}
