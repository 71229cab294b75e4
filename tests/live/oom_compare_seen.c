/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_compare_seen.c - what the agent knew from its snapshots when the kill came: the statistics of
 * the cgroup, its processes against the kernel's table of them, how it got there; who lives on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "oom_check.h"

#define MOST_LISTED  20
#define MOST_POINTS  60
#define STAT_AGE     1.0 /* the oldest reading that may be in a record; two samples take less */
#define SNAPSHOT_GAP 0.1 /* a snapshot takes time, and a process may begin during it */

/* ---- memory_stat ---- */

static const char *const stat_paths[KLOG_STATS] = {
	[KLOG_ANON] = "memory_stat.anon",
	[KLOG_FILE] = "memory_stat.file",
	[KLOG_SHMEM] = "memory_stat.shmem",
	[KLOG_KERNEL] = "memory_stat.kernel",
	[KLOG_SLAB_UNRECLAIMABLE] = "memory_stat.slab_unreclaimable",
	[KLOG_INACTIVE_FILE] = "memory_stat.inactive_file",
	[KLOG_ACTIVE_FILE] = "memory_stat.active_file",
	[KLOG_UNEVICTABLE] = "memory_stat.unevictable",
	[KLOG_SOCK] = "memory_stat.sock",
};

/* Read at the kill: what the kernel prints, but for what came or went between the two looks. */
static void compare_stat_of_kernel(struct compare *p)
{
	const struct klog_stats *s = &p->kill->header.stats;
	int64_t bound = (int64_t)p->l->cpus * BATCH_PAGES * PAGE_BYTES;

	field(p, json_num(p->record, "memory_stat.age_seconds", -1) == 0,
	      "memory_stat of the kernel, age_seconds %f",
	      json_num(p->record, "memory_stat.age_seconds", -1));
	if (p->expected->busy)
		bound += BUSY_BYTES;
	for (int i = 0; s->valid && i < KLOG_STATS; i++)
		if (stat_paths[i] && s->values[i] >= 0)
			field_near(p, stat_paths[i], s->values[i],
				   json_int(p->record, stat_paths[i], -1), bound);
}

/* Must the file have told it? v1's has fewer keys than to 6.1 the kernel prints for it. */
static bool in_file(const struct compare *p, int stat)
{
	const struct klog_stats *s = &p->kill->header.stats;

	if (!p->expected->watched || (s->valid && s->values[stat] < 0))
		return false;
	return !p->l->cgroups.v1 ||
	       (stat != KLOG_KERNEL && stat != KLOG_SOCK && stat != KLOG_SLAB_UNRECLAIMABLE);
}

/* The newest reading of the file: some time before, and of one that was below its limit. */
static void compare_stat_of_file(struct compare *p)
{
	const struct klog_stats *s = &p->kill->header.stats;
	double age = json_num(p->record, "memory_stat.age_seconds", -1);
	int64_t limit = json_int(p->record, "limit_hit.limit", INT64_MAX);

	field(p, age >= 0 && age <= STAT_AGE, "memory_stat.age_seconds %f", age);
	for (int i = 0; i < KLOG_STATS; i++) {
		int64_t v = stat_paths[i] ? json_int(p->record, stat_paths[i], -1) : -1;

		if (!stat_paths[i] || (v < 0 && !in_file(p, i)))
			continue;
		field(p, v >= 0 && v <= limit, "%s is %" PRId64 ", the limit %" PRId64,
		      stat_paths[i], v, limit);
	}
	/* It only grew from there on. */
	if (p->expected->watched && s->valid)
		field(p, json_int(p->record, stat_paths[KLOG_ANON], -1) <= s->values[KLOG_ANON],
		      "memory_stat.anon %" PRId64 " before the kill, %" PRId64 " at it",
		      json_int(p->record, stat_paths[KLOG_ANON], -1), s->values[KLOG_ANON]);
}

static void compare_stat(struct compare *p)
{
	const char *source = json_str(p->record, "memory_stat.source");
	/* Linux 7.0 lets it be read when the kill is seen with its decision. */
	bool in_kernel = p->exact_kernel && p->has_control && p->kill->memcg;

	if (!p->kill->memcg) {
		field(p, !json_at(p->record, "memory_stat"), "memory_stat of a global kill");
		return;
	}
	if (in_kernel)
		field_text(p, "memory_stat.source", "kernel", source);
	if (!json_at(p->record, "memory_stat")) {
		field(p, !p->expected->watched, "no memory_stat");
		return;
	}
	if (!strcmp(source, "kernel"))
		compare_stat_of_kernel(p);
	else if (field_text(p, "memory_stat.source", "file", source))
		compare_stat_of_file(p);
}

