#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What runs in the virtual machine of `make check-runtimes-vm`: see run.sh.

usage: guest.py BUILD WORK [GROUP...]

One agent watches all of it: the groups begin and end containers of one runtime after the other,
and every line that the agent wrote is held against the truth of all of them. Each scenario prints
one line, as in tests/apps; the last line counts them.
"""
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..", "..")
sys.path[1:1] = [os.path.join(TESTS, name) for name in ("runtimes", "apps", "bench")]
# pylint: disable=wrong-import-position
import harness  # noqa: E402
import host  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import truth  # noqa: E402
import vm_ctr  # noqa: E402
import vm_docker  # noqa: E402
import vm_kubelet  # noqa: E402
import vm_nspawn  # noqa: E402
import vm_oci  # noqa: E402
import vm_podman  # noqa: E402
import vm_units  # noqa: E402
import watch  # noqa: E402
from harness import at  # noqa: E402

# In the order in which they run: (name, module). Those at the end take long to be up.
GROUPS = (("units", vm_units), ("nspawn", vm_nspawn), ("oci", vm_oci), ("podman", vm_podman),
          ("ctr", vm_ctr), ("docker", vm_docker), ("kubelet", vm_kubelet))
# Programs of the runtimes' own that are in no container.
HELPERS = {"conmon", "containerd", "containerd-shim", "dockerd", "kubelet", "podman", "catatonit",
           "systemd-nspawn"}
IMAGES = {"docker.io/library/nginx:latest": {"team": "of-the-image", "vendor": "not asked for"},
          "docker.io/shop/api:1.4": {}, "localhost/bb:1.0": {}}
CONTAINERD = """version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = false
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
"""


class Context:
    """As in tests/runtimes, without what only this machine has to be kept clean of."""

    def __init__(self, build, work):
        self.work = work
        self.agent = os.path.join(build, "memwitness")
        self.report = harness.Report()
        self.bed = machine.Machine()
        self.archive = os.path.join(work, "image.tar")
        self.pause = os.path.join(work, "pause.tar")
        self.image_ids = image.write_archive(self.archive, "/", IMAGES, image.INIT)
        image.write_archive(self.pause, "/", {"localhost/pause:1": {}}, image.PAUSE)


class Watch(watch.Watch):
    """The one agent. Its lines are held against their schema outside, where its checker is."""

    def life(self, pid, facts, life=None, below=""):
        return watch.Life(self, pid, facts, life, below)

    def check_lines(self, s):
        kinds = [r.get("type") for r in self.records]
        s.true("first and last line", kinds and kinds[0] == "agent_start" and
               kinds[-1] == "agent_stop", f"{kinds[:1]} {kinds[-1:]}")
        # Here all cgroups are of this run.
        truth.PLACES = {at(r, "container.cgroup", "/").split("/")[1] for r in self.records}
        with self.ctx.report.scenario("all/records") as every:
            truth.check_all(every, self.truth, self.records)
        with self.ctx.report.scenario("all/units") as every:
            self.check_units(every)
        with self.ctx.report.scenario("all/helpers") as every:
            self.check_helpers(every)

    def check_helpers(self, s):
        """What belongs to a runtime is in no container."""
        found = [p for r in self.records for p in programs(r) if p[0] in HELPERS]
        wrong = [p for p in found if p[1] not in ("none", "systemd", None) or p[2]]
        s.same(f"containers of {len(found)} helpers", wrong, [])

    def check_units(self, s):
        """What the path calls a unit is one, by its name."""
        units = {at(r, "container.cgroup"): at(r, "container.name") for r in self.records
                 if at(r, "container.runtime") == "systemd"}
        wrong = {path: name for path, name in units.items() if name != os.path.basename(path) and
                 path not in self.truth.known}
        s.same(f"names of {len(units)} units", wrong, {})


def programs(value):
    """(name, runtime and id of the container) of all processes that a record names."""
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)):
            yield from programs(item)
    if isinstance(value, dict) and "process" in value:
        yield (at(value, "process.name"), at(value, "container.runtime"),
               at(value, "container.id"))


def prepare(ctx, groups):
    """The machine as all groups want it, and their daemons on their way."""
    ctx.bed.run("modprobe", "--all", "overlay", "bridge", "veth", "br_netfilter")
    ctx.bed.run("ip", "link", "set", "lo", "up")
    ctx.bed.run("systemctl", "start", "dbus.service", "systemd-logind.service")
    ctx.bed.make_user()
    ctx.bed.write("/etc/containerd/config.toml", CONTAINERD)
    services = [module.prepare(ctx) for _, module in groups if hasattr(module, "prepare")]
    ctx.bed.run("systemctl", "daemon-reload")
    ctx.bed.run("systemctl", "start", "--no-block", "containerd.service", *filter(None, services))


def run_group(ctx, name, run, agent):
    """As the harness's, with the one agent. What is wrong with a test does not end the others."""
    try:
        harness.run_group(ctx, name, lambda ctx: run(ctx, agent))
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
        with ctx.report.scenario(name) as s:
            s.true("the group", False, "it came to no end")


def main():
    build, work = (os.path.abspath(path) for path in sys.argv[1:3])
    groups = [g for g in GROUPS if len(sys.argv) <= 3 or g[0] in sys.argv[3:]]
    os.makedirs(work, exist_ok=True)
    truth.ANSWER_SECONDS = 30  # an emulated processor is slow
    host.write("/proc/sys/kernel/printk", "1 4 1 7")  # the console is for the tests' lines
    began = time.monotonic()
    ctx = Context(build, work)
    prepare(ctx, groups)
    print(f"     (ready: {time.monotonic() - began:.0f} s)", flush=True)
    with Watch(ctx, "agent", "--report-interval", "10s") as agent:
        for name, module in groups:
            run_group(ctx, name, module.run, agent)
    subprocess.run(["journalctl", "--no-pager", "--output=short-monotonic"], check=False,
                   stdout=open(os.path.join(work, "journal"), "wb"))
    return ctx.report.end()


if __name__ == "__main__":
    sys.exit(main())
