/* SPDX-License-Identifier: Apache-2.0 */
/* test_doctor.c - the facts under a root folder, and both forms of the diagnosis. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <jansson.h>
#include "base/cleanup.h"
#include "cmd/doctor.h"
#include "cmd/wrap.h"

#define CAP(n) (1ull << (n))

enum {
	DAC_READ_SEARCH = 2,
	SYS_PTRACE = 19,
	SYS_ADMIN = 21,
	SYS_RESOURCE = 24,
	PERFMON = 38,
	BPF = 39
};

static bool privileged(uint64_t mask, const char *missing)
{
	struct capability_fact caps[DOCTOR_CAPS];
	char names[256] = "";
	size_t n = 0;
	bool all = doctor_capabilities(caps, &n, mask);

	assert_int_equal(n, DOCTOR_CAPS);
	for (size_t i = 0; i < n; i++) {
		if (!caps[i].effective) {
			strcat(names, caps[i].name);
			strcat(names, " ");
		}
	}
	assert_string_equal(names, missing);
	return all;
}

static void test_capabilities(void **state)
{
	(void)state;
	assert_true(privileged(UINT64_MAX, ""));
	assert_false(privileged(0, "CAP_BPF CAP_PERFMON CAP_SYS_PTRACE CAP_DAC_READ_SEARCH "
				   "CAP_SYS_RESOURCE CAP_SYS_ADMIN "));
	assert_true(privileged(CAP(BPF) | CAP(PERFMON),
			       "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_SYS_RESOURCE "
			       "CAP_SYS_ADMIN "));
	assert_false(privileged(CAP(BPF), "CAP_PERFMON CAP_SYS_PTRACE CAP_DAC_READ_SEARCH "
					  "CAP_SYS_RESOURCE CAP_SYS_ADMIN "));
	assert_true(privileged(
		CAP(SYS_ADMIN) | CAP(SYS_PTRACE) | CAP(DAC_READ_SEARCH) | CAP(SYS_RESOURCE), ""));
}

static void make_directory(const char *root, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; *p; p++) {
		if (*p == '/') {
			*p = '\0';
			mkdir(full, 0755);
			*p = '/';
		}
	}
	assert_int_equal(mkdir(full, 0755), 0);
}

static void test_runtimes_under_a_root(void **state)
{
	char root[] = "/tmp/mw-test-doctor-XXXXXX", command[64];
	static struct doctor_facts facts;

	(void)state;
	assert_non_null(mkdtemp(root));
	doctor_facts_gather(&facts, root);
	assert_int_equal(facts.n_runtimes, 0);
	assert_int_equal(facts.cgroupfs_error, ENOENT);
	assert_false(facts.cgroupfs.found);
	make_directory(root, "/run/containerd");
	make_directory(root, "/run/crun");
	make_directory(root, "/var/lib/lxb"); /* one byte off */
	doctor_facts_gather(&facts, root);
	assert_int_equal(facts.n_runtimes, 2);
	assert_string_equal(facts.runtimes[0].name, "containerd");
	assert_string_equal(facts.runtimes[1].path, "/run/crun");
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

static struct diagnosis *a_diagnosis(void)
{
	static struct diagnosis d;
	static const char *const names[] = {"fentry", "a_feature_with_a_rather_long_name"};

	memset(&d, 0, sizeof(d));
	strcpy(d.facts.host, "node-7");
	strcpy(d.facts.kernel, "6.1.0-49-cloud-amd64");
	strcpy(d.facts.machine, "x86_64");
	d.facts.btf_size = 5515646;
	d.facts.cgroupfs.mode = "v2";
	d.facts.cgroupfs.found = true;
	strcpy(d.facts.cgroupfs.memory, "/sys/fs/cgroup");
	d.facts.privileged = doctor_capabilities(d.facts.caps, &d.facts.n_caps, CAP(SYS_ADMIN));
	d.facts.cpus = U64_UNKNOWN;
	d.facts.memory_total = 1073741824;
	for (size_t i = 0; i < 10; i++)
		d.facts.runtimes[d.facts.n_runtimes++] =
			(struct runtime_fact){"containerd", "/var/lib/containers/storage"};
	for (size_t i = 0; i < FEAT_COUNT; i++) {
		d.features[i] = (struct feature){
			.id = (enum feature_id)i,
			.name = names[i % 2],
			.state = (enum feature_state)(i % 3),
			.lost = "oom_kill: constraint, allocation, and the limit as it was at the "
				"time of the decision, which is most of what one would like to "
				"know",
			.advice = "Use a kernel with CONFIG_FUNCTION_TRACER, or leave it.",
		};
		strcpy(d.features[i].how, "tracepoint");
	}
	d.probed = true;
	d.verdict = VERDICT_DEGRADED;
	return &d;
}

