/* SPDX-License-Identifier: Apache-2.0 */
/* filter.c - which cgroups the records are about: --cgroup and --exclude-cgroup. */
#include "core/state.h"

bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	/* One star is retried at a time: linear space, no recursion, at most |pattern|*|text|. */
	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

bool filter_included(const struct ev_start *start, const char *path)
{
	bool included = start->n_include == 0;

	for (uint32_t i = 0; i < start->n_include && i < EV_GLOBS && !included; i++)
		included = glob_match(start->include[i], path);
	for (uint32_t i = 0; i < start->n_exclude && i < EV_GLOBS && included; i++)
		included = !glob_match(start->exclude[i], path);
	return included;
}
