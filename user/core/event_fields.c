/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_fields.c - the one table of the event log: which member of which event has which key.
 *
 * Every list below is written once and used three times: for the table that the writer, the
 * reader and the check of docs/events.md walk, for event_init(), and for a check at compile time
 * that the kind of a field is the type of its member. The keys and names are a file format:
 * they stay when a member is renamed. The order is that of the keys in a line.
 */
#include <string.h>

#include "base/cleanup.h"
#include "core/event_fields.h"

/* F(kind, struct, member, key) */
#define FIELDS_WHO(F, S)                                                                           \
	F(U32, S, pid, "pid")                                                                      \
	F(U32, S, tid, "tid")                                                                      \
	F(U64, S, start, "start")                                                                  \
	F(U64, S, memcg, "memcg")                                                                  \
	F(U32, S, uid, "uid")                                                                      \
	F(S32, S, oom_score_adj, "oom_score_adj")                                                  \
	F(STR, S, comm, "comm")

#define FIELDS_LEVEL(F, S)                                                                         \
	F(U64, S, id, "id")                                                                        \
	F(S64, S, usage, "usage")                                                                  \
	F(U64, S, max, "max")                                                                      \
	F(U64, S, high, "high")                                                                    \
	F(S64, S, swap_usage, "swap_usage")                                                        \
	F(U64, S, swap_max, "swap_max")                                                            \
	F(U64, S, failcnt, "failcnt")                                                              \
	F(U64, S, events_max, "events_max")                                                        \
	F(U64, S, events_high, "events_high")                                                      \
	F(U64, S, oom_local, "oom_local")                                                          \
	F(U64, S, oom_group, "oom_group")

/* Flat: a split has no name of its own in a line. */
#define FIELDS_SPLIT(F, S)                                                                         \
	F(U64, S, split.anon, "stat_anon")                                                         \
	F(U64, S, split.file, "stat_file")                                                         \
	F(U64, S, split.shmem, "stat_shmem")                                                       \
	F(U64, S, split.kernel, "stat_kernel")                                                     \
	F(U64, S, split.slab_unreclaimable, "stat_slab_unreclaimable")                             \
	F(U64, S, split.inactive_file, "stat_inactive_file")                                       \
	F(U64, S, split.active_file, "stat_active_file")                                           \
	F(U64, S, split.unevictable, "stat_unevictable")                                           \
	F(U64, S, split.sock, "stat_sock")

#define FIELDS_START(F, S)                                                                         \
	F(U32, S, log_version, "log_version")                                                      \
	F(U32, S, page_size, "page_size")                                                          \
	F(U64, S, real, "real")                                                                    \
	F(U64, S, cpus, "cpus")                                                                    \
	F(U64, S, memory_total, "memory_total")                                                    \
	F(U64, S, memory_hierarchy, "memory_hierarchy")                                            \
	F(U64, S, root_memcg, "root_memcg")                                                        \
	F(U64, S, sample_interval, "sample_interval")                                              \
	F(U64, S, report_interval, "report_interval")                                              \
	F(U64, S, max_processes, "max_processes")                                                  \
	F(U64, S, max_containers, "max_containers")                                                \
	F(U64, S, redact, "redact")                                                                \
	F(U64, S, all_exits, "all_exits")                                                          \
	F(U64, S, pressure_threshold, "pressure_threshold")                                        \
	F(U64, S, restart_warning, "restart_warning")                                              \
	F(U64, S, restart_critical, "restart_critical")                                            \
	F(U64, S, agent_pid, "agent_pid")                                                          \
	F(STR, S, version, "version")                                                              \
	F(STR, S, host, "host")                                                                    \
	F(STR, S, boot_id, "boot_id")                                                              \
	F(STR, S, kernel, "kernel")                                                                \
	F(STR, S, machine, "machine")                                                              \
	F(STR, S, cgroup_mode, "cgroup_mode")                                                      \
	F(STRS, S, include, "include")                                                             \
	F(STRS, S, exclude, "exclude")                                                             \
	F(STR, S, labels, "labels")                                                                \
	F(STR, S, host_root, "host_root")

#define FIELDS_FEATURE(F, S)                                                                       \
	F(STR, S, name, "name")                                                                    \
	F(U64, S, state, "state")                                                                  \
	F(STR, S, how, "how")                                                                      \
	F(STR, S, lost, "lost")

#define FIELDS_READY(F, S) /* ts says it all */

