/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.c - the families of children: who is in which, and which exit was followed by whose
 * birth. See workers.h.
 *
 * A child is counted in a moment after its birth, at the next snapshot or at its own exit: until
 * then it may execute something else and be of another family.
 */
#include <string.h>
#include "base/hash.h"
#include "core/cause.h"
#include "core/role.h"

#define REPLACED_NS      (30 * NSEC_PER_SEC) /* one that failed is replaced within that */
#define REPLACED_WELL_NS (10 * NSEC_PER_SEC) /* one that ended well */
#define AHEAD_NS         (60 * NSEC_PER_SEC) /* or was by one born so long before (a reload) */
#define STEADY_TICKS     2

/* ---- the table ---- */

static struct workers *at(struct core *core, uint32_t i)
{
	return &core->workers[i];
}

static void workers_free(struct core *core, uint32_t i)
{
	struct workers *w = at(core, i);

	htab_del(&core->workers_tab, hash_pair(w->parent_pid, w->parent_start), i);
	ilist_remove(&core->workers_used, &core->workers_links, i);
	w->parent_pid = 0;
	pool_put(&core->workers_pool, i);
}

/* The least recently used family makes room, one that is no pool before one that is. */
static uint32_t make_room(struct core *core)
{
	uint32_t victim = core->workers_used.head;

	for (uint32_t i = victim, n = 0; i && n < 64; i = core->workers_links.next[i], n++) {
		if (!at(core, i)->restarts.total) {
			victim = i;
			break;
		}
	}
	workers_free(core, victim);
	core->workers_pool.lost++;
	return pool_get(&core->workers_pool);
}

/* This family or the first one behind it in its bucket that is of that parent, or 0. */
static uint32_t of_parent(const struct core *core, uint32_t i, uint32_t pid, uint64_t start)
{
	while (i && (core->workers[i].parent_pid != pid || core->workers[i].parent_start != start))
		i = core->workers_tab.next[i];
	return i;
}

/* Walk the families of one parent: 0 ends it. */
static uint32_t first_of(const struct core *core, uint32_t pid, uint64_t start)
{
	return of_parent(core, htab_first(&core->workers_tab, hash_pair(pid, start)), pid, start);
}

static uint32_t next_of(const struct core *core, uint32_t i)
{
	const struct workers *w = &core->workers[i];

	return of_parent(core, core->workers_tab.next[i], w->parent_pid, w->parent_start);
}

static uint32_t find_key(const struct core *core, const struct process *p, uint64_t key)
{
	uint32_t i = first_of(core, p->parent_pid, p->parent_start);

	while (i && (core->workers[i].key != key || core->workers[i].ended))
		i = next_of(core, i);
	return i;
}

/*
 * Children that were there before the agent do not tell whether they were forked: a family of such
 * of which one has just left is the one that the first new child belongs to.
 */
static uint32_t find_scanned(const struct core *core, const struct process *p)
{
	uint32_t i = first_of(core, p->parent_pid, p->parent_start);

	for (; i; i = next_of(core, i)) {
		const struct workers *w = &core->workers[i];

		if (w->scanned && !w->ended && w->n_pending)
			return i;
	}
	return 0;
}

/* FNV-1a of a command line in which each number is as good as any other. */
static uint64_t command_hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (bool digit = false; *text; text++) {
		bool is_digit = *text >= '0' && *text <= '9';

		if (!is_digit || !digit)
			h = (h ^ (unsigned char)(is_digit ? '0' : *text)) * 0x100000001b3ull;
		digit = is_digit;
	}
	return hash_u64(h) | 1;
}

/* Is the first word of the text, without its folder, the name of a shell? */
static bool names_shell(const char *text)
{
	static const char *const shells[] = {"sh",  "bash", "dash", "ash", "zsh",
					     "ksh", "mksh", "fish", "csh", "tcsh"};
	size_t len = strcspn(text, " "), base = 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] == '/')
			base = i + 1;
	text += base;
	len -= base;
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (len == strlen(shells[i]) && !strncmp(text, shells[i], len))
			return true;
	return false;
}

