/* SPDX-License-Identifier: Apache-2.0 */
/* kill_looks.h - looks at the kernel's count of OOM kills of the service, for the tests of it. */
#ifndef MW_TESTS_KILL_LOOKS_H
#define MW_TESTS_KILL_LOOKS_H

#include "service.h"

static inline const struct kill_count *count_of(const struct harness *h, uint64_t id)
{
	return &h->core->cgroups[cgroup_find(h->core, id)].kills;
}

/* A look at the container's count. */
static inline void look(struct harness *h, uint64_t kills)
{
	h_memcg_kills(h, 10, kills);
	h_mark(h);
	h_pass(h, NSEC_PER_SEC);
}

static inline const struct rec_kills *kills_now(struct harness *h)
{
	static struct rec_kills kills;

	kills_describe(h->core, &kills);
	return &kills;
}

/* A service whose count was 0 when the agent came. */
static inline struct harness *open_settled(void)
{
	struct harness *h = open_service();

	look(h, 0);
	look(h, 0);
	assert_true(count_of(h, 10)->known);
	return h;
}

#endif
