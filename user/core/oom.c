/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.c - an OOM kill: which decision it belongs to, whose limit was reached, who lives on.
 *
 * Where the kernel side saw oom_control (fentry, kprobe) the limit is known. Where it saw only the
 * tracepoint, it is the ancestor whose local count of OOM events moved: with limits of equal size
 * above each other that is still the right one, while "usage is at the limit" is not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "core/state.h"

#define SAME_DECISION_NS NSEC_PER_SEC   /* between victims of one group kill, tracepoint tier */
#define FULL_SLACK       (64 * 4096ull) /* a batch of charges may be missing from usage */

void oom_note_count(struct cgroup *g, uint64_t count)
{
	if (count == U64_UNKNOWN)
		return;
	if (!g->oom_known)
		g->oom_newest = g->created ? 0 : count;
	g->oom_known = true;
	if (g->oom_newest > g->oom_local)
		g->oom_local = g->oom_newest;
	g->oom_newest = count;
}

const struct incident *incident_find(const struct core *core, uint32_t number)
{
	const struct incident *in = &core->incidents[number % MAX_INCIDENTS];

	return number && in->number == number ? in : NULL;
}

const struct incident *oom_collateral(const struct core *core, const struct proc_signal *s)
{
	if (s->number != 9 || s->info != EV_SI_PRIV)
		return NULL;
	if (signal_sender_ended(core, s))
		return NULL;
	for (uint32_t i = 0; i < MAX_INCIDENTS; i++) {
		const struct incident *in = &core->incidents[i];

		if (in->number && in->trigger_tid == s->sender_tid &&
		    s->ts + SAME_DECISION_NS >= in->first_ts &&
		    s->ts <= in->last_ts + SAME_DECISION_NS)
			return in;
	}
	return NULL;
}

/* A group kill that this victim may belong to: all of one are killed by one thread, at once. */
static bool group_goes_on(const struct incident *in, const struct ev_oom *ev)
{
	return in->number && in->group && in->trigger_tid == ev->trigger.tid &&
	       ev->head.ts <= in->last_ts + SAME_DECISION_NS;
}

/* The count moves once a decision: for the later victims of a group it is the first one's limit. */
static const struct ev_level *group_limit(const struct core *core, const struct ev_oom *ev)
{
	for (uint32_t n = 0; n < MAX_INCIDENTS; n++) {
		const struct incident *in = &core->incidents[n];

		if (!group_goes_on(in, ev))
			continue;
		for (uint32_t i = 0; i < ev->n_levels && i < EV_LEVELS; i++)
			if (ev->levels[i].id == in->limit_id)
				return &ev->levels[i];
	}
	return NULL;
}

/* The level of the victim's ancestry whose limit was reached; NULL: none, it was global. */
static const struct ev_level *guess_limit(struct core *core, const struct ev_oom *ev)
{
	const struct ev_level *moved = NULL, *full = NULL;

	for (uint32_t i = 0; i < ev->n_levels && i < EV_LEVELS; i++) {
		const struct ev_level *l = &ev->levels[i];
		uint32_t g = cgroup_find(core, l->id);
		bool base_known = g && (core->cgroups[g].oom_known || core->cgroups[g].created);

		if (base_known && l->oom_local != U64_UNKNOWN &&
		    l->oom_local > core->cgroups[g].oom_local)
			moved = l;
		/* Full, and not one that never had an OOM event: that only looks like it. */
		if (!full && l->max < U64_UNLIMITED && l->usage >= 0 && l->oom_local &&
		    (uint64_t)l->usage + FULL_SLACK >= l->max)
			full = l;
	}
	if (moved)
		return moved;
	moved = group_limit(core, ev);
	return moved ? moved : full;
}

static void note_levels(struct core *core, const struct ev_oom *ev)
{
	for (uint32_t i = 0; i < ev->n_levels && i < EV_LEVELS; i++) {
		uint32_t g = cgroup_find(core, ev->levels[i].id);

		if (!g || ev->levels[i].oom_local == U64_UNKNOWN)
			continue;
		core->cgroups[g].oom_known = true;
		if (ev->levels[i].oom_local > core->cgroups[g].oom_local)
			core->cgroups[g].oom_local = ev->levels[i].oom_local;
		if (ev->levels[i].oom_local > core->cgroups[g].oom_newest)
			core->cgroups[g].oom_newest = ev->levels[i].oom_local;
	}
}

