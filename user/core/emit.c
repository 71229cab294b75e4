/* SPDX-License-Identifier: Apache-2.0 */
/* emit.c - records and requests leave the core here; and how its objects are described in them. */
#include <math.h>
#include <string.h>
#include "core/cause.h"
#include "core/role.h"

uint64_t core_real(const struct core *core, uint64_t boot)
{
	return boot + (uint64_t)core->real_offset;
}

double core_seconds(uint64_t from, uint64_t to)
{
	return to > from ? (double)(to - from) / (double)NSEC_PER_SEC : 0.0;
}

uint64_t core_bytes(int64_t v)
{
	return v == S64_UNKNOWN ? U64_UNKNOWN : v < 0 ? 0 : (uint64_t)v;
}

double core_ratio(uint64_t part, uint64_t whole)
{
	if (part >= U64_UNLIMITED || whole >= U64_UNLIMITED || !whole)
		return NAN;
	return (double)part / (double)whole;
}

double core_percent(uint64_t hundredths)
{
	return hundredths == U64_UNKNOWN ? NAN : (double)hundredths / 100.0;
}

void core_request(struct core *core, const struct request *request)
{
	/* Without its path nobody can find a cgroup. */
	if ((request->type == REQUEST_MEMCG_STAT || request->type == REQUEST_MEMCG ||
	     request->type == REQUEST_MEMCG_WATCH || request->type == REQUEST_IDENTITY) &&
	    !request->path[0])
		return;
	core->ops->request(core->ctx, request);
}

void core_emit(struct core *core, const struct record *record, uint64_t boot_ts, uint32_t container)
{
	struct record_container described;
	struct record whole = *record;

	whole.container = NULL;
	if (container) {
		describe_container(core, container, &described);
		whole.container = &described;
	}
	whole.seq = ++core->seq;
	whole.time_real = core_real(core, boot_ts);
	whole.host_name = core->start.host;
	whole.boot_id = core->start.boot_id;
	core->ops->emit(core->ctx, &whole);
}

void core_emit_finding(struct core *core, struct rec_finding *finding, enum severity severity,
		       uint64_t boot_ts, uint32_t cgroup)
{
	const struct cgroup *g = &core->cgroups[cgroup];
	uint32_t container = container_find(core, g->id);
	struct record r = {.type = RECORD_FINDING, .severity = severity, .finding = finding};

	if (!container_wanted(core, container))
		return;
	finding->cgroup = g->path;
	finding->cgroup_id = g->id;
	finding->level = level_of(core, cgroup, container);
	container_announce(core, container);
	core_emit(core, &r, boot_ts, container);
}

static uint64_t container_started(const struct core *core, const struct container *c)
{
	if (core->cgroups[c->cgroup].created)
		return core_real(core, core->cgroups[c->cgroup].created);
	if (c->init_pid)
		return core_real(core, c->init_start);
	return U64_UNKNOWN;
}

static const char *known_or(const char *known, const char *otherwise)
{
	return known[0] ? known : otherwise;
}

static void describe_parent(struct core *core, uint32_t container, struct record_container *out)
{
	uint32_t parent = identity_parent(core, container);
	const struct container *c = &core->containers[parent];

	if (!parent)
		return;
	out->parent_id = known_or(c->identity.container_id, c->path.id);
	out->parent_name = known_or(c->identity.name, c->path.name);
	out->parent_runtime = known_or(c->identity.runtime, c->path.runtime);
	out->parent_cgroup = core->cgroups[c->cgroup].path;
}

void describe_container(struct core *core, uint32_t container, struct record_container *out)
{
	struct container *c = &core->containers[container];
	const struct cgroup *g = &core->cgroups[c->cgroup];
	const struct ev_identity *known = &c->identity;

	memset(out, 0, sizeof(*out));
	out->id = known_or(known->container_id, c->path.id);
	out->name = known_or(known->name, c->path.name);
	out->runtime = known_or(known->runtime, c->path.runtime);
	out->image = known->image;
	out->image_id = known->image_id;
	out->labels = known->labels;
	out->labels_cut = known->labels_cut == 1;
	out->sandbox = known->sandbox == 1;
	out->cgroup = g->path;
	out->cgroup_id = g->id;
	out->started_real = container_started(core, c);
	out->identity_source = known_or(known->source, g->path[0] ? "path" : "");
	describe_parent(core, container, out);
	out->pod_name = known->pod_name;
	out->pod_uid = known_or(known->pod_uid, c->path.pod_uid);
	out->namespace = known->namespace;
	out->k8s_container = known->k8s_container;
	out->workload_kind = c->workload_kind;
	out->workload = c->workload;
	out->restart_count = known->source[0] ? known->restart_count : U64_UNKNOWN;
	if (out->restart_count == U64_UNKNOWN && c->counted_restarts) {
		out->restart_count = c->counted_restarts;
		out->restarts_counted = true;
	}
}

/*
 * Python's multiprocessing starts a child anew, with a command line of its own that does not name
 * the program: it is what its parent's children are.
 */
static const char *role_of_spawned(const struct core *core, const struct process *p,
				   uint32_t parent)
{
	const char *role, *child;

	if (!parent || !strstr(p->command_line, "from multiprocessing.spawn import"))
		return NULL;
	role = role_of_command(core->processes[parent].command_line, false);
	child = role ? role_of_child(role) : NULL;
	return child != role ? child : NULL;
}

const char *process_role(const struct core *core, const struct process *p)
{
	uint32_t parent = process_find(core, p->parent_pid, p->parent_start);
	const char *program = parent ? role_program(core->processes[parent].command_line) : NULL;
	const char *own, *role;
	bool same = p->forked;

	if (cause_is_runtime(p->comm))
		return "container runtime";
	if (!p->command_line[0])
		return NULL;
	own = role_program(p->command_line);
	if (program && own && !strcmp(program, own))
		same = true;
	role = role_of_command(p->command_line, same);
	if (!role)
		return role_of_spawned(core, p, parent);
	/* Not yet its own title: a worker has the master's until it is ready. */
	return p->borrowed ? role_of_child(role) : role;
}

void describe_process(struct core *core, const struct process *p, struct record_process *out)
{
	memset(out, 0, sizeof(*out));
	out->pid = p->pid;
	out->parent_pid = p->parent_pid;
	out->start_real = p->start ? core_real(core, p->start) : U64_UNKNOWN;
	out->uid = p->uid;
	out->container_uid = p->container_uid;
	out->container_pid = p->ns_pid ? p->ns_pid : U64_UNKNOWN;
	out->name = p->comm;
	out->executable = p->executable;
	out->command_line = p->command_line;
	out->role = process_role(core, p);
	out->args_cut = p->args_cut;
}

void describe_who(struct core *core, const struct ev_who *who, struct record_process *out)
{
	uint32_t i = process_find(core, who->pid, who->start);

	if (i) {
		describe_process(core, &core->processes[i], out);
		/* The name of that instant: a process may have renamed itself since. */
		if (who->comm[0])
			out->name = who->comm;
		return;
	}
	memset(out, 0, sizeof(*out));
	out->pid = who->pid;
	out->start_real = who->start ? core_real(core, who->start) : U64_UNKNOWN;
	out->uid = who->uid;
	out->container_uid = out->container_pid = U64_UNKNOWN;
	out->name = who->comm;
}

void describe_status(uint32_t status, struct rec_exit_status *out)
{
	uint32_t sig = status & 0x7f;

	out->code = sig ? U64_UNKNOWN : (status >> 8) & 0xff;
	out->signal = sig ? sig : U64_UNKNOWN;
	out->core_dumped = sig && (status & 0x80);
}
