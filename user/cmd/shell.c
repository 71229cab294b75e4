/* SPDX-License-Identifier: Apache-2.0 */
/* shell.c - see shell.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "cmd/host.h"
#include "cmd/shell.h"
#include "cmd/start.h"
#include "in/procfs.h"

#define OUTPUT_WAIT_NS 5000000000ull /* for a blocked output, at the end */
#define WARN_AGAIN_NS  60000000000ull
#define STUCK_NS       5000000000ull /* without a byte taken, while lines wait */
#define ANSWER_ROUNDS  8             /* answers can lead to requests again, but not for ever */

/* ---- events in ---- */

static void push(void *ctx, const union event *ev)
{
	struct shell *s = ctx;

	if (ev->head.type == EV_CGROUP_NEW && ev->cgroup_new.scanned == 1)
		s->cgroups++;
	else if (ev->head.type == EV_TASKS_END)
		s->processes = ev->tasks_end.count;
	if (s->recorder)
		eventlog_write(s->recorder, ev);
	pipeline_step(&s->pipeline, ev);
}

static void push_mark(struct shell *s, uint64_t watermark)
{
	union event ev;

	event_init(&ev, EV_MARK, watermark);
	ev.mark.now = now_boot();
	push(s, &ev);
}

/* ---- lines and requests out ---- */

static void on_line(void *ctx, const char *line, size_t len, enum severity severity)
{
	struct shell *s = ctx;

	sink_line(s->sink, line, len, severity, now_boot());
}

static void on_request(void *ctx, const struct request *request)
{
	struct shell *s = ctx;

	requests_add(&s->requests, request);
}

static const struct pipeline_ops pipeline_ops = {.line = on_line, .request = on_request};

/* ---- answers ---- */

/* error: errno of the first loss, 0 for none. */
static void push_resource(struct shell *s, const char *name, int error,
			  const struct ev_resource *fill)
{
	union event ev;

	event_init(&ev, EV_RESOURCE, now_boot());
	snprintf(ev.resource.name, sizeof(ev.resource.name), "%s", name);
	ev.resource.capacity = fill->capacity;
	ev.resource.used = fill->used;
	ev.resource.peak = fill->peak;
	ev.resource.lost = fill->lost;
	if (error)
		snprintf(ev.resource.cause, sizeof(ev.resource.cause), "%s", strerror(error));
	push(s, &ev);
}

static void push_output_health(struct shell *s)
{
	struct ev_resource fill = {0};
	struct sink_stats st;
	int error = 0;

	sink_stats(s->sink, &st);
	fill.capacity = st.queue_size;
	fill.used = st.queued;
	fill.peak = st.queued_peak;
	fill.lost = st.dropped[0] + st.dropped[1] + st.dropped[2];
	push_resource(s, "output", st.last_error, &fill);

	fill.capacity = REQUEST_QUEUE_MAX;
	fill.used = s->requests.len - s->requests.read;
	fill.peak = s->requests.size;
	fill.lost = s->requests.lost;
	push_resource(s, "requests", 0, &fill);

	fill.capacity = WHOIS_WAITING;
	fill.used = s->whois.n_waiting;
	fill.peak = s->whois.peak;
	fill.lost = s->whois.crowded_out;
	push_resource(s, "identity", 0, &fill);

	if (!s->recorder)
		return;
	/* A file has no fill worth telling of. */
	fill.capacity = fill.used = fill.peak = U64_UNKNOWN;
	fill.lost = eventlog_writer_lost(s->recorder, &error);
	push_resource(s, "event_log", error, &fill);
}

static void push_health(struct shell *s)
{
	union event ev;

	event_init(&ev, EV_HEALTH, now_boot());
	push_output_health(s);
	kernel_health(s->kernel, push, s, &ev.health);
	procfs_self(&ev.health.cpu_ns, &ev.health.rss);
	ev.health.kernel_oom_kills = procfs_oom_kills(s->proc_root);
	/* It closes the series: behind everything that was just told. */
	ev.health.head.ts = now_boot();
	push(s, &ev);
}

static void answer(struct shell *s, const struct request *r)
{
	const struct run_options *o = s->options;
	union event ev;

	switch (r->type) {
	case REQUEST_PROC_INFO:
		procfs_process(s->proc_root, r->pid, r->start, o->redact, now_boot(), &ev);
		push(s, &ev);
		break;
	case REQUEST_MEMCG_STAT:
		/* An error of ours (no descriptor left ...) does not say that the cgroup is gone.
		 */
		if (!cgroupfs_stat(&s->cgroupfs, r->cgroup_id, r->path, now_boot(), &ev))
			push(s, &ev);
		break;
	case REQUEST_MEMCG_WATCH:
		if (!cgroupfs_watch(&s->cgroupfs, r->cgroup_id, r->path, now_boot(), &ev))
			push(s, &ev);
		break;
	case REQUEST_MEMCG:
		if (!cgroupfs_memcg(&s->cgroupfs, r->cgroup_id, r->path, now_boot(), &ev))
			push(s, &ev);
		break;
	case REQUEST_MEMCG_COUNTS:
		if (r->cgroup_id)
			kernel_read_count(s->kernel, r->cgroup_id, push, s);
		else
			kernel_read_counts(s->kernel, push, s);
		break;
	case REQUEST_HOST:
		procfs_host(s->proc_root, now_boot(), &ev);
		push(s, &ev);
		break;
	case REQUEST_HEALTH:
		push_health(s);
		break;
	case REQUEST_FORGET:
		kernel_forget(s->kernel, r->cgroup_id);
		break;
	case REQUEST_IDENTITY:
		whois_ask(&s->whois, r, push, s);
		break;
	}
}

