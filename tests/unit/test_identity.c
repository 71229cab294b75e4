/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_identity.c - whose a container is: when its runtime's files are asked for, what an answer
 * changes, to which cgroup it belongs, and what is around it.
 */
#include "core_harness.h"

#define SHIM h_who(150, H_ROOT, "containerd-shim")
#define POD  "/kubepods/burstable/pod3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"

static struct harness *open_quiet(uint64_t all_exits)
{
	struct ev_start start = h_start();
	struct harness *h;

	start.all_exits = all_exits;
	h = h_open(&start);
	h_ready(h);
	h_scan(h, H_ROOT, 0, "/");
	h_scan(h, 5, H_ROOT, "/docker");
	h_memcgs_end(h);
	h_mark(h);
	h_forget(h);
	return h;
}

static struct harness *open_host(void)
{
	return open_quiet(1);
}

/* A cgroup of no known layout, made a moment ago. */
static void make_unknown(struct harness *h, uint64_t id, uint64_t parent, const char *path)
{
	h_cgroup(h, id, parent, path);
	h_mark(h);
}

static void enter(struct harness *h, uint32_t pid, uint64_t cgroup)
{
	h_fork(h, h_who(pid, cgroup, "app"), SHIM);
	h_mark(h);
}

static void announce(struct harness *h)
{
	h_memcgs_end(h);
	h_mark(h);
}

static size_t asked(const struct harness *h, uint64_t id)
{
	return h_requested(h, REQUEST_IDENTITY, id);
}

static const struct container *find(struct harness *h, uint64_t cgroup)
{
	uint32_t i = container_find(h->core, cgroup);

	return i ? &h->core->containers[i] : NULL;
}

/* The newest container_start of this cgroup. */
static const struct record_container *told(const struct harness *h, uint64_t cgroup)
{
	for (size_t i = h->n_records; i > 0; i--) {
		const struct h_record *r = &h->records[i - 1];

		if (r->r.type == RECORD_CONTAINER_START && r->container.cgroup_id == cgroup)
			return &r->container;
	}
	fail_msg("no container_start of %llu", (unsigned long long)cgroup);
	return NULL;
}

/* ---- asking ---- */

static void test_asked_when_the_cgroup_is_made(void **state)
{
	struct harness *h = open_host();
	uint64_t born = h->now;

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	h_mark(h);
	assert_int_equal(asked(h, 10), 1);
	assert_string_equal(h->requests[0].path, H_DOCKER);
	assert_int_equal(h->requests[0].r.start,
			 born); /* how old it is: what is young may not have its files yet */
	/* No path tells what this is; its runtime may know. */
	make_unknown(h, 20, H_ROOT, "/mine");
	assert_int_equal(asked(h, 20), 1);
	assert_null(find(h, 20));
	h_close(h);
}

static void test_asked_when_it_is_found(void **state)
{
	struct harness *h = open_host();
	uint64_t seen = h->now;

	(void)state;
	h_scan(h, 10, 5, H_DOCKER);
	h_scan(h, 20, H_ROOT, "/mine");
	h_mark(h);
	assert_int_equal(asked(h, 10), 1);
	assert_int_equal(h->requests[0].r.start, seen);
	/* Most directories that are there are nobody's container. */
	assert_int_equal(asked(h, 20), 0);
	h_task(h, h_who(300, 20, "app"), 1, 4096);
	h_mark(h);
	assert_true(asked(h, 20) >= 1);
	h_close(h);
}

static void test_nobodys_cgroups_are_not_asked_for(void **state)
{
	static const char *const paths[] = {
		"/system.slice",
		"/kubepods",
		"/kubepods/burstable",
		POD,
		"/lxc.monitor.web",
		"/libpod_parent/conmon",
		"/machine.slice/libpod-conmon-" H_ID64 ".scope",
	};
	struct harness *h = open_host();
	uint64_t id = 30;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		h_cgroup(h, id, H_ROOT, paths[i]);
		h_mark(h);
		assert_int_equal(asked(h, id), 0);
		id++;
	}
	/* A helper that runs in one, the host's own, and what is in a slice itself. */
	enter(h, 300, 34);
	enter(h, 301, H_ROOT);
	enter(h, 302, 30);
	assert_int_equal(asked(h, 34), 0);
	assert_int_equal(asked(h, H_ROOT), 0);
	assert_int_equal(asked(h, 30), 0);
	/* What lives in a pod's own cgroup is the pod's, and the kubelet's directories name that.
	 */
	enter(h, 303, 33);
	assert_true(asked(h, 33) > 0);
	h_close(h);
}

