/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_attach.c - attach what was loaded. The required programs or an error; an optional one that
 * does not attach costs its feature, which is changed to the next best form.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "in/kernel_private.h"
#include "memwitness.skel.h"

static int add_link(struct kernel *k, struct bpf_program *program, struct bpf_link *link)
{
	if (!link)
		return -errno;
	k->attached[k->n_attached++] = (struct attached){.link = link, .program = program};
	return 0;
}

static int attach(struct kernel *k, struct bpf_program *program)
{
	int r = add_link(k, program, bpf_program__attach(program));

	if (r)
		log_debug("attach of %s: %s", bpf_program__name(program), strerror(-r));
	return r;
}

/* Both or none: without the second, the first leaves decisions that nobody ends. */
static int attach_pair(struct kernel *k, struct bpf_program *first, struct bpf_program *second)
{
	int r = attach(k, first);

	if (r)
		return r;
	r = attach(k, second);
	if (r)
		bpf_link__destroy(k->attached[--k->n_attached].link);
	return r;
}

static int attach_perf_faults(struct kernel *k, int n_cpus)
{
	struct bpf_program *program = k->skel->progs.fault_perf;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = WIRE_FAULT_PERIOD,
	};
	int cpu, r = -ENODEV;

	k->perf_links = calloc((size_t)n_cpus, sizeof(struct bpf_link *));
	if (!k->perf_links)
		return -ENOMEM;
	for (cpu = 0; cpu < n_cpus; cpu++) {
		int fd =
			(int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
		struct bpf_link *link;

		if (fd < 0) { /* a CPU that is off line, or none at all */
			r = k->n_perf_links ? 0 : -errno;
			continue;
		}
		link = bpf_program__attach_perf_event(program, fd);
		if (!link) {
			r = -errno;
			close(fd);
			return r;
		}
		k->perf_links[k->n_perf_links++] = link;
		r = 0;
	}
	return r;
}

/* Before mark_victim's own program, which takes along what this one has read. */
static void attach_oom_stat(struct kernel *k, struct feature *features)
{
	struct feature *stat = &features[FEAT_MEMCG_STAT];
	int r;

	if (!feature_is(stat, HOW_KFUNCS))
		return;
	r = attach(k, k->skel->progs.oom_stat);
	if (r)
		feature_degrade(stat, FEATURE_FALLBACK, HOW_FILES, -r);
}

static void attach_oom(struct kernel *k, struct feature *features)
{
	struct memwitness *skel = k->skel;
	int r = 0;

	if (feature_is(&features[FEAT_OOM], HOW_FENTRY))
		r = attach_pair(k, skel->progs.oom_enter_fentry, skel->progs.oom_leave_fexit);
	else if (feature_is(&features[FEAT_OOM], HOW_KPROBE))
		r = attach_pair(k, skel->progs.oom_enter_kprobe, skel->progs.oom_leave_kretprobe);
	if (r)
		feature_degrade(&features[FEAT_OOM], FEATURE_FALLBACK, HOW_TRACEPOINT, -r);
}

/* The old tracepoint is loaded in any case, so that there is something to fall back on. */
static int attach_exit(struct kernel *k, struct feature *features)
{
	struct feature *dead = &features[FEAT_EXIT_GROUP_DEAD];
	struct memwitness *skel = k->skel;
	int r = 0;

	if (feature_is(dead, HOW_TRACEPOINT))
		return attach(k, skel->progs.exit_tracepoint);
	if (feature_is(dead, HOW_FENTRY))
		r = attach(k, skel->progs.exit_fentry);
	else if (feature_is(dead, HOW_KPROBE))
		r = attach(k, skel->progs.exit_kprobe);
	if (r)
		feature_degrade(dead, FEATURE_FALLBACK, HOW_DEDUPLICATED, -r);
	if (!feature_is(dead, HOW_DEDUPLICATED))
		return 0;
	r = attach(k, skel->progs.exit_free);
	return r ? r : attach(k, skel->progs.exit_tracepoint);
}

