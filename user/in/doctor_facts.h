/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor_facts.h - what `doctor` wants to know of a machine beside the features: found by reading
 * files, never by loading a program, so it needs no privileges.
 */
#ifndef MW_IN_DOCTOR_FACTS_H
#define MW_IN_DOCTOR_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/event.h"
#include "in/cgroupfs.h"

#define DOCTOR_RUNTIMES 10
#define DOCTOR_CAPS     6

enum capability_need {
	CAPABILITY_REQUIRED, /* the agent cannot run without it */
	CAPABILITY_USEFUL,   /* records lack something without it */
};

struct capability_fact {
	const char *name;
	enum capability_need need;
	bool effective; /* held, or implied by another one that is held */
	const char *lost;
};

struct runtime_fact {
	const char *name; /* as in records, and "kubelet" */
	const char *path; /* its state directory, without the root prefix */
};

struct doctor_facts {
	char host[EV_TEXT];
	char kernel[EV_NAME];
	char machine[EV_NAME];
	uint64_t cpus;
	uint64_t memory_total;
	uint64_t btf_size; /* bytes of /sys/kernel/btf/vmlinux; 0: there is none */
	int btf_error;     /* errno of opening it, 0 when it can be read */
	char lockdown[32]; /* "none", "integrity", "confidentiality", "" not known */
	uint32_t uid;
	struct capability_fact caps[DOCTOR_CAPS];
	size_t n_caps;
	bool privileged; /* all required capabilities are effective */
	struct cgroupfs cgroupfs;
	int cgroupfs_error; /* errno, 0: the memory hierarchy was found */
	struct runtime_fact runtimes[DOCTOR_RUNTIMES];
	size_t n_runtimes;
};

/*
 * Fill all of *facts. root is the directory that holds proc, sys, run and var of the machine (""
 * for the running system); capabilities and BTF are always this process's and this kernel's.
 * Never fails: what cannot be read is empty.
 */
void doctor_facts_gather(struct doctor_facts *facts, const char *root);

/*
 * The capabilities by a mask as in CapEff of /proc/PID/status; returns whether those that are
 * required are there. CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as for the kernel
 * (capabilities(7)).
 */
bool doctor_capabilities(struct capability_fact caps[DOCTOR_CAPS], size_t *n, uint64_t effective);

#endif
