/* SPDX-License-Identifier: Apache-2.0 */
/* host.c - see host.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "cmd/host.h"

const char *host_proc_root(const char *host_root)
{
	char self[OPTION_PATH + 32];

	snprintf(self, sizeof(self), "%s/proc/self/stat", host_root);
	return strcmp(host_root, "/") && !access(self, R_OK) ? host_root : "";
}

int host_whois_open(struct whois *w, const char *host_root, const struct cgroupfs *cgroupfs,
		    const struct globs *labels)
{
	int r = whois_open(w, host_root, cgroupfs, labels->text, labels->n);

	if (!r)
		return 0;
	log_error("--host-root: cannot open %s: %s", host_root, strerror(-r));
	return 2;
}
