/* SPDX-License-Identifier: Apache-2.0 */
/* options_parse.c - where the options of `run` come from: argp and the configuration file. */
#include <argp.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "cmd/options.h"

#define MAX_OPTIONS 32
#define LONG_KEY    0x100 /* argp keys of the options by index, above all letters */
#define ERR_TEXT    512
#define CONFIG_MAX  (1 << 20)

/* The command line as it came, applied only after the file was read. */
struct given {
	const struct option_def *def;
	const char *value;
};

struct command_line {
	struct given *given; /* one a command line word at most */
	size_t n;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct command_line *c = state->input;
	const struct option_def *table;
	size_t n;

	table = run_option_table(&n);
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument '%s'", arg);
	for (size_t i = 0; i < n; i++) {
		if (key != LONG_KEY + (int)i && (!table[i].short_key || key != table[i].short_key))
			continue;
		c->given[c->n++] = (struct given){&table[i], arg ? arg : "yes"};
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void read_command_line(struct command_line *c, int argc, char **argv)
{
	struct argp_option options[MAX_OPTIONS + 1] = {0};
	const struct argp argp = {
		.options = options,
		.parser = on_option,
		.doc = "Trace the memory of every container on this machine and write JSON lines."
		       "\vSizes take K, M, G; times take ms, s, m, h, d. SIGTERM and SIGINT end "
		       "it with a last record; SIGHUP opens the output file anew.",
	};
	const struct option_def *table;
	size_t n;

	table = run_option_table(&n);
	for (size_t i = 0; i < n && i < MAX_OPTIONS; i++) {
		options[i].name = table[i].name;
		options[i].key = table[i].short_key ? table[i].short_key : LONG_KEY + (int)i;
		options[i].arg = table[i].arg;
		options[i].doc = table[i].doc;
		options[i].group = 0;
	}
	argp_parse(&argp, argc, argv, 0, NULL, c);
}

static bool is_list(const struct option_def *def)
{
	return def->kind == OPTION_GLOBS || def->kind == OPTION_NAMES;
}

static int apply_command_line(struct run_options *o, const struct command_line *c)
{
	bool fresh[MAX_OPTIONS] = {false};
	char err[ERR_TEXT];
	const struct option_def *table;
	size_t n;

	table = run_option_table(&n);
	for (size_t i = 0; i < c->n; i++) {
		const struct option_def *def = c->given[i].def;

		if (is_list(def) && !fresh[def - table]) {
			((struct globs *)((char *)o + def->offset))->n = 0;
			fresh[def - table] = true;
		}
		if (run_option_set(o, def, c->given[i].value, err, sizeof(err)) < 0) {
			log_error("--%s: %s", def->name, err);
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- the file ---- */

struct file_reader {
	FILE *f;
	const char *name;
	struct run_options *o;
	int line;
	int errors;
	int refused;           /* first line for which the handler returned an error */
	int seen[MAX_OPTIONS]; /* line where an option was given */
	char *text;            /* getline's */
	size_t text_size;
};

__attribute__((format(printf, 2, 3))) static void complain(struct file_reader *r,
							   const char *format, ...)
{
	char text[ERR_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s:%d: %s", r->name, r->line, text);
	r->errors++;
}

/* inih tells only of the first line that it does not understand; all of them should be told. */
static bool is_well_formed(const char *line)
{
	if (strchr(";#\r\n", line[0]))
		return true;
	return line[0] == '[' ? strchr(line, ']') != NULL : strpbrk(line, "=:") != NULL;
}

/*
 * inih's reader callback. Our own, because the library as distributions build it tells its handler
 * no line number, splits long lines silently, and takes an indented line for a continuation.
 */
static char *read_line(char *str, int num, void *stream)
{
	struct file_reader *r = stream;
	ssize_t got = getline(&r->text, &r->text_size, r->f);
	const char *line = r->text;
	size_t len;

	if (got < 0 || num < 2)
		return NULL;
	r->line++;
	if (r->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3; /* some editors begin a file with it */
	line += strspn(line, " \t");
	len = (size_t)(r->text + got - line);
	str[0] = '\0';
	if (memchr(line, '\0', len))
		complain(r, "the line holds a NUL byte");
	else if (len >= (size_t)num)
		complain(r, "the line is longer than %d bytes", num - 1);
	else if (!is_well_formed(line))
		complain(r, "neither 'name = value' nor a comment nor [run]");
	else
		memcpy(str, line, len + 1);
	return str;
}

static const struct option_def *find_option(const char *name)
{
	const struct option_def *table;
	size_t n;

	table = run_option_table(&n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

/* 0, or -EINVAL after a complaint. */
static int take_entry(struct file_reader *r, const char *section, const char *name,
		      const char *value)
{
	const struct option_def *def = find_option(name);
	const struct option_def *table;
	char err[ERR_TEXT];
	size_t n;
	int *seen;

	table = run_option_table(&n);
	if (section[0] && strcmp(section, "run") != 0) {
		complain(r, "%s: there is no section [%s], only [run]", name, section);
		return -EINVAL;
	}
	if (!def) {
		complain(r, "'%s' is not an option", name);
		return -EINVAL;
	}
	if (def->command_line) {
		complain(r, "%s: only on the command line", name);
		return -EINVAL;
	}
	seen = &r->seen[def - table];
	if (*seen && !is_list(def)) {
		complain(r, "%s: was given in line %d already", name, *seen);
		return -EINVAL;
	}
	*seen = r->line;
	if (run_option_set(r->o, def, value, err, sizeof(err)) < 0) {
		complain(r, "%s: %s", name, err);
		return -EINVAL;
	}
	return 0;
}

static int on_entry(void *user, const char *section, const char *name, const char *value)
{
	struct file_reader *r = user;

	if (take_entry(r, section, name, value) == 0)
		return 1;
	if (!r->refused)
		r->refused = r->line;
	return 0;
}

int run_options_read_file(struct run_options *o, FILE *f, const char *name)
{
	struct file_reader r = {.f = f, .name = name, .o = o};
	int line = ini_parse_stream(read_line, &r, on_entry, &r);

	/* inih returns the first line that it or the handler refused; the handler has told its. */
	if (line > 0 && line != r.refused) {
		r.line = line;
		complain(&r, "neither 'name = value' nor a comment nor [run]");
	}
	if (line < 0)
		complain(&r, "out of memory");
	if (ferror(f))
		complain(&r, "reading failed: %s", strerror(errno));
	free(r.text);
	return r.errors ? -EINVAL : 0;
}

static int apply_file(struct run_options *o, const struct command_line *c)
{
	_cleanup_fclose_ FILE *f = NULL;
	const char *path = NULL;
	struct stat st;

	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->given[i].def->name, "config") == 0)
			path = c->given[i].value;
	}
	if (!path)
		return 0;
	f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st) < 0) {
		log_error("--config: cannot open %s: %s", path, strerror(errno));
		return -errno;
	}
	/* /dev/zero is one endless line. */
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || st.st_size > CONFIG_MAX) {
		log_error("--config: %s is no configuration file", path);
		return -EINVAL;
	}
	return run_options_read_file(o, f, path);
}

static int check_together(const struct run_options *o)
{
	if (o->sample_interval_ns > o->report_interval_ns) {
		log_error("--sample-interval must not be longer than --report-interval");
		return -EINVAL;
	}
	if (o->restart_warning > o->restart_critical) {
		log_error("--restart-warning must not be greater than --restart-critical");
		return -EINVAL;
	}
	if (o->record[0] && strcmp(o->record, o->output) == 0) {
		log_error("--record and --output cannot both be %s", o->output);
		return -EINVAL;
	}
	return 0;
}

int run_options_parse(struct run_options *o, int argc, char **argv)
{
	/* Letters can be bundled ("-aaa"), so count bytes, not words. */
	size_t room = 1;
	_cleanup_free_ struct given *given = NULL;
	struct command_line c;

	for (int i = 0; i < argc; i++)
		room += strlen(argv[i]) + 1;
	given = calloc(room, sizeof(*given));
	if (!given) {
		log_error("out of memory");
		return 2;
	}
	c = (struct command_line){.given = given};
	read_command_line(&c, argc, argv);

	run_options_default(o);
	if (apply_file(o, &c) < 0 || apply_command_line(o, &c) < 0 || check_together(o) < 0)
		return 2;
	return 0;
}
