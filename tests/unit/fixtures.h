/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixtures.h - one plausible record of every type that the core can emit, for the tests of what
 * comes after the core. Values are invented; the story is a gunicorn worker that outgrows its pod.
 */
#ifndef MW_TESTS_FIXTURES_H
#define MW_TESTS_FIXTURES_H

#include <math.h>
#include "core/history.h"
#include "core/record.h"

#define FIX_BOOT_ID "0b6c5f0e-7b7b-4a63-9d55-1f0a6c1f2e3d"
#define FIX_ID      "4072c6c0a6c9c1f0e5f3a1d0b9e8f7a6c5b4d3e2f1a0b9c8d7e6f5a4b3c275e9"
#define FIX_CGROUP  "/kubepods/burstable/pod3a0de2f9/" FIX_ID
#define FIX_TIME    1795171359123456789ull /* 2026-11-20T10:42:39.123456789Z */
#define FIX_STARTED 1795161601500000000ull

static const struct record_container fix_container = {
	.id = FIX_ID,
	.name = "api",
	.runtime = "containerd",
	.image = "shop/api:1.4",
	.image_id = "sha256:" FIX_ID,
	.labels = "app=shop\ncom.docker.compose.service=\nnote=a \"b\"",
	.cgroup = FIX_CGROUP,
	.cgroup_id = 4711,
	.started_real = FIX_STARTED,
	.identity_source = "oci-config",
	.pod_name = "shop-5c46f56cd5-7q6lx",
	.pod_uid = "3a0de2f9-1c8e-4f53-8a2e-90c6f1b2a3d4",
	.namespace = "prod",
	.k8s_container = "api",
	.workload_kind = "Deployment",
	.workload = "shop",
	.restart_count = 0,
};

static const struct record_container fix_unit = {
	.name = "nginx.service",
	.runtime = "systemd",
	.cgroup = "/system.slice/nginx.service",
	.cgroup_id = 302,
	.started_real = U64_UNKNOWN,
	.identity_source = "path",
	.parent_name = "box",
	.parent_runtime = "lxc",
	.parent_cgroup = "/lxc.payload.box",
	.restart_count = 2,
	.restarts_counted = true,
};

static const struct record_container fix_host = {
	.cgroup = "/",
	.cgroup_id = 1,
	.started_real = U64_UNKNOWN,
	.restart_count = U64_UNKNOWN,
};

static const struct record_process fix_worker = {
	.pid = 31337,
	.parent_pid = 31300,
	.start_real = 1795168682100000000ull,
	.uid = 101000,
	.container_uid = 1000,
	.container_pid = 23,
	.name = "gunicorn",
	.executable = "/usr/bin/python3.11",
	.command_line = "gunicorn: worker [app]",
	.role = "gunicorn worker",
};

static const struct record_process fix_master = {
	.pid = 31300,
	.parent_pid = 31280,
	.start_real = 1795161601600000000ull,
	.uid = 1000,
	.container_uid = U64_UNKNOWN,
	.container_pid = 1,
	.name = "gunicorn",
	.executable = "/usr/bin/python3.11",
	.command_line = "gunicorn: master [app]",
	.role = "gunicorn master",
	.args_cut = true,
};

static const struct ev_start fix_ev_start = {
	.log_version = EVENT_LOG_VERSION,
	.page_size = 4096,
	.real = FIX_TIME,
	.cpus = 8,
	.memory_total = 16ull << 30,
	.sample_interval = 1000000000,
	.report_interval = 60000000000,
	.max_processes = 10000,
	.max_containers = 1000,
	.redact = REDACT_SECRETS,
	.restart_warning = 5,
	.restart_critical = 20,
	.agent_pid = 812,
	.version = "0.1.0",
	.host = "node-7",
	.boot_id = FIX_BOOT_ID,
	.kernel = "6.12.117-cloud-amd64",
	.machine = "x86_64",
	.cgroup_mode = "v2",
	.n_include = 1,
	.n_exclude = 2,
	.include = {"/kubepods/*"},
	.exclude = {"/system.slice/*", "*/\"quoted\"\\*"},
};

static const struct ev_feature fix_features[] = {
	{.state = FEATURE_YES, .name = "oom", .how = "fentry"},
	{.state = FEATURE_FALLBACK,
	 .name = "exit",
	 .how = "tracepoint",
	 .lost = "rss of a process at its exit"},
	{.state = FEATURE_NO, .name = "cgroup_iter", .lost = "page counters without files"},
};

