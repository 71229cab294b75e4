/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cgpath.c - every layout of the grammar, and each with one byte changed.
 *
 * A case is a path and what it must be. From each, every path that differs in a byte is made as
 * well, and what comes of it must still be what stands in that path. A second table has the changed
 * paths whose outcome is worth spelling out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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
#define ID3  "14089cf37da02494d8086f54d6394d997deb030b89c0b26656209615130b226e"
#define UID  "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
#define UID_ "3a0de2f9_c977_4d81_b7be_a1f0e6ac01b3"
#define UID2 "ae041161-252c-4708-b61e-3ffb8d92a524"
#define UID0 "e81de169a4c6cb8f6c760f09a28c4232" /* a static pod's */
#define KS   "/kubepods.slice"
#define KUBE KS "/kubepods-burstable.slice/kubepods-burstable-pod"
#define BEST KS "/kubepods-besteffort.slice/kubepods-besteffort-pod"
#define KIND "/kubelet.slice/kubelet-kubepods.slice"
#define USER "/user.slice/user-1000.slice/user@1000.service"

struct expect {
	enum cgpath_kind kind;
	const char *path;
	const char *runtime, *id, *name, *pod;
	size_t own_len, outer_len;
};

/* Its own directory is the path less `below`, the next container's around it `outer`. */
#define NESTED(outer, own, below, runtime, id, name, pod)                                          \
	{                                                                                          \
		CGPATH_CONTAINER, outer own below, runtime, id, name, pod, sizeof(outer own) - 1,  \
			sizeof(outer) - 1                                                          \
	}
#define BELOW(own, below, runtime, id, name, pod) NESTED("", own, below, runtime, id, name, pod)
#define CONTAINER(path, runtime, id, name, pod)   NESTED("", path, "", runtime, id, name, pod)
#define UNIT(outer, path, name)                   NESTED(outer, path, "", "systemd", "", name, "")
/* A pod or a helper in a container. */
#define OTHER_IN(outer, kind, path, pod)                                                           \
	{                                                                                          \
		kind, outer path, "none", "", "", pod, 0, sizeof(outer) - 1                        \
	}
#define OTHER(kind, path, pod) OTHER_IN("", kind, path, pod)

