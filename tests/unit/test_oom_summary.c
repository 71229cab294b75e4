/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_oom_summary.c - a kill in one sentence: each of its parts, and names that a container chose
 * to break it.
 */
#include "base/utf8.h"
#include "core_harness.h"

#define MIB 1048576ull

static const struct record_container api = {
	.id = H_ID64, .name = "api", .runtime = "docker", .cgroup = H_DOCKER};

/* A worker at its container's limit; its init lives on. */
static const struct rec_oom_kill plain = {
	.victim = {.pid = 31337, .name = "gunicorn", .role = "gunicorn worker"},
	.constraint = "memcg",
	.limit_hit = {.cgroup = H_DOCKER, .level = LEVEL_CONTAINER, .limit = 512 * MIB},
	.relation = RELATION_VICTIM,
	.init_alive = -1,
};

static const char *summary(const struct rec_oom_kill *k, const struct record_container *c)
{
	static char text[RECORD_SUMMARY];

	memset(text, 'x', sizeof(text));
	oom_summarise(k, c, text);
	return text;
}

#define PLAIN "gunicorn worker (pid 31337) of container api was OOM-killed at the memory limit of "

static void test_plain(void **state)
{
	(void)state;
	assert_string_equal(summary(&plain, &api), PLAIN "its container, 512 MiB.");
}

