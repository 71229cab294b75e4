/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feature.c - the table of what this kernel can do: one row a feature, each with its probe.
 *
 * A probe tries the thing itself in the smallest form (a program of two instructions is loaded and
 * attached) or looks into BTF for the shape that a tracepoint or a type has; none asks for a
 * version. Rows are probed in the order of enum feature_id: a later one may look at earlier ones.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "in/cgroupfs.h"
#include "in/feature_try.h"
#include "in/kernel_private.h"

struct probe {
	const struct btf *btf; /* NULL: the kernel has none */
	enum oom_tier_choice tier;
	struct feature *features;
};

struct row {
	const char *name;
	bool required;
	void (*probe)(const struct probe *p, struct feature *f);
	const char *lost_fallback; /* in state FEATURE_FALLBACK */
	const char *lost_no;       /* in state FEATURE_NO */
	const char *advice;        /* unless it is there in full */
};

static void set(struct feature *f, enum feature_state state, const char *how)
{
	f->state = state;
	snprintf(f->how, sizeof(f->how), "%s", how);
}

/* A probe's result, 0 or -errno, as there or not there. */
static void set_result(struct feature *f, int result, const char *how)
{
	set(f, result ? FEATURE_NO : FEATURE_YES, result ? "" : how);
	f->error = -result;
}

static bool have(const struct probe *p, enum feature_id id)
{
	return p->features[id].state != FEATURE_NO;
}

static void probe_btf(const struct probe *p, struct feature *f)
{
	set_result(f, p->btf ? 0 : -ENOENT, "/sys/kernel/btf/vmlinux");
}

static void probe_bpf_load(const struct probe *p, struct feature *f)
{
	(void)p;
	set_result(f, try_load(), "raw tracepoint program");
}

static void probe_ringbuf(const struct probe *p, struct feature *f)
{
	int r = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL);

	(void)p;
	set_result(f, r > 0 ? 0 : r ? r : -EOPNOTSUPP, "ring buffer map");
}

static void probe_tp_btf(const struct probe *p, struct feature *f)
{
	set_result(f, try_tp_btf(p->btf, "sched_process_exit"), "tp_btf");
}

static void probe_fentry(const struct probe *p, struct feature *f)
{
	set_result(f, try_fentry(p->btf, "oom_kill_process"), HOW_FENTRY);
}

static void probe_kprobe(const struct probe *p, struct feature *f)
{
	(void)p;
	set_result(f, try_kprobe("oom_kill_process"), HOW_KPROBE);
}

static bool tier_allows(const struct probe *p, enum oom_tier_choice tier)
{
	return p->tier == OOM_TIER_AUTO || p->tier == tier;
}

static void probe_oom(const struct probe *p, struct feature *f)
{
	if (!btf_has_tracepoint(p->btf, "mark_victim"))
		set_result(f, -ENOENT, "");
	else if (have(p, FEAT_FENTRY) && tier_allows(p, OOM_TIER_FENTRY))
		set(f, FEATURE_YES, HOW_FENTRY);
	else if (have(p, FEAT_KPROBE) && tier_allows(p, OOM_TIER_KPROBE))
		set(f, FEATURE_YES, HOW_KPROBE);
	else
		set(f, FEATURE_FALLBACK, HOW_TRACEPOINT);
}

/* Both forms are as good: with (pid), the note of the SIGKILL names the task. */
static void probe_mark_victim(const struct probe *p, struct feature *f)
{
	if (btf_tracepoint_pointer(p->btf, "mark_victim", 0))
		set(f, FEATURE_YES, "mark_victim(task, uid)");
	else
		set(f, have(p, FEAT_OOM) ? FEATURE_FALLBACK : FEATURE_NO, "mark_victim(pid)");
}

static void probe_group_dead(const struct probe *p, struct feature *f)
{
	int args = btf_tracepoint_args(p->btf, "sched_process_exit");

	if (args < 0)
		set_result(f, args, "");
	else if (args >= 2)
		set(f, FEATURE_YES, HOW_TRACEPOINT);
	else if (tier_allows(p, OOM_TIER_FENTRY) && !try_fentry(p->btf, "taskstats_exit"))
		set(f, FEATURE_YES, HOW_FENTRY);
	else if (tier_allows(p, OOM_TIER_KPROBE) && !try_kprobe("taskstats_exit"))
		set(f, FEATURE_YES, HOW_KPROBE);
	else
		set(f, FEATURE_FALLBACK, HOW_DEDUPLICATED);
}

/*
 * From 7.0 on a tracepoint holds SRCU and no longer the preemption off (bpf/again.h). The guard
 * that it does so by leaves its type behind.
 */