#define FIELDS_CLOCK(F, S) F(U64, S, real, "real")

#define FIELDS_MARK(F, S)  F(U64, S, now, "now")

#define FIELDS_STOP(F, S)  F(STR, S, why, "why")

#define FIELDS_RESOURCE(F, S)                                                                      \
	F(STR, S, name, "name")                                                                    \
	F(U64, S, capacity, "capacity")                                                            \
	F(U64, S, used, "used")                                                                    \
	F(U64, S, peak, "peak")                                                                    \
	F(U64, S, lost, "lost")                                                                    \
	F(STR, S, cause, "cause")

#define FIELDS_PROGRAM(F, S)                                                                       \
	F(STR, S, name, "name")                                                                    \
	F(U64, S, runs, "runs")                                                                    \
	F(U64, S, run_ns, "run_ns")

#define FIELDS_HEALTH(F, S)                                                                        \
	F(U64, S, cpu_ns, "cpu_ns")                                                                \
	F(U64, S, rss, "rss")                                                                      \
	F(U64, S, kernel_oom_kills, "kernel_oom_kills")                                            \
	F(U64, S, mark_victim_seen, "mark_victim_seen")                                            \
	F(U64, S, mark_victim_refused, "mark_victim_refused")                                      \
	F(U64, S, oom_no_kill, "oom_no_kill")                                                      \
	F(U64, S, exit_duplicate, "exit_duplicate")

#define FIELDS_CGROUP_NEW(F, S)                                                                    \
	F(U64, S, id, "id")                                                                        \
	F(U64, S, parent_id, "parent_id")                                                          \
	F(U64, S, level, "level")                                                                  \
	F(U64, S, scanned, "scanned")                                                              \
	F(U64, S, path_cut, "path_cut")                                                            \
	F(STR, S, path, "path")

#define FIELDS_CGROUP_GONE(F, S)                                                                   \
	F(U64, S, id, "id")                                                                        \
	F(U64, S, v1, "v1")                                                                        \
	F(U64, S, peak, "peak")                                                                    \
	F(U64, S, oom_kills, "oom_kills")                                                          \
	F(U64, S, oom_kills_local, "oom_kills_local")                                              \
	F(LEVEL, S, level, "level")

#define FIELDS_CGROUP_ATTACH(F, S)                                                                 \
	F(U64, S, id, "id")                                                                        \
	F(U32, S, pid, "pid")                                                                      \
	F(U64, S, start, "start")

#define FIELDS_IDENTITY(F, S)                                                                      \
	F(U64, S, id, "id")                                                                        \
	F(STR, S, container_id, "container_id")                                                    \
	F(STR, S, name, "name")                                                                    \
	F(STR, S, runtime, "runtime")                                                              \
	F(STR, S, image, "image")                                                                  \
	F(STR, S, image_id, "image_id")                                                            \
	F(STR, S, pod_name, "pod_name")                                                            \
	F(STR, S, pod_uid, "pod_uid")                                                              \
	F(STR, S, namespace, "namespace")                                                          \
	F(STR, S, k8s_container, "k8s_container")                                                  \
	F(U64, S, sandbox, "sandbox")                                                              \
	F(U64, S, restart_count, "restart_count")                                                  \
	F(U64, S, own_len, "own_len")                                                              \
	F(STR, S, labels, "labels")                                                                \
	F(U64, S, labels_cut, "labels_cut")                                                        \
	F(STR, S, source, "source")

#define FIELDS_FORK(F, S)                                                                          \
	F(WHO, S, child, "child")                                                                  \
	F(U32, S, parent_pid, "parent")                                                            \
	F(U64, S, parent_start, "parent_start")                                                    \
	F(U32, S, ns_pid, "ns_pid")                                                                \
	F(U64, S, pid_ns, "pid_ns")

#define FIELDS_EXEC(F, S)                                                                          \
	F(WHO, S, who, "who")                                                                      \
	F(STR, S, executable, "executable")                                                        \
	F(STR, S, command_line, "command_line")                                                    \
	F(U64, S, args_cut, "args_cut")

