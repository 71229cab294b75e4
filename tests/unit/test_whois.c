/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_whois.c - questions about whose a container is, and files that come later than the cgroup:
 * when they are looked for again, when that ends, and which files can say something at all.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "cmd/whois.h"
#include "unit/tmptree.h"

#define MS      1000000ull
#define S       1000000000ull
#define ID64    "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define OTHER64 "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578f"
#define DOCKER  "/docker/" ID64
#define POD_UID "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
#define POD     "/kubepods/burstable/pod" POD_UID "/" ID64

static struct whois whois;
static struct cgroupfs cgroupfs;
static struct ev_identity answers[600];
static int n_answers;

static void on_event(void *ctx, const union event *ev)
{
	(void)ctx;
	assert_int_equal(ev->head.type, EV_IDENTITY);
	assert_true(n_answers < (int)ARRAY_SIZE(answers));
	answers[n_answers++] = ev->identity;
}

static int setup(void **state)
{
	if (tree_setup(state))
		return -1;
	memset(&cgroupfs, 0, sizeof(cgroupfs));
	cgroupfs.v1 = cgroupfs.found = true;
	snprintf(cgroupfs.memory, sizeof(cgroupfs.memory), "%s/cg", tree_root);
	n_answers = 0;
	return whois_open(&whois, tree_root, &cgroupfs, NULL, 0);
}

static int teardown(void **state)
{
	whois_close(&whois);
	return tree_teardown(state);
}

/* A cgroup's directory, with a process in it. Returns its id. */
static uint64_t make(const char *path)
{
	char name[EV_PATH];

	snprintf(name, sizeof(name), "cg%s/cgroup.procs", path);
	tree_put(name, "77\n78\n");
	return tree_inode(cgroupfs.memory, path);
}

static void tree_rename(const char *from, const char *to)
{
	char a[1024], b[1024];

	snprintf(a, sizeof(a), "%s/%s", tree_root, from);
	snprintf(b, sizeof(b), "%s/%s", tree_root, to);
	assert_int_equal(rename(a, b), 0);
}

static void put_docker(const char *name, bool running)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"ID\":\"" ID64 "\",\"Name\":\"/%s\",\"State\":{\"Running\":%s}}", name,
		 running ? "true" : "false");
	tree_put("var/lib/docker/containers/" ID64 "/config.v2.json", text);
}

static void ask_of(uint64_t id, const char *path, uint64_t start)
{
	struct request r = {
		.type = REQUEST_IDENTITY, .cgroup_id = id, .path = path, .start = start};

	whois_ask(&whois, &r, on_event, NULL);
}

/* Of one that was made just now. */
static void ask(uint64_t id, const char *path)
{
	ask_of(id, path, now_boot());
}

/* Let the time come for the next look. Returns when that is. */
static uint64_t pass(void)
{
	uint64_t now = whois.next;

	assert_true(now != UINT64_MAX);
	assert_int_equal(whois_again(&whois, now - 1, on_event, NULL), 0);
	assert_int_equal(whois.next, now);
	whois_again(&whois, now, on_event, NULL);
	return now;
}

static void expect_rest(void)
{
	assert_int_equal(whois.n_waiting, 0);
	assert_int_equal(whois.next, UINT64_MAX);
}

/* ---- when ---- */

static void test_at_once(void **state)
{
	uint64_t id = make(DOCKER), before = now_boot();

	(void)state;
	put_docker("web", true);
	ask(id, DOCKER);
	assert_int_equal(n_answers, 1);
	assert_string_equal(answers[0].name, "web");
	assert_int_equal(answers[0].id, id);
	assert_true(answers[0].head.ts >= before && answers[0].head.ts <= now_boot());
	expect_rest();
}

/* No runtime keeps files of these: nothing is waited for. */
static void test_never(void **state)
{
	static const char *const paths[] = {"/system.slice/nginx.service", "/system.slice",
					    "/lxc.payload.web", "/lxc.monitor.web", "/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ask(make(paths[i]), paths[i]);
		assert_int_equal(n_answers, 0);
		expect_rest();
	}
}

static void test_a_file_that_comes_later(void **state)
{
	uint64_t id = make(DOCKER), first, before = now_boot();

	(void)state;
	ask(id, DOCKER);
	assert_int_equal(n_answers, 0);
	assert_int_equal(whois.n_waiting, 1);
	first = pass();
	assert_true(first >= before + 2 * MS && first <= now_boot() + 2 * MS);
	assert_int_equal(n_answers, 0);
	put_docker("web", true);
	assert_int_equal(pass() - first, 2 * MS);
	assert_int_equal(n_answers, 1);
	assert_int_equal(answers[0].id, id);
	expect_rest();
}

