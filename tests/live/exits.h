/* SPDX-License-Identifier: Apache-2.0 */
/* exits.h - what the scenarios of the exits share: the stage that they play on, and its players. */
#ifndef MW_LIVE_EXITS_H
#define MW_LIVE_EXITS_H

#include "live.h"

/* Who else takes part: a process in another cgroup that signals on order. */
struct outsider {
	int order[2]; /* pipe: struct order */
	int done[2];  /* pipe: a byte each */
	struct child child;
	struct cg cg;
};

struct order {
	pid_t pid;
	int sig;
};

struct stage {
	struct live *l;
	struct outsider out;
};

/* Wait for a child of ours and note how it ended. The caller adds what is particular. */
struct expected_exit *exits_note(struct live *l, const char *what, const struct child *c,
				 const char *causes);

/* Bodies of children: wait for signals; exit with the code at arg. */
void exits_wait(void *arg);
void exits_code(void *arg);

void exits_signals(struct stage *s);
void exits_crashes(struct stage *s);
void exits_core_dump(struct stage *s);
void exits_caught(struct stage *s);
void exits_after_sigchld(struct stage *s);
void exits_too_late(struct stage *s);

#endif
