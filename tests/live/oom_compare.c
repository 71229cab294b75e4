/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_compare.c - field by field: what the kernel's log says of a kill, against its record.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom_check.h"

bool field(struct compare *p, bool ok, const char *format, ...)
{
	char text[512];
	va_list ap;

	p->l->fields.compared++;
	if (ok)
		return check(&p->l->checks, true, "%s", "");
	p->l->fields.mismatches++;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return check(&p->l->checks, false, "%s, pid %" PRId64 ": %s", p->expected->what, p->tgid,
		     text);
}

bool field_same(struct compare *p, const char *what, int64_t kernel, int64_t record)
{
	return field(p, kernel == record, "%s: kernel %" PRId64 ", record %" PRId64, what, kernel,
		     record);
}

bool field_near(struct compare *p, const char *what, int64_t kernel, int64_t record, int64_t bound)
{
	int64_t d = kernel > record ? kernel - record : record - kernel;

	return field(p, record >= 0 && d <= bound,
		     "%s: kernel %" PRId64 ", record %" PRId64 ", more than %" PRId64 " apart",
		     what, kernel, record, bound);
}

bool field_text(struct compare *p, const char *what, const char *kernel, const char *record)
{
	return field(p, !strcmp(kernel, record), "%s: kernel \"%s\", record \"%s\"", what, kernel,
		     record);
}

/*
 * Before 7.0 the kernel prints its bare counters, which the event log carries beside the exact
 * values of the record; from 7.0 on it prints exact sums. A victim that is not the one who asked
 * runs as soon as it is marked, and to 6.1 adds up its threads' parts on its way out.
 */
static void compare_rss(struct compare *p)
{
	static const struct {
		const char *record, *raw;
	} names[] = {{"victim.memory.anon", "raw_anon"},
		     {"victim.memory.file", "raw_file"},
		     {"victim.memory.shmem", "raw_shmem"}};
	const int64_t kernel[] = {(int64_t)p->kill->anon, (int64_t)p->kill->file,
				  (int64_t)p->kill->shmem};
	int64_t parts = p->expected->busy ? 12 : p->l->cpus + 1;
	int64_t bound = parts * BATCH_PAGES * PAGE_BYTES;

	for (int i = 0; i < 3; i++) {
		int64_t raw = json_int(p->event, names[i].raw, -1);
		int64_t record = json_int(p->record, names[i].record, -1);

		if (p->exact_kernel) {
			field_near(p, names[i].record, kernel[i], record,
				   p->expected->busy ? bound : 0);
			continue;
		}
		if (p->expected->busy || !p->itself)
			field_near(p, names[i].raw, kernel[i], raw > 0 ? raw : 0, bound);
		else
			field_same(p, names[i].raw, kernel[i], raw > 0 ? raw : 0);
		field_near(p, names[i].record, kernel[i], record, bound);
	}
}

void oom_compare_victim(struct compare *p)
{
	const struct klog_kill *k = p->kill;

	field_same(p, "thread", k->pid,
		   k->pid == p->tgid ? json_int(p->record, "victim.process.pid", -1)
				     : json_int(p->event, "victim.tid", -1));
	field_text(p, "victim's name", k->comm, json_str(p->record, "victim.process.name"));
	field_same(p, "uid", k->uid, json_int(p->record, "victim.process.uid", -1));
	/* Its other threads may be in the midst of mapping more. */
	field_near(p, "total_vm", (int64_t)k->total_vm,
		   json_int(p->record, "victim.memory.total_vm", -1),
		   p->expected->busy ? BUSY_BYTES : 0);
	field_same(p, "page_tables", (int64_t)k->page_tables,
		   json_int(p->record, "victim.memory.page_tables", -1));
	field_same(p, "oom_score_adj", k->oom_score_adj,
		   json_int(p->record, "victim.oom_score_adj", INT64_MIN));
	field_same(p, "group_kill", p->expected->group,
		   json_is_true(json_at(p->record, "group_kill")));
	compare_rss(p);
}

static const char *constraint_word(const char *kernel)
{
	if (!strcmp(kernel, "CONSTRAINT_MEMCG"))
		return "memcg";
	if (!strcmp(kernel, "CONSTRAINT_CPUSET"))
		return "cpuset";
	if (!strcmp(kernel, "CONSTRAINT_MEMORY_POLICY"))
		return "mempolicy";
	return "global";
}

