/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_restarts.c - the same name again: what counts as a restart, what is another container, whose
 * count is told, and that names without end fill no memory.
 */
#include "core_harness.h"

#define SHIM   h_who(150, H_ROOT, "containerd-shim")
#define POD    "/kubepods/burstable/pod3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
#define POD_2  "/kubepods/burstable/pod4b1ef30a-d088-4e92-b8cf-b2a1f7bd12c4"
#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"

static struct harness *open_host(void)
{
	struct ev_start start = h_start();
	struct harness *h = h_open(&start);

	h_ready(h);
	h_scan(h, H_ROOT, 0, "/");
	h_scan(h, 5, H_ROOT, "/docker");
	h_memcgs_end(h);
	h_mark(h);
	h_forget(h);
	return h;
}

/* A new id each time, as runtimes give them. */
static const char *new_path(const char *dir, uint64_t cgroup)
{
	static char path[EV_PATH];

	snprintf(path, sizeof(path), "%s/" DIGITS "%06x", dir, (unsigned int)cgroup);
	return path;
}

static void end(struct harness *h, uint64_t cgroup)
{
	h_rmdir(h, cgroup);
	h_mark(h);
	h_counts_event(h, cgroup);
	h_step(h);
	h_mark(h);
}

/* The newest container_start. */
static const struct record_container *newest(const struct harness *h)
{
	for (size_t i = h->n_records; i > 0; i--)
		if (h->records[i - 1].r.type == RECORD_CONTAINER_START)
			return &h->records[i - 1].container;
	fail_msg("no container_start");
	return NULL;
}

static void expect_count(const struct record_container *c, uint64_t count, bool counted)
{
	assert_int_equal(c->restart_count, count);
	assert_int_equal(c->restarts_counted, counted);
}

/* One life of the container that `change` describes: from its mkdir to its start's record. */
static const struct record_container *begin(struct harness *h, uint64_t cgroup, const char *path,
					    const struct ev_identity *known)
{
	h_cgroup(h, cgroup, 5, path);
	h_mark(h);
	if (known) {
		struct ev_identity *ev = h_identity_event(h, cgroup, known->name);

		ev->sandbox = known->sandbox;
		ev->restart_count = known->restart_count;
		strcpy(ev->runtime, known->runtime);
		strcpy(ev->namespace, known->namespace);
		strcpy(ev->pod_name, known->pod_name);
		strcpy(ev->pod_uid, known->pod_uid);
		strcpy(ev->k8s_container, known->k8s_container);
		h_step(h);
	}
	h_memcgs_end(h);
	h_mark(h);
	return newest(h);
}

static struct ev_identity named(const char *runtime, const char *name)
{
	union event ev;

	event_init(&ev, EV_IDENTITY, 0);
	strcpy(ev.identity.runtime, runtime);
	strcpy(ev.identity.name, name);
	return ev.identity;
}

static struct ev_identity in_pod(const char *namespace, const char *pod, const char *container)
{
	struct ev_identity known = named("containerd", container);

	strcpy(known.namespace, namespace);
	strcpy(known.pod_name, pod);
	strcpy(known.pod_uid, "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3");
	strcpy(known.k8s_container, container);
	return known;
}

static void test_counted(void **state)
{
	struct harness *h = open_host();
	struct ev_identity web = named("docker", "web"), shop = named("docker", "shop");

	(void)state;
	/* The first life is no restart: nothing is said of it. */
	expect_count(begin(h, 10, new_path("/docker", 10), &web), U64_UNKNOWN, false);
	end(h, 10);
	expect_count(begin(h, 11, new_path("/docker", 11), &web), 1, true);
	end(h, 11);
	/* Another name between them is another container. */
	expect_count(begin(h, 12, new_path("/docker", 12), &shop), U64_UNKNOWN, false);
	expect_count(begin(h, 13, new_path("/docker", 13), &web), 2, true);
	/* Every record of it says so, its end too. */
	end(h, 13);
	expect_count(&h_find(h, RECORD_CONTAINER_STOP, 2)->container, 2, true);
	h_close(h);
}

/* docker start: the same id, the same directory, another cgroup. */
static void test_the_same_id_again(void **state)
{
	struct harness *h = open_host();
	struct ev_identity web = named("docker", "web");

	(void)state;
	begin(h, 10, H_DOCKER, &web);
	end(h, 10);
	expect_count(begin(h, 11, H_DOCKER, &web), 1, true);
	h_close(h);
}