/* ---- processes ---- */

static const struct klog_task *row_of(const struct klog_tasks *t, int64_t tgid)
{
	for (unsigned int i = 0; i < t->n && i < KLOG_TASKS; i++)
		if (t->rows[i].tgid == tgid)
			return &t->rows[i];
	return NULL;
}

static double killed_at(const struct compare *p)
{
	return (double)json_int(p->event, "t", 0) / 1e9;
}

/* Had it ended, or been killed, since the snapshot? Then the kernel has taken it out of its table.
 */
static bool gone_since(const struct compare *p, int64_t tgid)
{
	const struct records *events = &p->l->agent->events;
	const struct klog *k = &p->l->klog;

	for (size_t i = 0; i < k->n && &k->kills[i] != p->kill; i++)
		if (k->kills[i].pid == tgid)
			return true;
	for (size_t i = 0; i < events->n; i++)
		if (json_is(events->lines[i], "ev", "exit") &&
		    json_int(events->lines[i], "who.pid", -1) == tgid &&
		    (double)json_int(events->lines[i], "t", 0) / 1e9 < killed_at(p) + SNAPSHOT_GAP)
			return true;
	return false;
}

/* Was it there, as it is now, when the snapshot was taken? Who is not of the scenario was. */
static bool was_settled(const struct compare *p, int64_t pid, double age)
{
	const struct expected_oom *e = p->expected;

	for (int i = 0; i < e->n_tasks; i++)
		if (e->tasks[i].pid == pid)
			return killed_at(p) - (double)e->tasks[i].since / 1e9 > age + SNAPSHOT_GAP;
	return true;
}

static int64_t size_of(json_t *o)
{
	return json_int(o, "anon", 0) + json_int(o, "file", 0) + json_int(o, "shmem", 0) +
	       json_int(o, "swap", 0);
}

/* A listed process beside its row. */
static void compare_listed(struct compare *p, json_t *o, double age)
{
	int64_t pid = json_int(o, "pid", -1);
	const struct klog_task *row = row_of(&p->kill->header.tasks, pid);

	/* The kernel never kills its init, and so does not list it. */
	if (!row && (pid == 1 || gone_since(p, pid)))
		return;
	if (!field(p, row != NULL, "pid %" PRId64 " is listed, but not by the kernel", pid))
		return;
	if (was_settled(p, pid, age)) {
		field_same(p, "oom_score_adj of a listed one", row->oom_score_adj,
			   json_int(o, "oom_score_adj", INT64_MIN));
		field_text(p, "name of a listed one", row->comm, json_str(o, "name"));
	}
	if (pid == p->tgid)
		field_text(p, "start_time of the victim",
			   json_str(p->record, "victim.process.start_time"),
			   json_str(o, "start_time"));
}

/* The sleepers' memory is what it was. */
static void compare_sleepers(struct compare *p, json_t *list)
{
	int64_t bound = p->exact_kernel ? 0 : (p->l->cpus + 1) * BATCH_PAGES * PAGE_BYTES;
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		int64_t pid = json_int(o, "pid", -1);
		const struct klog_task *row = row_of(&p->kill->header.tasks, pid);

		if (!row || pid == p->tgid)
			continue;
		field_near(p, "memory of a sleeper", (int64_t)row->rss, size_of(o), 3 * bound);
		field_near(p, "swap of a sleeper", (int64_t)row->swap, json_int(o, "swap", -1),
			   bound);
		if (row->anon >= 0)
			field_near(p, "anon of a sleeper", row->anon, json_int(o, "anon", -1),
				   bound);
	}
}

static bool is_listed(json_t *list, int64_t pid)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) if (json_int(o, "pid", -1) == pid) return true;
	return false;
}

/* A process that was there when the snapshot was taken is in the list. */
static void check_all_listed(struct compare *p, json_t *list, double age)
{
	const struct expected_oom *e = p->expected;

	for (int i = 0; i < e->n_tasks; i++) {
		pid_t pid = e->tasks[i].pid;

		/* Of a group the first are gone before the last is killed. */
		if (was_settled(p, pid, age) && row_of(&p->kill->header.tasks, pid))
			field(p, is_listed(list, pid) || gone_since(p, pid),
			      "pid %d, which is old enough, not listed", pid);
	}
}

