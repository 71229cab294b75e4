/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmptree.h - a folder of its own for each test that builds a tree, removed behind it; the test
 * fails when it leaves a file descriptor open.
 */
#ifndef MW_TESTS_TMPTREE_H
#define MW_TESTS_TMPTREE_H

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static char tree_root[64];

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int tree_descriptors(void)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	return n;
}

/* cmocka's setup and teardown. */
static inline int tree_setup(void **state)
{
	static int before;

	strcpy(tree_root, "/tmp/mw-test-XXXXXX");
	if (!mkdtemp(tree_root))
		return -1;
	before = tree_descriptors();
	*state = &before;
	return 0;
}

static inline int tree_teardown(void **state)
{
	nftw(tree_root, tree_remove_one, 64, FTW_DEPTH | FTW_PHYS);
	return tree_descriptors() == *(int *)*state ? 0 : -1;
}

/* Write a file below the root, with the folders that it needs. */
static inline void tree_put_bytes(const char *name, const char *data, size_t len)
{
	char path[1024];
	FILE *f;

	assert_true((size_t)snprintf(path, sizeof(path), "%s/%s", tree_root, name) < sizeof(path));
	for (char *p = path + strlen(tree_root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static inline void tree_put(const char *name, const char *text)
{
	tree_put_bytes(name, text, strlen(text));
}

/* The inode of mount + path: what a cgroup's id is. */
static inline uint64_t tree_inode(const char *mount, const char *path)
{
	char full[2048];
	struct stat st;

	assert_true((size_t)snprintf(full, sizeof(full), "%s%s", mount, path) < sizeof(full));
	assert_int_equal(stat(full, &st), 0);
	return st.st_ino;
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

#endif
