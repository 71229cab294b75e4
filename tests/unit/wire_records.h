/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_records.h - records as the BPF programs write them, for the tests of the decoder.
 *
 * Every record is given to the decoder in a heap block of exactly its size, at an odd address, so
 * that the sanitizers see a byte read too many or a read that wants alignment.
 */
#ifndef MW_TESTS_WIRE_RECORDS_H
#define MW_TESTS_WIRE_RECORDS_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "bpf/wire.h"
#include "in/decode.h"

#define PAGE     4096
#define NO_LIMIT (INT64_MAX / PAGE) /* PAGE_COUNTER_MAX */

static const struct decode_config config = {.page_size = PAGE, .rss_exact = true};

static inline int decode_with(const struct decode_config *c, const void *data, size_t size,
			      union event *ev)
{
	char *block = malloc(size + 1);
	int r;

	assert_non_null(block);
	memcpy(block + 1, data, size);
	r = decode_record(c, block + 1, size, ev);
	free(block);
	return r;
}

static inline int decode(const void *data, size_t size, union event *ev)
{
	return decode_with(&config, data, size, ev);
}

static inline struct wire_head head(uint16_t kind, size_t size)
{
	return (struct wire_head){
		.kind = kind, .version = WIRE_VERSION, .size = (uint32_t)size, .ts = 1234567890123};
}

static inline struct wire_who who(uint32_t tgid, uint32_t tid, const char *comm)
{
	struct wire_who w = {.tgid = tgid,
			     .tid = tid,
			     .start = tgid * 1000ull,
			     .memcg = 4711,
			     .uid = 1000,
			     .oom_score_adj = -998};

	memcpy(w.comm, comm, strnlen(comm, WIRE_COMM));
	return w;
}

static inline void check_who(const struct ev_who *w, uint32_t pid, uint32_t tid, const char *comm)
{
	assert_int_equal(w->pid, pid);
	assert_int_equal(w->tid, tid);
	assert_int_equal(w->start, pid * 1000ull);
	assert_int_equal(w->memcg, 4711);
	assert_int_equal(w->uid, 1000);
	assert_int_equal(w->oom_score_adj, -998);
	assert_string_equal(w->comm, comm);
}

static inline struct wire_level a_level(uint64_t id)
{
	return (struct wire_level){.id = id,
				   .usage = 100,
				   .max = 128,
				   .high = NO_LIMIT,
				   .swap = -1,
				   .swap_max = NO_LIMIT - 1,
				   .failcnt = 9,
				   .events_max = 8,
				   .events_high = 6,
				   .oom_local = 7,
				   .oom_group = 1};
}

static inline void check_level(const struct ev_level *l, uint64_t id)
{
	assert_int_equal(l->id, id);
	assert_int_equal(l->usage, 100 * PAGE);
	assert_int_equal(l->max, 128 * PAGE);
	assert_true(l->high == U64_UNLIMITED);
	assert_int_equal(l->swap_usage, 0);
	assert_true(l->swap_max == (NO_LIMIT - 1ull) * PAGE);
	assert_int_equal(l->failcnt, 9);
	assert_int_equal(l->events_max, 8);
	assert_int_equal(l->events_high, 6);
	assert_int_equal(l->oom_local, 7);
	assert_int_equal(l->oom_group, 1);
}

#endif
