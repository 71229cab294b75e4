/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kills.c - completeness: the kernel counts its OOM kills in each memory cgroup and for the whole
 * host; those counts are held against the records.
 *
 * Two things make the kernel's count differ from the number of victims, and both are known here.
 * In a group kill (memory.oom.group) the chosen one is killed as such and once more as a member:
 * counted twice, with a second SIGKILL but without a second mark. And what it counted before the
 * agent started was never seen: that is said once, and never becomes a record.
 *
 * A count is read while kills go on: a reading may be ahead of the events by those of the same
 * instant. So a difference counts when two looks in a row have it.
 */
#include <string.h>
#include "core/state.h"

/* Looks at a cgroup before the kernel's count at the start is settled. */
#define LOOKS_FOR_BASE 2

void kills_on_record(struct core *core, uint64_t cgroup_id)
{
	uint32_t i = cgroup_find(core, cgroup_id);

	core->oom_records++;
	if (i)
		core->cgroups[i].kills.records++;
}

void kills_on_repeat(struct core *core, uint64_t cgroup_id)
{
	uint32_t i = cgroup_find(core, cgroup_id);

	core->oom_twice++;
	if (i)
		core->cgroups[i].kills.twice++;
}

static void describe_gap(const struct cgroup *g, struct rec_kill_gap *out)
{
	const struct kill_count *k = &g->kills;

	out->cgroup = g->path[0] ? g->path : NULL;
	out->cgroup_id = g->id;
	out->kernel = k->kernel - k->base;
	out->records = k->records;
	out->twice = k->twice;
	out->missing = k->missing;
}

static void tell_before_start(struct core *core, uint32_t i, uint64_t kills)
{
	struct rec_finding f = {
		.kind = FINDING_OOM_KILLS_BEFORE_START,
		.since_real = U64_UNKNOWN,
		.kills = {.kernel = kills,
			  .records = U64_UNKNOWN,
			  .twice = U64_UNKNOWN,
			  .missing = U64_UNKNOWN},
		.advice = "The kernel counts OOM kills in this cgroup from before the agent "
			  "started: who was killed, and when, is not known. Processes may be "
			  "missing without anybody having noticed.",
	};

	core_emit_finding(core, &f, SEVERITY_WARNING, core->now, i);
}

/* The count from before: the smaller of the first looks, since each may hold a kill too many. */
static void settle_base(struct core *core, uint32_t i, uint64_t count)
{
	struct kill_count *k = &core->cgroups[i].kills;
	uint64_t seen = k->records + k->twice;
	uint64_t before = count > seen ? count - seen : 0;

	if (core->cgroups[i].created) {
		k->known = true;
		return;
	}
	if (!k->looks || before < k->base)
		k->base = before;
	if (++k->looks < LOOKS_FOR_BASE)
		return;
	k->known = true;
	if (k->base && core->ready)
		tell_before_start(core, i, k->base);
}

/* What two looks in a row have: the smaller one; the last look has to do alone. */
static uint64_t confirmed(uint64_t *before, uint64_t now, bool last)
{
	uint64_t both = last || now < *before ? now : *before;

	*before = now;
	return both;
}

void kills_note(struct core *core, uint32_t cgroup, uint64_t count, bool last)
{
	struct kill_count *k = &core->cgroups[cgroup].kills;
	uint64_t told, missing;

	if (count >= U64_UNLIMITED)
		return;
	k->kernel = count;
	if (!k->known)
		settle_base(core, cgroup, count);
	if (!k->known)
		return;
	told = k->base + k->records + k->twice;
	missing = count > told ? count - told : 0;
	k->missing = confirmed(&k->last_missing, missing, last);
}

static void tell_missed(struct core *core)
{
	struct rec_finding f = {
		.kind = FINDING_OOM_KILLS_MISSED,
		.since_real = U64_UNKNOWN,
		.cgroup = "/",
		.cgroup_id = core->start.root_memcg,
		.level = LEVEL_HOST,
		.advice = "The kernel counted more OOM kills than were seen: agent_health says "
			  "what was lost and, where it is known, in which cgroups.",
	};
	struct record r = {.type = RECORD_FINDING, .severity = SEVERITY_WARNING, .finding = &f};
	struct rec_kills kills;

	kills_describe(core, &kills);
	f.kills.kernel = kills.kernel;
	f.kills.records = kills.records;
	f.kills.twice = kills.twice;
	f.kills.missing = kills.missing;
	core_emit(core, &r, core->now, 0);
}

void kills_note_host(struct core *core, uint64_t count, bool last)
{
	uint64_t told = core->oom_records + core->oom_twice, missing;

	if (count >= U64_UNLIMITED)
		return;
	if (core->kernel_oom_base == U64_UNKNOWN) {
		core->kernel_oom_base = count > told ? count - told : 0;
		core->oom_missing = core->oom_missing_raw = 0;
		return;
	}
	told += core->kernel_oom_base;
	missing = count > told ? count - told : 0;
	core->oom_missing = confirmed(&core->oom_missing_raw, missing, last);
	if (core->oom_missing > core->oom_missing_told) {
		core->oom_missing_told = core->oom_missing;
		tell_missed(core);
	}
}

static void add_gap(const struct cgroup *g, struct rec_kills *out)
{
	if (g->kills.known && g->kills.missing && out->n_gaps < RECORD_KILL_GAPS)
		describe_gap(g, &out->gaps[out->n_gaps++]);
}

void kills_describe(const struct core *core, struct rec_kills *out)
{
	uint64_t now = core->health.kernel_oom_kills;

	memset(out, 0, sizeof(*out));
	out->records = core->oom_records;
	out->twice = core->oom_twice;
	out->kernel = out->missing = out->before_start = U64_UNKNOWN;
	/* A count that runs backwards is none. */
	if (core->kernel_oom_base != U64_UNKNOWN && now < U64_UNLIMITED &&
	    now >= core->kernel_oom_base) {
		out->before_start = core->kernel_oom_base;
		out->kernel = now - core->kernel_oom_base;
		out->missing = core->oom_missing;
	}
	for (uint32_t i = core->present.head; i; i = core->cgroup_links.next[i])
		add_gap(&core->cgroups[i], out);
	for (uint32_t i = core->gone.head; i; i = core->cgroup_links.next[i])
		add_gap(&core->cgroups[i], out);
}
