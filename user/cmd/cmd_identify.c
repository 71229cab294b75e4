/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_identify.c - memwitness identify: whose a process or a cgroup is, and who says so. */
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/host.h"
#include "cmd/identify.h"
#include "cmd/options.h"
#include "in/procfs.h"
#include "in/procfs_cgroup.h"
#include "out/identify_json.h"
#include "out/record_json.h"

#define WIDTH 30 /* columns of a field's name */

enum { KEY_HOST_ROOT = 0x100, KEY_JSON };

struct identify_options {
	const char *host_root;
	bool json;
	struct globs labels;
	char **arguments;
	int n_arguments;
};

struct identifier {
	const struct identify_options *options;
	const char *proc_root;
	struct cgroupfs cgroupfs;
	struct whois whois;
	char *line; /* RECORD_LINE_MAX bytes */
};

/* ---- what was asked for ---- */

/* Why it names nothing, or NULL. */
static const char *find_process(const struct identifier *id, uint32_t pid,
				struct identify_subject *s)
{
	union event ev;
	int r = procfs_task(id->proc_root, pid, now_boot(), &ev);

	if (!r) {
		s->task = ev.task;
		r = procfs_cgroup_path(id->proc_root, pid, id->cgroupfs.v1, s->path,
				       sizeof(s->path));
	}
	if (r == -ESRCH)
		return "there is no such process";
	if (r == -EXDEV)
		return "its cgroup is outside of this cgroup namespace: run it as root, with the "
		       "host's /proc under --host-root";
	if (r)
		return strerror(-r);
	s->has_process = true;
	procfs_process(id->proc_root, pid, s->task.who.start, REDACT_SECRETS, now_boot(), &ev);
	s->info = ev.proc_info;
	return NULL;
}

/* On v2 an ancestor accounts for the memory where the controller is not enabled. */
static void to_memory(const struct identifier *id, char *path)
{
	char *slash;

	while (cgroupfs_id(&id->cgroupfs, path) && !cgroupfs_accounts(&id->cgroupfs, path) &&
	       (slash = strrchr(path, '/')) && path[1])
		slash[slash == path] = '\0';
}

static const char *find_cgroup(const struct identifier *id, const char *argument,
			       struct identify_subject *s)
{
	size_t mount = strlen(id->cgroupfs.memory), len = 0;

	/* Also as the path of its directory. */
	if (!strncmp(argument, id->cgroupfs.memory, mount) &&
	    (argument[mount] == '/' || !argument[mount]))
		argument = argument[mount] ? argument + mount : "/";
	/* Many slashes are one, as everywhere, and at the end none. */
	for (const char *p = argument; *p; p++) {
		if (*p == '/' && (p[1] == '/' || (!p[1] && len)))
			continue;
		if (len + 1 >= sizeof(s->path))
			return "the path is too long";
		s->path[len++] = *p;
	}
	s->path[len] = '\0';
	return NULL;
}

static const char *find(const struct identifier *id, const char *argument,
			struct identify_subject *s)
{
	const char *error;
	uint64_t pid;

	memset(s, 0, sizeof(*s));
	s->argument = argument;
	if (argument[0] == '/')
		error = find_cgroup(id, argument, s);
	else if (!parse_u64(argument, &pid) && pid > 0 && pid <= INT32_MAX)
		error = find_process(id, (uint32_t)pid, s);
	else
		return "neither a process id nor the path of a cgroup (which begins with /)";
	if (!error)
		to_memory(id, s->path);
	return error;
}

/* ---- for people ---- */

/* A terminal obeys control characters, and names come from containers. */
static void print_clean(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080..U+009F */

		putchar(c1 || *p < 0x20 || *p == 0x7f ? '?' : *p);
		p += c1;
	}
}

static const json_t *source_of(const json_t *sources, const char *field)
{
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *source = json_array_get(sources, i);
		const char *name = json_string_value(json_object_get(source, "field"));
		size_t len = name ? strlen(name) : 0;

		/* "container.labels" is the source of "container.labels.app". */
		if (len && !strncmp(name, field, len) && (!field[len] || field[len] == '.'))
			return source;
	}
	return NULL;
}

static void print_value(const json_t *value)
{
	if (json_is_string(value))
		print_clean(json_string_value(value));
	else if (json_is_integer(value))
		printf("%lld", (long long)json_integer_value(value));
	else
		fputs(json_is_true(value) ? "yes" : "no", stdout);
}

static void print_source(const json_t *source)
{
	const char *file = json_string_value(json_object_get(source, "file"));

	if (!source)
		return;
	fputs("   <- ", stdout);
	print_clean(file ? file : "");
	fputs(file ? ": " : "", stdout);
	print_clean(json_string_value(json_object_get(source, "key")));
}