static const struct expect table[] = {
	/* docker */
	CONTAINER("/docker/" ID, "docker", ID, "", ""),
	CONTAINER("/system.slice/docker-" ID ".scope", "docker", ID, "", ""),
	CONTAINER("/team.slice/team-web.slice/docker-" ID ".scope", "docker", ID, "", ""),
	NESTED(USER, "/user.slice/docker-" ID ".scope", "", "docker", ID, "", ""), /* rootless */
	OTHER(CGPATH_SLICE, "/docker", ""),
	OTHER(CGPATH_NONE, "/custom/" ID, ""), /* --cgroup-parent=/custom, or anybody's */
	OTHER(CGPATH_NONE, "/docker/buildkit/x2z4w", ""),
	/* Amazon ECS: docker's, in the task's directory */
	CONTAINER("/ecs/" UID0 "/" ID, "docker", ID, "", ""),
	CONTAINER("/ecs/" UID "/" ID, "docker", ID, "", ""),
	CONTAINER("/ecstasks.slice/ecstasks-" UID0 ".slice/docker-" ID ".scope", "docker", ID, "",
		  ""),
	OTHER(CGPATH_SLICE, "/ecs", ""), OTHER(CGPATH_SLICE, "/ecs/" UID0, ""),
	/* kubelet, cgroupfs driver */
	CONTAINER("/kubepods/pod" UID "/" ID, "", ID, "", UID),
	CONTAINER("/kubepods/burstable/pod" UID "/" ID, "", ID, "", UID),
	CONTAINER("/kubepods/besteffort/pod" UID "/" ID, "", ID, "", UID),
	CONTAINER("/kubepods/burstable/pod" UID0 "/" ID, "", ID, "", UID0),
	CONTAINER("/kubepods/burstable/pod" UID "/crio-" ID, "cri-o", ID, "", UID),
	BELOW("/kubepods/besteffort/pod" UID0 "/crio-" ID, "/container", "cri-o", ID, "", UID0),
	CONTAINER("/kubelet/kubepods/besteffort/pod" UID "/" ID, "", ID, "", UID),
	OTHER(CGPATH_HELPER, "/kubepods/burstable/pod" UID "/crio-conmon-" ID, UID),
	OTHER(CGPATH_POD, "/kubepods/pod" UID, UID),
	OTHER(CGPATH_POD, "/kubepods/besteffort/pod" UID0, UID0),
	OTHER(CGPATH_SLICE, "/kubepods/burstable", ""),
	OTHER(CGPATH_SLICE, "/kubepods/besteffort", ""), OTHER(CGPATH_SLICE, "/kubepods", ""),
	/* kubelet, systemd driver */
	CONTAINER(KUBE UID_ ".slice/cri-containerd-" ID ".scope", "containerd", ID, "", UID),
	CONTAINER(KUBE UID0 ".slice/cri-containerd-" ID ".scope", "containerd", ID, "", UID0),
	CONTAINER(KUBE UID_ ".slice/crio-" ID ".scope", "cri-o", ID, "", UID),
	BELOW(KUBE UID_ ".slice/crio-" ID ".scope", "/container", "cri-o", ID, "", UID),
	CONTAINER(KUBE UID_ ".slice/docker-" ID ".scope", "docker", ID, "", UID),
	CONTAINER(KS "/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", "containerd", ID,
		  "", UID),
	CONTAINER(KS "/kubepods-pod" UID0 ".slice/crio-" ID ".scope", "cri-o", ID, "", UID0),
	CONTAINER(BEST UID_ ".slice/cri-containerd-" ID ".scope", "containerd", ID, "", UID),
	CONTAINER(BEST UID_ ".slice/crio-" ID ".scope", "cri-o", ID, "", UID),
	CONTAINER(BEST UID0 ".slice/docker-" ID ".scope", "docker", ID, "", UID0),
	CONTAINER(KIND "/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" UID_
		       ".slice/cri-containerd-" ID ".scope",
		  "containerd", ID, "", UID),
	CONTAINER(KIND "/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
		       ".slice/cri-containerd-" ID ".scope",
		  "containerd", ID, "", UID),
	CONTAINER(KIND "/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
		  "containerd", ID, "", UID),
	OTHER(CGPATH_HELPER, KUBE UID_ ".slice/crio-conmon-" ID ".scope", UID),
	OTHER(CGPATH_POD, KUBE UID_ ".slice", UID), OTHER(CGPATH_POD, BEST UID0 ".slice", UID0),
	OTHER(CGPATH_POD, KS "/kubepods-pod" UID0 ".slice", UID0),
	OTHER(CGPATH_SLICE, KS "/kubepods-burstable.slice", ""),
	OTHER(CGPATH_SLICE, KS "/kubepods-besteffort.slice", ""), OTHER(CGPATH_SLICE, KS, ""),
	/* the kubelet with the systemd driver, containerd's runc without */
	CONTAINER("/kubepods-pod" UID_ ".slice:cri-containerd:" ID, "containerd", ID, "", UID),
	CONTAINER("/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" ID, "containerd", ID, "",
		  UID),
	CONTAINER("/kubepods-besteffort-pod" UID0 ".slice:cri-containerd:" ID, "containerd", ID, "",
		  UID0),
	CONTAINER("/x/kubepods-pod" UID0 ".slice:cri-containerd:" ID, "containerd", ID, "", UID0),
	CONTAINER("/x/kubepods-burstable-pod" UID0 ".slice:cri-containerd:" ID, "containerd", ID,
		  "", UID0),
	NESTED("/system.slice/containerd.service",
	       "/kubepods-besteffort-pod" UID_ ".slice:cri-containerd:" ID, "", "containerd", ID,
	       "", UID),
	/* CRI and containerd without a kubelet */
	CONTAINER("/k8s.io/" ID, "containerd", ID, "", ""),
	CONTAINER("/system.slice/cri-containerd-" ID ".scope", "containerd", ID, "", ""),
	CONTAINER("/system.slice/nerdctl-" ID ".scope", "containerd", ID, "", ""),
	NESTED(USER, "/user.slice/nerdctl-" ID ".scope", "", "containerd", ID, "", ""),
	NESTED(USER, "/app.slice/nerdctl-" ID ".scope", "", "containerd", ID, "", ""),
	CONTAINER("/system.slice/crio-" ID ".scope", "cri-o", ID, "", ""),
	CONTAINER("/crio/crio-" ID, "cri-o", ID, "", ""),
	CONTAINER("/custom/crio-" ID, "cri-o", ID, "", ""), OTHER(CGPATH_SLICE, "/k8s.io", ""),
	OTHER(CGPATH_SLICE, "/crio", ""), OTHER(CGPATH_HELPER, "/crio/crio-conmon-" ID, ""),
	OTHER(CGPATH_HELPER, "/system.slice/crio-conmon-" ID ".scope", ""),
	OTHER(CGPATH_NONE, "/default/c1", ""), OTHER(CGPATH_NONE, "/default/" ID, ""),
	/* podman */
	CONTAINER("/libpod_parent/libpod-" ID, "podman", ID, "", ""),
	CONTAINER("/libpod_parent/" ID2 "/libpod-" ID, "podman", ID, "", ""),
	CONTAINER("/custom/libpod-" ID, "podman", ID, "", ""),
	CONTAINER("/machine.slice/libpod-" ID ".scope", "podman", ID, "", ""),
	BELOW("/machine.slice/libpod-" ID ".scope", "/container", "podman", ID, "", ""),
	CONTAINER("/team.slice/libpod-" ID ".scope", "podman", ID, "", ""),
	CONTAINER("/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", "podman",
		  ID, "", ""),
	BELOW("/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", "/container",
	      "podman", ID, "", ""),
	NESTED(USER, "/user.slice/libpod-" ID ".scope", "", "podman", ID, "", ""),
	NESTED(USER, "/user.slice/libpod-" ID ".scope", "/container", "podman", ID, "", ""),
	NESTED(USER, "/app.slice/libpod-" ID ".scope", "", "podman", ID, "", ""),
	NESTED(USER, "/user.slice/user-libpod_pod_" ID2 ".slice/libpod-" ID ".scope", "", "podman",
	       ID, "", ""),
	NESTED("/system.slice/web.service", "/libpod-payload-" ID, "", "podman", ID, "", ""),
	NESTED("/user.slice/user-1000.slice/session-2.scope", "/libpod-payload-" ID, "/container",
	       "podman", ID, "", ""),
	NESTED(USER "/app.slice/web.service", "/libpod-payload-" ID, "", "podman", ID, "", ""),
	CONTAINER("/custom/libpod-payload-" ID, "podman", ID, "", ""),
	OTHER(CGPATH_POD, "/libpod_parent/" ID2, ""),
	OTHER(CGPATH_POD, "/machine.slice/machine-libpod_pod_" ID2 ".slice", ""),
	OTHER_IN(USER, CGPATH_POD, "/user.slice/user-libpod_pod_" ID2 ".slice", ""),
	OTHER(CGPATH_SLICE, "/libpod_parent", ""),
	OTHER(CGPATH_HELPER, "/libpod_parent/conmon", ""),
	OTHER(CGPATH_HELPER, "/libpod_parent/" ID2 "/conmon", ""),
	OTHER(CGPATH_HELPER, "/machine.slice/libpod-conmon-" ID ".scope", ""),
	OTHER(CGPATH_HELPER,
	      "/machine.slice/machine-libpod_pod_" ID2 ".slice/libpod-conmon-" ID ".scope", ""),
	OTHER_IN(USER, CGPATH_HELPER, "/user.slice/libpod-conmon-" ID ".scope", ""),
	/* lxc, LXD and Incus (project_name), Proxmox (lxc/ID/ns) */
	CONTAINER("/lxc.payload.c1", "lxc", "", "c1", ""),
	CONTAINER("/lxc.payload.shop_db-1", "lxc", "", "shop_db-1", ""),
	BELOW("/lxc.payload.c1", "/.lxc", "lxc", "", "c1", ""),
	CONTAINER("/lxc/c1", "lxc", "", "c1", ""), BELOW("/lxc/101", "/ns", "lxc", "", "101", ""),
	NESTED("/user.slice/user-1000.slice/session-2.scope", "/lxc.payload.c1", "", "lxc", "",
	       "c1", ""),
	OTHER(CGPATH_HELPER, "/lxc.monitor.c1", ""), OTHER(CGPATH_HELPER, "/lxc.monitor", ""),
	OTHER(CGPATH_HELPER, "/lxc.monitor/101", ""), OTHER(CGPATH_HELPER, "/lxc.pivot", ""),
	OTHER(CGPATH_SLICE, "/lxc", ""),
	/* systemd */
	UNIT("", "/init.scope", "init.scope"),
	UNIT("", "/system.slice/nginx.service", "nginx.service"),
	UNIT("", "/system.slice/dbus.socket", "dbus.socket"),
	UNIT("", "/system.slice/var-lib-x\\x2dy.mount", "var-lib-x\\x2dy.mount"),
	UNIT("", "/system.slice/dev-vdb.swap", "dev-vdb.swap"),
	UNIT("", "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"),
	UNIT("", "/system.slice/system-work.slice/work@x\\x2dy.service", "work@x\\x2dy.service"),
	UNIT("", "/system.slice/foo@bar.service", "foo@bar.service"),
	UNIT("", "/system.slice/_memory.service", "memory.service"),
	UNIT("", "/system.slice/transient-one.scope", "transient-one.scope"),
	UNIT("", "/app.slice/leaky.service", "leaky.service"),
	UNIT("", "/app.slice/runc-c2.scope", "runc-c2.scope"), /* a bare runc's */
	UNIT("", "/app.slice/app-x\\x2dy.slice/a.service", "a.service"),
	UNIT("", "/user.slice/user-1000.slice/session-2.scope", "session-2.scope"),
	UNIT("", USER, "user@1000.service"), UNIT(USER, "/init.scope", "init.scope"),
	UNIT(USER, "/app.slice/foo.service", "foo.service"),
	UNIT(USER, "/app.slice/app-foo.slice/foo@1.service", "foo@1.service"),
	OTHER(CGPATH_SLICE, "/system.slice", ""),
	OTHER(CGPATH_SLICE, "/system.slice/system-getty.slice", ""),
	OTHER(CGPATH_SLICE, "/_memory.slice/memory-a.slice", ""),
	OTHER(CGPATH_SLICE, "/user.slice/user-1000.slice", ""),
	OTHER(CGPATH_SLICE, "/machine.slice", ""),
	/* nspawn and virtual machines: the machine's name */
	UNIT("", "/machine.slice/machine-db.scope", "db"),
	UNIT("", "/machine.slice/machine-db\\x2d1.scope", "db-1"),
	BELOW("/machine.slice/machine-box\\x2d1.scope", "/payload", "systemd", "", "box-1", ""),
	UNIT("", "/machine.slice/machine-qemu\\x2d1\\x2ddb.scope", "qemu-1-db"),
	UNIT("", "/machine.slice/systemd-nspawn@db.service", "db"),
	UNIT("", "/machine.slice/systemd-nspawn@db-1.example.service", "db-1.example"),
	UNIT("", "/machine.slice/systemd-nspawn@db\\x2d1.service", "db-1"),
	BELOW("/machine.slice/systemd-nspawn@db.service", "/payload", "systemd", "", "db", ""),
	BELOW("/machine.slice/systemd-nspawn@db.service", "/supervisor", "systemd", "", "db", ""),
	UNIT("", "/team.slice/systemd-nspawn@db.service", "db"),
	BELOW("/system.slice/web.service", "/payload", "systemd", "", "web.service", ""),
	/* one in another: the innermost wins */
	UNIT("/lxc.payload.c1", "/system.slice/x.service", "x.service"),
	UNIT("/lxc.payload.c1", "/init.scope", "init.scope"),
	UNIT("/lxc/101", "/ns/init.scope", "init.scope"),
	UNIT("/lxc.payload.c1" USER, "/app.slice/x.service", "x.service"),
	UNIT("/machine.slice/systemd-nspawn@db.service", "/payload/init.scope", "init.scope"),
	UNIT("/machine.slice/machine-box\\x2d1.scope", "/payload/system.slice/a.service",
	     "a.service"),
	UNIT("/machine.slice/libpod-" ID2 ".scope", "/container/system.slice/a.service",
	     "a.service"),
	UNIT("/machine.slice/libpod-" ID2 ".scope", "/container/init.scope", "init.scope"),
	UNIT("/docker/" ID2, "/system.slice/a.service", "a.service"),
	UNIT("/system.slice/docker-" ID2 ".scope", "/init.scope", "init.scope"),
	NESTED("/docker/" ID2, "/docker/" ID, "", "docker", ID, "", ""),
	NESTED("/docker/" ID3 "/docker/" ID2, "/docker/" ID, "", "docker", ID, "", ""),
	NESTED("/system.slice/docker-" ID2 ".scope", "/docker/" ID, "", "docker", ID, "", ""),
	NESTED("/system.slice/docker-" ID2 ".scope", "/system.slice/docker-" ID ".scope", "",
	       "docker", ID, "", ""),
	NESTED("/lxc.payload.c1", "/docker/" ID, "", "docker", ID, "", ""),
	NESTED("/lxc.payload.c1", "/system.slice/docker-" ID ".scope", "", "docker", ID, "", ""),
	NESTED("/docker/" ID2, "/libpod_parent/libpod-" ID, "", "podman", ID, "", ""),
	NESTED("/kubepods/burstable/pod" UID "/" ID2, "/docker/" ID, "", "docker", ID, "", UID),
	/* kind, minikube, k3d: a node in a container */
	NESTED("/docker/" ID2, "/kubelet/kubepods/burstable/pod" UID "/" ID, "", "", ID, "", UID),
	NESTED("/docker/" ID2, "/kubepods/besteffort/pod" UID "/" ID, "", "", ID, "", UID),
	NESTED("/docker/" ID2,
	       KIND "/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", "",
	       "containerd", ID, "", UID),
	NESTED("/system.slice/docker-" ID2 ".scope",
	       KIND "/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" UID_
		    ".slice/cri-containerd-" ID ".scope",
	       "", "containerd", ID, "", UID),
	NESTED("/system.slice/docker-" ID2 ".scope", KUBE UID_ ".slice/docker-" ID ".scope", "",
	       "docker", ID, "", UID),
	NESTED("/kubepods/burstable/pod" UID "/" ID2, "/kubepods/pod" UID2 "/" ID, "", "", ID, "",
	       UID2),
	OTHER_IN("/docker/" ID2, CGPATH_POD, "/kubelet/kubepods/pod" UID, UID),
	OTHER_IN("/kubepods/pod" UID "/" ID2, CGPATH_POD, "/kubepods/pod" UID2, UID2),
	OTHER_IN("/system.slice/web.service", CGPATH_HELPER, "/crio-conmon-" ID, ""),
	/* below a directory that nobody knows: only what cannot be mistaken */
	UNIT("", "/x/y/system.slice/a.service", "a.service"),
	UNIT("", "/x/machine.slice/machine-db.scope", "db"),
	CONTAINER("/x/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", "cri-o", ID, "",
		  UID),
	OTHER(CGPATH_NONE, "/x/docker/" ID, ""), OTHER(CGPATH_NONE, "/x/init.scope", ""),
	OTHER(CGPATH_NONE, "/" ID, ""), OTHER(CGPATH_ROOT, "/", ""),
	/* as the runtimes made them, on cgroup v1 and on v2 with systemd */
	CONTAINER("/kubepods/burstable/pode81de169a4c6cb8f6c760f09a28c4232/"
		  "5895b8ddf51cf5ffcb7b9a4f9f593e1c2c82b35726e4b5d520687432ea5255a0",
		  "", "5895b8ddf51cf5ffcb7b9a4f9f593e1c2c82b35726e4b5d520687432ea5255a0", "",
		  "e81de169a4c6cb8f6c760f09a28c4232"),
	CONTAINER("/kubepods/burstable/pode81de169a4c6cb8f6c760f09a28c4232/"
		  "2dd432fa299f696ec2a0f365ae60d2bc865afa333efdf31096b571ccc77a8aac",
		  "", "2dd432fa299f696ec2a0f365ae60d2bc865afa333efdf31096b571ccc77a8aac", "",
		  "e81de169a4c6cb8f6c760f09a28c4232"),
	CONTAINER("/kubepods/besteffort/pod2d1cd1f6-4293-45cf-ba20-4ecaa27feb4a/"
		  "358e1c8f21edcb0bf81f067eb871d4508f86dabb78b99f4463af774a3e5ddfbe",
		  "", "358e1c8f21edcb0bf81f067eb871d4508f86dabb78b99f4463af774a3e5ddfbe", "",
		  "2d1cd1f6-4293-45cf-ba20-4ecaa27feb4a"),
	CONTAINER("/kubepods/pod1e1577ce-cfd4-4692-8bf2-740549343985/"
		  "6aafde821c655eaeb91e967968aeefd14fe8944c9189725f80b95e808a300352",
		  "", "6aafde821c655eaeb91e967968aeefd14fe8944c9189725f80b95e808a300352", "",
		  "1e1577ce-cfd4-4692-8bf2-740549343985"),
	CONTAINER("/kubepods/burstable/podae041161-252c-4708-b61e-3ffb8d92a524/"
		  "f11c902c8a74b262c91752721501d194b0efcbf151866fef8b6559d2871a9564",
		  "", "f11c902c8a74b262c91752721501d194b0efcbf151866fef8b6559d2871a9564", "",
		  "ae041161-252c-4708-b61e-3ffb8d92a524"),
	CONTAINER("/libpod_parent/libpod-"
		  "2ac8c6c417af8b31fead2d592ac37877675fef5848797c8a41ccf32a6fa0a47b",
		  "podman", "2ac8c6c417af8b31fead2d592ac37877675fef5848797c8a41ccf32a6fa0a47b", "",
		  ""),
	CONTAINER("/libpod_parent/libpod-"
		  "c839e6aa2c49c60a4942462b93b5cdea3f407eec51abc898015dab28b32ff26f",
		  "podman", "c839e6aa2c49c60a4942462b93b5cdea3f407eec51abc898015dab28b32ff26f", "",
		  ""),
	CONTAINER(BEST "fae2f52c_6580_4058_a43f_36c4f816b853.slice/cri-containerd-"
		       "427c2d22574f8c205a484a1f9cfd6c42d4c5f7b1a5e72adc53a1f9f6178cd250.scope",
		  "containerd", "427c2d22574f8c205a484a1f9cfd6c42d4c5f7b1a5e72adc53a1f9f6178cd250",
		  "", "fae2f52c-6580-4058-a43f-36c4f816b853"),
	CONTAINER(KUBE "94cb0821_407a_404c_9d1b_48839f6b4c32.slice/cri-containerd-"
		       "aabc15b7e50019b558654c2606a713e33391435b7a74445acd203f696cbcb65c.scope",
		  "containerd", "aabc15b7e50019b558654c2606a713e33391435b7a74445acd203f696cbcb65c",
		  "", "94cb0821-407a-404c-9d1b-48839f6b4c32"),
	CONTAINER("/system.slice/docker-"
		  "ea935ac21ebbc97b967f865502ba17be6f1f01eff5ab59c096d216c4a9da6b4b.scope",
		  "docker", "ea935ac21ebbc97b967f865502ba17be6f1f01eff5ab59c096d216c4a9da6b4b", "",
		  ""),
	BELOW("/machine.slice/libpod-"
	      "2fe1ac49b75d4d131bc1a2e3c679ea29ffb85c92e805a7eb7863326db9ea5f23.scope",
	      "/container", "podman",
	      "2fe1ac49b75d4d131bc1a2e3c679ea29ffb85c92e805a7eb7863326db9ea5f23", "", ""),
	BELOW("/machine.slice/machine-libpod_pod_"
	      "89c861612bfce9b1f4ef8e7da57889dc728b1fef9aa4416aed93d14eb16d6b66.slice/libpod-"
	      "64594365fd2509913fb31e1df5a7ea8a65a4b63e983766a12fa84ea241298daa.scope",
	      "/container", "podman",
	      "64594365fd2509913fb31e1df5a7ea8a65a4b63e983766a12fa84ea241298daa", "", ""),
	NESTED("/system.slice/mw-tests.service",
	       "/libpod-payload-1decb4bb2ae526ae4ab230fc657aafa2aa2762f3b492f4fdde630415243031e0",
	       "", "podman", "1decb4bb2ae526ae4ab230fc657aafa2aa2762f3b492f4fdde630415243031e0", "",
	       ""),
	BELOW("/system.slice/mw-tests.service", "/runtime", "systemd", "", "mw-tests.service", ""),
	NESTED(USER,
	       "/user.slice/user-libpod_pod_"
	       "65637f7fa19233f96eaa64366059101b83c2d46a676082ba9de33a5ee6474ed5.slice/libpod-"
	       "8a2eb641b05fbc2119a54aaf206c94955067bc2ae3e94b4ad0423cb9d7d52bbc.scope",
	       "/container", "podman",
	       "8a2eb641b05fbc2119a54aaf206c94955067bc2ae3e94b4ad0423cb9d7d52bbc", "", ""),
	OTHER_IN(USER, CGPATH_HELPER,
		 "/user.slice/user-libpod_pod_"
		 "65637f7fa19233f96eaa64366059101b83c2d46a676082ba9de33a5ee6474ed5.slice/"
		 "libpod-conmon-a39a70603fcad97a7a0654cd485c84ee28576ef5ede65be938b843329b40894c"
		 ".scope",
		 ""),
	UNIT(USER, "/user.slice/podman-pause-d526ca2b.scope", "podman-pause-d526ca2b.scope"),
	UNIT(USER, "/session.slice/dbus.service", "dbus.service"),
	OTHER(CGPATH_NONE, "/default/c2", ""), UNIT("", "/app.slice/ctr-c1.scope", "ctr-c1.scope"),
	BELOW("/machine.slice/systemd-nspawn@box.service", "/supervisor", "systemd", "", "box", ""),
	UNIT("", "/system.slice/mwtest.service", "mwtest.service"),
	OTHER(CGPATH_NONE, "/h4test/runc-c1", ""),
	OTHER(CGPATH_NONE, "/payload", ""), /* nspawn's on a hierarchy without systemd */
};

