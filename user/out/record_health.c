/* SPDX-License-Identifier: Apache-2.0 */
/* record_health.c - the agent about itself: agent_start, agent_health, agent_stop. */
#include <stdio.h>
#include <string.h>
#include "out/record_parts.h"

static const char *redact_name(uint64_t mode)
{
	switch (mode) {
	case REDACT_SECRETS:
		return "secrets";
	case REDACT_NONE:
		return "none";
	case REDACT_ARGS:
		return "args";
	case REDACT_ALL:
		return "all";
	default:
		return "";
	}
}

static void put_globs(struct json_write *w, const char *key, const char (*globs)[EV_TEXT], size_t n)
{
	jw_array(w, key);
	for (size_t i = 0; i < n && i < EV_GLOBS && jw_room(w); i++)
		jw_string(w, NULL, globs[i], EV_TEXT);
	jw_end(w);
}

/* A list of what newlines part; "" is no list. */
static void put_lines(struct json_write *w, const char *key, const char *lines)
{
	char text[EV_TEXT];

	if (!*lines)
		return;
	jw_array(w, key);
	while (*lines && jw_room(w)) {
		size_t len = strcspn(lines, "\n");

		snprintf(text, sizeof(text), "%.*s", (int)len, lines);
		jw_string(w, NULL, text, EV_TEXT);
		lines += len;
		lines += *lines == '\n';
	}
	jw_end(w);
}

static void put_percent(struct json_write *w, const char *key, uint64_t hundredths)
{
	if (hundredths < U64_UNLIMITED)
		jw_double(w, key, (double)hundredths / 100.0, 2);
}

static void put_configuration(struct json_write *w, const struct ev_start *start)
{
	jw_object(w, "configuration");
	jw_seconds(w, "sample_interval_seconds", start->sample_interval);
	jw_seconds(w, "report_interval_seconds", start->report_interval);
	jw_u64(w, "max_processes", start->max_processes);
	jw_u64(w, "max_containers", start->max_containers);
	jw_string(w, "redact", redact_name(start->redact), JSON_NAME);
	jw_bool(w, "all_exits", start->all_exits != 0);
	put_percent(w, "pressure_threshold_percent", start->pressure_threshold);
	jw_u64(w, "restart_warning", start->restart_warning);
	jw_u64(w, "restart_critical", start->restart_critical);
	put_globs(w, "cgroup", start->include, start->n_include);
	put_globs(w, "exclude_cgroup", start->exclude, start->n_exclude);
	put_lines(w, "label", start->labels);
	jw_string(w, "host_root", start->host_root, JSON_TEXT);
	jw_end(w);
}

static void put_feature(struct json_write *w, const struct ev_feature *feature)
{
	const char *state = "no";

	if (feature->state == FEATURE_YES)
		state = "yes";
	else if (feature->state == FEATURE_FALLBACK)
		state = "fallback";
	jw_object(w, NULL);
	jw_string(w, "name", feature->name, EV_NAME);
	jw_string(w, "state", state, JSON_NAME);
	jw_string(w, "how", feature->how, EV_NAME);
	jw_string(w, "lost", feature->lost, EV_TEXT);
	jw_end(w);
}

void put_agent_start(struct json_write *w, const struct rec_agent_start *rec)
{
	const struct ev_start *start = rec->start;

	jw_string(w, "version", start->version, JSON_NAME);
	jw_object(w, "process");
	jw_u64(w, "pid", start->agent_pid);
	jw_end(w);
	jw_object(w, "kernel");
	jw_string(w, "release", start->kernel, JSON_NAME);
	jw_string(w, "machine", start->machine, JSON_NAME);
	jw_u64(w, "page_size", start->page_size);
	jw_end(w);
	jw_object(w, "cpu");
	jw_u64(w, "count", start->cpus);
	jw_end(w);
	jw_object(w, "memory");
	jw_u64(w, "total", start->memory_total);
	jw_end(w);
	jw_object(w, "cgroup");
	jw_string(w, "mode", start->cgroup_mode, JSON_NAME);
	jw_end(w);
	put_configuration(w, start);
	jw_array(w, "features");
	for (size_t i = 0; i < rec->n_features && jw_room(w); i++)
		put_feature(w, &rec->features[i]);
	jw_end(w);
}

static void put_resources(struct json_write *w, const struct rec_health *rec)
{
	jw_array(w, "buffers");
	for (size_t i = 0; i < rec->n_resources && jw_room(w); i++) {
		const struct rec_resource *r = &rec->resources[i];

		jw_object(w, NULL);
		jw_string(w, "name", r->name, EV_NAME);
		jw_u64(w, "size", r->capacity);
		jw_u64(w, "used", r->used);
		jw_u64(w, "peak", r->peak);
		jw_u64(w, "lost", r->lost);
		jw_string(w, "cause", r->cause, EV_NAME);
		jw_end(w);
	}
	jw_end(w);
}

static void put_programs(struct json_write *w, const struct rec_health *rec)
{
	jw_array(w, "programs");
	for (size_t i = 0; i < rec->n_programs && jw_room(w); i++) {
		jw_object(w, NULL);
		jw_string(w, "name", rec->programs[i].name, EV_NAME);
		jw_u64(w, "runs", rec->programs[i].runs);
		jw_seconds(w, "run_seconds", rec->programs[i].run_ns);
		jw_end(w);
	}
	jw_end(w);
}

/* Cgroups in which the kernel counted more kills than were told of. */
static void put_kill_gaps(struct json_write *w, const struct rec_kills *kills)
{
	if (!kills->n_gaps)
		return;
	jw_array(w, "cgroups");
	for (size_t i = 0; i < kills->n_gaps && jw_room(w); i++) {
		const struct rec_kill_gap *gap = &kills->gaps[i];

		jw_object(w, NULL);
		jw_string(w, "cgroup", gap->cgroup, JSON_TEXT);
		jw_u64(w, "cgroup_id", gap->cgroup_id);
		jw_u64(w, "kernel", gap->kernel);
		jw_u64(w, "records", gap->records);
		jw_u64(w, "counted_twice", gap->twice);
		jw_u64(w, "missing", gap->missing);
		jw_end(w);
	}
	jw_end(w);
}

void put_agent_health(struct json_write *w, const struct rec_health *rec)
{
	jw_double(w, "cpu_seconds", rec->cpu_seconds, 6);
	jw_object(w, "memory");
	jw_u64(w, "rss", rec->rss);
	jw_end(w);
	put_resources(w, rec);
	put_programs(w, rec);
	jw_object(w, "oom_kills");
	jw_u64(w, "records", rec->kills.records);
	jw_u64(w, "kernel", rec->kills.kernel);
	jw_u64(w, "counted_twice", rec->kills.twice);
	jw_u64(w, "missing", rec->kills.missing);
	jw_u64(w, "before_start", rec->kills.before_start);
	put_kill_gaps(w, &rec->kills);
	jw_u64(w, "mark_victim_seen", rec->mark_victim_seen);
	jw_u64(w, "mark_victim_refused", rec->mark_victim_refused);
	jw_u64(w, "no_kill", rec->oom_no_kill);
	jw_end(w);
	jw_object(w, "exits");
	jw_u64(w, "duplicate", rec->exit_duplicate);
	jw_end(w);
	jw_object(w, "events");
	jw_u64(w, "late", rec->late_events);
	jw_end(w);
}

void put_agent_stop(struct json_write *w, const struct rec_agent_stop *rec)
{
	jw_string(w, "why", rec->why, JSON_NAME);
	jw_object(w, "health");
	put_agent_health(w, &rec->health);
	jw_end(w);
}
