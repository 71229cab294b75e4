/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - the JSON Schema of all records, as it is in schema.json. */
#include "out/record_json.h"

static const char schema_text[] =
#include "schema_json.h"
	;

const char *record_schema(void)
{
	return schema_text;
}