static void test_excluded_ones_are_not_asked_for(void **state)
{
	struct ev_start start = h_start();
	struct harness *h;

	(void)state;
	start.n_exclude = 1;
	strcpy(start.exclude[0], "/docker/*");
	h = h_open(&start);
	h_ready(h);
	h_cgroup(h, 10, 5, H_DOCKER);
	h_cgroup(h, 20, 5, "/docker/mine");
	h_mark(h);
	enter(h, 300, 20);
	assert_int_equal(asked(h, 10), 0);
	assert_int_equal(asked(h, 20), 0);
	h_cgroup(h, 21, 5, "/mine");
	h_mark(h);
	assert_int_equal(asked(h, 21), 1);
	h_close(h);
}

static void test_a_cut_path_is_not_asked_for(void **state)
{
	struct harness *h = open_host();
	struct ev_cgroup_new *ev = &h_event(h, EV_CGROUP_NEW)->cgroup_new;

	(void)state;
	ev->id = 20;
	ev->parent_id = 5;
	ev->scanned = 0;
	ev->path_cut = 1;
	strcpy(ev->path, "/x/" H_ID64);
	h_step(h);
	h_mark(h);
	enter(h, 300, 20);
	assert_int_equal(asked(h, 20), 0);
	/* Its whole path comes: now it can be found. */
	h_scan(h, 20, 5, "/mine");
	h_mark(h);
	assert_true(asked(h, 20) > 0);
	h_close(h);
}

/*
 * While nothing is known: the first process that comes in, and each program that is executed, is
 * one more chance. What a runtime puts in before its program is none.
 */
static void test_asked_again(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	h_mark(h);
	enter(h, 300, 10);
	assert_int_equal(asked(h, 10), 2);
	for (uint32_t pid = 281; pid < 300; pid++)
		enter(h, pid, 10);
	assert_int_equal(asked(h, 10), 2);
	h_exec(h, h_who(300, 10, "app"), "/app", "app");
	h_mark(h);
	assert_int_equal(asked(h, 10), 3);
	/* A container without files costs a few questions, not one a process. */
	for (uint32_t pid = 301; pid < 320; pid++) {
		enter(h, pid, 10);
		h_exec(h, h_who(pid, 10, "app"), "/app", "app");
		h_mark(h);
	}
	assert_int_equal(asked(h, 10), 8);
	h_close(h);
}

static void test_not_asked_again_when_it_is_known(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	h_mark(h);
	h_identity(h, 10, "web");
	enter(h, 300, 10);
	h_exec(h, h_who(300, 10, "app"), "/app", "app");
	h_mark(h);
	assert_int_equal(asked(h, 10), 1);
	h_close(h);
}

/* What can be renamed is looked at again with each report, as long as it lives. */
static void test_asked_with_each_report(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	h_cgroup(h, 11, 5, POD "/" H_ID64_2);
	h_cgroup(h, 12, 5, "/docker/" H_ID("f00d"));
	h_mark(h);
	h_identity(h, 10, "web");
	strcpy(h_identity_event(h, 11, "api")->runtime, "containerd");
	h_step(h);
	announce(h);
	for (int report = 1; report <= 2; report++) {
		h_forget(h);
		h_pass(h, h->start.report_interval);
		h_clock(h);
		h_mark(h);
		assert_int_equal(asked(h, 10), 1);
		assert_int_equal(asked(h, 11), 0); /* nobody renames a pod's container */
		assert_int_equal(asked(h, 12), 0); /* and this one has no name at all */
	}
	h_rmdir(h, 10);
	h_mark(h);
	h_counts_event(h, 10);
	h_step(h);
	h_forget(h);
	h_pass(h, h->start.report_interval);
	h_clock(h);
	h_mark(h);
	assert_int_equal(asked(h, 10), 0);
	h_close(h);
}

