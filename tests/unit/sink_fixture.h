/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_fixture.h - a directory of its own for each test of the sink, what its files hold, and the
 * count of descriptors before and after.
 */
#ifndef MW_TESTS_SINK_FIXTURE_H
#define MW_TESTS_SINK_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/cleanup.h"
#include "out/record_json.h"
#include "out/sink.h"

#define MS 1000000ull

struct fixture {
	char dir[64];
	char path[96];
	int fds;
	bool mounted;
};

static inline int count_fds(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	return n;
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->fds = count_fds();
	snprintf(f->dir, sizeof(f->dir), "/tmp/test_sink.XXXXXX");
	if (!mkdtemp(f->dir)) {
		free(f);
		return -1;
	}
	snprintf(f->path, sizeof(f->path), "%s/out.jsonl", f->dir);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	DIR *d;
	int fds;

	if (f->mounted)
		umount2(f->dir, MNT_DETACH);
	d = opendir(f->dir);
	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(f->dir);
	fds = count_fds();
	if (fds != f->fds)
		print_error("descriptors: %d before, %d after\n", f->fds, fds);
	fds -= f->fds;
	free(f);
	return fds ? -1 : 0;
}

static inline struct sink *open_sink(const struct sink_options *options)
{
	struct sink *s = NULL;
	char err[256] = "";
	int r = sink_open(&s, options, err, sizeof(err));

	if (r < 0)
		fail_msg("sink_open: %d: %s", r, err);
	return s;
}

static inline void put(struct sink *s, const char *line, uint64_t now)
{
	sink_line(s, line, strlen(line), SEVERITY_INFO, now);
}

/* The whole content of a file of the directory; NULL when there is none. To be freed. */
static inline char *content(const struct fixture *f, const char *suffix)
{
	_cleanup_close_ int fd = -1;
	char path[128], *text;
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", f->path, suffix);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	assert_int_equal(fstat(fd, &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	return text;
}

static inline void expect_content(const struct fixture *f, const char *suffix, const char *want)
{
	_cleanup_free_ char *got = content(f, suffix);

	if (!want) {
		assert_null(got);
		return;
	}
	if (!got)
		fail_msg("there is no %s%s", f->path, suffix);
	assert_string_equal(got, want);
}

#define SINK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
