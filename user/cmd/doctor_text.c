/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_text.c - the diagnosis for people, at most 80 columns wide. */
#include <string.h>
#include "base/cleanup.h"
#include "cmd/doctor.h"
#include "cmd/wrap.h"

#define LABEL 14 /* columns of a fact's name */

static void print_fact(FILE *out, const char *label, const char *text)
{
	fprintf(out, "%-*s", LABEL, label);
	wrap_print(out, text, LABEL, LABEL);
}

static void print_machine(FILE *out, const struct doctor_facts *f)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s, Linux %s, %s", f->host[0] ? f->host : "this host",
		 f->kernel, f->machine);
	print_fact(out, "host", text);
	if (f->btf_error)
		snprintf(text, sizeof(text), "none: /sys/kernel/btf/vmlinux: %s",
			 strerror(f->btf_error));
	else
		snprintf(text, sizeof(text), "/sys/kernel/btf/vmlinux, %.1f MiB",
			 (double)f->btf_size / (1 << 20));
	print_fact(out, "BTF", text);
	if (f->cgroupfs.found)
		snprintf(text, sizeof(text), "%s; memory controller on v%d at %s", f->cgroupfs.mode,
			 f->cgroupfs.v1 ? 1 : 2, f->cgroupfs.memory);
	else
		snprintf(text, sizeof(text), "no memory hierarchy is mounted: %s",
			 strerror(f->cgroupfs_error));
	print_fact(out, "cgroups", text);
	if (f->lockdown[0])
		print_fact(out, "lockdown", f->lockdown);
}

static void print_privileges(FILE *out, const struct doctor_facts *f)
{
	char text[512];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text), "uid %u, %s", f->uid,
			       f->privileged ? "may trace" : "may not trace");
	for (size_t i = 0, missing = 0; i < f->n_caps && len < sizeof(text); i++) {
		if (!f->caps[i].effective)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s",
						missing++ ? "," : "; missing:", f->caps[i].name);
	}
	print_fact(out, "privileges", text);
}

static void print_runtimes(FILE *out, const struct doctor_facts *f)
{
	char text[512] = "none found";
	size_t len = 0;

	for (size_t i = 0; i < f->n_runtimes && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s (%s)", i ? ", " : "",
					f->runtimes[i].name, f->runtimes[i].path);
	print_fact(out, "runtimes", text);
}

/* What is lost and what to do, under the line that they belong to. */
static void print_consequence(FILE *out, const char *label, const char *text)
{
	if (!text || !text[0])
		return;
	fprintf(out, "    %-6s", label);
	wrap_print(out, text, 10, 10);
}

static void print_features(FILE *out, const struct diagnosis *d)
{
	static const char *const states[] = {
		[FEATURE_NO] = "no", [FEATURE_FALLBACK] = "fallback", [FEATURE_YES] = "yes"};
	size_t width = 8;

	for (size_t i = 0; i < FEAT_COUNT; i++) {
		size_t len = strlen(d->features[i].name);

		width = len > width && len <= 28 ? len : width;
	}
	fprintf(out, "\n%-*s  %-8s  %s\n", (int)width, "FEATURE", "WORKS", "HOW");
	for (size_t i = 0; i < FEAT_COUNT; i++) {
		const struct feature *f = &d->features[i];
		const char *how = f->how;

		if (f->state == FEATURE_NO && f->error)
			how = strerror(f->error);
		fprintf(out, "%-*s  %-8s  ", (int)width, f->name, states[f->state]);
		wrap_print(out, how[0] ? how : "-", width + 12, width + 12);
		if (f->state == FEATURE_YES)
			continue;
		print_consequence(out, "lost:", f->lost);
		print_consequence(out, "do:", f->advice);
	}
}

static void print_missing(FILE *out, const struct doctor_facts *f)
{
	char text[256];
	bool any = false;

	for (size_t i = 0; i < f->n_caps; i++) {
		if (f->caps[i].effective)
			continue;
		fputs(any ? "" : "\nWithout the missing capabilities:\n", out);
		any = true;
		snprintf(text, sizeof(text), "%s: %s", f->caps[i].name, f->caps[i].lost);
		fputs("    ", out);
		wrap_print(out, text, 4, 8);
	}
}

static void print_verdict(FILE *out, const struct diagnosis *d)
{
	const char *remedy = diagnosis_remedy(d);
	size_t lacking = 0;

	for (size_t i = 0; d->probed && i < FEAT_COUNT; i++)
		lacking += d->features[i].state != FEATURE_YES;
	fputc('\n', out);
	switch (d->verdict) {
	case VERDICT_FULL:
		fputs("memwitness can run here in full.\n", out);
		break;
	case VERDICT_DEGRADED:
		fprintf(out,
			"memwitness can run here; %zu of %d features are missing or replaced, "
			"see above.\n",
			lacking, FEAT_COUNT);
		break;
	case VERDICT_CANNOT_RUN:
		fputs("memwitness cannot run here. ", out);
		wrap_print(out, diagnosis_obstacle(d), 28, 0);
		if (remedy[0])
			wrap_print(out, remedy, 0, 0);
		break;
	}
}

void doctor_print_text(FILE *out, const struct diagnosis *d)
{
	fprintf(out, "memwitness %s\n\n", MEMWITNESS_VERSION);
	print_machine(out, &d->facts);
	print_privileges(out, &d->facts);
	print_runtimes(out, &d->facts);
	print_missing(out, &d->facts);
	if (d->probed)
		print_features(out, d);
	print_verdict(out, d);
}
