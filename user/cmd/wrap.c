/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.c - breaking text at blanks. */
#include <stdbool.h>
#include <string.h>
#include "cmd/wrap.h"

/* Names come from records, and their bytes from containers: nothing may steer the terminal. */
static void put_word(FILE *out, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)word[i];

		/* U+0080 to U+009F are control characters too, in two bytes. */
		bool control = c < 0x20 || c == 0x7f ||
			       (c == 0xc2 && i + 1 < len && (unsigned char)word[i + 1] < 0xa0);

		fputc(control ? '?' : c, out);
		i += c == 0xc2 && control;
	}
}

void wrap_print(FILE *out, const char *text, size_t column, size_t indent)
{
	bool first = true;

	for (;;) {
		size_t len;

		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (!len)
			break;
		if (!first && column + 1 + len > WRAP_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		if (!first) {
			fputc(' ', out);
			column++;
		}
		put_word(out, text, len);
		column += len;
		text += len;
		first = false;
	}
	fputc('\n', out);
}
