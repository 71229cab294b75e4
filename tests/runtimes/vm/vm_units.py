# SPDX-License-Identifier: Apache-2.0
"""systemd's units: services, instances of a template, scopes, a user's; and services that fail."""
import os
import signal
import subprocess

import image
from bed import memory_cgroup
from harness import wait_for
from machine import USER_ID
from watch import check_brief

LIMIT = ("--property=MemoryMax=32M", "--property=MemorySwapMax=0", "--property=OOMPolicy=continue")
AGAIN = ("--property=Restart=always", "--property=RestartSec=200ms",
         "--property=StartLimitIntervalSec=0")
TEMPLATE = "[Service]\nExecStart=/bin/sleep 1000\n"


def facts_of(name, parent=None):
    return {"container.name": name, "container.runtime": "systemd", "container.id": None,
            "container.type": None, "container.image": None, "container.labels": None,
            "container.identity_source": "path", "k8s": None,
            **({f"container.parent.{k}": v for k, v in parent.items()} if parent else
               {"container.parent": None})}


def counted(n):
    """No file holds systemd's own count of restarts: they are the agent's, since its start."""
    return {"container.restart_count": n, "container.restart_count_source": "counted"} if n else \
        {"container.restart_count": None, "container.restart_count_source": None}


def began_again(machine, unit, pid):
    return wait_for(f"restart of {unit}", lambda: (
        (now := machine.unit_pid(unit)) not in (0, pid) and now))


def service(ctx, watch):
    machine = ctx.bed
    with ctx.report.scenario("unit/start") as s:
        machine.run("systemd-run", "--unit=shop", "--slice=app.slice", *LIMIT, *AGAIN, *image.INIT)
        facts = facts_of("shop.service")
        life = watch.life(machine.unit_pid("shop"), facts, counted(0))
        s.same("path", life.path, "/app.slice/shop.service")
        life.check_start(s)
    with ctx.report.scenario("unit/oom-kill") as s:
        life.check_oom_kill(s)
    for n in (1, 2):
        with ctx.report.scenario(f"unit/restart-{n}") as s:
            os.kill(life.pid, signal.SIGUSR2)
            life.check_stop(s, {"exit.code": 3, "cause": "failed"})
            pid = began_again(machine, "shop", life.pid)
            s.same("systemd's NRestarts", machine.restarts("shop"), n)
            life = watch.life(pid, facts, counted(n))
            life.check_start(s)
    with ctx.report.scenario("unit/stop") as s:
        machine.run("systemctl", "stop", "shop")
        life.check_stop(s, {"exit.code": 0, "cause": "clean"})


def instance(ctx, watch):
    """systemd escapes a dash of an instance's name, and the cgroup has it so."""
    unit = r"work@x\x2dy.service"
    with ctx.report.scenario("unit/instance") as s:
        ctx.bed.run("systemctl", "start", unit)
        life = watch.life(ctx.bed.unit_pid(unit), facts_of(unit))
        s.same("path", life.path, "/system.slice/system-work.slice/" + unit)
        life.check_start(s)


def scope(ctx, watch):
    with ctx.report.scenario("unit/scope") as s:
        # systemd-run becomes the program itself.
        job = subprocess.Popen(["systemd-run", "--quiet", "--scope", "--unit=job", *image.INIT],
                               env=ctx.bed.environment())
        wait_for("job.scope", lambda: memory_cgroup(job.pid).endswith("/job.scope"))
        life = watch.life(job.pid, facts_of("job.scope"))
        s.same("path", life.path, "/system.slice/job.scope")
        life.check_start(s)
        # No kill in it: systemd ends a scope that has had one.
        job.terminate()
        job.wait()


def of_user(ctx, watch):
    parent = {"name": f"user@{USER_ID}.service", "runtime": "systemd"}
    with ctx.report.scenario("unit/user's") as s:
        ctx.bed.as_user("systemd-run", "--user", "--unit=mine", "/bin/sleep", "1000")
        pid = int(ctx.bed.as_user("systemctl", "--user", "show", "--property=MainPID", "--value",
                                  "mine"))
        life = watch.life(pid, facts_of("mine.service", parent))
        s.same("path", life.path, f"/user.slice/user-{USER_ID}.slice/user@{USER_ID}.service"
                                  "/app.slice/mine.service")
        life.check_start(s)


def brief(ctx, watch):
    with ctx.report.scenario("unit/brief") as s:
        ctx.bed.run("systemd-run", "--wait", "--quiet", "--unit=brief", "/bin/true")
        check_brief(s, watch, "/system.slice/brief.service", facts_of("brief.service"))


def prepare(ctx):
    ctx.bed.write("/run/systemd/system/work@.service", TEMPLATE)


def run(ctx, watch):
    service(ctx, watch)
    instance(ctx, watch)
    scope(ctx, watch)
    of_user(ctx, watch)
    brief(ctx, watch)
