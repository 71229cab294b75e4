/* SPDX-License-Identifier: Apache-2.0 */
/* exits_check.c - every end that was caused against its process_exit record: one each, and right.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "live.h"

/*
 * The kernel keeps the peak in a counter that from 6.2 on leaves out what each CPU still holds (and
 * to 6.1 what each thread does): the record takes the larger of it and of what was seen exactly.
 */
#define PEAK_SLACK_PAGES 128
/* Faults on the way out of the process, after its account was read. */
#define FAULT_SLACK 2

/* Another process may have had the pid before: ours is in a cgroup of ours. */
static unsigned int records_of(struct live *l, const struct expected_exit *x, json_t **first)
{
	unsigned int n = 0;
	json_t *o;

	for (size_t i = 0; (o = records_next(&l->agent->records, "process_exit", &i));)
		if (json_int(o, "process.pid", -1) == x->pid &&
		    live_owns(l, json_str(o, "container.cgroup")) && !n++)
			*first = o;
	return n;
}

static bool is_one_of(const char *word, const char *list)
{
	size_t n = strlen(word);
	const char *p = list;

	while (n && (p = strstr(p, word))) {
		if ((p == list || p[-1] == '|') && (!p[n] || p[n] == '|'))
			return true;
		p++;
	}
	return false;
}

static void check_status(struct checks *c, const struct expected_exit *x, json_t *o)
{
	int status = x->status;

	if (WIFSIGNALED(status)) {
		check(c, json_int(o, "exit.signal", -1) == WTERMSIG(status),
		      "%s, pid %d: exit.signal %" PRId64 ", wait says %d", x->what, x->pid,
		      json_int(o, "exit.signal", -1), WTERMSIG(status));
		check(c, !json_at(o, "exit.code"), "%s, pid %d: a code beside the signal", x->what,
		      x->pid);
	} else {
		check(c, json_int(o, "exit.code", -1) == WEXITSTATUS(status),
		      "%s, pid %d: exit.code %" PRId64 ", wait says %d", x->what, x->pid,
		      json_int(o, "exit.code", -1), WEXITSTATUS(status));
		check(c, !json_at(o, "exit.signal"), "%s, pid %d: a signal beside the code",
		      x->what, x->pid);
	}
	check(c,
	      json_is_true(json_at(o, "exit.core_dumped")) ==
		      (WIFSIGNALED(status) && WCOREDUMP(status)),
	      "%s, pid %d: core_dumped, wait status 0x%x", x->what, x->pid, (unsigned)status);
}

static void check_cause(struct checks *c, const struct expected_exit *x, json_t *o)
{
	const char *cause = json_str(o, "cause");
	int64_t signal = json_int(o, "signal.number", 0);
	int64_t sender = json_int(o, "sender.process.pid", 0);

	check(c, is_one_of(cause, x->causes), "%s, pid %d, wait status 0x%x: cause %s, not %s",
	      x->what, x->pid, (unsigned)x->status, cause, x->causes);
	check(c, x->signal < 0 || signal == x->signal,
	      "%s, pid %d: signal.number %" PRId64 ", not %d", x->what, x->pid, signal, x->signal);
	check(c, x->sender < 0 || sender == x->sender,
	      "%s, pid %d, wait status 0x%x: sender %" PRId64 ", not %d", x->what, x->pid,
	      (unsigned)x->status, sender, x->sender);
	check(c,
	      x->caught < 0 || !x->signal ||
		      json_is_true(json_at(o, "signal.caught")) == (x->caught == 1),
	      "%s, pid %d: signal.caught is not %d", x->what, x->pid, x->caught);
	if (x->sender_cgroup[0])
		check(c, json_is(o, "sender.container.cgroup", x->sender_cgroup),
		      "%s, pid %d: sender's cgroup \"%s\", not \"%s\"", x->what, x->pid,
		      json_str(o, "sender.container.cgroup"), x->sender_cgroup);
}

static void check_life(struct checks *c, const struct expected_exit *x, json_t *o)
{
	double life = json_num(o, "lifetime_seconds", -1);

	check(c, life >= x->life_min && life <= x->life_max,
	      "%s, pid %d: lifetime_seconds %f, not in %f..%f", x->what, x->pid, life, x->life_min,
	      x->life_max);
}

static void check_usage(struct live *l, const struct expected_exit *x, json_t *o)
{
	struct checks *c = &l->checks;
	int64_t peak = json_int(o, "memory.peak_rss", -1) / 1024;
	int64_t minor = json_int(o, "faults.minor", -1);
	int64_t major = json_int(o, "faults.major", -1);

	check(c, peak >= x->usage.ru_maxrss && peak <= x->usage.ru_maxrss + PEAK_SLACK_PAGES * 4,
	      "%s, pid %d: peak_rss %" PRId64 " kB, wait4 says %ld kB", x->what, x->pid, peak,
	      x->usage.ru_maxrss);
	check(c, minor <= x->usage.ru_minflt && minor >= x->usage.ru_minflt - FAULT_SLACK,
	      "%s, pid %d: %" PRId64 " minor faults, wait4 says %ld", x->what, x->pid, minor,
	      x->usage.ru_minflt);
	check(c, major == x->usage.ru_majflt,
	      "%s, pid %d: %" PRId64 " major faults, wait4 says %ld", x->what, x->pid, major,
	      x->usage.ru_majflt);
}

static void check_one(struct live *l, const struct expected_exit *x)
{
	struct checks *c = &l->checks;
	json_t *o = NULL;
	unsigned int n = records_of(l, x, &o);
	bool wanted = l->agent->all_exits || x->status != 0;

	if (wanted && !n && agent_lost_exit(l))
		return;
	check(c, n == wanted, "%s, pid %d, wait status 0x%x: %u process_exit records", x->what,
	      x->pid, (unsigned)x->status, n);
	if (!n)
		return;
	check_status(c, x, o);
	check_cause(c, x, o);
	check_life(c, x, o);
	if (x->compare_usage)
		check_usage(l, x, o);
	if (x->name[0])
		check(c, json_is(o, "process.name", x->name), "%s: name \"%s\", not \"%s\"",
		      x->what, json_str(o, "process.name"), x->name);
	if (x->argument[0])
		check(c, strstr(json_str(o, "process.command_line"), x->argument) != NULL,
		      "%s: command line \"%s\" without \"%s\"", x->what,
		      json_str(o, "process.command_line"), x->argument);
}

void exits_check(struct live *l)
{
	struct expected *e = l->expected;
	const char *last = "";

	/* One check a kind: what was noted in sequence under the same name. */
	for (unsigned int i = 0; i < e->n_exits; i++) {
		const struct expected_exit *x = &e->exits[i];
		bool seen = false;

		for (unsigned int j = 0; j < i && !seen; j++)
			seen = !strcmp(e->exits[j].what, x->what);
		if (seen)
			continue;
		last = x->what;
		check_open(&l->checks, "%s: exit: %s", l->agent->name, last);
		for (unsigned int j = i; j < e->n_exits; j++)
			if (!strcmp(e->exits[j].what, last))
				check_one(l, &e->exits[j]);
		check_close(&l->checks);
	}
}

bool exits_ready(struct live *l)
{
	struct expected *e = l->expected;

	for (unsigned int i = 0; i < e->n_exits; i++) {
		const struct expected_exit *x = &e->exits[i];
		json_t *o = NULL;

		if ((l->agent->all_exits || x->status) && !records_of(l, x, &o))
			return false;
	}
	return true;
}