static void check(const struct expect *e, const char *path)
{
	struct cgpath got;

	memset(&got, 0xa5, sizeof(got));
	cgpath_parse(path, &got);
	if (got.kind != e->kind || strcmp(got.runtime, e->runtime) || strcmp(got.id, e->id) ||
	    strcmp(got.name, e->name) || strcmp(got.pod_uid, e->pod) || got.own_len != e->own_len ||
	    got.outer_len != e->outer_len)
		fail_msg("%s: kind %d runtime \"%s\" id \"%s\" name \"%s\" pod \"%s\" own %zu "
			 "outer %zu",
			 path, got.kind, got.runtime, got.id, got.name, got.pod_uid, got.own_len,
			 got.outer_len);
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		check(&table[i], table[i].path);
}

/* A directory below a container, and one below that, belong to it. */
static void test_below(void **state)
{
	static const char *const below[] = {
		"/worker",         "/a/b/c",   "/system.slice",
		"/.hidden",        "/docker",  "/kubepods/burstable",
		"/container/deep", "/payload", "/kubepods/pod" UID0 "/x",
		"/ecs/" UID0,      "/.lxc",    "/crio"};
	char path[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		for (size_t j = 0; table[i].own_len && j < ARRAY_SIZE(below); j++) {
			snprintf(path, sizeof(path), "%s%s", table[i].path, below[j]);
			check(&table[i], path);
		}
	}
}

