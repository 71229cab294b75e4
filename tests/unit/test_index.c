/* SPDX-License-Identifier: Apache-2.0 */
/* test_index.c - the fixed tables: pool, hash chains, linked lists, and carving them. */
#include "core_harness.h"

struct tables {
	struct pool pool;
	struct htab tab;
	struct ilinks links;
	struct ilist a, b;
	void *memory;
};

static void carve_all(struct tables *t, struct carve *c, uint32_t capacity)
{
	pool_carve(&t->pool, c, capacity);
	htab_carve(&t->tab, c, capacity);
	ilinks_carve(&t->links, c, capacity);
}

static void tables_open(struct tables *t, uint32_t capacity)
{
	struct carve c = {0};

	memset(t, 0, sizeof(*t));
	carve_all(t, &c, capacity);
	t->memory = calloc(1, c.used);
	assert_non_null(t->memory);
	memset(t, 0, offsetof(struct tables, memory));
	c = (struct carve){.base = t->memory};
	carve_all(t, &c, capacity);
}

static void test_carve_measures_what_it_takes(void **state)
{
	struct carve c = {0};

	(void)state;
	assert_null(carve_take(&c, 3, 5));
	assert_int_equal(c.used, 16);
	carve_take(&c, 1, 16);
	assert_int_equal(c.used, 32);
	carve_take(&c, 0, 8);
	assert_int_equal(c.used, 32);
}

static void test_pool_gives_each_once(void **state)
{
	struct tables t;
	bool seen[9] = {false};

	(void)state;
	tables_open(&t, 8);
	for (int k = 0; k < 8; k++) {
		uint32_t i = pool_get(&t.pool);

		assert_in_range(i, 1, 8);
		assert_false(seen[i]);
		seen[i] = true;
	}
	assert_int_equal(pool_get(&t.pool), 0);
	assert_int_equal(t.pool.used, 8);
	pool_put(&t.pool, 3);
	assert_int_equal(t.pool.used, 7);
	assert_int_equal(pool_get(&t.pool), 3);
	assert_int_equal(pool_get(&t.pool), 0);
	assert_int_equal(t.pool.peak, 8);
	free(t.memory);
}

static void test_htab_keeps_colliding_entries_apart(void **state)
{
	struct tables t;
	uint32_t i;

	(void)state;
	tables_open(&t, 16);
	assert_int_equal(t.tab.mask, 15);
	htab_add(&t.tab, 5, 1);
	htab_add(&t.tab, 5 + 16, 2);
	htab_add(&t.tab, 5 + 32, 3);
	htab_del(&t.tab, 5 + 16, 2);
	i = htab_first(&t.tab, 5);
	assert_int_equal(i, 3);
	assert_int_equal(t.tab.next[i], 1);
	assert_int_equal(t.tab.next[1], 0);
	htab_del(&t.tab, 5, 3);
	htab_del(&t.tab, 5, 1);
	htab_del(&t.tab, 5, 1); /* not there any more */
	assert_int_equal(htab_first(&t.tab, 5), 0);
	free(t.memory);
}

static void test_list_survives_any_removal(void **state)
{
	static const uint32_t orders[6][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
					      {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
	struct tables t;

	(void)state;
	tables_open(&t, 4);
	for (int k = 0; k < 6; k++) {
		for (uint32_t i = 1; i <= 3; i++)
			ilist_append(&t.a, &t.links, i);
		for (uint32_t left = 3, n; left; left--) {
			uint32_t last = 0;

			n = 0;
			for (uint32_t i = t.a.head; i; i = t.links.next[i]) {
				assert_int_equal(t.links.prev[i], last);
				last = i;
				n++;
			}
			assert_int_equal(n, left);
			assert_int_equal(t.a.count, left);
			assert_int_equal(t.a.tail, last);
			ilist_remove(&t.a, &t.links, orders[k][3 - left]);
		}
		assert_int_equal(t.a.head, 0);
		assert_int_equal(t.a.tail, 0);
	}
	free(t.memory);
}

static void test_two_lists_share_links(void **state)
{
	struct tables t;

	(void)state;
	tables_open(&t, 4);
	for (uint32_t i = 1; i <= 4; i++)
		ilist_append(&t.a, &t.links, i);
	ilist_remove(&t.a, &t.links, 2);
	ilist_append(&t.b, &t.links, 2);
	ilist_remove(&t.a, &t.links, 4);
	ilist_append(&t.b, &t.links, 4);
	assert_int_equal(t.a.head, 1);
	assert_int_equal(t.links.next[1], 3);
	assert_int_equal(t.a.tail, 3);
	assert_int_equal(t.b.head, 2);
	assert_int_equal(t.links.next[2], 4);
	assert_int_equal(t.a.count, 2);
	assert_int_equal(t.b.count, 2);
	free(t.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_carve_measures_what_it_takes),
		cmocka_unit_test(test_pool_gives_each_once),
		cmocka_unit_test(test_htab_keeps_colliding_entries_apart),
		cmocka_unit_test(test_list_survives_any_removal),
		cmocka_unit_test(test_two_lists_share_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