/* ---- taking in ---- */

static void test_an_answer_names_what_follows(void **state)
{
	struct harness *h = open_host();
	const struct record_container *c;
	struct ev_identity *ev;

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	h_mark(h);
	ev = h_identity_event(h, 10, "web");
	strcpy(ev->container_id, H_ID64);
	strcpy(ev->image, "nginx:latest");
	strcpy(ev->image_id, "sha256:" H_ID64_2);
	strcpy(ev->labels, "app=shop\nteam=");
	ev->restart_count = 3;
	h_step(h);
	h_mark(h);
	assert_int_equal(h->n_records, 0);
	enter(h, 300, 10);
	announce(h);
	h_exit(h, h_who(300, 10, "app"), H_CODE(1));
	h_mark(h);
	c = told(h, 10);
	assert_string_equal(c->id, H_ID64);
	assert_string_equal(c->name, "web");
	assert_string_equal(c->runtime, "docker");
	assert_string_equal(c->image, "nginx:latest");
	assert_string_equal(c->image_id, "sha256:" H_ID64_2);
	assert_string_equal(c->labels, "app=shop\nteam=");
	assert_string_equal(c->identity_source, "runtime-state");
	assert_int_equal(c->restart_count, 3);
	assert_false(c->restarts_counted);
	assert_false(c->sandbox);
	assert_false(c->labels_cut);
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 1);
	assert_string_equal(h_the(h, RECORD_PROCESS_EXIT)->container.name, "web");
	h_close(h);
}

static void test_an_answer_that_says_nothing(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	make_unknown(h, 20, H_ROOT, "/mine");
	h_identity_event(h, 10, "web")->source[0] = '\0';
	h_step(h);
	h_identity_event(h, 20, "web")->source[0] = '\0';
	h_step(h);
	h_identity(h, 77, "nobody"); /* no such cgroup */
	announce(h);
	assert_string_equal(told(h, 10)->name, "");
	assert_string_equal(told(h, 10)->identity_source, "path");
	assert_null(find(h, 20));
	assert_null(find(h, 77));
	h_close(h);
}

static void test_a_late_answer_corrects(void **state)
{
	struct harness *h = open_host();
	uint64_t then;

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	enter(h, 300, 10);
	announce(h);
	assert_string_equal(told(h, 10)->name, "");
	h_pass(h, 50 * H_MS);
	then = h->now;
	h_identity(h, 10, "web");
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 2);
	assert_string_equal(told(h, 10)->name, "web");
	/* At its own time; the container has begun when it has begun. */
	assert_int_equal(h_find(h, RECORD_CONTAINER_START, 1)->r.time_real,
			 H_REAL - H_START + then);
	assert_int_equal(h_find(h, RECORD_CONTAINER_START, 0)->container.started_real,
			 told(h, 10)->started_real);
	/* The same again is no news. */
	h_identity(h, 10, "web");
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 2);
	/* A name that the user has changed is. */
	h_identity(h, 10, "shop");
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 3);
	assert_string_equal(told(h, 10)->name, "shop");
	h_close(h);
}

/* Any single field that an answer changes is news. */
static void test_what_is_news(void **state)
{
	struct harness *h = open_host();
	size_t n = 1;

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	h_mark(h);
	h_identity(h, 10, "web");
	announce(h);
#define NEWS(change)                                                                               \
	do {                                                                                       \
		struct ev_identity *ev = h_identity_event(h, 10, "web");                           \
                                                                                                   \
		change;                                                                            \
		h_step(h);                                                                         \
		h_mark(h);                                                                         \
		assert_int_equal(h_count(h, RECORD_CONTAINER_START), ++n);                         \
	} while (0)
	NEWS(ev->sandbox = 1);
	NEWS(ev->restart_count = 1);
	NEWS(strcpy(ev->container_id, "x"));
	NEWS(strcpy(ev->runtime, "podman"));
	NEWS(strcpy(ev->image, "x"));
	NEWS(strcpy(ev->image_id, "x"));
	NEWS(strcpy(ev->pod_name, "x"));
	NEWS(strcpy(ev->pod_uid, "x"));
	NEWS(strcpy(ev->namespace, "x"));
	NEWS(strcpy(ev->k8s_container, "x"));
	NEWS(strcpy(ev->source, "oci-config"));
	NEWS(strcpy(ev->labels, "a=b"));
#undef NEWS
	h_close(h);
}

