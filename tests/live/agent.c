/* SPDX-License-Identifier: Apache-2.0 */
/* agent.c - start the agent, follow its records, end it, replay its event log. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "live.h"

#define MAX_ARGS 32

static pid_t spawn(const char *const *argv, const char *out, const char *err)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (out && !freopen(out, "w", stdout))
		_exit(127);
	if (err && !freopen(err, "a", stderr))
		_exit(127);
	if (!freopen("/dev/null", "r", stdin))
		_exit(127);
	execv(argv[0], (char *const *)argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* What the agent had to say, so that a failure in a VM can be understood from the console. */
static void show_errors(const struct agent *a)
{
	_cleanup_fclose_ FILE *f = fopen(a->errors_path, "re");
	char line[512];

	for (int i = 0; f && i < 40 && fgets(line, sizeof(line), f); i++)
		printf("  | %s", line);
	fflush(stdout);
}

static void name_files(struct live *l)
{
	struct agent *a = l->agent;

	snprintf(a->records_path, sizeof(a->records_path), "%s/%s.records", l->dir, l->agent->name);
	snprintf(a->events_path, sizeof(a->events_path), "%s/%s.events", l->dir, l->agent->name);
	snprintf(a->errors_path, sizeof(a->errors_path), "%s/%s.stderr", l->dir, l->agent->name);
	unlink(a->records_path);
	unlink(a->events_path);
	unlink(a->errors_path);
}

int agent_start(struct live *l, const char *const *options)
{
	struct agent *a = l->agent;
	const char *argv[MAX_ARGS] = {
		l->agent_path,       "run",          "--output",          a->records_path,
		"--record",          a->events_path, "--sample-interval", "200ms",
		"--report-interval", "2s",           "--oom-tier",        l->agent->tier};
	uint64_t deadline = now_ns() + LIVE_DEADLINE_SECONDS * NS_PER_SEC;
	int n = 12, status;
	size_t i = 0;
	pid_t pid;

	while (options && *options && n < MAX_ARGS - 1)
		argv[n++] = *options++;
	name_files(l);
	pid = spawn(argv, NULL, a->errors_path);
	if (pid < 0)
		return pid;
	a->pid = pid;
	while (now_ns() < deadline) {
		agent_poll(l);
		i = 0;
		if (records_next(&a->records, "agent_start", &i))
			return 0;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			a->pid = 0;
			printf("  the agent ended at once, wait status 0x%x\n", (unsigned)status);
			show_errors(a);
			return -ECHILD;
		}
		sleep_ms(10);
	}
	printf("  no agent_start record\n");
	show_errors(a);
	agent_stop(l);
	return -ETIMEDOUT;
}

void agent_poll(struct live *l)
{
	records_load(&l->agent->records, l->agent->records_path);
}

/* Counted in the text: what is loaded here, every child to come would inherit. */
static unsigned int snapshots(struct agent *a)
{
	static const char end[] = "{\"ev\":\"memcgs_end\"";
	_cleanup_fclose_ FILE *f = fopen(a->events_path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!f || fseek(f, a->events_seen, SEEK_SET))
		return a->snapshots;
	while ((n = getline(&line, &size, f)) > 0 && line[n - 1] == '\n') {
		a->snapshots += !strncmp(line, end, sizeof(end) - 1);
		a->events_seen += n;
	}
	return a->snapshots;
}

bool agent_wait_snapshots(struct live *l, unsigned int n)
{
	uint64_t deadline = now_ns() + LIVE_DEADLINE_SECONDS * NS_PER_SEC;
	unsigned int wanted[LIVE_AGENTS];

	for (unsigned int i = 0; i < l->n_agents; i++)
		wanted[i] = snapshots(&l->agents[i]) + n;
	for (unsigned int i = 0; i < l->n_agents;) {
		if (snapshots(&l->agents[i]) >= wanted[i])
			i++;
		else if (now_ns() > deadline)
			return false;
		else
			sleep_ms(20);
	}
	return true;
}

int agent_stop(struct live *l)
{
	struct agent *a = l->agent;
	struct child c = {.pid = a->pid};
	int status = 0, err;

	if (a->pid <= 0)
		return -ESRCH;
	kill(a->pid, SIGTERM);
	err = child_wait(&c, &status, NULL);
	a->pid = 0;
	agent_poll(l);
	records_load(&a->events, a->events_path);
	if (err || status)
		show_errors(a);
	return err ? err : status;
}