/* 2 ms apart, later a quarter of the time that has passed: two seconds in all. */
static void test_until_it_is_given_up(void **state)
{
	uint64_t id = make(DOCKER), since, last, now, looks = 1;

	(void)state;
	ask(id, DOCKER);
	last = pass();
	since = last - 2 * MS;
	while (whois.n_waiting) {
		uint64_t gap = (last - since) / 4 > 2 * MS ? (last - since) / 4 : 2 * MS;

		now = pass();
		assert_int_equal(now - last, gap);
		last = now;
		looks++;
	}
	assert_int_equal(looks, 29);
	assert_true(last - now_boot() < 2300 * MS && last - now_boot() > 1900 * MS);
	assert_int_equal(n_answers, 0);
	expect_rest();
	/* What comes then is not noticed, until somebody asks again. */
	put_docker("web", true);
	assert_int_equal(whois_again(&whois, last + S, on_event, NULL), 0);
	ask(id, DOCKER);
	assert_int_equal(n_answers, 1);
}

static void test_an_old_one_is_looked_for_once(void **state)
{
	uint64_t id = make(DOCKER);

	(void)state;
	ask_of(id, DOCKER, now_boot() - 4 * S);
	expect_rest();
	ask_of(id, DOCKER, now_boot() - 2 * S);
	assert_int_equal(whois.n_waiting, 1);
}

static void test_a_cgroup_that_is_gone(void **state)
{
	uint64_t id = make(DOCKER);

	(void)state;
	ask(id, DOCKER);
	tree_rename("cg" DOCKER, "cg/old");
	pass();
	assert_int_equal(n_answers, 0);
	expect_rest();
	/* Another one has taken its place. */
	make(DOCKER);
	assert_int_not_equal(tree_inode(cgroupfs.memory, DOCKER), id);
	ask(id, DOCKER);
	pass();
	expect_rest();
	/* But a file that outlives the cgroup still says whose it was. */
	ask(id, DOCKER);
	tree_rename("cg" DOCKER, "cg/older");
	put_docker("web", true);
	pass();
	assert_int_equal(n_answers, 1);
	assert_int_equal(answers[0].id, id);
	expect_rest();
}

/* A file from before its start is told of, and looked at until the new one is there. */
static void test_a_file_that_is_old(void **state)
{
	uint64_t id = make(DOCKER);

	(void)state;
	put_docker("old", false);
	ask(id, DOCKER);
	assert_int_equal(n_answers, 1);
	assert_string_equal(answers[0].name, "old");
	pass();
	assert_int_equal(n_answers, 1); /* not the same again */
	put_docker("web", true);
	pass();
	assert_int_equal(n_answers, 2);
	assert_string_equal(answers[1].name, "web");
	expect_rest();
}

/* ---- the table ---- */

/* A process came in and the core asks again: one look is planned, as for a new one. */
static void test_asked_again(void **state)
{
	uint64_t id = make(DOCKER), before;

	(void)state;
	ask(id, DOCKER);
	pass();
	pass();
	before = now_boot();
	ask(id, DOCKER);
	assert_int_equal(whois.n_waiting, 1);
	assert_true(whois.next >= before + 2 * MS && whois.next <= now_boot() + 2 * MS);
	/* Answered now: nothing is left to be looked for. */
	put_docker("web", true);
	ask(id, DOCKER);
	assert_int_equal(n_answers, 1);
	expect_rest();
}

static void test_the_next_is_the_first_that_is_due(void **state)
{
	uint64_t a = make("/a"), b = make("/b"), first, second;

	(void)state;
	ask(a, "/a");
	first = whois.next;
	usleep(100);
	ask(b, "/b");
	assert_int_equal(whois.next, first);
	assert_int_equal(whois.n_waiting, 2);
	assert_int_equal(pass(), first);
	second = whois.next;
	assert_true(second > first && second < first + 2 * MS);
	pass();
	assert_int_equal(whois.next, first + 2 * MS);
	/* Both are due at once. */
	whois_again(&whois, first + 20 * MS, on_event, NULL);
	assert_true(whois.next > first + 25 * MS && whois.next < first + 26 * MS);
	whois_again(&whois, whois.next, on_event, NULL);
	assert_int_equal(whois.n_waiting, 2);
}

static void test_a_full_table(void **state)
{
	char path[32];
	uint64_t id = 0;

	(void)state;
	for (int i = 0; i < WHOIS_WAITING; i++) {
		snprintf(path, sizeof(path), "/c%d", i);
		id = make(path);
		ask(id, path);
		if (i == 9)
			whois_again(&whois, whois.next + 10 * MS, on_event, NULL);
	}
	assert_int_equal(whois.n_waiting, WHOIS_WAITING);
	assert_int_equal(whois.peak, WHOIS_WAITING);
	assert_int_equal(whois.crowded_out, 0);
	/* Whom the table knows already needs no room. */
	ask(id, path);
	assert_int_equal(whois.crowded_out, 0);
	/* One that was looked for more often than the others makes room. */
	assert_int_equal(whois.waiting[0].tries, 2);
	ask(make("/new"), "/new");
	assert_int_equal(whois.crowded_out, 1);
	assert_int_equal(whois.n_waiting, WHOIS_WAITING);
	assert_string_equal(whois.waiting[0].path, "/new");
	assert_int_equal(whois.waiting[0].tries, 1);
	/* All find their answer, or are given up; none is lost or told twice. */
	tree_put("run/crun/c17/status", "{\"cgroup-path\":\"/c17\"}");
	tree_put("run/crun/c255/status", "{\"cgroup-path\":\"/c255\"}");
	while (whois.n_waiting)
		pass();
	assert_int_equal(n_answers, 2);
	expect_rest();
	assert_int_equal(whois.peak, WHOIS_WAITING);
}

