/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - memwitness: finds the subcommand and hands over. */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/cmd.h"

#define USAGE_EXIT 2

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *full_name; /* argv[0] of the subcommand, for its messages and its --help */
	const char *doc;
};

static const struct command commands[] = {
	{"run", cmd_run, "memwitness run", "trace this machine and write records (as root)"},
	{"replay", cmd_replay, "memwitness replay", "turn a recorded event log into records"},
	{"doctor", cmd_doctor, "memwitness doctor", "say what works on this machine"},
	{"identify", cmd_identify, "memwitness identify",
	 "say which container a process or a cgroup belongs to"},
	{"schema", cmd_schema, "memwitness schema", "print the JSON Schema of the records"},
	{"demo", cmd_demo, "memwitness demo", "stage, trace and tell an OOM story (as root)"},
};

static void print_help(FILE *to)
{
	fputs("Usage: memwitness COMMAND [OPTION...]\n"
	      "\n"
	      "The in-kernel eyewitness for container memory: who was OOM-killed and why, who\n"
	      "was ended by whose signal, how memory moves. JSON lines, one record each.\n"
	      "\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].doc);
	fputs("\n"
	      "'memwitness COMMAND --help' lists the options of a command.\n"
	      "'memwitness --version' prints the version.\n",
	      to);
}

#define DISTANCE_MAX 32

/* Levenshtein distance by one row; texts that are too long are far from everything. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[DISTANCE_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > DISTANCE_MAX || m > DISTANCE_MAX)
		return DISTANCE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[m];
}

static int unknown_command(const char *name)
{
	const struct command *nearest = NULL;
	unsigned int least = 3; /* further away is no typing error */

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		unsigned int d = distance(name, commands[i].name);

		if (d < least) {
			least = d;
			nearest = &commands[i];
		}
	}
	if (nearest)
		log_error("there is no command '%s'; did you mean '%s'?", name, nearest->name);
	else
		log_error("there is no command '%s'; 'memwitness --help' lists them", name);
	return USAGE_EXIT;
}

int main(int argc, char **argv)
{
	/* A reader that leaves is an error of write(2), which every writer here handles. */
	signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = USAGE_EXIT;

	if (argc < 2) {
		print_help(stderr);
		return USAGE_EXIT;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("memwitness %s\n", MEMWITNESS_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			argv[1] = (char *)commands[i].full_name;
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	return unknown_command(argv[1]);
}
