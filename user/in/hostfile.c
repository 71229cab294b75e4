/* SPDX-License-Identifier: Apache-2.0 */
/* hostfile.c - see hostfile.h. openat2(2) has the kernel hold the rules while it walks the path. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "in/hostfile.h"

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

/* Opened without blocking: a FIFO in the place of a file must not hold the agent. */
static int open_below(const struct hostroot *root, const char *base, const char *below, int flags)
{
	_cleanup_close_ int dir = open_how(root->fd, base, O_PATH | O_DIRECTORY,
					   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (dir < 0)
		return dir;
	return open_how(dir, below, (uint64_t)flags | O_RDONLY | O_NONBLOCK | O_NOCTTY,
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
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
	int fd = open_below(root, base, below, 0);
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

DIR *hostfile_dir(const struct hostroot *root, const char *base, const char *below, uid_t owner)
{
	int fd = open_below(root, base, below, O_DIRECTORY);
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
