# SPDX-License-Identifier: Apache-2.0
"""docker in docker: a whole dockerd in a privileged container, as CI runners have it."""
import os
import signal

import image
from bed import first_pid
from docker import DAEMON, LIMIT, Docker, life_of
from harness import wait_for
from watch import Life, Watch, check_brief

OUTER = "runner"
# The programs are the bed's own; the image has only busybox.
PROGRAMS = ("--volume", "/usr:/usr:ro", "--volume", "/usr/lib:/lib:ro", "--volume",
            "/usr/lib64:/lib64:ro", "--env", "PATH=/usr/sbin:/usr/bin:/bin")
FRESH = "rw,exec,suid,dev"
# What --privileged is, but for a capability that not every machine has to give.
PRIVILEGED = ("--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--security-opt",
              "seccomp=unconfined", "--security-opt", "systempaths=unconfined",
              "--security-opt", "apparmor=unconfined")
WRITABLE = "for m in /sys/fs/cgroup/*; do /usr/bin/mount -o remount,bind,rw $m; done; exec \"$@\""


class Nested:
    """The docker in the container, by `docker exec`."""

    def __init__(self, docker):
        self.docker = docker
        self.bed = docker.bed

    def __call__(self, *words, **options):
        return self.docker("exec", OUTER, "docker", *words, **options)

    inspect = Docker.inspect
    up = Docker.up


def start(ctx, docker):
    docker("run", "--detach", *PRIVILEGED, "--name", OUTER, "--network", "none", *PROGRAMS,
           "--tmpfs", f"/var/lib/docker:{FRESH}", "--tmpfs", f"/run:{FRESH}",
           "--volume", f"{ctx.work}:{ctx.work}:ro", "shop/api:1.4",
           "/bin/sh", "-c", WRITABLE, "sh", *DAEMON)
    nested = Nested(docker)
    wait_for("dockerd in docker", nested.up, 30)
    nested("load", "--input", ctx.archive)
    return nested


def inner_facts(found, outer):
    """Its daemon's files are a container's own, which may write into them what it likes: not read.
    """
    return {
        "container.id": found["Id"], "container.name": None, "container.runtime": "docker",
        "container.type": None, "container.restart_count": None,
        "container.image": None, "container.labels": None,
        "container.identity_source": "path", "k8s": None, "container.parent": {
            "id": outer.facts["container.id"], "name": OUTER, "runtime": "docker",
            "cgroup": outer.path}}


def inner_life(watch, nested, outer, name, life=None):
    found = nested.inspect(name)
    # The pid that docker knows is the one in the outer container's pid namespace.
    pid = first_pid(f"{outer.dir}/docker/{found['Id']}")
    return Life(watch, pid, inner_facts(found, outer), life)


def run(ctx):
    with Docker(ctx.bed, ctx.archive) as docker, Watch(ctx, "nested") as watch:
        nested = start(ctx, docker)
        _, outer = life_of(watch, docker, OUTER, "shop/api:1.4", {"team": "of-the-image"})
        with ctx.report.scenario("nested/outer") as s:
            outer.check_start(s)
        nested("run", "--detach", "--name", "web", *LIMIT, "--restart", "on-failure:3",
               "--label", "app=inner", "nginx")
        with ctx.report.scenario("nested/inner") as s:
            life = inner_life(watch, nested, outer, "web")
            s.same("path", life.path, f"{outer.path}/docker/{life.facts['container.id']}")
            life.check_start(s)
            life.check_oom_kill(s)
        with ctx.report.scenario("nested/restart") as s:
            os.kill(life.pid, signal.SIGUSR2)
            life.check_stop(s, {"exit.code": 3, "cause": "failed"})
            wait_for("restart of web", lambda: nested.inspect("web")["RestartCount"] == 1, 30)
            wait_for("web", lambda: nested.inspect("web")["State"]["Running"], 30)
            life = inner_life(watch, nested, outer, "web", {
                "container.restart_count": 1, "container.restart_count_source": "counted"})
            life.check_start(s)
        with ctx.report.scenario("nested/brief") as s:
            nested("run", "--name", "brief", *LIMIT, "localhost/bb:1.0", *image.BRIEF)
            found = nested.inspect("brief")
            check_brief(s, watch, f"{outer.path}/docker/{found['Id']}", inner_facts(found, outer))
        with ctx.report.scenario("nested/outer-ends") as s:
            docker("kill", OUTER)
            outer.check_killed(s)
            outer.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})
            life.check_stop(s)
