/* SPDX-License-Identifier: Apache-2.0 */
/* any_event.h - events of every type with extreme and with random values, for tests of the log. */
#ifndef MW_TESTS_ANY_EVENT_H
#define MW_TESTS_ANY_EVENT_H

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "core/event_fields.h"

static inline uint64_t random_u64(void)
{
	static uint64_t x = 0x2545f4914f6cdd1dull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

enum flavour { FLAVOUR_MOST, FLAVOUR_LEAST, FLAVOUR_UNKNOWN, FLAVOUR_RANDOM, FLAVOURS };

/* Valid text of at most size - 1 bytes: plain, controls, quotes, two to four bytes. */
static void fill_string(char *at, size_t size, enum flavour flavour)
{
	static const char *const characters[] = {
		"a",        "\x01",         "\"", "\\",
		"\xc3\xa4", "\xe2\x82\xac", "\n", "\xf0\x9f\x98\x80",
		"\x7f",     "\xef\xbf\xbd"};
	size_t len = 0, limit = size - 1;

	memset(at, 0, size);
	if (flavour == FLAVOUR_UNKNOWN || flavour == FLAVOUR_LEAST)
		return;
	if (flavour == FLAVOUR_RANDOM)
		limit = random_u64() % size;
	while (len < limit) {
		const char *c = flavour == FLAVOUR_MOST
					? "\x01"
					: characters[random_u64() % ARRAY_SIZE(characters)];

		if (len + strlen(c) > limit)
			break;
		memcpy(at + len, c, strlen(c));
		len += strlen(c);
	}
}

static uint64_t any_u64(enum flavour flavour)
{
	switch (flavour) {
	case FLAVOUR_MOST:
		return U64_UNLIMITED - 1;
	case FLAVOUR_LEAST:
		return 0;
	case FLAVOUR_UNKNOWN:
		return U64_UNKNOWN;
	default:
		switch (random_u64() % 4) {
		case 0:
			return U64_UNLIMITED;
		case 1:
			return U64_UNKNOWN;
		default:
			return random_u64() >> random_u64() % 64;
		}
	}
}

static int64_t any_s64(enum flavour flavour)
{
	switch (flavour) {
	case FLAVOUR_MOST:
		return INT64_MAX;
	case FLAVOUR_LEAST:
		return INT64_MIN + 1;
	case FLAVOUR_UNKNOWN:
		return S64_UNKNOWN;
	default:
		return (int64_t)random_u64() >> random_u64() % 64;
	}
}

static void fill_fields(const struct event_field *fields, size_t n, char *base,
			enum flavour flavour);

static void fill_level(char *at, enum flavour flavour)
{
	struct ev_level *level = (struct ev_level *)at;
	size_t n;
	const struct event_field *fields = event_level_fields(&n);

	fill_fields(fields, n, at, flavour);
	if (level->id == 0) /* means that there is no level: nothing else is kept */
		level->id = 1;
}

static void fill_field(const struct event_field *f, char *base, enum flavour flavour)
{
	char *at = base + f->offset;
	const struct event_field *fields;
	uint64_t v;
	uint32_t count;
	size_t n;

	switch (f->kind) {
	case FIELD_U32:
	case FIELD_S32:
		v = flavour == FLAVOUR_RANDOM ? random_u64()
		    : flavour == FLAVOUR_MOST ? UINT32_MAX
					      : 0;
		if (f->kind == FIELD_S32 && flavour != FLAVOUR_RANDOM)
			v = flavour == FLAVOUR_MOST ? INT32_MAX : 1u << 31;
		memcpy(at, &v, 4);
		break;
	case FIELD_U64:
		v = any_u64(flavour);
		memcpy(at, &v, 8);
		break;
	case FIELD_S64:
		v = (uint64_t)any_s64(flavour);
		memcpy(at, &v, 8);
		break;
	case FIELD_STR:
		fill_string(at, f->size, flavour);
		break;
	case FIELD_WHO:
		fields = event_who_fields(&n);
		fill_fields(fields, n, at, flavour);
		break;
	case FIELD_LEVEL:
		if (flavour != FLAVOUR_UNKNOWN)
			fill_level(at, flavour);
		break;
	case FIELD_LEVELS:
	case FIELD_STRS:
		count = flavour == FLAVOUR_MOST     ? f->count
			: flavour == FLAVOUR_RANDOM ? (uint32_t)(random_u64() % (f->count + 1u))
						    : 0;
		memcpy(base + f->count_offset, &count, 4);
		for (uint32_t i = 0; i < count; i++) {
			if (f->kind == FIELD_LEVELS)
				fill_level(at + i * sizeof(struct ev_level), flavour);
			else
				fill_string(at + i * f->size, f->size, flavour);
		}
		break;
	case FIELD_U64S:
		for (uint32_t i = 0; i < f->count; i++) {
			v = any_u64(flavour);
			memcpy(at + i * 8, &v, 8);
		}
		break;
	}
}

static void fill_fields(const struct event_field *fields, size_t n, char *base,
			enum flavour flavour)
{
	for (size_t i = 0; i < n; i++)
		fill_field(&fields[i], base, flavour);
}

static void fill_event(union event *ev, const struct event_info *info, enum flavour flavour)
{
	event_init(ev, info->type,
		   flavour == FLAVOUR_RANDOM ? random_u64()
		   : flavour == FLAVOUR_MOST ? UINT64_MAX
					     : 0);
	fill_fields(info->fields, info->n_fields, (char *)ev, flavour);
	if (info->type == EV_START)
		ev->start.log_version = EVENT_LOG_VERSION;
}

#endif
