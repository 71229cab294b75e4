# SPDX-License-Identifier: Apache-2.0
"""docker: dockerd with its own containerd, and what `docker inspect` says."""
import contextlib
import json
import os
import signal

import image
from harness import Missing, wait_for
from truth import expect, of_path
from watch import Life, Watch, check_brief

LIMIT = ("--memory", "64m", "--memory-swap", "64m", "--network", "none")
DAEMON = ("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none",
          "--storage-driver=overlay2")


class Docker:
    """A context manager: the daemon, with the images loaded."""

    def __init__(self, bed, archive):
        self.bed = bed
        self.archive = archive
        self.daemon = None

    def __enter__(self):
        self.daemon = self.bed.daemon("dockerd", *DAEMON)
        wait_for("dockerd", self.up, 30)
        self("load", "--input", self.archive)
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(Missing):
            names = self("ps", "--all", "--quiet").split()
            if names:
                self("rm", "--force", *names)
        self.bed.end(self.daemon)

    def __call__(self, *words, **options):
        return self.bed.run("docker", *words, **options)

    def up(self):
        return self("version", "--format", "{{.Server.Version}}", check=False)

    def inspect(self, name):
        return json.loads(self("inspect", name))[0]


def facts_of(found, image_name, labels):
    """What is true of all lives of a container, of `docker inspect`'s answer."""
    return {
        "container.id": found["Id"], "container.name": found["Name"].removeprefix("/"),
        "container.runtime": "docker", "container.type": None,
        "container.image.name": image_name, "container.image.id": found["Image"],
        "container.labels": labels, "container.identity_source": "runtime-state",
        "container.parent": None, "k8s": None}


def life_of(watch, docker, name, image_name, labels):
    found = docker.inspect(name)
    facts = facts_of(found, image_name, labels)
    return found, Life(watch, found["State"]["Pid"], facts, {
        "container.restart_count": found["RestartCount"],
        "container.restart_count_source": "runtime"})


def restarted(docker, name, pid):
    """The inspection of a container that runs again, with another init."""
    return wait_for(f"restart of {name}", lambda: (
        (state := docker.inspect(name)["State"])["Running"] and state["Pid"] not in (0, pid)), 30)


def one(ctx, docker, watch):
    # Docker asks for no tag, and this image has labels of its own that the container adds to.
    docker("run", "--detach", "--name", "web", *LIMIT, "--restart", "on-failure:5",
           "--label", "app=demo", "--label", "secret=hidden", "nginx")
    with ctx.report.scenario(watch.name + "/start") as s:
        found, life = life_of(watch, docker, "web", "nginx:latest",
                              {"app": "demo", "team": "of-the-image"})
        life.check_start(s, found["State"]["StartedAt"])
    with ctx.report.scenario(watch.name + "/oom-kill") as s:
        life.check_oom_kill(s)
    with ctx.report.scenario(watch.name + "/restart-by-policy") as s:
        os.kill(life.pid, signal.SIGUSR2)
        restarted(docker, "web", life.pid)
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        found, life = life_of(watch, docker, "web", "nginx:latest",
                              {"app": "demo", "team": "of-the-image"})
        s.same("docker's RestartCount", found["RestartCount"], 1)
        life.check_start(s, found["State"]["StartedAt"])
        life.check_oom_kill(s)
    with ctx.report.scenario(watch.name + "/kill") as s:
        docker("kill", "web")
        life.check_killed(s)
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})


def renamed(ctx, docker, watch):
    """The name is what it is now, and one that is free again is another container's."""
    with ctx.report.scenario(watch.name + "/name-again") as s:
        docker("rm", "web")
        docker("run", "--detach", "--name", "web", *LIMIT, "shop/api:1.4")
        _, life = life_of(watch, docker, "web", "shop/api:1.4", {"team": "of-the-image"})
        life.check_start(s)
        docker("stop", "--time", "10", "web")
        life.check_stop(s, {"exit.code": 0, "cause": "clean"})


def brief(ctx, docker, watch):
    with ctx.report.scenario(watch.name + "/brief") as s:
        file = f"/tmp/{watch.name}-brief.id"
        docker("run", "--name", "brief", "--cidfile", file, *LIMIT, "--label", "app=brief",
               "localhost/bb:1.0", *image.BRIEF)
        found = docker.inspect("brief")
        check_brief(s, watch, f"/docker/{found['Id']}", facts_of(
            found, "localhost/bb:1.0", {"app": "brief", "team": "of-the-image"}))
        docker("rm", "brief")
    with ctx.report.scenario(watch.name + "/removed-at-its-end") as s:
        file = f"/tmp/{watch.name}-removed.id"
        docker("run", "--rm", "--name", "removed", "--cidfile", file, *LIMIT, "shop/api:1.4",
               "true")
        found = {"Id": docker.bed.run("cat", file), "Name": "/removed",
                 "Image": ctx.image_ids["docker.io/shop/api:1.4"]}
        check_brief(s, watch, f"/docker/{found['Id']}", facts_of(
            found, "shop/api:1.4", {"team": "of-the-image"}))


