/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h - the fixed tables of the core: entries live in plain arrays and are named by an index
 * from 1 on (0 is "none"); a hash chain and a doubly linked list thread through parallel arrays.
 * Nothing here allocates; everything is bounded by the capacity it was set up with.
 */
#ifndef MW_CORE_INDEX_H
#define MW_CORE_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* Hand out pieces of one block of memory; with base NULL it only measures. */
struct carve {
	unsigned char *base;
	size_t used;
};

static inline void *carve_take(struct carve *c, size_t count, size_t size)
{
	void *p = c->base ? c->base + c->used : NULL;

	c->used += (count * size + 15) & ~(size_t)15;
	return p;
}

struct htab {
	uint32_t *heads;
	uint32_t *next;
	uint32_t mask;
};

static inline uint32_t htab_buckets(uint32_t capacity)
{
	uint32_t n = 16;

	while (n < capacity)
		n *= 2;
	return n;
}

static inline void htab_carve(struct htab *t, struct carve *c, uint32_t capacity)
{
	t->mask = htab_buckets(capacity) - 1;
	t->heads = carve_take(c, t->mask + 1, sizeof(uint32_t));
	t->next = carve_take(c, capacity + 1, sizeof(uint32_t));
}

static inline uint32_t htab_first(const struct htab *t, uint64_t hash)
{
	return t->heads[hash & t->mask];
}

static inline void htab_add(struct htab *t, uint64_t hash, uint32_t i)
{
	t->next[i] = t->heads[hash & t->mask];
	t->heads[hash & t->mask] = i;
}

static inline void htab_del(struct htab *t, uint64_t hash, uint32_t i)
{
	uint32_t *p = &t->heads[hash & t->mask];

	while (*p && *p != i)
		p = &t->next[*p];
	if (*p)
		*p = t->next[i];
}

/* Several lists may share one pair of link arrays as long as an entry is on one of them only. */
struct ilinks {
	uint32_t *prev, *next;
};

struct ilist {
	uint32_t head, tail, count;
};

static inline void ilinks_carve(struct ilinks *l, struct carve *c, uint32_t capacity)
{
	l->prev = carve_take(c, capacity + 1, sizeof(uint32_t));
	l->next = carve_take(c, capacity + 1, sizeof(uint32_t));
}

static inline void ilist_append(struct ilist *list, struct ilinks *l, uint32_t i)
{
	l->prev[i] = list->tail;
	l->next[i] = 0;
	if (list->tail)
		l->next[list->tail] = i;
	else
		list->head = i;
	list->tail = i;
	list->count++;
}

static inline void ilist_remove(struct ilist *list, struct ilinks *l, uint32_t i)
{
	if (l->prev[i])
		l->next[l->prev[i]] = l->next[i];
	else
		list->head = l->next[i];
	if (l->next[i])
		l->prev[l->next[i]] = l->prev[i];
	else
		list->tail = l->prev[i];
	list->count--;
}

/*
 * A pool of entries: free ones by a stack that is never touched before it is needed, so unused
 * capacity costs no resident memory.
 */
struct pool {
	uint32_t *free;
	uint32_t n_free;
	uint32_t fresh; /* indices from here on were never used */
	uint32_t capacity;
	uint32_t used, peak;
	uint64_t lost; /* wanted when there was none */
};

static inline void pool_carve(struct pool *p, struct carve *c, uint32_t capacity)
{
	p->capacity = capacity;
	p->fresh = 1;
	p->free = carve_take(c, capacity + 1, sizeof(uint32_t));
}

static inline uint32_t pool_get(struct pool *p)
{
	uint32_t i = 0;

	if (p->n_free)
		i = p->free[--p->n_free];
	else if (p->fresh <= p->capacity)
		i = p->fresh++;
	if (i && ++p->used > p->peak)
		p->peak = p->used;
	return i;
}

static inline void pool_put(struct pool *p, uint32_t i)
{
	p->free[p->n_free++] = i;
	p->used--;
}

#endif
