# SPDX-License-Identifier: Apache-2.0
"""A kubelet with pods from files, over containerd; what its read-only port says of them."""
import contextlib
import json
import os
import signal

from containerd import SOCKET, Containerd
from harness import Missing, at, wait_for
from truth import expect, of_path
from watch import Life, Watch, limit_swap

NODE = "node1"
PODS = "http://127.0.0.1:10255/pods"
MANIFESTS = "/etc/kubernetes/manifests"
CONFIGURATION = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"}, "cgroupDriver": "cgroupfs", "failSwapOn": False,
    "staticPodPath": MANIFESTS, "syncFrequency": "1s", "fileCheckFrequency": "1s",
    "imageGCHighThresholdPercent": 100, "evictionHard": {"memory.available": "50Mi"},
    "enableControllerAttachDetach": False, "address": "127.0.0.1", "readOnlyPort": 10255}
# A network that containerd takes for one; the pods use the node's.
NETWORK = {"cniVersion": "0.4.0", "name": "lo", "plugins": [{"type": "loopback"}]}


def container(name, image, command=None, requests=None, limits=None):
    return {"name": name, "image": image, "imagePullPolicy": "Never",
            **({"command": command} if command else {}),
            "resources": {**({"requests": requests} if requests else {}),
                          **({"limits": limits} if limits else {})}}


def pod(name, namespace, containers, init=(), annotations=None):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations or {},
                         "labels": {"app": "not-an-annotation"}},
            "spec": {"hostNetwork": True, "restartPolicy": "Always",
                     "terminationGracePeriodSeconds": 2,
                     "initContainers": list(init), "containers": containers}}


BURSTABLE = pod(
    "shop", "prod",
    [container("api", "shop/api:1.4", None, {"memory": "32Mi"}, {"memory": "64Mi"}),
     container("worker", "docker.io/library/nginx:latest", None, {"memory": "32Mi"},
               {"memory": "64Mi"})],
    [container("setup", "localhost/bb:1.0", ["/bin/sh", "-c", "sleep 0.05"])],
    {"app": "demo", "secret": "hidden"})
GUARANTEED = pod("exact", "prod", [container(
    "api", "localhost/bb:1.0", None, None, {"memory": "64Mi", "cpu": "100m"})])
BEST_EFFORT = pod("modest", "test", [container("only", "nginx")])


class Kubelet:
    """A context manager: the kubelet, over a containerd that runs."""

    def __init__(self, bed, binary, ctrd):
        self.bed = bed
        self.binary = binary
        self.ctrd = ctrd
        self.daemon = None

    def __enter__(self):
        self.bed.write("/etc/cni/net.d/10-lo.conflist", json.dumps(NETWORK))
        self.bed.write("/etc/kubernetes/kubelet.json", json.dumps(CONFIGURATION))
        os.makedirs(self.bed.path(MANIFESTS), exist_ok=True)
        self.daemon = self.bed.daemon(
            "kubelet", self.binary, "--config=/etc/kubernetes/kubelet.json",
            "--container-runtime=remote", "--container-runtime-endpoint=unix://" + SOCKET,
            "--pod-infra-container-image=localhost/pause:1", "--hostname-override=" + NODE)
        wait_for("kubelet", lambda: self.get() is not None, 30)
        return self

    def __exit__(self, *exc):
        for name in os.listdir(self.bed.path(MANIFESTS)):
            os.unlink(self.bed.path(f"{MANIFESTS}/{name}"))
        self.bed.end(self.daemon)

    def get(self):
        """{pod's name in its file: pod} of what the kubelet says, None when it does not answer."""
        text = self.bed.run("busybox", "wget", "-q", "-O", "-", PODS, check=False)
        with contextlib.suppress(ValueError):
            return {p["metadata"]["name"].removesuffix("-" + NODE): p
                    for p in json.loads(text)["items"] or []}
        return None

    def place(self, manifest):
        name = manifest["metadata"]["name"]
        self.bed.write(f"{MANIFESTS}/{name}.json", json.dumps(manifest))

    def withdraw(self, name):
        os.unlink(self.bed.path(f"{MANIFESTS}/{name}.json"))

    def running(self, name, restarts=None):
        """The pod when all its containers run; restarts: {container: at least that often}."""
        def ready():
            found = (self.get() or {}).get(name)
            states = {c["name"]: c for c in at(found, "status.containerStatuses", [])}
            if found and len(states) == len(found["spec"]["containers"]) and \
               all("running" in c["state"] for c in states.values()) and \
               all(states[c]["restartCount"] >= n for c, n in (restarts or {}).items()):
                return found
            return None
        return wait_for(f"pod {name}", ready, 60)

    def pid(self, cri_id):
        pid = self.ctrd.pid("k8s.io", cri_id)
        if not pid:
            raise Missing(f"the task {cri_id}")
        return pid

    def sandbox(self, found):
        """The id of the pod's own container, known to containerd alone."""
        uid = found["metadata"]["uid"]
        for line in self.ctrd.ctr("k8s.io", "containers", "list", "--quiet",
                                  f"labels.\"io.kubernetes.pod.uid\"=={uid},"
                                  "labels.\"io.cri-containerd.kind\"==sandbox").split():
            return line
        raise Missing(f"sandbox of {uid}")


