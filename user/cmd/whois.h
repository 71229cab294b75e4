/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whois.h - the core's questions about whose a container is: asked of the runtimes' files at once,
 * and again for the moments in which a runtime has made the cgroup and not yet written its file.
 */
#ifndef MW_CMD_WHOIS_H
#define MW_CMD_WHOIS_H

#include "core/core.h"
#include "in/cgroupfs.h"
#include "in/identity.h"

#define WHOIS_WAITING 256 /* questions without an answer yet, at most */

struct whois_wait {
	uint64_t cgroup_id; /* 0: free */
	uint64_t since;     /* when it was asked for */
	uint64_t next;      /* when to look again */
	uint32_t tries;
	char path[EV_PATH];
};

struct whois {
	struct identity_reader reader;
	const struct cgroupfs *cgroupfs;
	struct whois_wait waiting[WHOIS_WAITING];
	uint32_t n_waiting, peak;
	uint64_t crowded_out; /* given up early, for want of room */
	uint64_t next;        /* when the first of them is due, UINT64_MAX: none */
};

/* host_root "" for the running system; labels and cgroupfs must outlive it. 0 or -errno. */
int whois_open(struct whois *w, const char *host_root, const struct cgroupfs *cgroupfs,
	       const char (*labels)[EV_TEXT], size_t n_labels);
void whois_close(struct whois *w);

/*
 * Answer a REQUEST_IDENTITY: EV_IDENTITY to sink when something is known. Else it is looked for
 * again, some thirty times within two seconds, if the cgroup is that young.
 */
void whois_ask(struct whois *w, const struct request *r, event_sink sink, void *ctx);

/* Look again for those that are due at `now`. Returns how many answers there were. */
int whois_again(struct whois *w, uint64_t now, event_sink sink, void *ctx);

/*
 * One look for the cgroup at `path`, as whois_ask() does it; fills *out. Returns what
 * identity_read() does.
 */
int whois_look(struct whois *w, const char *path, uint64_t cgroup_id, uint64_t now,
	       struct identity *out);

#endif
