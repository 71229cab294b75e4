/* SPDX-License-Identifier: Apache-2.0 */
/* rotate.h - names of the old files of an output: path.1 is the youngest, path.N the oldest. */
#ifndef MW_OUT_ROTATE_H
#define MW_OUT_ROTATE_H

#include <stdint.h>

/*
 * Make the name `path` free: its file becomes path.1, path.1 becomes path.2 and so on as far as
 * there are any; the one that would be number keep + 1 goes. keep is at least 1. 0 or -errno; after
 * an error `path` still names the same file.
 */
int rotate_away(const char *path, uint64_t keep);

/* Undo what rotate_away() did to `path` itself, when no new file could be made. 0 or -errno. */
int rotate_back(const char *path);

#endif