/* Names that need no file: units and lxc's. */
static void test_by_path_alone(void **state)
{
	struct harness *h = open_host();

	(void)state;
	begin(h, 10, "/system.slice/app.service", NULL);
	end(h, 10);
	begin(h, 11, "/lxc.payload.web", NULL);
	end(h, 11);
	expect_count(begin(h, 12, "/system.slice/app.service", NULL), 1, true);
	expect_count(begin(h, 13, "/lxc.payload.web", NULL), 1, true);
	/* The same unit's name in another place is another unit. */
	expect_count(begin(h, 14, "/lxc.payload.web/system.slice/app.service", NULL), U64_UNKNOWN,
		     false);
	expect_count(begin(h, 15, "/other.slice/app.service", NULL), U64_UNKNOWN, false);
	h_close(h);
}

static void test_the_runtimes_own_count_wins(void **state)
{
	struct harness *h = open_host();
	struct ev_identity web = named("docker", "web");

	(void)state;
	web.restart_count = 0;
	expect_count(begin(h, 10, new_path("/docker", 10), &web), 0, false);
	end(h, 10);
	expect_count(begin(h, 11, new_path("/docker", 11), &web), 0, false);
	end(h, 11);
	web.restart_count = 7;
	expect_count(begin(h, 12, new_path("/docker", 12), &web), 7, false);
	end(h, 12);
	/* Without one, what was counted meanwhile. */
	web.restart_count = U64_UNKNOWN;
	expect_count(begin(h, 13, new_path("/docker", 13), &web), 3, true);
	h_close(h);
}

/* The same name in two directories: namespaces of containerd, pods of podman, parents. */
static void test_two_parents(void **state)
{
	struct harness *h = open_host();
	struct ev_identity c1 = named("containerd", "c1"), web = named("docker", "web");

	(void)state;
	begin(h, 10, "/default/c1", &c1);
	end(h, 10);
	expect_count(begin(h, 11, "/other/c1", &c1), U64_UNKNOWN, false);
	end(h, 11);
	expect_count(begin(h, 12, "/default/c1", &c1), 1, true);
	begin(h, 13, new_path("/docker", 13), &web);
	end(h, 13);
	expect_count(begin(h, 14, new_path("/custom", 14), &web), U64_UNKNOWN, false);
	h_close(h);
}

static void test_two_runtimes(void **state)
{
	struct harness *h = open_host();
	struct ev_identity runc = named("runc", "c1"), crun = named("crun", "c1");

	(void)state;
	begin(h, 10, "/mine/c1", &runc);
	end(h, 10);
	expect_count(begin(h, 11, "/mine/c1", &crun), U64_UNKNOWN, false);
	end(h, 11);
	expect_count(begin(h, 12, "/mine/c1", &runc), 1, true);
	h_close(h);
}

/* In Kubernetes by namespace, pod and container, whatever the directory is called. */
static void test_pods(void **state)
{
	struct harness *h = open_host();
	struct ev_identity api = in_pod("prod", "web-0", "api");
	struct ev_identity other[] = {in_pod("test", "web-0", "api"),
				      in_pod("prod", "web-1", "api"),
				      in_pod("prod", "web-0", "db")};

	(void)state;
	begin(h, 10, new_path(POD, 10), &api);
	for (uint64_t i = 0; i < 3; i++)
		expect_count(begin(h, 11 + i, new_path(POD, 11 + i), &other[i]), U64_UNKNOWN,
			     false);
	end(h, 10);
	expect_count(begin(h, 20, new_path(POD, 20), &api), 1, true);
	end(h, 20);
	/* A StatefulSet's pod that was made anew is the same to who looks after it. */
	strcpy(api.pod_uid, "4b1ef30a-d088-4e92-b8cf-b2a1f7bd12c4");
	expect_count(begin(h, 21, new_path(POD_2, 21), &api), 2, true);
	h_close(h);
}

static void test_what_has_no_restarts(void **state)
{
	struct harness *h = open_host();
	struct ev_identity pause = in_pod("prod", "web-0", "");

	(void)state;
	pause.sandbox = 1;
	begin(h, 10, new_path(POD, 10), &pause);
	end(h, 10);
	expect_count(begin(h, 11, new_path(POD, 11), &pause), U64_UNKNOWN, false);
	/* A directory that nobody knows, with a process in it. */
	for (uint64_t id = 20; id < 22; id++) {
		h_cgroup(h, id, 5, "/mine");
		h_fork(h, h_who(300 + (uint32_t)id, id, "app"), SHIM);
		h_memcgs_end(h);
		h_mark(h);
		expect_count(newest(h), U64_UNKNOWN, false);
		assert_string_equal(newest(h)->runtime, "none");
		h_exit(h, h_who(300 + (uint32_t)id, id, "app"), H_CODE(0));
		end(h, id);
	}
	h_close(h);
}

