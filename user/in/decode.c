/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.c - the only place where the kernel's units end and ours begin.
 *
 * The records come from our own BPF programs, but the bytes inside them (comm, arguments, paths)
 * belong to whoever runs in a container, and a ring may be damaged: every length is held against
 * the size of the record before it is used, and every record is copied out before it is read, so
 * that the alignment of the input does not matter.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "bpf/wire.h"
#include "in/cmdline.h"
#include "in/decode.h"

_Static_assert(EV_LEVELS == WIRE_LEVELS, "levels");
_Static_assert(EV_PATH > WIRE_PATH, "a clean path fits whole");

/* ---- units and unknowns ---- */

/* Pages of a counter that can be off by a little on either side of zero. */
static int64_t size_from_pages(const struct decode_config *config, int64_t pages)
{
	uint64_t bytes;

	if (pages < 0)
		return 0;
	if (__builtin_mul_overflow((uint64_t)pages, config->page_size, &bytes) || bytes > INT64_MAX)
		return S64_UNKNOWN;
	return (int64_t)bytes;
}

static uint64_t count_from_pages(const struct decode_config *config, uint64_t pages)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(pages, config->page_size, &bytes) || bytes >= U64_UNLIMITED)
		return U64_UNKNOWN;
	return bytes;
}

/* "max" in a page_counter is PAGE_COUNTER_MAX, LONG_MAX / PAGE_SIZE (linux/page_counter.h). */
static uint64_t limit_from_pages(const struct decode_config *config, uint64_t pages)
{
	if (pages >= (uint64_t)INT64_MAX / config->page_size)
		return U64_UNLIMITED;
	return pages * config->page_size;
}

/* Ids and namespace inodes are never 0: that is how the programs say that they do not know. */
static uint64_t known_id(uint64_t id)
{
	return id ? id : U64_UNKNOWN;
}

static void decode_who(const struct wire_who *wire, struct ev_who *who)
{
	who->pid = wire->tgid;
	who->tid = wire->tid;
	who->start = wire->start;
	who->memcg = known_id(wire->memcg);
	who->uid = wire->uid;
	who->oom_score_adj = wire->oom_score_adj;
	utf8_clean(who->comm, sizeof(who->comm), wire->comm, strnlen(wire->comm, WIRE_COMM), NULL);
}

/* For records about a process as a whole, the wire keeps the pid in its namespace in tid. */
static void decode_process(const struct wire_who *wire, struct ev_who *who, uint32_t *ns_pid)
{
	decode_who(wire, who);
	who->tid = 0;
	*ns_pid = wire->tid;
}

static uint64_t decode_exact(const struct decode_config *config, uint32_t flags)
{
	return config->rss_exact && (flags & WIRE_RSS_VALID) && (flags & WIRE_RSS_EXACT);
}

/*
 * A path as text. It begins with '/' whatever was cut from its front. *cut is set when it does
 * not fit, which takes invalid bytes: each becomes three.
 */
static void decode_path(char *dst, size_t size, const char *src, size_t len, int *cut)
{
	len = strnlen(src, len);
	dst[0] = '/';
	if (len && src[0] == '/') {
		src++;
		len--;
	}
	utf8_clean(dst + 1, size - 1, src, len, cut);
}

static void decode_level(const struct decode_config *config, const struct wire_level *wire,
			 struct ev_level *level)
{
	level->id = wire->id;
	level->usage = size_from_pages(config, wire->usage);
	level->max = limit_from_pages(config, wire->max);
	level->high = limit_from_pages(config, wire->high);
	level->swap_usage = size_from_pages(config, wire->swap);
	level->swap_max = limit_from_pages(config, wire->swap_max);
	level->failcnt = wire->failcnt;
	level->events_max = wire->events_max;
	level->events_high = wire->events_high;
	level->oom_local = wire->oom_local;
	level->oom_group = wire->oom_group;
}

/* ---- one function a kind; `size` is that of the record, never less than the head's ---- */

static int decode_fork(const struct decode_config *config, const void *data, size_t size,
		       union event *ev)
{
	struct wire_fork wire;
	struct ev_fork *fork = &ev->fork;

