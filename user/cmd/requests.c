/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - see requests.h. */
#include <stdlib.h>
#include <string.h>
#include "cmd/requests.h"

struct packed {
	struct request request;
	size_t size; /* of this entry, its path included */
};

static int make_room(struct request_queue *q, size_t need)
{
	size_t size = q->size ? q->size : 64u << 10;
	unsigned char *data;

	if (q->read == q->len)
		q->read = q->len = 0;
	while (size < q->len + need)
		size *= 2;
	if (size == q->size)
		return 0;
	if (size > REQUEST_QUEUE_MAX)
		return -1;
	data = realloc(q->data, size);
	if (!data)
		return -1;
	q->data = data;
	q->size = size;
	return 0;
}

void requests_add(struct request_queue *q, const struct request *r)
{
	size_t path = r->path ? strlen(r->path) + 1 : 0;
	struct packed p = {.request = *r, .size = (sizeof(p) + path + 15) & ~(size_t)15};

	if (make_room(q, p.size)) {
		q->lost++;
		return;
	}
	memcpy(q->data + q->len, &p, sizeof(p));
	if (path)
		memcpy(q->data + q->len + sizeof(p), r->path, path);
	q->len += p.size;
}

int requests_take(struct request_queue *q, struct request *r)
{
	struct packed p;

	if (q->read == q->len)
		return 0;
	memcpy(&p, q->data + q->read, sizeof(p));
	*r = p.request;
	if (r->path)
		r->path = (const char *)(q->data + q->read + sizeof(p));
	q->read += p.size;
	return 1;
}

void requests_free(struct request_queue *q)
{
	free(q->data);
	memset(q, 0, sizeof(*q));
}