/* At the agent's start cgroups are found in any order: an older one is no later life. */
static void test_an_older_cgroup(void **state)
{
	struct harness *h = open_host();
	struct ev_identity web = named("docker", "web");

	(void)state;
	begin(h, 12, new_path("/docker", 12), &web);
	end(h, 12);
	expect_count(begin(h, 11, new_path("/docker", 11), &web), U64_UNKNOWN, false);
	end(h, 11);
	expect_count(begin(h, 13, new_path("/docker", 13), &web), 1, true);
	h_close(h);
}

/* The name comes with a late answer: the correction has the count. */
static void test_a_late_name(void **state)
{
	struct harness *h = open_host();
	struct ev_identity web = named("docker", "web");

	(void)state;
	begin(h, 10, new_path("/docker", 10), &web);
	end(h, 10);
	expect_count(begin(h, 11, new_path("/docker", 11), NULL), U64_UNKNOWN, false);
	h_identity(h, 11, "web");
	expect_count(newest(h), 1, true);
	/* Said again it counts no more. */
	h_identity(h, 11, "web");
	h_identity(h, 11, "shop");
	h_identity(h, 11, "web");
	expect_count(newest(h), 1, true);
	h_close(h);
}

/* docker rename: the name is of one at a time, and who had it has another one by now. */
static void test_a_name_that_another_one_has_now(void **state)
{
	struct harness *h = open_host();
	struct ev_identity web = named("docker", "web");

	(void)state;
	begin(h, 10, new_path("/docker", 10), &web);
	h_forget(h);
	expect_count(begin(h, 11, new_path("/docker", 11), &web), U64_UNKNOWN, false);
	assert_int_equal(h_requested(h, REQUEST_IDENTITY, 10), 1);
	h_identity(h, 10, "web-old");
	assert_int_equal(newest(h)->cgroup_id, 10);
	assert_string_equal(newest(h)->name, "web-old");
	expect_count(newest(h), U64_UNKNOWN, false);
	end(h, 10);
	end(h, 11);
	expect_count(begin(h, 12, new_path("/docker", 12), &web), 1, true);
	h_close(h);
}

/* Elsewhere a name is for life: nothing is asked, and while both live nothing is counted. */
static void test_a_name_that_two_have(void **state)
{
	struct harness *h = open_host();
	struct ev_identity api = in_pod("prod", "web-0", "api");

	(void)state;
	begin(h, 10, new_path(POD, 10), &api);
	h_forget(h);
	expect_count(begin(h, 11, new_path(POD, 11), &api), U64_UNKNOWN, false);
	assert_int_equal(h_requested(h, REQUEST_IDENTITY, 10), 0);
	h_close(h);
}

/* Names without end: no table grows, and the name that is heard of now and then is remembered. */
static void test_many_names(void **state)
{
	struct harness *h = open_host();
	struct ev_identity web = named("docker", "web"), job = named("docker", "");
	uint64_t id = 10, restarts = 0;

	(void)state;
	begin(h, id, new_path("/docker", id), &web);
	end(h, id++);
	for (int n = 1; n <= 10000; n++) {
		snprintf(job.name, sizeof(job.name), "job-%d", n);
		expect_count(begin(h, id, new_path("/docker", id), &job), U64_UNKNOWN, false);
		end(h, id++);
		h_forget(h);
		if (n % (int)(h->start.max_containers - 1))
			continue;
		expect_count(begin(h, id, new_path("/docker", id), &web), ++restarts, true);
		end(h, id++);
	}
	assert_int_equal(restarts, 10000 / 15);
	assert_int_equal(h->core->lives_pool.used, h->start.max_containers);
	/* The one that nobody spoke of for so long is forgotten. */
	strcpy(job.name, "job-9000");
	expect_count(begin(h, id, new_path("/docker", id), &job), U64_UNKNOWN, false);
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_the_same_id_again),
		cmocka_unit_test(test_by_path_alone),
		cmocka_unit_test(test_the_runtimes_own_count_wins),
		cmocka_unit_test(test_two_parents),
		cmocka_unit_test(test_two_runtimes),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_what_has_no_restarts),
		cmocka_unit_test(test_an_older_cgroup),
		cmocka_unit_test(test_a_late_name),
		cmocka_unit_test(test_a_name_that_another_one_has_now),
		cmocka_unit_test(test_a_name_that_two_have),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
