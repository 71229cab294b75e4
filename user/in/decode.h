/* SPDX-License-Identifier: Apache-2.0 */
/* decode.h - from the wire layout of the BPF programs to events: units, unknowns, clean text. */
#ifndef MW_IN_DECODE_H
#define MW_IN_DECODE_H

#include "core/event.h"
#include "in/gfp.h"

struct decode_config {
	uint64_t page_size;
	int redact;                  /* enum redact_mode */
	const struct gfp_names *gfp; /* NULL: masks stay without names */
	bool rss_exact; /* false: WIRE_RSS_EXACT is not believed, the sums could not be verified */
};

/*
 * Decode one ring record of `size` bytes into *ev. 0; -EBADMSG when a length inside contradicts
 * another; -EPROTO for another wire version or kind. Nothing is read beyond data + size; *ev is
 * undefined after an error. Hostile input is expected: this is fuzzed.
 */
int decode_record(const struct decode_config *config, const void *data, size_t size,
		  union event *ev);

/* The same for one element of the task and memcg iterators' output, taken at time ts. */
int decode_snap_task(const struct decode_config *config, const void *data, size_t size, uint64_t ts,
		     union event *ev);
int decode_snap_memcg(const struct decode_config *config, const void *data, size_t size,
		      uint64_t ts, union event *ev);

#endif
