/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - the option table of `run`, and how a text becomes a value. */
#include <errno.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/options.h"

#define KIB         1024ull
#define MIB         (1024 * KIB)
#define GIB         (1024 * MIB)
#define MS          1000000ull
#define SECOND      (1000 * MS)
#define DAY         (86400 * SECOND)
#define AT(field)   .offset = offsetof(struct run_options, field)
#define RANGE(a, b) .min = (a), .max = (b)

static const char *const redact_choices[] = {
	[REDACT_SECRETS] = "secrets",
	[REDACT_NONE] = "none",
	[REDACT_ARGS] = "args",
	[REDACT_ALL] = "all",
	NULL,
};

static const char *const tier_choices[] = {
	[OOM_TIER_AUTO] = "auto",
	[OOM_TIER_FENTRY] = "fentry",
	[OOM_TIER_KPROBE] = "kprobe",
	[OOM_TIER_TRACEPOINT] = "tracepoint",
	NULL,
};

static const char *const level_choices[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	NULL,
};

static const struct option_def table[] = {
	{.name = "output",
	 .arg = "FILE",
	 .kind = OPTION_TEXT,
	 .short_key = 'o',
	 AT(output),
	 .doc = "Write records to FILE, or to standard output for - (default: -)"},
	{.name = "rotate-size",
	 .arg = "SIZE",
	 .kind = OPTION_BYTES,
	 AT(rotate_bytes),
	 RANGE(64 * KIB, 1024 * GIB),
	 .zero = true,
	 .doc = "Rotate the output file at SIZE, 0 for never (default: 100M)"},
	{.name = "rotate-age",
	 .arg = "TIME",
	 .kind = OPTION_DURATION,
	 AT(rotate_ns),
	 RANGE(SECOND, 3650 * DAY),
	 .zero = true,
	 .doc = "Rotate it when it is that old, 0 for never (default: 0)"},
	{.name = "rotate-keep",
	 .arg = "N",
	 .kind = OPTION_COUNT,
	 AT(rotate_keep),
	 RANGE(0, 1000),
	 .doc = "Keep N old files: FILE.1 to FILE.N (default: 5)"},
	{.name = "queue-size",
	 .arg = "SIZE",
	 .kind = OPTION_BYTES,
	 AT(queue_bytes),
	 RANGE(256 * KIB, GIB),
	 .doc = "Hold that much while the output is not taking lines (default: 8M)"},
	{.name = "record",
	 .arg = "FILE",
	 .kind = OPTION_TEXT,
	 AT(record),
	 .doc = "Also write the event log to FILE, for replay; compressed if it ends in .gz"},
	{.name = "report-interval",
	 .arg = "TIME",
	 .kind = OPTION_DURATION,
	 .short_key = 'i',
	 AT(report_interval_ns),
	 RANGE(SECOND, DAY),
	 .doc = "Time between two reports on the same container (default: 60s)"},
	{.name = "sample-interval",
	 .arg = "TIME",
	 .kind = OPTION_DURATION,
	 AT(sample_interval_ns),
	 RANGE(100 * MS, 3600 * SECOND),
	 .doc = "Time between two snapshots of all processes (default: 1s)"},
	{.name = "duration",
	 .arg = "TIME",
	 .kind = OPTION_DURATION,
	 .short_key = 'd',
	 AT(duration_ns),
	 RANGE(100 * MS, 3650 * DAY),
	 .zero = true,
	 .doc = "Stop after TIME, 0 for never (default: 0)"},
	{.name = "all-exits",
	 .kind = OPTION_FLAG,
	 .short_key = 'a',
	 AT(all_exits),
	 .doc = "Record clean exits of processes too"},
	{.name = "pressure-threshold",
	 .arg = "PERCENT",
	 .kind = OPTION_COUNT,
	 AT(pressure_threshold),
	 RANGE(1, 100),
	 .doc = "Report memory pressure from PERCENT of the time on in which all of a container "
		"waits for memory (PSI full avg10; default: 10)"},
	{.name = "restart-warning",
	 .arg = "N",
	 .kind = OPTION_COUNT,
	 AT(restart_warning),
	 RANGE(1, 1000000),
	 .doc = "Restarts an hour that nobody planned, from which on a container's status is "
		"warning (default: 5)"},
	{.name = "restart-critical",
	 .arg = "N",
	 .kind = OPTION_COUNT,
	 AT(restart_critical),
	 RANGE(1, 1000000),
	 .doc = "The same for critical (default: 20)"},
	{.name = "cgroup",
	 .arg = "GLOB",
	 .kind = OPTION_GLOBS,
	 .short_key = 'c',
	 AT(include),
	 .doc = "Only containers whose cgroup path matches; repeatable"},
	{.name = "exclude-cgroup",
	 .arg = "GLOB",
	 .kind = OPTION_GLOBS,
	 .short_key = 'x',
	 AT(exclude),
	 .doc = "Not those whose cgroup path matches; repeatable"},
	{.name = "label",
	 .arg = "KEY",
	 .kind = OPTION_NAMES,
	 .short_key = 'l',
	 AT(labels),
	 .doc = "Write the label (or OCI annotation) KEY of containers; repeatable"},
	{.name = "host-root",
	 .arg = "DIR",
	 .kind = OPTION_TEXT,
	 AT(host_root),
	 .doc = "Read the files of container runtimes under DIR, where the host's root is mounted "
		"(default: /)"},
	{.name = "redact",
	 .arg = "MODE",
	 .kind = OPTION_CHOICE,
	 .choices = redact_choices,
	 AT(redact),
	 .doc = "Hide in command lines: secrets (values that look like one), args (all but the "
		"first word), all, none (default: secrets)"},
	{.name = "max-processes",
	 .arg = "N",
	 .kind = OPTION_COUNT,
	 AT(max_processes),
	 RANGE(64, 4194304),
	 .doc = "Know up to N processes at a time (default: 16384)"},
	{.name = "max-containers",
	 .arg = "N",
	 .kind = OPTION_COUNT,
	 AT(max_containers),
	 RANGE(16, 262144),
	 .doc = "Know up to N containers at a time (default: 1024)"},
	{.name = "ring-size",
	 .arg = "SIZE",
	 .kind = OPTION_BYTES,
	 AT(ring_bytes),
	 RANGE(64 * KIB, GIB),
	 .doc = "Kernel buffer for forks, exits and signals (default: 4M)"},
	{.name = "oom-ring-size",
	 .arg = "SIZE",
	 .kind = OPTION_BYTES,
	 AT(oom_ring_bytes),
	 RANGE(64 * KIB, GIB),
	 .doc = "Kernel buffer for OOM evidence (default: 1M)"},
	{.name = "oom-tier",
	 .arg = "TIER",
	 .kind = OPTION_CHOICE,
	 .choices = tier_choices,
	 AT(oom_tier),
	 .doc = "Best hook to use on OOM kills: auto, fentry, kprobe, tracepoint (default: auto)"},
	{.name = "config",
	 .arg = "FILE",
	 .kind = OPTION_TEXT,
	 AT(config),
	 .command_line = true,
	 .doc = "Read options from FILE first: lines of 'report-interval = 30s'"},
	{.name = "log-level",
	 .arg = "LEVEL",
	 .kind = OPTION_CHOICE,
	 .choices = level_choices,
	 AT(log_level),
	 .doc = "Messages on standard error: error, warning, info, debug (default: info)"},
	{.name = "debug", .kind = OPTION_FLAG, AT(debug), .doc = "Show what libbpf says"},
};