	(void)config;
	if (size != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));

	event_init(ev, EV_FORK, wire.head.ts);
	decode_process(&wire.child, &fork->child, &fork->ns_pid);
	fork->parent_pid = wire.parent_tgid;
	fork->parent_start = wire.parent_start;
	fork->pid_ns = known_id(wire.pid_ns);
	return 0;
}

static int decode_exec(const struct decode_config *config, const void *data, size_t size,
		       union event *ev)
{
	struct wire_exec wire;
	struct ev_exec *exec = &ev->exec;
	const char *file, *args;

	if (size < sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));
	if (wire.file_len > WIRE_FILE || wire.args_len > WIRE_ARGS ||
	    wire.args_total < wire.args_len || size - sizeof(wire) < wire.file_len + wire.args_len)
		return -EBADMSG;
	file = (const char *)data + sizeof(wire);
	args = file + wire.file_len;

	event_init(ev, EV_EXEC, wire.head.ts);
	decode_who(&wire.who, &exec->who);
	utf8_clean(exec->executable, sizeof(exec->executable), file, strnlen(file, wire.file_len),
		   NULL);
	exec->args_cut =
		cmdline_text(exec->command_line, sizeof(exec->command_line), args, wire.args_len,
			     wire.args_total > wire.args_len, config->redact);
	return 0;
}

static int decode_exit(const struct decode_config *config, const void *data, size_t size,
		       union event *ev)
{
	struct wire_exit wire;
	struct ev_exit *exit = &ev->exit;

	if (size != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));

	event_init(ev, EV_EXIT, wire.head.ts);
	decode_process(&wire.who, &exit->who, &exit->ns_pid);
	exit->parent_pid = wire.parent_tgid;
	exit->parent_start = wire.parent_start;
	exit->pid_ns = known_id(wire.pid_ns);
	exit->status = wire.status;
	exit->oom_victim = wire.oom_victim != 0;
	exit->rss_exact = decode_exact(config, wire.rss_flags);
	exit->minor_faults = wire.min_flt;
	exit->major_faults = wire.maj_flt;
	if (wire.max_rss)
		exit->peak_rss = count_from_pages(config, wire.max_rss);
	if (wire.rss_flags & WIRE_RSS_VALID) {
		uint64_t rss;

		exit->anon = size_from_pages(config, wire.rss.anon);
		exit->file = size_from_pages(config, wire.rss.file);
		exit->shmem = size_from_pages(config, wire.rss.shmem);
		exit->swap = size_from_pages(config, wire.rss.swap);
		/* maxrss is approximate since 6.2: what is there at the end was there. */
		if (exit->anon >= 0 && exit->file >= 0 && exit->shmem >= 0) {
			rss = (uint64_t)exit->anon + (uint64_t)exit->file;
			rss += (uint64_t)exit->shmem;
			if (rss < U64_UNLIMITED && exit->peak_rss != U64_UNKNOWN &&
			    rss > exit->peak_rss)
				exit->peak_rss = rss;
		}
	}
	return 0;
}

static int decode_signal(const struct decode_config *config, const void *data, size_t size,
			 union event *ev)
{
	struct wire_signal wire;
	struct ev_signal *sig = &ev->signal;

	(void)config;
	if (size != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));

	event_init(ev, EV_SIGNAL, wire.head.ts);
	decode_who(&wire.sender, &sig->sender);
	decode_who(&wire.target, &sig->target);
	sig->sig = wire.sig;
	sig->code = wire.info == WIRE_SI_REAL ? wire.code : 0;
	sig->info = wire.info;
	sig->handler = wire.handler;
	sig->group = wire.group != 0;
	sig->result = wire.result;
	return 0;
}

static int decode_cgroup(const struct decode_config *config, const void *data, size_t size,
			 union event *ev)
{
	struct wire_cgroup wire;
	int cut = 0;

	(void)config;
	if (size < sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));
	if (wire.path_len > WIRE_PATH || size - sizeof(wire) < wire.path_len)
		return -EBADMSG;

	switch (wire.head.kind) {
	case WIRE_CGROUP_NEW:
		event_init(ev, EV_CGROUP_NEW, wire.head.ts);
		ev->cgroup_new.id = wire.id;
		ev->cgroup_new.parent_id = wire.parent_id;
		ev->cgroup_new.level = wire.level;
		ev->cgroup_new.scanned = 0;
		decode_path(ev->cgroup_new.path, sizeof(ev->cgroup_new.path),
			    (const char *)data + sizeof(wire), wire.path_len, &cut);
		ev->cgroup_new.path_cut = wire.path_cut || cut;
		return 0;
	default:
		event_init(ev, EV_CGROUP_ATTACH, wire.head.ts);
		ev->cgroup_attach.id = wire.id;
		ev->cgroup_attach.pid = wire.tgid;
		ev->cgroup_attach.start = wire.start;
		return 0;
	}
}