#define FIELDS_EXIT(F, S)                                                                          \
	F(WHO, S, who, "who")                                                                      \
	F(U32, S, parent_pid, "parent")                                                            \
	F(U64, S, parent_start, "parent_start")                                                    \
	F(U32, S, ns_pid, "ns_pid")                                                                \
	F(U64, S, pid_ns, "pid_ns")                                                                \
	F(U32, S, status, "status")                                                                \
	F(U32, S, oom_victim, "oom_victim")                                                        \
	F(U64, S, rss_exact, "rss_exact")                                                          \
	F(S64, S, anon, "anon")                                                                    \
	F(S64, S, file, "file")                                                                    \
	F(S64, S, shmem, "shmem")                                                                  \
	F(S64, S, swap, "swap")                                                                    \
	F(U64, S, peak_rss, "peak_rss")                                                            \
	F(U64, S, minor_faults, "minor_faults")                                                    \
	F(U64, S, major_faults, "major_faults")

#define FIELDS_SIGNAL(F, S)                                                                        \
	F(WHO, S, sender, "sender")                                                                \
	F(WHO, S, target, "target")                                                                \
	F(S32, S, sig, "sig")                                                                      \
	F(S32, S, code, "code")                                                                    \
	F(U32, S, info, "info")                                                                    \
	F(U32, S, handler, "handler")                                                              \
	F(U32, S, group, "group")                                                                  \
	F(S32, S, result, "result")

#define FIELDS_PROC_INFO(F, S)                                                                     \
	F(U32, S, pid, "pid")                                                                      \
	F(U64, S, start, "start")                                                                  \
	F(U32, S, found, "found")                                                                  \
	F(STR, S, executable, "executable")                                                        \
	F(STR, S, command_line, "command_line")                                                    \
	F(U64, S, args_cut, "args_cut")                                                            \
	F(U64, S, container_uid, "container_uid")

#define FIELDS_OOM(F, S)                                                                           \
	F(WHO, S, victim, "victim")                                                                \
	F(WHO, S, trigger, "trigger")                                                              \
	F(U32, S, parent_pid, "parent")                                                            \
	F(U64, S, parent_start, "parent_start")                                                    \
	F(U32, S, ns_pid, "ns_pid")                                                                \
	F(U64, S, pid_ns, "pid_ns")                                                                \
	F(U64, S, tier, "tier")                                                                    \
	F(U64, S, v1, "v1")                                                                        \
	F(U64, S, total_vm, "total_vm")                                                            \
	F(U64, S, page_tables, "page_tables")                                                      \
	F(U64, S, rss_exact, "rss_exact")                                                          \
	F(S64, S, anon, "anon")                                                                    \
	F(S64, S, file, "file")                                                                    \
	F(S64, S, shmem, "shmem")                                                                  \
	F(S64, S, swap, "swap")                                                                    \
	F(S64, S, raw_anon, "raw_anon")                                                            \
	F(S64, S, raw_file, "raw_file")                                                            \
	F(S64, S, raw_shmem, "raw_shmem")                                                          \
	F(U64, S, decision, "decision")                                                            \
	F(U64, S, nth, "nth")                                                                      \
	F(U64, S, constraint, "constraint")                                                        \
	F(S64, S, order, "order")                                                                  \
	F(U64, S, gfp, "gfp")                                                                      \
	F(U64, S, total_pages, "total_pages")                                                      \
	F(S64, S, points, "points")                                                                \
	F(U64, S, chosen_tid, "chosen_tid")                                                        \
	F(LEVEL, S, limit, "limit")                                                                \
	FIELDS_SPLIT(F, S)                                                                         \
	F(LEVELS, S, levels, "levels")                                                             \
	F(STR, S, gfp_names, "gfp_names")                                                          \
	F(STR, S, message, "message")                                                              \
	F(STR, S, victim_path, "victim_path")                                                      \
	F(STR, S, limit_path, "limit_path")

#define FIELDS_TASK(F, S)                                                                          \
	F(WHO, S, who, "who")                                                                      \
	F(U32, S, parent_pid, "parent")                                                            \
	F(U64, S, parent_start, "parent_start")                                                    \
	F(U32, S, ns_pid, "ns_pid")                                                                \
	F(U64, S, pid_ns, "pid_ns")                                                                \
	F(U64, S, threads, "threads")                                                              \
	F(U64, S, rss_exact, "rss_exact")                                                          \
	F(S64, S, anon, "anon")                                                                    \
	F(S64, S, file, "file")                                                                    \
	F(S64, S, shmem, "shmem")                                                                  \
	F(S64, S, swap, "swap")

#define FIELDS_TASKS_END(F, S)                                                                     \
	F(U64, S, count, "count")                                                                  \
	F(U64, S, taken_ns, "taken_ns")

