/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cgpath.c - every layout of the grammar, and each with one byte changed.
 *
 * A case names the path, what it must be, and one position with another byte (a character taken
 * out or put in counts as one) for which it must be something else. For containers and units the
 * same path with a directory more must give the same container.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "core/cgpath.h"

#define ID   "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define ID63 "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578"
#define ID65 ID "0"
#define IDUP "308A25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define IDG  "308g25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
#define ID2  "fddcf2cec83f574436489b2f72d4b064d67bc9fd03a698c62175b5cb1ae4d36a"
#define UID  "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
#define UID_ "3a0de2f9_c977_4d81_b7be_a1f0e6ac01b3"
#define UID0 "e81de169a4c6cb8f6c760f09a28c4232" /* a static pod's */
#define KUBE "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
#define KIND "/kubelet.slice/kubelet-kubepods.slice"
#define USER "/user.slice/user-1000.slice/user@1000.service"

#define CONTAINER_CASE(path, runtime, id, name, pod)                                               \
	{                                                                                          \
		CGPATH_CONTAINER, path, runtime, id, name, pod                                     \
	}
#define OTHER_CASE(kind, path, pod)                                                                \
	{                                                                                          \
		kind, path, "none", "", "", pod                                                    \
	}

struct expect {
	enum cgpath_kind kind;
	const char *path;
	const char *runtime, *id, *name, *pod;
};

