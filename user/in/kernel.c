/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel.c - open, size and load the BPF programs by what the feature table says.
 *
 * An optional program that the kernel refuses after all costs its feature, never the agent: when
 * the load fails, it is tried once more with the plainest form of everything.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "in/kernel_private.h"
#include "memwitness.skel.h"

#define SNAPSHOT_EXACT_CPUS 16   /* more, and summing per-CPU rss of every process costs too much */
#define CPU_OFFSETS         1024 /* MAX_CPUS of bpf/maps.h */
#define MIN_SLOTS           64

/* libbpf hands over whole verifier logs in one piece: a line each. */
static int print_all(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_free_ char *text = NULL;
	char *line, *rest;

	(void)level;
	if (log_level() < LOG_LEVEL_DEBUG || vasprintf(&text, format, args) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_debug("libbpf: %s", line);
	return 0;
}

static int print_warnings(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? print_all(level, format, args) : 0;
}

void libbpf_to_log(bool all)
{
	libbpf_set_print(all ? print_all : print_warnings);
}

/* Before 5.11 maps are charged to RLIMIT_MEMLOCK; without CAP_SYS_RESOURCE we take what there is.
 */
static void raise_memlock(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		log_debug("cannot raise RLIMIT_MEMLOCK: %s", strerror(errno));
}

static uint32_t ring_size(uint64_t bytes)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);

	while (size < bytes && size < (1U << 30))
		size *= 2;
	return (uint32_t)size;
}

static bool exit_is_old(const struct feature *features)
{
	return !feature_is(&features[FEAT_EXIT_GROUP_DEAD], HOW_TRACEPOINT);
}

/* ---- before loading: constants, sizes, which programs ---- */

static void set_constants(struct memwitness *skel, const struct feature *features,
			  const struct kernel_options *options, int n_cpus)
{
	struct memwitness__rodata *ro = skel->rodata;

	ro->mark_victim_has_task = features[FEAT_MARK_VICTIM_TASK].state == FEATURE_YES;
	ro->exit_tells_group_dead = !exit_is_old(features);
	ro->callbacks_preempt = feature_is(&features[FEAT_TP_COMPLETE], HOW_TWICE);
	ro->memory_v1 = options->memory_v1;
	ro->memory_hierarchy = (int)options->memory_hierarchy;
	ro->n_cpus = (uint32_t)n_cpus;
	ro->rss_can_sum =
		feature_is(&features[FEAT_RSS_EXACT], HOW_PERCPU_SUM) && n_cpus <= CPU_OFFSETS;
	ro->snapshot_exact = n_cpus <= SNAPSHOT_EXACT_CPUS;
	ro->ring_wake_bytes = ring_size(options->ring_bytes) / 4;
}

static int set_sizes(struct kernel *k, const struct feature *features,
		     const struct kernel_options *options)
{
	struct memwitness *skel = k->skel;
	uint64_t slots = 2 * options->max_containers;
	/* A pod is a directory too, and so is each of its containers and of the host's services. */
	uint64_t memcgs = 4 * options->max_containers + 256;
	uint32_t ring = ring_size(options->ring_bytes), oom = ring_size(options->oom_ring_bytes);
	int r = 0;

	if (slots < MIN_SLOTS)
		slots = MIN_SLOTS;
	if (slots > UINT32_MAX / 2 || memcgs > UINT32_MAX / 2)
		return -EINVAL;
	k->counts.n_slots = (uint32_t)slots;
	k->memcg_capacity = (uint32_t)memcgs;
	r |= bpf_map__set_max_entries(skel->maps.ring, ring);
	r |= bpf_map__set_max_entries(skel->maps.oom_ring, oom);
	r |= bpf_map__set_max_entries(skel->maps.slots, k->counts.n_slots);
	r |= bpf_map__set_max_entries(skel->maps.free_slots, k->counts.n_slots);
	r |= bpf_map__set_max_entries(skel->maps.counts, k->counts.n_slots);
	if (features[FEAT_ITER_CGROUP].state == FEATURE_NO)
		k->memcg_capacity = 1;
	r |= bpf_map__set_max_entries(skel->maps.memcg_table, k->memcg_capacity);
	if (!exit_is_old(features))
		r |= bpf_map__set_max_entries(skel->maps.exits_reported, 1);
	return r ? -EINVAL : 0;
}

