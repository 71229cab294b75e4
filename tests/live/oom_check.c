/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_check.c - every kill that the kernel logged against its oom_kill record, field by field, and
 * every oom_kill record against the kernel's log: one record a victim, none twice, none invented.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom_check.h"

static struct expected_oom *expected_of(struct live *l, int64_t tgid)
{
	struct expected *e = l->expected;

	for (unsigned int i = 0; i < e->n_ooms; i++)
		for (int j = 0; j < e->ooms[i].n_tasks; j++)
			if (e->ooms[i].tasks[j].victim && e->ooms[i].tasks[j].pid == tgid)
				return &e->ooms[i];
	return NULL;
}

/*
 * The thread group of a logged kill: the "oom-kill:" line names the leader, the other a thread.
 * Without the former, who made the thread knows.
 */
static int64_t kill_tgid(const struct live *l, const struct klog_kill *k)
{
	const struct expected *e = l->expected;

	if (k->header.have_kill && !k->group)
		return k->header.pid;
	for (unsigned int i = 0; i < e->n_ooms; i++)
		for (int j = 0; j < e->ooms[i].n_tasks; j++)
			if (e->ooms[i].tasks[j].thread == k->pid)
				return e->ooms[i].tasks[j].pid;
	return k->pid;
}

/* Records of the victim; *first is the first of them. */
static unsigned int records_of(struct live *l, int64_t tgid, json_t **first)
{
	const struct records *r = &l->agent->records;
	unsigned int n = 0;
	json_t *o;

	for (size_t i = 0; (o = records_next(r, "oom_kill", &i));)
		if (json_int(o, "victim.process.pid", -1) == tgid && !n++)
			*first = o;
	return n;
}

static json_t *event_of(struct live *l, int64_t tgid)
{
	const struct records *r = &l->agent->events;

	for (size_t i = 0; i < r->n; i++)
		if (json_is(r->lines[i], "ev", "oom") &&
		    json_int(r->lines[i], "victim.pid", -1) == tgid)
			return r->lines[i];
	return NULL;
}

static void compare_kill(struct live *l, const struct klog_kill *kill,
			 const struct expected_oom *expected)
{
	struct compare p = {.l = l,
			    .kill = kill,
			    .expected = expected,
			    .tgid = kill_tgid(l, kill),
			    .exact_kernel = atoi(l->release) >= 7};
	unsigned int n = records_of(l, p.tgid, &p.record);
	const char *method;

	if (!field(&p, n == 1, "%u oom_kill records", n) && !n)
		return;
	/* On a machine somebody else may have used the headers up. */
	if (l->vm && !expected->no_header)
		field(&p, kill->header.have_kill, "the kernel printed no header");
	p.event = event_of(l, p.tgid);
	field(&p, p.event != NULL, "not in the event log");
	method = json_str(p.record, "method");
	p.itself = json_int(p.event, "trigger.pid", -1) == p.tgid;
	p.has_control = strcmp(method, "tracepoint") != 0;
	field(&p, !strcmp(l->agent->tier, "auto") || !strcmp(l->agent->tier, method),
	      "method \"%s\", wanted \"%s\"", method, l->agent->tier);
	field(&p, json_is(p.record, "severity", "critical"), "severity");
	field(&p, json_num(p.record, "latency.kill_to_record_seconds", -1) >= 0, "no latency");
	oom_compare_victim(&p);
	oom_compare_header(&p);
	oom_compare_seen(&p);
}

/* Of one decision: counted from 1 on, and those of a group kill are all that the kernel logged. */
static void check_victims(struct live *l, json_t *first, size_t i)
{
	bool group = json_is_true(json_at(first, "group_kill"));
	const char *incident = json_str(first, "incident");
	const struct expected_oom *o = expected_of(l, json_int(first, "victim.process.pid", -1));
	int64_t n = 1;
	json_t *b;

	check(&l->checks, json_int(first, "victims", -1) == 1,
	      "incident %s begins with victims %" PRId64, incident, json_int(first, "victims", -1));
	while ((b = records_next(&l->agent->records, "oom_kill", &i))) {
		if (!json_is(b, "incident", incident))
			continue;
		n++;
		check(&l->checks, json_int(b, "victims", -1) == n,
		      "incident %s: victims %" PRId64 " in record %" PRId64 " of it", incident,
		      json_int(b, "victims", -1), n);
	}
	check(&l->checks, group || n == 1, "incident %s of one kill has %" PRId64 " records",
	      incident, n);
	check(&l->checks, !group || !o || n == o->max,
	      "incident %s: %" PRId64 " records of a group of %d", incident, n, o ? o->max : 0);
}