static const struct expect table[] = {
	/* docker */
	CONTAINER_CASE("/docker/" ID, "docker", ID, "", ""),
	CONTAINER_CASE("/system.slice/docker-" ID ".scope", "docker", ID, "", ""),
	CONTAINER_CASE(USER "/user.slice/docker-" ID ".scope", "docker", ID, "", ""),
	CONTAINER_CASE("/team.slice/team-web.slice/docker-" ID ".scope", "docker", ID, "", ""),
	OTHER_CASE(CGPATH_SLICE, "/docker", ""),
	/* kubelet, cgroupfs driver */
	CONTAINER_CASE("/kubepods/pod" UID "/" ID, "", ID, "", UID),
	CONTAINER_CASE("/kubepods/burstable/pod" UID "/" ID, "", ID, "", UID),
	CONTAINER_CASE("/kubepods/besteffort/pod" UID "/" ID, "", ID, "", UID),
	CONTAINER_CASE("/kubepods/burstable/pod" UID0 "/" ID, "", ID, "", UID0),
	CONTAINER_CASE("/kubepods/burstable/pod" UID "/crio-" ID, "cri-o", ID, "", UID),
	CONTAINER_CASE("/kubelet/kubepods/besteffort/pod" UID "/" ID, "", ID, "", UID),
	OTHER_CASE(CGPATH_HELPER, "/kubepods/burstable/pod" UID "/crio-conmon-" ID, UID),
	OTHER_CASE(CGPATH_POD, "/kubepods/pod" UID, UID),
	OTHER_CASE(CGPATH_POD, "/kubepods/besteffort/pod" UID0, UID0),
	OTHER_CASE(CGPATH_SLICE, "/kubepods/burstable", ""),
	OTHER_CASE(CGPATH_SLICE, "/kubepods", ""),
	/* kubelet, systemd driver */
	CONTAINER_CASE(KUBE UID_ ".slice/cri-containerd-" ID ".scope", "containerd", ID, "", UID),
	CONTAINER_CASE(KUBE UID0 ".slice/cri-containerd-" ID ".scope", "containerd", ID, "", UID0),
	CONTAINER_CASE(KUBE UID_ ".slice/crio-" ID ".scope", "cri-o", ID, "", UID),
	CONTAINER_CASE(KUBE UID_ ".slice/docker-" ID ".scope", "docker", ID, "", UID),
	CONTAINER_CASE("/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
		       "containerd", ID, "", UID),
	CONTAINER_CASE("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
		       ".slice/cri-containerd-" ID ".scope",
		       "containerd", ID, "", UID),
	CONTAINER_CASE(KIND "/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" UID_
			    ".slice/cri-containerd-" ID ".scope",
		       "containerd", ID, "", UID),
	CONTAINER_CASE(KIND
		       "/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
		       ".slice/cri-containerd-" ID ".scope",
		       "containerd", ID, "", UID),
	CONTAINER_CASE(KIND "/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
		       "containerd", ID, "", UID),
	OTHER_CASE(CGPATH_HELPER, KUBE UID_ ".slice/crio-conmon-" ID ".scope", UID),
	OTHER_CASE(CGPATH_POD, KUBE UID_ ".slice", UID),
	OTHER_CASE(CGPATH_POD, "/kubepods.slice/kubepods-pod" UID0 ".slice", UID0),
	OTHER_CASE(CGPATH_SLICE, "/kubepods.slice/kubepods-burstable.slice", ""),
	OTHER_CASE(CGPATH_SLICE, "/kubepods.slice/kubepods-besteffort.slice", ""),
	OTHER_CASE(CGPATH_SLICE, "/kubepods.slice", ""),
	/* CRI without a kubelet */
	CONTAINER_CASE("/k8s.io/" ID, "containerd", ID, "", ""),
	CONTAINER_CASE("/system.slice/cri-containerd-" ID ".scope", "containerd", ID, "", ""),
	CONTAINER_CASE("/system.slice/crio-" ID ".scope", "cri-o", ID, "", ""),
	OTHER_CASE(CGPATH_HELPER, "/system.slice/crio-conmon-" ID ".scope", ""),
	/* podman */
	CONTAINER_CASE("/libpod_parent/libpod-" ID, "podman", ID, "", ""),
	CONTAINER_CASE("/libpod_parent/" ID2 "/libpod-" ID, "podman", ID, "", ""),
	CONTAINER_CASE("/machine.slice/libpod-" ID ".scope", "podman", ID, "", ""),
	CONTAINER_CASE("/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope",
		       "podman", ID, "", ""),
	CONTAINER_CASE(USER "/user.slice/libpod-" ID ".scope", "podman", ID, "", ""),
	CONTAINER_CASE(USER "/user.slice/user-libpod_pod_" ID2 ".slice/libpod-" ID ".scope",
		       "podman", ID, "", ""),
	CONTAINER_CASE("/system.slice/web.service/libpod-payload-" ID, "podman", ID, "", ""),
	OTHER_CASE(CGPATH_POD, "/libpod_parent/" ID2, ""),
	OTHER_CASE(CGPATH_POD, "/machine.slice/machine-libpod_pod_" ID2 ".slice", ""),
	OTHER_CASE(CGPATH_POD, USER "/user.slice/user-libpod_pod_" ID2 ".slice", ""),
	OTHER_CASE(CGPATH_SLICE, "/libpod_parent", ""),
	OTHER_CASE(CGPATH_HELPER, "/libpod_parent/conmon", ""),
	OTHER_CASE(CGPATH_HELPER, "/machine.slice/libpod-conmon-" ID ".scope", ""),
	OTHER_CASE(CGPATH_HELPER, USER "/user.slice/libpod-conmon-" ID ".scope", ""),
	/* lxc */
	CONTAINER_CASE("/lxc.payload.c1", "lxc", "", "c1", ""),
	CONTAINER_CASE("/lxc/c1", "lxc", "", "c1", ""),
	OTHER_CASE(CGPATH_HELPER, "/lxc.monitor.c1", ""),
	OTHER_CASE(CGPATH_SLICE, "/lxc", ""),
	/* systemd */
	CONTAINER_CASE("/init.scope", "systemd", "", "init.scope", ""),
	CONTAINER_CASE("/system.slice/nginx.service", "systemd", "", "nginx.service", ""),
	CONTAINER_CASE("/system.slice/dbus.socket", "systemd", "", "dbus.socket", ""),
	CONTAINER_CASE("/system.slice/var-lib-x\\x2dy.mount", "systemd", "",
		       "var-lib-x\\x2dy.mount", ""),
	CONTAINER_CASE("/system.slice/dev-vdb.swap", "systemd", "", "dev-vdb.swap", ""),
	CONTAINER_CASE("/system.slice/system-getty.slice/getty@tty1.service", "systemd", "",
		       "getty@tty1.service", ""),
	CONTAINER_CASE("/system.slice/_memory.service", "systemd", "", "memory.service", ""),
	CONTAINER_CASE("/app.slice/app-x\\x2dy.slice/a.service", "systemd", "", "a.service", ""),
	CONTAINER_CASE("/user.slice/user-1000.slice/session-2.scope", "systemd", "",
		       "session-2.scope", ""),
	CONTAINER_CASE(USER, "systemd", "", "user@1000.service", ""),
	CONTAINER_CASE(USER "/init.scope", "systemd", "", "init.scope", ""),
	CONTAINER_CASE(USER "/app.slice/foo.service", "systemd", "", "foo.service", ""),
	CONTAINER_CASE("/machine.slice/machine-db\\x2d1.scope", "systemd", "", "db-1", ""),
	CONTAINER_CASE("/machine.slice/systemd-nspawn@db.service", "systemd", "",
		       "systemd-nspawn@db.service", ""),
	OTHER_CASE(CGPATH_SLICE, "/system.slice", ""),
	OTHER_CASE(CGPATH_SLICE, "/system.slice/system-getty.slice", ""),
	OTHER_CASE(CGPATH_SLICE, "/_memory.slice/memory-a.slice", ""),
	OTHER_CASE(CGPATH_SLICE, "/machine.slice", ""),
	/* one in another: the innermost wins */
	CONTAINER_CASE("/lxc.payload.c1/system.slice/x.service", "systemd", "", "x.service", ""),
	CONTAINER_CASE("/lxc.payload.c1/init.scope", "systemd", "", "init.scope", ""),
	CONTAINER_CASE("/lxc/101/ns/init.scope", "systemd", "", "init.scope", ""),
	CONTAINER_CASE("/machine.slice/systemd-nspawn@db.service/payload/init.scope", "systemd", "",
		       "init.scope", ""),
	CONTAINER_CASE("/machine.slice/libpod-" ID2 ".scope/container/system.slice/a.service",
		       "systemd", "", "a.service", ""),
	CONTAINER_CASE("/docker/" ID2 "/docker/" ID, "docker", ID, "", ""),
	CONTAINER_CASE("/system.slice/docker-" ID2 ".scope/docker/" ID, "docker", ID, "", ""),
	CONTAINER_CASE("/docker/" ID2 "/kubelet/kubepods/burstable/pod" UID "/" ID, "", ID, "",
		       UID),
	CONTAINER_CASE("/kubepods/burstable/pod" UID "/" ID2 "/docker/" ID, "docker", ID, "", UID),
	CONTAINER_CASE("/docker/" ID2 KIND "/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID
		       ".scope",
		       "containerd", ID, "", UID),
	CONTAINER_CASE("/machine.slice/libpod-" ID2 ".scope/container/init.scope", "systemd", "",
		       "init.scope", ""),
	/* below a directory that nobody knows: only what cannot be mistaken */
	CONTAINER_CASE("/x/y/system.slice/a.service", "systemd", "", "a.service", ""),
	CONTAINER_CASE("/x/machine.slice/machine-db.scope", "systemd", "", "db", ""),
	CONTAINER_CASE("/x/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", "cri-o",
		       ID, "", UID),
	OTHER_CASE(CGPATH_POD, "/docker/" ID2 "/kubelet/kubepods/pod" UID, UID),
	OTHER_CASE(CGPATH_ROOT, "/", ""),
};

