# SPDX-License-Identifier: Apache-2.0
"""lxc: a container of one program, and a whole system with its own systemd and units."""
import contextlib
import os
import signal

import host
import image
from bed import first_pid, gone
from harness import Missing, wait_for
from watch import Life, Watch, check_brief, limit_swap

DIRECTORY = "/var/lib/lxc"
COMMON = """lxc.uts.name = {name}
lxc.net.0.type = empty
lxc.rootfs.path = dir:{rootfs}
lxc.apparmor.profile = unconfined
lxc.autodev = 1
lxc.cap.drop =
lxc.tty.max = 0
lxc.console.path = none
"""
ONE_PROGRAM = COMMON + """lxc.mount.auto = proc:mixed sys:ro
lxc.cgroup.memory.limit_in_bytes = 64M
lxc.cgroup.memory.memsw.limit_in_bytes = 64M
lxc.init.cmd = /bin/sh {script}
"""
SYSTEM = COMMON + """lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.init.cmd = /sbin/init systemd.legacy_systemd_cgroup_controller=0 systemd.unit=basic.target
"""
UNIT = "leaky.service"


class Lxc:
    """A context manager: what was made is stopped at the end."""

    def __init__(self, bed):
        self.bed = bed
        self.names = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for name in self.names:
            with contextlib.suppress(Missing):
                self("stop", name, "--kill", check=False)

    def __call__(self, what, name, *words, **options):
        return self.bed.run("lxc-" + what, "--name", name, *words, **options)

    def configure(self, name, text, **values):
        self.names.append(name)
        self.bed.write(f"{DIRECTORY}/{name}/config", text.format(
            name=name, rootfs=f"{DIRECTORY}/{name}/rootfs", **values))

    def one_program(self, name, command):
        """command: [shell, -c, script]"""
        rootfs = f"{DIRECTORY}/{name}/rootfs"
        image.unpack(self.bed.path(rootfs), self.bed.root)
        self.bed.write(rootfs + "/run.sh", command[2] + "\n")
        self.configure(name, ONE_PROGRAM, script="/run.sh")

    def system(self, name):
        """The bed's Debian again, booted."""
        base = f"{DIRECTORY}/{name}"
        for part in ("rootfs", "upper", "work"):
            os.makedirs(self.bed.path(f"{base}/{part}"), exist_ok=True)
        self.bed.run("mount", "-t", "overlay", "-o", f"lowerdir={self.bed.root},"
                     f"upperdir={base}/upper,workdir={base}/work", "overlay", f"{base}/rootfs")
        self.configure(name, SYSTEM)

    def start(self, name):
        """The pid of its init."""
        self("start", name, "--daemon", capture=False)
        return self.pid(name)

    def pid(self, name):
        return int(self("info", name, "--pid", "--no-humanize"))

    def attach(self, name, *command, **options):
        return self("attach", name, "--clear-env", "--set-var", "PATH=/usr/sbin:/usr/bin", "--",
                    *command, **options)


def facts_of(name):
    return {
        "container.id": None, "container.name": name, "container.runtime": "lxc",
        "container.type": None, "container.restart_count": None,
        "container.image": None, "container.labels": None,
        "container.identity_source": "path", "container.parent": None, "k8s": None}


def one(ctx, lxc, watch):
    lxc.one_program("mwc", image.INIT)
    with ctx.report.scenario("lxc/start") as s:
        life = Life(watch, lxc.start("mwc"), facts_of("mwc"))
        s.same("path", life.path, "/lxc.payload.mwc")
        life.check_start(s)
        life.check_oom_kill(s)
    with ctx.report.scenario("lxc/restart") as s:
        os.kill(life.pid, signal.SIGUSR2)
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        lxc("wait", "mwc", "--state", "STOPPED", "--timeout", "20")
        life = Life(watch, lxc.start("mwc"), facts_of("mwc"), {
            "container.restart_count": 1, "container.restart_count_source": "counted"})
        life.check_start(s)
    with ctx.report.scenario("lxc/kill") as s:
        lxc("stop", "mwc", "--kill")
        life.check_killed(s)
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})
    with ctx.report.scenario("lxc/brief") as s:
        lxc.one_program("mwb", image.BRIEF)
        lxc("start", "mwb", "--foreground", capture=False)
        check_brief(s, watch, "/lxc.payload.mwb", facts_of("mwb"))


def unit_facts(unit):
    return {
        "container.id": None, "container.name": unit, "container.runtime": "systemd",
        "container.type": None, "container.restart_count": None,
        "container.image": None, "container.labels": None,
        "container.identity_source": "path", "k8s": None, "container.parent": {
            "name": "mwsd", "runtime": "lxc", "cgroup": "/lxc.payload.mwsd"}}


def unit_pid(lxc):
    """Of the unit's main process, on the machine."""
    return first_pid(f"{host.memory_hierarchy()[1]}/lxc.payload.mwsd/system.slice/{UNIT}")


def system(ctx, lxc, watch):
    lxc.system("mwsd")
    with ctx.report.scenario("lxc/system") as s:
        life = Life(watch, lxc.start("mwsd"), facts_of("mwsd"))
        # Its own systemd moves itself to a unit below.
        life.check_start(s, identify=("path",))
        wait_for("systemd", lambda: lxc.attach(
            "mwsd", "systemctl", "is-system-running", check=False) in ("running", "degraded"), 60)
    lxc.attach("mwsd", "systemd-run", "--unit", UNIT, "--property", "MemoryLimit=64M",
               "--property", "Restart=on-failure", "--property", "RestartSec=0", *image.INIT)
    with ctx.report.scenario("lxc/unit") as s:
        unit = Life(watch, unit_pid(lxc), unit_facts(UNIT))
        limit_swap(unit)
        unit.check_start(s)
        unit.check_oom_kill(s)
    with ctx.report.scenario("lxc/unit-restart") as s:
        os.kill(unit.pid, signal.SIGUSR2)
        gone(unit.pid)
        unit.check_stop(s, {"exit.code": 3, "cause": "failed"})
        unit = Life(watch, unit_pid(lxc), unit_facts(UNIT), {
            "container.restart_count": 1, "container.restart_count_source": "counted"})
        unit.check_start(s)
    with ctx.report.scenario("lxc/unit-kill") as s:
        lxc.attach("mwsd", "systemctl", "kill", "--signal", "KILL", UNIT)
        unit.check_killed(s)
        unit.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})
        lxc.attach("mwsd", "systemctl", "stop", UNIT)
    lxc("stop", "mwsd", "--kill")


def run(ctx):
    with Lxc(ctx.bed) as lxc, Watch(ctx, "lxc") as watch:
        one(ctx, lxc, watch)
        system(ctx, lxc, watch)
