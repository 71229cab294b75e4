/* SPDX-License-Identifier: Apache-2.0 */
/* kernel_health.c - fill and losses of every ring and map, run time of every program. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "in/kernel_private.h"

struct resource {
	const char *name;
	const char *cause; /* of the loss */
	uint64_t capacity, used, peak, lost;
};

static uint64_t counter(const __u64 *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static void resource_emit(union event *event, const struct resource *from, event_sink sink,
			  void *ctx)
{
	struct ev_resource *ev = &event_init(event, EV_RESOURCE, now_boot())->resource;

	ev->capacity = from->capacity;
	ev->used = from->used;
	ev->peak = from->peak > from->used ? from->peak : from->used;
	ev->lost = from->lost;
	snprintf(ev->name, sizeof(ev->name), "%s", from->name);
	if (from->lost)
		snprintf(ev->cause, sizeof(ev->cause), "%s", from->cause);
	sink(ctx, event);
}

/* Runs and time of one program; its missed runs are added to *missed. */
static void program_emit(union event *event, struct bpf_program *program, event_sink sink,
			 void *ctx, uint64_t *missed)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	struct ev_program *ev;

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
		return;
	/* What a second program misses the first has told (bpf/again.h). */
	if (!strstr(bpf_program__name(program), "_again"))
		*missed += info.recursion_misses;
	ev = &event_init(event, EV_PROGRAM, now_boot())->program;
	snprintf(ev->name, sizeof(ev->name), "%s", bpf_program__name(program));
	/* Both stay 0 without kernel.bpf_stats_enabled: that is not known, and not none. */
	if (info.run_cnt || info.run_time_ns) {
		ev->runs = info.run_cnt;
		ev->run_ns = info.run_time_ns;
	} else {
		ev->runs = U64_UNKNOWN;
		ev->run_ns = U64_UNKNOWN;
	}
	sink(ctx, event);
}

int kernel_health(struct kernel *k, event_sink sink, void *ctx, struct ev_health *health)
{
	const struct wire_stats *stats = k->stats;
	const struct resource resources[] = {
		{"oom_ring", "ring full", k->oom_ring.size, ring_used(&k->oom_ring),
		 k->oom_ring.peak, counter(&stats->lost_oom_ring)},
		{"ring", "ring full", k->ring.size, ring_used(&k->ring), k->ring.peak,
		 counter(&stats->lost_ring)},
		{"slots", "counted under slot 0", k->counts.n_slots - 1, counts_used(&k->counts),
		 k->counts.peak, counter(&stats->lost_slot)},
		{"memcg_table", "table full", k->memcg_capacity, k->memcg_peak, k->memcg_peak,
		 k->memcg_lost},
	};
	uint64_t missed = 0, again;
	size_t i;

	for (i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		resource_emit(k->event, &resources[i], sink, ctx);
	for (i = 0; i < k->n_attached; i++)
		program_emit(k->event, k->attached[i].program, sink, ctx, &missed);
	again = counter(k->told_again);
	missed = missed > again ? missed - again : 0;
	{
		const struct resource rest[] = {
			{.name = "notes", .cause = "map full", .lost = counter(&stats->lost_stash)},
			{.name = "decode", .cause = "damaged record", .lost = k->decode_errors},
			{.name = "programs", .cause = "recursion", .lost = missed},
		};

		for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
			if (rest[i].lost)
				resource_emit(k->event, &rest[i], sink, ctx);
	}
	health->mark_victim_seen = counter(&stats->mark_victim_seen);
	health->mark_victim_refused = counter(&stats->mark_victim_refused);
	health->oom_no_kill = counter(&stats->oom_no_kill);
	health->exit_duplicate = counter(&stats->exit_duplicate);
	return 0;
}
