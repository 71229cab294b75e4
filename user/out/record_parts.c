/* SPDX-License-Identifier: Apache-2.0 */
/* record_parts.c - the objects that several record types share: see record_parts.h. */
#include <string.h>
#include "base/cleanup.h"
#include "out/record_parts.h"

/* Numbers of the generic table, which x86, arm, powerpc, s390 and riscv use. */
static const char *const signal_names[] = {
	NULL,        "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
	"SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
	"SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
	"SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS",
};

/* The C library keeps 32 and 33 for itself: its SIGRTMIN is 34, and so are kill -l's numbers. */
#define RT_FIRST 34
#define RT_LAST  64

void put_signal_name(struct json_write *w, const char *key, uint64_t number)
{
	char text[32];
	struct buf b;

	if (number == U64_UNKNOWN || number == 0)
		return;
	buf_init(&b, text, sizeof(text) - 1);
	if (number < ARRAY_SIZE(signal_names)) {
		buf_str(&b, signal_names[number]);
	} else if (number >= RT_FIRST && number <= RT_LAST) {
		buf_str(&b, "SIGRTMIN");
		if (number > RT_FIRST) {
			buf_char(&b, '+');
			buf_u64(&b, number - RT_FIRST);
		}
	} else {
		buf_str(&b, "SIG");
		buf_u64(&b, number);
	}
	text[b.len] = '\0';
	jw_string(w, key, text, JSON_NAME);
}

void put_host(struct json_write *w, const struct record *r)
{
	jw_object(w, "host");
	jw_string(w, "name", r->host_name, JSON_NAME);
	jw_string(w, "boot_id", r->boot_id, JSON_NAME);
	jw_end(w);
}

/* What is in the root of the memory hierarchy is in no container: it is the host's own. */
static bool is_host(const struct record_container *c)
{
	return c->cgroup && !strcmp(c->cgroup, "/");
}

static void put_container_name(struct json_write *w, const struct record_container *c)
{
	jw_string(w, "id", c->id, JSON_NAME);
	jw_string(w, "name", is_host(c) ? "host" : c->name, JSON_NAME);
	jw_string(w, "runtime", is_host(c) ? "none" : c->runtime, JSON_NAME);
}

static void put_k8s(struct json_write *w, const struct record_container *c)
{
	if (!c->pod_uid || !*c->pod_uid)
		return;
	jw_object(w, "k8s");
	jw_object(w, "pod");
	jw_string(w, "name", c->pod_name, JSON_NAME);
	jw_string(w, "uid", c->pod_uid, JSON_NAME);
	jw_end(w);
	jw_object(w, "namespace");
	jw_string(w, "name", c->namespace, JSON_NAME);
	jw_end(w);
	jw_object(w, "container");
	jw_string(w, "name", c->k8s_container, JSON_NAME);
	if (!c->restarts_counted && !c->sandbox)
		jw_u64(w, "restart_count", c->restart_count);
	jw_end(w);
	if (c->workload && *c->workload) {
		jw_object(w, "workload");
		jw_string(w, "kind", c->workload_kind, JSON_NAME);
		jw_string(w, "name", c->workload, JSON_NAME);
		jw_bool(w, "derived", true);
		jw_end(w);
	}
	jw_end(w);
}

/* "key=value" each, parted by newlines. */
static void put_labels(struct json_write *w, const struct record_container *c)
{
	if (!c->labels || !*c->labels)
		return;
	jw_object(w, "labels");
	for (const char *line = c->labels; *line;) {
		size_t len = strcspn(line, "\n"), key = strcspn(line, "=\n");

		if (key < len)
			jw_pair(w, line, key, line + key + 1, len - key - 1);
		line += len;
		line += *line == '\n';
	}
	jw_end(w);
	if (c->labels_cut)
		jw_cut(w, "labels");
}

static void put_parent(struct json_write *w, const struct record_container *c)
{
	if (!c->parent_cgroup || !*c->parent_cgroup)
		return;
	jw_object(w, "parent");
	jw_string(w, "id", c->parent_id, JSON_NAME);
	jw_string(w, "name", c->parent_name, JSON_NAME);
	jw_string(w, "runtime", c->parent_runtime, JSON_NAME);
	jw_string(w, "cgroup", c->parent_cgroup, JSON_TEXT);
	jw_end(w);
}

void put_container(struct json_write *w, const struct record_container *c)
{
	if (!c)
		return;
	jw_object(w, "container");
	put_container_name(w, c);
	if (c->sandbox)
		jw_string(w, "type", "sandbox", JSON_NAME);
	jw_object(w, "image");
	jw_string(w, "name", c->image, JSON_NAME);
	jw_string(w, "id", c->image_id, JSON_NAME);
	jw_end(w);
	put_labels(w, c);
	if (!c->sandbox && c->restart_count != U64_UNKNOWN) {
		jw_u64(w, "restart_count", c->restart_count);
		jw_string(w, "restart_count_source", c->restarts_counted ? "counted" : "runtime",
			  JSON_NAME);
	}
	put_parent(w, c);
	jw_string(w, "cgroup", c->cgroup, JSON_TEXT);
	jw_u64(w, "cgroup_id", c->cgroup_id);
	jw_time(w, "started", c->started_real);
	jw_string(w, "identity_source", c->identity_source, JSON_NAME);
	jw_end(w);
	put_k8s(w, c);
}

