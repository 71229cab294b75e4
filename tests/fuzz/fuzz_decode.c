/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_decode.c - any bytes as a ring record or an iterator's element: every event that comes out
 * is of its type's size, with strings that end and are UTF-8.
 *
 * The first byte of the input chooses the function and the configuration, the rest is the record.
 * Build with base/, core/event_fields.c, in/{decode,cmdline,gfp}.c and
 * -fsanitize=fuzzer,address,undefined.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/event_fields.h"
#include "in/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	require(len < size);
	while (len) {
		size_t n = utf8_sequence((const unsigned char *)text, len);

		require(n > 0);
		text += n;
		len -= n;
	}
}

static void check_fields(const struct event_field *fields, size_t n, const void *base)
{
	for (size_t i = 0; i < n; i++) {
		const char *at = (const char *)base + fields[i].offset;
		const struct event_field *inner;
		size_t n_inner;

		switch (fields[i].kind) {
		case FIELD_STR:
			check_text(at, fields[i].size);
			break;
		case FIELD_WHO:
			inner = event_who_fields(&n_inner);
			check_fields(inner, n_inner, at);
			break;
		case FIELD_LEVELS:
			require(*(const uint32_t *)((const char *)base + fields[i].count_offset) <=
				fields[i].count);
			break;
		default:
			break;
		}
	}
}

static void check_path(const char *path)
{
	require(path[0] == '/' || path[0] == '\0');
}

static void check_event(const union event *ev)
{
	const struct event_info *info = event_info(ev->head.type);

	require(info && ev->head.size == info->size && info->size <= sizeof(*ev));
	check_fields(info->fields, info->n_fields, ev);
	if (ev->head.type == EV_CGROUP_NEW)
		require(ev->cgroup_new.path[0] == '/');
	if (ev->head.type == EV_OOM) {
		check_path(ev->oom.victim_path);
		check_path(ev->oom.limit_path);
		require(ev->oom.anon >= 0 || ev->oom.anon == S64_UNKNOWN);
		require(ev->oom.gfp != U64_UNKNOWN || !ev->oom.gfp_names[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decode_config config = {.rss_exact = true};
	struct gfp_names names;
	union event *ev = malloc(sizeof(*ev));
	uint8_t *record;
	int r;

	if (!ev || size < 1) {
		free(ev);
		return 0;
	}
	config.page_size = data[0] & 0x10 ? 65536 : 4096;
	config.redact = data[0] & 3;
	gfp_names_plain(&names);
	if (data[0] & 8)
		config.gfp = &names;
	size--;
	record = malloc(size ? size : 1);
	if (!record) {
		free(ev);
		return 0;
	}
	memcpy(record, data + 1, size);
	memset(ev, 0xa5, sizeof(*ev));
	if (data[0] & 0x40)
		r = decode_snap_task(&config, record, size, 1, ev);
	else if (data[0] & 0x20)
		r = decode_snap_memcg(&config, record, size, 1, ev);
	else
		r = decode_record(&config, record, size, ev);
	if (!r)
		check_event(ev);
	free(record);
	free(ev);
	return 0;
}