static void check_incidents(struct live *l)
{
	const struct records *r = &l->agent->records;
	json_t *a, *b;

	for (size_t i = 0; (a = records_next(r, "oom_kill", &i));) {
		bool seen = false;

		check(&l->checks, json_str(a, "incident")[0] != '\0', "no incident");
		for (size_t j = 0; (b = records_next(r, "oom_kill", &j)) && b != a && !seen;)
			seen = json_is(b, "incident", json_str(a, "incident"));
		if (!seen)
			check_victims(l, a, i);
	}
}

/*
 * The agent's own account: no kill is missing. The kernel counts the chosen victim of a group kill
 * twice, as its log names it twice.
 */
static void check_account(struct live *l)
{
	static const char stop[] = "agent_stop";
	const struct records *r = &l->agent->records;
	int64_t n = 0, records, kernel, twice, missing;
	json_t *o = NULL;

	for (size_t i = 0; records_next(r, "oom_kill", &i);)
		n++;
	for (size_t i = 0; !o && (o = records_next(r, stop, &i));)
		;
	o = json_at(o, "health.oom_kills");
	records = json_int(o, "records", -1);
	kernel = json_int(o, "kernel", -1);
	twice = json_int(o, "counted_twice", -1);
	missing = json_int(o, "missing", -1);
	check(&l->checks, records == n, "oom_kills.records %" PRId64 " of %" PRId64, records, n);
	check(&l->checks, missing == 0, "oom_kills.missing %" PRId64, missing);
	check(&l->checks, twice >= 0 && kernel == records + twice,
	      "oom_kills: kernel %" PRId64 ", records %" PRId64 ", counted twice %" PRId64, kernel,
	      records, twice);
	/* A machine may have had others. */
	if (l->vm) {
		check(&l->checks, kernel == (int64_t)l->klog.seen,
		      "oom_kills.kernel %" PRId64 ", logged %" PRIu64, kernel, l->klog.seen);
		check(&l->checks, twice == (int64_t)(l->klog.seen - l->klog.n),
		      "oom_kills.counted_twice %" PRId64 ", logged twice %" PRIu64, twice,
		      l->klog.seen - (uint64_t)l->klog.n);
	}
}

/* Every record of ours must be of a kill that the kernel logged. */
static void check_invented(struct live *l)
{
	json_t *o;

	for (size_t i = 0; (o = records_next(&l->agent->records, "oom_kill", &i));) {
		int64_t pid = json_int(o, "victim.process.pid", -1);
		bool found = false;

		if (!live_owns(l, json_str(o, "container.cgroup")))
			continue;
		for (size_t j = 0; j < l->klog.n && !found; j++)
			found = kill_tgid(l, &l->klog.kills[j]) == pid;
		check(&l->checks, found,
		      "a record of pid %" PRId64 ", which the kernel never killed", pid);
	}
}

void oom_check(struct live *l)
{
	struct expected *e = l->expected;
	unsigned int kills[EXPECT_OOMS] = {0};
	struct field_count before = l->fields;

	klog_drain(&l->klog);
	check_open(&l->checks, "%s: OOM kills against the kernel's log", l->agent->name);
	check(&l->checks, l->klog.malformed == 0, "%" PRIu64 " lines of the kernel not understood",
	      l->klog.malformed);
	check(&l->checks, l->klog.overwritten == 0, "the kernel log overran %" PRIu64 " times",
	      l->klog.overwritten);
	for (size_t i = 0; i < l->klog.n; i++) {
		const struct klog_kill *k = &l->klog.kills[i];
		struct expected_oom *o = expected_of(l, kill_tgid(l, k));

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
	check(&l->checks, e->oom_failures == 0, "%u scenarios could not be played",
	      e->oom_failures);
	check_invented(l);
	check_incidents(l);
	check_account(l);
	check_close(&l->checks);
	printf("OOM fields: %lu compared, %lu mismatches\n", l->fields.compared - before.compared,
	       l->fields.mismatches - before.mismatches);
}

bool oom_ready(struct live *l)
{
	klog_drain(&l->klog);
	for (size_t i = 0; i < l->klog.n; i++) {
		int64_t tgid = kill_tgid(l, &l->klog.kills[i]);
		json_t *first = NULL;

		if (expected_of(l, tgid) && !records_of(l, tgid, &first))
			return false;
	}
	return true;
}
