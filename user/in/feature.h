/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feature.h - what this kernel can do for us, found by probing, never by version.
 *
 * One table row a feature: its name, the probe, the form it takes, what is lost without it and
 * what a person can do about it. The loader obeys the answers; `doctor` and agent_start print them.
 */
#ifndef MW_IN_FEATURE_H
#define MW_IN_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include "core/event.h"
#include "in/gfp.h"

enum feature_id {
	FEAT_BTF,
	FEAT_BPF_LOAD, /* this process may load tracing programs */
	FEAT_RINGBUF,
	FEAT_TP_BTF,           /* else raw_tp */
	FEAT_FENTRY,           /* load and attach of fentry on oom_kill_process */
	FEAT_KPROBE,           /* attach of a kprobe on it */
	FEAT_OOM,              /* which tier: fentry, kprobe, tracepoint */
	FEAT_MARK_VICTIM_TASK, /* mark_victim(task, uid), else (pid) */
	FEAT_TP_COMPLETE,      /* callbacks run whole, else a second program follows */
	FEAT_EXIT_GROUP_DEAD,  /* tracepoint argument, fentry, kprobe or deduplicated tracepoint */
	FEAT_RSS_EXACT,        /* per-CPU counters can be summed, or rss is plain */
	FEAT_PAGE_FAULT,       /* tp_btf page_fault_user, else perf software event */
	FEAT_FIND_VMA,         /* fault kinds by mapping, else by address only */
	FEAT_ITER_TASK,        /* else /proc */
	FEAT_ITER_CGROUP,      /* else cgroupfs */
	FEAT_CGROUP_TP,        /* cgroup_mkdir, cgroup_rmdir, cgroup_attach_task */
	FEAT_MEMORY_CONTROLLER,
	FEAT_MEMCG_STAT, /* memory.stat by the kernel's own functions at a kill, else by file */
	FEAT_PSI,
	FEAT_COUNT,
};

struct feature {
	enum feature_id id;
	const char *name; /* stable, for records and --json */
	enum feature_state state;
	int error;          /* errno of the probe when it failed, 0 else */
	char how[EV_NAME];  /* the form in use */
	const char *lost;   /* what records lack in this state, "" if nothing */
	const char *advice; /* what to do about it, "" if nothing */
	bool required;      /* without it the agent cannot run */
};

enum oom_tier_choice { OOM_TIER_AUTO, OOM_TIER_FENTRY, OOM_TIER_KPROBE, OOM_TIER_TRACEPOINT };

/*
 * Probe everything, once, into features[FEAT_COUNT] (indexed by id). tier limits the OOM and exit
 * forms that may be chosen. gfp (NULL: not wanted) gets the running kernel's allocation flags,
 * which come out of the same types. Never fails: what cannot be probed is FEATURE_NO with its
 * errno.
 */
void features_probe(struct feature features[FEAT_COUNT], enum oom_tier_choice tier,
		    struct gfp_names *gfp);

/* 0: the agent can run in full, 1: degraded, 2: it cannot run. */
int features_verdict(const struct feature features[FEAT_COUNT]);

#endif
