/* SPDX-License-Identifier: Apache-2.0 */
/* rotate.c - renaming of the old files of an output: see rotate.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include "out/rotate.h"

/* Number 0 is the path itself. */
static int numbered(char name[PATH_MAX], const char *path, uint64_t number)
{
	int n;

	if (number)
		n = snprintf(name, PATH_MAX, "%s.%llu", path, (unsigned long long)number);
	else
		n = snprintf(name, PATH_MAX, "%s", path);
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int rotate_away(const char *path, uint64_t keep)
{
	char from[PATH_MAX], to[PATH_MAX];
	uint64_t last = 1;
	struct stat st;
	int r;

	/* Up to the first gap: what lies behind one need not move. */
	for (; last < keep; last++) {
		r = numbered(to, path, last);
		if (r < 0)
			return r;
		if (lstat(to, &st) < 0)
			break;
	}
	for (; last >= 1; last--) {
		r = numbered(from, path, last - 1);
		if (r < 0)
			return r;
		r = numbered(to, path, last);
		if (r < 0)
			return r;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int rotate_back(const char *path)
{
	char from[PATH_MAX];
	int r = numbered(from, path, 1);

	if (r < 0)
		return r;
	return rename(from, path) < 0 ? -errno : 0;
}