static size_t print_text(const struct diagnosis *d, char *text, size_t size)
{
	FILE *f = tmpfile();
	size_t len;

	assert_non_null(f);
	doctor_print_text(f, d);
	rewind(f);
	len = fread(text, 1, size - 1, f);
	text[len] = '\0';
	fclose(f);
	return len;
}

static void test_text_fits(void **state)
{
	struct diagnosis *d = a_diagnosis();
	static char text[32768];
	char count[80];
	size_t widest = 0;

	(void)state;
	print_text(d, text, sizeof(text));
	for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		widest = len > widest ? len : widest;
	}
	assert_in_range(widest, 60, WRAP_COLUMNS);
	assert_non_null(strstr(text, "node-7, Linux 6.1.0-49-cloud-amd64, x86_64"));
	assert_non_null(strstr(text, "memory controller on v2 at /sys/fs/cgroup"));
	assert_non_null(strstr(text, "lost: oom_kill: constraint"));
	snprintf(count, sizeof(count), "; %d of %d features are missing or replaced",
		 FEAT_COUNT - FEAT_COUNT / 3, FEAT_COUNT); /* every third one is there */
	assert_non_null(strstr(text, count));

	d->verdict = VERDICT_FULL;
	print_text(d, text, sizeof(text));
	assert_non_null(strstr(text, "memwitness can run here in full.\n"));
}

/* Without privileges there is one thing to say, and no table of failures. */
static void test_without_privileges(void **state)
{
	struct diagnosis *d = a_diagnosis();
	static char text[32768];

	(void)state;
	d->facts.privileged = doctor_capabilities(d->facts.caps, &d->facts.n_caps, 0);
	d->probed = false;
	d->verdict = VERDICT_CANNOT_RUN;
	print_text(d, text, sizeof(text));
	assert_null(strstr(text, "FEATURE"));
	assert_non_null(strstr(text, "memwitness cannot run here. Tracing needs privileges"));
	assert_non_null(strstr(text, "sudo memwitness doctor"));
}

static void test_obstacles(void **state)
{
	struct diagnosis *d = a_diagnosis();

	(void)state;
	assert_string_equal(diagnosis_obstacle(d), "");
	assert_string_equal(diagnosis_remedy(d), "");
	d->features[3].state = FEATURE_NO;
	d->features[3].required = true;
	assert_string_equal(diagnosis_obstacle(d), d->features[3].lost);
	assert_string_equal(diagnosis_remedy(d), d->features[3].advice);
	d->facts.btf_error = ENOENT;
	assert_non_null(strstr(diagnosis_remedy(d), "CONFIG_DEBUG_INFO_BTF"));
}

static void test_json(void **state)
{
	struct diagnosis *d = a_diagnosis();
	FILE *f = tmpfile();
	json_t *o, *list;

	(void)state;
	assert_non_null(f);
	assert_int_equal(doctor_print_json(f, d), 0);
	rewind(f);
	o = json_loadf(f, 0, NULL); /* exactly one document */
	fclose(f);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "verdict")), "degraded");
	assert_null(json_object_get(o, "obstacle"));
	list = json_object_get(json_object_get(o, "host"), "cpus");
	assert_null(list); /* not known: left out */
	list = json_object_get(o, "features");
	assert_int_equal(json_array_size(list), FEAT_COUNT);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "state")),
			    "fallback");
	list = json_object_get(json_object_get(o, "privileges"), "missing");
	assert_int_equal(json_array_size(list), 3);
	json_decref(o);
}

static void assert_wrapped(const char *text, size_t column, size_t indent, const char *expected)
{
	char got[1024];
	FILE *f = tmpfile();
	size_t len;

	assert_non_null(f);
	wrap_print(f, text, column, indent);
	rewind(f);
	len = fread(got, 1, sizeof(got) - 1, f);
	got[len] = '\0';
	fclose(f);
	assert_string_equal(got, expected);
}

static void test_wrap(void **state)
{
	(void)state;
	assert_wrapped("", 0, 4, "\n");
	assert_wrapped("  a  b ", 0, 4, "a b\n");
	/* The last word ends in column 80, and one beyond it. */
	assert_wrapped("abc de", 74, 2, "abc de\n");
	assert_wrapped("abc def", 74, 2, "abc\n  def\n");
	assert_wrapped("abcdefgh i", 78, 0, "abcdefgh\ni\n");
	assert_wrapped("a\x1b[2Jb\xc2\x9b"
		       "c\xc3\xa9",
		       0, 0, "a?[2Jb?c\xc3\xa9\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_runtimes_under_a_root),
		cmocka_unit_test(test_text_fits),
		cmocka_unit_test(test_without_privileges),
		cmocka_unit_test(test_obstacles),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
