/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - strict text to number: the whole text counts, nothing is guessed. */
#ifndef MW_BASE_PARSE_H
#define MW_BASE_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* Decimal digits only, no sign, no blanks. 0, -EINVAL or -ERANGE; *out untouched on error. */
int parse_u64(const char *text, uint64_t *out);

/* The same over len bytes that need no NUL. */
int parse_u64_n(const char *text, size_t len, uint64_t *out);

/* Hexadecimal digits only (no 0x). */
int parse_hex64(const char *text, size_t len, uint64_t *out);

/* "60", "1.5s", "500ms", "100us", "5m", "2h", "7d"; without a unit: seconds. Nanoseconds out. */
int parse_duration(const char *text, uint64_t *ns);

/* "1048576", "64K", "512M", "2G", also "KiB" "MiB" "GiB": powers of 1024. Bytes out. */
int parse_bytes(const char *text, uint64_t *bytes);

/* "yes" "true" "on" "1" / "no" "false" "off" "0". */
int parse_bool(const char *text, int *out);

#endif
