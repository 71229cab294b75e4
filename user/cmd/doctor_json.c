/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_json.c - the diagnosis for programs. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include "cmd/doctor.h"

/* Text that is not known is left out, as in records. */
static void set_text(json_t *o, const char *key, const char *text)
{
	if (text && text[0])
		json_object_set_new(o, key, json_string(text));
}

static void set_number(json_t *o, const char *key, uint64_t v)
{
	if (v != U64_UNKNOWN)
		json_object_set_new(o, key, json_integer((json_int_t)v));
}

static json_t *host_json(const struct doctor_facts *f)
{
	json_t *o = json_object();

	set_text(o, "name", f->host);
	set_text(o, "kernel", f->kernel);
	set_text(o, "machine", f->machine);
	set_number(o, "cpus", f->cpus);
	set_number(o, "memory_total", f->memory_total);
	set_text(o, "lockdown", f->lockdown);
	return o;
}

static json_t *btf_json(const struct doctor_facts *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "available", json_boolean(!f->btf_error && f->btf_size));
	if (f->btf_size)
		set_number(o, "bytes", f->btf_size);
	if (f->btf_error)
		set_text(o, "error", strerror(f->btf_error));
	return o;
}

static json_t *cgroup_json(const struct doctor_facts *f)
{
	json_t *o = json_object(), *memory = json_object();

	set_text(o, "mode", f->cgroupfs.mode);
	json_object_set_new(memory, "found", json_boolean(f->cgroupfs.found));
	if (f->cgroupfs.found) {
		set_number(memory, "version", f->cgroupfs.v1 ? 1 : 2);
		set_text(memory, "mount", f->cgroupfs.memory);
	}
	json_object_set_new(o, "memory", memory);
	return o;
}

static json_t *privileges_json(const struct doctor_facts *f)
{
	json_t *o = json_object(), *missing = json_array();

	set_number(o, "uid", f->uid);
	json_object_set_new(o, "sufficient", json_boolean(f->privileged));
	for (size_t i = 0; i < f->n_caps; i++) {
		json_t *cap;

		if (f->caps[i].effective)
			continue;
		cap = json_object();
		set_text(cap, "name", f->caps[i].name);
		json_object_set_new(cap, "required",
				    json_boolean(f->caps[i].need == CAPABILITY_REQUIRED));
		set_text(cap, "lost", f->caps[i].lost);
		json_array_append_new(missing, cap);
	}
	json_object_set_new(o, "missing", missing);
	return o;
}

static json_t *runtimes_json(const struct doctor_facts *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_runtimes; i++) {
		json_t *o = json_object();

		set_text(o, "name", f->runtimes[i].name);
		set_text(o, "path", f->runtimes[i].path);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *features_json(const struct diagnosis *d)
{
	static const char *const states[] = {
		[FEATURE_NO] = "no", [FEATURE_FALLBACK] = "fallback", [FEATURE_YES] = "yes"};
	json_t *list = json_array();

	for (size_t i = 0; d->probed && i < FEAT_COUNT; i++) {
		const struct feature *f = &d->features[i];
		json_t *o = json_object();

		set_text(o, "name", f->name);
		set_text(o, "state", states[f->state]);
		json_object_set_new(o, "required", json_boolean(f->required));
		set_text(o, "how", f->how);
		if (f->error)
			set_text(o, "error", strerror(f->error));
		set_text(o, "lost", f->lost);
		set_text(o, "advice", f->advice);
		json_array_append_new(list, o);
	}
	return list;
}

int doctor_print_json(FILE *out, const struct diagnosis *d)
{
	static const char *const verdicts[] = {[VERDICT_FULL] = "full",
					       [VERDICT_DEGRADED] = "degraded",
					       [VERDICT_CANNOT_RUN] = "cannot_run"};
	json_t *o = json_object();
	int r;

	if (!o)
		return -ENOMEM;
	set_text(o, "schema", "memwitness-doctor/1");
	set_text(o, "version", MEMWITNESS_VERSION);
	set_text(o, "verdict", verdicts[d->verdict]);
	set_text(o, "obstacle", diagnosis_obstacle(d));
	set_text(o, "remedy", diagnosis_remedy(d));
	json_object_set_new(o, "host", host_json(&d->facts));
	json_object_set_new(o, "btf", btf_json(&d->facts));
	json_object_set_new(o, "cgroup", cgroup_json(&d->facts));
	json_object_set_new(o, "privileges", privileges_json(&d->facts));
	json_object_set_new(o, "runtimes", runtimes_json(&d->facts));
	json_object_set_new(o, "features", features_json(d));
	r = json_dumpf(o, out, JSON_INDENT(2));
	json_decref(o);
	if (r < 0 || fputc('\n', out) == EOF)
		return -EIO;
	return 0;
}
