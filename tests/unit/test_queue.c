/* SPDX-License-Identifier: Apache-2.0 */
/* test_queue.c - order, what gives way to what, and the bound. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/cleanup.h"
#include "out/queue.h"

#define BLOCK 256

static void free_queue(struct line_queue **q)
{
	line_queue_free(*q);
}

#define _cleanup_queue_ __attribute__((cleanup(free_queue)))

static struct line_queue *new_queue(size_t blocks)
{
	struct line_queue *q = NULL;

	assert_int_equal(line_queue_new(&q, blocks * BLOCK), 0);
	assert_int_equal(line_queue_size(q), blocks * BLOCK);
	return q;
}

static void push(struct line_queue *q, const char *line, enum severity severity, bool taken)
{
	uint64_t dropped[QUEUE_SEVERITIES] = {0};

	assert_int_equal(line_queue_push(q, line, strlen(line), severity, dropped), taken);
}

static void expect_next(struct line_queue *q, const char *want)
{
	char got[1024];
	size_t n;

	assert_int_equal(line_queue_next(q), strlen(want));
	n = line_queue_pop(q, got);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(got, want, n);
}

static void expect_empty(struct line_queue *q)
{
	char got[1];

	assert_int_equal(line_queue_next(q), 0);
	assert_int_equal(line_queue_pop(q, got), 0);
	assert_int_equal(line_queue_bytes(q), 0);
}

static void test_order_is_that_of_arrival(void **state)
{
	_cleanup_queue_ struct line_queue *q = new_queue(10);

	(void)state;
	expect_empty(q);
	push(q, "i1\n", SEVERITY_INFO, true);
	push(q, "c1\n", SEVERITY_CRITICAL, true);
	push(q, "w1\n", SEVERITY_WARNING, true);
	push(q, "i2\n", SEVERITY_INFO, true);
	assert_int_equal(line_queue_bytes(q), 12);
	expect_next(q, "i1\n");
	expect_next(q, "c1\n");
	push(q, "c2\n", SEVERITY_CRITICAL, true);
	expect_next(q, "w1\n");
	expect_next(q, "i2\n");
	expect_next(q, "c2\n");
	expect_empty(q);
}

static void test_the_least_important_gives_way(void **state)
{
	_cleanup_queue_ struct line_queue *q = new_queue(4);
	uint64_t dropped[QUEUE_SEVERITIES] = {0};

	(void)state;
	push(q, "w1\n", SEVERITY_WARNING, true);
	push(q, "i1\n", SEVERITY_INFO, true);
	push(q, "c1\n", SEVERITY_CRITICAL, true);
	push(q, "i2\n", SEVERITY_INFO, true);
	assert_true(line_queue_push(q, "i3\n", 3, SEVERITY_INFO, dropped)); /* for i1 */
	assert_int_equal(dropped[SEVERITY_INFO], 1);
	assert_true(line_queue_push(q, "c2\n", 3, SEVERITY_CRITICAL, dropped)); /* for i2 */
	assert_true(line_queue_push(q, "w2\n", 3, SEVERITY_WARNING, dropped));  /* for i3 */
	assert_int_equal(dropped[SEVERITY_INFO], 3);
	assert_true(line_queue_push(q, "c3\n", 3, SEVERITY_CRITICAL, dropped)); /* for w1 */
	assert_false(line_queue_push(q, "i4\n", 3, SEVERITY_INFO, dropped)); /* nothing below it */
	assert_int_equal(dropped[SEVERITY_INFO], 4);
	assert_int_equal(dropped[SEVERITY_WARNING], 1);
	assert_int_equal(dropped[SEVERITY_CRITICAL], 0);
	expect_next(q, "c1\n");
	expect_next(q, "c2\n");
	expect_next(q, "w2\n");
	expect_next(q, "c3\n");
	expect_empty(q);
}

static void test_nothing_goes_in_vain(void **state)
{
	_cleanup_queue_ struct line_queue *q = new_queue(3);
	uint64_t dropped[QUEUE_SEVERITIES] = {0};
	char two[300];

	(void)state;
	memset(two, 'x', sizeof(two));
	push(q, "i1\n", SEVERITY_INFO, true);
	push(q, "c1\n", SEVERITY_CRITICAL, true);
	push(q, "c2\n", SEVERITY_CRITICAL, true);
	/* Two blocks are wanted, one could be had: i1 stays. */
	assert_false(line_queue_push(q, two, sizeof(two), SEVERITY_WARNING, dropped));
	assert_int_equal(dropped[SEVERITY_INFO], 0);
	assert_int_equal(dropped[SEVERITY_WARNING], 1);
	expect_next(q, "i1\n");
	expect_next(q, "c1\n");
	expect_next(q, "c2\n");
}

