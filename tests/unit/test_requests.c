/* SPDX-License-Identifier: Apache-2.0 */
/* test_requests.c - requests wait in order with their paths, and the bound holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "cmd/requests.h"

static void test_order_and_paths(void **state)
{
	struct request_queue q = {0};
	struct request r;
	char path[32];

	(void)state;
	assert_int_equal(requests_take(&q, &r), 0);
	/* More than the first allocation holds: the queue has to move. */
	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "/docker/%u", i);
		r = (struct request){
			.type = REQUEST_MEMCG_STAT, .cgroup_id = i, .path = i % 3 ? path : NULL};
		requests_add(&q, &r);
	}
	for (uint32_t i = 0; i < 3000; i++) {
		assert_int_equal(requests_take(&q, &r), 1);
		assert_int_equal(r.type, REQUEST_MEMCG_STAT);
		assert_int_equal(r.cgroup_id, i);
		snprintf(path, sizeof(path), "/docker/%u", i);
		if (i % 3)
			assert_string_equal(r.path, path);
		else
			assert_null(r.path);
	}
	assert_int_equal(requests_take(&q, &r), 0);
	assert_int_equal(q.lost, 0);
	requests_free(&q);
	assert_null(q.data);
}

/* What is taken makes room: a long run in small steps does not grow the queue. */
static void test_room_is_used_again(void **state)
{
	struct request_queue q = {0};
	struct request r = {.type = REQUEST_PROC_INFO, .pid = 7, .start = 9};

	(void)state;
	for (int i = 0; i < 100000; i++) {
		requests_add(&q, &r);
		assert_int_equal(requests_take(&q, &r), 1);
		assert_int_equal(r.pid, 7);
	}
	assert_true(q.size <= 64u << 10);
	requests_free(&q);
}

static void test_bound(void **state)
{
	struct request_queue q = {0};
	struct request r = {.type = REQUEST_FORGET, .cgroup_id = 1};
	uint64_t kept = 0;

	(void)state;
	for (size_t i = 0; i < REQUEST_QUEUE_MAX / sizeof(r); i++)
		requests_add(&q, &r);
	assert_true(q.lost > 0);
	assert_true(q.size <= REQUEST_QUEUE_MAX);
	while (requests_take(&q, &r))
		kept++;
	assert_int_equal(kept + q.lost, REQUEST_QUEUE_MAX / sizeof(r));
	requests_free(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_paths),
		cmocka_unit_test(test_room_is_used_again),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
