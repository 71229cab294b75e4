# SPDX-License-Identifier: Apache-2.0
"""runc and crun by themselves: a bundle, an id on the command line, a state file below /run."""
import json
import os
import signal

import image
from bed import gone
from truth import UNKNOWN, differences, expect, of_path
from watch import Life, Watch

LIMIT = 64 << 20
MANY = 10
ROOTFS = "/srv/oci/rootfs"
# crun knows v1 and v2, but not both at once: it gets to see v1 alone.
V1_ALONE = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c",
            "m=/sys/fs/cgroup/unified; ! mountpoint -q $m || umount $m; exec \"$@\"", "v1-alone"]


class Runtime:
    """One of the two, by its command line. root: where its state is, if not where it is by default.
    """

    def __init__(self, the_bed, name, root=None):
        self.bed = the_bed
        self.name = name
        self.command = [*(V1_ALONE if name == "crun" else []), name,
                        *(["--root", root] if root else [])]
        if not os.path.exists(the_bed.path(ROOTFS)):
            image.unpack(the_bed.path(ROOTFS), the_bed.root)

    def __call__(self, *words, **options):
        return self.bed.run(*self.command, *words, **options)

    def bundle(self, name, cgroups_path, command, annotations):
        """A bundle's directory."""
        path = f"/srv/oci/{self.name}-{name}"
        os.makedirs(self.bed.path(path), exist_ok=True)
        if os.path.exists(self.bed.path(path + "/config.json")):
            os.unlink(self.bed.path(path + "/config.json"))
        self("spec", "--bundle", path) if self.name == "runc" else \
            self.bed.run("sh", "-c", f"cd {path} && crun spec")
        with open(self.bed.path(path + "/config.json"), encoding="utf-8") as f:
            config = json.load(f)
        config["process"].update(terminal=False, args=command)
        config["process"].pop("rlimits", None)
        config["root"] = {"path": ROOTFS, "readonly": True}
        config["annotations"] = annotations
        config["linux"]["cgroupsPath"] = cgroups_path
        config["linux"].setdefault("resources", {})["memory"] = {"limit": LIMIT, "swap": LIMIT}
        self.bed.write(path + "/config.json", json.dumps(config))
        return path

    def start(self, name, path, command=image.INIT, annotations=None):
        """In the background; the pid of its init."""
        bundle = self.bundle(name, path, command, annotations or {})
        self("run", "--detach", "--bundle", bundle, "--pid-file", bundle + "/pid", name,
             capture=False)
        with open(self.bed.path(bundle + "/pid"), encoding="utf-8") as f:
            return int(f.read())

    def state(self, name):
        return json.loads(self("state", name))


def facts_of(runtime, name, labels=None):
    return {
        "container.id": name, "container.name": name, "container.runtime": runtime.name,
        "container.type": None, "container.restart_count": None,
        "container.image": None, "container.labels": labels,
        "container.identity_source": "runtime-state", "container.parent": None, "k8s": None}


def one(ctx, runtime, watch):
    name, path = runtime.name + "-web", f"/mwoci/{runtime.name}/web"
    facts = facts_of(runtime, name, {"app": "demo"})
    annotations = {"app": "demo", "secret": "hidden"}
    with ctx.report.scenario(f"{runtime.name}/start") as s:
        pid = runtime.start(name, path, annotations=annotations)
        s.same("pid by state", runtime.state(name)["pid"], pid)
        life = Life(watch, pid, facts)
        s.same("path", life.path, path)
        life.check_start(s)
        life.check_oom_kill(s)
    with ctx.report.scenario(f"{runtime.name}/restart") as s:
        os.kill(life.pid, signal.SIGUSR2)
        gone(life.pid)
        runtime("delete", name)
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        pid = runtime.start(name, path, annotations=annotations)
        life = Life(watch, pid, facts, {
            "container.restart_count": 1, "container.restart_count_source": "counted"})
        life.check_start(s)
    with ctx.report.scenario(f"{runtime.name}/kill") as s:
        runtime("kill", name, "KILL")
        life.check_killed(s)
        runtime("delete", "--force", name)
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})


def many(s, runtime, watch, name, command):
    """The same container MANY times, never named wrongly. How often it was named in time."""
    named = 0
    for i in range(MANY):
        path, cid = f"/mwoci/{runtime.name}/{name}{i}", f"{runtime.name}-{name}{i}"
        bundle = runtime.bundle(name, path, command, {"app": name})
        facts = {**facts_of(runtime, cid, {"app": name}), "container.cgroup": path}
        watch.truth.add(path, facts, fleeting=True)
        runtime("run", "--bundle", bundle, cid, capture=False)
        stop = expect(s, watch, "stop", "container_stop", of_path(path), {"container.cgroup": path})
        named += bool(stop) and not differences(stop, facts)
    return named


def short(ctx, runtime, watch):
    """50 ms are enough to be named, also by a file that the runtime writes after the cgroup."""
    with ctx.report.scenario(f"{runtime.name}/brief") as s:
        named = many(s, runtime, watch, "brief", image.BRIEF)
        # On a machine with far more to do than it has CPUs the agent's turn can come later.
        s.true(f"{named} of {MANY} are named", named >= MANY - 1, "one can be missed, at most")
    with ctx.report.scenario(f"{runtime.name}/fleeting") as s:
        named = many(s, runtime, watch, "fleeting", ["/bin/true"])
        s.note(f"{named} of {MANY} are named")


def elsewhere(ctx, the_bed, watch):
    """One id, two states: what is known by another's root directory is not this one's."""
    usual, other = Runtime(the_bed, "runc"), Runtime(the_bed, "runc", "/run/elsewhere")
    first = Life(watch, usual.start("twin", "/mwoci/first/twin", annotations={"app": "first"}),
                 facts_of(usual, "twin", {"app": "first"}))
    second = Life(watch, other.start("twin", "/mwoci/second/twin", annotations={"app": "second"}),
                  UNKNOWN)
    with ctx.report.scenario("runc/state-elsewhere") as s:
        first.check_start(s)
        second.check_start(s, identify=())
        second.check_oom_kill(s)
        first.check_oom_kill(s)
        for runtime, life in ((usual, first), (other, second)):
            runtime("delete", "--force", "twin")
            life.check_stop(s)


def run(ctx):
    with Watch(ctx, "oci") as watch:
        for name in ("runc", "crun"):
            runtime = Runtime(ctx.bed, name)
            one(ctx, runtime, watch)
            short(ctx, runtime, watch)
        elsewhere(ctx, ctx.bed, watch)