def moved(ctx, docker, watch):
    """docker rename: a name moves to another container while both live."""
    with ctx.report.scenario(watch.name + "/rename") as s:
        docker("run", "--detach", "--name", "one", *LIMIT, "shop/api:1.4")
        found, first = life_of(watch, docker, "one", "shop/api:1.4", {"team": "of-the-image"})
        first.check_start(s)
        docker("rename", "one", "other")
        docker("run", "--detach", "--name", "one", *LIMIT, "nginx")
        _, second = life_of(watch, docker, "one", "nginx:latest", {"team": "of-the-image"})
        second.check_start(s)
        first.facts["container.name"] = "other"
        watch.truth.known[first.path].facts["container.name"] = ("one", "other")
        first.check_oom_kill(s)
        second.check_oom_kill(s)


def hostile(ctx, docker, watch):
    """What a label holds is its value, and no other label or line. Ends of lines become blanks."""
    app = 'a\nteam=evil\n\x1b[31m"\\\u2028\u00e4' + "x" * 100
    docker("run", "--detach", "--name", "hostile", *LIMIT, "--label", "app=" + app,
           "--label", "team=\n", "--label", "app\nteam=evil", "localhost/bb:1.0")
    with ctx.report.scenario(watch.name + "/hostile-labels") as s:
        found, life = life_of(watch, docker, "hostile", "localhost/bb:1.0",
                              {"app": app.replace("\n", " "), "team": " "})
        s.same("docker's label", found["Config"]["Labels"]["app"], app)
        life.check_start(s)
        docker("rm", "--force", "hostile")
        life.check_stop(s)


def nobody(ctx, docker, watch):
    """What names nothing gets no answer: a path and a pid that are not there, an id's beginning."""
    found = docker.inspect("web")
    with ctx.report.scenario(watch.name + "/identify-nobody") as s:
        for argument in ("/docker/" + found["Id"][:12], "/docker/" + "0" * 64, "4194304"):
            s.same(f"exit for {argument[:20]}", watch.run_identify([argument]).returncode, 1)


def elsewhere(ctx, docker, watch):
    """Another directory of cgroups than docker's own."""
    docker("run", "--detach", "--name", "parented", *LIMIT, "--cgroup-parent", "/mwparent/a.b",
           "localhost/bb:1.0")
    with ctx.report.scenario(watch.name + "/cgroup-parent") as s:
        found, life = life_of(watch, docker, "parented", "localhost/bb:1.0",
                              {"team": "of-the-image"})
        s.same("path", life.path, f"/mwparent/a.b/{found['Id']}")
        life.check_start(s)
        life.check_oom_kill(s)


def init_killed(ctx, docker, watch):
    """The container ends by the kill, so that its files are about to go or to change."""
    with ctx.report.scenario(watch.name + "/init-killed") as s:
        docker("run", "--name", "leaky", *LIMIT, "shop/api:1.4", *image.LEAK, check=False)
        found = docker.inspect("leaky")
        s.same("docker's OOMKilled", found["State"]["OOMKilled"], True)
        path = f"/docker/{found['Id']}"
        facts = facts_of(found, "shop/api:1.4", {"team": "of-the-image"})
        check_brief(s, watch, path, facts, {"cause": "oom_killed", "exit.signal": 9})
        expect(s, watch, "", "oom_kill", of_path(path), {
            **facts, "limit_hit.cgroup": path, "survivors.init_alive": False})


def run(ctx):
    with Docker(ctx.bed, ctx.archive) as docker:
        docker("run", "--detach", "--name", "before", *LIMIT, "localhost/bb:1.0")
        with Watch(ctx, "docker") as watch:
            with ctx.report.scenario("docker/before-the-agent") as s:
                found, life = life_of(watch, docker, "before", "localhost/bb:1.0",
                                      {"team": "of-the-image"})
                life.check_start(s)
                life.check_oom_kill(s)
            one(ctx, docker, watch)
            renamed(ctx, docker, watch)
            brief(ctx, docker, watch)
            init_killed(ctx, docker, watch)
            nobody(ctx, docker, watch)
            moved(ctx, docker, watch)
            hostile(ctx, docker, watch)
            elsewhere(ctx, docker, watch)


def outside(ctx):
    """The agent as it is in a container of its own: the host's root directory is elsewhere. And
    docker's data too: daemon.json names a link, which is absolute within that root directory."""
    os.makedirs(ctx.bed.path("/var/lib/docker/elsewhere"))
    os.symlink("/var/lib/docker/elsewhere", ctx.bed.path("/srv/docker"))
    ctx.bed.write("/etc/docker/daemon.json", '{"data-root": "/srv/docker"}')
    try:
        watched_from_outside(ctx)
    finally:
        os.unlink(ctx.bed.path("/etc/docker/daemon.json"))


def watched_from_outside(ctx):
    with Docker(ctx.bed, ctx.archive) as docker, Watch(ctx, "outside", outside=True) as watch:
        one(ctx, docker, watch)
        brief(ctx, docker, watch)
