# SPDX-License-Identifier: Apache-2.0
"""All runtimes at a time, on one machine, and an agent that comes when all of them are there: what
it names, it has found by itself. Several of the containers have the same name."""
import contextlib

import docker
import image
import kubelet
import lxc
import oci
import podman
from bed import gone
from containerd import Containerd, facts_of, start
from watch import Life, Watch, limit_swap

NAME = "web"


class Everything:
    """What starts them, before the agent: (scenario, pid, facts, more facts of this life)."""

    def __init__(self, ctx, stack):
        enter = stack.enter_context
        self.ctx = ctx
        self.docker = enter(docker.Docker(ctx.bed, ctx.archive))
        self.podman = enter(podman.Podman(ctx.bed, ctx.archive, ctx.pause))
        self.ctrd = enter(Containerd(ctx.bed, [ctx.archive, ctx.pause], ["mwns1", "k8s.io"]))
        self.kubelet = enter(kubelet.Kubelet(ctx.bed, ctx.kubelet, self.ctrd))
        self.lxc = enter(lxc.Lxc(ctx.bed))
        self.runc = oci.Runtime(ctx.bed, "runc")

    def start(self):
        """Everything is started first, and only then looked at."""
        self.kubelet.place(kubelet.pod("shop", "prod", [kubelet.container(
            NAME, "nginx", None, {"memory": "32Mi"}, {"memory": "64Mi"})]))
        self.docker("run", "--detach", "--name", NAME, *docker.LIMIT, "--label", "app=docker",
                    "shop/api:1.4")
        self.podman("run", "--detach", "--name", NAME, "--network", "none", *podman.LIMIT,
                    "--annotation", "app=podman", "localhost/bb:1.0")
        start(self.ctrd, "mwns1", NAME, "docker.io/library/nginx:latest", "--annotation", "app=ctr")
        self.lxc.one_program("mwc", image.INIT)
        lxc_pid = self.lxc.start("mwc")
        runc_pid = self.runc.start("together", "/mwoci/runc/together",
                                   annotations={"app": "runc"})
        return lxc_pid, runc_pid

    def lives(self, watch, lxc_pid, runc_pid):
        """{name of the scenario: Life}"""
        pod = self.kubelet.running("shop")
        kubelet.sandbox_of(watch, self.kubelet, pod)
        found = self.podman.inspect(NAME)
        return {
            "docker": docker.life_of(watch, self.docker, NAME, "shop/api:1.4",
                                     {"app": "docker", "team": "of-the-image"})[1],
            "podman": Life(watch, found["State"]["Pid"], podman.facts_of(
                found, "localhost/bb:1.0", {"app": "podman"})),
            "ctr": Life(watch, self.ctrd.pid("mwns1", NAME), facts_of(NAME, {"app": "ctr"})),
            "pod": kubelet.life_of(watch, self.kubelet, pod, NAME, "nginx:latest"),
            "lxc": Life(watch, lxc_pid, lxc.facts_of("mwc")),
            "runc": Life(watch, runc_pid, oci.facts_of(self.runc, "together", {"app": "runc"}))}


def run(ctx):
    with contextlib.ExitStack() as stack:
        everything = Everything(ctx, stack)
        pids = everything.start()
        everything.kubelet.running("shop")
        watch = stack.enter_context(Watch(ctx, "together"))
        lives = everything.lives(watch, *pids)
        for name, life in lives.items():
            limit_swap(life)
            with ctx.report.scenario(f"together/{name}") as s:
                life.check_start(s)
                life.check_oom_kill(s, life.path.rpartition("/")[0] if name == "pod" else None)
        with ctx.report.scenario("together/ends") as s:
            everything.docker("kill", NAME)
            everything.podman("kill", NAME)
            everything.ctrd.ctr("mwns1", "tasks", "kill", "--signal", "9", NAME)
            gone(lives["ctr"].pid)
            everything.ctrd.ctr("mwns1", "tasks", "delete", NAME, check=False)
            everything.lxc("stop", "mwc", "--kill")
            everything.runc("delete", "--force", "together")
            everything.kubelet.withdraw("shop")
            for life in lives.values():
                life.check_stop(s)
