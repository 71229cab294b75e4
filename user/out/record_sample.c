/* SPDX-License-Identifier: Apache-2.0 */
/* record_sample.c - the regular reports: container_sample and host_sample. */
#include "base/cleanup.h"
#include "out/record_parts.h"

/* In the order of ev_memcg_counts.kinds. */
static const char *const kind_names[EV_KINDS] = {"other", "heap", "mmap", "stack", "file", "shmem"};

static size_t at_most(size_t n, size_t capacity)
{
	return n < capacity ? n : capacity;
}

static void put_sample_memory(struct json_write *w, const struct rec_container_sample *rec)
{
	jw_object(w, "memory");
	jw_u64(w, "usage", rec->usage);
	jw_u64(w, "working_set", rec->working_set);
	jw_u64(w, "anon", rec->anon);
	jw_u64(w, "file", rec->file);
	jw_u64(w, "shmem", rec->shmem);
	jw_u64(w, "kernel", rec->kernel);
	jw_u64(w, "swap", rec->swap);
	jw_u64(w, "limit", rec->limit);
	jw_u64(w, "high", rec->high);
	jw_double(w, "usage_ratio", rec->usage_ratio, 4);
	put_pressure(w, rec->pressure_some_avg10, rec->pressure_full_avg10);
	jw_end(w);
}

static void put_sample_faults(struct json_write *w, const struct rec_container_sample *rec)
{
	jw_object(w, "faults");
	jw_u64(w, "minor", rec->faults_minor);
	jw_u64(w, "major", rec->faults_major);
	jw_double(w, "minor_per_second", rec->minor_per_second, 3);
	jw_double(w, "major_per_second", rec->major_per_second, 3);
	if (rec->kinds_known) {
		jw_object(w, "by_kind");
		for (size_t i = 1; i < EV_KINDS; i++)
			jw_double(w, kind_names[i], rec->kinds[i], 4);
		jw_double(w, kind_names[0], rec->kinds[0], 4);
		jw_end(w);
	}
	jw_end(w);
}

static void put_sample_processes(struct json_write *w, const struct rec_container_sample *rec)
{
	jw_object(w, "processes");
	jw_u64(w, "count", rec->processes);
	jw_u64(w, "forks", rec->forks);
	jw_u64(w, "execs", rec->execs);
	put_exit_totals(w, &rec->exits);
	jw_array(w, "top");
	for (size_t i = 0; i < at_most(rec->n_top, ARRAY_SIZE(rec->top)) && jw_room(w); i++) {
		jw_object(w, NULL);
		put_process_brief(w, &rec->top[i].process);
		jw_s64(w, "anon", rec->top[i].anon);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

void put_container_sample(struct json_write *w, const struct rec_container_sample *rec)
{
	jw_double(w, "window_seconds", rec->window_seconds, 6);
	if (rec->final)
		jw_bool(w, "final", true);
	put_sample_memory(w, rec);
	jw_object(w, "cpu");
	jw_double(w, "usage_ratio", rec->cpu_usage_ratio, 4);
	jw_double(w, "throttled_seconds", rec->throttled_seconds, 6);
	jw_end(w);
	put_sample_faults(w, rec);
	put_sample_processes(w, rec);
}

static void put_biggest(struct json_write *w, const struct rec_host_sample *rec)
{
	jw_array(w, "biggest");
	for (size_t i = 0; i < at_most(rec->n_biggest, ARRAY_SIZE(rec->biggest)) && jw_room(w);
	     i++) {
		jw_object(w, NULL);
		put_container_ref(w, &rec->biggest[i].container);
		jw_object(w, "memory");
		jw_u64(w, "usage", rec->biggest[i].usage);
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

void put_host_sample(struct json_write *w, const struct rec_host_sample *rec)
{
	jw_double(w, "window_seconds", rec->window_seconds, 6);
	jw_object(w, "memory");
	jw_u64(w, "total", rec->memory_total);
	jw_u64(w, "available", rec->memory_available);
	jw_u64(w, "free", rec->memory_free);
	jw_u64(w, "cached", rec->memory_cached);
	jw_u64(w, "committed", rec->committed);
	jw_object(w, "swap");
	jw_u64(w, "total", rec->swap_total);
	jw_u64(w, "used", rec->swap_used);
	jw_end(w);
	put_pressure(w, rec->pressure_some_avg10, rec->pressure_full_avg10);
	jw_end(w);
	jw_object(w, "cpu");
	jw_u64(w, "count", rec->cpus);
	jw_double(w, "usage_ratio", rec->cpu_usage_ratio, 4);
	jw_end(w);
	jw_object(w, "containers");
	jw_u64(w, "count", rec->containers);
	put_biggest(w, rec);
	jw_end(w);
	jw_object(w, "processes");
	jw_u64(w, "count", rec->processes);
	jw_end(w);
}