/*
 * A script that is executed has its own name for a comm: its shell is the executable, or, where
 * that is busybox, the first word of the command line.
 */
static bool is_shell(const struct process *p)
{
	return names_shell(p->comm) || names_shell(p->executable) || names_shell(p->command_line);
}

/* The family of this child, made when there is none; 0: none is followed. */
static uint32_t family_of(struct core *core, const struct process *p, bool scanned)
{
	uint32_t parent = process_find(core, p->parent_pid, p->parent_start), i;
	uint64_t key = p->forked ? 0 : command_hash(p->command_line);
	const struct process *q = &core->processes[parent];
	struct workers *w;

	if (!parent || (!q->alive && q->ended <= p->start) ||
	    p->parent_pid == core->start.agent_pid || (!p->forked && !p->command_line[0]) ||
	    cause_is_runtime(q->comm))
		return 0;
	i = find_key(core, p, key);
	if (!i && !scanned) {
		i = find_scanned(core, p);
		if (i) {
			at(core, i)->key = key;
			at(core, i)->forked = p->forked;
		}
	}
	if (i) {
		w = at(core, i);
		w->scanned = w->scanned && scanned;
		/* Of one that was there before us, /proc tells later. */
		w->shell = w->shell || is_shell(q);
		ilist_remove(&core->workers_used, &core->workers_links, i);
		ilist_append(&core->workers_used, &core->workers_links, i);
		return i;
	}
	i = pool_get(&core->workers_pool);
	if (!i)
		i = make_room(core);
	w = at(core, i);
	memset(w, 0, sizeof(*w));
	w->number = ++core->n_families;
	w->parent_pid = p->parent_pid;
	w->parent_start = p->parent_start;
	w->key = key;
	w->forked = p->forked;
	w->scanned = scanned;
	w->shell = is_shell(q);
	strcpy(w->parent_comm, q->comm);
	htab_add(&core->workers_tab, hash_pair(w->parent_pid, w->parent_start), i);
	ilist_append(&core->workers_used, &core->workers_links, i);
	return i;
}

/* ---- an exit and the birth that follows it ---- */

static void drop_first(struct workers *w)
{
	w->n_pending--;
	memmove(w->pending, w->pending + 1, w->n_pending * sizeof(w->pending[0]));
}

/* From an exit to a birth, or to the end of hope, one was missing. Both come in order of time. */
static void note_short(struct workers *w, uint64_t from, uint64_t until)
{
	if (from < w->short_until)
		from = w->short_until;
	if (until <= from)
		return;
	w->short_ns += until - from;
	w->short_until = until;
}

/* The oldest exit that waits was followed by a birth at `born`. */
static void replaced(struct core *core, uint32_t i, uint64_t born)
{
	struct workers *w = at(core, i);
	struct worker_exit e = w->pending[0];

	drop_first(w);
	note_short(w, e.ts, born);
	spread_add(&w->respawn, born > e.ts ? born - e.ts : 0);
	workers_restarted(core, i, &e);
}

static void give_up(struct workers *w, uint64_t now)
{
	note_short(w, w->pending[0].ts, now);
	drop_first(w);
	w->unreplaced++;
}

static uint64_t patience(const struct worker_exit *e)
{
	return e->planned ? REPLACED_WELL_NS : REPLACED_NS;
}

/* Exits that have waited for too long: nobody came. */
static void expire(struct workers *w, uint64_t now)
{
	while (w->n_pending && w->pending[0].ts + patience(&w->pending[0]) < now)
		give_up(w, now);
}

static void drop_surplus(struct workers *w, uint32_t k)
{
	w->n_surplus--;
	memmove(w->surplus + k, w->surplus + k + 1, (w->n_surplus - k) * sizeof(w->surplus[0]));
}