void agent_free(struct agent *a)
{
	records_free(&a->records);
	records_free(&a->events);
	/* The children of the next run would have it all on their account. */
	malloc_trim(0);
}

/* Events that the agent knows its programs were passed over for, by its last word. */
static int64_t events_lost(const struct agent *a)
{
	size_t i = a->records.n ? a->records.n - 1 : 0;
	json_t *stop = records_next(&a->records, "agent_stop", &i), *buffer;

	json_array_foreach(
		json_at(stop, "health.buffers"), i,
		buffer) if (json_is(buffer, "name", "programs")) return json_int(buffer, "lost", 0);
	return 0;
}

bool agent_lost_exit(struct live *l)
{
	if (l->n_agents < 2 || l->agent->exits_missing >= events_lost(l->agent))
		return false;
	l->agent->exits_missing++;
	return true;
}

static bool same_files(const char *one, const char *two, long *at)
{
	_cleanup_fclose_ FILE *a = fopen(one, "re"), *b = fopen(two, "re");
	int x, y;

	*at = 0;
	if (!a || !b)
		return false;
	do {
		x = getc(a);
		y = getc(b);
		if (x != y)
			return false;
		++*at;
	} while (x != EOF);
	return true;
}

void agent_check_replay(struct live *l)
{
	struct agent *a = l->agent;
	const char *argv[] = {l->agent_path, "replay", a->events_path, NULL};
	char out[LIVE_PATH];
	struct child c;
	struct stat st;
	int status = -1;
	long at = 0;
	bool equal;

	check_open(&l->checks, "%s: replay gives the same bytes", l->agent->name);
	snprintf(out, sizeof(out), "%s/%s.replayed", l->dir, l->agent->name);
	c.pid = spawn(argv, out, a->errors_path);
	if (!check(&l->checks, c.pid > 0 && !child_wait(&c, &status, NULL) && status == 0,
		   "replay ended with wait status 0x%x", (unsigned)status))
		show_errors(a);
	check(&l->checks, !stat(a->records_path, &st) && st.st_size > 0, "no records");
	equal = same_files(a->records_path, out, &at);
	if (check(&l->checks, equal, "they part at byte %ld", at))
		unlink(out);
	check_close(&l->checks);
}

static void check_head(struct live *l, json_t *o, int64_t seq)
{
	struct checks *c = &l->checks;
	const char *type = json_str(o, "type");
	const char *time = json_str(o, "time");
	const char *severity = json_str(o, "severity");

	check(c, json_int(o, "seq", -1) == seq, "seq %lld after %lld (%s)",
	      (long long)json_int(o, "seq", -1), (long long)seq - 1, type);
	check(c, json_is(o, "schema", "memwitness/1"), "schema of seq %lld", (long long)seq);
	check(c, type[0] != '\0', "no type at seq %lld", (long long)seq);
	check(c, strlen(time) == 30 && time[29] == 'Z', "time \"%s\" of seq %lld", time,
	      (long long)seq);
	check(c,
	      !strcmp(severity, "info") || !strcmp(severity, "warning") ||
		      !strcmp(severity, "critical"),
	      "severity \"%s\" of seq %lld", severity, (long long)seq);
	check(c, json_str(o, "host.boot_id")[0] && json_str(o, "host.name")[0], "host of seq %lld",
	      (long long)seq);
}

void agent_check_lines(struct live *l)
{
	const struct records *r = &l->agent->records;
	struct checks *c = &l->checks;

	check_open(c, "%s: lines and sequence", l->agent->name);
	check(c, r->broken == 0, "%zu lines are no JSON objects, first: %s", r->broken,
	      r->first_broken);
	check(c, l->agent->events.broken == 0, "%zu lines of the event log are no JSON, first: %s",
	      l->agent->events.broken, l->agent->events.first_broken);
	for (size_t i = 0; i < r->n; i++)
		check_head(l, r->lines[i], (int64_t)i + 1);
	if (check(c, r->n > 1, "only %zu records", r->n)) {
		check(c, json_is(r->lines[0], "type", "agent_start"),
		      "the first is no agent_start");
		check(c, json_is(r->lines[r->n - 1], "type", "agent_stop"),
		      "the last is no agent_stop");
	}
	check_close(c);
}
