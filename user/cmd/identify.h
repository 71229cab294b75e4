/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identify.h - one cgroup or process, named as the records of `run` name it: the same core takes
 * the same events, without tracing.
 */
#ifndef MW_CMD_IDENTIFY_H
#define MW_CMD_IDENTIFY_H

#include "base/buf.h"
#include "cmd/whois.h"

/* What is asked for; the caller fills it. */
struct identify_subject {
	const char *argument; /* as it was given */
	char path[EV_PATH];   /* of the memory cgroup */
	bool has_process;
	struct ev_task task; /* of the process, where one was given */
	struct ev_proc_info info;
};

/*
 * Write one line of JSON about the subject to b (RECORD_LINE_MAX bytes of room): argument,
 * container, k8s, process, sources. A cgroup that is not there is named by its path and by what
 * files still say of it, and has no cgroup_id. 0 or -ENOMEM.
 */
int identify(const struct identify_subject *subject, struct whois *whois, struct buf *b);

#endif