/* The limit that does not limit is printed as a number close to 2^63; the record says null. */
static void compare_counter(struct compare *p, const char *what, const struct klog_counter *k,
			    const char *base)
{
	/*
	 * Two looks at a living counter: ours when the kernel decides, the kernel's when it prints,
	 * with a stack trace between them. What another CPU gives back meanwhile comes in batches.
	 */
	int64_t slack = p->expected->busy ? BUSY_BYTES : BATCH_PAGES * PAGE_BYTES;
	char path[64];

	if (!k->valid)
		return;
	snprintf(path, sizeof(path), "limit_hit.%s%susage", base, base[0] ? "." : "");
	field_near(p, what, (int64_t)k->usage, json_int(p->record, path, -1), slack);
	snprintf(path, sizeof(path), "limit_hit.%s%slimit", base, base[0] ? "." : "");
	if (k->limit >= (uint64_t)INT64_MAX - MIB)
		field(p, json_is_null(json_at(p->record, path)), "%s is not null", path);
	else
		field_same(p, path, (int64_t)k->limit, json_int(p->record, path, -1));
}

/* The level of the event that holds the counters of the limit that was hit, or NULL. */
static json_t *limit_level(struct compare *p)
{
	int64_t id = json_int(p->record, "limit_hit.cgroup_id", -1);
	json_t *l = json_at(p->event, "limit"), *levels = json_at(p->event, "levels");

	if (json_int(l, "id", -2) == id)
		return l;
	for (size_t i = 0; i < json_array_size(levels); i++)
		if (json_int(json_array_get(levels, i), "id", -2) == id)
			return json_array_get(levels, i);
	return NULL;
}

/*
 * On v2 the record counts how often the limit was reached (memory.events' max). The kernel prints
 * that from 6.16 on; before, and on v1, it prints the failures of the page counter.
 */
static void compare_failures(struct compare *p)
{
	int64_t kernel = (int64_t)p->kill->header.memory.failcnt;
	int64_t record = json_int(p->record, "limit_hit.failures", -1);
	json_t *level = limit_level(p);
	int major = 0, minor = 0;
	const char *printed;
	int64_t logged, wanted;

	sscanf(p->l->release, "%d.%d", &major, &minor);
	printed = p->l->cgroups.v1 || major * 100 + minor < 616 ? "failcnt" : "events_max";
	logged = json_int(level, printed, -1);
	/* A counter that stays at 0 at a limit that was hit is not kept: then the events tell. */
	wanted = p->l->cgroups.v1 ? json_int(level, "failcnt", -2) : 0;
	field_same(p, "failures", wanted ? wanted : json_int(level, "events_max", -2), record);
	if (p->expected->busy)
		field_near(p, printed, kernel, logged, 1000);
	else
		field_same(p, printed, kernel, logged);
}

static void compare_swap(struct compare *p)
{
	const struct klog_header *h = &p->kill->header;
	int64_t swap = json_int(p->record, "limit_hit.swap.usage", -1);
	int64_t slack = (p->expected->busy ? BUSY_BYTES : 0) + 2 * BATCH_PAGES * PAGE_BYTES;

	/* v1 counts both together; what is beyond memory is swap. */
	if (h->memsw.valid && h->memory.valid) {
		int64_t beyond = (int64_t)h->memsw.usage - (int64_t)h->memory.usage;

		field_near(p, "swap beyond memory", beyond > 0 ? beyond : 0, swap, slack);
	}
	if (!p->expected->swaps)
		return;
	field(p, swap > (int64_t)MIB, "limit_hit.swap.usage is %" PRId64, swap);
	field(p, json_int(p->record, "victim.memory.swap", -1) > (int64_t)MIB,
	      "the victim's swap is %" PRId64, json_int(p->record, "victim.memory.swap", -1));
}

static void compare_limit(struct compare *p)
{
	const struct klog_header *h = &p->kill->header;

	if (h->oom_memcg[0]) {
		field_text(p, "limit_hit.cgroup", h->oom_memcg,
			   json_str(p->record, "limit_hit.cgroup"));
		if (p->expected->limit_cgroup[0])
			field_text(p, "the limit of the scenario", p->expected->limit_cgroup,
				   json_str(p->record, "limit_hit.cgroup"));
	}
	if (h->stats.valid)
		field_text(p, "cgroup of the statistics", h->stats.path,
			   json_str(p->record, "limit_hit.cgroup"));
	/* A limit of the machine is claimed for no cgroup. */
	if (h->global)
		field_text(p, "limit_hit.cgroup", "/", json_str(p->record, "limit_hit.cgroup"));
	if (p->expected->level || h->global)
		field_text(p, "limit_hit.level", h->global ? "host" : p->expected->level,
			   json_str(p->record, "limit_hit.level"));
	compare_counter(p, "usage", &h->memory, "");
	compare_counter(p, "swap usage", &h->swap, "swap");
	compare_counter(p, "memory+swap usage", &h->memsw, "memory_and_swap");
	compare_swap(p);
	if (h->memory.valid)
		compare_failures(p);
}

