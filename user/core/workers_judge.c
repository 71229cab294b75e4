/* SPDX-License-Identifier: Apache-2.0 */
/* workers_judge.c - what the exits and births of a family of children mean. */
#include <signal.h>
#include "core/state.h"

#define EARLY_NS       (5 * NSEC_PER_SEC) /* "within seconds of birth" */
#define EARLY_IN_A_ROW 3
#define NEWS_NS        (60 * NSEC_PER_SEC) /* what has not gone on for so long is over */
#define STORM_RESTARTS 30                  /* within a minute ... */
#define STORM_LIFE_NS  (5 * NSEC_PER_SEC)  /* ... of children that live no longer than this */
#define TOGETHER_PART  10                  /* leaving together: within 1/10 of a lifetime */
#define TOGETHER_NS    (NSEC_PER_SEC / 10) /* or of this */
#define MANY           8
#define PROMPT_NS      (NSEC_PER_SEC / 4)
#define SOON_NS        (3 * NSEC_PER_SEC)
#define LONG_LIFE_NS   (60 * NSEC_PER_SEC)

bool worker_exit_is_planned(const struct worker_exit *e)
{
	if (e->cause == CAUSE_CLEAN)
		return true;
	/* Ended by one of the signals that ask for an end: not by ABRT, not by KILL. */
	return e->cause == CAUSE_KILLED_BY_PARENT && (e->signal == SIGTERM || e->signal == SIGINT ||
						      e->signal == SIGHUP || e->signal == SIGQUIT);
}

static uint32_t recent_count(const struct workers *w)
{
	return w->n_recent < WORKERS_RECENT ? w->n_recent : WORKERS_RECENT;
}

/* The k-th latest of those that are kept, 0 the latest. */
static const struct worker_exit *recent(const struct workers *w, uint32_t k)
{
	return &w->recent[(w->n_recent - 1 - k) % WORKERS_RECENT];
}

/*
 * How close together is together: a part of a lifetime. 0: they do not live long enough, some are
 * bound to meet.
 */
static uint64_t meeting_ns(const struct workers *w)
{
	uint64_t life = spread_quantile(&w->lifetime, 50), within = TOGETHER_NS;

	if (life == U64_UNKNOWN)
		return 0;
	if (life / TOGETHER_PART > within)
		within = life / TOGETHER_PART;
	return life < 4 * within ? 0 : within;
}

bool workers_synchronized(const struct workers *w, uint64_t now, uint32_t *together)
{
	uint64_t within = meeting_ns(w), first = 0;
	uint32_t left = 0, met = 0, group = 0;
	bool counted = false;

	*together = 0;
	if (w->size < 2 || !within)
		return false;
	for (uint32_t k = recent_count(w); k-- > 0;) {
		const struct worker_exit *e = recent(w, k);

		if (!e->planned || e->told || e->ts + HOUR_NS < now)
			continue;
		left++;
		if (!group || e->ts > first + within) {
			first = e->ts;
			group = 0;
			counted = false;
		}
		group++;
		/* From three in four on, all of the group have met. */
		if (4 * group >= 3 * w->size) {
			met += counted ? 1 : group;
			counted = true;
		}
		if (group > *together)
			*together = group;
	}
	/*
	 * Ends that are spread meet by chance, too: three of four within a tenth of a life in one
	 * generation of eight. So it takes most of those who left, in more than one generation; or
	 * all of three or more at once.
	 */
	return 3 * met >= 2 * left &&
	       ((left >= 6 && 2 * left >= 3 * w->size) || (w->size >= 3 && *together >= w->size));
}

static void note_storm(struct workers *w, uint64_t ts)
{
	if (2 * w->planned <= w->restarts.total || recent_count(w) < STORM_RESTARTS ||
	    recent(w, STORM_RESTARTS - 1)->ts + NEWS_NS < ts ||
	    spread_quantile(&w->lifetime, 50) > STORM_LIFE_NS)
		return;
	w->storm = ts;
}