static int decode_cgroup_gone(const struct decode_config *config, const void *data, size_t size,
			      union event *ev)
{
	struct wire_cgroup_gone wire;

	if (size != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));
	event_init(ev, EV_CGROUP_GONE, wire.head.ts);
	ev->cgroup_gone.id = wire.id;
	if (!wire.level.id)
		return 0;
	ev->cgroup_gone.v1 = wire.v1 != 0;
	ev->cgroup_gone.peak = count_from_pages(config, wire.watermark);
	ev->cgroup_gone.oom_kills = wire.oom_kills;
	ev->cgroup_gone.oom_kills_local = wire.oom_kills_local;
	decode_level(config, &wire.level, &ev->cgroup_gone.level);
	return 0;
}

static void decode_oom_memory(const struct decode_config *config, const struct wire_oom *wire,
			      struct ev_oom *oom)
{
	oom->total_vm = count_from_pages(config, wire->total_vm);
	oom->page_tables = wire->page_tables;
	oom->rss_exact = decode_exact(config, wire->rss_flags);
	if (!(wire->rss_flags & WIRE_RSS_VALID))
		return;
	oom->anon = size_from_pages(config, wire->rss.anon);
	oom->file = size_from_pages(config, wire->rss.file);
	oom->shmem = size_from_pages(config, wire->rss.shmem);
	oom->swap = size_from_pages(config, wire->rss.swap);
	oom->raw_anon = size_from_pages(config, wire->rss_raw.anon);
	oom->raw_file = size_from_pages(config, wire->rss_raw.file);
	oom->raw_shmem = size_from_pages(config, wire->rss_raw.shmem);
}

/* All ones is U64_UNKNOWN; the kernel's functions give it for a counter that it does not keep. */
static void decode_split(const struct wire_split *wire, struct ev_split *split)
{
	split->anon = wire->anon;
	split->file = wire->file;
	split->shmem = wire->shmem;
	split->kernel = wire->kernel;
	split->slab_unreclaimable = wire->slab_unreclaimable;
	split->inactive_file = wire->inactive_file;
	split->active_file = wire->active_file;
	split->unevictable = wire->unevictable;
	split->sock = wire->sock;
}

/* What oom_control says. The tracepoint alone has none, and 0 would be an answer. */
static void decode_oom_control(const struct decode_config *config, const struct wire_oom *wire,
			       struct ev_oom *oom)
{
	if (wire->tier == WIRE_OOM_TRACEPOINT) {
		oom->decision = 0;
		oom->nth = U64_UNKNOWN;
		oom->constraint = U64_UNKNOWN;
		oom->order = S64_UNKNOWN;
		oom->gfp = U64_UNKNOWN;
		oom->total_pages = U64_UNKNOWN;
		oom->points = S64_UNKNOWN;
		oom->chosen_tid = U64_UNKNOWN;
		oom->limit.id = 0;
		return;
	}
	oom->decision = wire->decision;
	oom->nth = wire->nth;
	oom->constraint = wire->constraint;
	oom->order = wire->order;
	oom->gfp = wire->gfp;
	if (config->gfp)
		gfp_text(config->gfp, wire->gfp, oom->gfp_names, sizeof(oom->gfp_names));
	oom->total_pages = count_from_pages(config, wire->total_pages);
	oom->points = wire->points;
	oom->chosen_tid = wire->chosen_tid;
	oom->limit.id = 0;
	if (wire->limit.id)
		decode_level(config, &wire->limit, &oom->limit);
	decode_split(&wire->split, &oom->split);
	if (wire->limit_path_len)
		decode_path(oom->limit_path, sizeof(oom->limit_path), wire->limit_path,
			    wire->limit_path_len, NULL);
}