/* Everything below a helper is the helper; a stranger below a slice or a pod is not known. */
static void test_below_others(void **state)
{
	char path[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct expect *e = &table[i];
		struct cgpath got;

		if (e->own_len || e->kind == CGPATH_ROOT || !strcmp(e->path, "/lxc"))
			continue;
		snprintf(path, sizeof(path), "%s/stranger", e->path);
		cgpath_parse(path, &got);
		if (e->kind == CGPATH_HELPER) {
			check(e, path);
		} else if (e->outer_len) { /* of the container around it */
			assert_int_equal(got.kind, CGPATH_CONTAINER);
			assert_int_equal(got.own_len, e->outer_len);
		} else {
			assert_int_equal(got.kind, CGPATH_NONE);
		}
	}
}

/* The path cut at outer_len is that of a container, whose own directory it is. */
static void test_outer(void **state)
{
	char path[1024];
	size_t nested = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct cgpath outer;

		if (!table[i].outer_len)
			continue;
		nested++;
		strcpy(path, table[i].path);
		path[table[i].outer_len] = '\0';
		cgpath_parse(path, &outer);
		assert_int_equal(outer.kind, CGPATH_CONTAINER);
		assert_int_equal(outer.own_len, table[i].outer_len);
	}
	assert_true(nested > 20);
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
		{"/libpod-parent/libpod_" ID, CGPATH_NONE, "none", ""},
		{"/libpod_parent/" IDG, CGPATH_NONE, "none", ""},
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
		{"/libpod-payload_" ID, CGPATH_NONE, "none", ""},
		{"/docker/libpod-" ID, CGPATH_NONE, "none", ""},
		{"/lxc.payload.", CGPATH_NONE, "none", ""},
		{"/lxc_payload.c1", CGPATH_NONE, "none", ""},
		{"/lxc.monitors", CGPATH_NONE, "none", ""},
		{"/lxc.pivots", CGPATH_NONE, "none", ""},
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
		{"/machine.slice/machine-db\\x2d.scope", CGPATH_CONTAINER, "systemd",
		 "machine-db\\x2d.scope"},
		{"/machine.slice/machine-db..1.scope", CGPATH_CONTAINER, "systemd",
		 "machine-db..1.scope"},
		{"/machine.slice/machine-.scope", CGPATH_CONTAINER, "systemd", "machine-.scope"},
		{"/system.slice/machine-db.scope", CGPATH_CONTAINER, "systemd", "machine-db.scope"},
		{"/machine.slice/systemd-nspawn@.service", CGPATH_CONTAINER, "systemd",
		 "systemd-nspawn@.service"},
		{"/machine.slice/systemd-nspawn@db-.service", CGPATH_CONTAINER, "systemd",
		 "systemd-nspawn@db-.service"},
		{"/machine.slice/systemd-nspawn@d@b.service", CGPATH_CONTAINER, "systemd",
		 "systemd-nspawn@d@b.service"},
		{"/machine.slice/systemd-nspawn@db\\x2f.service", CGPATH_CONTAINER, "systemd",
		 "systemd-nspawn@db\\x2f.service"},
		{"/machine.slice/systemd-nspawn@db.scope", CGPATH_CONTAINER, "systemd",
		 "systemd-nspawn@db.scope"},
		{"/machine.slice/systemd_nspawn@db.service", CGPATH_CONTAINER, "systemd",
		 "systemd_nspawn@db.service"},
		{"/ecs/" UID_ "/" ID, CGPATH_NONE, "none", ""},
		{"/ecs/" UID0 "/" ID63, CGPATH_NONE, "none", ""},
		{"/ecs/" UID0 "0/" ID, CGPATH_NONE, "none", ""},
		{"/ecs/" ID, CGPATH_NONE, "none", ""},
		{"/ecz/" UID0 "/" ID, CGPATH_NONE, "none", ""},
		{"/system.slice/nerdctl-" ID63 ".scope", CGPATH_CONTAINER, "systemd",
		 "nerdctl-" ID63 ".scope"},
		{KUBE UID_ ".slice/nerdctl-" ID ".scope", CGPATH_NONE, "none", ""},
		{"/crio/crio-" IDG, CGPATH_NONE, "none", ""},
		{"/crio/" ID, CGPATH_NONE, "none", ""},
		{"/kubepods-burstable-pod" UID ".slice:cri-containerd:" ID, CGPATH_NONE, "none",
		 ""},
		{"/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" IDUP, CGPATH_NONE, "none",
		 ""},
		{"/kubepods-burstable-pod" UID_ ".slice:crio:" ID, CGPATH_NONE, "none", ""},
		{"/kubepods-guaranteed-pod" UID_ ".slice:cri-containerd:" ID, CGPATH_NONE, "none",
		 ""},
		{"/kubepods-burstable-pod.slice:cri-containerd:" ID, CGPATH_NONE, "none", ""},
		{"/docker/../docker/" ID, CGPATH_NONE, "none", ""},
		{"/docker/./" ID, CGPATH_NONE, "none", ""},
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
	/* A machine's name has 64 bytes at most; what is longer is a unit like any other. */
	for (size_t len = 63; len < 67; len++) {
		snprintf(path, sizeof(path), "/machine.slice/machine-%0*d.scope", (int)len, 0);
		cgpath_parse(path, &got);
		assert_int_equal(got.kind, CGPATH_CONTAINER);
		assert_int_equal(strlen(got.name), len > 64 ? strlen("machine-.scope") + len : len);
	}
	/* Deep nesting costs time in proportion and nothing else. */
	path[0] = '\0';
	for (size_t n = 0; n + 16 < sizeof(path); n += 4)
		memcpy(path + n, "/a/b", 5);
	cgpath_parse(path, &got);
	assert_int_equal(got.kind, CGPATH_NONE);
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Does token stand in text with no letter or digit before or behind it? */
static bool stands_in(const char *text, const char *token)
{
	size_t len = strlen(token);

	for (const char *at = text; (at = strstr(at, token)); at++)
		if ((at == text || !is_word(at[-1])) && !is_word(at[len]))
			return true;
	return false;
}

