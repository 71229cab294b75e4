/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eventlog_write.c - the event log's writer.
 *
 * Lines wait, whole, in a text buffer; from there they go to the file, through deflate when the
 * log is compressed. When the file takes only a part (a full disk), the rest stays and is tried
 * again with the next event, so that no half line is left in the middle; an event that finds no
 * room in the buffer is dropped whole and counted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "core/event_fields.h"
#include "out/eventlog_write.h"

#define TEXT_SIZE   (128 * 1024) /* twice the longest line that the table can make */
#define TEXT_FULL   (64 * 1024)  /* from here on it is given to the file */
#define PACKED_SIZE (64 * 1024)

struct eventlog_writer {
	int fd;
	int error; /* errno of the first failure */
	bool packed;
	uint64_t lost;
	struct buf text; /* whole lines, of which text_done bytes are out */
	size_t text_done;
	z_stream deflate;
	size_t packed_len, packed_done; /* bytes of packed_data, of which are out */
	unsigned char *packed_data;
	char text_data[TEXT_SIZE];
};

/* ---- one event as a line ---- */

static void format_fields(struct buf *b, const struct event_field *fields, size_t n,
			  const char *base);

static void format_u64(struct buf *b, uint64_t v)
{
	if (v == U64_UNKNOWN)
		buf_str(b, "null"); /* only in an array: elsewhere the key is left out */
	else if (v == U64_UNLIMITED)
		buf_str(b, "\"max\"");
	else
		buf_u64(b, v);
}

static void format_level(struct buf *b, const char *level)
{
	size_t n;
	const struct event_field *fields = event_level_fields(&n);

	buf_char(b, '{');
	format_fields(b, fields, n, level);
	buf_char(b, '}');
}