static void choose_programs(struct memwitness *skel, const struct feature *f)
{
	const struct feature *oom = &f[FEAT_OOM], *dead = &f[FEAT_EXIT_GROUP_DEAD];
	const struct {
		struct bpf_program *program;
		bool wanted;
	} choices[] = {
		{skel->progs.oom_enter_fentry, feature_is(oom, HOW_FENTRY)},
		{skel->progs.oom_leave_fexit, feature_is(oom, HOW_FENTRY)},
		{skel->progs.oom_enter_kprobe, feature_is(oom, HOW_KPROBE)},
		{skel->progs.oom_leave_kretprobe, feature_is(oom, HOW_KPROBE)},
		{skel->progs.oom_stat,
		 feature_is(&f[FEAT_MEMCG_STAT], HOW_KFUNCS) && !feature_is(oom, HOW_TRACEPOINT)},
		{skel->progs.exit_fentry, feature_is(dead, HOW_FENTRY)},
		{skel->progs.exit_kprobe, feature_is(dead, HOW_KPROBE)},
		{skel->progs.exit_free, exit_is_old(f)},
		{skel->progs.fork_again, feature_is(&f[FEAT_TP_COMPLETE], HOW_TWICE)},
		{skel->progs.exec_again, feature_is(&f[FEAT_TP_COMPLETE], HOW_TWICE)},
		{skel->progs.exit_again,
		 feature_is(&f[FEAT_TP_COMPLETE], HOW_TWICE) && feature_is(dead, HOW_TRACEPOINT)},
		{skel->progs.fault_tracepoint, f[FEAT_PAGE_FAULT].state == FEATURE_YES},
		{skel->progs.fault_in_kernel, f[FEAT_PAGE_FAULT].state == FEATURE_YES},
		{skel->progs.fault_perf, feature_is(&f[FEAT_PAGE_FAULT], HOW_PERF_EVENT)},
		{skel->progs.snapshot_task, f[FEAT_ITER_TASK].state != FEATURE_NO},
		{skel->progs.snapshot_memcg, f[FEAT_ITER_CGROUP].state != FEATURE_NO},
		{skel->progs.setup_cpu_offsets, skel->rodata->rss_can_sum},
	};

	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		bpf_program__set_autoload(choices[i].program, choices[i].wanted);
}

/* What is left when a kernel refuses the full set: the plainest form of everything. */
static void plainest(struct feature *f, int error)
{
	feature_degrade(&f[FEAT_OOM], FEATURE_FALLBACK, HOW_TRACEPOINT, error);
	if (exit_is_old(f))
		feature_degrade(&f[FEAT_EXIT_GROUP_DEAD], FEATURE_FALLBACK, HOW_DEDUPLICATED,
				error);
	feature_degrade(&f[FEAT_PAGE_FAULT], FEATURE_NO, "", error);
	feature_degrade(&f[FEAT_FIND_VMA], FEATURE_NO, "", error);
	if (feature_is(&f[FEAT_RSS_EXACT], HOW_PERCPU_SUM))
		feature_degrade(&f[FEAT_RSS_EXACT], FEATURE_FALLBACK, "bare counters", error);
	feature_degrade(&f[FEAT_ITER_CGROUP], FEATURE_NO, "", error);
	feature_degrade(&f[FEAT_MEMCG_STAT], FEATURE_FALLBACK, HOW_FILES, error);
}

static int load_once(struct kernel *k, struct feature *features,
		     const struct kernel_options *options, int n_cpus)
{
	int r;

	k->skel = memwitness__open();
	if (!k->skel)
		return -errno;
	set_constants(k->skel, features, options, n_cpus);
	r = set_sizes(k, features, options);
	if (r)
		return r;
	choose_programs(k->skel, features);
	return memwitness__load(k->skel);
}

static int load(struct kernel *k, struct feature *features, const struct kernel_options *options,
		int n_cpus)
{
	int r = load_once(k, features, options, n_cpus);

	if (!r || r == -EPERM || r == -ENOMEM)
		return r;
	log_warning("the kernel refused a program (%s): trying the plainest set", strerror(-r));
	memwitness__destroy(k->skel);
	k->skel = NULL;
	plainest(features, -r);
	return load_once(k, features, options, n_cpus);
}

/* ---- after loading ---- */

/* CPU numbers may have holes, and what stands at the offset of no CPU is anything. */
static int keep_possible_cpus(uint64_t *offsets, uint32_t n)
{
	_cleanup_fclose_ FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	uint32_t next = 0;
	unsigned int from, to;

	if (!f)
		return -errno;
	while (fscanf(f, "%u", &from) == 1) {
		to = from;
		if (fscanf(f, "-%u", &to) < 0 && ferror(f))
			return -EIO;
		for (; next < from && next < n; next++)
			offsets[next] = 0;
		next = to + 1;
		if (fgetc(f) != ',')
			break;
	}
	for (; next < n; next++)
		offsets[next] = 0;
	return 0;
}

static int find_cpu_offsets(struct memwitness *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int r = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.setup_cpu_offsets), &opts);

	if (r)
		return r;
	if (opts.retval)
		return -EFAULT;
	return keep_possible_cpus((uint64_t *)skel->bss->cpu_offset, CPU_OFFSETS);
}

