/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_replay.c - memwitness replay: a recorded event log gives the records of its live run. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/pipeline.h"
#include "core/event_fields.h"
#include "in/eventlog.h"

#define OUTPUT_BUFFER   (256 * 1024)
#define DAMAGE_SHOWN    20
#define PROGRESS_BYTES  (32ull << 20) /* below that it is over before anybody reads */
#define PROGRESS_EVENTS 65536

enum { REPLAY_CLEAN = 0, REPLAY_DAMAGED = 1, REPLAY_UNUSABLE = 2 };

struct replay_options {
	const char *input;
	const char *output; /* "-": standard output */
};

/* Plain blocking output: a replay waits for its reader, where a live run would drop. */
struct output {
	int fd;
	int error; /* errno of the first failure; nothing is written after it */
	size_t len;
	char data[OUTPUT_BUFFER];
};

struct replay {
	const char *name; /* of the log, for messages */
	struct eventlog *log;
	struct pipeline pipeline;
	struct output out;
	uint64_t events;
	uint64_t damaged;
	uint64_t damaged_line; /* the last one */
	bool stopped;          /* EV_STOP was seen */
	bool progress;
	union event event;
};

static void output_flush(struct output *out)
{
	size_t at = 0;

	while (at < out->len && !out->error) {
		ssize_t n = write(out->fd, out->data + at, out->len - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			out->error = errno;
	}
	out->len = 0;
}

static void on_line(void *ctx, const char *line, size_t len, enum severity severity)
{
	struct output *out = ctx;

	(void)severity;
	if (out->len + len > sizeof(out->data))
		output_flush(out);
	if (len <= sizeof(out->data)) {
		memcpy(out->data + out->len, line, len);
		out->len += len;
	}
}

static const struct pipeline_ops replay_ops = {.line = on_line};

static void show_progress(struct replay *r, bool last)
{
	uint64_t done, total;

	if (!r->progress || (!last && r->events % PROGRESS_EVENTS))
		return;
	eventlog_progress(r->log, &done, &total);
	if (last)
		fprintf(stderr, "\r%60s\r", "");
	else if (total >= PROGRESS_BYTES)
		fprintf(stderr, "\rmemwitness: replay: %3.0f %%, %.1f million events",
			100.0 * (double)done / (double)total, (double)r->events / 1e6);
}

static void report_damage(struct replay *r, const char *what)
{
	r->damaged++;
	r->damaged_line = eventlog_line(r->log);
	if (r->damaged <= DAMAGE_SHOWN)
		log_error("%s:%llu: %s", r->name, (unsigned long long)eventlog_line(r->log), what);
	if (r->damaged == DAMAGE_SHOWN)
		log_error("%s: further damaged lines are only counted", r->name);
}

/* The first event says how large the core must be, so without it nothing can be read. */
static int replay_begin(struct replay *r)
{
	const struct event_info *info;
	int got = eventlog_next(r->log, &r->event);

	if (got == 0) {
		log_error("%s:1: the log is empty", r->name);
		return -ENODATA;
	}
	if (got == -EBADMSG || got == -EPROTO) {
		log_error("%s:%llu: %s; a log can only be read from its start event", r->name,
			  (unsigned long long)eventlog_line(r->log), eventlog_error(r->log));
		return got;
	}
	if (got < 0) {
		log_error("%s: cannot read: %s", r->name, strerror(-got));
		return got;
	}
	if (r->event.head.type != EV_START) {
		info = event_info(r->event.head.type);
		log_error("%s:1: the first event must be 'start', this is '%s'", r->name,
			  info ? info->name : "?");
		return -EINVAL;
	}
	got = pipeline_open(&r->pipeline, &r->event.start, &replay_ops, &r->out);
	if (got < 0)
		log_error("%s:1: no memory for %llu processes and %llu containers", r->name,
			  (unsigned long long)r->event.start.max_processes,
			  (unsigned long long)r->event.start.max_containers);
	return got;
}

/* Step everything that is left. 0, or -errno of an end that came early. */
static int replay_rest(struct replay *r)
{
	int got = 1;

	while (!r->out.error) {
		got = eventlog_next(r->log, &r->event);
		if (got == 0)
			return 0;
		if (got == -EBADMSG) {
			report_damage(r, eventlog_error(r->log));
			continue;
		}
		if (got < 0) {
			report_damage(r, got == -EPROTO ? eventlog_error(r->log) : strerror(-got));
			return got;
		}
		if (r->event.head.type == EV_START) {
			report_damage(r, "a second start event: another run's log begins here and "
					 "is not read");
			return -EINVAL;
		}
		r->stopped |= r->event.head.type == EV_STOP;
		pipeline_step(&r->pipeline, &r->event);
		r->events++;
		show_progress(r, false);
	}
	return 0;
}

static int replay_log(struct replay *r)
{
	int err;

	pipeline_step(&r->pipeline, &r->event);
	err = replay_rest(r);
	output_flush(&r->out);
	show_progress(r, true);
	if (r->out.error) {
		if (r->out.error != EPIPE)
			log_error("cannot write records: %s", strerror(r->out.error));
		return REPLAY_UNUSABLE;
	}
	if (!err && !r->stopped && r->damaged_line != eventlog_line(r->log)) {
		log_error("%s: ends after line %llu without a stop event: the log was cut", r->name,
			  (unsigned long long)eventlog_line(r->log));
		r->damaged++;
	}
	if (r->pipeline.oversize)
		log_error("%llu records did not fit a line",
			  (unsigned long long)r->pipeline.oversize);
	if (r->damaged) {
		log_warning("%s: %llu damaged places; %llu events were used", r->name,
			    (unsigned long long)r->damaged, (unsigned long long)r->events);
		return REPLAY_DAMAGED;
	}
	return REPLAY_CLEAN;
}

/* Opening for writing empties the file, so the log itself must not be it. */
static int open_output(struct replay *r, const struct replay_options *o)
{
	struct stat in, out;
	int fd;

	r->progress = isatty(STDERR_FILENO);
	if (strcmp(o->output, "-") == 0) {
		r->progress = r->progress && !isatty(STDOUT_FILENO);
		return 0;
	}
	if (stat(o->input, &in) == 0 && stat(o->output, &out) == 0 && S_ISREG(out.st_mode) &&
	    in.st_dev == out.st_dev && in.st_ino == out.st_ino) {
		log_error("--output: %s is the log itself", o->output);
		return -EINVAL;
	}
	fd = open(o->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0) {
		log_error("--output: cannot open %s: %s", o->output, strerror(errno));
		return -errno;
	}
	r->out.fd = fd;
	return 0;
}

static int replay_open(struct replay *r, const char *input)
{
	int err = eventlog_open(&r->log, input);

	r->name = strcmp(input, "-") == 0 ? "standard input" : input;
	if (err < 0)
		log_error("cannot open %s: %s", r->name, strerror(-err));
	return err;
}

static void replay_free(struct replay *r)
{
	pipeline_close(&r->pipeline);
	if (r->log)
		eventlog_close(r->log);
	if (r->out.fd > STDERR_FILENO)
		close(r->out.fd);
	free(r);
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct replay_options *o = state->input;

	switch (key) {
	case 'o':
		o->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (o->input)
			argp_error(state, "one log at a time");
		o->input = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which event log? Give its path, or - for standard input");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_replay(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"output", 'o', "FILE", 0,
		 "Write records to FILE, or to standard output for - (default: -)", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = on_option,
		.args_doc = "LOG",
		.doc = "Turn an event log of 'memwitness run --record LOG' into the records that "
		       "the run wrote, byte for byte. Needs no privileges."
		       "\vExit: 0 clean, 1 parts of the log were damaged and left out, 2 nothing "
		       "could be done.",
	};
	struct replay_options o = {.output = "-"};
	struct replay *r;
	int code = REPLAY_UNUSABLE;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	r = calloc(1, sizeof(*r));
	if (!r) {
		log_error("out of memory");
		return code;
	}
	r->out.fd = STDOUT_FILENO;
	/* The output is opened, and so emptied, only once the log has proved to be one. */
	if (replay_open(r, o.input) == 0 && replay_begin(r) == 0 && open_output(r, &o) == 0)
		code = replay_log(r);
	replay_free(r);
	return code;
}