void put_container_ref(struct json_write *w, const struct record_container *c)
{
	if (!c->cgroup)
		return;
	jw_object(w, "container");
	put_container_name(w, c);
	jw_string(w, "cgroup", c->cgroup, JSON_TEXT);
	jw_end(w);
}

void put_process(struct json_write *w, const char *key, const struct record_process *p)
{
	if (!p->pid)
		return;
	jw_object(w, key);
	jw_u64(w, "pid", p->pid);
	jw_time(w, "start_time", p->start_real);
	if (p->parent_pid)
		jw_u64(w, "parent_pid", p->parent_pid);
	if (p->container_pid)
		jw_u64(w, "container_pid", p->container_pid);
	jw_string(w, "name", p->name, JSON_NAME);
	jw_string(w, "executable", p->executable, JSON_TEXT);
	jw_string(w, "command_line", p->command_line, JSON_TEXT);
	if (p->args_cut)
		jw_cut(w, "command_line");
	jw_u64(w, "uid", p->uid);
	jw_u64(w, "container_uid", p->container_uid);
	jw_string(w, "role", p->role, JSON_NAME);
	jw_end(w);
}

void put_process_brief(struct json_write *w, const struct record_process *p)
{
	jw_u64(w, "pid", p->pid);
	jw_time(w, "start_time", p->start_real);
	jw_string(w, "name", p->name, JSON_NAME);
	jw_string(w, "role", p->role, JSON_NAME);
}

void put_exit(struct json_write *w, const struct rec_exit_status *status)
{
	if (status->code == U64_UNKNOWN && status->signal == U64_UNKNOWN)
		return;
	jw_object(w, "exit");
	if (status->signal == U64_UNKNOWN) {
		jw_u64(w, "code", status->code);
	} else {
		jw_u64(w, "signal", status->signal);
		put_signal_name(w, "signal_name", status->signal);
	}
	jw_bool(w, "core_dumped", status->core_dumped);
	jw_end(w);
}

void put_exit_totals(struct json_write *w, const struct exit_totals *totals)
{
	jw_object(w, "exits");
	jw_u64(w, "total", totals->total);
	for (enum exit_cause cause = 0; cause < CAUSE_COUNT; cause++)
		if (totals->causes[cause])
			jw_u64(w, exit_cause_name(cause), totals->causes[cause]);
	jw_end(w);
}

void put_limits(struct json_write *w, const struct record_limits *limits)
{
	jw_object(w, "limits");
	jw_u64(w, "memory", limits->memory);
	jw_u64(w, "high", limits->high);
	jw_u64(w, "swap", limits->swap);
	jw_end(w);
}

void put_pressure(struct json_write *w, double some_avg10, double full_avg10)
{
	jw_object(w, "pressure");
	jw_double(w, "some_avg10", some_avg10, 2);
	jw_double(w, "full_avg10", full_avg10, 2);
	jw_end(w);
}

void put_fault_totals(struct json_write *w, uint64_t minor, uint64_t major)
{
	jw_object(w, "faults");
	jw_u64(w, "minor", minor);
	jw_u64(w, "major", major);
	jw_end(w);
}

const char *level_name(enum limit_level level)
{
	switch (level) {
	case LEVEL_CONTAINER:
		return "container";
	case LEVEL_POD:
		return "pod";
	case LEVEL_SLICE:
		return "slice";
	case LEVEL_HOST:
		return "host";
	default:
		return "";
	}
}

/* A list of points; jw_u64() writes its "no limit" as null, which is what a gap is. */
static void put_points(struct json_write *w, const char *key, const struct history *h,
		       uint64_t (*point)(const struct history *h, uint32_t i))
{
	bool any = false;

	for (uint32_t i = 0; i < h->n; i++)
		any |= point(h, i) != U64_UNKNOWN;
	if (!any)
		return;
	jw_array(w, key);
	for (uint32_t i = 0; i < h->n; i++) {
		uint64_t v = point(h, i);

		jw_u64(w, NULL, v == U64_UNKNOWN ? U64_UNLIMITED : v);
	}
	jw_end(w);
}

void put_history(struct json_write *w, const struct history *history)
{
	if (!history || !history->n)
		return;
	jw_object(w, "history");
	jw_seconds(w, "interval_seconds", history->interval);
	put_points(w, "anon", history, history_anon);
	put_points(w, "usage", history, history_usage);
	jw_end(w);
}