static void probe_tp_complete(const struct probe *p, struct feature *f)
{
	if (!p->btf)
		set_result(f, -ENOENT, "");
	else if (btf__find_by_name_kind(p->btf, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF) > 0)
		set(f, FEATURE_YES, HOW_TWICE);
	else
		set(f, FEATURE_YES, "preemption off");
}

static void probe_rss(const struct probe *p, struct feature *f)
{
	if (!p->btf)
		set_result(f, -ENOENT, "");
	else if (btf__find_by_name_kind(p->btf, "mm_rss_stat", BTF_KIND_STRUCT) > 0)
		set(f, FEATURE_YES, HOW_PLAIN);
	else if (!try_helper(BPF_FUNC_map_lookup_percpu_elem))
		set(f, FEATURE_YES, HOW_PERCPU_SUM);
	else
		set(f, FEATURE_FALLBACK, "bare counters");
}

static void probe_page_fault(const struct probe *p, struct feature *f)
{
	int r = try_tp_btf(p->btf, "page_fault_user");

	if (!r) {
		set(f, FEATURE_YES, "tp_btf");
		return;
	}
	f->error = -r;
	r = try_perf_page_faults();
	if (!r)
		set(f, FEATURE_FALLBACK, HOW_PERF_EVENT);
	else
		set_result(f, r, "");
}

/* How the mappings of a process are kept: where we know the tree, we find the one that faults. */
static void probe_find_vma(const struct probe *p, struct feature *f)
{
	if (!have(p, FEAT_PAGE_FAULT))
		set_result(f, -EOPNOTSUPP, "");
	else if (btf_has_member(p->btf, "mm_struct", "mm_mt"))
		set(f, FEATURE_YES, "maple tree");
	else if (btf_has_member(p->btf, "mm_struct", "mm_rb"))
		set(f, FEATURE_YES, "red-black tree");
	else
		set(f, FEATURE_FALLBACK, "address ranges");
}

static void probe_iterator(const struct probe *p, struct feature *f, const char *function)
{
	set_result(f, btf_has_function(p->btf, function) ? 0 : -ENOENT, function);
}

static void probe_iter_task(const struct probe *p, struct feature *f)
{
	probe_iterator(p, f, "bpf_iter_task");
}

static void probe_iter_cgroup(const struct probe *p, struct feature *f)
{
	probe_iterator(p, f, "bpf_iter_cgroup");
}

static void probe_cgroup_tp(const struct probe *p, struct feature *f)
{
	bool all = btf_has_tracepoint(p->btf, "cgroup_mkdir") &&
		   btf_has_tracepoint(p->btf, "cgroup_rmdir") &&
		   btf_has_tracepoint(p->btf, "cgroup_attach_task");

	set_result(f, all ? 0 : -ENOENT, "cgroup_mkdir, cgroup_rmdir, cgroup_attach_task");
}

static void probe_memory_controller(const struct probe *p, struct feature *f)
{
	struct cgroupfs fs;
	int r = cgroupfs_open(&fs, "");

	(void)p;
	set_result(f, r ? r : fs.found ? 0 : -ENOENT, r ? "" : fs.mode);
}

/* Kernel functions that give what memory.stat has (7.0): at a kill, from inside it. */
static void probe_memcg_stat(const struct probe *p, struct feature *f)
{
	bool all = btf_has_function(p->btf, "bpf_mem_cgroup_page_state") &&
		   btf_has_function(p->btf, "bpf_get_mem_cgroup") &&
		   btf_has_function(p->btf, "bpf_cgroup_from_id");

	if (all && !feature_is(&p->features[FEAT_OOM], HOW_TRACEPOINT))
		set(f, FEATURE_YES, HOW_KFUNCS);
	else
		set(f, FEATURE_FALLBACK, HOW_FILES);
}

static void probe_psi(const struct probe *p, struct feature *f)
{
	const char *path = "/proc/pressure/memory";
	char byte;
	_cleanup_fclose_ FILE *file = fopen(path, "re");

	(void)p;
	/* With psi=0 the file is there and cannot be read. */
	if (file && fread(&byte, 1, 1, file) == 1)
		set(f, FEATURE_YES, path);
	else
		set_result(f, file ? -EOPNOTSUPP : -errno, "");
}

