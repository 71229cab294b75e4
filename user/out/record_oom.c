/* SPDX-License-Identifier: Apache-2.0 */
/* record_oom.c - oom_kill: one line a victim, written at the kill. */
#include <math.h>
#include <string.h>
#include "out/record_parts.h"

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
	jw_double(w, "anon_growth_per_second", rec->anon_growth_per_second, 1);
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

static void put_memory_stat(struct json_write *w, const struct rec_memory_stat *stat)
{
	const struct ev_split *split = &stat->split;

	if (isnan(stat->age_seconds))
		return;
	jw_object(w, "memory_stat");
	jw_double(w, "age_seconds", stat->age_seconds, 6);
	jw_string(w, "source", stat->source, JSON_NAME);
	jw_u64(w, "anon", split->anon);
	jw_u64(w, "file", split->file);
	jw_u64(w, "shmem", split->shmem);
	jw_u64(w, "kernel", split->kernel);
	jw_u64(w, "slab_unreclaimable", split->slab_unreclaimable);
	jw_u64(w, "inactive_file", split->inactive_file);
	jw_u64(w, "active_file", split->active_file);
	jw_u64(w, "unevictable", split->unevictable);
	jw_u64(w, "sock", split->sock);
	jw_u64(w, "swap", stat->swap);
	jw_end(w);
}

static void put_processes(struct json_write *w, const struct rec_oom_kill *rec)
{
	if (isnan(rec->processes_age_seconds))
		return;
	jw_object(w, "processes");
	jw_double(w, "age_seconds", rec->processes_age_seconds, 6);
	jw_u64(w, "total", rec->processes_total);
	jw_array(w, "list");
	for (size_t i = 0; i < rec->n_processes && jw_room(w); i++) {
		const struct rec_oom_process *p = &rec->processes[i];

		jw_object(w, NULL);
		put_process_brief(w, &p->process);
		jw_s64(w, "anon", p->anon);
		jw_s64(w, "file", p->file);
		jw_s64(w, "shmem", p->shmem);
		jw_s64(w, "swap", p->swap);
		jw_s64(w, "oom_score_adj", p->oom_score_adj);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

/* The names as the kernel's log has them between '|'. */
static void put_allocation(struct json_write *w, const struct rec_oom_kill *rec)
{
	const char *names = rec->gfp_names ? rec->gfp_names : "";
	char name[EV_NAME];

	jw_object(w, "allocation");
	jw_s64(w, "order", rec->order);
	if (names[0])
		jw_array(w, "gfp");
	for (const char *p = names; *p && jw_room(w);) {
		size_t len = strcspn(p, "|"), keep = len < sizeof(name) ? len : sizeof(name) - 1;

		memcpy(name, p, keep);
		name[keep] = '\0';
		jw_string(w, NULL, name, EV_NAME);
		p += len + (p[len] == '|');
	}
	if (names[0])
		jw_end(w);
	jw_hex(w, "gfp_mask", rec->gfp);
	jw_end(w);
}

static const char *relation_name(enum oom_relation relation)
{
	static const char *const names[] = {
		[RELATION_UNKNOWN] = "",
		[RELATION_VICTIM] = "victim",
		[RELATION_SAME_CONTAINER] = "same_container",
		[RELATION_OTHER_CONTAINER] = "other_container",
		[RELATION_RUNTIME] = "runtime",
		[RELATION_HOST] = "host",
	};

	return names[relation];
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
	jw_string(w, "relation", relation_name(rec->relation), JSON_NAME);
	jw_end(w);
	put_limit_hit(w, &rec->limit_hit);
	put_memory_stat(w, &rec->memory_stat);
	put_allocation(w, rec);
	put_processes(w, rec);
	put_history(w, rec->history);
	jw_string(w, "method", rec->method, JSON_NAME);
	jw_object(w, "latency");
	jw_double(w, "kill_to_record_seconds", rec->kill_to_record_seconds, 6);
	jw_end(w);
	jw_object(w, "survivors");
	jw_u64(w, "processes", rec->survivors);
	if (rec->init_alive >= 0)
		jw_bool(w, "init_alive", rec->init_alive > 0);
	if (rec->orphans)
		jw_u64(w, "orphans", rec->orphans);
	jw_end(w);
	jw_string(w, "summary", rec->summary, RECORD_SUMMARY);
}