static void test_victims(void **state)
{
	static const struct {
		const char *role, *name, *want;
	} cases[] = {
		{"celery main", "python3", "celery main (pid 31337)"},
		{NULL, "python3", "python3 (pid 31337)"},
		{"", "python3", "python3 (pid 31337)"},
		{NULL, "", "A process (pid 31337)"},
		{NULL, NULL, "A process (pid 31337)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rec_oom_kill k = plain;
		char want[128];

		k.victim.role = cases[i].role;
		k.victim.name = cases[i].name;
		snprintf(want, sizeof(want), "%s of container api was", cases[i].want);
		assert_memory_equal(summary(&k, &api), want, strlen(want));
	}
}

/* Whose it is: by name, by the begin of an id, by a path; a unit and a plain cgroup by their word.
 */
static void test_containers(void **state)
{
	static const struct {
		struct record_container c;
		const char *want;
	} cases[] = {
		{{.id = H_ID64, .name = "api", .runtime = "docker"}, " of container api was"},
		{{.id = H_ID64, .name = "", .runtime = "docker"}, " of container beefbeefbeef was"},
		{{.name = "api", .runtime = "cri-o", .pod_name = "shop-0", .namespace = "prod"},
		 " of container api in pod prod/shop-0 was"},
		{{.name = "api", .runtime = "cri-o", .pod_name = "shop-0"},
		 " of container api in pod shop-0 was"},
		{{.id = H_ID64}, " of container beefbeefbeef was"}, /* nobody knows which runtime */
		{{.id = "short", .runtime = "lxc"}, " of container short was"},
		{{.runtime = "docker", .cgroup = H_DOCKER}, " of container " H_DOCKER " was"},
		{{.runtime = "docker"}, " of container ? was"},
		{{.name = "db.service", .runtime = "systemd"}, " of unit db.service was"},
		{{.runtime = "none", .cgroup = "/job"}, " of cgroup /job was"},
		{{.cgroup = "/job"}, " of cgroup /job was"},
		{{.cgroup = "/"}, " of the host was"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_non_null(strstr(summary(&plain, &cases[i].c), cases[i].want));
	assert_memory_equal(summary(&plain, NULL), "gunicorn worker (pid 31337) was OOM-killed",
			    42);
}

static void check_limit(const struct rec_oom_kill *k, const struct record_container *c,
			const char *want)
{
	const char *text = strstr(summary(k, c), "was OOM-killed");

	assert_non_null(text);
	assert_string_equal(text + strlen("was OOM-killed"), want);
}

static void test_limits(void **state)
{
	static const struct record_container unit = {.name = "a.service", .runtime = "systemd"};
	struct rec_oom_kill k = plain;

	(void)state;
	check_limit(&k, &unit, " at the memory limit of its unit, 512 MiB.");
	check_limit(&k, NULL, " at the memory limit of its cgroup, 512 MiB.");
	k.limit_hit.level = LEVEL_POD;
	check_limit(&k, &api, " at the memory limit of its pod, 512 MiB.");
	k.limit_hit.level = LEVEL_SLICE;
	k.limit_hit.cgroup = "/kubepods.slice";
	check_limit(&k, &api, " at the memory limit of the slice /kubepods.slice, 512 MiB.");
	/* Its cgroup is not known, or the limit is not. */
	k.limit_hit.cgroup = NULL;
	k.limit_hit.level = LEVEL_UNKNOWN;
	check_limit(&k, &api, " at the memory limit of the slice above it, 512 MiB.");
	k.limit_hit.limit = U64_UNKNOWN;
	check_limit(&k, &api, " at the memory limit of the slice above it.");
}

/* A limit of the container around the victim's is not the victim's container's own. */
static void test_limits_around(void **state)
{
	struct record_container unit = {.name = "a.service",
					.runtime = "systemd",
					.cgroup = "/lxc.payload.web/system.slice/a.service",
					.parent_name = "web",
					.parent_runtime = "lxc",
					.parent_cgroup = "/lxc.payload.web"};
	struct rec_oom_kill k = plain;

	(void)state;
	k.limit_hit.cgroup = unit.cgroup;
	check_limit(&k, &unit, " at the memory limit of its unit, 512 MiB.");
	k.limit_hit.cgroup = "/lxc.payload.web/system.slice/a.service/sub";
	check_limit(&k, &unit, " at the memory limit of its unit, 512 MiB.");
	k.limit_hit.cgroup = "/lxc.payload.web";
	check_limit(&k, &unit, " at the memory limit of container web around it, 512 MiB.");
	unit.parent_name = "";
	unit.parent_id = "4072c6c0a6c9c1f0e5f3";
	check_limit(&k, &unit,
		    " at the memory limit of container 4072c6c0a6c9 around it, 512 MiB.");
	unit.parent_id = NULL;
	check_limit(&k, &unit,
		    " at the memory limit of container /lxc.payload.web around it, 512 MiB.");
	unit.parent_name = "x.service";
	unit.parent_runtime = "systemd";
	check_limit(&k, &unit, " at the memory limit of unit x.service around it, 512 MiB.");
	/* One further out, and one whose path only begins the same. */
	k.limit_hit.cgroup = "/lxc.payload";
	check_limit(&k, &unit, " at the memory limit of cgroup /lxc.payload around it, 512 MiB.");
	k.limit_hit.cgroup = "/lxc.payload.web/system.slice/a";
	check_limit(&k, &unit,
		    " at the memory limit of cgroup /lxc.payload.web/system.slice/a around it, "
		    "512 MiB.");
}

static void test_the_host(void **state)
{
	struct rec_oom_kill k = plain;

	(void)state;
	k.limit_hit = (struct rec_limit_hit){.cgroup = "/", .level = LEVEL_HOST, .limit = MIB};
	k.constraint = "global";
	check_limit(&k, &api, " because the host ran out of memory.");
	k.constraint = "cpuset";
	check_limit(&k, &api, " because the memory nodes of its cpuset are full.");
	k.constraint = "mempolicy";
	check_limit(&k, &api, " because the memory nodes of its memory policy are full.");
	/* The tracepoint alone does not tell these from each other. */
	k.constraint = "";
	check_limit(&k, &api,
		    " at no cgroup's limit: the host, or the memory nodes that it may use, ran out "
		    "of memory.");
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t limit;
		const char *want;
	} cases[] = {
		{0, " 0 B."},
		{1023, " 1023 B."},
		{1024, " 1 KiB."},
		{300 * 1024, " 300 KiB."},
		{MIB - 1, " 1023 KiB."},
		{MIB, " 1 MiB."},
		{MIB + MIB / 2, " 1.5 MiB."},
		{2 * MIB - 1, " 1.9 MiB."}, /* cut, not rounded up */
		{99 * MIB + MIB / 2, " 99.5 MiB."},
		{100 * MIB + MIB / 2, " 100 MiB."},
		{1024 * MIB, " 1 GiB."},
		{1536 * MIB, " 1.5 GiB."},
		{MIB * MIB, " 1 TiB."},
		{U64_UNLIMITED - 1, " 16383 PiB."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rec_oom_kill k = plain;
		char want[64];

		k.limit_hit.limit = cases[i].limit;
		snprintf(want, sizeof(want), "its container,%s", cases[i].want);
		assert_non_null(strstr(summary(&k, &api), want));
	}
}

static void test_survivors(void **state)
{
	static const struct {
		int init_alive;
		uint64_t orphans;
		const char *want;
	} cases[] = {
		{-1, 0, "512 MiB."},
		{1, 0,
		 "512 MiB; the container's first process (init) lives on, so no orchestrator sees "
		 "this kill."},
		{0, 0, "512 MiB; the container's first process (init) is among the victims."},
		{-1, 1, "512 MiB; 1 child of its own lives on as orphan."},
		{-1, 2, "512 MiB; 2 children of its own live on as orphans."},
		{0, 3,
		 "512 MiB; the container's first process (init) is among the victims; 3 children "
		 "of its own live on as orphans."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rec_oom_kill k = plain;

		k.init_alive = cases[i].init_alive;
		k.orphans = cases[i].orphans;
		assert_string_equal(strstr(summary(&k, &api), "512 MiB"), cases[i].want);
	}
}

static void test_group_and_runtime(void **state)
{
	struct rec_oom_kill k = plain;

	(void)state;
	k.group_kill = true;
	assert_string_equal(strstr(summary(&k, &api), "512 MiB"),
			    "512 MiB; its whole group is killed (memory.oom.group).");
	k.trigger.name = "conmon";
	k.relation = RELATION_HOST;
	assert_null(strstr(summary(&k, &api), "conmon"));
	k.relation = RELATION_RUNTIME;
	assert_string_equal(strstr(summary(&k, &api), "512 MiB"),
			    "512 MiB; a helper of the container runtime asked for the memory: "
			    "conmon; its whole group is killed (memory.oom.group).");
}

/* ---- hostile ---- */

/* One sentence: it ends, fits with all of its facts, and is UTF-8 without control characters. */
static void check_sound(const char *text)
{
	size_t len = strnlen(text, RECORD_SUMMARY), n;

	assert_true(len < RECORD_SUMMARY);
	if (text[len - 1] != '.')
		fail_msg("cut: %s", text);
	for (const char *p = text; len; p += n, len -= n) {
		n = utf8_sequence((const unsigned char *)p, len);
		if (!n)
			fail_msg("not UTF-8: %s", text);
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
		assert_false((unsigned char)p[0] == 0xc2 && (unsigned char)p[1] < 0xa0);
	}
}

/* `lead` bytes of ASCII, then as many of these characters as there is room for. */
static const char *filled(char *text, size_t size, size_t lead, const char *character)
{
	size_t len = strlen(character);

	memset(text, 'a', lead);
	text[lead] = '\0';
	for (size_t at = lead; at + len < size; at += len)
		memcpy(text + at, character, len + 1);
	return text;
}

/* Everything that can be said at once, all names as long as they can be. */
static void test_longest(void **state)
{
	static const char *const characters[] = {"n",      "\xc3\xa4",         "\xe2\x82\xac",
						 "\x01",   "\xf0\x9f\x98\x80", "\xc2\x85",
						 "\x7f\n", "\xef\xbf\xbd"};
	static const enum limit_level levels[] = {LEVEL_CONTAINER, LEVEL_POD, LEVEL_SLICE};
	char comm[EV_COMM], path[EV_PATH], name[EV_TEXT], id[EV_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
		for (size_t lead = 0; lead < 5; lead++)
			for (int variant = 0; variant < 9; variant++) {
				struct record_container c = {.runtime = "containerd"};
				struct rec_oom_kill k = plain;

				k.victim.role = NULL;
				k.victim.name = k.trigger.name =
					filled(comm, sizeof(comm), lead, characters[i]);
				k.victim.pid = UINT32_MAX;
				k.limit_hit.cgroup = c.cgroup =
					filled(path, sizeof(path), lead, characters[i]);
				k.limit_hit.level = levels[variant % 3];
				k.limit_hit.limit = U64_UNLIMITED - 1;
				if (variant / 3 == 1)
					c.name = filled(name, sizeof(name), lead, characters[i]);
				if (variant / 3 == 2)
					c.id = filled(id, sizeof(id), lead, characters[i]);
				k.relation = RELATION_RUNTIME;
				k.group_kill = true;
				k.init_alive = 1;
				k.orphans = UINT64_MAX - 2;
				check_sound(summary(&k, &c));
				assert_non_null(strstr(summary(&k, &c), "as orphans."));
			}
}

/* A long name keeps its begin, a long path its end. */
static void test_what_is_cut(void **state)
{
	struct record_container c = api;
	struct rec_oom_kill k = plain;
	char name[EV_TEXT], path[EV_PATH];

	(void)state;
	strcpy(name, "begin-");
	memset(name + 6, 'n', 200);
	strcpy(name + 206, "-end");
	c.name = name;
	assert_non_null(strstr(summary(&k, &c), " of container begin-nnn"));
	assert_null(strstr(summary(&k, &c), "-end"));
	memset(path, 'p', 700);
	path[0] = '/';
	strcpy(path + 700, "/last.slice");
	k.limit_hit.level = LEVEL_SLICE;
	k.limit_hit.cgroup = path;
	assert_non_null(strstr(summary(&k, &c), "the slice ...ppp"));
	assert_non_null(strstr(summary(&k, &c), "ppp/last.slice, 512 MiB."));
	/* To the byte: 100 of a path are shown whole. */
	path[100] = '\0';
	assert_null(strstr(summary(&k, &c), "..."));
	path[100] = 'p';
	path[101] = '\0';
	assert_non_null(strstr(summary(&k, &c), "the slice ...ppp"));
	assert_null(strstr(summary(&k, &c), "/pp"));
}

/* Words of the sentence in a name are only a name. Formats are not followed. */
static void test_names_are_no_formats(void **state)
{
	struct record_container c = api;
	struct rec_oom_kill k = plain;

	(void)state;
	k.victim.role = NULL;
	k.victim.name = "%s%n%99999d";
	c.name = "%x";
	assert_memory_equal(summary(&k, &c), "%s%n%99999d (pid 31337) of container %x was", 43);
}

/* ---- in the record ---- */

static void test_in_the_record(void **state)
{
	struct harness *h = h_open_docker();
	struct ev_who worker = h_who(200, 10, "leaker");
	struct ev_identity *ev;

	(void)state;
	h_fork(h, worker, h_who(1, 1, "init"));
	h_oom_event(h, worker, h_who(700, H_ROOT, "conmon"), 77);
	h_step(h);
	h_mark(h);
	assert_string_equal(h_find(h, RECORD_OOM_KILL, 0)->oom.summary,
			    "leaker (pid 200) of container beefbeefbeef was OOM-killed at the "
			    "memory limit of its container, 64 MiB; a helper of the container "
			    "runtime asked for the memory: conmon; the container's first process "
			    "(init) is among the victims.");
	ev = &h_event(h, EV_IDENTITY)->identity;
	ev->id = 10;
	strcpy(ev->name, "api");
	strcpy(ev->source, "oci-config");
	h_step(h);
	h_oom_event(h, worker, worker, 78);
	h_step(h);
	h_mark(h);
	assert_non_null(strstr(h_find(h, RECORD_OOM_KILL, 1)->oom.summary, "of container api was"));
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_victims),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_around),
		cmocka_unit_test(test_the_host),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_survivors),
		cmocka_unit_test(test_group_and_runtime),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_what_is_cut),
		cmocka_unit_test(test_names_are_no_formats),
		cmocka_unit_test(test_in_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
