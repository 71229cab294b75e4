/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - what `doctor` found, and the two ways to show it. */
#ifndef MW_CMD_DOCTOR_H
#define MW_CMD_DOCTOR_H

#include <stdio.h>
#include "in/doctor_facts.h"
#include "in/feature.h"

enum verdict { VERDICT_FULL = 0, VERDICT_DEGRADED = 1, VERDICT_CANNOT_RUN = 2 };

struct diagnosis {
	struct doctor_facts facts;
	struct feature features[FEAT_COUNT];
	bool probed; /* false: without privileges nothing can be probed; features[] is empty */
	enum verdict verdict;
};

/* A sentence on what stands in the way of running at all, "" when nothing does. */
const char *diagnosis_obstacle(const struct diagnosis *d);

/* What to do about that obstacle. */
const char *diagnosis_remedy(const struct diagnosis *d);

/* Readable at 80 columns. */
void doctor_print_text(FILE *out, const struct diagnosis *d);

/* One JSON document. 0, or -ENOMEM, or -EIO. */
int doctor_print_json(FILE *out, const struct diagnosis *d);

#endif
