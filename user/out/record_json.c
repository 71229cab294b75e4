/* SPDX-License-Identifier: Apache-2.0 */
/* record_json.c - the head of every line and the choice of the writer by type. */
#include "out/record_json.h"
#include "out/record_parts.h"

_Static_assert(RECORD_LINE_MAX == JSON_SOFT_MAX + JSON_RESERVE, "one limit of a line");

static const char *severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_WARNING:
		return "warning";
	case SEVERITY_CRITICAL:
		return "critical";
	default:
		return "info";
	}
}

static void put_body(struct json_write *w, const struct record *r)
{
	switch (r->type) {
	case RECORD_AGENT_START:
		put_agent_start(w, r->agent_start);
		break;
	case RECORD_CONTAINER_START:
		put_container_start(w, r->container_start);
		break;
	case RECORD_CONTAINER_STOP:
		put_container_stop(w, r->container_stop);
		break;
	case RECORD_CONTAINER_SAMPLE:
		put_container_sample(w, r->container_sample);
		break;
	case RECORD_HOST_SAMPLE:
		put_host_sample(w, r->host_sample);
		break;
	case RECORD_PROCESS_EXIT:
		put_process_exit(w, r->process_exit);
		break;
	case RECORD_OOM_KILL:
		put_oom_kill(w, r->oom_kill);
		break;
	case RECORD_FINDING:
		put_finding(w, r->finding);
		break;
	case RECORD_AGENT_HEALTH:
		put_agent_health(w, r->agent_health);
		break;
	case RECORD_AGENT_STOP:
		put_agent_stop(w, r->agent_stop);
		break;
	case RECORD_RESTART_REPORT:
		put_restart_report(w, r->restart_report);
		break;
	case RECORD_LEAK_REPORT:
		break; /* the core has no struct for it: it cannot emit one */
	}
}

void record_json(struct buf *b, const struct record *r)
{
	struct json_write w;

	jw_begin(&w, b);
	jw_time(&w, "time", r->time_real);
	jw_string(&w, "type", record_type_name(r->type), JSON_NAME);
	jw_string(&w, "schema", RECORD_SCHEMA, JSON_NAME);
	jw_u64(&w, "seq", r->seq);
	jw_string(&w, "severity", severity_name(r->severity), JSON_NAME);
	put_host(&w, r);
	put_container(&w, r->container);
	put_body(&w, r);
	jw_finish(&w);
}