static const struct row rows[FEAT_COUNT] = {
	[FEAT_BTF] = {"btf", true, probe_btf, "", "everything",
		      "Use a kernel that is built with CONFIG_DEBUG_INFO_BTF (5.10 or later)."},
	[FEAT_BPF_LOAD] =
		{"bpf_load", true, probe_bpf_load, "", "everything",
		 "Run as root, or give CAP_BPF and CAP_PERFMON (with kernel lockdown off)."},
	[FEAT_RINGBUF] = {"ringbuf", true, probe_ringbuf, "", "everything",
			  "Use Linux 5.10 or later."},
	[FEAT_TP_BTF] = {"tp_btf", true, probe_tp_btf, "", "everything",
			 "Run as root, or give CAP_BPF and CAP_PERFMON; Linux 5.10 or later."},
	[FEAT_FENTRY] = {"fentry", false, probe_fentry, "", "", ""},
	[FEAT_KPROBE] = {"kprobe", false, probe_kprobe, "", "", ""},
	[FEAT_OOM] = {"oom", true, probe_oom,
		      "oom_kill: constraint, allocation, and the limit as it was at the decision",
		      "oom_kill records",
		      "Allow fentry or kprobes (CONFIG_FUNCTION_TRACER, CONFIG_KPROBE_EVENTS)."},
	[FEAT_MARK_VICTIM_TASK] = {"mark_victim_task", false, probe_mark_victim, "", "", ""},
	[FEAT_TP_COMPLETE] = {"tracepoint_complete", false, probe_tp_complete, "", "", ""},
	[FEAT_EXIT_GROUP_DEAD] = {"exit_group_dead", true, probe_group_dead,
				  "process_exit: memory by kind at the exit",
				  "process_exit records",
				  "Allow fentry or kprobes on taskstats_exit (CONFIG_TASKSTATS)."},
	[FEAT_RSS_EXACT] = {"rss_exact", false, probe_rss,
			    "resident sizes are off by up to a few MiB a process", "resident sizes",
			    "Use a kernel with bpf_map_lookup_percpu_elem (5.19)."},
	[FEAT_PAGE_FAULT] = {"page_fault", false, probe_page_fault,
			     "faults a container are estimated from one in 64",
			     "faults by mapping kind", "Enable perf events (CONFIG_PERF_EVENTS)."},
	[FEAT_FIND_VMA] = {"find_vma", false, probe_find_vma,
			   "faults on files and shared memory count as mmap",
			   "faults by mapping kind", ""},
	[FEAT_ITER_TASK] = {"iter_task", false, probe_iter_task, "",
			    "memory of every process over time",
			    "Use a kernel with the task iterator (5.8)."},
	[FEAT_ITER_CGROUP] = {"iter_cgroup", false, probe_iter_cgroup, "", "",
			      "Use Linux 6.1 or later: without it, cgroup files are read."},
	[FEAT_CGROUP_TP] = {"cgroup_tracepoints", true, probe_cgroup_tp, "",
			    "containers as they come and go",
			    "Build the kernel with CONFIG_CGROUPS."},
	[FEAT_MEMORY_CONTROLLER] =
		{"memory_controller", false, probe_memory_controller, "",
		 "containers: everything counts as the host",
		 "Enable and mount the memory controller (cgroup_enable=memory)."},
	[FEAT_MEMCG_STAT] = {"memcg_stat", false, probe_memcg_stat, "", "", ""},
	[FEAT_PSI] = {"psi", false, probe_psi, "", "memory pressure",
		      "Boot with psi=1 (CONFIG_PSI)."},
};

static const char *lost_in(const struct row *row, enum feature_state state)
{
	if (state == FEATURE_YES)
		return "";
	return state == FEATURE_FALLBACK ? row->lost_fallback : row->lost_no;
}

bool feature_is(const struct feature *feature, const char *how)
{
	return feature->state != FEATURE_NO && !strcmp(feature->how, how);
}

void feature_degrade(struct feature *feature, enum feature_state state, const char *how, int error)
{
	const struct row *row = &rows[feature->id];

	set(feature, state, how);
	feature->error = error;
	feature->lost = lost_in(row, state);
	feature->advice = row->advice;
}

void features_probe(struct feature features[FEAT_COUNT], enum oom_tier_choice tier,
		    struct gfp_names *gfp)
{
	struct probe p = {.tier = tier, .features = features};
	struct btf *btf;
	int id;

	libbpf_to_log(log_level() >= LOG_LEVEL_DEBUG);
	btf = btf__load_vmlinux_btf();
	p.btf = btf;
	memset(features, 0, FEAT_COUNT * sizeof(*features));
	for (id = 0; id < FEAT_COUNT; id++) {
		struct feature *f = &features[id];

		f->id = id;
		f->name = rows[id].name;
		f->required = rows[id].required;
		rows[id].probe(&p, f);
		f->lost = lost_in(&rows[id], f->state);
		f->advice = f->state == FEATURE_YES ? "" : rows[id].advice;
	}
	if (gfp)
		gfp_names_probe(gfp, btf);
	btf__free(btf);
}

int features_verdict(const struct feature features[FEAT_COUNT])
{
	int verdict = 0, id;

	for (id = 0; id < FEAT_COUNT; id++) {
		if (features[id].state == FEATURE_NO && features[id].required)
			return 2;
		/* Fentry missing beside working kprobes costs nothing: only a loss counts. */
		if (features[id].state != FEATURE_YES && features[id].lost[0])
			verdict = 1;
	}
	return verdict;
}
