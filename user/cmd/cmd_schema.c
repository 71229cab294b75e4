/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_schema.c - memwitness schema: print the JSON Schema of the records. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "cmd/cmd.h"
#include "out/record_json.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument '%s'", arg);
	return key == ARGP_KEY_ARG ? 0 : ARGP_ERR_UNKNOWN;
}

int cmd_schema(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.doc = "Print the JSON Schema (draft 2020-12) that every record line keeps.",
	};

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (fputs(record_schema(), stdout) == EOF || fflush(stdout) == EOF) {
		log_error("cannot write the schema: %s", strerror(errno));
		return 1;
	}
	return 0;
}