static void test_an_answer_after_the_end(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	enter(h, 300, 10);
	h_exit(h, h_who(300, 10, "app"), H_CODE(0));
	h_rmdir(h, 10);
	h_mark(h);
	assert_string_equal(told(h, 10)->name, "");
	/* Between its end and its last counts it still is in time for the records of its end. */
	h_identity(h, 10, "web");
	h_counts_event(h, 10);
	h_step(h);
	h_mark(h);
	assert_string_equal(told(h, 10)->name, "web");
	assert_string_equal(h_the(h, RECORD_CONTAINER_STOP)->container.name, "web");
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 2);
	/* What comes now changes no more. */
	h_identity(h, 10, "other");
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 2);
	assert_int_equal(h_count(h, RECORD_CONTAINER_STOP), 1);
	h_close(h);
}

/* Its directory is gone before anybody knew that it is a container: nothing begins any more. */
static void test_an_answer_for_what_is_gone(void **state)
{
	struct harness *h = open_host();

	(void)state;
	make_unknown(h, 20, H_ROOT, "/mine");
	h_rmdir(h, 20);
	h_mark(h);
	h_identity(h, 20, "web");
	announce(h);
	assert_int_equal(h->n_records, 0);
	h_close(h);
}

/* ---- layouts that no path tells ---- */

static void test_an_answer_makes_a_container(void **state)
{
	struct harness *h = open_host();

	(void)state;
	make_unknown(h, 20, H_ROOT, "/mine");
	h_identity(h, 20, "web");
	assert_non_null(find(h, 20));
	assert_int_equal(find(h, 20)->processes, 0);
	announce(h);
	assert_string_equal(told(h, 20)->name, "web");
	enter(h, 300, 20);
	assert_int_equal(find(h, 20)->processes, 1);
	assert_int_equal(asked(h, 20), 1 + 1); /* the mkdir's, and the container's own */
	h_close(h);
}

/* crun on v2: /mine/c1 is the container, its processes are in /mine/c1/container. */
static void test_an_answer_about_an_ancestor(void **state)
{
	struct harness *h = open_quiet(0);
	const struct container *c;
	struct ev_exit *ev;

	(void)state;
	h_cgroup(h, 20, H_ROOT, "/mine/c1");
	h_cgroup(h, 21, 20, "/mine/c1/container");
	h_mark(h);
	assert_int_equal(asked(h, 20), 1);
	assert_int_equal(asked(h, 21), 1);
	enter(h, 300, 21);
	enter(h, 301, 21);
	ev = h_exit_event(h, h_who(301, 21, "app"), H_CODE(0));
	ev->major_faults = 5;
	h_step(h);
	h_counts_event(h, 21)->forks = 7;
	h_step(h);
	h_mark(h);
	h_identity_event(h, 21, "c1")->own_len = strlen("/mine/c1");
	h_step(h);
	h_mark(h);
	c = find(h, 20);
	assert_non_null(c);
	assert_ptr_equal(find(h, 21), c);
	assert_int_equal(c->key, 20);
	assert_int_equal(c->processes, 1);
	assert_int_equal(c->exits.total, 1);
	assert_int_equal(c->exits.causes[CAUSE_CLEAN], 1);
	assert_int_equal(c->major_exited, 5);
	assert_int_equal(c->total.forks, 7);
	assert_int_equal(c->init_pid, 300);
	announce(h);
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 1);
	assert_string_equal(told(h, 20)->cgroup, "/mine/c1");
	assert_string_equal(told(h, 20)->name, "c1");
	/* The counts go on where they were. */
	h_counts_event(h, 21)->forks = 9;
	h_step(h);
	h_mark(h);
	assert_int_equal(c->total.forks, 9);
	h_close(h);
}