/* Is the name one of those that the kernel joined by '|'. */
static bool kernel_has(const char *joined, const char *name)
{
	size_t len = strlen(name);

	while (*joined) {
		size_t n = strcspn(joined, "|");

		if (n == len && !memcmp(joined, name, n))
			return true;
		joined += n + (joined[n] == '|');
	}
	return false;
}

/* The names that the kernel prints between parentheses; their order is not the same on all. */
static void compare_allocation(struct compare *p)
{
	const struct klog_header *h = &p->kill->header;
	json_t *names = json_at(p->record, "allocation.gfp");
	int64_t printed = h->gfp_names[0] != '\0';

	field_same(p, "gfp_mask", (int64_t)h->gfp,
		   (int64_t)strtoull(json_str(p->record, "allocation.gfp_mask"), NULL, 16));
	field_same(p, "order", h->order, json_int(p->record, "allocation.order", -2));
	for (const char *s = h->gfp_names; *s; s++)
		printed += *s == '|';
	field_same(p, "number of gfp names", printed, (int64_t)json_array_size(names));
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));

		field(p, name && kernel_has(h->gfp_names, name), "gfp: %s is not in %s",
		      name ? name : "no text", h->gfp_names);
	}
}

/* The kernel's row of the victim: what its line of the kill says too, and its swap. */
static void compare_row(struct compare *p)
{
	const struct klog_tasks *t = &p->kill->header.tasks;
	const struct klog_task *row = NULL;
	int64_t bound = p->exact_kernel ? 0 : (p->l->cpus + 1) * BATCH_PAGES * PAGE_BYTES;
	int64_t busy = p->expected->busy ? BUSY_BYTES : 0;

	for (unsigned int i = 0; i < t->n && i < KLOG_TASKS; i++)
		if (t->rows[i].tgid == p->tgid)
			row = &t->rows[i];
	if (!t->valid || t->n > KLOG_TASKS)
		return;
	if (!field(p, row != NULL, "not in the kernel's own table"))
		return;
	field_text(p, "name in the table", row->comm, json_str(p->record, "victim.process.name"));
	field_same(p, "uid in the table", row->uid, json_int(p->record, "victim.process.uid", -1));
	field_same(p, "oom_score_adj in the table", row->oom_score_adj,
		   json_int(p->record, "victim.oom_score_adj", INT64_MIN));
	field_near(p, "total_vm in the table", (int64_t)row->total_vm,
		   json_int(p->record, "victim.memory.total_vm", -1), busy);
	field_near(p, "page_tables in the table", (int64_t)row->page_tables,
		   json_int(p->record, "victim.memory.page_tables", -1), busy);
	field_near(p, "swap in the table", (int64_t)row->swap,
		   json_int(p->record, "victim.memory.swap", -1), bound + busy);
	field_near(p, "rss in the table", (int64_t)row->rss,
		   json_int(p->record, "victim.memory.rss", -1), 3 * bound + busy);
}

void oom_compare_header(struct compare *p)
{
	const struct klog_header *h = &p->kill->header;

	if (h->have_kill) {
		if (p->has_control || json_at(p->record, "constraint"))
			field_text(p, "constraint", constraint_word(h->constraint),
				   json_str(p->record, "constraint"));
		if (p->expected->constraint)
			field_text(p, "constraint of the scenario", p->expected->constraint,
				   constraint_word(h->constraint));
		field_text(p, "task_memcg", h->task_memcg, json_str(p->event, "victim_path"));
		field_text(p, "cgroup of the container", h->task_memcg,
			   json_str(p->record, "container.cgroup"));
	}
	if (!h->valid)
		return;
	field_text(p, "trigger's name", h->trigger, json_str(p->record, "trigger.process.name"));
	field_same(p, "trigger's thread", h->trigger_tid, json_int(p->event, "trigger.tid", -1));
	field_same(p, "trigger's oom_score_adj", h->trigger_adj,
		   json_int(p->event, "trigger.oom_score_adj", INT64_MIN));
	if (p->has_control) {
		compare_allocation(p);
	} else {
		field(p, !json_at(p->record, "allocation"),
		      "an allocation that this tier cannot see");
	}
	compare_limit(p);
	compare_row(p);
}