/* The last component of the first len bytes, with systemd's '_' before it taken off. */
static const char *own_component(char *path, size_t len)
{
	char *slash;

	path[len] = '\0';
	slash = strrchr(path, '/');
	return slash[1] == '_' && strchr(slash, '.') ? slash + 2 : slash + 1;
}

/*
 * Whatever the path: an id is a whole word of 64 digits in the last component of the container's
 * own directory; a name is that component, or stands in it; a pod's uid stands in the path behind
 * "pod"; and the container is the one of its own directory alone, as is the one around it.
 */
static void check_stands(const char *path, const struct cgpath *got)
{
	char copy[1024], own[1024];
	const char *component;
	struct cgpath again;

	if (got->pod_uid[0]) {
		char uid[72];

		strcpy(copy, path);
		for (char *p = copy; *p; p++)
			*p = *p == '_' ? '-' : *p;
		snprintf(uid, sizeof(uid), "pod%s", got->pod_uid);
		component = strstr(copy, uid);
		if (!component || is_word(component[strlen(uid)]))
			fail_msg("%s: pod %s", path, got->pod_uid);
	}
	if (got->kind != CGPATH_CONTAINER) {
		if (got->id[0] || got->name[0] || got->own_len || strcmp(got->runtime, "none"))
			fail_msg("%s: kind %d with id or name", path, got->kind);
		return;
	}
	strcpy(own, path);
	component = own_component(own, got->own_len);
	if (got->id[0] && (strlen(got->id) != 64 || !stands_in(component, got->id)))
		fail_msg("%s: id %s", path, got->id);
	if (got->name[0] && !strchr(component, '\\') && !strstr(component, got->name))
		fail_msg("%s: name %s", path, got->name);
	strcpy(own, path);
	own[got->own_len] = '\0';
	cgpath_parse(own, &again);
	if (memcmp(&again, got, sizeof(again)) != 0)
		fail_msg("%s: not that of %s", path, own);
	if (got->outer_len) {
		assert_true(got->outer_len < got->own_len);
		own[got->outer_len] = '\0';
		cgpath_parse(own, &again);
		assert_int_equal(again.kind, CGPATH_CONTAINER);
		assert_int_equal(again.own_len, got->outer_len);
	}
}