static const struct rec_agent_start fix_agent_start = {
	.start = &fix_ev_start,
	.features = fix_features,
	.n_features = 3,
};

static const struct rec_container_start fix_container_start = {
	.limits = {.memory = 536870912, .high = U64_UNLIMITED, .swap = 0},
};

static const struct rec_container_stop fix_container_stop = {
	.limits = {.memory = 536870912, .high = U64_UNLIMITED, .swap = U64_UNKNOWN},
	.lifetime_seconds = 9757.62345678,
	.lifetime_known = true,
	.peak_usage = 536870912,
	.minor_faults = 1902330,
	.major_faults = 40,
	.forks = 12,
	.exits = {.total = 12, .causes = {[CAUSE_CLEAN] = 9, [CAUSE_OOM_KILLED] = 3}},
	.init_known = true,
	.init = fix_master,
	.init_exit = {.code = U64_UNKNOWN, .signal = 15, .core_dumped = false},
	.init_cause = CAUSE_KILLED_BY_RUNTIME,
};

static const struct rec_container_sample fix_container_sample = {
	.window_seconds = 60.0,
	.usage = 401000000,
	.working_set = 398000000,
	.anon = 380000000,
	.file = 12000000,
	.shmem = 0,
	.kernel = 9000000,
	.swap = 0,
	.limit = 536870912,
	.high = U64_UNLIMITED,
	.usage_ratio = 401000000.0 / 536870912.0,
	.pressure_some_avg10 = 1.25,
	.pressure_full_avg10 = 0.0,
	.cpu_usage_ratio = 0.42,
	.throttled_seconds = 0.0,
	.faults_minor = 120000,
	.faults_major = 12,
	.minor_per_second = 2000.0,
	.major_per_second = 0.2,
	.kinds_known = true,
	.kinds = {0.01, 0.62, 0.29, 0.01, 0.07, 0.0},
	.processes = 5,
	.forks = 1,
	.execs = 0,
	.exits = {.total = 1, .causes = {[CAUSE_CLEAN] = 1}},
	.top = {{.process = fix_worker, .anon = 180000000},
		{.process = fix_master, .anon = S64_UNKNOWN}},
	.n_top = 2,
};

static const struct rec_host_sample fix_host_sample = {
	.window_seconds = 60.0,
	.memory_total = 16ull << 30,
	.memory_available = 9000000000,
	.memory_free = 4000000000,
	.memory_cached = 5000000000,
	.swap_total = 0,
	.swap_used = 0,
	.committed = 12000000000,
	.pressure_some_avg10 = NAN,
	.pressure_full_avg10 = NAN,
	.cpus = 8,
	.cpu_usage_ratio = 0.12345,
	.containers = 3,
	.processes = 214,
	.biggest = {{.container = fix_container, .usage = 401000000},
		    {.container = fix_unit, .usage = 20000000},
		    {.container = fix_host, .usage = U64_UNKNOWN}},
	.n_biggest = 3,
};

static const struct rec_process_exit fix_process_exit = {
	.process = fix_worker,
	.exit = {.code = 1, .signal = U64_UNKNOWN},
	.cause = CAUSE_KILLED_BY_PARENT,
	.signal = {.number = 6, .age_seconds = 0.02, .caught = true},
	.sender = fix_master,
	.sender_container = fix_container,
	.lifetime_seconds = 2677.1,
	.peak_rss = 523239424,
	.minor_faults = 190233,
	.major_faults = 4,
	.nearest = {.cgroup = FIX_CGROUP,
		    .level = LEVEL_CONTAINER,
		    .usage = 401000000,
		    .limit = 536870912,
		    .usage_ratio = 0.74692,
		    .age_seconds = 0.25},
	.incident = "",
	.kill_to_exit_seconds = NAN,
};

static const struct rec_process_exit fix_process_exit_oom = {
	.process = fix_worker,
	.exit = {.code = U64_UNKNOWN, .signal = 9},
	.cause = CAUSE_OOM_KILLED,
	.signal = {.number = 9, .age_seconds = 0.0123, .caught = false},
	.lifetime_seconds = 2677.0,
	.peak_rss = 523239424,
	.minor_faults = 190233,
	.major_faults = 4,
	.incident = FIX_BOOT_ID "-19",
	.kill_to_exit_seconds = 0.0123,
};