const struct option_def *run_option_table(size_t *n)
{
	*n = ARRAY_SIZE(table);
	return table;
}

void run_options_default(struct run_options *o)
{
	*o = (struct run_options){
		.output = "-",
		.rotate_bytes = 100 * MIB,
		.rotate_keep = 5,
		.queue_bytes = 8 * MIB,
		.report_interval_ns = 60 * SECOND,
		.sample_interval_ns = SECOND,
		.host_root = "/",
		.redact = REDACT_SECRETS,
		.pressure_threshold = 10,
		.restart_warning = 5,
		.restart_critical = 20,
		.max_processes = 16384,
		.max_containers = 1024,
		.ring_bytes = 4 * MIB,
		.oom_ring_bytes = MIB,
		.oom_tier = OOM_TIER_AUTO,
		.log_level = LOG_LEVEL_INFO,
	};
}

/* A limit in the form that a person would type. */
static void format_limit(char *dst, size_t size, enum option_kind kind, uint64_t v)
{
	static const struct {
		uint64_t factor;
		const char *unit;
	} bytes[] = {{GIB, "G"}, {MIB, "M"}, {KIB, "K"}, {1, ""}},
	  times[] = {{DAY, "d"}, {3600 * SECOND, "h"}, {SECOND, "s"}, {MS, "ms"}};

	for (size_t i = 0; i < ARRAY_SIZE(bytes) && kind != OPTION_COUNT; i++) {
		uint64_t factor = kind == OPTION_BYTES ? bytes[i].factor : times[i].factor;

		if (v >= factor && v % factor == 0) {
			snprintf(dst, size, "%llu%s", (unsigned long long)(v / factor),
				 kind == OPTION_BYTES ? bytes[i].unit : times[i].unit);
			return;
		}
	}
	snprintf(dst, size, "%llu", (unsigned long long)v);
}

