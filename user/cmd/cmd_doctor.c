/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c - memwitness doctor: what works on this machine, what does not, and what to do. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/doctor.h"

enum { KEY_HOST_ROOT = 0x100, KEY_DEBUG, KEY_JSON, KEY_TIER };

struct doctor_options {
	const char *host_root;
	enum oom_tier_choice tier;
	bool json;
	bool debug;
};

const char *diagnosis_obstacle(const struct diagnosis *d)
{
	if (!d->facts.privileged)
		return "Tracing needs privileges that this user does not have.";
	if (d->facts.btf_error || !d->facts.btf_size)
		return "The kernel does not offer its type information (BTF).";
	for (size_t i = 0; d->probed && i < FEAT_COUNT; i++) {
		if (d->features[i].required && d->features[i].state == FEATURE_NO)
			return d->features[i].lost;
	}
	return "";
}

const char *diagnosis_remedy(const struct diagnosis *d)
{
	if (!d->facts.privileged)
		return "Run it as root (sudo memwitness doctor), or give it CAP_BPF and "
		       "CAP_PERFMON.";
	if (d->facts.btf_error || !d->facts.btf_size)
		return "Use a kernel built with CONFIG_DEBUG_INFO_BTF=y (5.10 or later; all "
		       "current distributions have it), and mount /sys.";
	for (size_t i = 0; d->probed && i < FEAT_COUNT; i++) {
		if (d->features[i].required && d->features[i].state == FEATURE_NO)
			return d->features[i].advice;
	}
	return "";
}

static void diagnose(struct diagnosis *d, const struct doctor_options *o)
{
	doctor_facts_gather(&d->facts, o->host_root);
	if (!d->facts.privileged) {
		d->verdict = VERDICT_CANNOT_RUN;
		return;
	}
	features_probe(d->features, o->tier, NULL);
	d->probed = true;
	d->verdict = (enum verdict)features_verdict(d->features);
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	static const char *const tiers[] = {[OOM_TIER_AUTO] = "auto",
					    [OOM_TIER_FENTRY] = "fentry",
					    [OOM_TIER_KPROBE] = "kprobe",
					    [OOM_TIER_TRACEPOINT] = "tracepoint"};
	struct doctor_options *o = state->input;

	switch (key) {
	case KEY_JSON:
		o->json = true;
		return 0;
	case KEY_DEBUG:
		o->debug = true;
		return 0;
	case KEY_HOST_ROOT:
		/* "/" and "" are the same prefix. */
		o->host_root = strcmp(arg, "/") == 0 ? "" : arg;
		return 0;
	case KEY_TIER:
		for (size_t i = 0; i < ARRAY_SIZE(tiers); i++) {
			if (strcmp(arg, tiers[i]) == 0) {
				o->tier = (enum oom_tier_choice)i;
				return 0;
			}
		}
		argp_error(state, "--oom-tier: '%s' is none of: auto, fentry, kprobe, tracepoint",
			   arg);
		return EINVAL;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument '%s'", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_doctor(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"json", KEY_JSON, NULL, 0, "Print one JSON document", 0},
		{"host-root", KEY_HOST_ROOT, "DIR", 0,
		 "Look for the host's proc, sys, run and var under DIR", 0},
		{"oom-tier", KEY_TIER, "TIER", 0,
		 "Judge as 'run --oom-tier TIER' would (default: auto)", 0},
		{"debug", KEY_DEBUG, NULL, 0, "Show what libbpf says", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = on_option,
		.doc = "Say what works on this machine: what the agent can see, what it cannot, "
		       "and what to do about it."
		       "\vExit: 0 everything works, 1 the agent runs but records lack something, "
		       "2 it cannot run.",
	};
	struct doctor_options o = {.host_root = ""};
	_cleanup_free_ struct diagnosis *d = calloc(1, sizeof(*d));

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (!d) {
		log_error("out of memory");
		return VERDICT_CANNOT_RUN;
	}
	if (o.debug)
		log_set_level(LOG_LEVEL_DEBUG);
	diagnose(d, &o);
	if (!o.json)
		doctor_print_text(stdout, d);
	else if (doctor_print_json(stdout, d) < 0)
		log_error("cannot write the JSON document");
	if (fflush(stdout) == EOF)
		log_error("cannot write: %s", strerror(errno));
	return d->verdict;
}
