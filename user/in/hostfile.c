/* SPDX-License-Identifier: Apache-2.0 */
/* hostfile.c - see hostfile.h. openat2(2) has the kernel hold the rules while it walks the path. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "in/hostfile.h"
#include "in/kvfile.h"

static int open_how(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
	long fd;

	/* EAGAIN: something was renamed while ".." or the root's bounds were checked. */
	for (int tries = 0; tries < 3; tries++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

int hostroot_open(struct hostroot *root, const char *path)
{
	struct stat st;

	root->fd = open(path[0] ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0)
		return -errno;
	if (fstat(root->fd, &st)) {
		int r = -errno;

		hostroot_close(root);
		return r;
	}
	root->owner = st.st_uid;
	return 0;
}

void hostroot_close(struct hostroot *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

/* File systems whose servers are in the kernel: one of a user's own can make a reader wait. */
static bool is_local(const char *type)
{
	static const char *const local[] = {"ext2", "ext3",  "ext4",    "xfs",  "btrfs",
					    "zfs",  "tmpfs", "overlay", "f2fs", "bcachefs"};

	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if (!strcmp(type, local[i]))
			return true;
	return false;
}

/*
 * The mount that an O_PATH descriptor is on, by its number in fdinfo and mountinfo (proc(5)):
 * asking the file system itself, as fstatfs(2) does, is what may never come back.
 */
static bool is_on_local_mount(int fd)
{
	_cleanup_fclose_ FILE *mounts = NULL;
	char name[64], text[512], line[4096];
	uint64_t wanted;
	char *at;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	if (kvfile_read(AT_FDCWD, name, text, sizeof(text)) <= 0)
		return false;
	wanted = kvfile_get(text, "mnt_id");
	mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts && fgets(line, sizeof(line), mounts)) {
		uint64_t id;

		if (parse_u64_n(line, strcspn(line, " "), &id) || id != wanted)
			continue;
		at = strstr(line, " - ");
		if (!at)
			return false;
		at[3 + strcspn(at + 3, " \n")] = '\0';
		return is_local(at + 3);
	}
	return false;
}

/*
 * Opened without blocking: a FIFO in the place of a file must not hold the agent. Nor may what a
 * user has mounted: below a directory of a user's no mount is entered.
 */
static int open_below(const struct hostroot *root, const char *base, const char *below, uid_t owner,
		      uint64_t flags)
{
	_cleanup_close_ int dir = open_how(root->fd, base, O_PATH | O_DIRECTORY,
					   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

	if (dir < 0)
		return dir;
	if (owner != root->owner) {
		if (!is_on_local_mount(dir))
			return -EXDEV;
		resolve |= RESOLVE_NO_XDEV;
	}
	return open_how(dir, below, flags | O_RDONLY | O_NONBLOCK | O_NOCTTY, resolve);
}

static int check(int fd, uid_t owner, mode_t type)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if ((st.st_mode & S_IFMT) != type)
		return -EINVAL;
	return st.st_uid == owner ? 0 : -EPERM;
}

int hostfile_open(const struct hostroot *root, const char *base, const char *below, uid_t owner)
{
	int fd = open_below(root, base, below, owner, 0);
	int r;

	if (fd < 0)
		return fd;
	r = check(fd, owner, S_IFREG);
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

char *hostfile_text(const struct hostroot *root, const char *base, const char *below, uid_t owner,
		    size_t max, size_t *len)
{
	_cleanup_close_ int fd = hostfile_open(root, base, below, owner);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t size, got = 0;
	char *whole;

	if (fd < 0 || fstat(fd, &st)) {
		errno = fd < 0 ? -fd : errno;
		return NULL;
	}
	if (st.st_size < 0 || (size_t)st.st_size > max) {
		errno = EFBIG;
		return NULL;
	}
	/* One byte more than it has: a file that grows meanwhile is noticed. */
	size = (size_t)st.st_size + 2;
	text = malloc(size);
	if (!text)
		return NULL;
	while (got < size - 1) {
		ssize_t n = read(fd, text + got, size - 1 - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return NULL;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	if (got == size - 1) {
		errno = EBADMSG;
		return NULL;
	}
	text[got] = '\0';
	if (len)
		*len = got;
	whole = text;
	text = NULL;
	return whole;
}

json_t *hostfile_json(const struct hostroot *root, const char *base, const char *below, uid_t owner,
		      size_t max)
{
	size_t len;
	_cleanup_free_ char *text = hostfile_text(root, base, below, owner, max, &len);
	json_t *json;

	if (!text)
		return NULL;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		errno = EBADMSG;
	return json;
}

int hostfile_link(const struct hostroot *root, const char *base, const char *below, char *target,
		  size_t size)
{
	_cleanup_close_ int dir = open_how(root->fd, base, O_PATH | O_DIRECTORY,
					   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	_cleanup_close_ int link = -1;
	ssize_t n;

	if (dir < 0)
		return dir;
	link = open_how(dir, below, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (link < 0)
		return link;
	n = readlinkat(link, "", target, size);
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno; /* of what is no link */
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	target[n] = '\0';
	return 0;
}

DIR *hostfile_dir(const struct hostroot *root, const char *base, const char *below, uid_t owner)
{
	int fd = open_below(root, base, below, owner, O_DIRECTORY);
	int r = fd < 0 ? fd : check(fd, owner, S_IFDIR);
	DIR *dir;

	if (r < 0) {
		if (fd >= 0)
			close(fd);
		errno = -r;
		return NULL;
	}
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}
