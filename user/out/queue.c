/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - lines that wait for the output: see queue.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "out/queue.h"

#define NO_BLOCK   UINT32_MAX
#define BLOCK_DATA 252

struct block {
	uint32_t next; /* of the same line, or of the free ones */
	char data[BLOCK_DATA];
};

/* At the beginning of a line's first block. */
struct line_head {
	uint64_t order;
	uint32_t len;
	uint32_t next_line; /* first block of the next line of this severity */
};

struct line_list {
	uint32_t first, last;
	uint64_t lines;
	uint64_t blocks;
};

struct line_queue {
	uint32_t n_blocks;
	uint32_t n_used;
	uint32_t fresh; /* blocks from here on were never used */
	uint32_t free;
	uint64_t order;
	uint64_t bytes;
	struct line_list lists[QUEUE_SEVERITIES];
	struct block blocks[];
};

static size_t blocks_for(size_t len)
{
	return (sizeof(struct line_head) + len + BLOCK_DATA - 1) / BLOCK_DATA;
}

size_t line_queue_size_for(size_t len)
{
	return blocks_for(len) * sizeof(struct block);
}

int line_queue_new(struct line_queue **out, size_t bytes)
{
	size_t n = bytes / sizeof(struct block);
	struct line_queue *q;

	if (n == 0 || n >= NO_BLOCK)
		return -EINVAL;
	q = malloc(sizeof(*q) + n * sizeof(struct block));
	if (!q)
		return -ENOMEM;
	memset(q, 0, sizeof(*q));
	q->n_blocks = (uint32_t)n;
	q->free = NO_BLOCK;
	for (int i = 0; i < QUEUE_SEVERITIES; i++)
		q->lists[i].first = q->lists[i].last = NO_BLOCK;
	*out = q;
	return 0;
}

void line_queue_free(struct line_queue *q)
{
	free(q);
}

static void get_head(const struct line_queue *q, uint32_t at, struct line_head *head)
{
	memcpy(head, q->blocks[at].data, sizeof(*head));
}

static void put_head(struct line_queue *q, uint32_t at, const struct line_head *head)
{
	memcpy(q->blocks[at].data, head, sizeof(*head));
}

static uint32_t take_block(struct line_queue *q)
{
	uint32_t at = q->free;

	if (at == NO_BLOCK)
		at = q->fresh++;
	else
		q->free = q->blocks[at].next;
	q->blocks[at].next = NO_BLOCK;
	q->n_used++;
	return at;
}

static void give_block(struct line_queue *q, uint32_t at)
{
	q->blocks[at].next = q->free;
	q->free = at;
	q->n_used--;
}

/* Take the oldest line of a severity out; its text goes to dst unless that is NULL. */
static size_t take_line(struct line_queue *q, struct line_list *list, char *dst)
{
	uint32_t at = list->first;
	size_t skip = sizeof(struct line_head), left;
	struct line_head head;

	get_head(q, at, &head);
	list->first = head.next_line;
	if (list->first == NO_BLOCK)
		list->last = NO_BLOCK;
	list->lines--;
	list->blocks -= blocks_for(head.len);
	q->bytes -= head.len;
	left = head.len;
	while (at != NO_BLOCK) {
		uint32_t next = q->blocks[at].next;
		size_t n = BLOCK_DATA - skip < left ? BLOCK_DATA - skip : left;

		if (dst) {
			memcpy(dst, q->blocks[at].data + skip, n);
			dst += n;
		}
		left -= n;
		skip = 0;
		give_block(q, at);
		at = next;
	}
	return head.len;
}

static void put_line(struct line_queue *q, struct line_list *list, const char *line, size_t len)
{
	struct line_head head = {.order = q->order++, .len = (uint32_t)len, .next_line = NO_BLOCK};
	uint32_t first = take_block(q), at = first;
	size_t skip = sizeof(head), left = len;

	put_head(q, first, &head);
	for (;;) {
		size_t n = BLOCK_DATA - skip < left ? BLOCK_DATA - skip : left;

		memcpy(q->blocks[at].data + skip, line, n);
		line += n;
		left -= n;
		skip = 0;
		if (!left)
			break;
		q->blocks[at].next = take_block(q);
		at = q->blocks[at].next;
	}
	if (list->last == NO_BLOCK) {
		list->first = first;
	} else {
		get_head(q, list->last, &head);
		head.next_line = first;
		put_head(q, list->last, &head);
	}
	list->last = first;
	list->lines++;
	list->blocks += blocks_for(len);
	q->bytes += len;
}

bool line_queue_push(struct line_queue *q, const char *line, size_t len, enum severity severity,
		     uint64_t dropped[QUEUE_SEVERITIES])
{
	uint64_t need = blocks_for(len), room = q->n_blocks - q->n_used;
	unsigned int level = (unsigned int)severity;

	if (level >= QUEUE_SEVERITIES)
		level = QUEUE_SEVERITIES - 1;
	/* Only if that makes enough room may others go. */
	for (unsigned int i = 0; i <= level; i++)
		room += q->lists[i].blocks;
	if (len == 0 || len > UINT32_MAX || need > room) {
		dropped[level]++;
		return false;
	}
	for (unsigned int i = 0; i <= level; i++) {
		while (q->n_blocks - q->n_used < need && q->lists[i].lines) {
			take_line(q, &q->lists[i], NULL);
			dropped[i]++;
		}
	}
	put_line(q, &q->lists[level], line, len);
	return true;
}

/* The severity whose first line came before the others'; QUEUE_SEVERITIES when all are empty. */
static int next_line(const struct line_queue *q, struct line_head *head)
{
	int next = QUEUE_SEVERITIES;

	for (int i = 0; i < QUEUE_SEVERITIES; i++) {
		struct line_head other;

		if (q->lists[i].first == NO_BLOCK)
			continue;
		get_head(q, q->lists[i].first, &other);
		if (next == QUEUE_SEVERITIES || other.order < head->order) {
			next = i;
			*head = other;
		}
	}
	return next;
}

size_t line_queue_next(const struct line_queue *q)
{
	struct line_head head;

	return next_line(q, &head) < QUEUE_SEVERITIES ? head.len : 0;
}

size_t line_queue_pop(struct line_queue *q, char *dst)
{
	struct line_head head;
	int next = next_line(q, &head);

	return next < QUEUE_SEVERITIES ? take_line(q, &q->lists[next], dst) : 0;
}

uint64_t line_queue_bytes(const struct line_queue *q)
{
	return q->bytes;
}

uint64_t line_queue_size(const struct line_queue *q)
{
	return (uint64_t)q->n_blocks * sizeof(struct block);
}
