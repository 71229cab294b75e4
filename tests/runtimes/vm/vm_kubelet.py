# SPDX-License-Identifier: Apache-2.0
"""A kubelet with systemd's cgroups over containerd's CRI, and pods from files.

The node has a name of the letters that controllers end pods' names with, and a pod from a file has
its node's name at the end: so its name is that of a controller's pod.
"""
import json
import os
import signal
import urllib.request

import image
from harness import at
from machine import wait_slowly
from truth import contradictions

NODE = "7q6lx"
UID = "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
MANIFESTS = "/etc/kubernetes/manifests/"
CONFIGURATION = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"}, "cgroupDriver": "systemd", "failSwapOn": False,
    "staticPodPath": MANIFESTS, "podCIDR": "10.88.0.0/24", "nodeStatusUpdateFrequency": "10s",
    "imageGCHighThresholdPercent": 100, "evictionHard": {"memory.available": "50Mi"},
    "enableControllerAttachDetach": False, "address": "127.0.0.1", "readOnlyPort": 10255,
}
UNIT = f"""[Unit]
After=containerd.service
[Service]
ExecStart=/usr/local/bin/kubelet --config=/etc/kubernetes/kubelet.json --container-runtime=remote \\
    --container-runtime-endpoint=unix:///run/containerd/containerd.sock \\
    --pod-infra-container-image=localhost/pause:1 --hostname-override={NODE}
"""


def container(name, image_name, **more):
    return {"name": name, "image": image_name, "imagePullPolicy": "Never", "command": image.INIT,
            **more}


def pod(name, *containers, uid=None):
    metadata = {"name": name, "namespace": "prod", "labels": {"app": name},
                "annotations": {"team": "of-the-pod"}, **({"uid": uid} if uid else {})}
    # The host's network needs no plugin for one of its own.
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {
        "hostNetwork": True, "terminationGracePeriodSeconds": 5, "containers": list(containers)}}


LIMITED = {"resources": {"requests": {"memory": "16Mi"}, "limits": {"memory": "32Mi"}}}
PODS = (
    pod("shop-5c46f56cd5", container("api", "shop/api:1.4", **LIMITED), uid=UID),
    pod("plain", container("main", "nginx")),
)


def status(name, of_container):
    """What the kubelet says: (the pod's metadata, the container's status), None of what it does not
    know yet."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:10255/pods", timeout=30) as answer:
            items = json.load(answer)["items"] or []
    except OSError:
        return None, None
    found = next((p for p in items if p["metadata"]["name"] == name), None)
    containers = found and found["status"].get("containerStatuses") or []
    return found and found["metadata"], next(
        (c for c in containers if c["name"] == of_container), None)


def facts_of(metadata, container_id, name, image_name):
    """name, image_name: None for the sandbox, whose image is in none of its annotations."""
    pod_facts = {
        "k8s.pod.name": metadata["name"], "k8s.pod.uid": metadata["uid"],
        "k8s.namespace.name": metadata["namespace"], "k8s.container.name": name}
    return {
        "container.id": container_id, "container.runtime": "containerd",
        "container.type": None if name else "sandbox", "container.image.name": image_name,
        "container.identity_source": "oci-config", "container.parent": None,
        **({"container.name": name} if name else {}), **pod_facts}


def workload(kind, name):
    return {"k8s.workload.kind": kind, "k8s.workload.name": name, "k8s.workload.derived": True}


def task_pid(container_id):
    tasks = "/run/containerd/io.containerd.runtime.v2.task/k8s.io"
    with open(f"{tasks}/{container_id}/init.pid", encoding="utf-8") as f:
        return int(f.read())


def running(name, of_container, restarts=0):
    def now():
        metadata, found = status(name, of_container)
        ready = found and "running" in found.get("state", {}) and found["restartCount"] >= restarts
        return (metadata, found, found["containerID"].removeprefix("containerd://")) \
            if ready else None
    return wait_slowly(f"{of_container} of {name}", now)


def count(n):
    return {"container.restart_count": n, "container.restart_count_source": "runtime",
            "k8s.container.restart_count": n}


def sandbox_of(uid, known):
    """The id of the pod's other container."""
    slice_name = uid.replace("-", "_")
    for path, _, _ in os.walk("/sys/fs/cgroup/kubepods.slice"):
        name = os.path.basename(path)
        if slice_name in path and name.startswith("cri-containerd-") and known not in name:
            return name.removeprefix("cri-containerd-").removesuffix(".scope")
    return None


