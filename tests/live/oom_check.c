/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_check.c - every kill that the kernel logged against its oom_kill record, field by field, and
 * every oom_kill record against the kernel's log: one record a victim, none twice, none invented.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"

/* What a bare counter may be away from the exact value: a batch of pages a CPU or thread. */
#define BATCH_PAGES 64
#define PAGE_KIB    4
/* What a scenario's other tasks take or give back between two looks. */
#define BUSY_BYTES (4LL * (int64_t)MIB)

struct compare {
	struct live *l;
	struct checks *c;
	const struct klog_kill *kill;
	const struct expected_oom *expected;
	json_t *record;
	json_t *event; /* of the event log: carries the bare counters */
	int64_t tgid;
	bool has_control; /* the tier sees oom_control */
};

/* The thread group of a logged kill: the "oom-kill:" line names the leader, the other a thread. */
static int64_t kill_tgid(const struct klog_kill *k)
{
	return k->header.have_kill && !k->group ? k->header.pid : k->pid;
}

static struct expected_oom *expected_of(struct live *l, int64_t tgid)
{
	struct expected *e = l->expected;

	for (unsigned int i = 0; i < e->n_ooms; i++)
		for (int j = 0; j < e->ooms[i].n_pids; j++)
			if (e->ooms[i].pids[j] == tgid)
				return &e->ooms[i];
	return NULL;
}

/* Records of the victim; *first is the first of them. */
static unsigned int records_of(struct live *l, int64_t tgid, json_t **first)
{
	const struct records *r = &l->agent.records;
	unsigned int n = 0;
	json_t *o;

	for (size_t i = 0; (o = records_next(r, "oom_kill", &i));)
		if (json_int(o, "victim.process.pid", -1) == tgid && !n++)
			*first = o;
	return n;
}

static json_t *event_of(struct live *l, int64_t tgid)
{
	const struct records *r = &l->agent.events;

	for (size_t i = 0; i < r->n; i++)
		if (json_is(r->lines[i], "ev", "oom") &&
		    json_int(r->lines[i], "victim.pid", -1) == tgid)
			return r->lines[i];
	return NULL;
}

static void same(struct compare *p, const char *what, int64_t kernel, int64_t record)
{
	check(p->c, kernel == record,
	      "%s, pid %" PRId64 ": %s: kernel %" PRId64 ", record %" PRId64, p->expected->what,
	      p->tgid, what, kernel, record);
}

static void near(struct compare *p, const char *what, int64_t kernel, int64_t record, int64_t bound)
{
	int64_t d = kernel > record ? kernel - record : record - kernel;

	check(p->c, record >= 0 && d <= bound,
	      "%s, pid %" PRId64 ": %s: kernel %" PRId64 ", record %" PRId64 ", more than %" PRId64
	      " apart",
	      p->expected->what, p->tgid, what, kernel, record, bound);
}

static void same_text(struct compare *p, const char *what, const char *kernel, const char *record)
{
	check(p->c, !strcmp(kernel, record),
	      "%s, pid %" PRId64 ": %s: kernel \"%s\", record \"%s\"", p->expected->what, p->tgid,
	      what, kernel, record);
}