static const struct rec_oom_process fix_oom_processes[] = {
	{.process = fix_worker,
	 .anon = 511000000,
	 .file = 11534336,
	 .shmem = 0,
	 .swap = 0,
	 .oom_score_adj = 968},
	{.process = fix_master,
	 .anon = 30000000,
	 .file = 12000000,
	 .shmem = 0,
	 .swap = S64_UNKNOWN,
	 .oom_score_adj = -997},
};

/* Three points, of which one was not read. */
static const struct history fix_history = {
	.interval = 5000000000ull,
	.slot = 200,
	.n = 3,
	.anon = {97900, UINT32_MAX, 126719},
	.usage = {100000, 110000, 131072},
};

static const struct rec_oom_kill fix_oom_kill = {
	.incident = FIX_BOOT_ID "-19",
	.victim = fix_worker,
	.total_vm = 901234688,
	.rss = 523239424,
	.anon = 511705088,
	.file = 11534336,
	.shmem = 0,
	.swap = 0,
	.page_tables = 1212416,
	.exact = true,
	.oom_score_adj = 968,
	.age_seconds = 2677.0,
	.anon_growth_per_second = 181000.5,
	.trigger = fix_master,
	.relation = RELATION_SAME_CONTAINER,
	.trigger_container = fix_container,
	.constraint = "memcg",
	.limit_hit = {.cgroup = FIX_CGROUP,
		      .cgroup_id = 4711,
		      .level = LEVEL_CONTAINER,
		      .usage = 536870912,
		      .limit = 536870912,
		      .swap_usage = 0,
		      .swap_limit = 0,
		      .memsw_usage = U64_UNKNOWN,
		      .memsw_limit = U64_UNKNOWN,
		      .failures = 92},
	.group_kill = false,
	.victims = 1,
	.order = 0,
	.gfp = 0xdc0,
	.gfp_names = "GFP_KERNEL|__GFP_ZERO",
	.memory_stat = {.age_seconds = 0.6,
			.source = "file",
			.split = {.anon = 519045120,
				  .file = 3145728,
				  .shmem = 0,
				  .kernel = 9437184,
				  .slab_unreclaimable = 1048576,
				  .inactive_file = 1048576,
				  .active_file = 2097152,
				  .unevictable = 0,
				  .sock = U64_UNKNOWN},
			.swap = 0},
	.processes_age_seconds = 0.6,
	.processes_total = 5,
	.processes = fix_oom_processes,
	.n_processes = 2,
	.history = &fix_history,
	.summary = "gunicorn worker (pid 31337) of container api was OOM-killed.",
	.orphans = 2,
	.method = "fentry",
	.kill_to_record_seconds = 0.0008,
	.survivors = 4,
	.init_alive = 1,
};

/* The tracepoint tier on cgroup v1: what oom_control says is not known. */
static const struct rec_oom_kill fix_oom_kill_bare = {
	.incident = FIX_BOOT_ID "-20",
	.victim = {.pid = 40000,
		   .start_real = U64_UNKNOWN,
		   .uid = 0,
		   .container_uid = U64_UNKNOWN,
		   .container_pid = U64_UNKNOWN,
		   .name = "leak"},
	.total_vm = 901234688,
	.rss = 523239424,
	.anon = 511705088,
	.file = 11534336,
	.shmem = 0,
	.swap = 0,
	.page_tables = 1212416,
	.oom_score_adj = -5,
	.age_seconds = NAN,
	.trigger_container = {.cgroup = NULL},
	.limit_hit = {.cgroup = NULL,
		      .cgroup_id = 99,
		      .level = LEVEL_SLICE,
		      .usage = 1073741824,
		      .limit = 1073741824,
		      .swap_usage = U64_UNKNOWN,
		      .swap_limit = U64_UNKNOWN,
		      .memsw_usage = 1073741824,
		      .memsw_limit = U64_UNLIMITED,
		      .failures = U64_UNKNOWN},
	.group_kill = true,
	.victims = 3,
	.order = S64_UNKNOWN,
	.gfp = U64_UNKNOWN,
	.anon_growth_per_second = NAN,
	.memory_stat = {.age_seconds = NAN},
	.processes_age_seconds = NAN,
	.summary = "",
	.method = "tracepoint",
	.kill_to_record_seconds = 1.5e-6,
	.survivors = U64_UNKNOWN,
	.init_alive = -1,
};

static const struct rec_resource fix_resources[] = {
	{.name = "oom_ring",
	 .cause = "ring full",
	 .capacity = 262144,
	 .used = 0,
	 .peak = 4112,
	 .lost = 0},
	{.name = "output_queue",
	 .cause = "output slower than records",
	 .capacity = 1048576,
	 .used = 512,
	 .peak = U64_UNKNOWN,
	 .lost = 7},
};