static int open_rings(struct kernel *k)
{
	struct memwitness *skel = k->skel;
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
	int r;

	r = ring_open(&k->oom_ring, bpf_map__fd(skel->maps.oom_ring),
		      bpf_map__max_entries(skel->maps.oom_ring));
	if (r)
		return r;
	r = ring_open(&k->ring, bpf_map__fd(skel->maps.ring),
		      bpf_map__max_entries(skel->maps.ring));
	if (r)
		return r;
	k->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (k->epoll_fd < 0 || epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, k->oom_ring.fd, &ev) ||
	    epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, k->ring.fd, &ev))
		return -errno;
	return 0;
}

static int prepare(struct kernel *k, struct feature *features, int n_cpus)
{
	struct memwitness *skel = k->skel;
	int r;

	k->stats = &skel->bss->stats;
	k->told_again = &skel->bss->told_again;
	k->memcg_count = &skel->bss->memcg_count;
	k->counts.slots_made = (const uint64_t *)&skel->bss->slots_made;
	k->counts.slots_fd = bpf_map__fd(skel->maps.slots);
	k->counts.free_fd = bpf_map__fd(skel->maps.free_slots);
	k->counts.counts_fd = bpf_map__fd(skel->maps.counts);
	k->counts.n_cpus = (uint32_t)n_cpus;
	if (skel->rodata->rss_can_sum) {
		r = find_cpu_offsets(skel);
		if (r) {
			/* Zero offsets: nothing is added, so the sums are the bare counters. */
			memset(skel->bss->cpu_offset, 0, sizeof(skel->bss->cpu_offset));
			feature_degrade(&features[FEAT_RSS_EXACT], FEATURE_FALLBACK,
					"bare counters", -r);
		}
	}
	k->decode.page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	k->decode.rss_exact = feature_is(&features[FEAT_RSS_EXACT], HOW_PERCPU_SUM);
	k->snapshot = malloc(SNAPSHOT_BYTES);
	k->event = malloc(sizeof(*k->event));
	if (!k->snapshot || !k->event)
		return -ENOMEM;
	r = counts_open(&k->counts);
	return r ? r : open_rings(k);
}

/* The sentence for the user when something that we need is not there. */
static void explain_missing(const struct feature *features, char *err, size_t size)
{
	for (int id = 0; id < FEAT_COUNT; id++) {
		const struct feature *f = &features[id];

		if (f->required && f->state == FEATURE_NO) {
			snprintf(err, size, "this kernel or its permissions lack %s (%s). %s",
				 f->name, strerror(f->error), f->advice);
			return;
		}
	}
}

int kernel_open(struct kernel **out, struct feature features[FEAT_COUNT],
		const struct kernel_options *options, char *err, size_t err_size)
{
	int n_cpus = libbpf_num_possible_cpus();
	struct kernel *k;
	int r;

	if (features_verdict(features) == 2) {
		explain_missing(features, err, err_size);
		return -EOPNOTSUPP;
	}
	k = calloc(1, sizeof(*k));
	if (!k || n_cpus < 1) {
		snprintf(err, err_size, "out of memory");
		free(k);
		return -ENOMEM;
	}
	k->epoll_fd = -1;
	k->decode.redact = options->redact;
	k->decode.gfp = options->gfp;
	libbpf_to_log(options->debug);
	raise_memlock();
	r = load(k, features, options, n_cpus);
	if (r) {
		snprintf(err, err_size, "cannot load the BPF programs: %s", strerror(-r));
		goto fail;
	}
	r = prepare(k, features, n_cpus);
	if (r) {
		snprintf(err, err_size, "cannot set up the BPF maps: %s", strerror(-r));
		goto fail;
	}
	r = kernel_attach(k, features, options, n_cpus);
	if (r) {
		snprintf(err, err_size, "cannot attach the BPF programs: %s", strerror(-r));
		goto fail;
	}
	*out = k;
	return 0;
fail:
	kernel_free(k);
	return r;
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	while (k->n_attached)
		bpf_link__destroy(k->attached[--k->n_attached].link);
	while (k->n_perf_links)
		bpf_link__destroy(k->perf_links[--k->n_perf_links]);
	free(k->perf_links);
	bpf_link__destroy(k->task_iter);
	bpf_link__destroy(k->memcg_iter);
	if (k->memcg_table)
		munmap((void *)k->memcg_table, k->memcg_table_len);
	ring_close(&k->oom_ring);
	ring_close(&k->ring);
	if (k->epoll_fd >= 0)
		close(k->epoll_fd);
	counts_close(&k->counts);
	free(k->snapshot);
	free(k->event);
	memwitness__destroy(k->skel);
	free(k);
}
