/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_parts.h - what the writers of the record types share. Inside user/out/ only: everybody
 * else calls record_json(). One function a record type writes what that type carries beside
 * the shared objects; the files part the types by theme.
 */
#ifndef MW_OUT_RECORD_PARTS_H
#define MW_OUT_RECORD_PARTS_H

#include "core/record.h"
#include "out/json_write.h"

/* "host", and "container" and "k8s" where the record is about a container. */
void put_host(struct json_write *w, const struct record *r);
void put_container(struct json_write *w, const struct record_container *c);

/*
 * A container that is only referred to (of a sender, of a trigger, in a list): enough to find it.
 * Left out when its cgroup is not known.
 */
void put_container_ref(struct json_write *w, const struct record_container *c);

/* "process" with all that is known; left out for pid 0. */
void put_process(struct json_write *w, const char *key, const struct record_process *p);

/* The members of a process in a list, without its object: pid, start_time, name, role. */
void put_process_brief(struct json_write *w, const struct record_process *p);

/* "exit": a code or a signal, and whether a core was dumped. */
void put_exit(struct json_write *w, const struct rec_exit_status *status);

/* "exits": the total and each cause that occurred. */
void put_exit_totals(struct json_write *w, const struct exit_totals *totals);

void put_limits(struct json_write *w, const struct record_limits *limits);
void put_pressure(struct json_write *w, double some_avg10, double full_avg10);
void put_fault_totals(struct json_write *w, uint64_t minor, uint64_t major);

/* "signal_name" and the like: "SIGKILL", "SIGRTMIN+3"; "SIG32" for those without a name. */
void put_signal_name(struct json_write *w, const char *key, uint64_t number);

/* The word of the contract for a level; "" for an unknown one. */
const char *level_name(enum limit_level level);

/* "history": even points, null where nothing was read; left out for NULL. */
void put_history(struct json_write *w, const struct history *history);

/* One a type. */
void put_agent_start(struct json_write *w, const struct rec_agent_start *rec);
void put_agent_health(struct json_write *w, const struct rec_health *rec);
void put_agent_stop(struct json_write *w, const struct rec_agent_stop *rec);
void put_container_start(struct json_write *w, const struct rec_container_start *rec);
void put_container_stop(struct json_write *w, const struct rec_container_stop *rec);
void put_container_sample(struct json_write *w, const struct rec_container_sample *rec);
void put_host_sample(struct json_write *w, const struct rec_host_sample *rec);
void put_process_exit(struct json_write *w, const struct rec_process_exit *rec);
void put_restart_report(struct json_write *w, const struct rec_restart_report *rec);
void put_finding(struct json_write *w, const struct rec_finding *rec);
void put_oom_kill(struct json_write *w, const struct rec_oom_kill *rec);

#endif