static void compare_processes(struct compare *p)
{
	double age = json_num(p->record, "processes.age_seconds", -1);
	int64_t total = json_int(p->record, "processes.total", -1), before = INT64_MAX;
	json_t *list = json_at(p->record, "processes.list"), *o;
	size_t n = json_array_size(list), i;

	if (!json_at(p->record, "processes")) {
		field(p, !p->expected->watched, "no processes");
		return;
	}
	field(p, age >= 0, "processes.age_seconds %f", age);
	field(p,
	      n <= MOST_LISTED && (int64_t)n <= total && (n == MOST_LISTED || total == (int64_t)n),
	      "%zu processes listed of %" PRId64, n, total);
	json_array_foreach(list, i, o)
	{
		field(p, size_of(o) <= before, "the list is not sorted at pid %" PRId64,
		      json_int(o, "pid", -1));
		before = size_of(o);
	}
	if (was_settled(p, p->tgid, age) && !p->expected->leaderless)
		field(p, is_listed(list, p->tgid) || total > MOST_LISTED,
		      "the victim is not listed");
	if (!p->kill->header.tasks.valid || p->kill->header.tasks.n > KLOG_TASKS)
		return;
	json_array_foreach(list, i, o) compare_listed(p, o, age);
	if (total <= MOST_LISTED && !p->expected->leaderless)
		check_all_listed(p, list, age);
	if (p->expected->watched)
		compare_sleepers(p, list);
}

/* ---- history and growth ---- */

/* The newest value, or with `oldest` the oldest; a point without a reading is null. -1: none. */
static int64_t known_point(json_t *points, bool oldest)
{
	int64_t found = -1;
	json_t *o;
	size_t i;

	json_array_foreach(points, i, o)
	{
		if (!json_is_integer(o))
			continue;
		found = (int64_t)json_integer_value(o);
		if (oldest)
			break;
	}
	return found;
}

static void compare_history(struct compare *p)
{
	json_t *anon = json_at(p->record, "history.anon");
	json_t *usage = json_at(p->record, "history.usage");
	int64_t limit = json_int(p->record, "limit_hit.limit", INT64_MAX);
	size_t n = json_array_size(usage ? usage : anon);

	if (!json_at(p->record, "history")) {
		field(p, !p->expected->watched, "no history");
		return;
	}
	field(p, json_num(p->record, "history.interval_seconds", -1) > 0,
	      "history.interval_seconds %f", json_num(p->record, "history.interval_seconds", -1));
	field(p, n > 0 && n <= MOST_POINTS, "%zu points of history", n);
	/* What was never read, or is not kept for the root, is left out altogether. */
	if ((anon && usage) || p->expected->watched)
		field(p, n == json_array_size(anon), "%zu points of anon, %zu of usage",
		      json_array_size(anon), n);
	field(p, known_point(anon, false) <= limit,
	      "history.anon ends with %" PRId64 ", the limit %" PRId64, known_point(anon, false),
	      limit);
	field(p, known_point(usage, false) <= limit,
	      "history.usage ends with %" PRId64 ", the limit %" PRId64, known_point(usage, false),
	      limit);
	if (!p->expected->watched)
		return;
	field(p, n > 1, "one point of history");
	field(p, known_point(usage, false) > known_point(usage, true),
	      "the history shows no growth: from %" PRId64 " to %" PRId64, known_point(usage, true),
	      known_point(usage, false));
}

/*
 * The victim noted its own growth. Whichever snapshot the agent begins at, the rate is between the
 * lowest and the highest from a step to the end; the steps are coarse, hence the factor.
 */
static void compare_growth(struct compare *p)
{
	const struct growth *w = &p->l->expected->growth;
	double rate = json_num(p->record, "victim.anon_growth_per_second", -1);
	double lowest = 1e18, highest = 0;

	if (!p->expected->watched)
		return;
	if (!field(p, w->pid == p->tgid && w->n > 2, "the victim is not the one that grew"))
		return;
	for (unsigned int i = 0; i + 1 < w->n; i++) {
		double r = (double)(w->steps[w->n - 1].bytes - w->steps[i].bytes) * 1e9 /
			   (double)(w->steps[w->n - 1].at - w->steps[i].at);

		lowest = r < lowest ? r : lowest;
		highest = r > highest ? r : highest;
	}
	field(p, rate >= lowest / 2 && rate <= highest * 2,
	      "victim.anon_growth_per_second %f, by its own account %f to %f", rate, lowest,
	      highest);
}

