# SPDX-License-Identifier: Apache-2.0
"""runc and crun alone, told by systemd's names of cgroups or by their own: the id is the one of
their command line, which the path need not hold."""
import json
import os

import image
from bed import gone
from harness import at
from truth import expect, of_path

ROOT = "/var/tmp/oci-root"


def facts_of(runtime, name):
    return {"container.id": name, "container.name": name, "container.runtime": runtime,
            "container.type": None, "container.image": None, "container.labels": {"app": "front"},
            "container.identity_source": "runtime-state", "container.parent": None, "k8s": None}


def bundle(ctx, name, cgroups_path, program=tuple(image.INIT)):
    """A directory with the runtime's own example of a configuration, made ours."""
    path = "/var/tmp/" + name
    os.makedirs(path)
    ctx.bed.run("runc", "spec", "--bundle", path)
    with open(path + "/config.json", encoding="utf-8") as f:
        spec = json.load(f)
    spec["root"] = {"path": ROOT}
    spec["process"].update(terminal=False, args=list(program))
    spec["annotations"] = {"app": "front", "secret": "hidden"}
    spec["linux"]["cgroupsPath"] = cgroups_path
    spec["linux"]["resources"]["memory"] = {"limit": 32 << 20, "swap": 32 << 20}
    with open(path + "/config.json", "w", encoding="utf-8") as f:
        json.dump(spec, f)
    return path


def one(ctx, watch, runtime, name, cgroups_path, *options, path, below=""):
    with ctx.report.scenario(f"{runtime}/{name}") as s:
        ctx.bed.run(runtime, *options, "run", "--detach", "--bundle",
                    bundle(ctx, name, cgroups_path), name, capture=False)
        state = json.loads(ctx.bed.run(runtime, "state", name))
        facts = facts_of(runtime, name)
        # crun writes down whose the cgroup is when the first process is long in it; until then a
        # scope is a unit like any other.
        watch.truth.add(path, {**facts, "container.cgroup": path,
                               "container.runtime": (runtime, "systemd"),
                               "container.name": (name, os.path.basename(path)),
                               "container.identity_source": ("runtime-state", "path")})
        life = watch.life(state["pid"], facts, below=below)
        s.same("path", life.path, path)
        life.check_start(s)
        life.check_oom_kill(s)
        ctx.bed.run(runtime, "kill", name, "KILL")
        gone(life.pid)
        ctx.bed.run(runtime, "delete", name)  # its cgroup goes with it
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})


def fleeting(ctx, watch):
    """The shortest of all lives: named rightly or not at all."""
    with ctx.report.scenario("runc/fleeting") as s:
        path, facts = "/app.slice/runc-four.scope", facts_of("runc", "front-4")
        watch.truth.add(path, {**facts, "container.cgroup": path,
                               "container.runtime": ("runc", "systemd"),
                               "container.name": ("front-4", "runc-four.scope"),
                               "container.identity_source": ("runtime-state", "path")})
        where = bundle(ctx, "front-4", "app.slice:runc:four", ["/bin/true"])
        ctx.bed.run("runc", "--systemd-cgroup", "run", "--bundle", where, "front-4",
                    capture=False)
        stop = expect(s, watch, "", "container_stop", of_path(path), {"container.cgroup": path})
        s.note(f"lived {at(stop or {}, 'lifetime_seconds', 0) * 1000:.0f} ms as "
               f"{at(stop or {}, 'container.name')}")


def run(ctx, watch):
    image.unpack(ROOT, "/")
    one(ctx, watch, "crun", "front-1", "/shop/front", path="/shop/front")
    one(ctx, watch, "crun", "front-2", "app.slice:crun:two", "--systemd-cgroup",
        path="/app.slice/crun-two.scope", below="/container")
    one(ctx, watch, "runc", "front-3", "app.slice:runc:three", "--systemd-cgroup",
        path="/app.slice/runc-three.scope")
    fleeting(ctx, watch)
