/* SPDX-License-Identifier: Apache-2.0 */
/* record_restart.c - restart_report: what restarts in a container. */
#include "out/record_parts.h"

static void put_seconds_of(struct json_write *w, const char *key, const struct rec_quantiles *q)
{
	jw_object(w, key);
	jw_seconds(w, "p50", q->p50);
	jw_seconds(w, "p95", q->p95);
	jw_end(w);
}

static void put_bytes_of(struct json_write *w, const char *key, const struct rec_quantiles *q)
{
	jw_object(w, key);
	jw_u64(w, "p50", q->p50);
	jw_u64(w, "p95", q->p95);
	jw_end(w);
}

static void put_causes(struct json_write *w, const struct exit_totals *totals)
{
	jw_object(w, "causes");
	for (enum exit_cause cause = 0; cause < CAUSE_COUNT; cause++)
		if (totals->causes[cause])
			jw_u64(w, exit_cause_name(cause), totals->causes[cause]);
	jw_end(w);
}

static void put_pool(struct json_write *w, const struct rec_workers *p)
{
	jw_object(w, NULL);
	jw_string(w, "role", p->role, JSON_NAME);
	jw_object(w, "parent");
	put_process_brief(w, &p->parent);
	if (p->parent_gone)
		jw_bool(w, "gone", true);
	jw_end(w);
	jw_u64(w, "size", p->size);
	jw_u64(w, "alive", p->alive);
	jw_u64(w, "restarts", p->restarts);
	jw_u64(w, "unplanned", p->unplanned);
	jw_u64(w, "restarts_total", p->restarts_total);
	jw_double(w, "restarts_per_hour", p->restarts_per_hour, 1);
	put_causes(w, &p->causes);
	put_seconds_of(w, "lifetime_seconds", &p->lifetime);
	jw_string(w, "recycling", recycling_name(p->recycling), JSON_NAME);
	jw_bool(w, "synchronized", p->synchronized);
	jw_seconds(w, "below_size_seconds", p->below_size_ns);
	put_bytes_of(w, "peak_rss", &p->peak_rss);
	put_seconds_of(w, "respawn_seconds", &p->respawn);
	jw_bool(w, "boot_loop", p->boot_loop);
	jw_bool(w, "respawn_storm", p->respawn_storm);
	jw_end(w);
}

static void put_container_restarts(struct json_write *w, const struct rec_restart_report *rec)
{
	jw_object(w, "container_restarts");
	jw_u64(w, "window", rec->window_restarts);
	jw_u64(w, "total", rec->total_restarts);
	jw_u64(w, "runtime_total", rec->runtime_restarts);
	if (rec->last_known) {
		jw_object(w, "last");
		jw_time(w, "time", rec->last_real);
		put_exit(w, &rec->last_exit);
		jw_string(w, "cause", exit_cause_name(rec->last_cause), JSON_NAME);
		jw_end(w);
	}
	put_seconds_of(w, "seconds_between", &rec->between);
	jw_end(w);
}

void put_restart_report(struct json_write *w, const struct rec_restart_report *rec)
{
	jw_string(w, "status", restart_status_name(rec->status), JSON_NAME);
	jw_double(w, "window_seconds", rec->window_seconds, 3);
	put_container_restarts(w, rec);
	jw_bool(w, "crash_loop", rec->crash_loop);
	if (rec->crash_loop)
		jw_time(w, "crash_loop_since", rec->crash_loop_since_real);
	jw_array(w, "workers");
	for (size_t i = 0; i < rec->n_workers && jw_room(w); i++)
		put_pool(w, &rec->workers[i]);
	jw_end(w);
	if (rec->more_workers)
		jw_u64(w, "more_workers", rec->more_workers);
	jw_array(w, "advice");
	for (size_t i = 0; i < rec->n_advice && jw_room(w); i++)
		jw_string(w, NULL, rec->advice[i], JSON_TEXT);
	jw_end(w);
}