static uint32_t load_u32(const char *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint64_t load_u64(const char *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* How many elements an array has now. */
static size_t array_count(const struct event_field *f, const char *base)
{
	size_t n;

	if (f->kind != FIELD_U64S) {
		n = load_u32(base + f->count_offset);
		return n < f->count ? n : f->count;
	}
	for (n = 0; n < f->count; n++) {
		if (load_u64(base + f->offset + n * sizeof(uint64_t)) != U64_UNKNOWN)
			return f->count;
	}
	return 0;
}

static void format_array(struct buf *b, const struct event_field *f, const char *base)
{
	size_t n = array_count(f, base);
	const char *at = base + f->offset;

	buf_char(b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(b, ',');
		switch (f->kind) {
		case FIELD_LEVELS:
			format_level(b, at + i * sizeof(struct ev_level));
			break;
		case FIELD_STRS:
			buf_json_string(b, at + i * f->size, strnlen(at + i * f->size, f->size));
			break;
		default:
			format_u64(b, load_u64(at + i * sizeof(uint64_t)));
		}
	}
	buf_char(b, ']');
}

/* Is the value known? What is not known has no key. */
static bool field_known(const struct event_field *f, const char *base)
{
	const char *at = base + f->offset;

	switch (f->kind) {
	case FIELD_U64:
		return load_u64(at) != U64_UNKNOWN;
	case FIELD_S64:
		return (int64_t)load_u64(at) != S64_UNKNOWN;
	case FIELD_STR:
		return *at != '\0';
	case FIELD_LEVEL:
		return load_u64(at + offsetof(struct ev_level, id)) != 0;
	case FIELD_LEVELS:
	case FIELD_STRS:
	case FIELD_U64S:
		return array_count(f, base) > 0;
	case FIELD_U32:
	case FIELD_S32:
	case FIELD_WHO:
		break;
	}
	return true;
}

static void format_value(struct buf *b, const struct event_field *f, const char *base)
{
	const char *at = base + f->offset;
	const struct event_field *fields;
	size_t n;

	switch (f->kind) {
	case FIELD_U32:
		buf_u64(b, load_u32(at));
		break;
	case FIELD_S32:
		buf_s64(b, (int32_t)load_u32(at));
		break;
	case FIELD_U64:
		format_u64(b, load_u64(at));
		break;
	case FIELD_S64:
		buf_s64(b, (int64_t)load_u64(at));
		break;
	case FIELD_STR:
		buf_json_string(b, at, strnlen(at, f->size));
		break;
	case FIELD_WHO:
		fields = event_who_fields(&n);
		buf_char(b, '{');
		format_fields(b, fields, n, at);
		buf_char(b, '}');
		break;
	case FIELD_LEVEL:
		format_level(b, at);
		break;
	case FIELD_LEVELS:
	case FIELD_STRS:
	case FIELD_U64S:
		format_array(b, f, base);
		break;
	}
}

static void format_fields(struct buf *b, const struct event_field *fields, size_t n,
			  const char *base)
{
	for (size_t i = 0; i < n; i++) {
		const struct event_field *f = &fields[i];

		if (!field_known(f, base))
			continue;
		if (b->len && b->data[b->len - 1] != '{')
			buf_char(b, ',');
		buf_char(b, '"');
		buf_str(b, f->key);
		buf_bytes(b, "\":", 2);
		format_value(b, f, base);
	}
}

void eventlog_format(struct buf *b, const union event *ev)
{
	const struct event_info *info = event_info(ev->head.type);

	if (!info)
		return;
	buf_str(b, "{\"ev\":\"");
	buf_str(b, info->name);
	buf_str(b, "\",\"t\":");
	buf_u64(b, ev->head.ts);
	format_fields(b, info->fields, info->n_fields, (const char *)ev);
	buf_bytes(b, "}\n", 2);
}

/* ---- the file ---- */

static void note_error(struct eventlog_writer *w, int error)
{
	if (!w->error)
		w->error = error;
}

/* Write data[*done..len); *done follows what the file has taken. 0 or -errno. */
static int write_some(struct eventlog_writer *w, const void *data, size_t len, size_t *done)
{
	while (*done < len) {
		ssize_t n = write(w->fd, (const char *)data + *done, len - *done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n < 0 ? errno : EIO;

			note_error(w, error);
			return -error;
		}
		*done += (size_t)n;
	}
	return 0;
}

/* Forget the text that is out; what is left moves to the front. */
static void text_consume(struct eventlog_writer *w)
{
	w->text.len -= w->text_done;
	memmove(w->text_data, w->text_data + w->text_done, w->text.len);
	w->text_done = 0;
}

static int drain_packed(struct eventlog_writer *w, int flush)
{
	bool more = true;

	while (more) {
		int err = write_some(w, w->packed_data, w->packed_len, &w->packed_done);

		if (err)
			return err;
		w->deflate.next_in = (unsigned char *)w->text_data + w->text_done;
		w->deflate.avail_in = (uInt)(w->text.len - w->text_done);
		w->deflate.next_out = w->packed_data;
		w->deflate.avail_out = PACKED_SIZE;
		/* Only Z_BUF_ERROR is possible here (nothing to do), and it is harmless. */
		(void)deflate(&w->deflate, flush);
		w->text_done = w->text.len - w->deflate.avail_in;
		w->packed_len = PACKED_SIZE - w->deflate.avail_out;
		w->packed_done = 0;
		more = w->packed_len == PACKED_SIZE || w->text_done < w->text.len;
	}
	return flush == Z_NO_FLUSH ? 0
				   : write_some(w, w->packed_data, w->packed_len, &w->packed_done);
}

/* Give the text to the file. What it does not take stays. */
static int drain(struct eventlog_writer *w, int flush)
{
	int err;

	if (w->packed)
		err = drain_packed(w, flush);
	else
		err = write_some(w, w->text_data, w->text.len, &w->text_done);
	text_consume(w);
	return err;
}

void eventlog_write(struct eventlog_writer *w, const union event *ev)
{
	size_t before = w->text.len;

	eventlog_format(&w->text, ev);
	if (w->text.overflow) {
		w->text.len = before;
		w->text.overflow = false;
		w->lost++;
	}
	if (w->text.len >= TEXT_FULL)
		(void)drain(w, Z_NO_FLUSH);
}

void eventlog_flush(struct eventlog_writer *w)
{
	(void)drain(w, Z_SYNC_FLUSH);
}

uint64_t eventlog_writer_lost(const struct eventlog_writer *w, int *error)
{
	if (error)
		*error = w->error;
	return w->lost;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

static void writer_free(struct eventlog_writer *w)
{
	if (w->packed)
		deflateEnd(&w->deflate);
	free(w->packed_data);
	free(w);
}

int eventlog_writer_open(struct eventlog_writer **out, const char *path)
{
	struct eventlog_writer *w = calloc(1, sizeof(*w));
	int error = ENOMEM;

	if (!w)
		return -ENOMEM;
	buf_init(&w->text, w->text_data, sizeof(w->text_data));
	if (ends_with(path, ".gz")) {
		/* 15 + 16: the largest window, in gzip's clothes. Fast, as logs shrink anyway. */
		if (deflateInit2(&w->deflate, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8,
				 Z_DEFAULT_STRATEGY) != Z_OK)
			goto fail;
		w->packed = true;
		w->packed_data = malloc(PACKED_SIZE);
		if (!w->packed_data)
			goto fail;
	}
	w->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (w->fd < 0) {
		error = errno;
		goto fail;
	}
	*out = w;
	return 0;
fail:
	writer_free(w);
	return -error;
}

int eventlog_writer_close(struct eventlog_writer *w)
{
	int error;

	if (!w)
		return 0;
	(void)drain(w, Z_FINISH);
	if (close(w->fd) < 0)
		note_error(w, errno);
	error = w->error;
	writer_free(w);
	return -error;
}
