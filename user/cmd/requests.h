/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests.h - what the core asked for during a step, until the shell answers. The core may not be
 * entered while it runs, so requests wait here, packed, each with its path.
 */
#ifndef MW_CMD_REQUESTS_H
#define MW_CMD_REQUESTS_H

#include <stddef.h>
#include "core/core.h"

struct request_queue {
	unsigned char *data;
	size_t len, size;
	size_t read;
	uint64_t lost; /* beyond the bound, or without memory */
};

#define REQUEST_QUEUE_MAX (16u << 20) /* bytes; some 50,000 requests with their paths */

void requests_add(struct request_queue *q, const struct request *r);

/*
 * Take the oldest into *r; its path points into the queue and stays until the next
 * requests_add(). Returns 0 when there is none.
 */
int requests_take(struct request_queue *q, struct request *r);
void requests_free(struct request_queue *q);

#endif