static const struct rec_program fix_programs[] = {
	{.name = "on_exit", .runs = 120034, .run_ns = 61234567},
	{.name = "on_fork", .runs = 120040, .run_ns = U64_UNKNOWN},
};

#define FIX_HEALTH                                                                                 \
	{                                                                                          \
		.cpu_seconds = 0.123456, .rss = 18874368, .resources = fix_resources,              \
		.n_resources = 2, .programs = fix_programs, .n_programs = 2,                       \
		.kills = {.records = 3,                                                            \
			  .kernel = 6,                                                             \
			  .twice = 1,                                                              \
			  .missing = 2,                                                            \
			  .before_start = 4,                                                       \
			  .gaps = {{.cgroup = FIX_CGROUP,                                          \
				    .cgroup_id = 4711,                                             \
				    .kernel = 5,                                                   \
				    .records = 3,                                                  \
				    .twice = 0,                                                    \
				    .missing = 2}},                                                \
			  .n_gaps = 1},                                                            \
		.mark_victim_seen = 4, .mark_victim_refused = 1, .oom_no_kill = 0,                 \
		.exit_duplicate = 12, .late_events = 0,                                            \
	}

static const struct rec_finding fix_finding = {
	.kind = FINDING_MEMORY_PRESSURE,
	.since_real = U64_UNKNOWN,
	.cgroup = FIX_CGROUP,
	.cgroup_id = 4711,
	.level = LEVEL_CONTAINER,
	.reasons = PRESSURE_LIMIT | PRESSURE_STALL,
	.usage = 536870912,
	.limit = 536870912,
	.high = U64_UNLIMITED,
	.unreclaimable = 530579456,
	.usage_ratio = 1.0,
	.unreclaimable_ratio = 0.98828125,
	.max_rate = 12.5,
	.high_rate = 0.0,
	.pressure_full_avg10 = 14.25,
	.refault_rate = NAN,
	.threshold_pressure = 10.0,
	.threshold_unreclaimable_ratio = 0.85,
	.history = &fix_history,
	.advice = "Raise the limit.",
};

static const struct rec_finding fix_finding_kills = {
	.kind = FINDING_OOM_KILLS_BEFORE_START,
	.since_real = U64_UNKNOWN,
	.cgroup = FIX_CGROUP,
	.cgroup_id = 4711,
	.level = LEVEL_CONTAINER,
	.kills = {.kernel = 3,
		  .records = U64_UNKNOWN,
		  .twice = U64_UNKNOWN,
		  .missing = U64_UNKNOWN},
	.advice = "Who was killed is not known.",
};

static const struct rec_finding fix_finding_missed = {
	.kind = FINDING_OOM_KILLS_MISSED,
	.cleared = true,
	.since_real = FIX_TIME,
	.cgroup = "/",
	.cgroup_id = 1,
	.level = LEVEL_HOST,
	.kills = {.kernel = 6, .records = 3, .twice = 1, .missing = 2},
	.advice = "agent_health says more.",
};

static const struct rec_workers fix_pools[] = {
	{.role = "gunicorn worker",
	 .parent = fix_master,
	 .size = 4,
	 .alive = 4,
	 .restarts = 7,
	 .restarts_total = 12,
	 .unplanned = 2,
	 .restarts_per_hour = 7.0,
	 .causes = {.total = 7, .causes = {[CAUSE_CLEAN] = 5, [CAUSE_OOM_KILLED] = 2}},
	 .lifetime = {2600000000000, 3100500000000},
	 .respawn = {400000000, 1250000000},
	 .peak_rss = {410000000, 523000000},
	 .recycling = RECYCLING_PLANNED,
	 .synchronized = true,
	 .together = 4,
	 .below_size_ns = 5200000000},
	{.role = "sync-mail",
	 .parent = {.pid = 40000,
		    .start_real = U64_UNKNOWN,
		    .uid = U64_UNKNOWN,
		    .container_uid = U64_UNKNOWN,
		    .container_pid = U64_UNKNOWN},
	 .parent_gone = true,
	 .size = 1,
	 .alive = 0,
	 .causes = {.total = 0},
	 .lifetime = {5000000, 5000000},
	 .respawn = {U64_UNKNOWN, U64_UNKNOWN},
	 .peak_rss = {U64_UNKNOWN, U64_UNKNOWN},
	 .recycling = RECYCLING_NONE,
	 .boot_loop = true,
	 .respawn_storm = true},
};