static int set_number(uint64_t *out, const struct option_def *def, const char *value, char *err,
		      size_t err_size)
{
	static const char *const what[] = {
		[OPTION_COUNT] = "a number (try 100)",
		[OPTION_BYTES] = "a size (try 512K, 64M, 1G)",
		[OPTION_DURATION] = "a duration (try 60s, 500ms, 5m)",
	};
	char low[32], high[32];
	uint64_t v = 0;
	int r;

	if (def->kind == OPTION_DURATION)
		r = parse_duration(value, &v);
	else if (def->kind == OPTION_BYTES)
		r = parse_bytes(value, &v);
	else
		r = parse_u64(value, &v);
	if (r < 0 && r != -ERANGE) {
		snprintf(err, err_size, "'%s' is not %s", value, what[def->kind]);
		return -EINVAL;
	}
	if (r == -ERANGE || ((v < def->min || v > def->max) && !(def->zero && v == 0))) {
		format_limit(low, sizeof(low), def->kind, def->min);
		format_limit(high, sizeof(high), def->kind, def->max);
		snprintf(err, err_size, "'%s' is out of range (%s to %s%s)", value, low, high,
			 def->zero ? ", or 0" : "");
		return -EINVAL;
	}
	*out = v;
	return 0;
}

static int set_choice(int *out, const struct option_def *def, const char *value, char *err,
		      size_t err_size)
{
	char all[128] = "";
	size_t len = 0;

	for (int i = 0; def->choices[i]; i++) {
		if (strcmp(def->choices[i], value) == 0) {
			*out = i;
			return 0;
		}
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "",
					def->choices[i]);
	}
	snprintf(err, err_size, "'%s' is none of: %s", value, all);
	return -EINVAL;
}

static int append(struct globs *g, const char *value, char *err, size_t err_size)
{
	size_t len = strlen(value);

	if (len >= sizeof(g->text[0])) {
		snprintf(err, err_size, "the text is longer than %zu bytes",
			 sizeof(g->text[0]) - 1);
		return -EINVAL;
	}
	if (g->n >= EV_GLOBS) {
		snprintf(err, err_size, "'%s' is one too many: at most %d", value, EV_GLOBS);
		return -EINVAL;
	}
	memcpy(g->text[g->n++], value, len + 1);
	return 0;
}

static int set_glob(struct globs *g, const char *value, char *err, size_t err_size)
{
	/* Paths begin with a slash, so anything else would silently never match. */
	if (value[0] != '/' && value[0] != '*' && value[0] != '?') {
		snprintf(err, err_size, "'%s' does not begin with / or * (try '*%s*')", value,
			 value);
		return -EINVAL;
	}
	return append(g, value, err, err_size);
}

int globs_add_label(struct globs *g, const char *value, char *err, size_t err_size)
{
	if (value[0] == '\0' || strpbrk(value, "=\n")) {
		snprintf(err, err_size, "'%s' is not the key of a label (try app)", value);
		return -EINVAL;
	}
	return append(g, value, err, err_size);
}

static int set_text(char *out, const char *value, char *err, size_t err_size)
{
	size_t len = strlen(value);

	if (len == 0) {
		snprintf(err, err_size, "the value is empty");
		return -EINVAL;
	}
	if (len >= OPTION_PATH) {
		snprintf(err, err_size, "the value is longer than %d bytes", OPTION_PATH - 1);
		return -EINVAL;
	}
	memcpy(out, value, len + 1);
	return 0;
}

static int set_flag(bool *out, const char *value, char *err, size_t err_size)
{
	int v;

	if (parse_bool(value, &v) < 0) {
		snprintf(err, err_size, "'%s' is neither yes nor no", value);
		return -EINVAL;
	}
	*out = v;
	return 0;
}

int run_option_set(struct run_options *o, const struct option_def *def, const char *value,
		   char *err, size_t err_size)
{
	void *field = (char *)o + def->offset;

	/* Every enum that is a choice has no negative value and the size of an int. */
	_Static_assert(sizeof(o->redact) == sizeof(int) && sizeof(o->oom_tier) == sizeof(int) &&
			       sizeof(o->log_level) == sizeof(int),
		       "choices are stored as int");
	switch (def->kind) {
	case OPTION_FLAG:
		return set_flag(field, value, err, err_size);
	case OPTION_TEXT:
		return set_text(field, value, err, err_size);
	case OPTION_CHOICE:
		return set_choice(field, def, value, err, err_size);
	case OPTION_GLOBS:
		return set_glob(field, value, err, err_size);
	case OPTION_NAMES:
		return globs_add_label(field, value, err, err_size);
	case OPTION_COUNT:
	case OPTION_BYTES:
	case OPTION_DURATION:
		break;
	}
	return set_number(field, def, value, err, err_size);
}
