/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_hostfile.c - files of runtimes are read where an administrator may have put them, and never
 * where a container or a user could lead the reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "in/hostfile.h"
#include "unit/tmptree.h"

static struct hostroot root;

static int setup(void **state)
{
	return tree_setup(state) || hostroot_open(&root, tree_root);
}

static int teardown(void **state)
{
	hostroot_close(&root);
	return tree_teardown(state);
}

static void link_to(const char *target, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", tree_root, name);
	assert_int_equal(symlink(target, path), 0);
}

/* What comes of base/below: 0 when it is "yes", or the errno. */
static int read_as(const char *base, const char *below, uid_t owner)
{
	size_t len = 0;
	_cleanup_free_ char *text = hostfile_text(&root, base, below, owner, 64, &len);

	if (!text)
		return errno;
	assert_int_equal(len, 3);
	assert_string_equal(text, "yes");
	return 0;
}

static int read_yes(const char *base, const char *below)
{
	return read_as(base, below, root.owner);
}

static void test_plain(void **state)
{
	(void)state;
	tree_put("var/lib/docker/containers/a/file", "yes");
	assert_int_equal(read_yes("/var/lib/docker", "containers/a/file"), 0);
	assert_int_equal(read_yes("/var/lib/docker", "containers/a/fil"), ENOENT);
	assert_int_equal(read_yes("/var/lib/docked", "containers/a/file"), ENOENT);
	assert_int_equal(read_yes("/var/lib/docker", "containers/a"), EINVAL);
	assert_int_equal(read_yes("/var/lib/docker", "containers/../containers/a/file"), 0);
	assert_int_equal(read_yes("/var/lib/docker", "../docker/containers/a/file"), EXDEV);
	assert_int_equal(read_yes("/var/lib/docker", "/etc/passwd"), EXDEV);
}

/* The administrator's links are followed, within the root; a container's are not. */
static void test_links(void **state)
{
	(void)state;
	tree_put("data/docker/containers/a/file", "yes");
	tree_put("var/lib/x", "");
	tree_put("etc/secret", "yes");
	link_to("/data/docker", "var/lib/docker");
	assert_int_equal(read_yes("/var/lib/docker", "containers/a/file"), 0);
	link_to("../../../../etc", "var/lib/up");
	assert_int_equal(read_yes("/var/lib/up", "secret"), 0); /* stays in the root */
	link_to("file", "data/docker/containers/a/link");
	assert_int_equal(read_yes("/var/lib/docker", "containers/a/link"), ELOOP);
	link_to("a", "data/docker/containers/b");
	assert_int_equal(read_yes("/var/lib/docker", "containers/b/file"), ELOOP);
	link_to("/proc/self/root", "var/lib/magic");
	assert_true(read_yes("/var/lib/magic", "etc/secret") != 0);
}

static void test_what_is_no_file(void **state)
{
	char path[256];

	(void)state;
	tree_put("base/a", "yes");
	snprintf(path, sizeof(path), "%s/base/fifo", tree_root);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(read_yes("/base", "fifo"), EINVAL);
	assert_int_equal(read_yes("/base", "a"), 0);
}

static void test_sizes(void **state)
{
	char text[65];
	_cleanup_free_ char *whole = NULL;

	(void)state;
	memset(text, 'x', sizeof(text));
	tree_put_bytes("base/fits", text, 64);
	tree_put_bytes("base/long", text, 65);
	tree_put_bytes("base/empty", text, 0);
	whole = hostfile_text(&root, "/base", "fits", root.owner, 64, NULL);
	assert_non_null(whole);
	assert_int_equal(strlen(whole), 64);
	assert_null(hostfile_text(&root, "/base", "long", root.owner, 64, NULL));
	assert_int_equal(errno, EFBIG);
	free(whole);
	whole = hostfile_text(&root, "/base", "empty", root.owner, 64, NULL);
	assert_non_null(whole);
	assert_string_equal(whole, "");
}