/* ---- which files ---- */

static void expect_nobodys(const char *path)
{
	struct identity found;

	assert_int_equal(whois_look(&whois, path, make(path), 1, &found), -ENOENT);
	assert_string_equal(found.ev.source, "");
	assert_string_equal(found.ev.name, "");
	assert_string_equal(found.ev.pod_name, "");
}

static void put_pod(void)
{
	tree_put("var/log/pods/prod_shop-0_" POD_UID "/api/2.log", "");
	tree_put("proc/77/mountinfo",
		 "1 2 8:1 /pods/" POD_UID "/containers/api/x /dev/log rw - ext4 x rw\n");
}

/* The first process of the cgroup is whose mounts are looked at. */
static void test_a_pods_container(void **state)
{
	struct identity found;

	(void)state;
	put_pod();
	assert_int_equal(whois_look(&whois, POD, make(POD), 1, &found), 1);
	assert_string_equal(found.ev.source, "pod-directory");
	assert_string_equal(found.ev.k8s_container, "api");
	assert_int_equal(found.ev.restart_count, 2);
	/* The pod's own cgroup has its name. */
	assert_int_equal(whois_look(&whois, "/kubepods/burstable/pod" POD_UID, 5, 1, &found), 1);
	assert_string_equal(found.ev.pod_name, "shop-0");
}

/*
 * Where no runtime's file is found, the mounts of its first process name it: that comes later than
 * the cgroup, in which the pod is known already.
 */
static void test_a_pods_container_whose_process_comes_later(void **state)
{
	uint64_t id;

	(void)state;
	put_pod();
	tree_put("cg" POD "/cgroup.procs", "");
	id = tree_inode(cgroupfs.memory, POD);
	ask(id, POD);
	assert_int_equal(n_answers, 1);
	assert_string_equal(answers[0].pod_name, "shop-0");
	assert_string_equal(answers[0].k8s_container, "");
	pass();
	assert_int_equal(n_answers, 1);
	tree_put("cg" POD "/cgroup.procs", "77\n");
	pass();
	assert_int_equal(n_answers, 2);
	assert_string_equal(answers[1].k8s_container, "api");
	assert_string_equal(answers[1].pod_name, "shop-0");
	assert_int_equal(answers[1].restart_count, 2);
	expect_rest();
	/* A pod's own cgroup has no container's name to wait for. */
	ask(make("/kubepods/burstable/pod" POD_UID), "/kubepods/burstable/pod" POD_UID);
	assert_int_equal(n_answers, 3);
	expect_rest();
}

/*
 * A container has a root of its own, and calls the cgroups in it as it likes: by the id of another
 * container of the host, too. The host's files are not about these.
 */
static void test_what_is_in_a_container_is_not_the_hosts(void **state)
{
	struct identity found;

	(void)state;
	put_docker("web", true);
	put_pod();
	expect_nobodys("/docker/" OTHER64 "/docker/" ID64);
	expect_nobodys("/lxc.payload.box/docker/" ID64);
	expect_nobodys("/lxc.payload.box/system.slice/docker-" ID64 ".scope");
	expect_nobodys("/machine.slice/machine-box.scope/system.slice/docker-" ID64 ".scope");
	expect_nobodys("/machine.slice/systemd-nspawn@box.service/docker/" ID64);
	expect_nobodys("/docker/" OTHER64 POD);
	expect_nobodys("/docker/" OTHER64 "/kubepods/burstable/pod" POD_UID);
	expect_nobodys("/lxc.payload.box/x.service/docker/" ID64);
	/* A unit shares the host's root. */
	assert_int_equal(whois_look(&whois, "/system.slice/x.service/docker/" ID64, 5, 1, &found),
			 1);
	assert_string_equal(found.ev.name, "web");
	assert_int_equal(whois_look(&whois, "/docker/" ID64, 5, 1, &found), 1);
}

#define WHOIS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WHOIS_TEST(test_at_once),
		WHOIS_TEST(test_never),
		WHOIS_TEST(test_a_file_that_comes_later),
		WHOIS_TEST(test_until_it_is_given_up),
		WHOIS_TEST(test_an_old_one_is_looked_for_once),
		WHOIS_TEST(test_a_cgroup_that_is_gone),
		WHOIS_TEST(test_a_file_that_is_old),
		WHOIS_TEST(test_asked_again),
		WHOIS_TEST(test_the_next_is_the_first_that_is_due),
		WHOIS_TEST(test_a_full_table),
		WHOIS_TEST(test_a_pods_container),
		WHOIS_TEST(test_a_pods_container_whose_process_comes_later),
		WHOIS_TEST(test_what_is_in_a_container_is_not_the_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