/* The first process had come and gone before the answer: its exit is the container's. */
static void test_the_end_of_a_part_is_kept(void **state)
{
	struct harness *h = open_quiet(0);
	const struct h_record *stop;

	(void)state;
	h_cgroup(h, 20, H_ROOT, "/mine/c1");
	h_cgroup(h, 21, 20, "/mine/c1/container");
	enter(h, 300, 21);
	h_exit(h, h_who(300, 21, "app"), H_CODE(0));
	h_mark(h);
	h_identity_event(h, 21, "c1")->own_len = strlen("/mine/c1");
	h_step(h);
	h_mark(h);
	h_rmdir(h, 21);
	h_rmdir(h, 20);
	h_mark(h);
	h_counts_event(h, 21);
	h_step(h);
	h_counts_event(h, 20);
	h_step(h);
	h_mark(h);
	stop = h_the(h, RECORD_CONTAINER_STOP);
	assert_int_equal(stop->container.cgroup_id, 20);
	assert_int_equal(stop->container_stop.exits.total, 1);
	assert_true(stop->container_stop.init_known);
	assert_int_equal(stop->container_stop.init.pid, 300);
	assert_int_equal(stop->container_stop.init_exit.code, 0);
	assert_int_equal(stop->container_stop.init_cause, CAUSE_CLEAN);
	h_close(h);
}

/* What was below the part goes with it, and those who leave it leave the whole. */
static void test_what_is_below_a_part_goes_with_it(void **state)
{
	struct harness *h = open_quiet(0);

	(void)state;
	make_unknown(h, 20, H_ROOT, "/o");
	make_unknown(h, 21, 20, "/o/w");
	make_unknown(h, 22, 21, "/o/w/d");
	h_identity(h, 21, "w");
	enter(h, 300, 22); /* d is w's */
	enter(h, 301, 22);
	h_identity_event(h, 21, "o")->own_len = strlen("/o");
	h_step(h);
	h_mark(h);
	assert_ptr_equal(find(h, 22), find(h, 20));
	assert_int_equal(find(h, 20)->processes, 2);
	h_exit(h, h_who(300, 22, "app"), H_CODE(0));
	h_mark(h);
	assert_int_equal(find(h, 20)->processes, 1);
	assert_int_equal(find(h, 20)->exits.total, 1);
	assert_int_equal(h->core->container_pool.used, 1);
	h_close(h);
}

static void test_what_is_made_below_an_identified_one(void **state)
{
	struct harness *h = open_host();

	(void)state;
	make_unknown(h, 20, H_ROOT, "/mine");
	h_identity(h, 20, "web");
	make_unknown(h, 21, 20, "/mine/sub");
	make_unknown(h, 22, 21, "/mine/sub/deep");
	enter(h, 300, 22);
	assert_ptr_equal(find(h, 22), find(h, 20));
	assert_int_equal(find(h, 20)->processes, 1);
	/* A unit inside has its own name. */
	make_unknown(h, 23, 20, "/mine/system.slice");
	make_unknown(h, 24, 23, "/mine/system.slice/app.service");
	enter(h, 301, 24);
	assert_int_equal(find(h, 24)->key, 24);
	/* And files may say that a part is somebody's own: nothing is said of it twice. */
	h_identity(h, 22, "web");
	announce(h);
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 2);
	h_close(h);
}

/* Nobody has named it: what is below is its own. */
static void test_what_is_made_below_an_unknown_one(void **state)
{
	struct harness *h = open_host();

	(void)state;
	make_unknown(h, 20, H_ROOT, "/mine");
	enter(h, 300, 20);
	make_unknown(h, 21, 20, "/mine/sub");
	enter(h, 301, 21);
	assert_ptr_not_equal(find(h, 21), find(h, 20));
	h_close(h);
}

/*
 * A round, or a record that had to name it, came before the answer. What was told of as a container
 * of its own, and is a part of one, ends as such; the whole has it all.
 */
