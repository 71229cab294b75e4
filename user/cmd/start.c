/* SPDX-License-Identifier: Apache-2.0 */
/* start.c - see start.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cmd/start.h"
#include "in/procfs.h"

static uint32_t copy_globs(char to[EV_GLOBS][EV_TEXT], const struct globs *from)
{
	uint32_t n = 0;

	for (; n < from->n && n < EV_GLOBS; n++)
		snprintf(to[n], EV_TEXT, "%s", from->text[n]);
	return n;
}

/* For the record only, so keys that do not fit are left out whole. */
static void join_labels(char *dst, size_t size, const struct globs *labels)
{
	size_t used = 0;

	for (uint32_t i = 0; i < labels->n; i++)
		if (used + strlen(labels->text[i]) + 2 <= size)
			used += (size_t)snprintf(dst + used, size - used, "%s%s", used ? "\n" : "",
						 labels->text[i]);
}

void start_describe(const struct run_options *o, const struct cgroupfs *cgroupfs,
		    const char *proc_root, struct ev_start *st)
{
	union event ev;

	event_init(&ev, EV_START, now_boot());
	*st = ev.start;
	st->log_version = EVENT_LOG_VERSION;
	st->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	st->real = now_real();
	st->memory_hierarchy = cgroupfs->hierarchy;
	st->root_memcg = cgroupfs->root_id;
	st->sample_interval = o->sample_interval_ns;
	st->report_interval = o->report_interval_ns;
	st->max_processes = o->max_processes;
	st->max_containers = o->max_containers;
	st->redact = (uint64_t)o->redact;
	st->all_exits = o->all_exits;
	st->pressure_threshold = o->pressure_threshold * 100;
	st->restart_warning = o->restart_warning;
	st->restart_critical = o->restart_critical;
	st->agent_pid = (uint64_t)getpid();
	snprintf(st->version, sizeof(st->version), "%s", MEMWITNESS_VERSION);
	snprintf(st->cgroup_mode, sizeof(st->cgroup_mode), "%s", cgroupfs->mode);
	st->n_include = copy_globs(st->include, &o->include);
	st->n_exclude = copy_globs(st->exclude, &o->exclude);
	join_labels(st->labels, sizeof(st->labels), &o->labels);
	snprintf(st->host_root, sizeof(st->host_root), "%.*s", EV_TEXT - 1, o->host_root);
	procfs_host_identity(proc_root, st);
}
