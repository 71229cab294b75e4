/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the options of `memwitness run`: one table for the command line, the configuration
 * file, --help, and the check of the manual page.
 */
#ifndef MW_CMD_OPTIONS_H
#define MW_CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/log.h"
#include "core/event.h"
#include "in/feature.h"

#define OPTION_PATH 4096

struct globs {
	uint32_t n;
	char text[EV_GLOBS][EV_TEXT];
};

/*
 * Add the key of a label. 0, or -EINVAL with what is wrong with it in err, and *g untouched.
 */
int globs_add_label(struct globs *g, const char *value, char *err, size_t err_size);

/* What is in force. Sizes are bytes, times nanoseconds, paths "" when not given. */
struct run_options {
	char output[OPTION_PATH]; /* "-": standard output */
	uint64_t rotate_bytes;    /* 0: never by size */
	uint64_t rotate_ns;       /* 0: never by age */
	uint64_t rotate_keep;     /* old files kept */
	uint64_t queue_bytes;
	uint64_t report_interval_ns;
	uint64_t sample_interval_ns; /* at most report_interval_ns */
	uint64_t duration_ns;        /* 0: until a signal */
	bool all_exits;
	bool debug;                  /* let libbpf print */
	uint64_t pressure_threshold; /* percent of PSI full avg10 */
	uint64_t restart_warning;    /* unplanned restarts an hour */
	uint64_t restart_critical;
	struct globs include;
	struct globs exclude;
	struct globs labels; /* keys */
	enum redact_mode redact;
	uint64_t max_processes;
	uint64_t max_containers;
	uint64_t ring_bytes;
	uint64_t oom_ring_bytes;
	enum oom_tier_choice oom_tier;
	enum log_level log_level;
	char record[OPTION_PATH];
	char host_root[OPTION_PATH];
	char config[OPTION_PATH];
};

enum option_kind {
	OPTION_FLAG,     /* bool; no argument on the command line, yes/no in the file */
	OPTION_TEXT,     /* char[OPTION_PATH] */
	OPTION_COUNT,    /* uint64_t, min..max */
	OPTION_BYTES,    /* uint64_t, min..max */
	OPTION_DURATION, /* uint64_t, min..max */
	OPTION_CHOICE,   /* enum: index into choices */
	OPTION_GLOBS,    /* struct globs; may be given again and again */
	OPTION_NAMES,    /* the same, of names that hold no '=' */
};

struct option_def {
	const char *name; /* long option without dashes; key in the file */
	const char *arg;  /* placeholder in --help */
	const char *doc;
	const char *const *choices; /* NULL-terminated */
	enum option_kind kind;
	int short_key; /* letter, or 0 */
	size_t offset; /* in struct run_options */
	uint64_t min, max;
	bool zero;         /* 0 is allowed below min: "never", "no limit" */
	bool command_line; /* not in a file */
};

/* The table, in the order of --help. */
const struct option_def *run_option_table(size_t *n);

void run_options_default(struct run_options *o);

/*
 * Set one option from text. 0, or -EINVAL with what is wrong with the value in err ("'5x' is not a
 * duration (try 60s, 500ms, 5m)") and *o untouched.
 */
int run_option_set(struct run_options *o, const struct option_def *def, const char *value,
		   char *err, size_t err_size);

/*
 * Apply a configuration file that is open as f: "name = value" lines, before any section or in
 * [run]. name is for messages. 0, or -EINVAL after each line that is wrong was reported as
 * "name:12: ..."; what is right is applied all the same.
 */
int run_options_read_file(struct run_options *o, FILE *f, const char *name);

/*
 * Defaults, then the configuration file, then the command line, which wins; a list of globs on the
 * command line takes the place of the file's. 0, or an exit code greater than 0 after the message
 * was printed. For --help and for options that do not exist the process ends in here (0 and
 * argp_err_exit_status).
 */
int run_options_parse(struct run_options *o, int argc, char **argv);

#endif
