/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_event_fields.c - the field table covers every byte of every event, is found by number and
 * by name, and docs/events.md says the same. Run from the root of the tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "core/event_fields.h"
#include "in/eventlog.h"
#include "out/eventlog_write.h"

#define TYPE_LIMIT 200
#define EVENTS     27

/* The names are a file format: this list only grows. */
static const struct {
	const char *name;
	uint32_t type;
} names[EVENTS] = {
	{"start", 1},      {"feature", 2},     {"ready", 3},        {"clock", 4},
	{"mark", 5},       {"stop", 6},        {"resource", 7},     {"program", 8},
	{"health", 9},     {"cgroup_new", 10}, {"cgroup_gone", 11}, {"cgroup_attach", 12},
	{"identity", 13},  {"fork", 20},       {"exec", 21},        {"exit", 22},
	{"signal", 23},    {"proc_info", 24},  {"oom", 30},         {"task", 40},
	{"tasks_end", 41}, {"memcg", 42},      {"memcg_stat", 43},  {"memcg_counts", 44},
	{"host", 45},      {"memcgs_end", 46}, {"memcg_watch", 47},
};

static size_t element_size(const struct event_field *f)
{
	switch (f->kind) {
	case FIELD_U32:
	case FIELD_S32:
		return 4;
	case FIELD_U64:
	case FIELD_S64:
	case FIELD_U64S:
		return 8;
	case FIELD_STR:
	case FIELD_STRS:
		return f->size;
	case FIELD_WHO:
		return sizeof(struct ev_who);
	case FIELD_LEVEL:
	case FIELD_LEVELS:
		return sizeof(struct ev_level);
	}
	fail();
	return 0;
}

static int is_array(const struct event_field *f)
{
	return f->kind == FIELD_LEVELS || f->kind == FIELD_STRS || f->kind == FIELD_U64S;
}

static void test_lookup(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < EVENTS; i++) {
		const struct event_info *info = event_info(names[i].type);
		size_t len = strlen(names[i].name);
		char changed[32];

		assert_non_null(info);
		assert_string_equal(info->name, names[i].name);
		assert_int_equal(info->type, names[i].type);
		assert_ptr_equal(event_info_by_name(names[i].name, len), info);
		for (size_t at = 0; at < len; at++) {
			memcpy(changed, names[i].name, len + 1);
			changed[at] ^= 1;
			assert_null(event_info_by_name(changed, len));
		}
		assert_null(event_info_by_name(names[i].name, len - 1));
		memcpy(changed, names[i].name, len + 1);
		assert_null(event_info_by_name(changed, len + 1));
	}
	for (uint32_t type = 0; type < TYPE_LIMIT; type++)
		found += event_info(type) != NULL;
	assert_int_equal(found, EVENTS);
	assert_null(event_info(UINT32_MAX));
	assert_null(event_info_by_name("", 0));
}

