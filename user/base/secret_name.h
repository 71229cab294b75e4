/* SPDX-License-Identifier: Apache-2.0 */
/* secret_name.h - does the name of an option or variable say that its value is a secret? */
#ifndef MW_BASE_SECRET_NAME_H
#define MW_BASE_SECRET_NAME_H

/*
 * Is [s, end), leading dashes included, the name of a secret: "--db-password", "PGPASSWORD",
 * "apiKey", but not "--author", "--pass-through" or "--password-file"? Returns 1 or 0. Looks at
 * a bounded number of bytes at the end, so the cost does not grow with the length.
 */
int secret_name(const char *s, const char *end);

/* Is it a switch, which takes no value of its own: "--no-password", "--with-token"? */
int secret_name_switch(const char *s, const char *end);

#endif
