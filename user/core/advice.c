/* SPDX-License-Identifier: Apache-2.0 */
/* advice.c - a restart report in plain sentences, one a finding, from its numbers only. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"
#include "core/state.h"

__attribute__((format(printf, 2, 3))) static void say(struct restart_advice *a, const char *format,
						      ...)
{
	va_list args;

	if (a->n == RECORD_ADVICE)
		return;
	va_start(args, format);
	vsnprintf(a->text[a->n], sizeof(a->text[0]), format, args);
	va_end(args);
	/* Roles without a name in the table are what a container calls its processes. */
	utf8_no_controls(a->text[a->n]);
	a->list[a->n] = a->text[a->n];
	a->n++;
}

/* "50 min", "2.5 s", "300 ms". */
static const char *duration(char *dst, size_t size, uint64_t ns)
{
	uint64_t ms = ns / 1000000;

	if (ms < 1000)
		snprintf(dst, size, "%" PRIu64 " ms", ms);
	else if (ms < 10000)
		snprintf(dst, size, "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
	else if (ms < 600000)
		snprintf(dst, size, "%" PRIu64 " s", ms / 1000);
	else if (ms < 36000000)
		snprintf(dst, size, "%" PRIu64 " min", ms / 60000);
	else
		snprintf(dst, size, "%" PRIu64 " h", ms / 3600000);
	return dst;
}

static uint64_t mib(uint64_t bytes)
{
	return bytes >> 20;
}

static void say_oom(struct restart_advice *a, const struct workers *w, const struct rec_workers *p)
{
	uint64_t n = p->causes.causes[CAUSE_OOM_KILLED];

	if (!n)
		return;
	if (w->hidden_oom)
		say(a,
		    "%" PRIu64 " of %" PRIu64 " restarts of %s were OOM kills that no orchestrator "
		    "saw: the container's init lived on.",
		    n, p->restarts, p->role);
	else
		say(a, "%" PRIu64 " of %" PRIu64 " restarts of %s were OOM kills.", n, p->restarts,
		    p->role);
}

static void say_master(struct restart_advice *a, const struct rec_workers *p)
{
	/* Those that were told to end are planned, and no news. */
	if (p->forced)
		say(a,
		    "%" PRIu64 " of %" PRIu64
		    " restarts of %s were kills by its own parent, as on a "
		    "timeout: memory is not the cause, whatever a log guesses.",
		    p->forced, p->restarts, p->role);
}

static void say_others(struct restart_advice *a, const struct rec_workers *p)
{
	uint64_t n =
		p->causes.causes[CAUSE_KILLED_BY_OTHER] + p->causes.causes[CAUSE_KILLED_BY_SIBLING];

	if (n)
		say(a,
		    "%" PRIu64 " of %" PRIu64
		    " restarts of %s were kills by a process that is not its "
		    "parent: the sender is in their process_exit records.",
		    n, p->restarts, p->role);
}

static void say_crashes(struct restart_advice *a, const struct rec_workers *p)
{
	uint64_t crashed = p->causes.causes[CAUSE_CRASHED];

	if (crashed)
		say(a,
		    "%" PRIu64 " of %" PRIu64 " restarts of %s were crashes (a fatal fault or an "
		    "abort of its own).",
		    crashed, p->restarts, p->role);
}

static void say_failures(struct restart_advice *a, const struct workers *w,
			 const struct rec_workers *p)
{
	uint64_t n = p->causes.causes[CAUSE_FAILED];

	/* Those of a boot loop are told of there. */
	if (n && !p->boot_loop)
		say(a,
		    "%" PRIu64 " of %" PRIu64
		    " restarts of %s were failures by its own account: it left with a code that is "
		    "not 0, last with %u.",
		    n, p->restarts, p->role, w->failed_code);
}

static void say_boot_loop(struct restart_advice *a, const struct workers *w,
			  const struct rec_workers *p)
{
	char life[32], last[32] = "by a signal";

	if (!p->boot_loop)
		return;
	if (w->early_code != UINT32_MAX)
		snprintf(last, sizeof(last), "with code %u", w->early_code);
	say(a, "%s ended %u times in a row within %s of its start, last %s: it cannot start.",
	    p->role, w->early, duration(life, sizeof(life), w->early_life), last);
}

static void say_recycling(struct restart_advice *a, const struct workers *w,
			  const struct rec_workers *p)
{
	char life[32], below[32];

	duration(life, sizeof(life), p->lifetime.p50);
	if (p->respawn_storm) {
		say(a,
		    "%s is replaced all the time, half of them after no more than %s: let each do "
		    "more before it is recycled.",
		    p->role, life);
		return;
	}
	if (p->synchronized)
		say(a,
		    "%s: %u of %" PRIu64 " left together, after about %s each: add jitter; fewer "
		    "than %" PRIu64 " were alive for %s in all.",
		    p->role, p->together, p->size, life, p->size,
		    duration(below, sizeof(below), p->below_size_ns));
	/*
	 * Those who were told to leave, at a reload, say nothing of an interval; and where some
	 * were OOM-killed nothing is held.
	 */
	if (p->recycling == RECYCLING_PLANNED && 2 * w->told < w->planned &&
	    !p->causes.causes[CAUSE_OOM_KILLED] && p->peak_rss.p95 < U64_UNLIMITED)
		say(a, "Planned recycling about every %s holds %s at %" PRIu64 " MiB (95 of 100).",
		    life, p->role, mib(p->peak_rss.p95));
}

static void say_orphans(struct restart_advice *a, const struct workers *w,
			const struct rec_workers *p)
{
	if (!w->ended || !w->alive)
		return;
	say(a,
	    "The parent of %s %s, and %" PRIu64
	    " of them live on without one: nobody replaces them.",
	    p->role, w->parent_oom ? "was OOM-killed" : "has ended", p->alive);
}

static void say_container(struct restart_advice *a, const struct rec_restart_report *r)
{
	bool code = r->last_exit.code != U64_UNKNOWN;
	char last[64] = "", between[32], pause[80] = "";

	if (!r->crash_loop)
		return;
	if (r->last_known)
		snprintf(last, sizeof(last), ", last after %s %" PRIu64 " (%s)",
			 code ? "code" : "signal", code ? r->last_exit.code : r->last_exit.signal,
			 exit_cause_name(r->last_cause));
	if (r->last_between != U64_UNKNOWN)
		snprintf(pause, sizeof(pause), "; it was started again after %s",
			 duration(between, sizeof(between), r->last_between));
	say(a, "The container itself loops: it restarted %" PRIu64 " times%s%s.", r->total_restarts,
	    last, pause);
}

void restart_advise(struct rec_restart_report *report, const struct workers *const *of,
		    struct restart_advice *advice)
{
	advice->n = 0;
	say_container(advice, report);
	for (size_t i = 0; i < report->n_workers; i++) {
		const struct workers *w = of[i];
		const struct rec_workers *p = &report->workers[i];

		say_orphans(advice, w, p);
		say_boot_loop(advice, w, p);
		say_oom(advice, w, p);
		say_master(advice, p);
		say_others(advice, p);
		say_crashes(advice, p);
		say_failures(advice, w, p);
		say_recycling(advice, w, p);
	}
	report->advice = (const char *const *)advice->list;
	report->n_advice = advice->n;
}
