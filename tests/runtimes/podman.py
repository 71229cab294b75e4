# SPDX-License-Identifier: Apache-2.0
"""podman: no daemon, a conmon beside each container, and pods of its own."""
import contextlib
import json
import os
import signal

import image
from harness import Missing, at, wait_for
from watch import Life, Watch, check_brief

LIMIT = ("--memory", "64m", "--memory-swap", "64m")
# No limit can be raised on every machine, and these are raised by default.
CONFIGURATION = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
infra_image = "localhost/pause:1"
"""


class Podman:
    """A context manager: podman with the images loaded."""

    def __init__(self, bed, archive, pause):
        self.bed = bed
        self.archives = (archive, pause)

    def __enter__(self):
        self.bed.write("/etc/containers/containers.conf", CONFIGURATION)
        for archive in self.archives:
            self("load", "--input", archive)
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(Missing):
            self("pod", "rm", "--all", "--force", "--time", "0")
        with contextlib.suppress(Missing):
            self("rm", "--all", "--force", "--time", "0")

    def __call__(self, *words, **options):
        return self.bed.run("podman", *words, **options)

    def inspect(self, name):
        return json.loads(self("container", "inspect", name))[0]


def facts_of(found, image_name, labels=None, sandbox=False):
    return {
        "container.id": found["Id"], "container.name": found["Name"],
        "container.runtime": "podman",
        "container.type": "sandbox" if sandbox else None, "container.restart_count": None,
        "container.image.name": image_name, "container.image.id": "sha256:" + found["Image"],
        "container.labels": labels, "container.identity_source": "runtime-state",
        "container.parent": None, "k8s": None}


def plain(ctx, podman, watch):
    podman("run", "--detach", "--name", "api", "--network", "none", *LIMIT,
           "--annotation", "app=demo", "--annotation", "secret=hidden", "shop/api:1.4")
    with ctx.report.scenario("podman/start") as s:
        found = podman.inspect("api")
        facts = facts_of(found, "shop/api:1.4", {"app": "demo"})
        life = Life(watch, found["State"]["Pid"], facts)
        s.same("path", life.path, f"/libpod_parent/libpod-{found['Id']}")
        life.check_start(s)
    with ctx.report.scenario("podman/oom-kill") as s:
        life.check_oom_kill(s)
    with ctx.report.scenario("podman/restart") as s:
        podman("restart", "--time", "10", "api")
        life.check_stop(s, {"exit.code": 0, "cause": "clean"})
        found = podman.inspect("api")
        # Podman keeps no count of this: the agent has seen one end and one begin.
        life = Life(watch, found["State"]["Pid"], facts, {
            "container.restart_count": 1, "container.restart_count_source": "counted"})
        life.check_start(s)
    with ctx.report.scenario("podman/kill") as s:
        podman("kill", "api")
        life.check_killed(s)
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})


def by_policy(ctx, podman, watch):
    podman("run", "--detach", "--name", "again", "--network", "none", *LIMIT,
           "--restart", "on-failure:3", "localhost/bb:1.0")
    with ctx.report.scenario("podman/restart-by-policy") as s:
        found = podman.inspect("again")
        facts = facts_of(found, "localhost/bb:1.0")
        life = Life(watch, found["State"]["Pid"], facts)
        life.check_start(s)
        os.kill(life.pid, signal.SIGUSR2)
        found = wait_for("restart of again", lambda: (
            (now := podman.inspect("again"))["State"]["Pid"] not in (0, life.pid) and now), 30)
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        life = Life(watch, found["State"]["Pid"], facts, {
            "container.restart_count": 1, "container.restart_count_source": "counted"})
        life.check_start(s)
        life.check_oom_kill(s)


def in_pod(ctx, podman, watch):
    podman("pod", "create", "--name", "shop", "--network", "none")
    podman("run", "--detach", "--pod", "shop", "--name", "worker", *LIMIT, "nginx")
    pod = json.loads(podman("pod", "inspect", "shop"))
    with ctx.report.scenario("podman/pod") as s:
        found = podman.inspect("worker")
        life = Life(watch, found["State"]["Pid"], facts_of(found, "nginx:latest"))
        s.same("path", life.path, f"/libpod_parent/{pod['Id']}/libpod-{found['Id']}")
        life.check_start(s)
        life.check_oom_kill(s)
    with ctx.report.scenario("podman/pod's-own-container") as s:
        found = podman.inspect(pod["InfraContainerID"])
        infra = Life(watch, found["State"]["Pid"],
                     facts_of(found, "localhost/pause:1", sandbox=True))
        infra.check_start(s)
    podman("pod", "stop", "--time", "1", "shop")
    with ctx.report.scenario("podman/pod-stop") as s:
        life.check_stop(s)
        infra.check_stop(s)


def brief(ctx, podman, watch):
    for name, more, command in (("brief", (), image.BRIEF), ("removed", ("--rm",), ["true"])):
        with ctx.report.scenario("podman/" + name) as s:
            file = f"/tmp/podman-{name}.id"
            podman("run", *more, "--name", name, "--cidfile", file, "--network", "none", *LIMIT,
                   "localhost/bb:1.0", *command)
            found = {"Id": podman.bed.run("cat", file), "Name": name,
                     "Image": ctx.image_ids["localhost/bb:1.0"].removeprefix("sha256:")}
            check_brief(s, watch, f"/libpod_parent/libpod-{found['Id']}",
                        facts_of(found, "localhost/bb:1.0"))


def renamed(ctx, podman, watch):
    """podman rename: a name moves to another container while both live."""
    with ctx.report.scenario("podman/rename") as s:
        lives = []
        for image_name in ("shop/api:1.4", "nginx:latest"):
            podman("run", "--detach", "--name", "one", "--network", "none", *LIMIT, image_name)
            found = podman.inspect("one")
            life = Life(watch, found["State"]["Pid"], facts_of(found, image_name))
            life.check_start(s)
            lives.append(life)
            if len(lives) == 1:
                podman("rename", "one", "other")
        lives[0].facts["container.name"] = "other"
        watch.truth.known[lives[0].path].facts["container.name"] = ("one", "other")
        for life in lives:
            life.check_oom_kill(s)


def helpers(ctx, watch):
    """conmon has a cgroup beside the containers, which is none."""
    with ctx.report.scenario("podman/conmon") as s:
        found = [r for r in watch.poll() if at(r, "container.cgroup") == "/libpod_parent/conmon"]
        s.same("runtime of conmon's cgroup", {at(r, "container.runtime") for r in found} - {"none"},
               set())
        s.same("names of conmon's cgroup", [r for r in found if at(r, "container.id")], [])


def run(ctx):
    with Podman(ctx.bed, ctx.archive, ctx.pause) as podman, Watch(ctx, "podman") as watch:
        plain(ctx, podman, watch)
        by_policy(ctx, podman, watch)
        in_pod(ctx, podman, watch)
        brief(ctx, podman, watch)
        renamed(ctx, podman, watch)
        helpers(ctx, watch)