static void test_owner(void **state)
{
	char path[256];

	(void)state;
	if (geteuid() != 0)
		skip();
	tree_put("home/u/file", "yes");
	snprintf(path, sizeof(path), "%s/home/u/file", tree_root);
	assert_int_equal(read_as("/home/u", "file", 1000), EPERM);
	assert_int_equal(chown(path, 1000, 1000), 0);
	assert_int_equal(read_as("/home/u", "file", 1000), 0);
	assert_int_equal(read_as("/home/u", "file", 1001), EPERM);
	assert_int_equal(read_yes("/home/u", "file"), EPERM);
}

/* A mount below a user's directory is not entered, one below root's is (a data disk). */
static void test_mounts(void **state)
{
	char path[256], file[300];
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	tree_put("home/u/storage/x", "");
	snprintf(path, sizeof(path), "%s/home/u/storage", tree_root);
	if (mount("tmpfs", path, "tmpfs", 0, "size=64k"))
		skip();
	snprintf(file, sizeof(file), "%s/list", path);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0 && write(fd, "yes", 3) == 3 && fchown(fd, 1000, 1000) == 0);
	close(fd);
	assert_int_equal(read_as("/home/u", "storage/list", 1000), EXDEV);
	assert_int_equal(read_as("/home/u/storage", "list", 1000), 0);
	assert_int_equal(chown(file, 0, 0), 0);
	assert_int_equal(read_yes("/home/u", "storage/list"), 0);
	assert_int_equal(umount(path), 0);
	/* And no file system that is not known to answer by itself. */
	if (mount("proc", path, "proc", 0, NULL))
		skip();
	assert_int_equal(read_as("/home/u/storage", "version", 1000), EXDEV);
	assert_int_equal(umount(path), 0);
}

static json_t *json_of(const char *text, size_t len)
{
	tree_put_bytes("base/j", text, len);
	return hostfile_json(&root, "/base", "j", root.owner, 4096);
}

static void test_json(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{"{\"a\":\"b\"", 8},           /* just being written */
		{"{\"a\":1,\"a\":2}", 13},     /* which one? */
		{"{\"a\":\"b\\u0000c\"}", 16}, /* a text with a NUL is two */
		{"{\"a\":\"\xff\"}", 9},       /* no UTF-8 */
		{"{\"a\":\"b\"} x", 11},       /* more than it */
		{"", 0},
	};
	json_t *json = json_of("{\"a\":\"b\"}", 9);

	(void)state;
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "a")), "b");
	json_decref(json);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_null(json_of(bad[i].text, bad[i].len));
		assert_int_equal(errno, EBADMSG);
	}
}

/* Depth that would exhaust a stack is refused, not tried. */
static void test_deep_json(void **state)
{
	static char text[4000];

	(void)state;
	memset(text, '[', sizeof(text));
	assert_null(json_of(text, sizeof(text)));
	assert_int_equal(errno, EBADMSG);
}

static void test_directories(void **state)
{
	DIR *dir;

	(void)state;
	tree_put("base/d/a", "");
	dir = hostfile_dir(&root, "/base", "d", root.owner);
	assert_non_null(dir);
	closedir(dir);
	dir = hostfile_dir(&root, "/base", ".", root.owner);
	assert_non_null(dir);
	closedir(dir);
	assert_null(hostfile_dir(&root, "/base", "d/a", root.owner));
	link_to("d", "base/link");
	assert_null(hostfile_dir(&root, "/base", "link", root.owner));
	assert_int_equal(errno, ELOOP);
}

#define HOST_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOST_TEST(test_plain), HOST_TEST(test_links),     HOST_TEST(test_what_is_no_file),
		HOST_TEST(test_sizes), HOST_TEST(test_owner),     HOST_TEST(test_mounts),
		HOST_TEST(test_json),  HOST_TEST(test_deep_json), HOST_TEST(test_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
