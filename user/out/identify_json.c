/* SPDX-License-Identifier: Apache-2.0 */
/* identify_json.c - see identify_json.h. */
#include "out/identify_json.h"
#include "out/record_parts.h"

void identify_json(struct buf *b, const char *argument, const struct record_container *container,
		   const struct record_process *process, const struct identify_source *sources,
		   size_t n_sources)
{
	struct json_write w;

	jw_begin(&w, b);
	jw_string(&w, "argument", argument, JSON_TEXT);
	put_container(&w, container);
	put_process(&w, "process", process);
	jw_array(&w, "sources");
	for (size_t i = 0; i < n_sources && jw_room(&w); i++) {
		jw_object(&w, NULL);
		jw_string(&w, "field", sources[i].field, JSON_NAME);
		jw_string(&w, "file", sources[i].file, JSON_TEXT);
		jw_string(&w, "key", sources[i].key, JSON_NAME);
		jw_end(&w);
	}
	jw_end(&w);
	jw_finish(&w);
}

void identify_error_json(struct buf *b, const char *argument, const char *error)
{
	struct json_write w;

	jw_begin(&w, b);
	jw_string(&w, "argument", argument, JSON_TEXT);
	jw_string(&w, "error", error, JSON_TEXT);
	jw_finish(&w);
}
