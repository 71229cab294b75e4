# SPDX-License-Identifier: Apache-2.0
"""podman where systemd makes the cgroups: root's, a pod, a unit's, and a user's own."""
import json
import os
import signal

import host
from harness import at
from machine import USER_HOME, USER_ID, wait_slowly
from podman import facts_of
from watch import check_brief

LIMIT = ("--network", "none", "--memory", "32m", "--memory-swap", "32m")
CONFIGURATION = '[engine]\ninfra_image = "localhost/pause:1"\nevents_logger = "none"\n'
# Also of a user's: without it podman falls back to copies of each layer.
STORAGE = '[storage]\ndriver = "overlay"\n'
PLACES = 'graphroot = "/var/lib/containers/storage"\nrunroot = "/run/containers/storage"\n'
USER_SLICE = f"/user.slice/user-{USER_ID}.slice/user@{USER_ID}.service/user.slice"
# Where crun has a container's processes, below the scope.
BELOW = "/container"


class Podman:
    """run: how its commands are run."""

    def __init__(self, run):
        self.run = run

    def __call__(self, *words, **options):
        return self.run("podman", *words, **options)

    def inspect(self, *names):
        found = json.loads(self("container", "inspect", *names))
        return found[0] if len(names) == 1 else found


def counted(n):
    return {"container.restart_count": n, "container.restart_count_source": "counted"} if n else {}


def root(ctx, watch, podman):
    with ctx.report.scenario("podman/start") as s:
        podman("run", "--detach", "--name", "api", *LIMIT, "--restart", "on-failure:3",
               "--annotation", "app=demo", "--annotation", "secret=hidden", "shop/api:1.4")
        found = podman.inspect("api")
        facts = facts_of(found, "shop/api:1.4", {"app": "demo"})
        life = watch.life(found["State"]["Pid"], facts, below=BELOW)
        s.same("path", life.path, f"/machine.slice/libpod-{found['Id']}.scope")
        life.check_start(s)
    with ctx.report.scenario("podman/oom-kill") as s:
        life.check_oom_kill(s)
    with ctx.report.scenario("podman/restart-by-policy") as s:
        os.kill(life.pid, signal.SIGUSR2)
        found = wait_slowly("restart of api", lambda: (
            (now := podman.inspect("api"))["State"]["Pid"] not in (0, life.pid) and now))
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        life = watch.life(found["State"]["Pid"], facts, counted(1), below=BELOW)
        life.check_start(s)
    with ctx.report.scenario("podman/kill") as s:
        podman("kill", "api")
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})
    with ctx.report.scenario("podman/runc") as s:
        podman("--runtime", "runc", "run", "--detach", "--name", "by-runc", *LIMIT, "nginx")
        found = podman.inspect("by-runc")
        life = watch.life(found["State"]["Pid"], facts_of(found, "nginx:latest"))
        s.same("path", life.path, f"/machine.slice/libpod-{found['Id']}.scope")
        life.check_start(s)


def pod(ctx, watch, podman):
    with ctx.report.scenario("podman/pod") as s:
        podman("pod", "create", "--name", "shop", "--network", "none")
        podman("run", "--detach", "--pod", "shop", "--name", "worker", *LIMIT[2:], "nginx")
        found = json.loads(podman("pod", "inspect", "shop"))
        worker, infra = podman.inspect("worker", found["InfraContainerID"])
        life = watch.life(worker["State"]["Pid"], facts_of(worker, "nginx:latest"), below=BELOW)
        s.same("path", life.path, f"/machine.slice/machine-libpod_pod_{found['Id']}.slice"
                                  f"/libpod-{worker['Id']}.scope")
        life.check_start(s)
        life.check_oom_kill(s)
        own = watch.life(infra["State"]["Pid"],
                         facts_of(infra, "localhost/pause:1", sandbox=True), below=BELOW)
        own.check_start(s)
        podman("pod", "stop", "--time", "2", "shop")
        life.check_stop(s)
        own.check_stop(s)


