/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h - what a test makes the program say on standard error, and its open descriptors. */
#ifndef MW_TESTS_CAPTURE_H
#define MW_TESTS_CAPTURE_H

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

/* Standard error goes here while a test looks at messages. */
struct capture {
	FILE *file;
	int saved;
	char text[8192];
};

static inline void capture_begin(struct capture *c)
{
	c->file = tmpfile();
	assert_non_null(c->file);
	fflush(stderr);
	c->saved = dup(STDERR_FILENO);
	assert_true(dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static inline const char *capture_end(struct capture *c)
{
	size_t len;

	fflush(stderr);
	dup2(c->saved, STDERR_FILENO);
	close(c->saved);
	rewind(c->file);
	len = fread(c->text, 1, sizeof(c->text) - 1, c->file);
	c->text[len] = '\0';
	fclose(c->file);
	return c->text;
}

static inline int capture_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

#endif
