/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness_keep.h - the harness of a core, and copies of all that comes out of it: what a record
 * points to is valid only while it is handed over. core_harness.h includes it.
 */
#ifndef MW_TESTS_HARNESS_KEEP_H
#define MW_TESTS_HARNESS_KEEP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/state.h"

#define H_KEPT     512
#define H_REQUESTS 4096

struct h_record {
	struct record r;
	struct record_container container;
	union {
		struct rec_agent_start agent_start;
		struct rec_container_start container_start;
		struct rec_container_stop container_stop;
		struct rec_container_sample sample;
		struct rec_host_sample host;
		struct rec_restart_report restart;
		struct rec_process_exit exit;
		struct rec_oom_kill oom;
		struct rec_finding finding;
		struct rec_health health;
		struct rec_agent_stop stop;
	};
};

struct h_request {
	struct request r;
	char path[EV_PATH];
};

struct harness {
	struct ev_start start;
	struct core *core;
	void *memory;
	uint64_t now;
	struct h_record records[H_KEPT];
	size_t n_records;
	struct h_request requests[H_REQUESTS];
	size_t n_requests;
	void *texts[H_KEPT * 64]; /* every copy, to be freed */
	size_t n_texts;
	union event ev; /* the one that is being built */
};

/* ---- copies of what comes out ---- */

static inline void *h_keep(struct harness *h, const void *data, size_t size)
{
	void *copy;

	assert_true(h->n_texts < sizeof(h->texts) / sizeof(h->texts[0]));
	copy = malloc(size ? size : 1);
	assert_non_null(copy);
	if (size)
		memcpy(copy, data, size);
	h->texts[h->n_texts++] = copy;
	return copy;
}

static inline void h_keep_text(struct harness *h, const char **text)
{
	if (*text)
		*text = h_keep(h, *text, strlen(*text) + 1);
}

static inline void h_keep_process(struct harness *h, struct record_process *p)
{
	h_keep_text(h, &p->name);
	h_keep_text(h, &p->executable);
	h_keep_text(h, &p->command_line);
	h_keep_text(h, &p->role);
}

static inline void h_keep_container(struct harness *h, struct record_container *c)
{
	h_keep_text(h, &c->id);
	h_keep_text(h, &c->name);
	h_keep_text(h, &c->runtime);
	h_keep_text(h, &c->image);
	h_keep_text(h, &c->image_id);
	h_keep_text(h, &c->labels);
	h_keep_text(h, &c->cgroup);
	h_keep_text(h, &c->identity_source);
	h_keep_text(h, &c->parent_id);
	h_keep_text(h, &c->parent_name);
	h_keep_text(h, &c->parent_runtime);
	h_keep_text(h, &c->parent_cgroup);
	h_keep_text(h, &c->pod_name);
	h_keep_text(h, &c->pod_uid);
	h_keep_text(h, &c->namespace);
	h_keep_text(h, &c->k8s_container);
	h_keep_text(h, &c->workload_kind);
	h_keep_text(h, &c->workload);
}

static inline void h_keep_health(struct harness *h, struct rec_health *health)
{
	health->resources =
		h_keep(h, health->resources, health->n_resources * sizeof(health->resources[0]));
	health->programs =
		h_keep(h, health->programs, health->n_programs * sizeof(health->programs[0]));
	for (size_t i = 0; i < health->kills.n_gaps; i++)
		h_keep_text(h, &health->kills.gaps[i].cgroup);
}

static inline void h_keep_history(struct harness *h, const struct history **history)
{
	if (*history)
		*history = h_keep(h, *history, sizeof(**history));
}

static inline void h_keep_oom(struct harness *h, struct rec_oom_kill *k)
{
	struct rec_oom_process *list =
		h_keep(h, k->processes, k->n_processes * sizeof(k->processes[0]));

	for (size_t i = 0; i < k->n_processes; i++)
		h_keep_process(h, &list[i].process);
	k->processes = list;
	h_keep_process(h, &k->victim);
	h_keep_process(h, &k->trigger);
	h_keep_container(h, &k->trigger_container);
	h_keep_text(h, &k->incident);
	h_keep_text(h, &k->limit_hit.cgroup);
	h_keep_text(h, &k->gfp_names);
	h_keep_text(h, &k->summary);
	h_keep_history(h, &k->history);
}

