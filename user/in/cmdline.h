/* SPDX-License-Identifier: Apache-2.0 */
/* cmdline.h - an argument vector as the kernel keeps it, perhaps cut, as text for an event. */
#ifndef MW_IN_CMDLINE_H
#define MW_IN_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Turn args (len bytes, arguments parted by NUL) into one line at dst (size bytes, at least 1) by
 * redact_command_line() and mode (enum redact_mode). `cut`: the vector was longer than len.
 * Returns 1 when the line lacks something that the mode would have shown, else 0.
 */
int cmdline_text(char *dst, size_t size, const char *args, size_t len, bool cut, int mode);

#endif
