/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - processes by (pid, start time) and their lineage: fork gives a child what its parent
 * had, exec replaces it, a snapshot finds what was missed, the dead stay for a while.
 */
#include <string.h>
#include "base/hash.h"
#include "core/state.h"

#define MEMORY_MAX (INT64_MAX / 4) /* no address space is larger */

uint64_t memory_sum(int64_t anon, int64_t file, int64_t shmem)
{
	if (anon < 0 || file < 0 || shmem < 0 || anon > MEMORY_MAX || file > MEMORY_MAX ||
	    shmem > MEMORY_MAX)
		return U64_UNKNOWN;
	return (uint64_t)anon + (uint64_t)file + (uint64_t)shmem;
}

uint32_t process_find(const struct core *core, uint32_t pid, uint64_t start)
{
	uint32_t i = htab_first(&core->process_tab, hash_pair(pid, start));

	while (i && (core->processes[i].pid != pid || core->processes[i].start != start))
		i = core->process_tab.next[i];
	return i;
}

static void process_free(struct core *core, uint32_t i)
{
	struct process *p = &core->processes[i];

	signal_forget(core, p);
	htab_del(&core->process_tab, hash_pair(p->pid, p->start), i);
	ilist_remove(&core->dead, &core->process_links, i);
	pool_put(&core->process_pool, i);
}

void process_expire(struct core *core, uint64_t now)
{
	while (core->dead.head && core->processes[core->dead.head].ended + GRACE_NS < now)
		process_free(core, core->dead.head);
}

static uint32_t process_new(struct core *core, const struct ev_who *who)
{
	struct process *p;
	uint32_t i = pool_get(&core->process_pool);

	if (!i && core->dead.head) {
		process_free(core, core->dead.head);
		i = pool_get(&core->process_pool);
	}
	if (!i) {
		core->process_pool.lost++;
		return 0;
	}
	p = &core->processes[i];
	/* The long strings need no clearing beyond their first byte. */
	memset(p, 0, offsetof(struct process, comm));
	p->executable[0] = p->command_line[0] = '\0';
	p->pid = who->pid;
	p->start = who->start;
	p->uid = who->uid;
	p->memcg = who->memcg;
	p->oom_score_adj = who->oom_score_adj;
	p->alive = true;
	p->first_seen = core->now;
	p->anon = p->file = p->shmem = p->swap = S64_UNKNOWN;
	p->container_uid = U64_UNKNOWN;
	memcpy(p->comm, who->comm, sizeof(p->comm));
	htab_add(&core->process_tab, hash_pair(p->pid, p->start), i);
	ilist_append(&core->alive, &core->process_links, i);
	container_enter(core, p);
	return i;
}

uint32_t process_get(struct core *core, const struct ev_who *who)
{
	uint32_t i = process_find(core, who->pid, who->start);

	return i ? i : process_new(core, who);
}

static void process_move(struct core *core, uint32_t i, uint64_t memcg)
{
	struct process *p = &core->processes[i];

	if (p->memcg == memcg || !p->alive)
		return;
	container_leave(core, p);
	p->memcg = memcg;
	container_enter(core, p);
}

void process_end(struct core *core, uint32_t i, uint64_t ts)
{
	struct process *p = &core->processes[i];

	if (!p->alive)
		return;
	container_leave(core, p);
	p->alive = false;
	p->ended = ts;
	ilist_remove(&core->alive, &core->process_links, i);
	ilist_append(&core->dead, &core->process_links, i);
	/* A storm of short lives must not touch the whole table: its pages would stay resident. */
	if (core->dead.count > core->process_pool.capacity / DEAD_SHARE &&
	    !exit_is_held(core, &core->processes[core->dead.head]))
		process_free(core, core->dead.head);
}

void process_on_fork(struct core *core, const struct ev_fork *ev)
{
	uint32_t i = process_get(core, &ev->child);
	uint32_t parent = process_find(core, ev->parent_pid, ev->parent_start);
	struct process *p;

	if (!i)
		return;
	p = &core->processes[i];
	p->parent_pid = ev->parent_pid;
	p->parent_start = ev->parent_start;
	p->ns_pid = ev->ns_pid;
	p->pid_ns = ev->pid_ns;
	container_namespaces_known(core, p);
	/* Not over what an exec has told already, should this be late. */
	if (parent && parent != i && !p->executable[0] && !p->command_line[0]) {
		const struct process *q = &core->processes[parent];

		strcpy(p->executable, q->executable);
		strcpy(p->command_line, q->command_line);
		p->args_cut = q->args_cut;
		p->forked = p->borrowed = true;
	}
	workers_on_fork(core, p, i);
}

/* What /proc has said about the old one says nothing about the new one. */
static void note_uid(struct process *p, uint32_t uid)
{
	if (p->uid == uid)
		return;
	p->uid = uid;
	if (p->container_uid != U64_UNKNOWN)
		p->info_asks = 0;
	p->container_uid = U64_UNKNOWN;
}

void process_on_exec(struct core *core, const struct ev_exec *ev)
{
	uint32_t i = process_get(core, &ev->who);
	struct process *p;

	if (!i)
		return;
	p = &core->processes[i];
	process_move(core, i, ev->who.memcg);
	identity_on_enter(core, container_find(core, p->memcg));
	memcpy(p->comm, ev->who.comm, sizeof(p->comm));
	note_uid(p, ev->who.uid);
	p->forked = p->borrowed = false;
	if (ev->executable[0])
		strcpy(p->executable, ev->executable);
	if (ev->command_line[0]) {
		strcpy(p->command_line, ev->command_line);
		p->args_cut = ev->args_cut == 1;
	}
	/* bprm's name may be relative, and the arguments cut: /proc knows better if it lives. */
	p->info_asks = 0;
	workers_on_exec(core, p);
}