/* One line a field, with who says so. */
static void print_fields(json_t *object, const char *prefix, const json_t *sources)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		char field[EV_TEXT * 2];
		int pad;

		snprintf(field, sizeof(field), "%s.%s", prefix, key);
		if (json_is_object(value)) {
			print_fields(value, field, sources);
			continue;
		}
		fputs("  ", stdout);
		print_clean(field);
		pad = WIDTH - (int)strlen(field);
		printf("%*s", pad > 1 ? pad : 1, "");
		print_value(value);
		print_source(source_of(sources, field));
		putchar('\n');
	}
}

static int print_text(const char *line, size_t len)
{
	static const char *const parts[] = {"container", "k8s", "process"};
	json_t *json = json_loadb(line, len, 0, NULL);

	if (!json)
		return -ENOMEM;
	print_clean(json_string_value(json_object_get(json, "argument")));
	putchar('\n');
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		print_fields(json_object_get(json, parts[i]), parts[i],
			     json_object_get(json, "sources"));
	json_decref(json);
	return 0;
}

/* ---- the command ---- */

/* 0, or 1 when the argument names nothing. */
static int identify_one(struct identifier *id, const char *argument)
{
	struct identify_subject subject;
	const char *error = find(id, argument, &subject);
	struct buf b;
	int r;

	buf_init(&b, id->line, RECORD_LINE_MAX);
	r = error ? 0 : identify(&subject, &id->whois, &b);
	if (r)
		error = strerror(-r);
	else if (!error && !b.len)
		error = "nothing is known of it";
	if (!error && !cgroupfs_id(&id->cgroupfs, subject.path)) {
		r = 1;
		if (!id->options->json)
			log_warning("%s: there is no such cgroup; what its path and files say:",
				    argument);
	}
	if (error && id->options->json)
		identify_error_json(&b, argument, error);
	else if (error)
		log_error("%s: %s", argument, error);
	if (id->options->json)
		fwrite(b.data, 1, b.len, stdout);
	else if (!error && print_text(b.data, b.len))
		log_error("%s: out of memory", argument);
	fflush(stdout);
	return error || r ? 1 : 0;
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct identify_options *o = state->input;
	char err[EV_TEXT * 2];

	switch (key) {
	case KEY_JSON:
		o->json = true;
		return 0;
	case KEY_HOST_ROOT:
		o->host_root = arg;
		return 0;
	case 'l':
		if (globs_add_label(&o->labels, arg, err, sizeof(err)))
			argp_error(state, "--label: %s", err);
		return 0;
	case ARGP_KEY_ARGS:
		o->arguments = state->argv + state->next;
		o->n_arguments = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "give a process id or the path of a cgroup");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_all(struct identifier *id)
{
	const struct identify_options *o = id->options;
	int r;

	id->proc_root = host_proc_root(o->host_root);
	/* Where it cannot, and it matters, the paths say so. */
	procfs_join_host_cgroups(id->proc_root);
	if (cgroupfs_open(&id->cgroupfs, "")) {
		log_error("no memory cgroup hierarchy is mounted: `memwitness doctor` says more");
		return 1;
	}
	r = host_whois_open(&id->whois, o->host_root, &id->cgroupfs, &o->labels);
	if (r)
		return r;
	id->line = malloc(RECORD_LINE_MAX);
	if (!id->line)
		log_error("out of memory");
	return id->line ? 0 : 1;
}

int cmd_identify(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"json", KEY_JSON, NULL, 0, "Print one line of JSON an argument", 0},
		{"label", 'l', "KEY", 0, "Show this label of the container; repeatable", 0},
		{"host-root", KEY_HOST_ROOT, "DIR", 0,
		 "Read the files of container runtimes under DIR (default: /)", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = on_option,
		.args_doc = "PID|CGROUP_PATH...",
		.doc = "Say which container, pod or unit a process or a memory cgroup belongs to, "
		       "and where each part of the answer came from. Nothing is traced."
		       "\vExit: 0 all were named, 1 an argument names nothing that is there, 2 a "
		       "usage error.",
	};
	static struct identify_options o = {.host_root = "/"};
	static struct identifier id;
	int worst = 0, r;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	id.options = &o;
	id.whois.reader.root.fd = -1;
	r = open_all(&id);
	for (int i = 0; !r && i < o.n_arguments; i++)
		if (identify_one(&id, o.arguments[i]))
			worst = 1;
	free(id.line);
	whois_close(&id.whois);
	return r ? r : worst;
}