#define FIELDS_MEMCG(F, S)                                                                         \
	F(LEVEL, S, level, "level")                                                                \
	F(U64, S, v1, "v1")                                                                        \
	F(U64, S, oom_kills, "oom_kills")                                                          \
	F(U64, S, oom_kills_local, "oom_kills_local")

#define FIELDS_MEMCG_WATCH(F, S)                                                                   \
	F(U64, S, id, "id")                                                                        \
	F(U64, S, found, "found")                                                                  \
	FIELDS_SPLIT(F, S)                                                                         \
	F(U64, S, swap, "swap")                                                                    \
	F(U64, S, refaults, "refaults")                                                            \
	F(U64, S, psi_full_avg10, "psi_full_avg10")

#define FIELDS_MEMCG_STAT(F, S)                                                                    \
	F(U64, S, id, "id")                                                                        \
	F(U64, S, found, "found")                                                                  \
	F(U64, S, usage, "usage")                                                                  \
	F(U64, S, peak, "peak")                                                                    \
	F(U64, S, limit, "limit")                                                                  \
	F(U64, S, high, "high")                                                                    \
	F(U64, S, swap, "swap")                                                                    \
	F(U64, S, swap_limit, "swap_limit")                                                        \
	F(U64, S, anon, "anon")                                                                    \
	F(U64, S, file, "file")                                                                    \
	F(U64, S, shmem, "shmem")                                                                  \
	F(U64, S, kernel, "kernel")                                                                \
	F(U64, S, slab_unreclaimable, "slab_unreclaimable")                                        \
	F(U64, S, inactive_file, "inactive_file")                                                  \
	F(U64, S, pgfault, "pgfault")                                                              \
	F(U64, S, pgmajfault, "pgmajfault")                                                        \
	F(U64, S, cpu_ns, "cpu_ns")                                                                \
	F(U64, S, throttled_ns, "throttled_ns")                                                    \
	F(U64, S, psi_some_avg10, "psi_some_avg10")                                                \
	F(U64, S, psi_full_avg10, "psi_full_avg10")                                                \
	F(U64, S, oom_kills, "oom_kills")                                                          \
	F(U64, S, oom_kill_disable, "oom_kill_disable")

#define FIELDS_MEMCG_COUNTS(F, S)                                                                  \
	F(U64, S, id, "id")                                                                        \
	F(U64, S, faults, "faults")                                                                \
	F(U64, S, forks, "forks")                                                                  \
	F(U64, S, execs, "execs")                                                                  \
	F(U64, S, exits, "exits")                                                                  \
	F(U64, S, signals, "signals")                                                              \
	F(U64, S, oom_kills, "oom_kills")                                                          \
	F(U64S, S, kinds, "kinds")

#define FIELDS_HOST(F, S)                                                                          \
	F(U64, S, memory_total, "memory_total")                                                    \
	F(U64, S, memory_available, "memory_available")                                            \
	F(U64, S, memory_free, "memory_free")                                                      \
	F(U64, S, memory_cached, "memory_cached")                                                  \
	F(U64, S, swap_total, "swap_total")                                                        \
	F(U64, S, swap_free, "swap_free")                                                          \
	F(U64, S, committed, "committed")                                                          \
	F(U64, S, cpu_busy_ns, "cpu_busy_ns")                                                      \
	F(U64, S, cpus, "cpus")                                                                    \
	F(U64, S, psi_some_avg10, "psi_some_avg10")                                                \
	F(U64, S, psi_full_avg10, "psi_full_avg10")

#define FIELDS_MEMCGS_END(F, S) F(U64, S, count, "count")

/* X(name, NUMBER): the name is that of the struct, of the union's member and of "ev" in the log. */
#define EVENTS(X)                                                                                  \
	X(start, START)                                                                            \
	X(feature, FEATURE)                                                                        \
	X(ready, READY)                                                                            \
	X(clock, CLOCK)                                                                            \
	X(mark, MARK)                                                                              \
	X(stop, STOP)                                                                              \
	X(resource, RESOURCE)                                                                      \
	X(program, PROGRAM)                                                                        \
	X(health, HEALTH)                                                                          \
	X(cgroup_new, CGROUP_NEW)                                                                  \
	X(cgroup_gone, CGROUP_GONE)                                                                \
	X(cgroup_attach, CGROUP_ATTACH)                                                            \
	X(identity, IDENTITY)                                                                      \
	X(fork, FORK)                                                                              \
	X(exec, EXEC)                                                                              \
	X(exit, EXIT)                                                                              \
	X(signal, SIGNAL)                                                                          \
	X(proc_info, PROC_INFO)                                                                    \
	X(oom, OOM)                                                                                \
	X(task, TASK)                                                                              \
	X(tasks_end, TASKS_END)                                                                    \
	X(memcg, MEMCG)                                                                            \
	X(memcg_stat, MEMCG_STAT)                                                                  \
	X(memcg_counts, MEMCG_COUNTS)                                                              \
	X(host, HOST)                                                                              \
	X(memcgs_end, MEMCGS_END)                                                                  \
	X(memcg_watch, MEMCG_WATCH)