void process_on_info(struct core *core, const struct ev_proc_info *ev)
{
	uint32_t i = ev->found ? process_find(core, ev->pid, ev->start) : 0, parent;
	struct process *p;

	if (!i)
		return;
	p = &core->processes[i];
	p->container_uid = ev->container_uid;
	if (ev->executable[0])
		strcpy(p->executable, ev->executable);
	if (ev->command_line[0]) {
		p->borrowed = p->borrowed && !strcmp(p->command_line, ev->command_line);
		strcpy(p->command_line, ev->command_line);
		p->args_cut = ev->args_cut == 1;
	}
	parent = process_find(core, p->parent_pid, p->parent_start);
	/* One that was there before us, and runs what its parent runs. */
	if (parent && p->command_line[0] &&
	    !strcmp(p->command_line, core->processes[parent].command_line))
		p->forked = p->borrowed = true;
	workers_on_info(core, p);
}

void process_on_attach(struct core *core, const struct ev_cgroup_attach *ev)
{
	uint32_t i = process_find(core, ev->pid, ev->start);

	if (i)
		process_move(core, i, ev->id);
}

static void note_past(struct process *p, uint64_t ts)
{
	if (p->n_past && p->past[p->n_past - 1].ts + PAST_STEP_NS > ts)
		return;
	if (p->n_past == PAST_POINTS) {
		memmove(p->past, p->past + 1, (PAST_POINTS - 1) * sizeof(p->past[0]));
		p->n_past--;
	}
	p->past[p->n_past++] = (struct past_point){ts, p->anon};
}

void process_on_task(struct core *core, const struct ev_task *ev)
{
	uint32_t i = process_find(core, ev->who.pid, ev->who.start);
	uint64_t rss = memory_sum(ev->anon, ev->file, ev->shmem);
	struct process *p;

	/*
	 * Without memory: a zombie. Either its exit was told, or it ended before we came, or its
	 * exit was lost. Only a dead leader of living threads is still a process.
	 */
	if (ev->anon == S64_UNKNOWN && (!i || ev->threads <= 1))
		return;
	if (!i)
		i = process_new(core, &ev->who);
	if (!i)
		return;
	p = &core->processes[i];
	if (!p->alive)
		return;
	p->round = core->round;
	p->parent_pid = ev->parent_pid;
	p->parent_start = ev->parent_start;
	p->ns_pid = ev->ns_pid;
	p->pid_ns = ev->pid_ns;
	note_uid(p, ev->who.uid);
	p->oom_score_adj = ev->who.oom_score_adj;
	memcpy(p->comm, ev->who.comm, sizeof(p->comm));
	process_move(core, i, ev->who.memcg);
	container_namespaces_known(core, p);
	if (ev->anon == S64_UNKNOWN)
		return;
	p->anon = ev->anon;
	p->file = ev->file;
	p->shmem = ev->shmem;
	p->swap = ev->swap;
	note_past(p, ev->head.ts);
	if (ev->rss_exact == 1 && rss != U64_UNKNOWN && rss > p->peak_rss)
		p->peak_rss = rss;
}

/* /proc takes some 30 us a process: the first round must not stop the rings from being read. */
#define INFO_A_ROUND 500

/*
 * A young process gives itself its title when it is ready, a worker often long after its fork: so
 * it is looked at again, until its first minute is over.
 */
#define INFO_ASKS  4
#define INFO_YOUNG (60 * NSEC_PER_SEC)

static bool info_due(const struct process *p, uint64_t now)
{
	return !p->info_asks || (p->info_asks < INFO_ASKS && p->info_next <= now);
}

static void ask_info(struct core *core, struct process *p, uint64_t now)
{
	static const uint64_t gaps[INFO_ASKS] = {2 * NSEC_PER_SEC, 10 * NSEC_PER_SEC,
						 60 * NSEC_PER_SEC, 0};
	struct request r = {.type = REQUEST_PROC_INFO, .pid = p->pid, .start = p->start};

	p->info_next = now + gaps[p->info_asks];
	p->info_asks = p->info_asks || now - p->start < INFO_YOUNG ? p->info_asks + 1 : INFO_ASKS;
	if (container_wanted(core, container_of_process(core, p)))
		core_request(core, &r);
}

void process_on_tasks_end(struct core *core, const struct ev_tasks_end *ev)
{
	uint64_t begin = ev->taken_ns < ev->head.ts ? ev->head.ts - ev->taken_ns : 0;
	uint32_t questions = 0;
	uint32_t next;

	for (uint32_t i = core->alive.head; i; i = next) {
		struct process *p = &core->processes[i];

		next = core->process_links.next[i];
		if (p->round == core->round) {
			/* It has lived until a snapshot: worth a look into /proc. */
			if (info_due(p, ev->head.ts) && questions++ < INFO_A_ROUND)
				ask_info(core, p, ev->head.ts);
		} else if (p->first_seen < begin) {
			/* A whole snapshot without it: its exit was lost (or it is a kernel
			 * thread). */
			core->vanished += p->round != 0;
			workers_on_vanished(core, p);
			process_end(core, i, ev->head.ts);
		}
	}
	workers_on_snapshot(core, ev->head.ts);
	core->snapshot = begin;
	core->round++;
}
