/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_eventlog.c - any bytes as a line of the event log. What is accepted must say the same event
 * again when it is written and read once more: the reader believes nothing the writer cannot say.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/event_fields.h"
#include "in/eventlog.h"
#include "out/eventlog_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static union event first, second;
	static char line[128 * 1024];
	const char *error = NULL;
	struct buf b;

	memset(&first, 0xaa, sizeof(first));
	if (eventlog_parse_line((const char *)data, size, &first, &error)) {
		if (!error)
			abort();
		return 0;
	}
	buf_init(&b, line, sizeof(line));
	eventlog_format(&b, &first);
	if (b.overflow || !b.len || b.len > 65536 || memchr(line, '\n', b.len) != line + b.len - 1)
		abort();
	memset(&second, 0x55, sizeof(second));
	if (eventlog_parse_line(line, b.len - 1, &second, &error))
		abort();
	if (first.head.size != event_info(first.head.type)->size ||
	    memcmp(&first, &second, first.head.size) != 0)
		abort();
	return 0;
}
