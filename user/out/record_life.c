/* SPDX-License-Identifier: Apache-2.0 */
/* record_life.c - beginnings and ends: container_start, container_stop, process_exit. */
#include "out/record_parts.h"

void put_container_start(struct json_write *w, const struct rec_container_start *rec)
{
	put_limits(w, &rec->limits);
}

void put_container_stop(struct json_write *w, const struct rec_container_stop *rec)
{
	/* As in process_exit, of the container's first process: readers treat both alike. */
	if (rec->init_known) {
		put_process(w, "process", &rec->init);
		put_exit(w, &rec->init_exit);
		jw_string(w, "cause", exit_cause_name(rec->init_cause), JSON_NAME);
	}
	put_limits(w, &rec->limits);
	if (rec->lifetime_known)
		jw_double(w, "lifetime_seconds", rec->lifetime_seconds, 6);
	jw_object(w, "memory");
	jw_u64(w, "peak_usage", rec->peak_usage);
	jw_end(w);
	put_fault_totals(w, rec->minor_faults, rec->major_faults);
	jw_object(w, "processes");
	jw_u64(w, "forks", rec->forks);
	put_exit_totals(w, &rec->exits);
	jw_end(w);
}

static void put_signal(struct json_write *w, const struct rec_signal *signal)
{
	if (!signal->number)
		return;
	jw_object(w, "signal");
	jw_u64(w, "number", signal->number);
	put_signal_name(w, "name", signal->number);
	jw_double(w, "age_seconds", signal->age_seconds, 6);
	jw_bool(w, "caught", signal->caught);
	jw_end(w);
}

static void put_nearest_limit(struct json_write *w, const struct rec_nearest_limit *nearest)
{
	if (!nearest->cgroup)
		return;
	jw_object(w, "nearest_limit");
	jw_string(w, "cgroup", nearest->cgroup, JSON_TEXT);
	jw_string(w, "level", level_name(nearest->level), JSON_NAME);
	jw_u64(w, "usage", nearest->usage);
	jw_u64(w, "limit", nearest->limit);
	jw_double(w, "usage_ratio", nearest->usage_ratio, 4);
	jw_double(w, "age_seconds", nearest->age_seconds, 6);
	jw_end(w);
}

void put_process_exit(struct json_write *w, const struct rec_process_exit *rec)
{
	put_process(w, "process", &rec->process);
	put_exit(w, &rec->exit);
	jw_string(w, "cause", exit_cause_name(rec->cause), JSON_NAME);
	put_signal(w, &rec->signal);
	if (rec->sender.pid) {
		jw_object(w, "sender");
		put_process(w, "process", &rec->sender);
		put_container_ref(w, &rec->sender_container);
		jw_end(w);
	}
	jw_double(w, "lifetime_seconds", rec->lifetime_seconds, 6);
	jw_object(w, "memory");
	jw_u64(w, "peak_rss", rec->peak_rss);
	put_nearest_limit(w, &rec->nearest);
	jw_end(w);
	put_fault_totals(w, rec->minor_faults, rec->major_faults);
	jw_string(w, "incident", rec->incident, JSON_NAME);
	jw_object(w, "latency");
	jw_double(w, "kill_to_exit_seconds", rec->kill_to_exit_seconds, 6);
	jw_end(w);
}