static void note_early(struct workers *w, const struct worker_exit *e)
{
	if (e->planned || e->lifetime > EARLY_NS) {
		w->early = 0;
		return;
	}
	/* The first ones have all begun at once: whoever meets the fault dies, the others live. */
	if (!e->successor)
		return;
	if (!w->early++)
		w->early_life = 0;
	if (e->lifetime > w->early_life)
		w->early_life = e->lifetime;
	w->early_code = e->code;
}

/* The kill of a worker, while the first process of its container lives on. */
static bool is_hidden(const struct core *core, const struct workers *w, const struct worker_exit *e)
{
	const struct container *c = &core->containers[container_find(core, w->container_key)];

	return e->cause == CAUSE_OOM_KILLED && c->init_pid && !c->init_ended;
}

void workers_restarted(struct core *core, uint32_t i, const struct worker_exit *e)
{
	struct workers *w = &core->workers[i];

	w->restarts.total++;
	w->restarts.causes[e->cause]++;
	w->planned += e->planned;
	w->told += e->planned && e->told;
	w->hidden_oom += is_hidden(core, w, e);
	if (e->cause == CAUSE_FAILED)
		w->failed_code = e->code;
	hour_add(&w->hour, e->ts, e->cause, e->planned);
	spread_add(&w->lifetime, e->lifetime);
	if (e->peak_rss != U64_UNKNOWN)
		spread_add(&w->peak, e->peak_rss);
	w->recent[w->n_recent++ % WORKERS_RECENT] = *e;
	note_storm(w, e->ts);
	note_early(w, e);
	restart_evaluate(core, container_find(core, w->container_key), core->now);
}

/* As many are alive as were for a while, most of the time: neither fewer nor more. */
static bool keeps_its_size(const struct workers *w)
{
	return w->size && w->held >= w->short_held;
}

/*
 * Too fast for that: each that leaves is followed by one, never by two, and there is one at nearly
 * all times. A busy server with a process a connection looks the same from outside, so those whose
 * program is not known have to be prompt as well.
 */
static bool keeps_coming(const struct workers *w, bool well, uint64_t gap)
{
	return w->restarts.total >= (well ? MANY : 2) && 4 * w->inhabited >= 3 * w->ticks &&
	       w->restarts.total >= MANY * (uint64_t)(w->unreplaced + w->excess) &&
	       (w->role || gap <= PROMPT_NS);
}

static bool keeps_forks(const struct workers *w, bool well, uint64_t gap)
{
	/* Somebody puts up with failures: that is what a master is for. */
	if (w->role && (w->known || !well))
		return true;
	/* Masters look after their workers once a second or so; a connection comes when it comes.
	 */
	return (keeps_its_size(w) && (w->role || gap <= SOON_NS)) || keeps_coming(w, well, gap);
}

bool workers_is_pool(const struct workers *w)
{
	uint64_t life = spread_quantile(&w->lifetime, 50);
	uint64_t gap = spread_quantile(&w->respawn, 50);
	bool well = 2 * w->planned > w->restarts.total;

	if (!w->restarts.total)
		return false;
	/* A loop in a script is no supervisor, unless what it runs is a service. */
	if (w->shell && life < LONG_LIFE_NS)
		return false;
	/* Connections come and go as they like: most are not followed, or are one too many. */
	if (w->restarts.total <= 2ull * w->unreplaced + w->excess)
		return false;
	if (w->forked)
		return keeps_forks(w, well, gap);
	if (w->known)
		return true;
	if (!well) /* once may be chance */
		return w->restarts.total >= 2;
	/* A probe or a job that ends well and is run again later was not missed meanwhile. */
	return life >= NSEC_PER_SEC && life >= gap;
}

bool workers_wanted(const struct core *core, uint32_t i)
{
	const struct workers *w = &core->workers[i];

	/* As long as there is a container whose reports tell of it, and news for them. */
	return workers_is_pool(w) && container_find(core, w->container_key) &&
	       (w->alive || recent(w, 0)->ts + HOUR_NS >= core->now);
}

bool workers_boot_loop(const struct workers *w, uint64_t now)
{
	return w->early >= EARLY_IN_A_ROW && recent(w, 0)->ts + NEWS_NS >= now;
}

bool workers_storm(const struct workers *w, uint64_t now)
{
	return w->storm && w->storm + NEWS_NS >= now;
}
