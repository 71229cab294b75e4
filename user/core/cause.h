/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cause.h - why a process ended: the rule of the output contract, as a function of facts alone.
 *
 * The first sender of the signal that led to the exit, in the last seconds before it, wins. A
 * process that catches a signal and raises it again to itself, or exits with a code, was ended by
 * who sent the first one. A fault raised by the kernel is a crash, whatever a handler makes of it.
 * A SIGKILL of the kernel's is an OOM kill only when the OOM killer marked the victim.
 */
#ifndef MW_CORE_CAUSE_H
#define MW_CORE_CAUSE_H

#include "core/state.h"

struct exit_facts {
	uint64_t ts;
	uint32_t status; /* as wait(2) gives it */
	uint32_t pid;
	uint64_t start;
	uint32_t parent_pid;
	uint64_t parent_start; /* 0: not known, the pid alone decides */
	bool oom_marked;       /* the OOM killer's kill of it was seen */
	bool oom_flag;         /* the kernel's flag of OOM victims is set */
	bool oom_collateral;   /* killed with a victim whose memory it shared */
	bool host_pid_ns;   /* it lived in the first pid namespace, whose init cannot have died */
	uint32_t container; /* index, 0: not known */
	const struct signal_log *signals;        /* or NULL */
	uint32_t sender_container[SIGNALS_KEPT]; /* beside signals->entries */
};

struct exit_reason {
	enum exit_cause cause;
	int signal; /* index into signals->entries of the one that led to it, -1: none */
};

void cause_decide(const struct exit_facts *facts, struct exit_reason *out);

/* Programs that start and stop containers and units: their signals are the runtime's. */
bool cause_is_runtime(const char *comm);

#endif
