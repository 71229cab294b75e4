/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - the runs: lives of the agent, what is caused during each, what is checked after it. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "live.h"

/*
 * An agent by itself sees everything. Then one of each tier sees the OOM kills: together, as the
 * kernel has headers in its log for two kills a second only.
 */
static const struct {
	bool everything;
	unsigned int n_agents;
	struct {
		const char *name; /* and its tier */
		bool needs_hooks; /* fentry or kprobes: not every machine has them, the VMs do */
	} agents[LIVE_AGENTS];
} runs[] = {
	{true, 1, {{"auto", false}}},
	{false, 3, {{"fentry", true}, {"kprobe", true}, {"tracepoint", false}}},
};

static bool is_agent(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		for (unsigned int j = 0; j < runs[i].n_agents; j++)
			if (!strcmp(runs[i].agents[j].name, name))
				return true;
	return false;
}

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

/* A filter may name a group, a scenario or an agent; a scenario is wanted when its group is. */
bool live_wanted(const struct live *l, const char *name)
{
	bool named = false;

	for (int i = 0; i < l->n_filters; i++) {
		const char *f = l->filters[i];
		size_t n = strlen(f), m = strlen(name);

		if (is_agent(f))
			continue;
		named = true;
		if (!strncmp(f, name, n < m ? n : m) && (n == m || (n < m ? name[n] : f[m]) == '/'))
			return true;
	}
	return !named;
}

static bool agent_wanted(const struct live *l, const char *name)
{
	bool named = false;

	for (int i = 0; i < l->n_filters; i++) {
		if (!strcmp(name, l->filters[i]))
			return true;
		named |= is_agent(l->filters[i]);
	}
	return !named;
}

static bool all_ready(struct live *l)
{
	bool ready = true;

	for (unsigned int i = 0; i < l->n_agents; i++) {
		l->agent = &l->agents[i];
		agent_poll(l);
		ready = ready && oom_ready(l) && exits_ready(l) && counts_ready(l);
	}
	return ready;
}

static void wait_for_records(struct live *l)
{
	uint64_t deadline = now_ns() + LIVE_DEADLINE_SECONDS * NS_PER_SEC / 2;

	while (!all_ready(l) && now_ns() < deadline)
		sleep_ms(50);
}

static unsigned int open_files(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

static bool start_one(struct live *l)
{
	const char *const all_exits[] = {"--all-exits", NULL};
	int err;

	check_open(&l->checks, "%s: the agent starts", l->agent->name);
	err = agent_start(l, l->agent->all_exits ? all_exits : NULL);
	check(&l->checks, err == 0, "%s", strerror(-err));
	check_close(&l->checks);
	return err == 0;
}

static void stop_one(struct live *l)
{
	int err;

	check_open(&l->checks, "%s: the agent stops", l->agent->name);
	err = agent_stop(l);
	check(&l->checks, err == 0, "wait status or error %d", err);
	check_close(&l->checks);
}

static void check_one(struct live *l)
{
	agent_check_lines(l);
	oom_check(l);
	exits_check(l);
	counts_check(l);
	agent_check_replay(l);
}

static void cause(struct live *l, bool everything)
{
	if (everything)
		exits_begin(l);
	oom_run(l);
	if (everything) {
		exits_run(l);
		counts_run(l);
		exits_end(l);
	}
	wait_for_records(l);
}

static void run_one(struct live *l, bool everything)
{
	unsigned int files = open_files(), started = 0;

	memset(l->expected, 0, sizeof(*l->expected));
	klog_drain(&l->klog);
	klog_forget(&l->klog);
	for (unsigned int i = 0; i < l->n_agents; i++) {
		l->agent = &l->agents[i];
		started += start_one(l);
	}
	if (started == l->n_agents)
		cause(l, everything);
	for (unsigned int i = 0; i < l->n_agents; i++) {
		l->agent = &l->agents[i];
		if (l->agent->pid > 0)
			stop_one(l);
	}
	for (unsigned int i = 0; i < l->n_agents && started == l->n_agents; i++) {
		l->agent = &l->agents[i];
		check_one(l);
	}
	for (unsigned int i = 0; i < l->n_agents; i++)
		agent_free(&l->agents[i]);
	check_open(&l->checks, "%s: no file descriptor is left open here", l->agents[0].name);
	check(&l->checks, open_files() == files, "%u before, %u after", files, open_files());
	check_close(&l->checks);
}

void live_runs(struct live *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		l->n_agents = 0;
		for (unsigned int j = 0; j < runs[i].n_agents; j++) {
			const char *name = runs[i].agents[j].name;

			if (agent_wanted(l, name) && (l->vm || !runs[i].agents[j].needs_hooks))
				l->agents[l->n_agents++] =
					(struct agent){.name = name,
						       .tier = name,
						       .all_exits = runs[i].everything};
		}
		if (l->n_agents)
			run_one(l, runs[i].everything);
	}
}