static const char *const fix_advice[] = {
	"2 of 7 restarts of gunicorn worker were OOM kills.",
	"The container itself loops.",
};

static const struct rec_restart_report fix_restart_report = {
	.status = RESTART_WARNING,
	.window_seconds = 3600.0,
	.window_restarts = 3,
	.total_restarts = 4,
	.runtime_restarts = 5,
	.last_known = true,
	.last_real = FIX_TIME - 12000000000ull,
	.last_exit = {.code = U64_UNKNOWN, .signal = 9, .core_dumped = false},
	.last_cause = CAUSE_OOM_KILLED,
	.between = {10000000000, 40000000000},
	.crash_loop = true,
	.crash_loop_since_real = FIX_TIME - 90000000000ull,
	.workers = fix_pools,
	.n_workers = 2,
	.more_workers = 1,
	.advice = fix_advice,
	.n_advice = 2,
};

/* Nothing but that it restarted is known. */
static const struct rec_restart_report fix_restart_report_bare = {
	.status = RESTART_OK,
	.window_seconds = 12.5,
	.total_restarts = 1,
	.runtime_restarts = U64_UNKNOWN,
	.between = {U64_UNKNOWN, U64_UNKNOWN},
};

static const struct rec_health fix_health = FIX_HEALTH;
static const struct rec_agent_stop fix_agent_stop = {.why = "SIGTERM", .health = FIX_HEALTH};

#define FIX_HEAD(t, s, n)                                                                          \
	.type = (t), .severity = (s), .seq = (n), .time_real = FIX_TIME, .host_name = "node-7",    \
	.boot_id = FIX_BOOT_ID

/* seq counts from 1, so that the lines of all of them are a stream without a gap. */
static const struct record fix_records[] = {
	{FIX_HEAD(RECORD_AGENT_START, SEVERITY_INFO, 1), .agent_start = &fix_agent_start},
	{FIX_HEAD(RECORD_CONTAINER_START, SEVERITY_INFO, 2), .container = &fix_container,
	 .container_start = &fix_container_start},
	{FIX_HEAD(RECORD_CONTAINER_SAMPLE, SEVERITY_INFO, 3), .container = &fix_container,
	 .container_sample = &fix_container_sample},
	{FIX_HEAD(RECORD_HOST_SAMPLE, SEVERITY_INFO, 4), .host_sample = &fix_host_sample},
	{FIX_HEAD(RECORD_PROCESS_EXIT, SEVERITY_WARNING, 5), .container = &fix_container,
	 .process_exit = &fix_process_exit},
	{FIX_HEAD(RECORD_OOM_KILL, SEVERITY_CRITICAL, 6), .container = &fix_container,
	 .oom_kill = &fix_oom_kill},
	{FIX_HEAD(RECORD_OOM_KILL, SEVERITY_CRITICAL, 7), .container = &fix_host,
	 .oom_kill = &fix_oom_kill_bare},
	{FIX_HEAD(RECORD_PROCESS_EXIT, SEVERITY_CRITICAL, 8), .container = &fix_unit,
	 .process_exit = &fix_process_exit_oom},
	{FIX_HEAD(RECORD_CONTAINER_STOP, SEVERITY_INFO, 9), .container = &fix_container,
	 .container_stop = &fix_container_stop},
	{FIX_HEAD(RECORD_AGENT_HEALTH, SEVERITY_INFO, 10), .agent_health = &fix_health},
	{FIX_HEAD(RECORD_FINDING, SEVERITY_WARNING, 11), .container = &fix_container,
	 .finding = &fix_finding},
	{FIX_HEAD(RECORD_FINDING, SEVERITY_WARNING, 12), .container = &fix_container,
	 .finding = &fix_finding_kills},
	{FIX_HEAD(RECORD_FINDING, SEVERITY_INFO, 13), .finding = &fix_finding_missed},
	{FIX_HEAD(RECORD_RESTART_REPORT, SEVERITY_WARNING, 14), .container = &fix_container,
	 .restart_report = &fix_restart_report},
	{FIX_HEAD(RECORD_RESTART_REPORT, SEVERITY_INFO, 15), .container = &fix_unit,
	 .restart_report = &fix_restart_report_bare},
	{FIX_HEAD(RECORD_AGENT_STOP, SEVERITY_INFO, 16), .agent_stop = &fix_agent_stop},
};

#endif
