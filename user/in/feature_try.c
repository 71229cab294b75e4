/* SPDX-License-Identifier: Apache-2.0 */
/* feature_try.c - try one capability of the kernel in its smallest form. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "in/feature_try.h"

/* r0 = 0; exit */
static const struct bpf_insn empty_program[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

static int load_empty(enum bpf_prog_type type, const struct bpf_prog_load_opts *opts)
{
	return bpf_prog_load(type, "mw_probe", "Dual BSD/GPL", empty_program,
			     ARRAY_SIZE(empty_program), opts);
}

int try_load(void)
{
	_cleanup_close_ int fd = load_empty(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL);

	return fd < 0 ? fd : 0;
}

/* Load an empty program for a BTF id and attach it for a moment. */
static int try_tracing(enum bpf_attach_type attach, int btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach);
	_cleanup_close_ int fd = -1;
	_cleanup_close_ int link = -1;

	if (btf_id < 0)
		return -ENOENT;
	opts.attach_btf_id = (uint32_t)btf_id;
	fd = load_empty(BPF_PROG_TYPE_TRACING, &opts);
	if (fd < 0)
		return fd;
	link = bpf_raw_tracepoint_open(NULL, fd);
	return link < 0 ? link : 0;
}

/* The id of the typedef that BTF keeps for a tracepoint. */
static int tracepoint_id(const struct btf *btf, const char *tracepoint)
{
	char name[128];

	if (!btf)
		return -ENOENT;
	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	return btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
}

int try_tp_btf(const struct btf *btf, const char *tracepoint)
{
	return try_tracing(BPF_TRACE_RAW_TP, tracepoint_id(btf, tracepoint));
}

int try_fentry(const struct btf *btf, const char *function)
{
	if (!btf)
		return -ENOENT;
	return try_tracing(BPF_TRACE_FENTRY, btf__find_by_name_kind(btf, function, BTF_KIND_FUNC));
}

static int kprobe_pmu_type(void)
{
	_cleanup_fclose_ FILE *f = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	int type;

	if (!f)
		return -errno;
	return fscanf(f, "%d", &type) == 1 ? type : -EINVAL;
}

static int perf_open(struct perf_event_attr *attr)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int try_kprobe(const char *function)
{
	struct perf_event_attr attr = {.size = sizeof(attr)};
	_cleanup_close_ int program = -1;
	_cleanup_close_ int event = -1;
	int type = kprobe_pmu_type();

	if (type < 0)
		return type;
	attr.type = (uint32_t)type;
	attr.kprobe_func = (uint64_t)(uintptr_t)function;
	program = load_empty(BPF_PROG_TYPE_KPROBE, NULL);
	if (program < 0)
		return program;
	event = perf_open(&attr);
	if (event < 0)
		return event;
	return ioctl(event, PERF_EVENT_IOC_SET_BPF, program) ? -errno : 0;
}

int try_helper(enum bpf_func_id helper)
{
	int r = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, helper, NULL);

	return r > 0 ? 0 : r ? r : -EOPNOTSUPP;
}

int try_perf_page_faults(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1 << 20,
	};
	_cleanup_close_ int event = perf_open(&attr);

	return event < 0 ? event : 0;
}

bool btf_has_function(const struct btf *btf, const char *function)
{
	return btf && btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) > 0;
}

bool btf_has_tracepoint(const struct btf *btf, const char *tracepoint)
{
	return tracepoint_id(btf, tracepoint) > 0;
}

static bool type_has_member(const struct btf *btf, uint32_t id, const char *member, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	int i;

	if (!t || !btf_is_composite(t) || !depth)
		return false;
	for (i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;
		const char *name = btf__name_by_offset(btf, m->name_off);

		if (name && name[0] ? !strcmp(name, member)
				    : type_has_member(btf, m->type, member, depth - 1))
			return true;
	}
	return false;
}

bool btf_has_member(const struct btf *btf, const char *type, const char *member)
{
	int id = btf ? btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT) : -ENOENT;

	return id > 0 && type_has_member(btf, (uint32_t)id, member, 4);
}

/* The prototype: typedef, pointer, function; its first parameter is the probe's private data. */
static const struct btf_type *tracepoint_proto(const struct btf *btf, const char *tracepoint)
{
	int id = tracepoint_id(btf, tracepoint);
	const struct btf_type *t;

	if (id < 0)
		return NULL;
	t = btf__type_by_id(btf, (uint32_t)id);
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	return t && btf_is_func_proto(t) ? t : NULL;
}

int btf_tracepoint_args(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *proto = tracepoint_proto(btf, tracepoint);

	return proto ? btf_vlen(proto) - 1 : -ENOENT;
}

bool btf_tracepoint_pointer(const struct btf *btf, const char *tracepoint, int argument)
{
	const struct btf_type *proto = tracepoint_proto(btf, tracepoint);
	const struct btf_type *t;

	if (!proto || argument + 1 >= btf_vlen(proto))
		return false;
	t = btf__type_by_id(btf, btf_params(proto)[argument + 1].type);
	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t && btf_is_ptr(t);
}
