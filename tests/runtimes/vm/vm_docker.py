# SPDX-License-Identifier: Apache-2.0
"""docker with systemd's cgroups and the system's containerd, as its package is set up."""
import json
import os
import signal

import host
from docker import facts_of
from machine import wait_slowly
from watch import check_brief

LIMIT = ("--network", "none", "--memory", "32m", "--memory-swap", "32m")
OPTIONS = r"""[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd --host unix:///run/docker.sock \
    --containerd=/run/containerd/containerd.sock --iptables=false --ip6tables=false --bridge=none
"""
LABELS = {"app": "demo", "team": "of-the-image"}


def inspect(ctx, name):
    return json.loads(ctx.bed.run("docker", "inspect", name))[0]


def life_of(ctx, watch, found, image_name, labels):
    return watch.life(found["State"]["Pid"], facts_of(found, image_name, labels), {
        "container.restart_count": found["RestartCount"],
        "container.restart_count_source": "runtime"})


def again(ctx, name, pid):
    return wait_slowly(f"restart of {name}", lambda: (
        (now := inspect(ctx, name))["State"]["Running"] and
        now["State"]["Pid"] not in (0, pid) and now))


def one(ctx, watch):
    docker = ctx.bed.run
    with ctx.report.scenario("docker/start") as s:
        docker("docker", "run", "--detach", "--name", "web", *LIMIT, "--restart", "on-failure:5",
               "--label", "app=demo", "--label", "secret=hidden", "nginx")
        found = inspect(ctx, "web")
        life = life_of(ctx, watch, found, "nginx:latest", LABELS)
        s.same("path", life.path, f"/system.slice/docker-{found['Id']}.scope")
        life.check_start(s)
    with ctx.report.scenario("docker/oom-kill") as s:
        life.check_oom_kill(s)
    with ctx.report.scenario("docker/restart-by-policy") as s:
        os.kill(life.pid, signal.SIGUSR2)
        found = again(ctx, "web", life.pid)
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        s.same("docker's RestartCount", found["RestartCount"], 1)
        life = life_of(ctx, watch, found, "nginx:latest", LABELS)
        life.check_start(s)
    with ctx.report.scenario("docker/restart-by-hand") as s:
        # It begins to count anew.
        docker("docker", "restart", "--time", "5", "web")
        found = again(ctx, "web", life.pid)
        life.check_stop(s, {"exit.code": 0, "cause": "clean"})
        s.same("docker's RestartCount", found["RestartCount"], 0)
        life = life_of(ctx, watch, found, "nginx:latest", LABELS)
        life.check_start(s)
    with ctx.report.scenario("docker/kill") as s:
        docker("docker", "kill", "web")
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})


def brief(ctx, watch):
    with ctx.report.scenario("docker/brief") as s:
        ctx.bed.run("docker", "run", "--rm", "--name", "brief", "--cidfile", "/tmp/docker.id",
                    *LIMIT, "localhost/bb:1.0", "true")
        found = {"Id": host.read("/tmp/docker.id"), "Name": "/brief",
                 "Image": ctx.image_ids["localhost/bb:1.0"]}
        check_brief(s, watch, f"/system.slice/docker-{found['Id']}.scope",
                    facts_of(found, "localhost/bb:1.0", None))


def prepare(ctx):
    ctx.bed.write("/run/systemd/system/docker.service.d/machine.conf", OPTIONS)
    return "docker.service"


def run(ctx, watch):
    ctx.bed.run("systemctl", "start", "docker.service")  # until it is up
    ctx.bed.run("docker", "load", "--quiet", "--input", ctx.archive)
    one(ctx, watch)
    brief(ctx, watch)
    ctx.bed.run("systemctl", "stop", "docker.socket", "docker.service")