static void attach_faults(struct kernel *k, struct feature *features, int n_cpus)
{
	struct feature *fault = &features[FEAT_PAGE_FAULT];
	struct memwitness *skel = k->skel;
	int r = 0;

	if (feature_is(fault, HOW_PERF_EVENT))
		r = attach_perf_faults(k, n_cpus);
	else if (fault->state == FEATURE_YES)
		r = attach(k, skel->progs.fault_tracepoint);
	if (!r && fault->state == FEATURE_YES)
		r = attach(k, skel->progs.fault_in_kernel);
	if (r)
		feature_degrade(fault, FEATURE_NO, "", -r);
}

static int map_memcg_table(struct kernel *k)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = (size_t)k->memcg_capacity * sizeof(struct wire_snap_memcg);
	void *table;

	len = (len + page - 1) / page * page;
	table = mmap(NULL, len, PROT_READ, MAP_SHARED, bpf_map__fd(k->skel->maps.memcg_table), 0);
	if (table == MAP_FAILED)
		return -errno;
	k->memcg_table = table;
	k->memcg_table_len = len;
	return 0;
}

static struct bpf_link *attach_cgroup_iter(struct bpf_program *program, const char *root)
{
	union bpf_iter_link_info info = {.cgroup = {.order = BPF_CGROUP_ITER_DESCENDANTS_PRE}};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	_cleanup_close_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	info.cgroup.cgroup_fd = (uint32_t)fd;
	return bpf_program__attach_iter(program, &opts);
}

static void attach_iterators(struct kernel *k, struct feature *features, const char *memory_root)
{
	struct memwitness *skel = k->skel;
	int r;

	if (features[FEAT_ITER_TASK].state != FEATURE_NO) {
		k->task_iter = bpf_program__attach_iter(skel->progs.snapshot_task, NULL);
		if (!k->task_iter)
			feature_degrade(&features[FEAT_ITER_TASK], FEATURE_NO, "", errno);
	}
	if (features[FEAT_ITER_CGROUP].state == FEATURE_NO || !memory_root || !memory_root[0])
		return;
	r = map_memcg_table(k);
	if (!r) {
		k->memcg_iter = attach_cgroup_iter(skel->progs.snapshot_memcg, memory_root);
		r = k->memcg_iter ? 0 : -errno;
	}
	if (r)
		feature_degrade(&features[FEAT_ITER_CGROUP], FEATURE_NO, "", -r);
}

/* Behind the first ones: callbacks of one tracepoint run in the order they were attached. */
static int attach_again(struct kernel *k, const struct feature *features)
{
	struct memwitness *skel = k->skel;
	int r;

	if (!feature_is(&features[FEAT_TP_COMPLETE], HOW_TWICE))
		return 0;
	r = attach(k, skel->progs.fork_again);
	if (!r)
		r = attach(k, skel->progs.exec_again);
	if (!r && feature_is(&features[FEAT_EXIT_GROUP_DEAD], HOW_TRACEPOINT))
		r = attach(k, skel->progs.exit_again);
	return r;
}

int kernel_attach(struct kernel *k, struct feature features[FEAT_COUNT],
		  const struct kernel_options *options, int n_cpus)
{
	struct memwitness *skel = k->skel;
	/* The note of the SIGKILL comes before the victim, so its program does too. */
	struct bpf_program *const required[] = {
		skel->progs.signal_generate, skel->progs.oom_mark_victim, skel->progs.proc_fork,
		skel->progs.proc_exec,       skel->progs.cgroup_made,     skel->progs.cgroup_gone,
		skel->progs.cgroup_attached,
	};
	int r;

	attach_oom_stat(k, features);
	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		r = attach(k, required[i]);
		if (r)
			return r;
	}
	r = attach_exit(k, features);
	if (r)
		return r;
	r = attach_again(k, features);
	if (r)
		return r;
	attach_oom(k, features);
	attach_faults(k, features, n_cpus);
	attach_iterators(k, features, options->memory_root);
	return 0;
}
