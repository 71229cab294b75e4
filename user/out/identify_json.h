/* SPDX-License-Identifier: Apache-2.0 */
/* identify_json.h - the line of `memwitness identify --json`. */
#ifndef MW_OUT_IDENTIFY_JSON_H
#define MW_OUT_IDENTIFY_JSON_H

#include "base/buf.h"
#include "core/record.h"

/* Where a field came from; file "" when it was no file. */
struct identify_source {
	const char *field; /* its path in the line */
	const char *file;
	const char *key; /* in that file */
};

/*
 * {"argument":…,"container":{…},"k8s":{…},"process":{…},"sources":[…]} and a newline; the objects
 * are those of the records, "process" is left out for pid 0. b: see record_json().
 */
void identify_json(struct buf *b, const char *argument, const struct record_container *container,
		   const struct record_process *process, const struct identify_source *sources,
		   size_t n_sources);

/* {"argument":…,"error":…}: it names nothing. */
void identify_error_json(struct buf *b, const char *argument, const char *error);

#endif
