/* SPDX-License-Identifier: Apache-2.0 */
/* demo_story.c - the records of the demo, told in plain words with the record behind each. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "cmd/demo.h"
#include "cmd/wrap.h"

#define RECORDS_MAX 512
#define COLUMNS     78
#define INDENT      11

/* Members of a record that are worth showing, by path; what a record lacks is passed over. */
static const char *const shown[] = {
	"type",
	"seq",
	"process.pid",
	"process.name",
	"victim.process.pid",
	"victim.process.name",
	"victim.memory.anon",
	"victim.anon_growth_per_second",
	"constraint",
	"limit_hit.level",
	"limit_hit.usage",
	"limit_hit.limit",
	"trigger.process.name",
	"exit.code",
	"exit.signal_name",
	"cause",
	"signal.name",
	"signal.caught",
	"sender.process.pid",
	"sender.process.name",
	"lifetime_seconds",
	"memory.peak_rss",
	"limits.memory",
	"memory.peak_usage",
	"processes.exits",
	"survivors",
	"latency",
	"health.oom_kills",
};

struct teller {
	FILE *out;
	double start; /* seconds of CLOCK_REALTIME at the first record */
	double ended;
	struct demo_outcome *outcome;
	unsigned int left_at_end;
};

static json_t *at(json_t *o, const char *path)
{
	char key[64];

	while (o && *path) {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		o = json_object_get(o, key);
		path += len + (path[len] == '.');
	}
	return o;
}

static const char *text_at(json_t *o, const char *path)
{
	const char *text = json_string_value(at(o, path));

	return text ? text : "";
}

static uint64_t number_at(json_t *o, const char *path)
{
	return (uint64_t)json_integer_value(at(o, path));
}

static bool is(json_t *o, const char *path, const char *text)
{
	return strcmp(text_at(o, path), text) == 0;
}

static double mib_at(json_t *o, const char *path)
{
	return (double)number_at(o, path) / (1 << 20);
}

/* "2026-11-20T10:42:39.123456789Z" as seconds; 0 when it is not one. */
static double time_of(json_t *record)
{
	struct tm tm = {0};
	const char *text = text_at(record, "time"),
		   *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest)
		return 0;
	return (double)timegm(&tm) + (*rest == '.' ? strtod(rest, NULL) : 0);
}

/* Copy one member, with the objects around it, if the record has it. */
static void copy_member(json_t *to, json_t *from, const char *path)
{
	json_t *value = at(from, path);
	char key[64];

	while (value) {
		size_t len = strcspn(path, ".");
		json_t *inner;

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		path += len;
		if (!*path) {
			json_object_set(to, key, value);
			return;
		}
		path++;
		inner = json_object_get(to, key);
		if (!inner) {
			inner = json_object();
			json_object_set_new(to, key, inner);
		}
		to = inner;
	}
}

/* The JSON, broken behind commas that are outside of strings. */
static void print_broken(FILE *out, const char *text)
{
	size_t column = INDENT, start = 0, comma = 0;
	bool quoted = false;

	fprintf(out, "%*s", INDENT, "");
	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '\\' && text[i + 1]) {
			i++;
			column++;
		} else if (text[i] == '"') {
			quoted = !quoted;
		}
		column++;
		if (text[i] == ',' && !quoted)
			comma = i + 1;
		if (column > COLUMNS && comma > start) {
			fprintf(out, "%.*s\n%*s", (int)(comma - start), text + start, INDENT + 1,
				"");
			start = comma;
			column = INDENT + 1 + (i + 1 - comma);
		}
	}
	fprintf(out, "%s\n", text + start);
}