static inline void h_keep_restart(struct harness *h, struct rec_restart_report *r)
{
	struct rec_workers *pools = h_keep(h, r->workers, r->n_workers * sizeof(r->workers[0]));
	const char **advice = h_keep(h, r->advice, r->n_advice * sizeof(r->advice[0]));

	for (size_t i = 0; i < r->n_workers; i++) {
		h_keep_text(h, &pools[i].role);
		h_keep_process(h, &pools[i].parent);
	}
	for (size_t i = 0; i < r->n_advice; i++)
		h_keep_text(h, &advice[i]);
	r->workers = pools;
	r->advice = advice;
}

static inline void h_keep_body(struct harness *h, struct h_record *k)
{
	switch (k->r.type) {
	case RECORD_AGENT_START:
		k->agent_start = *k->r.agent_start;
		k->agent_start.features =
			h_keep(h, k->agent_start.features,
			       k->agent_start.n_features * sizeof(k->agent_start.features[0]));
		break;
	case RECORD_CONTAINER_START:
		k->container_start = *k->r.container_start;
		break;
	case RECORD_CONTAINER_STOP:
		k->container_stop = *k->r.container_stop;
		h_keep_process(h, &k->container_stop.init);
		break;
	case RECORD_CONTAINER_SAMPLE:
		k->sample = *k->r.container_sample;
		for (size_t i = 0; i < k->sample.n_top; i++)
			h_keep_process(h, &k->sample.top[i].process);
		break;
	case RECORD_HOST_SAMPLE:
		k->host = *k->r.host_sample;
		for (size_t i = 0; i < k->host.n_biggest; i++)
			h_keep_container(h, &k->host.biggest[i].container);
		break;
	case RECORD_RESTART_REPORT:
		k->restart = *k->r.restart_report;
		h_keep_restart(h, &k->restart);
		break;
	case RECORD_PROCESS_EXIT:
		k->exit = *k->r.process_exit;
		h_keep_process(h, &k->exit.process);
		h_keep_process(h, &k->exit.sender);
		h_keep_container(h, &k->exit.sender_container);
		h_keep_text(h, &k->exit.incident);
		h_keep_text(h, &k->exit.nearest.cgroup);
		break;
	case RECORD_OOM_KILL:
		k->oom = *k->r.oom_kill;
		h_keep_oom(h, &k->oom);
		break;
	case RECORD_FINDING:
		k->finding = *k->r.finding;
		h_keep_text(h, &k->finding.cgroup);
		h_keep_text(h, &k->finding.kills.cgroup);
		h_keep_text(h, &k->finding.advice);
		h_keep_history(h, &k->finding.history);
		break;
	case RECORD_AGENT_HEALTH:
		k->health = *k->r.agent_health;
		h_keep_health(h, &k->health);
		break;
	case RECORD_AGENT_STOP:
		k->stop = *k->r.agent_stop;
		h_keep_text(h, &k->stop.why);
		h_keep_health(h, &k->stop.health);
		break;
	default:
		fail_msg("record of type %d", (int)k->r.type);
	}
}

static inline void h_on_record(void *ctx, const struct record *record)
{
	struct harness *h = ctx;
	struct h_record *k;

	assert_true(h->n_records < H_KEPT);
	k = &h->records[h->n_records++];
	k->r = *record;
	/* A gap in seq is a loss. */
	assert_int_equal(record->seq, h->core->seq);
	if (record->container) {
		k->container = *record->container;
		h_keep_container(h, &k->container);
		k->r.container = &k->container;
	}
	h_keep_body(h, k);
}

static inline void h_on_request(void *ctx, const struct request *request)
{
	struct harness *h = ctx;
	struct h_request *k;

	assert_true(h->n_requests < H_REQUESTS);
	k = &h->requests[h->n_requests++];
	k->r = *request;
	k->path[0] = '\0';
	if (request->path)
		snprintf(k->path, sizeof(k->path), "%s", request->path);
	k->r.path = k->path;
}

#endif