def burstable(ctx, watch):
    name = f"shop-5c46f56cd5-{NODE}"
    inside = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + \
        UID.replace("-", "_") + ".slice"
    with ctx.report.scenario("kubelet/start") as s:
        metadata, found, container_id = running(name, "api")
        facts = {**facts_of(metadata, container_id, "api", "shop/api:1.4"),
                 **workload("Deployment", "shop")}
        life = watch.life(task_pid(container_id), facts, count(0))
        s.same("path", life.path, f"{inside}/cri-containerd-{container_id}.scope")
        s.same("uid of the file", metadata["uid"], UID)
        life.check_start(s)
    with ctx.report.scenario("kubelet/sandbox") as s:
        own_id = sandbox_of(UID, container_id)
        own = watch.life(task_pid(own_id), {
            **facts_of(metadata, own_id, None, None), **workload("Deployment", "shop")})
        own.check_start(s)
        # The pod's cgroup is no container, but the pod is known.
        about = [r for r in watch.poll() if at(r, "container.cgroup") == inside]
        s.same("the pod's cgroup", [d for r in about for d in contradictions(r, {
            "container.runtime": "none", "k8s.pod.name": name, "k8s.pod.uid": UID,
            "k8s.namespace.name": "prod"})], [])
        s.same("its id and name", [r for r in about if {"id", "name"} & r["container"].keys()], [])
    with ctx.report.scenario("kubelet/oom-kill") as s:
        # The pod has one container and so the same limit, which is asked for first.
        life.check_oom_kill(s, limit_hit=inside)
    with ctx.report.scenario("kubelet/restart") as s:
        os.kill(life.pid, signal.SIGUSR2)
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        _, found, container_id = running(name, "api", 1)
        s.same("the kubelet's restartCount", found["restartCount"], 1)
        facts["container.id"] = container_id
        life = watch.life(task_pid(container_id), facts, count(1))
        life.check_start(s)
    with ctx.report.scenario("kubelet/stop") as s:
        os.unlink(MANIFESTS + "shop-5c46f56cd5.json")
        life.check_stop(s)
        own.check_stop(s)


def from_file(ctx, watch):
    """A pod whose uid the kubelet has made."""
    with ctx.report.scenario("kubelet/best-effort") as s:
        metadata, _, container_id = running("plain-" + NODE, "main")
        life = watch.life(task_pid(container_id), {
            **facts_of(metadata, container_id, "main", "nginx:latest"), "k8s.workload": None},
            count(0))
        s.same("path", life.path, "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort"
               f"-pod{metadata['uid']}.slice/cri-containerd-{container_id}.scope")
        life.check_start(s)
        own_id = sandbox_of(metadata["uid"], container_id)
        own = watch.life(task_pid(own_id), {
            **facts_of(metadata, own_id, None, None), "k8s.workload": None})
        own.check_start(s)


def prepare(ctx):
    ctx.bed.write("/etc/kubernetes/kubelet.json", json.dumps(CONFIGURATION))
    os.makedirs(MANIFESTS)
    ctx.bed.write("/run/systemd/system/kubelet.service", UNIT)
    return "kubelet.service"


def run(ctx, watch):
    for archive in (ctx.archive, ctx.pause):
        ctx.bed.run("ctr", "--namespace", "k8s.io", "images", "import", archive)
    for manifest in PODS:
        ctx.bed.write(f"{MANIFESTS}{manifest['metadata']['name']}.json", json.dumps(manifest))
    burstable(ctx, watch)
    from_file(ctx, watch)
    ctx.bed.run("systemctl", "stop", "kubelet")