/* ---- who asked, who lives on ---- */

static void compare_trigger(struct compare *p)
{
	field_text(p, "trigger.relation", p->itself ? "victim" : p->expected->relation,
		   json_str(p->record, "trigger.relation"));
}

static void compare_survivors(struct compare *p)
{
	const struct expected_oom *e = p->expected;
	json_t *init = json_at(p->record, "survivors.init_alive");
	json_t *orphans = json_at(p->record, "survivors.orphans");
	bool last = json_int(p->record, "victims", -1) == e->max;

	if (e->init_alive >= 0)
		field(p, json_is_boolean(init) && json_is_true(init) == (e->init_alive == 1),
		      "survivors.init_alive is not %d", e->init_alive);
	if (e->orphans > 0)
		field_same(p, "survivors.orphans", e->orphans,
			   json_int(p->record, "survivors.orphans", -1));
	else if (!e->orphans)
		field(p, !orphans, "survivors.orphans of one without children");
	if (e->survivors >= 0 && (!e->group || last))
		field_same(p, "survivors.processes", e->survivors,
			   json_int(p->record, "survivors.processes", -1));
}

static void compare_container(struct compare *p)
{
	const struct expected_oom *e = p->expected;

	if (e->container_id[0])
		field_text(p, "container.id", e->container_id, json_str(p->record, "container.id"));
	if (e->pod_uid[0])
		field_text(p, "k8s.pod.uid", e->pod_uid, json_str(p->record, "k8s.pod.uid"));
}

static void compare_summary(struct compare *p)
{
	const char *summary = json_str(p->record, "summary");
	char pid[32];

	snprintf(pid, sizeof(pid), "pid %" PRId64, p->tgid);
	field(p, strstr(summary, pid) != NULL, "no \"%s\" in the summary \"%s\"", pid, summary);
}

/* ---- its end ---- */

static json_t *exit_of(struct compare *p, unsigned int *n)
{
	const char *start = json_str(p->record, "victim.process.start_time");
	json_t *o, *found = NULL;

	*n = 0;
	for (size_t i = 0; (o = records_next(&p->l->agent->records, "process_exit", &i));)
		if (json_int(o, "process.pid", -1) == p->tgid &&
		    json_is(o, "process.start_time", start) && !(*n)++)
			found = o;
	return found;
}

/* What was the fullest limit above it at the last look can be told only when there was one. */
static void compare_nearest(struct compare *p, json_t *o)
{
	json_t *nearest = json_at(o, "memory.nearest_limit");
	int64_t usage = json_int(nearest, "usage", -1), limit = json_int(nearest, "limit", -1);

	if (!p->expected->watched)
		return;
	field_text(p, "nearest_limit.cgroup", p->expected->limit_cgroup,
		   json_str(nearest, "cgroup"));
	field_text(p, "nearest_limit.level", p->expected->level, json_str(nearest, "level"));
	field_same(p, "nearest_limit.limit", json_int(p->record, "limit_hit.limit", -2), limit);
	field(p, usage > 0 && usage <= limit, "nearest_limit.usage %" PRId64, usage);
	field(p, json_num(nearest, "age_seconds", -1) >= 0, "nearest_limit has no age_seconds");
}

static void compare_exit(struct compare *p)
{
	unsigned int n;
	json_t *o = exit_of(p, &n);

	field(p, n <= 1, "%u process_exit records", n);
	/* That there is one is for exits_check.c to say. */
	if (!o)
		return;
	field_text(p, "incident of the exit", json_str(p->record, "incident"),
		   json_str(o, "incident"));
	field(p, json_num(o, "latency.kill_to_exit_seconds", -1) >= 0,
	      "no latency.kill_to_exit_seconds");
	compare_nearest(p, o);
}

void oom_compare_seen(struct compare *p)
{
	compare_stat(p);
	compare_processes(p);
	compare_history(p);
	compare_growth(p);
	compare_trigger(p);
	compare_survivors(p);
	compare_container(p);
	compare_summary(p);
	compare_exit(p);
}