/* Born so that this one could leave: a moment before, and after it was born itself. */
static bool is_ahead(uint64_t born, const struct worker_exit *e)
{
	return born < e->ts && e->ts - born <= AHEAD_NS && e->ts - e->lifetime < born;
}

static void one_more(struct workers *w)
{
	w->births++;
	if (++w->alive > w->most)
		w->most = w->alive;
}

/* Returns whether it takes somebody's place. */
static bool birth(struct core *core, uint32_t i, uint64_t ts)
{
	struct workers *w = at(core, i);

	one_more(w);
	w->moves++;
	expire(w, ts);
	/*
	 * Born a moment before the exit, it could not be counted before that (see
	 * workers_count_births()): a successor all the same, unless the first ones are still
	 * being born.
	 */
	if (w->n_pending && w->pending[0].ts <= ts + (w->size ? WORKERS_SETTLE_NS : 0)) {
		replaced(core, i, ts);
		return true;
	}
	if (w->n_surplus == WORKERS_PENDING)
		drop_surplus(w, 0);
	w->surplus[w->n_surplus++] = (struct surplus){ts, w->size && w->alive > w->size};
	w->excess += w->surplus[w->n_surplus - 1].excess;
	return false;
}

/*
 * A birth that fits the exit at `ts`: one right behind it, which was counted first because the exit
 * waited for its cause; or one before it, which was one more than there should be. Its index, or
 * -1.
 */
static int fitting(const struct workers *w, const struct worker_exit *e)
{
	for (uint32_t k = 0; k < w->n_surplus; k++)
		if (w->surplus[k].ts >= e->ts && w->surplus[k].ts - e->ts <= patience(e))
			return (int)k;
	for (uint32_t k = 0; k < w->n_surplus; k++)
		if (w->surplus[k].excess && is_ahead(w->surplus[k].ts, e))
			return (int)k;
	return -1;
}

static void departure(struct core *core, uint32_t i, const struct worker_exit *e)
{
	struct workers *w = at(core, i);
	uint64_t born;
	int k;

	expire(w, e->ts);
	if (w->n_pending == WORKERS_PENDING)
		give_up(w, e->ts);
	k = w->n_pending ? -1 : fitting(w, e);
	w->pending[w->n_pending++] = *e;
	if (k < 0)
		return;
	born = w->surplus[k].ts;
	w->excess -= w->surplus[k].excess; /* it was above the size for a reason */
	drop_surplus(w, (uint32_t)k);
	replaced(core, i, born);
}

/* ---- children ---- */

/* Where its children live and what they are called, as of the latest one. */
static void note_child(struct core *core, struct workers *w, const struct process *p)
{
	uint32_t container = container_find(core, p->memcg);

	if (container)
		w->container_key = core->containers[container].key;
	strcpy(w->comm, p->comm);
}

static void join(struct core *core, struct process *p, bool scanned)
{
	uint32_t i = family_of(core, p, scanned);
	struct workers *w = at(core, i);

	p->newborn = false;
	p->family = i;
	p->family_number = i ? w->number : 0;
	if (!i)
		return;
	note_child(core, w, p);
	if (scanned)
		one_more(w);
	else
		p->successor = birth(core, i, p->start);
}

/* Its family, if that is still the one it was counted in. */
static uint32_t family(const struct core *core, const struct process *p)
{
	const struct workers *w = &core->workers[p->family];

	return p->family && w->parent_pid && w->number == p->family_number ? p->family : 0;
}

void workers_on_fork(struct core *core, struct process *p, uint32_t index)
{
	uint32_t n = core->n_newborns;

	if (p->newborn || p->family)
		return;
	p->newborn = true;
	if (n == WORKERS_NEWBORNS) {
		struct process *first = &core->processes[core->newborns[0]];

		if (first->newborn)
			join(core, first, false);
		n = --core->n_newborns;
		memmove(core->newborns, core->newborns + 1, n * sizeof(core->newborns[0]));
	}
	core->newborns[core->n_newborns++] = index;
}

