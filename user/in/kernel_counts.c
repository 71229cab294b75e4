/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_counts.c - the exact counters of every memory cgroup: reading them, and taking the slots
 * of cgroups that are gone back into use.
 *
 * A program that looked a slot up just before we delete its entry may count on it for some
 * microseconds more. So a slot rests for SLOT_REST after it was forgotten, before it is zeroed and
 * given out again; and each cell names its owner, so a CPU that still remembers the old pair of
 * cgroup and slot finds out by itself.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "in/kernel_private.h"

#define SLOT_REST 2000000000ULL /* ns */

void counts_close(struct kernel_counts *counts)
{
	free(counts->freed);
	free(counts->cells);
	free(counts->keys);
	counts->freed = NULL;
	counts->cells = NULL;
	counts->keys = NULL;
}

int counts_open(struct kernel_counts *counts)
{
	uint32_t slot;
	int r;

	counts->freed = calloc(counts->n_slots, sizeof(*counts->freed));
	counts->cells = calloc(counts->n_cpus, sizeof(*counts->cells));
	counts->keys = calloc(counts->n_slots, sizeof(*counts->keys));
	if (!counts->freed || !counts->cells || !counts->keys) {
		counts_close(counts);
		return -ENOMEM;
	}
	for (slot = 1; slot < counts->n_slots; slot++) {
		r = bpf_map_update_elem(counts->free_fd, NULL, &slot, BPF_ANY);
		if (r) {
			counts_close(counts);
			return r;
		}
	}
	return 0;
}

uint64_t counts_used(const struct kernel_counts *counts)
{
	uint64_t made = __atomic_load_n(counts->slots_made, __ATOMIC_RELAXED);

	return made > counts->recycled ? made - counts->recycled : 0;
}

/* Give back those that have rested; they stand in the order of their time. */
static void counts_recycle(struct kernel_counts *counts, uint64_t now)
{
	uint32_t done = 0;

	while (done < counts->n_freed && now - counts->freed[done].when >= SLOT_REST) {
		uint32_t slot = counts->freed[done].slot;

		memset(counts->cells, 0, counts->n_cpus * sizeof(*counts->cells));
		if (bpf_map_update_elem(counts->counts_fd, &slot, counts->cells, BPF_ANY) ||
		    bpf_map_update_elem(counts->free_fd, NULL, &slot, BPF_ANY))
			break;
		counts->recycled++;
		done++;
	}
	if (!done)
		return;
	counts->n_freed -= done;
	memmove(counts->freed, counts->freed + done, counts->n_freed * sizeof(*counts->freed));
}

void kernel_forget(struct kernel *k, uint64_t cgroup_id)
{
	struct kernel_counts *counts = &k->counts;
	uint64_t now = now_boot();
	uint32_t slot;

	counts_recycle(counts, now);
	if (bpf_map_lookup_elem(counts->slots_fd, &cgroup_id, &slot))
		return;
	if (bpf_map_delete_elem(counts->slots_fd, &cgroup_id) || !slot ||
	    counts->n_freed == counts->n_slots)
		return;
	counts->freed[counts->n_freed++] = (struct freed_slot){.slot = slot, .when = now};
}

/* The cgroups that have a slot into counts->keys. The kernel may add some while we go. */
static uint32_t counts_keys(struct kernel_counts *counts)
{
	uint64_t key, next;
	uint32_t n = 0;
	int r = bpf_map_get_next_key(counts->slots_fd, NULL, &next);

	while (!r && n < counts->n_slots) {
		counts->keys[n++] = next;
		key = next;
		r = bpf_map_get_next_key(counts->slots_fd, &key, &next);
	}
	return n;
}

/* Sum one slot over all CPUs into *sum: what belongs to owner. */
static int counts_sum(struct kernel_counts *counts, uint32_t slot, uint64_t owner,
		      struct wire_counts *sum)
{
	uint32_t cpu, kind;
	int r = bpf_map_lookup_elem(counts->counts_fd, &slot, counts->cells);

	if (r)
		return r;
	*sum = (struct wire_counts){0};
	for (cpu = 0; cpu < counts->n_cpus; cpu++) {
		const struct wire_cell *cell = &counts->cells[cpu];

		if (cell->owner != owner)
			continue;
		sum->faults += cell->counts.faults;
		sum->forks += cell->counts.forks;
		sum->execs += cell->counts.execs;
		sum->exits += cell->counts.exits;
		sum->signals += cell->counts.signals;
		sum->oom_kills += cell->counts.oom_kills;
		for (kind = 0; kind < WIRE_FAULT_KINDS; kind++)
			sum->kinds[kind] += cell->counts.kinds[kind];
	}
	return 0;
}

static void counts_emit(union event *event, uint64_t id, const struct wire_counts *sum, uint64_t ts,
			event_sink sink, void *ctx)
{
	_Static_assert(WIRE_FAULT_KINDS == EV_KINDS, "fault kinds");
	struct ev_memcg_counts *ev = &event_init(event, EV_MEMCG_COUNTS, ts)->memcg_counts;

	ev->id = id;
	ev->faults = sum->faults;
	ev->forks = sum->forks;
	ev->execs = sum->execs;
	ev->exits = sum->exits;
	ev->signals = sum->signals;
	ev->oom_kills = sum->oom_kills;
	memcpy(ev->kinds, sum->kinds, sizeof(ev->kinds));
	sink(ctx, event);
}

int kernel_read_count(struct kernel *k, uint64_t cgroup_id, event_sink sink, void *ctx)
{
	struct wire_counts sum = {0};
	uint32_t slot;
	int r;

	if (!bpf_map_lookup_elem(k->counts.slots_fd, &cgroup_id, &slot)) {
		r = counts_sum(&k->counts, slot, cgroup_id, &sum);
		if (r)
			return r;
	}
	counts_emit(k->event, cgroup_id, &sum, now_boot(), sink, ctx);
	return 0;
}

int kernel_read_counts(struct kernel *k, event_sink sink, void *ctx)
{
	struct kernel_counts *counts = &k->counts;
	uint64_t now = now_boot();
	struct wire_counts sum;
	uint32_t n, i, slot;
	int r;

	counts_recycle(counts, now);
	r = counts_sum(counts, 0, 0, &sum);
	if (r)
		return r;
	counts_emit(k->event, 0, &sum, now, sink, ctx);
	n = counts_keys(counts);
	if (n > counts->peak)
		counts->peak = n;
	for (i = 0; i < n; i++) {
		if (bpf_map_lookup_elem(counts->slots_fd, &counts->keys[i], &slot))
			continue;
		r = counts_sum(counts, slot, counts->keys[i], &sum);
		if (r)
			return r;
		counts_emit(k->event, counts->keys[i], &sum, now_boot(), sink, ctx);
	}
	return 0;
}
