# SPDX-License-Identifier: Apache-2.0
"""systemd-nspawn: a machine has its name whether it has a scope of its own or is a service's."""
import os
import subprocess

import host
import image
from harness import wait_for

SETTINGS = f"""[Exec]
Boot=no
ProcessTwo=yes
PrivateUsers=no
Parameters={" ".join(f"'{word}'" if " " not in word else f'"{word}"' for word in image.INIT)}
[Network]
VirtualEthernet=no
"""


def facts_of(name):
    return {"container.name": name, "container.runtime": "systemd", "container.id": None,
            "container.type": None, "container.image": None, "container.labels": None,
            "container.identity_source": "runtime-state", "container.parent": None, "k8s": None}


def machine_root(ctx, name):
    path = "/var/lib/machines/" + name
    image.unpack(path, "/")
    os.makedirs(path + "/usr")
    ctx.bed.write(path + "/etc/os-release", "ID=test\n")


def program(ctx, name):
    """The first process of a machine that is the program and not nspawn's stub: its child."""
    def child():
        leader = ctx.bed.run("machinectl", "show", "--property=Leader", "--value", name,
                             check=False)
        found = host.read(f"/proc/{leader}/task/{leader}/children").split() if leader else []
        return int(found[0]) if found else None
    return wait_for(f"the program of {name}", child)


def of_scope(ctx, watch):
    with ctx.report.scenario("nspawn/scope") as s:
        machine_root(ctx, "box-1")
        started = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--machine=box-1", "--as-pid2",
             "--property=MemoryMax=32M", "--property=MemorySwapMax=0", *image.INIT],
            env=ctx.bed.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        life = watch.life(program(ctx, "box-1"), facts_of("box-1"), below="/payload")
        s.same("path", life.path, r"/machine.slice/machine-box\x2d1.scope")
        life.check_start(s)
        life.check_oom_kill(s, limit_hit=life.path)
        ctx.bed.run("machinectl", "terminate", "box-1")
        started.wait()


def of_service(ctx, watch):
    with ctx.report.scenario("nspawn/service") as s:
        machine_root(ctx, "box")
        ctx.bed.write("/etc/systemd/nspawn/box.nspawn", SETTINGS)
        ctx.bed.run("machinectl", "start", "box")
        path = "/machine.slice/systemd-nspawn@box.service"
        # machined hears of it when its cgroup is long there: until then the path tells.
        watch.truth.add(path, {**facts_of("box"), "container.cgroup": path,
                               "container.identity_source": ("runtime-state", "path")})
        life = watch.life(program(ctx, "box"), facts_of("box"), below="/payload")
        s.same("path", life.path, path)
        life.check_start(s)
        ctx.bed.run("machinectl", "terminate", "box")


def of_other_name(ctx, watch):
    """A unit of any name that has nspawn for its program: only machined knows the machine's."""
    with ctx.report.scenario("nspawn/unit") as s:
        machine_root(ctx, "inner")
        ctx.bed.run("systemd-run", "--unit=outer", "--slice=machine.slice",
                    "--property=Delegate=yes", "systemd-nspawn", "--quiet", "--keep-unit",
                    "--machine=inner", "--as-pid2", *image.INIT)
        path = "/machine.slice/outer.service"
        watch.truth.add(path, {**facts_of("inner"), "container.cgroup": path,
                               "container.name": ("inner", "outer.service"),
                               "container.identity_source": ("runtime-state", "path")})
        life = watch.life(program(ctx, "inner"), facts_of("inner"), below="/payload")
        s.same("path", life.path, path)
        life.check_start(s)
        ctx.bed.run("machinectl", "terminate", "inner")


def run(ctx, watch):
    of_scope(ctx, watch)
    of_service(ctx, watch)
    of_other_name(ctx, watch)