static void show_record(struct teller *t, json_t *record)
{
	json_t *part = json_object();
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		copy_member(part, record, shown[i]);
	text = json_dumps(part, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
	if (text)
		print_broken(t->out, text);
	json_decref(part);
	fputc('\n', t->out);
}

__attribute__((format(printf, 3, 4))) static void say(struct teller *t, json_t *record,
						      const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(t->out, "%6.1f s   ", time_of(record) - t->start);
	wrap_print(t->out, text, INDENT, INDENT);
	show_record(t, record);
}

static void tell_oom(struct teller *t, json_t *r)
{
	bool init_alive = json_is_true(at(r, "survivors.init_alive"));
	bool itself = number_at(r, "trigger.process.pid") == number_at(r, "victim.process.pid");

	if (is(r, "victim.process.name", DEMO_LEAKER))
		t->outcome->oom_kills++;
	t->outcome->init_alive_kills += init_alive;
	say(t, r,
	    "OUT OF MEMORY: the kernel killed %s (pid %" PRIu64 "), which held %.1f MiB of "
	    "anonymous memory. The limit that was hit is the %s's: %.1f of %.1f MiB were used. "
	    "The request that was one too many came from %s.%s",
	    text_at(r, "victim.process.name"), number_at(r, "victim.process.pid"),
	    mib_at(r, "victim.memory.anon"), text_at(r, "limit_hit.level"),
	    mib_at(r, "limit_hit.usage"), mib_at(r, "limit_hit.limit"),
	    itself ? "the victim itself" : text_at(r, "trigger.process.name"),
	    init_alive ? " The container's first process lived on, so no orchestrator has seen "
			 "this kill."
		       : "");
}

static void tell_parent_kill(struct teller *t, json_t *r)
{
	char how[64] = "died of it";

	if (is(r, "process.name", DEMO_HANGER))
		t->outcome->parent_kills++;
	if (at(r, "exit.code"))
		snprintf(how, sizeof(how), "caught it and left with code %" PRIu64,
			 number_at(r, "exit.code"));
	say(t, r,
	    "KILLED BY ITS PARENT: %s (pid %" PRIu64 ") had stopped answering. Its master %s (pid "
	    "%" PRIu64 ") sent it %s; it %s. Neither a crash nor the OOM killer.",
	    text_at(r, "process.name"), number_at(r, "process.pid"),
	    text_at(r, "sender.process.name"), number_at(r, "sender.process.pid"),
	    text_at(r, "signal.name"), how);
}

static void tell_exit(struct teller *t, json_t *r)
{
	if (is(r, "cause", "killed_by_parent")) {
		tell_parent_kill(t, r);
	} else if (is(r, "cause", "clean") && time_of(r) >= t->ended) {
		t->left_at_end++;
	} else if (is(r, "cause", "clean")) {
		if (is(r, "process.name", DEMO_RECYCLER))
			t->outcome->recycled++;
		say(t, r,
		    "Recycled: %s (pid %" PRIu64 ") left with code 0 after %.1f s of work, as "
		    "planned.",
		    text_at(r, "process.name"), number_at(r, "process.pid"),
		    json_number_value(at(r, "lifetime_seconds")));
	} else if (!is(r, "cause", "oom_killed")) { /* that one has its own record */
		say(t, r, "%s (pid %" PRIu64 ") ended: %s.", text_at(r, "process.name"),
		    number_at(r, "process.pid"), text_at(r, "cause"));
	}
}

/* What the witness itself cost, and whether it missed anything. */
static void tell_agent(struct teller *t, json_t *r)
{
	uint64_t lost = 0;
	json_t *buffer;
	size_t i;

	json_array_foreach(at(r, "health.buffers"), i, buffer) lost += number_at(buffer, "lost");
	say(t, r,
	    "memwitness ends. It took %.2f s of CPU time and %.0f MiB, and lost %" PRIu64
	    " events.",
	    json_number_value(at(r, "health.cpu_seconds")), mib_at(r, "health.memory.rss"), lost);
}

static void tell(struct teller *t, json_t *r)
{
	if (is(r, "type", "container_start"))
		say(t, r, "The container %s appears. Its limit is %.0f MiB.",
		    text_at(r, "container.cgroup"), mib_at(r, "limits.memory"));
	else if (is(r, "type", "oom_kill"))
		tell_oom(t, r);
	else if (is(r, "type", "process_exit"))
		tell_exit(t, r);
	else if (is(r, "type", "container_stop"))
		say(t, r,
		    "The service was told to end: %u processes left cleanly, and the container is "
		    "gone.",
		    t->left_at_end);
	else if (is(r, "type", "agent_stop"))
		tell_agent(t, r);
}

static int by_time(const void *a, const void *b)
{
	return strcmp(text_at(*(json_t *const *)a, "time"), text_at(*(json_t *const *)b, "time"));
}

/* About the demo's container, or about the agent as a whole. */
static bool is_ours(json_t *record, const char *name)
{
	const char *cgroup = text_at(record, "container.cgroup");
	size_t len = strlen(cgroup), tail = strlen(name);

	return is(record, "type", "agent_stop") ||
	       (len >= tail && strcmp(cgroup + len - tail, name) == 0);
}

int demo_story_tell(FILE *out, FILE *f, const struct demo_cgroup *c, uint64_t ended_real,
		    struct demo_outcome *outcome)
{
	struct teller t = {
		.out = out,
		.ended = (double)ended_real / 1e9,
		.outcome = outcome,
	};
	_cleanup_free_ json_t **records = calloc(RECORDS_MAX, sizeof(json_t *));
	_cleanup_free_ char *line = NULL;
	size_t size = 0, n = 0;

	*outcome = (struct demo_outcome){0};
	if (!records)
		return -ENOMEM;
	while (n < RECORDS_MAX && getline(&line, &size, f) >= 0) {
		json_t *r = json_loads(line, 0, NULL);

		if (r && t.start == 0)
			t.start = time_of(r);
		if (r && is_ours(r, c->name))
			records[n++] = r;
		else
			json_decref(r);
	}
	qsort(records, n, sizeof(records[0]), by_time);
	for (size_t i = 0; i < n; i++) {
		tell(&t, records[i]);
		json_decref(records[i]);
	}
	return ferror(f) ? -EIO : 0;
}
