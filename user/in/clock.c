/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the only place outside BPF that reads a clock for an event. */
#include <time.h>

#include "in/source.h"

static uint64_t read_clock(clockid_t clock)
{
	struct timespec ts;

	/* Both clocks exist on every kernel that has BTF: there is no failure to report. */
	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t now_boot(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

uint64_t now_real(void)
{
	return read_clock(CLOCK_REALTIME);
}