/* Everything that happened before now is read, the evidence of OOM kills first. Returns that now.
 */
static uint64_t drain(struct shell *s)
{
	uint64_t watermark = now_boot();
	int n = kernel_drain(s->kernel, push, s);

	if (n < 0)
		log_warning("cannot read the rings: %s", strerror(-n));
	return watermark;
}

/*
 * Answer until the core has no more questions. An answer carries the time at which it was found;
 * what the kernel told before that is read before the mark lets the answer in.
 */
static void settle(struct shell *s, uint64_t watermark)
{
	struct request r;

	push_mark(s, watermark);
	for (int round = 0; round < ANSWER_ROUNDS && s->requests.read < s->requests.len; round++) {
		size_t end = s->requests.len;

		while (s->requests.read < end && requests_take(&s->requests, &r))
			answer(s, &r);
		push_mark(s, drain(s));
	}
}

void shell_drain(struct shell *s)
{
	uint64_t now = now_boot();

	if (s->whois.next <= now)
		whois_again(&s->whois, now, push, s);
	settle(s, drain(s));
}

int shell_timeout(const struct shell *s)
{
	uint64_t now = now_boot();

	if (s->whois.next == UINT64_MAX)
		return -1;
	return s->whois.next <= now ? 0 : (int)((s->whois.next - now) / 1000000) + 1;
}

/* Nobody reads: lines wait, and nothing was written for a while. */
static bool output_is_stuck(struct shell *s, const struct sink_stats *st, uint64_t now)
{
	if (!st->queued || st->bytes != s->written || !s->moved) {
		s->written = st->bytes;
		s->moved = now;
	}
	return now - s->moved >= STUCK_NS;
}

/* Say that the output does not take lines, now and then, not once a line. */
static void warn_of_output(struct shell *s)
{
	uint64_t now = now_boot();
	struct sink_stats st;
	bool failed, stuck;

	sink_stats(s->sink, &st);
	failed = st.write_errors != s->write_errors;
	stuck = output_is_stuck(s, &st, now);
	if ((!failed && !stuck) || (s->warned && now - s->warned < WARN_AGAIN_NS))
		return;
	s->write_errors = st.write_errors;
	s->warned = now;
	log_warning(
		"cannot write to %s: %s; lines wait in memory (%llu of %llu bytes) and are tried "
		"again",
		strcmp(s->options->output, "-") ? s->options->output : "standard output",
		failed ? strerror(st.last_error) : "nobody reads it", (unsigned long long)st.queued,
		(unsigned long long)st.queue_size);
}

static void push_round_end(struct shell *s)
{
	union event ev;

	event_init(&ev, EV_MEMCGS_END, now_boot());
	ev.memcgs_end.count = 0;
	push(s, &ev);
}

void shell_tick(struct shell *s)
{
	union event ev;
	bool memcgs;
	int n;

	/* Before the snapshot, so that little is left behind it to be put in order. */
	drain(s);
	event_init(&ev, EV_CLOCK, now_boot());
	ev.clock.real = now_real();
	push(s, &ev);
	n = kernel_snapshot_tasks(s->kernel, push, s);
	if (n)
		log_debug("snapshot of processes: %s", strerror(-n));
	memcgs = kernel_snapshot_memcgs(s->kernel, push, s) == 0;
	settle(s, drain(s));
	if (!memcgs) {
		/* No cgroup iterator: the core asked for each cgroup, and has its answers now. */
		push_round_end(s);
		settle(s, drain(s));
	}
	identity_reader_rest(&s->whois.reader);
	if (s->recorder)
		eventlog_flush(s->recorder);
	warn_of_output(s);
}

/* ---- beginning ---- */

static int open_outputs(struct shell *s)
{
	const struct run_options *o = s->options;
	struct sink_options so = {.path = o->output,
				  .rotate_bytes = o->rotate_bytes,
				  .rotate_ns = o->rotate_ns,
				  .rotate_keep = o->rotate_keep,
				  .queue_bytes = o->queue_bytes};
	char err[256] = "";
	int r = sink_open(&s->sink, &so, err, sizeof(err));

	if (r) {
		log_error("%s", err);
		return 1;
	}
	if (!o->record[0])
		return 0;
	r = eventlog_writer_open(&s->recorder, o->record);
	if (r) {
		log_error("cannot write the event log %s: %s", o->record, strerror(-r));
		return 1;
	}
	return 0;
}