/* The counters at the kill are the newest that there are, and all that a short life leaves. */
static void note_usage(struct core *core, const struct ev_oom *ev)
{
	for (uint32_t i = 0; i < ev->n_levels && i < EV_LEVELS; i++) {
		uint32_t g = cgroup_find(core, ev->levels[i].id);

		if (g)
			cgroup_note_level(&core->cgroups[g], &ev->levels[i], ev->v1 == 1,
					  ev->head.ts);
	}
}

/* The cgroup that is killed whole: the highest with memory.oom.group up to the limit; 0: none. */
static uint64_t group_killed(const struct ev_oom *ev, uint64_t limit_id)
{
	uint64_t id = 0;

	for (uint32_t i = 0; i < ev->n_levels && i < EV_LEVELS; i++) {
		if (ev->levels[i].oom_group == 1)
			id = ev->levels[i].id;
		if (ev->levels[i].id == limit_id)
			break;
	}
	return id;
}

static struct incident *incident_get(struct core *core, const struct ev_oom *ev, uint64_t limit_id,
				     bool group)
{
	struct incident *in;

	for (uint32_t i = 0; i < MAX_INCIDENTS; i++) {
		in = &core->incidents[i];
		if (!in->number)
			continue;
		if (ev->decision ? in->decision == ev->decision
				 : group && in->limit_id == limit_id && group_goes_on(in, ev))
			goto found;
	}
	core->n_incidents++;
	in = &core->incidents[core->n_incidents % MAX_INCIDENTS];
	memset(in, 0, sizeof(*in));
	in->number = core->n_incidents;
	in->decision = ev->decision;
	in->first_ts = ev->head.ts;
	in->trigger_tid = ev->trigger.tid;
	in->limit_id = limit_id;
	in->group = group;
	/* Unique over restarts of the agent: the boot, and the instant of the first kill. */
	snprintf(in->text, sizeof(in->text), "%.8s-%" PRIu64, core->start.boot_id,
		 ev->head.ts / 1000);
found:
	in->last_ts = ev->head.ts;
	in->victims++;
	return in;
}

static void describe_swap(const struct ev_level *l, bool v1, struct rec_limit_hit *out)
{
	out->swap_usage = level_swap_usage(l, v1);
	out->swap_limit = level_swap_limit(l, v1);
	out->memsw_usage = v1 ? core_bytes(l->swap_usage) : U64_UNKNOWN;
	out->memsw_limit = v1 ? l->swap_max : U64_UNKNOWN;
}

static void describe_limit(struct core *core, const struct ev_oom *ev, const struct ev_level *l,
			   uint32_t container, struct rec_limit_hit *out)
{
	uint32_t g;

	out->usage = out->limit = out->swap_usage = out->swap_limit = U64_UNKNOWN;
	out->memsw_usage = out->memsw_limit = out->failures = U64_UNKNOWN;
	if (!l) {
		out->cgroup = "/";
		out->cgroup_id = core->start.root_memcg;
		out->level = LEVEL_HOST;
		if (ev->constraint == EV_CONSTRAINT_NONE)
			out->limit = core->start.memory_total;
		return;
	}
	out->cgroup_id = l->id;
	out->usage = level_usage(l);
	out->limit = l->max;
	/*
	 * Linux keeps failcnt on v1, though not on every kernel from 6.16 on, where it stays 0; on
	 * v2 it counts memory.events max, and so it does inside for v1.
	 */
	out->failures = ev->v1 == 1 && l->failcnt ? l->failcnt : l->events_max;
	describe_swap(l, ev->v1 == 1, out);
	g = cgroup_get(core, l->id);
	if (!g)
		return;
	if (l->id == ev->limit.id)
		cgroup_set_path(core, g, ev->limit_path);
	out->cgroup = core->cgroups[g].path[0] ? core->cgroups[g].path : NULL;
	out->level = level_of(core, g, container);
}

static const char *constraint_name(const struct ev_oom *ev, const struct ev_level *limit)
{
	switch (ev->constraint) {
	case EV_CONSTRAINT_NONE:
		return "global";
	case EV_CONSTRAINT_CPUSET:
		return "cpuset";
	case EV_CONSTRAINT_MEMPOLICY:
		return "mempolicy";
	case EV_CONSTRAINT_MEMCG:
		return "memcg";
	default:
		/* The tracepoint tier tells a memory cgroup's limit from anything else only. */
		return limit ? "memcg" : "";
	}
}

