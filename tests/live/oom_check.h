/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_check.h - one logged kill beside its record. Every value that is compared counts: how many
 * were, and how many did not agree, is said at the end.
 */
#ifndef MW_LIVE_OOM_CHECK_H
#define MW_LIVE_OOM_CHECK_H

#include "live.h"

/* What a bare counter may be away from the exact value: a batch of pages a CPU or thread. */
#define BATCH_PAGES 64
#define PAGE_BYTES  4096
/* What a scenario's other tasks take or give back between two looks. */
#define BUSY_BYTES (4LL * (int64_t)MIB)

struct compare {
	struct live *l;
	const struct klog_kill *kill;
	const struct expected_oom *expected;
	json_t *record;
	json_t *event; /* of the event log: carries the bare counters */
	int64_t tgid;
	bool itself;       /* the victim is who asked for memory */
	bool has_control;  /* the tier sees oom_control */
	bool exact_kernel; /* the kernel prints exact sums, not its bare counters */
};

/* One value; what is said is printed only when it does not hold. */
__attribute__((format(printf, 3, 4))) bool field(struct compare *p, bool ok, const char *format,
						 ...);
bool field_same(struct compare *p, const char *what, int64_t kernel, int64_t record);
/* The record's must be there, and no further away than bound. */
bool field_near(struct compare *p, const char *what, int64_t kernel, int64_t record, int64_t bound);
bool field_text(struct compare *p, const char *what, const char *kernel, const char *record);

/* What the kernel prints of the kill: oom_compare.c. */
void oom_compare_victim(struct compare *p);
void oom_compare_header(struct compare *p);

/* What the agent knew from its snapshots, and what follows from it: oom_compare_seen.c. */
void oom_compare_seen(struct compare *p);

#endif
