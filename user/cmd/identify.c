/* SPDX-License-Identifier: Apache-2.0 */
/* identify.c - see identify.h. A core is fed what `run` would have fed it of these cgroups. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "cmd/identify.h"
#include "cmd/requests.h"
#include "core/core.h"
#include "out/identify_json.h"
#include "out/record_json.h"

#define MADE_UP (1ull << 62) /* ids of cgroups that are not there: no kernel counts that far */

struct job {
	const struct identify_subject *subject;
	struct whois *whois;
	struct core *core;
	struct request_queue requests;
	struct buf *b;
	size_t named; /* length of the path of the container in b: the innermost one wins */
	struct identity found;
	size_t found_len; /* the same of the answer in found */
};

static void step(void *ctx, const union event *ev)
{
	struct job *job = ctx;

	core_step(job->core, ev);
}

static void on_request(void *ctx, const struct request *request)
{
	struct job *job = ctx;

	if (request->type == REQUEST_IDENTITY)
		requests_add(&job->requests, request);
}

/* Where the fields of the record came from: its answer's files, else the path. */
static size_t list_sources(const struct identity *found, const struct record_container *c,
			   struct identify_source *sources)
{
	const struct {
		const char *field, *value;
	} by_path[] = {
		{"container.id", c->id},
		{"container.name", c->name},
		{"container.runtime", c->runtime},
		{"k8s.pod.uid", c->pod_uid},
	};
	size_t n = 0;

	for (int i = 0; i < IDENTITY_FIELDS; i++)
		if (found->from[i].file[0])
			sources[n++] = (struct identify_source){
				identity_field_name(i), found->from[i].file, found->from[i].key};
	for (size_t i = 0; i < ARRAY_SIZE(by_path); i++) {
		bool told = false;

		for (size_t k = 0; k < n; k++)
			told |= !strcmp(sources[k].field, by_path[i].field);
		if (!told && by_path[i].value && by_path[i].value[0])
			sources[n++] =
				(struct identify_source){by_path[i].field, "", "cgroup path"};
	}
	if (c->workload && c->workload[0])
		sources[n++] = (struct identify_source){"k8s.workload", "", "k8s.pod.name"};
	return n;
}

static void describe_subject(const struct identify_subject *s, struct record_process *p)
{
	memset(p, 0, sizeof(*p));
	if (!s->has_process)
		return;
	p->pid = s->task.who.pid;
	p->parent_pid = s->task.parent_pid;
	p->start_real = s->task.who.start + (now_real() - now_boot());
	p->uid = s->task.who.uid;
	p->container_uid = s->info.container_uid;
	p->container_pid = s->task.ns_pid ? s->task.ns_pid : U64_UNKNOWN;
	p->name = s->task.who.comm;
	p->executable = s->info.executable;
	p->command_line = s->info.command_line;
	p->args_cut = s->info.args_cut == 1;
}

static void on_record(void *ctx, const struct record *r)
{
	struct identify_source sources[IDENTITY_FIELDS + 8];
	static const struct identity nothing;
	struct job *job = ctx;
	struct record_container c;
	struct record_process p;
	size_t len;

	if (r->type != RECORD_CONTAINER_START || !r->container)
		return;
	c = *r->container;
	/* The core was told of no beginning. */
	c.started_real = U64_UNKNOWN;
	len = strlen(c.cgroup);
	if (len < job->named || strncmp(job->subject->path, c.cgroup, len) != 0)
		return;
	job->named = len;
	if (c.cgroup_id >= MADE_UP)
		c.cgroup_id = U64_UNKNOWN;
	describe_subject(job->subject, &p);
	buf_init(job->b, job->b->data, job->b->size);
	identify_json(job->b, job->subject->argument, &c, &p, sources,
		      list_sources(job->found_len == len ? &job->found : &nothing, &c, sources));
}

static const struct core_ops ops = {.emit = on_record, .request = on_request};

/* Length of the path whose container the answer is about. */
static size_t answer_len(const struct identity *found, const char *path)
{
	return found->ev.own_len < strlen(path) ? found->ev.own_len : strlen(path);
}

static void answer_all(struct job *job)
{
	struct identity found;
	struct request r;
	union event ev;

	while (requests_take(&job->requests, &r)) {
		if (whois_look(job->whois, r.path, r.cgroup_id, now_boot(), &found) <= 0)
			continue;
		if (answer_len(&found, r.path) >= job->found_len) {
			job->found = found;
			job->found_len = answer_len(&found, r.path);
		}
		ev.identity = found.ev;
		step(job, &ev);
	}
}

static void mark(struct job *job)
{
	union event ev;

	event_init(&ev, EV_MARK, UINT64_MAX - 2);
	ev.mark.now = now_boot();
	step(job, &ev);
}

/* The cgroup and all above it, the root first. Returns the id of the last. */
static uint64_t tell_cgroups(struct job *job)
{
	const char *path = job->subject->path;
	size_t len = 0, whole = strlen(path);
	uint64_t parent = 0, level = 0;
	union event ev;

	do {
		event_init(&ev, EV_CGROUP_NEW, now_boot());
		memcpy(ev.cgroup_new.path, len ? path : "/", len ? len : 1);
		ev.cgroup_new.id = cgroupfs_id(job->whois->cgroupfs, ev.cgroup_new.path);
		if (!ev.cgroup_new.id)
			ev.cgroup_new.id = MADE_UP + level;
		ev.cgroup_new.parent_id = parent;
		ev.cgroup_new.level = level++;
		ev.cgroup_new.scanned = 1;
		parent = ev.cgroup_new.id;
		step(job, &ev);
		if (len < whole)
			len += len + 1 < whole ? 1 + strcspn(path + len + 1, "/") : 1;
		else
			len = whole + 1;
	} while (len <= whole && whole > 1);
	return parent;
}

int identify(const struct identify_subject *subject, struct whois *whois, struct buf *b)
{
	_cleanup_free_ struct job *job = calloc(1, sizeof(*job));
	_cleanup_free_ void *memory = NULL;
	union event ev;
	size_t size;

	event_init(&ev, EV_START, now_boot());
	ev.start.real = now_real();
	ev.start.max_processes = ev.start.max_containers = 64;
	size = core_size(&ev.start);
	memory = calloc(1, size);
	if (!job || !memory)
		return -ENOMEM;
	job->subject = subject;
	job->whois = whois;
	job->b = b;
	job->core = core_init(memory, &ev.start, &ops, job);

	event_init(&ev, EV_TASK, now_boot());
	if (subject->has_process)
		ev.task = subject->task;
	ev.task.who.memcg = tell_cgroups(job);
	/* A cgroup that no path names is somebody's as soon as a process is in it. */
	ev.task.who.pid = subject->has_process ? ev.task.who.pid : 1;
	ev.task.anon = 0;
	step(job, &ev);
	mark(job);
	answer_all(job);
	mark(job);
	event_init(&ev, EV_MEMCGS_END, now_boot());
	step(job, &ev);
	mark(job);
	requests_free(&job->requests);
	return 0;
}