static int decode_oom(const struct decode_config *config, const void *data, size_t size,
		      union event *ev)
{
	struct wire_oom wire;
	struct ev_oom *oom = &ev->oom;

	if (size != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));
	if (wire.tier < WIRE_OOM_FENTRY || wire.tier > WIRE_OOM_TRACEPOINT ||
	    wire.n_levels > WIRE_LEVELS || wire.victim_path_len > WIRE_PATH ||
	    wire.limit_path_len > WIRE_PATH)
		return -EBADMSG;

	event_init(ev, EV_OOM, wire.head.ts);
	decode_who(&wire.victim, &oom->victim);
	decode_who(&wire.trigger, &oom->trigger);
	oom->parent_pid = wire.parent_tgid;
	oom->parent_start = wire.parent_start;
	oom->ns_pid = wire.victim_ns_pid;
	oom->pid_ns = known_id(wire.victim_pid_ns);
	oom->tier = wire.tier;
	oom->v1 = wire.v1 != 0;
	decode_oom_memory(config, &wire, oom);
	decode_oom_control(config, &wire, oom);
	oom->n_levels = wire.n_levels;
	for (uint32_t i = 0; i < wire.n_levels; i++)
		decode_level(config, &wire.levels[i], &oom->levels[i]);
	utf8_clean(oom->message, sizeof(oom->message), wire.message,
		   strnlen(wire.message, WIRE_MESSAGE), NULL);
	if (wire.victim_path_len)
		decode_path(oom->victim_path, sizeof(oom->victim_path), wire.victim_path,
			    wire.victim_path_len, NULL);
	return 0;
}

typedef int (*decode_fn)(const struct decode_config *config, const void *data, size_t size,
			 union event *ev);

static const decode_fn decoders[] = {
	[WIRE_FORK] = decode_fork,
	[WIRE_EXEC] = decode_exec,
	[WIRE_EXIT] = decode_exit,
	[WIRE_SIGNAL] = decode_signal,
	[WIRE_CGROUP_NEW] = decode_cgroup,
	[WIRE_CGROUP_GONE] = decode_cgroup_gone,
	[WIRE_CGROUP_ATTACH] = decode_cgroup,
	[WIRE_OOM] = decode_oom,
};

int decode_record(const struct decode_config *config, const void *data, size_t size,
		  union event *ev)
{
	struct wire_head head;

	if (size < sizeof(head))
		return -EBADMSG;
	memcpy(&head, data, sizeof(head));
	if (head.version != WIRE_VERSION)
		return -EPROTO;
	if (head.kind >= ARRAY_SIZE(decoders) || !decoders[head.kind])
		return -EPROTO;
	/* A program may reserve more of the ring than it fills; never less. */
	if (head.size < sizeof(head) || head.size > size)
		return -EBADMSG;
	return decoders[head.kind](config, data, head.size, ev);
}

int decode_snap_task(const struct decode_config *config, const void *data, size_t size, uint64_t ts,
		     union event *ev)
{
	struct wire_snap_task wire;
	struct ev_task *task = &ev->task;

	if (size != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));

	event_init(ev, EV_TASK, ts);
	decode_process(&wire.who, &task->who, &task->ns_pid);
	task->parent_pid = wire.parent_tgid;
	task->parent_start = wire.parent_start;
	task->pid_ns = known_id(wire.pid_ns);
	task->threads = wire.threads;
	task->rss_exact = decode_exact(config, wire.rss_flags);
	if (wire.rss_flags & WIRE_RSS_VALID) {
		task->anon = size_from_pages(config, wire.rss.anon);
		task->file = size_from_pages(config, wire.rss.file);
		task->shmem = size_from_pages(config, wire.rss.shmem);
		task->swap = size_from_pages(config, wire.rss.swap);
	}
	return 0;
}

int decode_snap_memcg(const struct decode_config *config, const void *data, size_t size,
		      uint64_t ts, union event *ev)
{
	struct wire_snap_memcg wire;

	if (size != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, data, sizeof(wire));

	event_init(ev, EV_MEMCG, ts);
	decode_level(config, &wire.level, &ev->memcg.level);
	ev->memcg.v1 = wire.v1 != 0;
	ev->memcg.oom_kills = wire.oom_kills;
	ev->memcg.oom_kills_local = wire.oom_kills_local;
	return 0;
}
