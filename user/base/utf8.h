/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - bytes that a container controls become text that is safe to print. */
#ifndef MW_BASE_UTF8_H
#define MW_BASE_UTF8_H

#include <stddef.h>

/*
 * Copy len bytes of src into dst (size bytes, NUL-terminated) as valid UTF-8: every byte that is
 * not part of a well-formed, shortest-form sequence of a Unicode scalar value, and NUL, becomes
 * U+FFFD. A character that does not fit whole ends the copy. Control characters stay (the JSON
 * writer escapes them). Returns the bytes written without the NUL; *cut (may be NULL) is set to 1
 * when something did not fit and left alone otherwise. size must be at least 1.
 */
size_t utf8_clean(char *dst, size_t size, const char *src, size_t len, int *cut);

/* Length of the valid UTF-8 sequence at s (1..4), or 0. */
size_t utf8_sequence(const unsigned char *s, size_t len);

/*
 * A terminal obeys control characters: U+0000 to U+001F, U+007F and U+0080 to U+009F become '?', in
 * place.
 */
void utf8_no_controls(char *text);

#endif
