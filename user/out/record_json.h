/* SPDX-License-Identifier: Apache-2.0 */
/* record_json.h - a record as one line of the output contract. */
#ifndef MW_OUT_RECORD_JSON_H
#define MW_OUT_RECORD_JSON_H

#include "base/buf.h"
#include "core/record.h"

#define RECORD_LINE_MAX 65536

/*
 * Write the record with its newline. The line never exceeds RECORD_LINE_MAX: long text is cut and
 * named in "truncated". b must have at least that much room left. The same record gives the same
 * bytes everywhere: doubles are rounded to a fixed number of places, by integer arithmetic.
 */
void record_json(struct buf *b, const struct record *r);

/* The JSON Schema of all records, NUL-terminated. */
const char *record_schema(void);

#endif