static void check_fields(const char *where, const struct event_field *fields, size_t n, size_t from,
			 size_t size)
{
	unsigned char covered[sizeof(union event)] = {0};

	assert_true(n <= 64); /* the reader keeps a bit for each */
	for (size_t i = 0; i < n; i++) {
		const struct event_field *f = &fields[i];
		size_t len = element_size(f) * (is_array(f) ? f->count : 1);

		assert_true(strlen(f->key) < 32);
		for (const char *p = f->key; *p; p++)
			assert_true((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
				    *p == '_');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(f->key, fields[j].key);
		for (size_t at = f->offset; at < f->offset + len; at++) {
			if (at < from || at >= size || covered[at]++)
				fail_msg("%s.%s: outside or covered twice", where, f->key);
		}
		if (f->kind == FIELD_LEVELS || f->kind == FIELD_STRS) {
			for (size_t at = 0; at < 4; at++)
				assert_int_equal(covered[f->count_offset + at]++, 0);
		}
	}
	/* What no field covers is alignment: less than a u64, and never two holes in a row. */
	for (size_t at = from, hole = 0; at < size; at++) {
		hole = covered[at] ? 0 : hole + 1;
		if (hole >= 8)
			fail_msg("%s: nothing covers offset %zu", where, at);
	}
}

static void test_coverage(void **state)
{
	const struct event_field *fields;
	size_t n;

	(void)state;
	for (size_t i = 0; i < EVENTS; i++) {
		const struct event_info *info = event_info(names[i].type);

		assert_true(info->size <= sizeof(union event));
		check_fields(info->name, info->fields, info->n_fields, sizeof(struct event_head),
			     info->size);
	}
	fields = event_who_fields(&n);
	check_fields("who", fields, n, 0, sizeof(struct ev_who));
	fields = event_level_fields(&n);
	check_fields("level", fields, n, 0, sizeof(struct ev_level));
}

/* Zero, but for the head and what can be unknown; not a byte behind the event's own size. */
static void test_init(void **state)
{
	static union event ev, want;

	(void)state;
	for (size_t i = 0; i < EVENTS; i++) {
		const struct event_info *info = event_info(names[i].type);
		uint64_t unknown = U64_UNKNOWN;
		int64_t s64_unknown = S64_UNKNOWN;

		memset(&ev, 0xaa, sizeof(ev));
		memset(&want, 0xaa, sizeof(want));
		assert_ptr_equal(event_init(&ev, info->type, 1234567), &ev);
		memset(&want, 0, info->size);
		want.head.ts = 1234567;
		want.head.type = info->type;
		want.head.size = info->size;
		for (size_t j = 0; j < info->n_fields; j++) {
			const struct event_field *f = &info->fields[j];
			char *at = (char *)&want + f->offset;

			if (f->kind == FIELD_U64)
				memcpy(at, &unknown, 8);
			if (f->kind == FIELD_S64)
				memcpy(at, &s64_unknown, 8);
			if (f->kind == FIELD_U64S)
				memset(at, 0xff, 8 * (size_t)f->count);
		}
		assert_memory_equal(&ev, &want, sizeof(ev));
	}
}

/* ---- docs/events.md ---- */

static char *read_document(void)
{
	_cleanup_fclose_ FILE *f = fopen("docs/events.md", "r");
	size_t size = 256 * 1024, n;
	char *text = malloc(size);

	if (!f)
		fail_msg("docs/events.md is not here: run from the root of the tree");
	assert_non_null(text);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	return text;
}

/* The lines between the heading of `name` and the next heading, as a string of their own. */
static char *section(const char *text, const char *name)
{
	char heading[64];
	const char *from, *to;

	snprintf(heading, sizeof(heading), "\n### `%s`\n", name);
	from = strstr(text, heading);
	if (!from)
		fail_msg("docs/events.md has no section for %s", name);
	from += strlen(heading);
	to = strstr(from, "\n##");
	return to ? strndup(from, (size_t)(to - from)) : strdup(from);
}

static const char *kind_word(const struct event_field *f)
{
	static const char *const words[] = {
		[FIELD_U32] = "u32",      [FIELD_S32] = "s32",        [FIELD_U64] = "u64",
		[FIELD_S64] = "s64",      [FIELD_STR] = "string",     [FIELD_WHO] = "who",
		[FIELD_LEVEL] = "level",  [FIELD_LEVELS] = "list of", [FIELD_STRS] = "list of",
		[FIELD_U64S] = "list of",
	};

	return words[f->kind];
}

static void check_section(const char *text, const char *name, const struct event_field *fields,
			  size_t n)
{
	_cleanup_free_ char *body = section(text, name);
	size_t rows = 0;
	char row[96];

	for (size_t i = 0; i < n; i++) {
		const struct event_field *f = &fields[i];
		int len;

		len = snprintf(row, sizeof(row), "| `%s` | %s", f->key, kind_word(f));
		if (is_array(f))
			len += snprintf(row + len, sizeof(row) - (size_t)len, " %u ", f->count);
		else if (f->kind == FIELD_STR)
			len += snprintf(row + len, sizeof(row) - (size_t)len, ", %d |",
					f->size - 1);
		if (!strstr(body, row))
			fail_msg("docs/events.md, %s: no row '%s'", name, row);
	}
	for (const char *p = body; (p = strstr(p, "| `")); p++)
		rows += p == body || p[-1] == '\n';
	if (rows != n)
		fail_msg("docs/events.md, %s: %zu rows for %zu keys", name, rows, n);
}

static void test_document(void **state)
{
	_cleanup_free_ char *text = read_document();
	const struct event_field *fields;
	size_t n;

	(void)state;
	for (size_t i = 0; i < EVENTS; i++) {
		const struct event_info *info = event_info(names[i].type);

		check_section(text, info->name, info->fields, info->n_fields);
	}
	fields = event_who_fields(&n);
	check_section(text, "who", fields, n);
	fields = event_level_fields(&n);
	check_section(text, "level", fields, n);
}

/* The example is a log: the reader takes every line, and the writer gives it back. */
static void test_document_example(void **state)
{
	_cleanup_free_ char *text = read_document();
	char *line, *end, out[8192];
	static union event ev;
	size_t lines = 0;

	(void)state;
	line = strstr(text, "```json\n");
	assert_non_null(line);
	for (line += strlen("```json\n"); *line == '{'; line = end + 1) {
		const char *error = "";
		struct buf b;

		end = strchr(line, '\n');
		assert_non_null(end);
		if (eventlog_parse_line(line, (size_t)(end - line), &ev, &error))
			fail_msg("%s in %.60s", error, line);
		buf_init(&b, out, sizeof(out));
		eventlog_format(&b, &ev);
		assert_int_equal(b.len, end + 1 - line);
		assert_memory_equal(out, line, b.len);
		lines++;
	}
	assert_true(lines >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_document_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
