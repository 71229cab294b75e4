/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - the contract's words for the kinds of record and the causes of an exit. */
#include "core/record.h"
#include "base/cleanup.h"

static const char *const cause_names[CAUSE_COUNT] = {
	[CAUSE_UNKNOWN] = "unknown",
	[CAUSE_CLEAN] = "clean",
	[CAUSE_FAILED] = "failed",
	[CAUSE_CRASHED] = "crashed",
	[CAUSE_OOM_KILLED] = "oom_killed",
	[CAUSE_KILLED_BY_PARENT] = "killed_by_parent",
	[CAUSE_KILLED_BY_RUNTIME] = "killed_by_runtime",
	[CAUSE_KILLED_BY_SELF] = "killed_by_self",
	[CAUSE_KILLED_BY_SIBLING] = "killed_by_sibling",
	[CAUSE_KILLED_BY_OTHER] = "killed_by_other",
	[CAUSE_INIT_DIED] = "init_died",
};

static const char *const type_names[] = {
	[RECORD_AGENT_START] = "agent_start",
	[RECORD_CONTAINER_START] = "container_start",
	[RECORD_CONTAINER_STOP] = "container_stop",
	[RECORD_CONTAINER_SAMPLE] = "container_sample",
	[RECORD_HOST_SAMPLE] = "host_sample",
	[RECORD_PROCESS_EXIT] = "process_exit",
	[RECORD_OOM_KILL] = "oom_kill",
	[RECORD_RESTART_REPORT] = "restart_report",
	[RECORD_LEAK_REPORT] = "leak_report",
	[RECORD_FINDING] = "finding",
	[RECORD_AGENT_HEALTH] = "agent_health",
	[RECORD_AGENT_STOP] = "agent_stop",
};

const char *exit_cause_name(enum exit_cause cause)
{
	if ((unsigned int)cause >= CAUSE_COUNT)
		return cause_names[CAUSE_UNKNOWN];
	return cause_names[cause];
}

const char *restart_status_name(enum restart_status status)
{
	static const char *const names[] = {"ok", "warning", "critical"};

	return names[status];
}

const char *recycling_name(enum recycling recycling)
{
	static const char *const names[] = {"none", "planned", "unplanned"};

	return names[recycling];
}

const char *record_type_name(enum record_type type)
{
	if ((size_t)type >= ARRAY_SIZE(type_names) || !type_names[type])
		return "";
	return type_names[type];
}
