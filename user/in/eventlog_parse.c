/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eventlog_parse.c - one line of the event log becomes an event, by the table of event_fields.c.
 *
 * Strict where a mistake would give a wrong event (types, ranges, lengths, a key twice, a field
 * that is always written missing), lenient where a newer writer may have said more (unknown keys).
 */
#include <errno.h>
#include <string.h>

#include "core/event_fields.h"
#include "in/eventlog.h"
#include "in/eventlog_parse.h"

static int bad_line(struct event_parser *p, const char *why)
{
	p->why = why;
	return -EBADMSG;
}

static int bad_field(struct event_parser *p, const struct event_field *f, const char *why)
{
	p->key = f->key;
	return bad_line(p, why);
}

static const char *scan_error(const struct event_parser *p)
{
	return p->scan.error ? p->scan.error : "wrong type";
}

static int parse_fields(struct event_parser *p, const struct event_field *fields, size_t n,
			char *base);

static void store_u32(char *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
}

static void store_u64(char *at, uint64_t v)
{
	memcpy(at, &v, sizeof(v));
}

/* A number within [-minimum, maximum] as two's complement. */
static int parse_number(struct event_parser *p, const struct event_field *f, uint64_t minimum,
			uint64_t maximum, uint64_t *out)
{
	const struct json_scan *s = &p->scan;

	if (json_scan_next(&p->scan) != JSON_NUMBER)
		return bad_field(p, f, scan_error(p));
	if (s->magnitude > (s->negative ? minimum : maximum))
		return bad_field(p, f, "out of range");
	*out = s->negative ? -s->magnitude : s->magnitude;
	return 0;
}

/* A u64 whose token was just read: a number below the reserved ones, or "max". */
static int store_counter(struct event_parser *p, const struct event_field *f, enum json_token token,
			 char *at)
{
	const struct json_scan *s = &p->scan;

	if (token == JSON_NUMBER) {
		if (s->negative || s->magnitude >= U64_UNLIMITED)
			return bad_field(p, f, "out of range");
		store_u64(at, s->magnitude);
		return 0;
	}
	if (token != JSON_STRING)
		return bad_field(p, f, scan_error(p));
	if (s->len != 3 || memcmp(s->text, "max", 3) != 0)
		return bad_field(p, f, "neither a number nor \"max\"");
	store_u64(at, U64_UNLIMITED);
	return 0;
}

/* A string whose token was just read. */
static int store_string(struct event_parser *p, const struct event_field *f, enum json_token token,
			char *at)
{
	int len;

	if (token != JSON_STRING)
		return bad_field(p, f, scan_error(p));
	len = json_scan_string(&p->scan, at, f->size);
	if (len == -E2BIG)
		return bad_field(p, f, "too long");
	return len < 0 ? bad_field(p, f, "character that is none") : 0;
}

/* The body of a who or level object. */
static int parse_object(struct event_parser *p, const struct event_field *f,
			const struct event_field *fields, size_t n, char *base)
{
	int err;

	p->outer = f->key;
	err = parse_fields(p, fields, n, base);
	if (!err)
		p->outer = NULL;
	return err;
}

static int parse_level(struct event_parser *p, const struct event_field *f, char *at)
{
	size_t n;
	const struct event_field *fields = event_level_fields(&n);

	return parse_object(p, f, fields, n, at);
}

static int parse_element(struct event_parser *p, const struct event_field *f, enum json_token token,
			 size_t i, char *base)
{
	char *at = base + f->offset;

	switch (f->kind) {
	case FIELD_LEVELS:
		if (token != JSON_OBJECT)
			return bad_field(p, f, scan_error(p));
		return parse_level(p, f, at + i * sizeof(struct ev_level));
	case FIELD_STRS:
		return store_string(p, f, token, at + i * f->size);
	default:
		if (token == JSON_NULL) /* unknown, as event_init() left it */
			return 0;
		return store_counter(p, f, token, at + i * sizeof(uint64_t));
	}
}

static int parse_array(struct event_parser *p, const struct event_field *f, char *base)
{
	enum json_token token;
	size_t i = 0;
	int err;

	if (json_scan_next(&p->scan) != JSON_ARRAY)
		return bad_field(p, f, scan_error(p));
	while ((token = json_scan_next(&p->scan)) != JSON_ARRAY_END) {
		if (i == f->count)
			return bad_field(p, f, "too many elements");
		err = parse_element(p, f, token, i, base);
		if (err)
			return err;
		i++;
	}
	if (f->kind != FIELD_U64S)
		store_u32(base + f->count_offset, (uint32_t)i);
	return 0;
}

static int parse_value(struct event_parser *p, const struct event_field *f, char *base)
{
	char *at = base + f->offset;
	const struct event_field *fields;
	uint64_t v = 0;
	size_t n;
	int err;

	switch (f->kind) {
	case FIELD_U32:
	case FIELD_S32:
		err = f->kind == FIELD_U32 ? parse_number(p, f, 0, UINT32_MAX, &v)
					   : parse_number(p, f, 1ull << 31, INT32_MAX, &v);
		if (!err)
			store_u32(at, (uint32_t)v);
		return err;
	case FIELD_U64:
		return store_counter(p, f, json_scan_next(&p->scan), at);
	case FIELD_S64: /* the least one is S64_UNKNOWN */
		err = parse_number(p, f, INT64_MAX, INT64_MAX, &v);
		if (!err)
			store_u64(at, v);
		return err;
	case FIELD_STR:
		return store_string(p, f, json_scan_next(&p->scan), at);
	case FIELD_WHO:
	case FIELD_LEVEL:
		if (json_scan_next(&p->scan) != JSON_OBJECT)
			return bad_field(p, f, scan_error(p));
		if (f->kind == FIELD_LEVEL) {
			err = parse_level(p, f, at);
			if (!err && ((struct ev_level *)at)->id == 0)
				return bad_field(p, f, "level without id");
			return err;
		}
		fields = event_who_fields(&n);
		return parse_object(p, f, fields, n, at);
	case FIELD_LEVELS:
	case FIELD_STRS:
	case FIELD_U64S:
		return parse_array(p, f, base);
	}
	return bad_field(p, f, "unknown kind");
}