/* The families of which it is the parent are no more. */
static void forget_children(struct core *core, const struct process *p)
{
	uint32_t next;

	for (uint32_t i = first_of(core, p->pid, p->start); i; i = next) {
		next = next_of(core, i);
		workers_free(core, i);
	}
}

void workers_on_exec(struct core *core, struct process *p)
{
	uint32_t i = family(core, p);
	struct workers *w = at(core, i);

	/* It is another program now, and what it had before is none of its doing. */
	forget_children(core, p);

	if (p->newborn || !i)
		return;
	/* It has become something else: neither an exit nor a birth of its old family. */
	if (w->alive)
		w->alive--;
	p->family = 0;
	join(core, p, false);
}

void workers_on_info(struct core *core, struct process *p)
{
	/* One that was there before the agent: now that its command line is known. */
	if (!p->newborn && !p->family && p->alive && !p->exit_told &&
	    p->start < core->start.head.ts)
		join(core, p, true);
}

void workers_count_births(struct core *core, uint64_t until)
{
	uint32_t done = 0;

	for (; done < core->n_newborns; done++) {
		struct process *p = &core->processes[core->newborns[done]];

		if (p->newborn && p->start > until)
			break;
		if (p->newborn)
			join(core, p, false);
	}
	core->n_newborns -= done;
	memmove(core->newborns, core->newborns + done,
		core->n_newborns * sizeof(core->newborns[0]));
}

void workers_on_snapshot(struct core *core, uint64_t now)
{
	uint32_t next;

	workers_count_births(core, now - WORKERS_SETTLE_NS);
	for (uint32_t i = core->workers_used.head; i; i = next) {
		struct workers *w = at(core, i);

		next = core->workers_links.next[i];
		expire(w, now);
		if (w->ended && !workers_wanted(core, i)) {
			workers_free(core, i);
			continue;
		}
		w->steady = w->moves == w->last_moves && !w->n_pending ? w->steady + 1 : 0;
		w->last_moves = w->moves;
		if (w->steady >= STEADY_TICKS && !w->ended)
			w->size = w->alive;
		w->ticks++;
		w->inhabited += w->alive > 0;
		if (w->size) {
			w->held += w->alive == w->size;
			w->short_held += w->alive != w->size;
		}
	}
}

void workers_on_exit(struct core *core, struct process *p, struct worker_exit *e)
{
	const char *role;
	uint32_t i;
	struct workers *w;

	/* What was born before is counted before. */
	workers_count_births(core, e->ts - WORKERS_SETTLE_NS);
	if (p->newborn)
		join(core, p, false);
	i = family(core, p);
	w = at(core, i);
	p->family = 0;
	if (!i)
		return;
	w->moves++;
	if (w->alive)
		w->alive--;
	e->successor = p->successor;
	note_child(core, w, p);
	role = process_role(core, p);
	if (role)
		w->role = role;
	if (!w->ended)
		departure(core, i, e);
}

void workers_parent_gone(struct core *core, const struct process *p, bool oom_killed)
{
	uint32_t next;

	for (uint32_t i = first_of(core, p->pid, p->start); i; i = next) {
		struct workers *w = at(core, i);

		next = next_of(core, i);
		w->ended = true;
		w->parent_oom = oom_killed;
		w->n_pending = 0; /* its children leave with it: no restarts */
		if (!w->restarts.total && !w->alive)
			workers_free(core, i);
	}
}

void workers_on_vanished(struct core *core, struct process *p)
{
	struct workers *w = at(core, family(core, p));

	p->newborn = false;
	if (w->alive) {
		w->alive--;
		w->moves++;
	}
	p->family = 0;
	workers_parent_gone(core, p, false);
}
