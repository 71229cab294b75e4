/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - how everything in this room hands over what it has read: one event at a time.
 *
 * A source never keeps the event and never blocks in it; the event is valid during the call only.
 */
#ifndef MW_IN_SOURCE_H
#define MW_IN_SOURCE_H

#include "core/event.h"

typedef void (*event_sink)(void *ctx, const union event *event);

/* CLOCK_BOOTTIME and CLOCK_REALTIME in nanoseconds. */
uint64_t now_boot(void);
uint64_t now_real(void);

#endif