/*
 * Before 7.0 the kernel prints its bare counters, which the event log carries beside the exact
 * values of the record; from 7.0 on it prints exact sums.
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
	bool prints_exact = atoi(p->l->release) >= 7;
	int64_t parts = p->expected->busy ? 12 : p->l->cpus + 1;
	int64_t bound = parts * BATCH_PAGES * PAGE_KIB * 1024;

	for (int i = 0; i < 3; i++) {
		int64_t raw = json_int(p->event, names[i].raw, -1);
		int64_t record = json_int(p->record, names[i].record, -1);

		if (prints_exact) {
			near(p, names[i].record, kernel[i], record, p->expected->busy ? bound : 0);
			continue;
		}
		if (p->expected->busy)
			near(p, names[i].raw, kernel[i], raw > 0 ? raw : 0, bound);
		else
			same(p, names[i].raw, kernel[i], raw > 0 ? raw : 0);
		near(p, names[i].record, kernel[i], record, bound);
	}
}

static void compare_victim(struct compare *p)
{
	const struct klog_kill *k = p->kill;

	same(p, "thread", k->pid,
	     k->pid == p->tgid ? json_int(p->record, "victim.process.pid", -1)
			       : json_int(p->event, "victim.tid", -1));
	same_text(p, "victim's name", k->comm, json_str(p->record, "victim.process.name"));
	same(p, "uid", k->uid, json_int(p->record, "victim.process.uid", -1));
	same(p, "total_vm", (int64_t)k->total_vm,
	     json_int(p->record, "victim.memory.total_vm", -1));
	same(p, "page_tables", (int64_t)k->page_tables,
	     json_int(p->record, "victim.memory.page_tables", -1));
	same(p, "oom_score_adj", k->oom_score_adj,
	     json_int(p->record, "victim.oom_score_adj", INT64_MIN));
	same(p, "group_kill", p->expected->group, json_is_true(json_at(p->record, "group_kill")));
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
	int64_t slack = p->expected->busy ? BUSY_BYTES : BATCH_PAGES * PAGE_KIB * 1024;
	char path[64];

	if (!k->valid)
		return;
	snprintf(path, sizeof(path), "limit_hit.%s%susage", base, base[0] ? "." : "");
	near(p, what, (int64_t)k->usage, json_int(p->record, path, -1), slack);
	snprintf(path, sizeof(path), "limit_hit.%s%slimit", base, base[0] ? "." : "");
	if (k->limit >= (uint64_t)INT64_MAX - MIB)
		check(p->c, json_is_null(json_at(p->record, path)), "%s: %s is not null",
		      p->expected->what, path);
	else
		same(p, path, (int64_t)k->limit, json_int(p->record, path, -1));
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
	int64_t logged;

	sscanf(p->l->release, "%d.%d", &major, &minor);
	printed = p->l->cgroups.v1 || major * 100 + minor < 616 ? "failcnt" : "events_max";
	logged = json_int(level, printed, -1);
	same(p, "failures", json_int(level, p->l->cgroups.v1 ? "failcnt" : "events_max", -2),
	     record);
	if (p->expected->busy)
		near(p, printed, kernel, logged, 1000);
	else
		same(p, printed, kernel, logged);
}

static void compare_limit(struct compare *p)
{
	const struct klog_header *h = &p->kill->header;

	if (h->oom_memcg[0]) {
		same_text(p, "limit_hit.cgroup", h->oom_memcg,
			  json_str(p->record, "limit_hit.cgroup"));
		if (p->expected->limit_cgroup[0])
			same_text(p, "the limit of the scenario", p->expected->limit_cgroup,
				  json_str(p->record, "limit_hit.cgroup"));
	}
	if (h->global)
		same_text(p, "limit_hit.level", "host", json_str(p->record, "limit_hit.level"));
	compare_counter(p, "usage", &h->memory, "");
	compare_counter(p, "swap usage", &h->swap, "swap");
	compare_counter(p, "memory+swap usage", &h->memsw, "memory_and_swap");
	if (h->memory.valid)
		compare_failures(p);
}

static void compare_header(struct compare *p)
{
	const struct klog_header *h = &p->kill->header;
	const char *gfp = json_str(p->record, "allocation.gfp_mask");

	if (h->have_kill) {
		if (p->has_control || json_at(p->record, "constraint"))
			same_text(p, "constraint", constraint_word(h->constraint),
				  json_str(p->record, "constraint"));
		same_text(p, "task_memcg", h->task_memcg, json_str(p->event, "victim_path"));
		same_text(p, "cgroup of the container", h->task_memcg,
			  json_str(p->record, "container.cgroup"));
	}
	if (!h->valid)
		return;
	same_text(p, "trigger's name", h->trigger, json_str(p->record, "trigger.process.name"));
	same(p, "trigger's thread", h->trigger_tid, json_int(p->event, "trigger.tid", -1));
	same(p, "trigger's oom_score_adj", h->trigger_adj,
	     json_int(p->event, "trigger.oom_score_adj", INT64_MIN));
	if (p->has_control) {
		same(p, "gfp", (int64_t)h->gfp, (int64_t)strtoull(gfp, NULL, 16));
		same(p, "order", h->order, json_int(p->record, "allocation.order", -2));
	} else {
		check(p->c, !gfp[0], "%s: a gfp mask that this tier cannot see", p->expected->what);
	}
	compare_limit(p);
}

static void compare_kill(struct live *l, const struct klog_kill *kill,
			 const struct expected_oom *expected)
{
	struct compare p = {.l = l,
			    .c = &l->checks,
			    .kill = kill,
			    .expected = expected,
			    .tgid = kill_tgid(kill)};
	unsigned int n = records_of(l, p.tgid, &p.record);
	const char *method;

	if (!check(p.c, n == 1, "%s, pid %" PRId64 ": %u oom_kill records", expected->what, p.tgid,
		   n) &&
	    !n)
		return;
	p.event = event_of(l, p.tgid);
	check(p.c, p.event != NULL, "%s, pid %" PRId64 ": not in the event log", expected->what,
	      p.tgid);
	method = json_str(p.record, "method");
	p.has_control = strcmp(method, "tracepoint") != 0;
	check(p.c, !strcmp(l->tier, "auto") || !strcmp(l->tier, method),
	      "%s: method \"%s\", wanted \"%s\"", expected->what, method, l->tier);
	check(p.c, json_is(p.record, "severity", "critical"), "%s: severity", expected->what);
	check(p.c, json_num(p.record, "latency.kill_to_record_seconds", -1) >= 0, "%s: no latency",
	      expected->what);
	compare_victim(&p);
	compare_header(&p);
}

/* One decision, one incident: its victims are counted from 1 on. */
static void check_incidents(struct live *l)
{
	const struct records *r = &l->agent.records;
	json_t *a, *b;

	for (size_t i = 0; (a = records_next(r, "oom_kill", &i));) {
		bool group = json_is_true(json_at(a, "group_kill"));

		check(&l->checks, json_str(a, "incident")[0] != '\0', "no incident");
		check(&l->checks, group || json_int(a, "victims", -1) == 1,
		      "victims %" PRId64 " in a kill of one", json_int(a, "victims", -1));
		for (size_t j = i; (b = records_next(r, "oom_kill", &j));) {
			bool same_one = json_is(b, "incident", json_str(a, "incident"));

			if (same_one && group)
				check(&l->checks,
				      json_int(b, "victims", -1) > json_int(a, "victims", -1),
				      "victims do not count up in incident %s",
				      json_str(a, "incident"));
			else
				check(&l->checks, !same_one, "incident %s twice",
				      json_str(a, "incident"));
		}
	}
}

