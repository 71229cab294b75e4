/* SPDX-License-Identifier: Apache-2.0 */
/* redact.h - command lines without the secrets that people put into them. */
#ifndef MW_BASE_REDACT_H
#define MW_BASE_REDACT_H

#include <stddef.h>

/*
 * Turn an argument vector as the kernel keeps it (args, len bytes, each argument ended by NUL)
 * into one line, arguments parted by blanks, valid UTF-8, at most size - 1 bytes and a NUL.
 * mode is enum redact_mode of core/event.h: 0 hides the values of what looks like a secret
 * (--password=x, --token x, PASSWORD=x, user:pass@host in a URL, Authorization headers, AWS keys
 * and JWTs) behind "***"; 1 hides nothing; 2 keeps only the first argument; 3 gives "".
 * Returns the length; *cut (may be NULL) is set to 1 when it did not fit, else left alone.
 */
size_t redact_command_line(char *dst, size_t size, const char *args, size_t len, int mode,
			   int *cut);

#endif