/* Is the key that was just read this one? */
static inline bool key_is(const struct json_scan *s, const char *key)
{
	const char *text = s->text;
	size_t i, len = s->len;

	for (i = 0; i < len; i++) {
		if (key[i] != text[i]) /* also at the end of key: text holds no NUL */
			return false;
	}
	return key[len] == '\0';
}

/* Fields that had no key: unknown, or damage where the writer always writes one. */
static int fields_missing(struct event_parser *p, const struct event_field *fields,
			  uint64_t missing, char *base)
{
	for (; missing; missing &= missing - 1) {
		const struct event_field *f = &fields[__builtin_ctzll(missing)];

		switch (f->kind) {
		case FIELD_U32:
		case FIELD_S32:
			return bad_field(p, f, "missing");
		case FIELD_U64:
			store_u64(base + f->offset, U64_UNKNOWN);
			break;
		case FIELD_S64:
			store_u64(base + f->offset, (uint64_t)S64_UNKNOWN);
			break;
		default: /* empty already */
			break;
		}
	}
	return 0;
}

/* The field of the key that was just read, searched from `next` on and then from the start; or n.
 */
static size_t find_field(const struct json_scan *s, const struct event_field *fields, size_t n,
			 size_t next)
{
	for (size_t left = n; left; left--, next++) {
		if (next == n)
			next = 0;
		if (key_is(s, fields[next].key))
			return next;
	}
	return n;
}

/*
 * The fields of an object whose '{' was read, up to its '}'. The writer keeps the order of the
 * table, so the key to expect is that of the field behind the one before.
 */
static int parse_fields(struct event_parser *p, const struct event_field *fields, size_t n,
			char *base)
{
	uint64_t seen = 0, all = n ? UINT64_MAX >> (64 - n) : 0;
	size_t next = 0;

	for (;;) {
		size_t i = next;

		if (i == n || !json_scan_key(&p->scan, fields[i].key)) {
			enum json_token token = json_scan_next(&p->scan);

			if (token == JSON_OBJECT_END)
				return fields_missing(p, fields, all & ~seen, base);
			if (token != JSON_KEY)
				return bad_line(p, scan_error(p));
			i = find_field(&p->scan, fields, n, next);
		}
		if (i == n) { /* a key of a newer writer */
			if (json_scan_skip(&p->scan))
				return bad_line(p, scan_error(p));
			continue;
		}
		if (seen >> i & 1)
			return bad_field(p, &fields[i], "twice");
		seen |= 1ull << i;
		if (parse_value(p, &fields[i], base))
			return -EBADMSG;
		next = i + 1;
	}
}

/* {"ev":NAME,"t":TIME: always there and always first. */
static int parse_head(struct event_parser *p, const struct event_info **info, uint64_t *ts)
{
	struct json_scan *s = &p->scan;

	if (json_scan_next(s) != JSON_OBJECT)
		return bad_line(p, s->error ? s->error : "not an object");
	if (json_scan_next(s) != JSON_KEY || !key_is(s, "ev") || json_scan_next(s) != JSON_STRING)
		return bad_line(p, s->error ? s->error : "\"ev\" is not first");
	*info = event_info_by_name(s->text, s->len);
	if (!*info)
		return bad_line(p, "unknown event");
	if (json_scan_next(s) != JSON_KEY || !key_is(s, "t") || json_scan_next(s) != JSON_NUMBER ||
	    s->negative)
		return bad_line(p, s->error ? s->error : "\"t\" is not second");
	*ts = s->magnitude;
	return 0;
}

int event_parser_line(struct event_parser *p, const char *line, size_t len, union event *ev)
{
	const struct event_info *info;
	uint64_t ts;
	int err;

	p->outer = p->key = p->why = NULL;
	json_scan_init(&p->scan, line, len);
	err = parse_head(p, &info, &ts);
	if (err)
		return err;
	event_init(ev, info->type, ts);
	err = parse_fields(p, info->fields, info->n_fields, (char *)ev);
	/* A newer log may be damaged in our eyes only because it is newer: say that first. */
	if (info->type == EV_START && ev->start.log_version > EVENT_LOG_VERSION) {
		bad_line(p, "written by a newer version");
		return -EPROTO;
	}
	if (!err && info->type == EV_START && ev->start.log_version == 0)
		return bad_field(p, &info->fields[0], "out of range");
	if (!err && json_scan_next(&p->scan) != JSON_END)
		return bad_line(p, scan_error(p));
	return err;
}

int eventlog_parse_line(const char *line, size_t len, union event *ev, const char **error)
{
	struct event_parser p;
	int err = event_parser_line(&p, line, len, ev);

	if (err)
		*error = p.key ? p.key : p.why;
	return err;
}
