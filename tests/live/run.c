/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - the runs: lives of the agent, what is caused during each, what is checked after it. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "live.h"

struct run {
	const char *name;
	const char *tier;
	bool all_exits;
	bool everything;  /* not only the OOM kills */
	bool needs_hooks; /* fentry or kprobes: not every machine has them, the VMs do */
};

static const struct run runs[] = {
	{.name = "auto", .tier = "auto", .all_exits = true, .everything = true},
	{.name = "fentry", .tier = "fentry", .needs_hooks = true},
	{.name = "kprobe", .tier = "kprobe", .needs_hooks = true},
	{.name = "tracepoint", .tier = "tracepoint"},
};

struct expected_exit *expect_exit(struct live *l, const char *what, pid_t pid)
{
	struct expected *e = l->expected;
	unsigned int i = __atomic_fetch_add(&e->n_exits, 1, __ATOMIC_SEQ_CST);
	struct expected_exit *x;

	if (i >= EXPECT_EXITS) {
		e->n_exits = EXPECT_EXITS;
		i = EXPECT_EXITS - 1;
	}
	x = &e->exits[i];
	memset(x, 0, sizeof(*x));
	snprintf(x->what, sizeof(x->what), "%s", what);
	x->pid = pid;
	return x;
}

struct expected_cgroup *expect_cgroup(struct live *l, const char *what, const struct cg *cg,
				      uint64_t limit)
{
	struct expected *e = l->expected;
	struct expected_cgroup *x = &e->cgroups[e->n_cgroups];

	if (e->n_cgroups + 1 < EXPECT_CGROUPS)
		e->n_cgroups++;
	memset(x, 0, sizeof(*x));
	x->cg = *cg;
	snprintf(x->what, sizeof(x->what), "%s", what);
	x->limit = limit;
	return x;
}

/* A filter may name a group, a scenario or a run; a scenario is wanted when its group is. */
bool live_wanted(const struct live *l, const char *name)
{
	bool named = false;

	for (int i = 0; i < l->n_filters; i++) {
		const char *f = l->filters[i];
		size_t n = strlen(f), m = strlen(name);
		bool is_run = false;

		for (size_t j = 0; j < ARRAY_SIZE(runs); j++)
			is_run |= !strcmp(runs[j].name, f);
		if (is_run)
			continue;
		named = true;
		if (!strncmp(f, name, n < m ? n : m) && (n == m || (n < m ? name[n] : f[m]) == '/'))
			return true;
	}
	return !named;
}

static bool run_wanted(const struct live *l, const struct run *run)
{
	bool named = false;

	for (int i = 0; i < l->n_filters; i++)
		for (size_t j = 0; j < ARRAY_SIZE(runs); j++) {
			named |= !strcmp(runs[j].name, l->filters[i]);
			if (&runs[j] == run && !strcmp(run->name, l->filters[i]))
				return true;
		}
	return !named;
}

static void wait_for_records(struct live *l)
{
	uint64_t deadline = now_ns() + LIVE_DEADLINE_SECONDS * NS_PER_SEC / 2;

	do {
		agent_poll(l);
		if (oom_ready(l) && exits_ready(l) && counts_ready(l))
			return;
		sleep_ms(50);
	} while (now_ns() < deadline);
}

static unsigned int open_files(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

static void run_one(struct live *l, const struct run *run)
{
	const char *const all_exits[] = {"--all-exits", NULL};
	unsigned int files = open_files();
	int err;

	l->run = run->name;
	l->tier = run->tier;
	l->all_exits = run->all_exits;
	memset(l->expected, 0, sizeof(*l->expected));
	klog_drain(&l->klog);
	klog_forget(&l->klog);

	check_open(&l->checks, "%s: the agent starts", run->name);
	err = agent_start(l, run->all_exits ? all_exits : NULL);
	check(&l->checks, err == 0, "%s", strerror(-err));
	check_close(&l->checks);
	if (err) {
		agent_free(&l->agent);
		return;
	}
	if (run->everything)
		exits_begin(l);
	oom_run(l);
	if (run->everything) {
		exits_run(l);
		counts_run(l);
		exits_end(l);
	}
	wait_for_records(l);

	check_open(&l->checks, "%s: the agent stops", run->name);
	err = agent_stop(l);
	check(&l->checks, err == 0, "wait status or error %d", err);
	check_close(&l->checks);
	agent_check_lines(l);
	oom_check(l);
	exits_check(l);
	counts_check(l);
	agent_check_replay(l);
	agent_free(&l->agent);
	check_open(&l->checks, "%s: no file descriptor is left open here", run->name);
	check(&l->checks, open_files() == files, "%u before, %u after", files, open_files());
	check_close(&l->checks);
}

void live_runs(struct live *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		if (run_wanted(l, &runs[i]) && (l->vm || !runs[i].needs_hooks))
			run_one(l, &runs[i]);
}