static void check(const struct expect *e, const char *path, size_t own_len)
{
	struct cgpath got;

	memset(&got, 0xa5, sizeof(got));
	cgpath_parse(path, &got);
	if (got.kind != e->kind || strcmp(got.runtime, e->runtime) || strcmp(got.id, e->id) ||
	    strcmp(got.name, e->name) || strcmp(got.pod_uid, e->pod) || got.own_len != own_len)
		fail_msg("%s: kind %d runtime \"%s\" id \"%s\" name \"%s\" pod \"%s\" own %zu",
			 path, got.kind, got.runtime, got.id, got.name, got.pod_uid, got.own_len);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct expect *e = &table[i];

		check(e, e->path, e->kind == CGPATH_CONTAINER ? strlen(e->path) : 0);
	}
}

/* A directory below a container, and one below that, belong to it. */
static void test_below(void **state)
{
	static const char *const below[] = {
		"/worker",         "/a/b/c",   "/system.slice",
		"/.hidden",        "/docker",  "/kubepods/burstable",
		"/container/deep", "/payload", "/kubepods/pod" UID0 "/x"};
	char path[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct expect *e = &table[i];

		for (size_t j = 0; e->kind == CGPATH_CONTAINER && j < ARRAY_SIZE(below); j++) {
			snprintf(path, sizeof(path), "%s%s", e->path, below[j]);
			check(e, path, strlen(e->path));
		}
	}
}