static void test_a_part_that_was_announced(void **state)
{
	struct harness *h = open_host();
	const struct h_record *whole, *stop;
	uint64_t then;

	(void)state;
	h_cgroup(h, 20, H_ROOT, "/mine/c1");
	h_cgroup(h, 21, 20, "/mine/c1/container");
	enter(h, 300, 21);
	enter(h, 301, 21);
	h_exit(h, h_who(301, 21, "app"), H_CODE(3));
	h_mark(h);
	assert_string_equal(told(h, 21)->runtime, "none");
	h_pass(h, 20 * H_MS);
	then = h->now;
	h_identity_event(h, 21, "c1")->own_len = strlen("/mine/c1");
	h_step(h);
	h_mark(h);
	assert_ptr_equal(find(h, 21), find(h, 20));
	assert_int_equal(find(h, 20)->processes, 1);
	assert_int_equal(find(h, 20)->exits.causes[CAUSE_FAILED], 1);
	whole = h_find(h, RECORD_CONTAINER_START, 1);
	stop = h_the(h, RECORD_CONTAINER_STOP);
	assert_int_equal(whole->container.cgroup_id, 20);
	assert_string_equal(whole->container.name, "c1");
	assert_int_equal(stop->container.cgroup_id, 21);
	assert_int_equal(stop->r.time_real, H_REAL - H_START + then);
	assert_true(whole->r.seq < stop->r.seq);
	/* Its processes live on, so there is no life to tell of, and no count is the last one. */
	assert_false(stop->container_stop.init_known);
	assert_false(stop->container_stop.lifetime_known);
	assert_int_equal(stop->container_stop.forks, U64_UNKNOWN);
	assert_int_equal(stop->container_stop.minor_faults, U64_UNKNOWN);
	assert_int_equal(stop->container_stop.exits.total, 1);
	assert_int_equal(h_count(h, RECORD_CONTAINER_SAMPLE), 0);
	/* That was all that is to be said of the part. */
	h_exit(h, h_who(300, 21, "app"), H_CODE(3));
	h_rmdir(h, 21);
	h_mark(h);
	h_counts_event(h, 21);
	h_step(h);
	h_mark(h);
	assert_int_equal(h_find(h, RECORD_PROCESS_EXIT, 1)->container.cgroup_id, 20);
	assert_int_equal(h_count(h, RECORD_CONTAINER_STOP), 1);
	assert_int_equal(h_count(h, RECORD_CONTAINER_START), 2);
	h_close(h);
}

/* Answers that contradict each other, in an order that leaves a stale index behind. */
static void test_a_stale_index_is_nobodys(void **state)
{
	struct harness *h = open_host();

	(void)state;
	make_unknown(h, 20, H_ROOT, "/o");
	make_unknown(h, 21, 20, "/o/w");
	make_unknown(h, 22, 21, "/o/w/d");
	h_identity(h, 21, "w");
	enter(h, 300, 22); /* d is w's */
	h_identity_event(h, 21, "o")->own_len = strlen("/o");
	h_step(h);
	h_mark(h); /* w is o's now, and its container is free */
	h_cgroup(h, 10, 5, H_DOCKER);
	enter(h, 400, 10); /* takes its place */
	h_identity_event(h, 22, "o")->own_len = strlen("/o");
	h_step(h);
	h_mark(h);
	assert_non_null(find(h, 10));
	assert_int_equal(find(h, 10)->key, 10);
	assert_int_equal(find(h, 10)->processes, 1);
	assert_ptr_equal(find(h, 22), find(h, 20));
	h_close(h);
}

/* A length that no ancestor has: it is about the cgroup itself. */
static void test_a_length_of_no_ancestor(void **state)
{
	static const uint64_t lengths[] = {0, 2, 7, 9, 1000, U64_UNKNOWN - 1};
	struct harness *h = open_host();
	char path[32];

	(void)state;
	for (uint64_t i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/mine%u/c1", (unsigned int)i);
		make_unknown(h, 20 + i, 777, path); /* its parent was never told of */
		h_identity_event(h, 20 + i, "c1")->own_len = lengths[i];
		h_step(h);
		h_mark(h);
		assert_non_null(find(h, 20 + i));
		assert_string_equal(find(h, 20 + i)->identity.name, "c1");
	}
	h_close(h);
}

