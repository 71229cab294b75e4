/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.c - the table of well-known programs: by the title that they give their processes (or
 * setproctitle does for them), else by the name of the program and who forked it.
 */
#include <stddef.h>
#include <string.h>
#include "base/cleanup.h"
#include "core/role.h"

#define WORD_MAX 64

struct title {
	const char *prefix;
	const char *inside; /* must follow somewhere behind it; NULL: nothing */
	const char *role;
};

/* Longest or strictest first. */
static const struct title titles[] = {
	{"gunicorn: master ", NULL, "gunicorn master"},
	{"gunicorn: worker ", NULL, "gunicorn worker"},
	{"[celeryd: ", ":MainProcess]", "celery main"},
	{"[celeryd: ", ":ForkPoolWorker-", "celery ForkPoolWorker"},
	{"nginx: master process", NULL, "nginx master"},
	{"nginx: worker process", NULL, "nginx worker"},
	{"nginx: cache ", NULL, "nginx cache helper"},
	{"php-fpm: master process", NULL, "php-fpm master"},
	{"php-fpm: pool ", NULL, "php-fpm worker"},
	{"puma: cluster worker ", NULL, "puma worker"},
	{"puma ", NULL, "puma master"},
	{"unicorn master", NULL, "unicorn master"},
	{"unicorn worker[", NULL, "unicorn worker"},
};

struct program {
	const char *name;
	const char *parent; /* role of who forks */
	const char *child;  /* role of who was forked */
};

static const struct program programs[] = {
	{"gunicorn", "gunicorn master", "gunicorn worker"},
	{"celery", "celery main", "celery ForkPoolWorker"},
	{"uvicorn", "uvicorn main", "uvicorn worker"},
	{"uwsgi", "uwsgi master", "uwsgi worker"},
	{"hypercorn", "hypercorn main", "hypercorn worker"},
	{"apache2", "apache master", "apache worker"},
	{"httpd", "apache master", "apache worker"},
	{"postgres", "postgres postmaster", "postgres backend"},
};

/* The next word of *text into word; false at its end. A word that is too long is cut. */
static bool next_word(const char **text, char word[WORD_MAX])
{
	const char *p = *text + strspn(*text, " ");
	size_t len = strcspn(p, " "), keep;
	const char *base = p;

	if (!len)
		return false;
	/* The name without its folder is what counts. */
	for (size_t i = 0; i < len; i++)
		if (p[i] == '/')
			base = p + i + 1;
	keep = (size_t)(p + len - base);
	if (keep >= WORD_MAX)
		keep = WORD_MAX - 1;
	memcpy(word, base, keep);
	word[keep] = '\0';
	*text = p + len;
	return true;
}

/* "python3" and "python3.11", but not "python-something". */
static bool is_interpreter(const char *word)
{
	static const char *const names[] = {"python", "pypy", "ruby"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if (!strncmp(word, names[i], len) &&
		    strspn(word + len, "0123456789.") == strlen(word + len))
			return true;
	}
	return false;
}

static const struct program *program_of(const char *command_line)
{
	char word[WORD_MAX];

	if (!next_word(&command_line, word))
		return NULL;
	if (is_interpreter(word)) {
		/* Options of the interpreter, and -m before the name of a module. */
		do {
			if (!next_word(&command_line, word))
				return NULL;
		} while (word[0] == '-' && strcmp(word, "-c") != 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strcmp(word, programs[i].name))
			return &programs[i];
	return NULL;
}

const char *role_of_child(const char *role)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strcmp(role, programs[i].parent))
			return programs[i].child;
	return role;
}

const char *role_of_command(const char *command_line, bool parent_same)
{
	const struct program *program;

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		size_t len = strlen(titles[i].prefix);

		if (!strncmp(command_line, titles[i].prefix, len) &&
		    (!titles[i].inside || strstr(command_line + len, titles[i].inside)))
			return titles[i].role;
	}
	program = program_of(command_line);
	if (!program)
		return NULL;
	return parent_same ? program->child : program->parent;
}

const char *role_program(const char *command_line)
{
	const struct program *program = program_of(command_line);

	return program ? program->name : NULL;
}

/*
 * celery: a worker that has done its share (--max-tasks-per-child, --max-memory-per-child) ends
 * with EX_RECYCLE, 155 (billiard's pool.py), most often right after a SIGTERM of its main process,
 * which only cuts its last sleep short.
 */
static const struct {
	const char *role;
	uint32_t code;
} recycling_codes[] = {
	{"celery ForkPoolWorker", 155},
};

bool role_recycles(const char *role, uint32_t status)
{
	if (!role || (status & 0x7f))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(recycling_codes); i++)
		if (((status >> 8) & 0xff) == recycling_codes[i].code &&
		    !strcmp(role, recycling_codes[i].role))
			return true;
	return false;
}