static int open_kernel(struct shell *s)
{
	const struct run_options *o = s->options;
	struct kernel_options ko = {.max_containers = o->max_containers,
				    .memory_hierarchy = s->cgroupfs.hierarchy,
				    .memory_v1 = s->cgroupfs.v1,
				    .ring_bytes = o->ring_bytes,
				    .oom_ring_bytes = o->oom_ring_bytes,
				    .redact = o->redact,
				    .memory_root = s->cgroupfs.memory,
				    .gfp = &s->gfp,
				    .debug = o->debug};
	char err[512] = "";
	int r = kernel_open(&s->kernel, s->features, &ko, err, sizeof(err));

	if (r) {
		log_error("%s; `memwitness doctor` says what is missing", err);
		return 2;
	}
	return 0;
}

static void push_features(struct shell *s)
{
	union event ev;

	for (int i = 0; i < FEAT_COUNT; i++) {
		const struct feature *f = &s->features[i];

		event_init(&ev, EV_FEATURE, now_boot());
		ev.feature.state = f->state;
		snprintf(ev.feature.name, sizeof(ev.feature.name), "%s", f->name);
		snprintf(ev.feature.how, sizeof(ev.feature.how), "%s", f->how);
		snprintf(ev.feature.lost, sizeof(ev.feature.lost), "%s", f->lost ? f->lost : "");
		push(s, &ev);
	}
}

static void first_inventory(struct shell *s)
{
	union event ev;
	int r;

	event_init(&ev, EV_READY, now_boot());
	push(s, &ev);
	/* From the start's time on: whatever the kernel tells since then finds its cgroup's path.
	 */
	r = cgroupfs_scan(&s->cgroupfs, s->start.head.ts, push, s);
	if (r)
		log_warning("cannot list the cgroups: %s", strerror(-r));
	/* The base that the kernel's own count of OOM kills is held against. */
	push_health(s);
	/* Whose all these are is asked before the first round tells of them. */
	kernel_snapshot_tasks(s->kernel, push, s);
	settle(s, drain(s));
	shell_tick(s);
}

int shell_open(struct shell *s, const struct run_options *options)
{
	union event ev;
	int r;

	memset(s, 0, sizeof(*s));
	s->options = options;
	s->whois.reader.root.fd = -1;
	if (geteuid() != 0) {
		log_error("tracing needs root: run it with sudo, or as a privileged container");
		return 2;
	}
	r = cgroupfs_open(&s->cgroupfs, "");
	if (r) {
		log_error("no memory cgroup hierarchy is mounted: `memwitness doctor` says more");
		return 2;
	}
	s->proc_root = host_proc_root(options->host_root);
	r = host_whois_open(&s->whois, options->host_root, &s->cgroupfs, &options->labels);
	if (r)
		return r;
	features_probe(s->features, options->oom_tier, &s->gfp);
	if (features_verdict(s->features) == 2) {
		for (int i = 0; i < FEAT_COUNT; i++)
			if (s->features[i].required && s->features[i].state == FEATURE_NO)
				log_error("%s is missing: %s", s->features[i].name,
					  s->features[i].advice);
		log_error("this host cannot be traced: `memwitness doctor` says more");
		return 2;
	}
	r = open_outputs(s);
	if (r)
		return r;
	start_describe(options, &s->cgroupfs, s->proc_root, &s->start);
	if (pipeline_open(&s->pipeline, &s->start, &pipeline_ops, s)) {
		log_error("no memory for %llu processes and %llu containers",
			  (unsigned long long)s->start.max_processes,
			  (unsigned long long)s->start.max_containers);
		return 1;
	}
	memset(&ev, 0, sizeof(ev));
	ev.start = s->start;
	push(s, &ev);
	r = open_kernel(s);
	if (r)
		return r;
	push_features(s);
	first_inventory(s);
	return 0;
}

/* ---- end ---- */

void shell_stop(struct shell *s, const char *why)
{
	union event ev;

	shell_drain(s);
	push_health(s);
	settle(s, drain(s));
	event_init(&ev, EV_STOP, now_boot());
	snprintf(ev.stop.why, sizeof(ev.stop.why), "%s", why);
	push(s, &ev);
}

void shell_close(struct shell *s)
{
	int r = s->sink ? sink_close(s->sink, OUTPUT_WAIT_NS) : 0;

	if (r)
		log_warning("the last lines could not be written: %s", strerror(-r));
	r = eventlog_writer_close(s->recorder);
	if (r)
		log_warning("the event log %s is not whole: %s", s->options->record, strerror(-r));
	kernel_free(s->kernel);
	pipeline_close(&s->pipeline);
	requests_free(&s->requests);
	whois_close(&s->whois);
	memset(s, 0, sizeof(*s));
}