static void test_limits(void **state)
{
	_cleanup_queue_ struct line_queue *q = new_queue(4);
	uint64_t dropped[QUEUE_SEVERITIES] = {0};
	char line[4 * 252], got[4 * 252];
	struct line_queue *none = NULL;

	(void)state;
	memset(line, 'y', sizeof(line));
	assert_true(line_queue_push(q, line, 4 * 252 - 16, SEVERITY_INFO, dropped));
	assert_int_equal(line_queue_pop(q, got), 4 * 252 - 16);
	assert_memory_equal(line, got, 4 * 252 - 16);
	assert_false(line_queue_push(q, line, 4 * 252 - 15, SEVERITY_INFO, dropped));
	assert_false(line_queue_push(q, line, 0, SEVERITY_INFO, dropped));
	assert_false(line_queue_push(q, line, (size_t)UINT32_MAX + 1, SEVERITY_CRITICAL, dropped));
	assert_int_equal(dropped[SEVERITY_INFO], 2);
	assert_int_equal(dropped[SEVERITY_CRITICAL], 1);
	assert_int_equal(line_queue_size_for(4 * 252 - 16), 4 * BLOCK);
	assert_int_equal(line_queue_size_for(4 * 252 - 15), 5 * BLOCK);
	assert_int_equal(line_queue_new(&none, BLOCK - 1), -EINVAL);
	assert_null(none);
	line_queue_free(none);
}

/* ---- against a plain model, over many random steps ---- */

#define MODEL_BLOCKS 40

struct model_line {
	unsigned int severity;
	size_t len;
	unsigned char byte;
};

struct model {
	struct model_line lines[MODEL_BLOCKS];
	size_t n;
	uint64_t dropped[QUEUE_SEVERITIES];
};

static size_t model_blocks(const struct model *m, unsigned int upto)
{
	size_t blocks = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->lines[i].severity <= upto)
			blocks += line_queue_size_for(m->lines[i].len) / BLOCK;
	return blocks;
}

static void model_remove(struct model *m, size_t at)
{
	m->n--;
	memmove(&m->lines[at], &m->lines[at + 1], (m->n - at) * sizeof(m->lines[0]));
}

static bool model_push(struct model *m, struct model_line line)
{
	size_t need = line_queue_size_for(line.len) / BLOCK;

	if (need + model_blocks(m, 2) - model_blocks(m, line.severity) > MODEL_BLOCKS) {
		m->dropped[line.severity]++;
		return false;
	}
	while (model_blocks(m, 2) + need > MODEL_BLOCKS) {
		size_t least = 0;

		for (size_t i = 1; i < m->n; i++)
			if (m->lines[i].severity < m->lines[least].severity)
				least = i;
		m->dropped[m->lines[least].severity]++;
		model_remove(m, least);
	}
	m->lines[m->n++] = line;
	return true;
}

static void test_like_a_model(void **state)
{
	_cleanup_queue_ struct line_queue *q = new_queue(MODEL_BLOCKS);
	uint64_t x = 0x2545f4914f6cdd1dull, dropped[QUEUE_SEVERITIES] = {0};
	static char text[8192], got[8192];
	struct model m = {0};

	(void)state;
	for (int step = 0; step < 50000; step++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (x % 5 < 3) {
			struct model_line line = {.severity = (x >> 8) % 3,
						  .len = 1 +
							 (x >> 16) % ((x >> 40) % 8 ? 900 : 8000),
						  .byte = (unsigned char)(x >> 56)};

			memset(text, line.byte, line.len);
			assert_int_equal(line_queue_push(q, text, line.len,
							 (enum severity)line.severity, dropped),
					 model_push(&m, line));
		} else {
			size_t n = line_queue_pop(q, got);

			assert_int_equal(n, m.n ? m.lines[0].len : 0);
			if (!n)
				continue;
			memset(text, m.lines[0].byte, n);
			assert_memory_equal(got, text, n);
			model_remove(&m, 0);
		}
		assert_memory_equal(dropped, m.dropped, sizeof(dropped));
	}
	assert_true(dropped[0] > dropped[1] && dropped[1] > dropped[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_is_that_of_arrival),
		cmocka_unit_test(test_the_least_important_gives_way),
		cmocka_unit_test(test_nothing_goes_in_vain),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_like_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
