/* SPDX-License-Identifier: Apache-2.0 */
/* host.h - the host's root as --host-root names it: its /proc, and its runtimes' files. */
#ifndef MW_CMD_HOST_H
#define MW_CMD_HOST_H

#include "cmd/options.h"
#include "cmd/whois.h"

/*
 * The root whose /proc shows all of the host's processes: host_root where it has one, else "", as
 * for a container that shares the host's pid namespace and so has one itself. Lives as long as
 * host_root.
 */
const char *host_proc_root(const char *host_root);

/*
 * whois_open() below host_root. 0, or the exit code of a usage error after a message. labels and
 * cgroupfs must outlive it.
 */
int host_whois_open(struct whois *w, const char *host_root, const struct cgroupfs *cgroupfs,
		    const struct globs *labels);

#endif