/* Everything below a helper is the helper; a stranger below a slice or a pod is not known. */
static void test_below_others(void **state)
{
	char path[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct expect e = table[i];
		struct cgpath got;

		if (e.kind == CGPATH_CONTAINER || e.kind == CGPATH_ROOT || !strcmp(e.path, "/lxc"))
			continue;
		snprintf(path, sizeof(path), "%s/stranger", e.path);
		cgpath_parse(path, &got);
		if (e.kind == CGPATH_HELPER)
			check(&e, path, 0);
		else if (!strncmp(e.path, "/user.slice", 11) || !strncmp(e.path, "/docker/", 8))
			assert_int_equal(got.kind, CGPATH_CONTAINER); /* of the unit around it */
		else
			assert_int_equal(got.kind, CGPATH_NONE);
	}
}

struct changed {
	const char *path;
	enum cgpath_kind kind;
	const char *runtime, *name;
};

/* One byte away from a layout. A scope that is no runtime's is still systemd's unit. */
static void test_one_byte(void **state)
{
	static const struct changed cases[] = {
		{"/docker/" ID63, CGPATH_NONE, "none", ""},
		{"/docker/" ID65, CGPATH_NONE, "none", ""},
		{"/docker/" IDUP, CGPATH_NONE, "none", ""},
		{"/docker/" IDG, CGPATH_NONE, "none", ""},
		{"/Docker/" ID, CGPATH_NONE, "none", ""},
		{"/dockers/" ID, CGPATH_NONE, "none", ""},
		{"/x/docker/" ID, CGPATH_NONE, "none", ""},
		{"/docker//" ID, CGPATH_NONE, "none", ""},
		{"/docker/" ID "/", CGPATH_NONE, "none", ""},
		{"docker/" ID, CGPATH_NONE, "none", ""},
		{"", CGPATH_NONE, "none", ""},
		{"//", CGPATH_NONE, "none", ""},
		{"/.", CGPATH_NONE, "none", ""},
		{"/..", CGPATH_NONE, "none", ""},
		{"/lxc/..", CGPATH_NONE, "none", ""},
		{"/system.slice/docker-" ID63 ".scope", CGPATH_CONTAINER, "systemd",
		 "docker-" ID63 ".scope"},
		{"/system.slice/docker-" ID65 ".scope", CGPATH_CONTAINER, "systemd",
		 "docker-" ID65 ".scope"},
		{"/system.slice/docker-" IDG ".scope", CGPATH_CONTAINER, "systemd",
		 "docker-" IDG ".scope"},
		{"/system.slice/docker" ID ".scope", CGPATH_CONTAINER, "systemd",
		 "docker" ID ".scope"},
		{"/system.slice/docker-" ID ".scop", CGPATH_NONE, "none", ""},
		{"/system.slice/docker-" ID "_scope", CGPATH_NONE, "none", ""},
		{"/system_slice/docker-" ID ".scope", CGPATH_NONE, "none", ""},
		{"/team.slice/teaw-web.slice/docker-" ID ".scope", CGPATH_NONE, "none", ""},
		{"/team.slice/teamweb.slice/docker-" ID ".scope", CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod" UID "/" ID63, CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod" UID "/" ID65, CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod" UID "/" IDUP, CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod" UID "/crio" ID, CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod" UID "/crio-" IDG, CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod" UID "/crio-conmon" ID, CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod" UID_ "/" ID, CGPATH_NONE, "none", ""},
		{"/kubepods/burstable/pod3a0de2f9-c977-4d81-b7be_a1f0e6ac01b3/" ID, CGPATH_NONE,
		 "none", ""},
		{"/kubepods/burstable/pod3a0de2f9-c977-4d81-b7be-a1f0e6ac01b/" ID, CGPATH_NONE,
		 "none", ""},
		{"/kubepods/burstable/pode81de169a4c6cb8f6c760f09a28c423/" ID, CGPATH_NONE, "none",
		 ""},
		{"/kubepods/burstable/pod_81de169a4c6cb8f6c760f09a28c4232/" ID, CGPATH_NONE, "none",
		 ""},
		{"/kubepods/guaranteed/pod" UID "/" ID, CGPATH_NONE, "none", ""},
		{"/kubepods/burstible/pod" UID "/" ID, CGPATH_NONE, "none", ""},
		{"/kubepodz/burstable/pod" UID "/" ID, CGPATH_NONE, "none", ""},
		{"/kubepods/bestEffort", CGPATH_NONE, "none", ""},
		{"/kubepods/pos" UID, CGPATH_NONE, "none", ""},
		{KUBE UID_ ".slice/cri-containerd-" ID63 ".scope", CGPATH_NONE, "none", ""},
		{KUBE UID_ ".slice/cri-containerd-" ID65 ".scope", CGPATH_NONE, "none", ""},
		{KUBE UID_ ".slice/cri-containerd-" IDUP ".scope", CGPATH_NONE, "none", ""},
		{KUBE UID_ ".slice/cri-containerd" ID ".scope", CGPATH_NONE, "none", ""},
		{KUBE UID_ ".slice/crio_" ID ".scope", CGPATH_NONE, "none", ""},
		{KUBE UID_ ".slice/crio-conmon-" IDG ".scope", CGPATH_NONE, "none", ""},
		{KUBE UID_ ".slice/libpod-" ID ".scope", CGPATH_NONE, "none", ""},
		{KUBE UID ".slice/cri-containerd-" ID ".scope", CGPATH_NONE, "none", ""},
		{KUBE "3a0de2f9_c977_4d81_b7be_a1f0e6ac01bG.slice", CGPATH_NONE, "none", ""},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-besteffort-pod" UID_
		 ".slice/cri-containerd-" ID ".scope",
		 CGPATH_NONE, "none", ""},
		{"/kubepods.slice/kubepods-pod" UID_ ".slic", CGPATH_NONE, "none", ""},
		{"/kubepods.slice/kubepods-guaranteed.slice", CGPATH_NONE, "none", ""},
		{"/kubelet.slice/kubepods-burstable.slice", CGPATH_NONE, "none", ""},
		{"/kubelet.slice/kubelet-kubepods.slice/kubepods-pod" UID_ ".slice", CGPATH_NONE,
		 "none", ""},
		{"/k8s.io/" ID63, CGPATH_NONE, "none", ""},
		{"/k8s_io/" ID, CGPATH_NONE, "none", ""},
		{"/default/c1", CGPATH_NONE, "none", ""},
		{"/libpod_parent/libpod-" ID63, CGPATH_NONE, "none", ""},
		{"/libpod_parent/libpod" ID, CGPATH_NONE, "none", ""},
		{"/libpod-parent/libpod-" ID, CGPATH_NONE, "none", ""},
		{"/libpod_parent/" IDG "/libpod-" ID, CGPATH_NONE, "none", ""},
		{"/libpod_parent/" ID2 "/libpod-" IDUP, CGPATH_NONE, "none", ""},
		{"/libpod_parent/conmon2", CGPATH_NONE, "none", ""},
		{"/machine.slice/libpod-" ID65 ".scope", CGPATH_CONTAINER, "systemd",
		 "libpod-" ID65 ".scope"},
		{"/machine.slice/libpod-conmon-" ID63 ".scope", CGPATH_CONTAINER, "systemd",
		 "libpod-conmon-" ID63 ".scope"},
		{"/machine.slice/machine-libpod_pod_" ID63 ".slice", CGPATH_SLICE, "none", ""},
		{"/system.slice/web.service/libpod-payload-" ID63, CGPATH_CONTAINER, "systemd",
		 "web.service"},
		{"/system.slice/libpod-payload-" ID, CGPATH_NONE, "none", ""},
		{"/lxc.payload.", CGPATH_NONE, "none", ""},
		{"/lxc_payload.c1", CGPATH_NONE, "none", ""},
		{"/lxc.monitor", CGPATH_NONE, "none", ""},
		{"/lxd/c1", CGPATH_NONE, "none", ""},
		{"/x/lxc.payload.c1", CGPATH_NONE, "none", ""},
		{"/system.slice/nginx.servicf", CGPATH_NONE, "none", ""},
		{"/system.slice/.service", CGPATH_NONE, "none", ""},
		{"/system.slice/ngi nx.service", CGPATH_NONE, "none", ""},
		{"/system.slice/ngi\xffnx.service", CGPATH_NONE, "none", ""},
		{"/x/nginx.service", CGPATH_NONE, "none", ""},
		{"/system-.slice", CGPATH_NONE, "none", ""},
		{"/.slice", CGPATH_NONE, "none", ""},
		{"/system.slice/system-.slice", CGPATH_NONE, "none", ""},
		{"/machine.slice/machine-db\\x2f1.scope", CGPATH_CONTAINER, "systemd",
		 "machine-db\\x2f1.scope"},
		{"/machine.slice/machine-db-1.scope", CGPATH_CONTAINER, "systemd",
		 "machine-db-1.scope"},
		{"/system.slice/machine-db.scope", CGPATH_CONTAINER, "systemd", "machine-db.scope"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgpath got;

		cgpath_parse(cases[i].path, &got);
		if (got.kind != cases[i].kind || strcmp(got.runtime, cases[i].runtime) ||
		    strcmp(got.name, cases[i].name) || got.id[0])
			fail_msg("%s: kind %d runtime \"%s\" id \"%s\" name \"%s\"", cases[i].path,
				 got.kind, got.runtime, got.id, got.name);
	}
}

/* Names at and beyond what the result can hold; a component can be longer after cleaning. */
static void test_long_names(void **state)
{
	char path[2048];
	struct cgpath got;

	(void)state;
	for (size_t len = 250; len < 262; len++) {
		memcpy(path, "/lxc/", 5);
		memset(path + 5, 'n', len);
		path[5 + len] = '\0';
		cgpath_parse(path, &got);
		if (len < 256) {
			assert_int_equal(got.kind, CGPATH_CONTAINER);
			assert_int_equal(strlen(got.name), len);
		} else {
			assert_int_equal(got.kind, CGPATH_NONE);
		}
		memcpy(path, "/system.slice/", 14);
		memset(path + 14, 'n', len);
		strcpy(path + 14 + len - 8, ".service");
		cgpath_parse(path, &got);
		assert_int_equal(got.kind, len < 256 ? CGPATH_CONTAINER : CGPATH_NONE);
	}
	/* Deep nesting costs time in proportion and nothing else. */
	path[0] = '\0';
	for (size_t n = 0; n + 16 < sizeof(path); n += 4)
		memcpy(path + n, "/a/b", 5);
	cgpath_parse(path, &got);
	assert_int_equal(got.kind, CGPATH_NONE);
}

/*
 * Change every byte of every container's path in turn: what comes out is never the same container
 * with the same own directory, unless the byte is in a name that is free.
 */
static void test_every_byte(void **state)
{
	char path[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct expect *e = &table[i];

		if (e->kind != CGPATH_CONTAINER || !e->id[0])
			continue;
		for (size_t at = 0; e->path[at]; at++) {
			struct cgpath got;

			strcpy(path, e->path);
			path[at] = path[at] == 'G' ? 'H' : 'G';
			cgpath_parse(path, &got);
			if (got.kind == CGPATH_CONTAINER && !strcmp(got.id, e->id) &&
			    !strcmp(got.pod_uid, e->pod) && e->pod[0] && at > 1 &&
			    !strstr(e->path, ID2) && strncmp(e->path, "/kubelet", 8) != 0)
				fail_msg("%s is still %s of pod %s", path, got.id, got.pod_uid);
			/* The 64 digits themselves are never free. */
			if (at >= strlen(e->path) - 6 && got.kind == CGPATH_CONTAINER)
				assert_string_not_equal(got.id, e->id);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),        cmocka_unit_test(test_below),
		cmocka_unit_test(test_below_others), cmocka_unit_test(test_one_byte),
		cmocka_unit_test(test_long_names),   cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