/* ---- the table ---- */

#define MEMBER(S, m)       (((struct S *)0)->m)
#define IS(S, m, type)     __builtin_types_compatible_p(__typeof__(MEMBER(S, m)), type)
#define OFFSET(S, m, type) (offsetof(struct S, m) + 0 * sizeof(char[IS(S, m, type) ? 1 : -1]))

#define ROW_U32(S, m, k)   {.key = k, .kind = FIELD_U32, .offset = OFFSET(S, m, uint32_t)},
#define ROW_S32(S, m, k)   {.key = k, .kind = FIELD_S32, .offset = OFFSET(S, m, int32_t)},
#define ROW_U64(S, m, k)   {.key = k, .kind = FIELD_U64, .offset = OFFSET(S, m, uint64_t)},
#define ROW_S64(S, m, k)   {.key = k, .kind = FIELD_S64, .offset = OFFSET(S, m, int64_t)},
#define ROW_STR(S, m, k)                                                                           \
	{.key = k,                                                                                 \
	 .kind = FIELD_STR,                                                                        \
	 .offset = OFFSET(S, m, char[sizeof(MEMBER(S, m))]),                                       \
	 .size = sizeof(MEMBER(S, m))},
#define ROW_WHO(S, m, k)   {.key = k, .kind = FIELD_WHO, .offset = OFFSET(S, m, struct ev_who)},
#define ROW_LEVEL(S, m, k) {.key = k, .kind = FIELD_LEVEL, .offset = OFFSET(S, m, struct ev_level)},
#define ROW_LEVELS(S, m, k)                                                                        \
	{.key = k,                                                                                 \
	 .kind = FIELD_LEVELS,                                                                     \
	 .offset = OFFSET(S, m, struct ev_level[EV_LEVELS]),                                       \
	 .count = EV_LEVELS,                                                                       \
	 .count_offset = OFFSET(S, n_##m, uint32_t)},
#define ROW_STRS(S, m, k)                                                                          \
	{.key = k,                                                                                 \
	 .kind = FIELD_STRS,                                                                       \
	 .offset = OFFSET(S, m, char[EV_GLOBS][EV_TEXT]),                                          \
	 .size = EV_TEXT,                                                                          \
	 .count = EV_GLOBS,                                                                        \
	 .count_offset = OFFSET(S, n_##m, uint32_t)},
#define ROW_U64S(S, m, k)                                                                          \
	{.key = k,                                                                                 \
	 .kind = FIELD_U64S,                                                                       \
	 .offset = OFFSET(S, m, uint64_t[EV_KINDS]),                                               \
	 .count = EV_KINDS},
#define ROW(kind, S, m, k) ROW_##kind(S, m, k)

static const struct event_field who_fields[] = {FIELDS_WHO(ROW, ev_who)};
static const struct event_field level_fields[] = {FIELDS_LEVEL(ROW, ev_level)};

#define FIELDS_ARRAY(n, N) static const struct event_field n##_fields[] = {FIELDS_##N(ROW, ev_##n)};
EVENTS(FIELDS_ARRAY)

#define INFO(n, N)                                                                                 \
	[EV_##N] = {.name = #n,                                                                    \
		    .type = EV_##N,                                                                \
		    .size = sizeof(struct ev_##n),                                                 \
		    .fields = n##_fields,                                                          \
		    .n_fields = ARRAY_SIZE(n##_fields)},
static const struct event_info infos[] = {EVENTS(INFO)};

const struct event_info *event_info(uint32_t type)
{
	return type < ARRAY_SIZE(infos) && infos[type].name ? &infos[type] : NULL;
}

/*
 * A hash without collisions of the names that there are: the compiler refuses two initialisers of
 * one slot, so a new name that collides is noticed at once (then look for other factors).
 */
#define NAME_SLOT(first, last, len) (((first) + 6 * (last) + (len)) & 63)

static const uint8_t by_name[64] = {
	[NAME_SLOT('s', 't', 5)] = EV_START,        [NAME_SLOT('f', 'e', 7)] = EV_FEATURE,
	[NAME_SLOT('r', 'y', 5)] = EV_READY,        [NAME_SLOT('c', 'k', 5)] = EV_CLOCK,
	[NAME_SLOT('m', 'k', 4)] = EV_MARK,         [NAME_SLOT('s', 'p', 4)] = EV_STOP,
	[NAME_SLOT('r', 'e', 8)] = EV_RESOURCE,     [NAME_SLOT('p', 'm', 7)] = EV_PROGRAM,
	[NAME_SLOT('h', 'h', 6)] = EV_HEALTH,       [NAME_SLOT('c', 'w', 10)] = EV_CGROUP_NEW,
	[NAME_SLOT('c', 'e', 11)] = EV_CGROUP_GONE, [NAME_SLOT('c', 'h', 13)] = EV_CGROUP_ATTACH,
	[NAME_SLOT('i', 'y', 8)] = EV_IDENTITY,     [NAME_SLOT('f', 'k', 4)] = EV_FORK,
	[NAME_SLOT('e', 'c', 4)] = EV_EXEC,         [NAME_SLOT('e', 't', 4)] = EV_EXIT,
	[NAME_SLOT('s', 'l', 6)] = EV_SIGNAL,       [NAME_SLOT('p', 'o', 9)] = EV_PROC_INFO,
	[NAME_SLOT('o', 'm', 3)] = EV_OOM,          [NAME_SLOT('t', 'k', 4)] = EV_TASK,
	[NAME_SLOT('t', 'd', 9)] = EV_TASKS_END,    [NAME_SLOT('m', 'g', 5)] = EV_MEMCG,
	[NAME_SLOT('m', 't', 10)] = EV_MEMCG_STAT,  [NAME_SLOT('m', 's', 12)] = EV_MEMCG_COUNTS,
	[NAME_SLOT('h', 't', 4)] = EV_HOST,         [NAME_SLOT('m', 'd', 10)] = EV_MEMCGS_END,
	[NAME_SLOT('m', 'h', 11)] = EV_MEMCG_WATCH,
};

const struct event_info *event_info_by_name(const char *name, size_t len)
{
	const struct event_info *info;

	if (!len)
		return NULL;
	info = event_info(
		by_name[NAME_SLOT((unsigned char)name[0], (unsigned char)name[len - 1], len)]);
	if (!info || strlen(info->name) != len || memcmp(info->name, name, len) != 0)
		return NULL;
	return info;
}

const struct event_field *event_who_fields(size_t *n)
{
	*n = ARRAY_SIZE(who_fields);
	return who_fields;
}

const struct event_field *event_level_fields(size_t *n)
{
	*n = ARRAY_SIZE(level_fields);
	return level_fields;
}

/* ---- unknown values: straight stores, one function a type, for the hot path ---- */

#define INIT_U32(m)
#define INIT_S32(m)
#define INIT_U64(m) e->m = U64_UNKNOWN;
#define INIT_S64(m) e->m = S64_UNKNOWN;
#define INIT_STR(m)
#define INIT_WHO(m)   /* all zero: nobody */
#define INIT_LEVEL(m) /* all zero: none */
#define INIT_LEVELS(m)
#define INIT_STRS(m)
#define INIT_U64S(m)                                                                               \
	for (size_t i = 0; i < ARRAY_SIZE(e->m); i++)                                              \
		e->m[i] = U64_UNKNOWN;
#define INIT(kind, S, m, k) INIT_##kind(m)

#define INIT_CASE(n, N)                                                                            \
	case EV_##N: {                                                                             \
		struct ev_##n *e = &ev->n;                                                         \
                                                                                                   \
		memset(e, 0, sizeof(*e));                                                          \
		e->head.ts = ts;                                                                   \
		e->head.type = EV_##N;                                                             \
		e->head.size = sizeof(*e);                                                         \
		FIELDS_##N(INIT, ev_##n) break;                                                    \
	}

union event *event_init(union event *ev, uint32_t type, uint64_t ts)
{
	switch (type) {
		EVENTS(INIT_CASE)
	}
	return ev;
}