def facts_of(found, status, image_name, labels=None):
    """Of one container of a pod; status: of `containerStatuses`."""
    meta = found["metadata"]
    return {
        "container.id": status["containerID"].removeprefix("containerd://"),
        "container.name": status["name"], "container.runtime": "containerd",
        "container.type": None, "container.image.name": image_name, "container.labels": labels,
        "container.identity_source": "oci-config", "container.parent": None,
        "container.restart_count": status["restartCount"],
        "container.restart_count_source": "runtime", **pod_facts(meta),
        "k8s.container.name": status["name"],
        "k8s.container.restart_count": status["restartCount"]}


def pod_facts(meta):
    # A pod from a file has no owner.
    return {"k8s.pod.name": meta["name"], "k8s.pod.uid": meta["uid"],
            "k8s.namespace.name": meta["namespace"], "k8s.workload": None}


def sandbox_of(watch, kubelet, found, labels=None):
    """The pod's own container."""
    cri_id = kubelet.sandbox(found)
    return Life(watch, kubelet.pid(cri_id), {
        "container.id": cri_id, "container.runtime": "containerd", "container.type": "sandbox",
        "container.labels": labels, "container.identity_source": "oci-config",
        "container.restart_count": None, **pod_facts(found["metadata"]), "k8s.container": None})


def status_of(found, name, kind="containerStatuses"):
    return next(c for c in found["status"][kind] if c["name"] == name)


def life_of(watch, kubelet, found, name, image_name, labels=None):
    status = status_of(found, name)
    return Life(watch, kubelet.pid(status["containerID"].removeprefix("containerd://")),
                facts_of(found, status, image_name, labels))


def burstable(ctx, kubelet, watch):
    kubelet.place(BURSTABLE)
    found = kubelet.running("shop")
    uid = found["metadata"]["uid"]
    lives = {}
    for name, image_name in (("api", "shop/api:1.4"), ("worker", "nginx:latest")):
        with ctx.report.scenario("kubelet/burstable-" + name) as s:
            life = lives[name] = life_of(watch, kubelet, found, name, image_name, {"app": "demo"})
            limit_swap(life)
            s.same("path", life.path,
                   f"/kubepods/burstable/pod{uid}/{life.facts['container.id']}")
            life.check_start(s, status_of(found, name)["state"]["running"]["startedAt"])
            life.check_oom_kill(s)
    with ctx.report.scenario("kubelet/init-container") as s:
        status = status_of(found, "setup", "initContainerStatuses")
        facts = facts_of(found, status, "localhost/bb:1.0", {"app": "demo"})
        path = f"/kubepods/burstable/pod{uid}/{facts['container.id']}"
        watch.truth.add(path, {**facts, "container.cgroup": path})
        expect(s, watch, "start", "container_start", of_path(path), facts)
        expect(s, watch, "stop", "container_stop", of_path(path), facts)
    with ctx.report.scenario("kubelet/pod's-own-container") as s:
        sandbox = sandbox_of(watch, kubelet, found, {"app": "demo"})
        sandbox.check_start(s)
    return lives, sandbox


def restarted(ctx, kubelet, watch, lives):
    """An exit, which the kubelet answers by a new container."""
    with ctx.report.scenario("kubelet/restart") as s:
        old = lives["api"]
        os.kill(old.pid, signal.SIGUSR2)
        old.check_stop(s, {"exit.code": 3, "cause": "failed"})
        found = kubelet.running("shop", {"api": 1})
        s.same("the kubelet's restartCount", status_of(found, "api")["restartCount"], 1)
        life = lives["api"] = life_of(watch, kubelet, found, "api", "shop/api:1.4",
                                      {"app": "demo"})
        limit_swap(life)
        s.true("another id", life.path != old.path, life.path)
        life.check_start(s)
        life.check_oom_kill(s)
        lives["worker"].check_oom_kill(s)


def ended(ctx, kubelet, lives, sandbox):
    with ctx.report.scenario("kubelet/pod-ends") as s:
        kubelet.withdraw("shop")
        for life in (*lives.values(), sandbox):
            life.check_stop(s)


def others(ctx, kubelet, watch):
    kubelet.place(GUARANTEED)
    kubelet.place(BEST_EFFORT)
    with ctx.report.scenario("kubelet/guaranteed") as s:
        found = kubelet.running("exact")
        life = life_of(watch, kubelet, found, "api", "localhost/bb:1.0")
        limit_swap(life)
        s.same("path", life.path,
               f"/kubepods/pod{found['metadata']['uid']}/{life.facts['container.id']}")
        life.check_start(s)
        # Of equal limits one within the other, the outer one is met first.
        life.check_oom_kill(s, os.path.dirname(life.path))
        sandbox_of(watch, kubelet, found)
    with ctx.report.scenario("kubelet/best-effort") as s:
        found = kubelet.running("modest")
        life = life_of(watch, kubelet, found, "only", "nginx:latest")
        s.same("path", life.path,
               f"/kubepods/besteffort/pod{found['metadata']['uid']}/{life.facts['container.id']}")
        life.check_start(s)
        sandbox = sandbox_of(watch, kubelet, found)
        kubelet.withdraw("modest")
        life.check_stop(s)
        sandbox.check_stop(s)


def run(ctx):
    with Containerd(ctx.bed, [ctx.archive, ctx.pause], ["k8s.io"]) as ctrd, \
            Watch(ctx, "kubelet") as watch, Kubelet(ctx.bed, ctx.kubelet, ctrd) as kubelet:
        lives, sandbox = burstable(ctx, kubelet, watch)
        restarted(ctx, kubelet, watch, lives)
        others(ctx, kubelet, watch)
        ended(ctx, kubelet, lives, sandbox)
