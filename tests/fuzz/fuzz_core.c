/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_core.c - any stream of events, as a damaged or forged log can hold it: the core neither
 * crashes nor hangs, its tables stay sound, and every string of every record ends.
 *
 * The input is read as: one byte a kind of event, one byte a field (a small number, so that pids
 * and cgroups meet again, or one of the values that are special). Fields are found by the table of
 * event_fields.c, so a new one is fuzzed without a change here.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "core/event_fields.h"
#include "core/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_EVENTS 20000

struct input {
	const uint8_t *data;
	size_t size;
	uint64_t now;
};

static uint64_t last_seq;
static size_t text_bytes; /* read of the records: keeps the compiler from dropping the reads */

static void require(int condition)
{
	if (!condition)
		abort();
}

static uint8_t byte(struct input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

/* ---- events out of bytes ---- */

static uint64_t number(struct input *in)
{
	uint8_t b = byte(in);

	if (b < 192)
		return b % 24;
	switch (b % 16) {
	case 0:
		return U64_UNKNOWN;
	case 1:
		return U64_UNLIMITED;
	case 2:
		return U64_UNLIMITED - 1;
	case 3:
		return INT64_MAX;
	case 4:
		return (uint64_t)INT64_MIN;
	case 5:
		return (uint64_t)INT64_MIN + 1;
	case 6:
		return in->now;
	case 7:
		return in->now - NSEC_PER_SEC;
	case 8:
		return in->now + NSEC_PER_SEC;
	case 9:
		return UINT32_MAX;
	case 10:
		return (uint64_t)1 << byte(in) % 64;
	case 11:
		return (uint64_t)-1ll << byte(in) % 64;
	default:
		return (uint64_t)byte(in) << 12;
	}
}

static void text(struct input *in, char *at, size_t size)
{
	static const char id[] = "beefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeefbeef";
	static const char *const parts[] = {
		"",
		"/",
		"/docker",
		"/docker/",
		"/kubepods",
		"/a",
		"/sub",
		"systemd",
		"runc",
		"/x.service",
		"/system.slice",
		"iter_cgroup",
		"/burstable",
		"\xef\xbf\xbd",
		"gunicorn",
		"gunicorn: master ",
		"python3 -m ",
		"conmon",
		"GFP_KERNEL|",
		"none",
	};
	uint8_t n = byte(in) % 8;
	size_t len = 0;

	/* "long": to the last byte */
	if (n == 7) {
		memset(at, '/', size - 1);
		at[size - 1] = '\0';
		return;
	}
	at[0] = '\0';
	for (; n; n--) {
		uint8_t b = byte(in);
		const char *part = b % 4 == 3 ? id : parts[b / 4 % ARRAY_SIZE(parts)];
		size_t part_len = strlen(part);

		if (len + part_len >= size)
			return;
		memcpy(at + len, part, part_len + 1);
		len += part_len;
	}
}

static void fill(struct input *in, const struct event_field *fields, size_t n, char *base)
{
	const struct event_field *inner;
	size_t n_inner;

	for (size_t i = 0; i < n; i++) {
		const struct event_field *f = &fields[i];
		char *at = base + f->offset;
		uint64_t v;

		switch (f->kind) {
		case FIELD_U32:
		case FIELD_S32:
			v = number(in);
			memcpy(at, &(uint32_t){(uint32_t)v}, 4);
			break;
		case FIELD_U64:
		case FIELD_S64:
			v = number(in);
			memcpy(at, &v, 8);
			break;
		case FIELD_STR:
			text(in, at, f->size);
			break;
		case FIELD_WHO:
			inner = event_who_fields(&n_inner);
			fill(in, inner, n_inner, at);
			break;
		case FIELD_LEVEL:
			inner = event_level_fields(&n_inner);
			fill(in, inner, n_inner, at);
			break;
		case FIELD_LEVELS:
			v = byte(in) % (f->count + 2u);
			memcpy(base + f->count_offset, &(uint32_t){(uint32_t)v}, 4);
			inner = event_level_fields(&n_inner);
			for (size_t k = 0; k < v && k < f->count; k++)
				fill(in, inner, n_inner, at + k * sizeof(struct ev_level));
			break;
		case FIELD_STRS:
			v = byte(in) % (f->count + 2u);
			memcpy(base + f->count_offset, &(uint32_t){(uint32_t)v}, 4);
			for (size_t k = 0; k < v && k < f->count; k++)
				text(in, at + k * f->size, f->size);
			break;
		case FIELD_U64S:
			for (size_t k = 0; k < f->count; k++) {
				v = number(in);
				memcpy(at + k * 8, &v, 8);
			}
			break;
		}
	}
}

static uint64_t when(struct input *in)
{
	uint8_t b = byte(in);

	switch (b >> 5) {
	case 5:
		return in->now - (uint64_t)(b & 31) * 1000000;
	case 6:
		return in->now += (uint64_t)(b & 31) * NSEC_PER_SEC;
	case 7:
		return b == 255 ? UINT64_MAX : b == 254 ? 0 : number(in);
	default:
		return in->now += (uint64_t)b * 1000;
	}
}

static void next_event(struct input *in, union event *ev)
{
	const struct event_info *info = event_info(byte(in) % 48);

	if (!info || info->type == EV_START) {
		/* Marks and snapshots' ends are what makes things happen. */
		event_init(ev, EV_MARK, in->now);
		ev->mark.now = in->now;
		return;
	}
	event_init(ev, info->type, when(in));
	fill(in, info->fields, info->n_fields, (char *)ev);
}

/* ---- what comes out ---- */

static void see(const char *s)
{
	if (s)
		text_bytes += strlen(s);
}

static void see_process(const struct record_process *p)
{
	see(p->name);
	see(p->executable);
	see(p->command_line);
	see(p->role);
}

static void see_container(const struct record_container *c)
{
	see(c->id);
	see(c->name);
	see(c->runtime);
	see(c->image);
	see(c->cgroup);
	see(c->identity_source);
	see(c->pod_name);
	see(c->pod_uid);
	see(c->namespace);
	see(c->k8s_container);
}

static void see_history(const struct history *h)
{
	if (!h)
		return;
	require(h->n >= 1 && h->n <= HISTORY_POINTS && h->interval);
	for (uint32_t i = 0; i < h->n; i++)
		text_bytes += (history_anon(h, i) ^ history_usage(h, i)) & 1;
}

static void see_kills(const struct rec_kills *kills)
{
	require(kills->n_gaps <= RECORD_KILL_GAPS);
	for (size_t i = 0; i < kills->n_gaps; i++) {
		see(kills->gaps[i].cgroup);
		/* What differs is listed, and it differs by as much as is missing or more. */
		require(kills->gaps[i].missing && kills->gaps[i].missing <= kills->gaps[i].kernel);
	}
}

/* In one line, without what a terminal obeys, and UTF-8: the fuzzed texts are. */
static void see_summary(const char *text)
{
	size_t len = strnlen(text, RECORD_SUMMARY), n;

	require(len > 0 && len < RECORD_SUMMARY && text[len - 1] == '.');
	for (; len; text += n, len -= n) {
		n = utf8_sequence((const unsigned char *)text, len);
		require(n > 0 && (unsigned char)*text >= 0x20);
	}
}

static void see_oom(const struct rec_oom_kill *k)
{
	see_process(&k->victim);
	see_process(&k->trigger);
	see_container(&k->trigger_container);
	see(k->incident);
	see(k->constraint);
	see(k->limit_hit.cgroup);
	see(k->gfp_names);
	see(k->memory_stat.source);
	see_summary(k->summary);
	see_history(k->history);
	require(k->n_processes <= RECORD_OOM_PROCESSES);
	require(!k->n_processes || k->n_processes <= k->processes_total);
	for (size_t i = 0; i < k->n_processes; i++)
		see_process(&k->processes[i].process);
	require(k->relation <= RELATION_HOST);
}

static void see_finding(const struct rec_finding *f)
{
	see(f->cgroup);
	see(f->advice);
	see(f->kills.cgroup);
	see_history(f->history);
	/* Nothing is raised without a reason. */
	if (f->kind == FINDING_MEMORY_PRESSURE)
		require((f->reasons == 0) == f->cleared);
}

static void on_record(void *ctx, const struct record *r)
{
	(void)ctx;
	require(r->seq == last_seq + 1);
	last_seq = r->seq;
	see(r->host_name);
	if (r->container)
		see_container(r->container);
	switch (r->type) {
	case RECORD_CONTAINER_STOP:
		see_process(&r->container_stop->init);
		require((unsigned int)r->container_stop->init_cause < CAUSE_COUNT);
		break;
	case RECORD_CONTAINER_SAMPLE:
		require(r->container_sample->n_top <= RECORD_TOP);
		for (size_t i = 0; i < r->container_sample->n_top; i++)
			see_process(&r->container_sample->top[i].process);
		break;
	case RECORD_HOST_SAMPLE:
		require(r->host_sample->n_biggest <= RECORD_TOP);
		for (size_t i = 0; i < r->host_sample->n_biggest; i++)
			see_container(&r->host_sample->biggest[i].container);
		break;
	case RECORD_PROCESS_EXIT:
		require((unsigned int)r->process_exit->cause < CAUSE_COUNT);
		see_process(&r->process_exit->process);
		see_process(&r->process_exit->sender);
		see_container(&r->process_exit->sender_container);
		see(r->process_exit->incident);
		see(r->process_exit->nearest.cgroup);
		break;
	case RECORD_OOM_KILL:
		see_oom(r->oom_kill);
		break;
	case RECORD_AGENT_HEALTH:
		require(r->agent_health->n_resources <= MAX_RESOURCES);
		for (size_t i = 0; i < r->agent_health->n_resources; i++)
			see(r->agent_health->resources[i].name);
		see_kills(&r->agent_health->kills);
		break;
	case RECORD_AGENT_STOP:
		see_kills(&r->agent_stop->health.kills);
		break;
	case RECORD_FINDING:
		see_finding(r->finding);
		break;
	default:
		break;
	}
}

static void on_request(void *ctx, const struct request *r)
{
	(void)ctx;
	see(r->path);
}

/* ---- the tables ---- */

static void check_processes(const struct core *core)
{
	uint32_t n = 0;

	require(core->alive.count + core->dead.count == core->process_pool.used);
	for (uint32_t i = core->alive.head; i; i = core->process_links.next[i], n++) {
		const struct process *p = &core->processes[i];

		require(p->alive && process_find(core, p->pid, p->start) == i);
		require(!p->signals || core->signal_logs[p->signals].owner == i);
		require(p->n_past <= PAST_POINTS);
		require(n < core->process_pool.capacity);
	}
	require(n == core->alive.count);
	for (uint32_t i = core->dead.head; i; i = core->process_links.next[i])
		require(!core->processes[i].alive);
}

static void check_cgroups(const struct core *core)
{
	uint32_t n = 0;

	require(core->present.count + core->gone.count == core->cgroup_pool.used);
	for (uint32_t i = core->present.head; i; i = core->cgroup_links.next[i], n++) {
		const struct cgroup *g = &core->cgroups[i];

		require(!g->gone && cgroup_find(core, g->id) == i);
		require(g->history.n <= HISTORY_POINTS);
		require(n < core->cgroup_pool.capacity);
	}
	require(n == core->present.count);
}

static void check_containers(const struct core *core)
{
	uint32_t n = 0;

	require(core->running.count == core->container_pool.used);
	for (uint32_t i = core->running.head; i; i = core->container_links.next[i], n++) {
		const struct container *c = &core->containers[i];

		require(c->key && core->cgroups[c->cgroup].id == c->key);
		require(container_find(core, c->key) == i);
		require(c->processes <= core->process_pool.used);
		require(n < core->container_pool.capacity);
	}
	require(n == core->running.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct core_ops ops = {.emit = on_record, .request = on_request};
	static void *memory;
	static size_t memory_size;
	struct input in = {data, size, 1000 * NSEC_PER_SEC};
	const struct event_info *info = event_info(EV_START);
	static union event ev;
	struct core *core;
	size_t need;

	event_init(&ev, EV_START, in.now);
	fill(&in, info->fields, info->n_fields, (char *)&ev);
	ev.start.max_processes = 64;
	ev.start.max_containers = 16;
	need = core_size(&ev.start);
	if (!memory) {
		memory = malloc(need);
		memory_size = need;
	}
	require(memory && need == memory_size);
	memset(memory, 0, need);
	last_seq = 0;
	core = core_init(memory, &ev.start, &ops, NULL);
	for (int i = 0; in.size && i < MAX_EVENTS; i++) {
		next_event(&in, &ev);
		core_step(core, &ev);
	}
	event_init(&ev, EV_MARK, UINT64_MAX);
	core_step(core, &ev);
	check_processes(core);
	check_cgroups(core);
	check_containers(core);
	event_init(&ev, EV_STOP, in.now);
	core_step(core, &ev);
	require(core->n_held == 0 && core->window.n == 0);
	return 0;
}