/* A layout with no free part before its last component either. */
static bool is_rigid(const struct expect *e)
{
	static const char *const fronts[] = {"/docker/" ID, "/k8s.io/" ID, "/kubepods/",
					     "/kubepods.slice/"};

	for (size_t i = 0; i < ARRAY_SIZE(fronts); i++)
		if (!strncmp(e->path, fronts[i], strlen(fronts[i])))
			return !e->outer_len;
	return false;
}

static void check_change(const struct expect *e, const char *path, size_t at)
{
	size_t own = e->own_len;
	struct cgpath got;

	if (!strcmp(path, e->path))
		return; /* '_' for '_' */
	cgpath_parse(path, &got);
	check_stands(path, &got);
	while (own && e->path[own - 1] != '/')
		own--;
	/* Nothing in the last component of a container with an id is free. */
	if (e->id[0] && at >= (is_rigid(e) ? 0 : own) && at < e->own_len &&
	    !strcmp(got.id, e->id) && !strcmp(got.pod_uid, e->pod))
		fail_msg("%s is still %s of pod %s", path, got.id, got.pod_uid);
}

/* Every path with one byte dropped, doubled or another. */
static void test_every_byte(void **state)
{
	static const char others[] = {'G', 'g', '_', '-', '0', '/', '.', '%', '\x80'};
	char path[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *good = table[i].path;

		for (size_t at = 0; good[at]; at++) {
			snprintf(path, sizeof(path), "%.*s%s", (int)at, good, good + at + 1);
			check_change(&table[i], path, at);
			snprintf(path, sizeof(path), "%.*s%s", (int)at + 1, good, good + at);
			check_change(&table[i], path, at);
			strcpy(path, good);
			path[at] = (char)(good[at] ^ 0x20); /* letters: the other case */
			check_change(&table[i], path, at);
			for (size_t o = 0; o < ARRAY_SIZE(others); o++) {
				path[at] = others[o];
				check_change(&table[i], path, at);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),        cmocka_unit_test(test_below),
		cmocka_unit_test(test_below_others), cmocka_unit_test(test_outer),
		cmocka_unit_test(test_one_byte),     cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
