/* SPDX-License-Identifier: Apache-2.0 */
/* records.c - read JSON lines as they grow, and look into them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "live.h"

static int add_line(struct records *r, const char *line)
{
	json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(o)) {
		json_decref(o);
		if (!r->broken++)
			snprintf(r->first_broken, sizeof(r->first_broken), "%s", line);
		return 0;
	}
	if (r->n == r->size) {
		size_t size = r->size ? r->size * 2 : 1024;
		json_t **more = realloc(r->lines, size * sizeof(*more));

		if (!more) {
			json_decref(o);
			return -ENOMEM;
		}
		r->lines = more;
		r->size = size;
	}
	r->lines[r->n++] = o;
	return 0;
}

int records_load(struct records *r, const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int err = 0;

	if (!f)
		return -errno;
	if (fseek(f, r->offset, SEEK_SET))
		return -errno;
	/* A line without its end is still being written: it is taken the next time. */
	while (!err && (n = getline(&line, &size, f)) > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		err = add_line(r, line);
		r->offset += n;
	}
	return err;
}

void records_free(struct records *r)
{
	for (size_t i = 0; i < r->n; i++)
		json_decref(r->lines[i]);
	free(r->lines);
	memset(r, 0, sizeof(*r));
}

json_t *json_at(json_t *o, const char *path)
{
	char key[64];
	size_t n;

	while (o && *path) {
		n = strcspn(path, ".");
		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		o = json_object_get(o, key);
		path += n;
		if (*path == '.')
			path++;
	}
	return o;
}

const char *json_str(json_t *o, const char *path)
{
	const char *s = json_string_value(json_at(o, path));

	return s ? s : "";
}

int64_t json_int(json_t *o, const char *path, int64_t missing)
{
	json_t *v = json_at(o, path);

	return json_is_integer(v) ? (int64_t)json_integer_value(v) : missing;
}

double json_num(json_t *o, const char *path, double missing)
{
	json_t *v = json_at(o, path);

	return json_is_number(v) ? json_number_value(v) : missing;
}

bool json_is(json_t *o, const char *path, const char *text)
{
	return !strcmp(json_str(o, path), text);
}

json_t *records_next(const struct records *r, const char *type, size_t *i)
{
	while (*i < r->n) {
		json_t *o = r->lines[(*i)++];

		if (json_is(o, "type", type))
			return o;
	}
	return NULL;
}

bool live_owns(const struct live *l, const char *path)
{
	size_t n = strlen(l->cgroups.base);

	return l->vm || (!strncmp(path, l->cgroups.base, n) && (!path[n] || path[n] == '/'));
}
