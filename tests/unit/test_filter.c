/* SPDX-License-Identifier: Apache-2.0 */
/* test_filter.c - globs of --cgroup and --exclude-cgroup. */
#include "core_harness.h"

static void test_globs(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{"", "", true},
		{"", "/", false},
		{"*", "", true},
		{"*", "/docker/abc", true},
		{"/docker/*", "/docker/abc", true},
		{"/docker/*", "/docker/a/b", true}, /* a star takes slashes too */
		{"/docker/*", "/dockes/abc", false},
		{"/docker/*", "/docker", false},
		{"/docker/???", "/docker/abc", true},
		{"/docker/???", "/docker/abcd", false},
		{"/docker/???", "/docker/ab", false},
		{"*/api", "/a/api/api", true},
		{"*/api", "/a/api/apj", false},
		{"*a*b*c*", "xxaxxbxxcxx", true},
		{"*a*b*c*", "xxaxxcxxbxx", false},
		{"a**b", "ab", true},
		{"/x[0]", "/x[0]", true}, /* only * and ? mean something */
		{"/x[0]", "/x0", false},
		{"\\*", "\\anything", true},
		{"?", "\xc3\xa9", false}, /* bytes, not characters */
		{"??", "\xc3\xa9", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (glob_match(cases[i].pattern, cases[i].text) != cases[i].match)
			fail_msg("'%s' against '%s'", cases[i].pattern, cases[i].text);
}

/* A pattern made to go wrong costs |pattern|*|text| steps, not 2^n. */
static void test_many_stars_end(void **state)
{
	char pattern[EV_TEXT], text[EV_PATH];

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(&pattern[i], "*a", 2);
	strcpy(&pattern[sizeof(pattern) - 2], "b");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(glob_match(pattern, text));
	text[sizeof(text) - 2] = 'b';
	assert_true(glob_match(pattern, text));
}

static void test_include_then_exclude(void **state)
{
	struct ev_start start = h_start();

	(void)state;
	assert_true(filter_included(&start, "/docker/a"));
	start.n_exclude = 1;
	strcpy(start.exclude[0], "/docker/*");
	assert_false(filter_included(&start, "/docker/a"));
	assert_true(filter_included(&start, "/podman/a"));
	start.n_include = 2;
	strcpy(start.include[0], "/docker/*");
	strcpy(start.include[1], "/lxc/*");
	assert_false(filter_included(&start, "/docker/a")); /* to exclude is stronger */
	assert_true(filter_included(&start, "/lxc/a"));
	assert_false(filter_included(&start, "/podman/a"));
}

/* A forged log may claim more patterns than there is room for. */
static void test_counts_are_bounded(void **state)
{
	struct ev_start start = h_start();

	(void)state;
	start.n_include = start.n_exclude = UINT32_MAX;
	for (int i = 0; i < EV_GLOBS; i++)
		strcpy(start.exclude[i], "x");
	strcpy(start.include[EV_GLOBS - 1], "/a");
	assert_true(filter_included(&start, "/a"));
	assert_false(filter_included(&start, "/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_globs),
		cmocka_unit_test(test_many_stars_end),
		cmocka_unit_test(test_include_then_exclude),
		cmocka_unit_test(test_counts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