static void describe_memory(const struct ev_oom *ev, struct rec_oom_kill *out)
{
	out->total_vm = ev->total_vm;
	out->page_tables = ev->page_tables;
	out->anon = core_bytes(ev->anon);
	out->file = core_bytes(ev->file);
	out->shmem = core_bytes(ev->shmem);
	out->swap = core_bytes(ev->swap);
	out->rss = memory_sum(ev->anon, ev->file, ev->shmem);
	out->exact = ev->rss_exact == 1;
	out->oom_score_adj = ev->victim.oom_score_adj;
}

static const char *tier_name(uint64_t tier)
{
	return tier == EV_OOM_FENTRY ? "fentry" : tier == EV_OOM_KPROBE ? "kprobe" : "tracepoint";
}

/* The victim's own entry, marked; or the scratch one when the table is full. */
static struct process *mark_victim(struct core *core, const struct ev_oom *ev,
				   const struct incident *incident)
{
	uint32_t i = process_get(core, &ev->victim);
	struct process *p = i ? &core->processes[i] : &core->scratch;
	uint64_t rss = memory_sum(ev->anon, ev->file, ev->shmem);

	if (!i) {
		memset(p, 0, sizeof(*p));
		p->pid = ev->victim.pid;
		p->start = ev->victim.start;
		p->uid = ev->victim.uid;
		p->memcg = ev->victim.memcg;
		p->container_uid = U64_UNKNOWN;
	}
	memcpy(p->comm, ev->victim.comm, sizeof(p->comm));
	p->parent_pid = ev->parent_pid;
	p->parent_start = ev->parent_start;
	p->ns_pid = ev->ns_pid;
	p->pid_ns = ev->pid_ns;
	p->oom_ts = ev->head.ts;
	p->incident = incident->number;
	p->oom_score_adj = ev->victim.oom_score_adj;
	if (ev->rss_exact == 1 && rss != U64_UNKNOWN && rss > p->peak_rss)
		p->peak_rss = rss;
	return p;
}

void oom_on_event(struct core *core, const struct ev_oom *ev)
{
	const struct ev_level *limit = ev->tier == EV_OOM_TRACEPOINT ? guess_limit(core, ev)
				       : ev->limit.id                ? &ev->limit
								     : NULL;
	uint64_t limit_id = limit ? limit->id : 0, group;
	uint32_t cgroup = cgroup_get(core, ev->victim.memcg), container, from;
	char summary[RECORD_SUMMARY];
	struct record_container described;
	struct rec_oom_kill kill;
	struct record r = {
		.type = RECORD_OOM_KILL, .severity = SEVERITY_CRITICAL, .oom_kill = &kill};
	struct incident *incident;
	struct process *victim;

	memset(&kill, 0, sizeof(kill));
	group = group_killed(ev, limit_id);
	kill.group_kill = group != 0;
	incident = incident_get(core, ev, limit_id, kill.group_kill);
	if (cgroup)
		cgroup_set_path(core, cgroup, ev->victim_path);
	note_usage(core, ev);
	victim = mark_victim(core, ev, incident);
	container = container_of_cgroup(core, cgroup);
	container_announce(core, container);

	kill.incident = incident->text;
	kill.victims = incident->victims;
	describe_process(core, victim, &kill.victim);
	describe_memory(ev, &kill);
	kill.age_seconds = core_seconds(ev->victim.start, ev->head.ts);
	describe_who(core, &ev->trigger, &kill.trigger);
	from = container_find(core, ev->trigger.memcg);
	if (from)
		describe_container(core, from, &kill.trigger_container);
	kill.constraint = constraint_name(ev, limit);
	describe_limit(core, ev, limit, container, &kill.limit_hit);
	kill.order = ev->order;
	kill.gfp = ev->gfp;
	kill.gfp_names = ev->gfp_names;
	kill.summary = summary;
	kill.method = tier_name(ev->tier);
	kill.kill_to_record_seconds = core_seconds(ev->head.ts, core->mark_now);
	oom_describe_context(core, ev, cgroup_find(core, limit_id), cgroup_find(core, group),
			     &kill);
	note_levels(core, ev);
	kills_on_record(core, ev->victim.memcg);
	if (container)
		describe_container(core, container, &described);
	oom_summarise(&kill, container ? &described : NULL, summary);
	if (container_wanted(core, container))
		core_emit(core, &r, ev->head.ts, container);
	exit_release(core, ev->victim.pid, ev->victim.start);
}
