/* SPDX-License-Identifier: Apache-2.0 */
/* json_write.c - nesting, commas, cutting: see json_write.h. Numbers are in json_number.c. */
#include <assert.h>
#include <string.h>
#include "base/utf8.h"
#include "core/event.h"
#include "out/json_write.h"

void jw_begin(struct json_write *w, struct buf *b)
{
	w->b = b;
	w->begin = b->len;
	w->depth = 0;
	w->n_cuts = 0;
	w->level[0] = (struct json_level){.mark = b->len};
	buf_char(b, '{');
}

static void put_key(struct json_write *w, const char *key)
{
	if (w->level[w->depth].filled)
		buf_char(w->b, ',');
	if (key) {
		buf_char(w->b, '"');
		buf_str(w->b, key);
		buf_bytes(w->b, "\":", 2);
	}
}

void jw_before(struct json_write *w, const char *key)
{
	put_key(w, key);
	w->level[w->depth].filled = true;
}

void jw_pair(struct json_write *w, const char *key, size_t key_len, const char *value,
	     size_t value_len)
{
	jw_before(w, NULL);
	buf_json_string(w->b, key, key_len);
	buf_char(w->b, ':');
	buf_json_string(w->b, value, value_len);
}

static void open_level(struct json_write *w, const char *key, bool array)
{
	struct json_level level = {.key = key, .mark = w->b->len, .array = array};

	assert(w->depth + 1 < JSON_DEPTH);
	/* The parent counts as filled only once this level is: jw_end() sees to it. */
	put_key(w, key);
	buf_char(w->b, array ? '[' : '{');
	w->level[++w->depth] = level;
}

void jw_object(struct json_write *w, const char *key)
{
	open_level(w, key, false);
}

void jw_array(struct json_write *w, const char *key)
{
	open_level(w, key, true);
}

void jw_end(struct json_write *w)
{
	const struct json_level *level = &w->level[w->depth];

	assert(w->depth > 0);
	w->depth--;
	if (!level->filled && !level->array) {
		w->b->len = level->mark;
		return;
	}
	buf_char(w->b, level->array ? ']' : '}');
	w->level[w->depth].filled = true;
}

static size_t path_add(char *path, size_t len, const char *key)
{
	size_t n = strlen(key);

	if (len + (len > 0) + n >= JSON_PATH)
		return len;
	if (len)
		path[len++] = '.';
	memcpy(path + len, key, n);
	return len + n;
}

void jw_cut(struct json_write *w, const char *key)
{
	char path[JSON_PATH];
	size_t len = 0;

	for (unsigned int i = 1; i <= w->depth; i++)
		if (w->level[i].key)
			len = path_add(path, len, w->level[i].key);
	if (key)
		len = path_add(path, len, key);
	path[len] = '\0';
	for (size_t i = 0; i < w->n_cuts; i++)
		if (!strcmp(w->cuts[i], path))
			return;
	if (w->n_cuts < JSON_CUTS)
		memcpy(w->cuts[w->n_cuts++], path, len + 1);
}

static size_t line_room(const struct json_write *w)
{
	size_t used = w->b->len - w->begin;

	return used < JSON_SOFT_MAX ? JSON_SOFT_MAX - used : 0;
}

bool jw_room(struct json_write *w)
{
	/* Less than this and an element's texts would all be cut to nothing. */
	if (line_room(w) >= 2048)
		return true;
	jw_cut(w, NULL);
	return false;
}

/* Most bytes that the character at s, n bytes long (0: not valid), can take in a JSON string. */
static size_t escaped_size(const unsigned char *s, size_t n)
{
	if (n > 1)
		return n;
	if (n == 0 || *s < 0x20 || *s == 0x7f)
		return 6;
	return *s == '"' || *s == '\\' ? 2 : 1;
}

/* How much of the text takes no more than room, in whole characters. */
static size_t fitting(const char *text, size_t len, size_t room)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0;

	while (at < len) {
		size_t n = utf8_sequence(s + at, len - at);
		size_t cost = escaped_size(s + at, n);

		if (cost > room)
			break;
		room -= cost;
		at += n ? n : 1;
	}
	return at;
}

void jw_string(struct json_write *w, const char *key, const char *text, size_t cap)
{
	size_t len, fit, room, own;

	if (!text || !*text)
		return;
	own = (key ? strlen(key) : 0) + 8; /* quotes, colon, comma */
	room = line_room(w);
	room = room > own ? room - own : 0;
	/* A byte of text takes at least a byte: what is this far behind the cap cannot matter. */
	len = strnlen(text, cap + 4);
	fit = fitting(text, len, cap < room ? cap : room);
	if (fit < len)
		jw_cut(w, key);
	if (!fit)
		return;
	jw_before(w, key);
	buf_json_string(w->b, text, fit);
}

void jw_bool(struct json_write *w, const char *key, bool v)
{
	jw_before(w, key);
	buf_str(w->b, v ? "true" : "false");
}

void jw_finish(struct json_write *w)
{
	assert(w->depth == 0);
	if (w->n_cuts) {
		jw_array(w, "truncated");
		for (size_t i = 0; i < w->n_cuts; i++) {
			jw_before(w, NULL);
			buf_json_string(w->b, w->cuts[i], strlen(w->cuts[i]));
		}
		jw_end(w);
	}
	buf_bytes(w->b, "}\n", 2);
}
