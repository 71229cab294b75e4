/* SPDX-License-Identifier: Apache-2.0 */
/* start.h - the first event of a run: the host, the agent, and what it was asked for. */
#ifndef MW_CMD_START_H
#define MW_CMD_START_H

#include "cmd/options.h"
#include "in/cgroupfs.h"

/* Fill *st for a run that begins now; proc_root as host_proc_root() says. */
void start_describe(const struct run_options *o, const struct cgroupfs *cgroupfs,
		    const char *proc_root, struct ev_start *st);

#endif
