/* SPDX-License-Identifier: Apache-2.0 */
/* sink_open.c - finding out what the output is, and opening it so that no write can block. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "out/sink_state.h"

#define QUEUE_DEFAULT (1u << 20)

static int kind_of(const struct stat *st, enum sink_kind *kind)
{
	if (S_ISREG(st->st_mode))
		*kind = SINK_FILE;
	else if (S_ISFIFO(st->st_mode) || S_ISCHR(st->st_mode))
		*kind = SINK_STREAM;
	else if (S_ISSOCK(st->st_mode))
		*kind = SINK_SOCKET;
	else
		return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
	return 0;
}

/* Does the file end within a line, as after a crash or on a disk that was full? */
static bool ends_in_a_line(const char *path, const struct stat *st)
{
	_cleanup_close_ int fd = -1;
	struct stat seen;
	char last;

	if (st->st_size == 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &seen) < 0 || seen.st_ino != st->st_ino ||
	    seen.st_dev != st->st_dev)
		return false;
	return pread(fd, &last, 1, st->st_size - 1) == 1 && last != '\n';
}

static bool is_fifo(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

void sink_close_fd(struct sink *s)
{
	if (s->own_fd)
		close(s->fd);
	s->own_fd = false;
	s->fd = -1;
	s->kind = SINK_STREAM;
}

int sink_open_path(struct sink *s)
{
	/* O_NONBLOCK: a FIFO without a reader fails at once; it means nothing to a file. */
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	_cleanup_close_ int fd = -1;
	enum sink_kind kind;
	struct stat st;
	int r;

	fd = open(s->path, flags, 0640);
	if (fd < 0) {
		/* A socket's name gives the same error, and no reader will ever cure it. */
		if (errno == ENXIO && !is_fifo(s->path))
			return -EOPNOTSUPP;
		return -errno;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	r = kind_of(&st, &kind);
	if (r < 0)
		return r;
	sink_close_fd(s);
	s->fd = fd;
	s->own_fd = true;
	s->kind = kind;
	s->file_bytes = kind == SINK_FILE ? (uint64_t)st.st_size : 0;
	s->newline_due = kind == SINK_FILE && ends_in_a_line(s->path, &st);
	fd = -1;
	return 0;
}

/*
 * Pipes and terminals: a description of our own can be non-blocking without changing the one that
 * we share with whoever started us. Where that is not allowed, poll() and small writes must do.
 */
static int open_stdout(struct sink *s)
{
	struct stat st;
	int r;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return -errno;
	r = kind_of(&st, &s->kind);
	if (r < 0)
		return r;
	s->fd = STDOUT_FILENO;
	if (s->kind == SINK_STREAM) {
		int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0) {
			s->fd = fd;
			s->own_fd = true;
		}
	}
	return 0;
}

/*
 * Rotation renames: it must be the file itself and not a symbolic link to it (think of
 * /dev/stdout), and the directory must be writable too: better said at start than at night.
 */
static int prepare_rotation(struct sink *s)
{
	_cleanup_free_ char *dir = NULL;
	const char *slash;
	char *real;

	if (s->kind != SINK_FILE || (!s->rotate_bytes && !s->rotate_ns))
		return 0;
	real = realpath(s->path, NULL);
	if (!real)
		return -errno;
	free(s->path);
	s->path = real;
	slash = strrchr(s->path, '/');
	dir = strndup(s->path, slash == s->path ? 1 : (size_t)(slash - s->path));
	if (!dir)
		return -ENOMEM;
	return faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static void explain(int r, const char *path, char *err, size_t size)
{
	switch (-r) {
	case ENOENT:
		snprintf(err, size, "cannot write to '%s': its directory does not exist", path);
		break;
	case EISDIR:
		snprintf(err, size, "cannot write to '%s': it is a directory", path);
		break;
	case EOPNOTSUPP:
	case EINVAL:
		snprintf(err, size, "cannot write to '%s': it is no file, FIFO or terminal", path);
		break;
	default:
		snprintf(err, size, "cannot write to '%s': %s", path, strerror(-r));
	}
}

void sink_free(struct sink *s)
{
	sink_close_fd(s);
	line_queue_free(s->queue);
	free(s->path);
	free(s);
}

static int open_output(struct sink *s, char *err, size_t err_size)
{
	int r;

	if (!s->path) {
		r = open_stdout(s);
		if (r < 0)
			explain(r, "standard output", err, err_size);
		return r;
	}
	r = sink_open_path(s);
	if (r == -ENXIO)
		return 0; /* a FIFO: the reader may come later */
	if (r < 0) {
		explain(r, s->path, err, err_size);
		return r;
	}
	r = prepare_rotation(s);
	if (r < 0)
		snprintf(err, err_size, "cannot rotate '%s': %s (its directory must be writable)",
			 s->path, strerror(-r));
	return r;
}

int sink_open(struct sink **out, const struct sink_options *options, char *err, size_t err_size)
{
	size_t bytes = options->queue_bytes ? options->queue_bytes : QUEUE_DEFAULT;
	size_t least = line_queue_size_for(RECORD_LINE_MAX);
	struct sink *s = malloc(sizeof(*s));
	int r;

	if (!s) {
		explain(-ENOMEM, options->path ? options->path : "-", err, err_size);
		return -ENOMEM;
	}
	/* Not the line: its pages stay untouched until a line needs them. */
	memset(s, 0, offsetof(struct sink, line));
	s->fd = -1;
	s->kind = SINK_STREAM;
	s->rotate_bytes = options->rotate_bytes;
	s->rotate_ns = options->rotate_ns;
	s->rotate_keep = options->rotate_keep;
	r = line_queue_new(&s->queue, bytes > least ? bytes : least);
	if (r == 0 && options->path && strcmp(options->path, "-")) {
		s->path = strdup(options->path);
		r = s->path ? 0 : -ENOMEM;
	}
	if (r < 0)
		snprintf(err, err_size, "no memory for an output queue of %zu bytes: %s", bytes,
			 strerror(-r));
	else
		r = open_output(s, err, err_size);
	if (r < 0) {
		sink_free(s);
		return r;
	}
	*out = s;
	return 0;
}
