/* SPDX-License-Identifier: Apache-2.0 */
/* test_window.c - the reorder window: order of leaving, marks, overflow, what is late. */
#include "core_harness.h"

struct seen {
	struct window w;
	void *memory;
	uint64_t ts[3 * WINDOW_EVENTS];
	uint64_t id[3 * WINDOW_EVENTS];
	size_t n;
};

static void on_event(void *ctx, const union event *ev)
{
	struct seen *s = ctx;

	s->ts[s->n] = ev->head.ts;
	s->id[s->n++] = ev->head.type == EV_CGROUP_GONE ? ev->cgroup_gone.id : 0;
}

static struct seen *window_open(void)
{
	struct seen *s = calloc(1, sizeof(*s));
	struct carve c = {0};

	assert_non_null(s);
	window_carve(&s->w, &c);
	s->memory = calloc(1, c.used);
	assert_non_null(s->memory);
	c = (struct carve){.base = s->memory};
	window_carve(&s->w, &c);
	return s;
}

static void window_close(struct seen *s)
{
	free(s->memory);
	free(s);
}

static void put(struct seen *s, uint64_t ts, uint64_t id)
{
	union event ev;

	event_init(&ev, EV_CGROUP_GONE, ts);
	ev.cgroup_gone.id = id;
	window_put(&s->w, &ev, on_event, s);
}

static void test_order_of_time_and_then_of_arrival(void **state)
{
	static const uint64_t in[][2] = {{30, 1}, {10, 2}, {20, 3}, {10, 4}, {30, 5}, {5, 6}};
	static const uint64_t out[] = {6, 2, 4, 3, 1, 5};
	struct seen *s = window_open();

	(void)state;
	for (size_t i = 0; i < 6; i++)
		put(s, in[i][0], in[i][1]);
	assert_int_equal(s->n, 0);
	window_release(&s->w, 100, on_event, s);
	assert_int_equal(s->n, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(s->id[i], out[i]);
	assert_int_equal(s->w.late, 0);
	window_close(s);
}

static void test_mark_lets_go_up_to_itself(void **state)
{
	struct seen *s = window_open();

	(void)state;
	put(s, 12, 1);
	put(s, 11, 2);
	put(s, 10, 3);
	window_release(&s->w, 9, on_event, s);
	assert_int_equal(s->n, 0);
	window_release(&s->w, 10, on_event, s);
	assert_int_equal(s->n, 1);
	window_release(&s->w, 11, on_event, s);
	assert_int_equal(s->n, 2);
	put(s, 11, 4); /* in time: equal to what has left last */
	window_release(&s->w, 20, on_event, s);
	assert_int_equal(s->n, 4);
	assert_int_equal(s->id[2], 4);
	assert_int_equal(s->id[3], 1);
	assert_int_equal(s->w.late, 0);
	window_close(s);
}

static void test_late_is_counted_and_taken(void **state)
{
	struct seen *s = window_open();

	(void)state;
	put(s, 10, 1);
	window_release(&s->w, 10, on_event, s);
	put(s, 9, 2); /* one less than in the test above */
	window_release(&s->w, 10, on_event, s);
	assert_int_equal(s->n, 2);
	assert_int_equal(s->w.late, 1);
	assert_int_equal(s->w.released, 10);
	window_close(s);
}

static void test_events_keep_their_bytes_over_compaction(void **state)
{
	struct seen *s = window_open();

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		put(s, 1000 - i, i);
	for (uint64_t until = 100; until <= 1000; until += 100) {
		window_release(&s->w, until, on_event, s);
		assert_int_equal(s->n, until);
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(s->id[i], 999 - i);
	assert_int_equal(s->w.used, 0);
	window_close(s);
}

/* Without marks the older half leaves when there is no room: still in order, nothing is lost. */
static void test_overflow_by_number(void **state)
{
	struct seen *s = window_open();

	(void)state;
	for (uint64_t i = 0; i < WINDOW_EVENTS; i++)
		put(s, i ^ 1, i);
	assert_int_equal(s->n, 0);
	assert_int_equal(s->w.peak, WINDOW_EVENTS);
	put(s, WINDOW_EVENTS, WINDOW_EVENTS);
	assert_int_equal(s->n, WINDOW_EVENTS / 2);
	assert_int_equal(s->w.overflow, 1);
	window_release(&s->w, UINT64_MAX, on_event, s);
	assert_int_equal(s->n, WINDOW_EVENTS + 1);
	for (size_t i = 0; i < s->n; i++)
		assert_int_equal(s->ts[i], i);
	assert_int_equal(s->w.late, 0);
	window_close(s);
}

/* The largest events fill the bytes long before the number. */
static void test_overflow_by_bytes(void **state)
{
	struct seen *s = window_open();
	union event ev;
	size_t n = WINDOW_BYTES / sizeof(struct ev_oom) + 10;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		event_init(&ev, EV_OOM, n - i);
		window_put(&s->w, &ev, on_event, s);
		assert_true(s->w.used <= WINDOW_BYTES);
	}
	assert_true(s->w.overflow >= 1);
	window_release(&s->w, UINT64_MAX, on_event, s);
	assert_int_equal(s->n, n);
	window_close(s);
}

static void test_empty_window_takes_any_mark(void **state)
{
	struct seen *s = window_open();

	(void)state;
	window_release(&s->w, 0, on_event, s);
	window_release(&s->w, UINT64_MAX, on_event, s);
	put(s, UINT64_MAX, 1);
	window_release(&s->w, UINT64_MAX - 1, on_event, s);
	assert_int_equal(s->n, 0);
	window_release(&s->w, UINT64_MAX, on_event, s);
	assert_int_equal(s->n, 1);
	window_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_of_time_and_then_of_arrival),
		cmocka_unit_test(test_mark_lets_go_up_to_itself),
		cmocka_unit_test(test_late_is_counted_and_taken),
		cmocka_unit_test(test_events_keep_their_bytes_over_compaction),
		cmocka_unit_test(test_overflow_by_number),
		cmocka_unit_test(test_overflow_by_bytes),
		cmocka_unit_test(test_empty_window_takes_any_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