/* ---- around it ---- */

static void expect_parent(struct harness *h, uint64_t id, const char *cgroup, const char *name,
			  const char *runtime)
{
	const struct record_container *c = told(h, id);

	assert_non_null(c->parent_cgroup);
	assert_string_equal(c->parent_cgroup, cgroup);
	assert_string_equal(c->parent_name, name);
	assert_string_equal(c->parent_runtime, runtime);
}

static void test_the_container_around(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, H_DOCKER);
	h_cgroup(h, 11, 10, H_DOCKER "/docker");
	h_cgroup(h, 12, 11, H_DOCKER "/docker/" H_ID64_2);
	h_cgroup(h, 30, H_ROOT, "/lxc.payload.web");
	h_cgroup(h, 31, 30, "/lxc.payload.web/system.slice");
	h_cgroup(h, 32, 31, "/lxc.payload.web/system.slice/app.service");
	h_mark(h);
	h_identity(h, 10, "outer");
	announce(h);
	expect_parent(h, 12, H_DOCKER, "outer", "docker");
	assert_string_equal(told(h, 12)->parent_id, H_ID64);
	expect_parent(h, 32, "/lxc.payload.web", "web", "lxc");
	assert_string_equal(told(h, 32)->parent_id, "");
	assert_null(told(h, 10)->parent_cgroup);
	assert_null(told(h, 30)->parent_cgroup);
	h_close(h);
}

static void test_no_container_around(void **state)
{
	struct harness *h = open_host();

	(void)state;
	/* Processes in the root, in a slice, and in a directory that nobody knows. */
	enter(h, 300, H_ROOT);
	h_cgroup(h, 30, H_ROOT, "/system.slice");
	h_cgroup(h, 31, 30, "/system.slice/app.service");
	enter(h, 301, 30);
	h_cgroup(h, 32, H_ROOT, "/mine");
	enter(h, 302, 32);
	h_cgroup(h, 33, 32, "/mine/libpod-" H_ID64);
	enter(h, 303, 33);
	announce(h);
	assert_null(told(h, 31)->parent_cgroup);
	assert_null(told(h, 33)->parent_cgroup);
	assert_null(told(h, H_ROOT)->parent_cgroup);
	/* Somebody's, as its files say: then it is around. */
	h_identity(h, 32, "box");
	h_identity(h, 33, "web");
	expect_parent(h, 33, "/mine", "box", "docker");
	h_close(h);
}

/* Ids that lead in a circle, or nowhere, end the search. */
static void test_parents_without_end(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 11, H_DOCKER);
	h_cgroup(h, 11, 10, "/docker/x");
	h_cgroup(h, 12, 999, "/docker/" H_ID64_2);
	h_mark(h);
	announce(h);
	assert_null(told(h, 10)->parent_cgroup);
	assert_null(told(h, 12)->parent_cgroup);
	h_close(h);
}

/* ---- pods ---- */

static struct ev_identity *pod_answer(struct harness *h, uint64_t id, const char *pod)
{
	struct ev_identity *ev = h_identity_event(h, id, "api");

	strcpy(ev->runtime, "containerd");
	strcpy(ev->source, "oci-config");
	strcpy(ev->pod_uid, "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3");
	snprintf(ev->pod_name, sizeof(ev->pod_name), "%s", pod);
	strcpy(ev->namespace, "prod");
	strcpy(ev->k8s_container, "api");
	return ev;
}