/* Every record of ours must be of a kill that the kernel logged. */
static void check_invented(struct live *l)
{
	json_t *o;

	for (size_t i = 0; (o = records_next(&l->agent.records, "oom_kill", &i));) {
		int64_t pid = json_int(o, "victim.process.pid", -1);
		bool found = false;

		if (!live_owns(l, json_str(o, "container.cgroup")))
			continue;
		for (size_t j = 0; j < l->klog.n && !found; j++)
			found = kill_tgid(&l->klog.kills[j]) == pid;
		check(&l->checks, found,
		      "a record of pid %" PRId64 ", which the kernel never killed", pid);
	}
}

void oom_check(struct live *l)
{
	struct expected *e = l->expected;
	unsigned int kills[EXPECT_OOMS] = {0};

	klog_drain(&l->klog);
	check_open(&l->checks, "%s: OOM kills against the kernel's log", l->run);
	check(&l->checks, l->klog.malformed == 0, "%" PRIu64 " lines of the kernel not understood",
	      l->klog.malformed);
	check(&l->checks, l->klog.overwritten == 0, "the kernel log overran %" PRIu64 " times",
	      l->klog.overwritten);
	for (size_t i = 0; i < l->klog.n; i++) {
		const struct klog_kill *k = &l->klog.kills[i];
		struct expected_oom *o = expected_of(l, kill_tgid(k));

		if (!o) {
			check(&l->checks,
			      !l->vm && !live_owns(l,
						   k->header.have_kill ? k->header.task_memcg : ""),
			      "the kernel killed pid %" PRId64 " (%s), which nobody expected",
			      k->pid, k->comm);
			continue;
		}
		kills[o - e->ooms]++;
		compare_kill(l, k, o);
	}
	for (unsigned int i = 0; i < e->n_ooms; i++)
		check(&l->checks,
		      (int)kills[i] >= e->ooms[i].min && (int)kills[i] <= e->ooms[i].max,
		      "%s: the kernel logged %u kills", e->ooms[i].what, kills[i]);
	check_invented(l);
	check_incidents(l);
	check_close(&l->checks);
}

bool oom_ready(struct live *l)
{
	klog_drain(&l->klog);
	for (size_t i = 0; i < l->klog.n; i++) {
		int64_t tgid = kill_tgid(&l->klog.kills[i]);
		json_t *first = NULL;

		if (expected_of(l, tgid) && !records_of(l, tgid, &first))
			return false;
	}
	return true;
}
