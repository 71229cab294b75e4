/* SPDX-License-Identifier: Apache-2.0 */
/* wrap.h - text for people, broken at blanks so that it fits a terminal of 80 columns. */
#ifndef MW_CMD_WRAP_H
#define MW_CMD_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define WRAP_COLUMNS 80

/*
 * Print text and a newline. Its first line begins at `column` (something is there already), all
 * further ones behind `indent` blanks. Runs of blanks become one; a word that is longer than a line
 * stays whole; control bytes are shown as '?'.
 */
void wrap_print(FILE *out, const char *text, size_t column, size_t indent);

#endif