static void test_a_pods_container(void **state)
{
	struct harness *h = open_host();
	const struct record_container *c;

	(void)state;
	h_cgroup(h, 10, 5, POD "/" H_ID64);
	h_cgroup(h, 11, 5, POD "/" H_ID64_2);
	h_mark(h);
	pod_answer(h, 10, "shop-5c46f56cd5-7q6lx");
	h_step(h);
	pod_answer(h, 11, "shop-5c46f56cd5-7q6lx")->sandbox = 1;
	h_step(h);
	h_mark(h);
	announce(h);
	c = told(h, 10);
	assert_string_equal(c->pod_name, "shop-5c46f56cd5-7q6lx");
	assert_string_equal(c->pod_uid, "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3");
	assert_string_equal(c->namespace, "prod");
	assert_string_equal(c->k8s_container, "api");
	assert_string_equal(c->workload_kind, "Deployment");
	assert_string_equal(c->workload, "shop");
	assert_false(c->sandbox);
	assert_true(told(h, 11)->sandbox);
	assert_string_equal(told(h, 11)->workload, "shop");
	h_close(h);
}

static void test_the_workload_that_a_pods_name_tells(void **state)
{
	static const struct {
		const char *pod, *uid, *kind, *name;
	} cases[] = {
		{"web-0", "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3", "StatefulSet", "web"},
		{"agent-x7k2p", "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3", NULL, "agent"},
		{"by-hand", "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3", NULL, ""},
		/* A static pod's name ends with its node's. */
		{"etcd-node-0", "e81de169a4c6cb8f6c760f09a28c4232", NULL, ""},
	};
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, POD "/" H_ID64);
	h_mark(h);
	announce(h);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(pod_answer(h, 10, cases[i].pod)->pod_uid, cases[i].uid);
		h_step(h);
		h_mark(h);
		assert_string_equal(told(h, 10)->pod_name, cases[i].pod);
		assert_string_equal(told(h, 10)->workload, cases[i].name);
		if (cases[i].kind)
			assert_string_equal(told(h, 10)->workload_kind, cases[i].kind);
		else
			assert_null(told(h, 10)->workload_kind);
	}
	h_close(h);
}

/* Only the path is known: the pod's uid stands in it, nothing else. */
static void test_a_pod_without_files(void **state)
{
	struct harness *h = open_host();

	(void)state;
	h_cgroup(h, 10, 5, POD "/" H_ID64);
	h_mark(h);
	announce(h);
	assert_string_equal(told(h, 10)->pod_uid, "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3");
	assert_string_equal(told(h, 10)->pod_name, "");
	assert_string_equal(told(h, 10)->workload, "");
	assert_string_equal(told(h, 10)->runtime, "");
	assert_string_equal(told(h, 10)->identity_source, "path");
	h_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_when_the_cgroup_is_made),
		cmocka_unit_test(test_asked_when_it_is_found),
		cmocka_unit_test(test_nobodys_cgroups_are_not_asked_for),
		cmocka_unit_test(test_excluded_ones_are_not_asked_for),
		cmocka_unit_test(test_a_cut_path_is_not_asked_for),
		cmocka_unit_test(test_asked_again),
		cmocka_unit_test(test_not_asked_again_when_it_is_known),
		cmocka_unit_test(test_asked_with_each_report),
		cmocka_unit_test(test_an_answer_names_what_follows),
		cmocka_unit_test(test_an_answer_that_says_nothing),
		cmocka_unit_test(test_a_late_answer_corrects),
		cmocka_unit_test(test_what_is_news),
		cmocka_unit_test(test_an_answer_after_the_end),
		cmocka_unit_test(test_an_answer_for_what_is_gone),
		cmocka_unit_test(test_an_answer_makes_a_container),
		cmocka_unit_test(test_an_answer_about_an_ancestor),
		cmocka_unit_test(test_the_end_of_a_part_is_kept),
		cmocka_unit_test(test_what_is_below_a_part_goes_with_it),
		cmocka_unit_test(test_what_is_made_below_an_identified_one),
		cmocka_unit_test(test_what_is_made_below_an_unknown_one),
		cmocka_unit_test(test_a_part_that_was_announced),
		cmocka_unit_test(test_a_stale_index_is_nobodys),
		cmocka_unit_test(test_a_length_of_no_ancestor),
		cmocka_unit_test(test_the_container_around),
		cmocka_unit_test(test_no_container_around),
		cmocka_unit_test(test_parents_without_end),
		cmocka_unit_test(test_a_pods_container),
		cmocka_unit_test(test_the_workload_that_a_pods_name_tells),
		cmocka_unit_test(test_a_pod_without_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
