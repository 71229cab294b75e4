/* SPDX-License-Identifier: Apache-2.0 */
/* record_oom.c - oom_kill: one line a victim, written at the kill. */
#include "out/record_parts.h"

static const char *level_name(enum limit_level level)
{
	switch (level) {
	case LEVEL_CONTAINER:
		return "container";
	case LEVEL_POD:
		return "pod";
	case LEVEL_SLICE:
		return "slice";
	case LEVEL_HOST:
		return "host";
	default:
		return "";
	}
}

static void put_victim(struct json_write *w, const struct rec_oom_kill *rec)
{
	jw_object(w, "victim");
	put_process(w, "process", &rec->victim);
	jw_object(w, "memory");
	jw_u64(w, "total_vm", rec->total_vm);
	jw_u64(w, "rss", rec->rss);
	jw_u64(w, "anon", rec->anon);
	jw_u64(w, "file", rec->file);
	jw_u64(w, "shmem", rec->shmem);
	jw_u64(w, "swap", rec->swap);
	jw_u64(w, "page_tables", rec->page_tables);
	jw_bool(w, "exact", rec->exact);
	jw_end(w);
	jw_s64(w, "oom_score_adj", rec->oom_score_adj);
	jw_double(w, "age_seconds", rec->age_seconds, 6);
	jw_end(w);
}

static void put_counter(struct json_write *w, const char *key, uint64_t usage, uint64_t limit)
{
	jw_object(w, key);
	jw_u64(w, "usage", usage);
	jw_u64(w, "limit", limit);
	jw_end(w);
}

static void put_limit_hit(struct json_write *w, const struct rec_limit_hit *hit)
{
	/* A cgroup whose path was never seen is known by its id: its numbers are evidence still. */
	if (!hit->cgroup && !hit->cgroup_id)
		return;
	jw_object(w, "limit_hit");
	jw_string(w, "cgroup", hit->cgroup, JSON_TEXT);
	jw_u64(w, "cgroup_id", hit->cgroup_id);
	jw_string(w, "level", level_name(hit->level), JSON_NAME);
	jw_u64(w, "usage", hit->usage);
	jw_u64(w, "limit", hit->limit);
	put_counter(w, "swap", hit->swap_usage, hit->swap_limit);
	put_counter(w, "memory_and_swap", hit->memsw_usage, hit->memsw_limit);
	jw_u64(w, "failures", hit->failures);
	jw_end(w);
}

void put_oom_kill(struct json_write *w, const struct rec_oom_kill *rec)
{
	jw_string(w, "incident", rec->incident, JSON_NAME);
	jw_string(w, "constraint", rec->constraint, JSON_NAME);
	jw_bool(w, "group_kill", rec->group_kill);
	jw_u64(w, "victims", rec->victims);
	put_victim(w, rec);
	jw_object(w, "trigger");
	put_process(w, "process", &rec->trigger);
	put_container_ref(w, &rec->trigger_container);
	jw_end(w);
	put_limit_hit(w, &rec->limit_hit);
	/* The bits of gfp differ between kernels: only the running one could name them. */
	jw_object(w, "allocation");
	jw_s64(w, "order", rec->order);
	jw_hex(w, "gfp_mask", rec->gfp);
	jw_end(w);
	jw_string(w, "method", rec->method, JSON_NAME);
	jw_object(w, "latency");
	jw_double(w, "kill_to_record_seconds", rec->kill_to_record_seconds, 6);
	jw_end(w);
	jw_object(w, "survivors");
	jw_u64(w, "processes", rec->survivors);
	if (rec->init_alive >= 0)
		jw_bool(w, "init_alive", rec->init_alive > 0);
	jw_end(w);
}
