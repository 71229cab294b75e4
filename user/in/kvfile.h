/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kvfile.h - the kernel's small text files: one number, lines of "key value", or pressure.
 *
 * Strict: a value that is not entirely a number is not known.
 */
#ifndef MW_IN_KVFILE_H
#define MW_IN_KVFILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Read a file relative to dirfd (AT_FDCWD for a plain path) into buf, NUL-terminated; a symbolic
 * link as its last component is refused. What does not fit is left out by whole lines. Returns
 * the length or -errno; size must be at least 1.
 */
ssize_t kvfile_read(int dirfd, const char *name, char *buf, size_t size);

/*
 * The number behind `key` at the beginning of a line: "key 12", "key: 12 kB", "key\t12". Returns
 * the first such line's number, U64_UNKNOWN when there is none or it is no number.
 */
uint64_t kvfile_get(const char *text, const char *key);

/*
 * A file of one number; "max" is U64_UNLIMITED. U64_UNKNOWN when it cannot be read or is neither.
 */
uint64_t kvfile_number(int dirfd, const char *name);

/*
 * avg10 of the "some" and "full" lines of a pressure file, in hundredths of a percent, or
 * U64_UNKNOWN (the kernel writes two decimals, Documentation/accounting/psi.rst).
 */
void kvfile_pressure(const char *text, uint64_t *some, uint64_t *full);

#endif