def brief(ctx, watch, podman):
    with ctx.report.scenario("podman/brief") as s:
        podman("run", "--rm", "--name", "brief", "--cidfile", "/tmp/brief.id", *LIMIT,
               "localhost/bb:1.0", "true")
        found = {"Id": host.read("/tmp/brief.id"), "Name": "brief",
                 "Image": ctx.image_ids["localhost/bb:1.0"].removeprefix("sha256:")}
        check_brief(s, watch, f"/machine.slice/libpod-{found['Id']}.scope",
                    facts_of(found, "localhost/bb:1.0"))


def of_unit(ctx, watch, podman):
    """A service whose program is podman's: the container is inside of the unit, conmon beside."""
    with ctx.report.scenario("podman/unit") as s:
        ctx.bed.run("systemd-run", "--unit=web", "--service-type=notify",
                    "--property=Delegate=yes", "--property=NotifyAccess=all", "podman", "run",
                    "--cgroups=split", "--sdnotify=conmon", "--detach", "--name", "web",
                    "--network", "none", "nginx")
        found = podman.inspect("web")
        facts = facts_of(found, "nginx:latest")
        del facts["container.parent"]
        life = watch.life(found["State"]["Pid"], {
            **facts, "container.parent.name": "web.service", "container.parent.runtime": "systemd",
            "container.parent.cgroup": "/system.slice/web.service"}, below=BELOW)
        s.same("path", life.path, f"/system.slice/web.service/libpod-payload-{found['Id']}")
        life.check_start(s)
        podman("rm", "--force", "--time", "2", "web")


def rootless(ctx, watch, podman):
    parent = {"container.parent.name": f"user@{USER_ID}.service",
              "container.parent.runtime": "systemd"}
    with ctx.report.scenario("podman/rootless") as s:
        podman("load", "--quiet", "--input", ctx.archive)
        podman("run", "--detach", "--name", "mine", *LIMIT, "--annotation", "app=mine", "nginx")
        found = podman.inspect("mine")
        facts = {**facts_of(found, "nginx:latest", {"app": "mine"}), **parent}
        del facts["container.parent"]
        life = watch.life(found["State"]["Pid"], facts, below=BELOW)
        s.same("path", life.path, f"{USER_SLICE}/libpod-{found['Id']}.scope")
        life.check_start(s)
        watch.identify(s, [str(life.pid)], {
            **facts, "process.uid": USER_ID, "process.container_uid": 0})
        life.check_oom_kill(s)


def helpers(ctx, watch):
    """conmon and podman's own pause live in scopes of their own, which are no containers."""
    with ctx.report.scenario("podman/conmon") as s:
        def helper(path):
            return "libpod-conmon-" in path
        found = [r for r in watch.poll() if helper(at(r, "container.cgroup", ""))]
        s.same("runtime of conmon's scopes", {at(r, "container.runtime") for r in found} - {"none"},
               set())
        s.same("ids of conmon's scopes", [r for r in found if at(r, "container.id")], [])


def run(ctx, watch):
    ctx.bed.write("/etc/containers/containers.conf", CONFIGURATION)
    ctx.bed.write("/etc/containers/storage.conf", STORAGE + PLACES)
    ctx.bed.write(USER_HOME + "/.config/containers/storage.conf", STORAGE)
    ctx.bed.run("chown", "-R", f"{USER_ID}:{USER_ID}", USER_HOME + "/.config")
    podman = Podman(ctx.bed.run)
    podman("load", "--quiet", "--input", ctx.archive)
    podman("load", "--quiet", "--input", ctx.pause)
    root(ctx, watch, podman)
    pod(ctx, watch, podman)
    brief(ctx, watch, podman)
    of_unit(ctx, watch, podman)
    rootless(ctx, watch, Podman(ctx.bed.as_user))
    helpers(ctx, watch)
