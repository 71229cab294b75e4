# SPDX-License-Identifier: Apache-2.0
"""containerd alone, by its client ctr: namespaces that hold containers of the same id."""
import contextlib
import os
import signal

import image
from bed import gone
from harness import Missing, wait_for
from watch import Life, Watch, check_brief, limit_swap

LIMIT = 64 << 20
SOCKET = "/run/containerd/containerd.sock"
CONFIGURATION = f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    pod_annotations = ["app", "secret"]
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
"""


class Containerd:
    """A context manager: the daemon, with the images loaded into these namespaces."""

    def __init__(self, bed, archives, namespaces):
        self.bed = bed
        self.archives = archives
        self.namespaces = namespaces
        self.daemon = None

    def __enter__(self):
        self.bed.write("/etc/containerd/config.toml", CONFIGURATION)
        self.daemon = self.bed.daemon("containerd", "containerd", "--log-level", "warn")
        wait_for("containerd", lambda: self.bed.run("ctr", "version", check=False), 30)
        for namespace in self.namespaces:
            for archive in self.archives:
                self.ctr(namespace, "images", "import", archive)
        return self

    def __exit__(self, *exc):
        for namespace in self.namespaces:
            with contextlib.suppress(Missing):
                for name in self.ctr(namespace, "tasks", "list", "--quiet").split():
                    self.ctr(namespace, "tasks", "kill", "--signal", "9", name, check=False)
                    self.ctr(namespace, "tasks", "delete", "--force", name, check=False)
                for name in self.ctr(namespace, "containers", "list", "--quiet").split():
                    self.ctr(namespace, "containers", "delete", name, check=False)
        self.bed.end(self.daemon)

    def ctr(self, namespace, *words, **options):
        return self.bed.run("ctr", "--namespace", namespace, *words, **options)

    def pid(self, namespace, name):
        """Of a task that runs, or 0."""
        for line in self.ctr(namespace, "tasks", "list").splitlines():
            words = line.split()
            if words[0] == name and words[2] == "RUNNING":
                return int(words[1])
        return 0


def facts_of(name, labels=None):
    """Its image is in containerd's data base alone, in no file that the agent may read."""
    return {
        "container.id": name, "container.name": name, "container.runtime": "containerd",
        "container.type": None, "container.restart_count": None,
        "container.image": None, "container.labels": labels,
        "container.identity_source": "oci-config", "container.parent": None, "k8s": None}


def start(ctrd, namespace, name, image_name, *more, command=()):
    ctrd.ctr(namespace, "run", "--detach", "--memory-limit", str(LIMIT), *more, image_name, name,
             *command)


def two_namespaces(ctx, ctrd, watch):
    """The same id in both, of two images: each is told by its own."""
    lives = {}
    for namespace, image_name, label in (("mwns1", "docker.io/shop/api:1.4", "one"),
                                         ("mwns2", "localhost/bb:1.0", "two")):
        start(ctrd, namespace, "web", image_name, "--annotation", f"app={label}",
              "--annotation", "secret=hidden", "--label", "team=a-label")
        with ctx.report.scenario(f"containerd/{namespace}") as s:
            pid = ctrd.pid(namespace, "web")
            life = lives[namespace] = Life(watch, pid, facts_of(
                "web", {"app": label, "team": "a-label"}))
            limit_swap(life)
            s.same("path", life.path, f"/{namespace}/web")
            life.check_start(s)
            life.check_oom_kill(s)
    return lives


def again(ctx, ctrd, watch, life):
    """The task of one ends and a new one of the same container begins; the other lives on."""
    with ctx.report.scenario("containerd/restart") as s:
        os.kill(life.pid, signal.SIGUSR2)
        gone(life.pid)
        ctrd.ctr("mwns1", "tasks", "delete", "web", check=False)
        life.check_stop(s, {"exit.code": 3, "cause": "failed"})
        ctrd.ctr("mwns1", "tasks", "start", "--detach", "web")
        life = Life(watch, ctrd.pid("mwns1", "web"),
                    facts_of("web", {"app": "one", "team": "a-label"}), {
            "container.restart_count": 1, "container.restart_count_source": "counted"})
        limit_swap(life)
        life.check_start(s)
        life.check_oom_kill(s)
    with ctx.report.scenario("containerd/kill") as s:
        ctrd.ctr("mwns1", "tasks", "kill", "--signal", "9", "web")
        life.check_killed(s)
        gone(life.pid)
        ctrd.ctr("mwns1", "tasks", "delete", "web", check=False)
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})


def same_id(ctx, ctrd, watch):
    """Another container of an id that was another's, with the same path: nothing is left of it."""
    with ctx.report.scenario("containerd/same-id") as s:
        ctrd.ctr("mwns1", "containers", "delete", "web")
        start(ctrd, "mwns1", "web", "localhost/bb:1.0", "--annotation", "team=another")
        life = Life(watch, ctrd.pid("mwns1", "web"), facts_of("web"), {
            "container.labels": {"team": "another"},
            "container.restart_count": 2, "container.restart_count_source": "counted"})
        limit_swap(life)
        life.check_start(s)
        life.check_oom_kill(s)


def brief(ctx, ctrd, watch):
    with ctx.report.scenario("containerd/brief") as s:
        ctrd.ctr("mwns2", "run", "--rm", "--memory-limit", str(LIMIT),
                 "docker.io/library/nginx:latest", "brief", *image.BRIEF)
        check_brief(s, watch, "/mwns2/brief", facts_of("brief"))


def run(ctx):
    with Containerd(ctx.bed, [ctx.archive], ["mwns1", "mwns2"]) as ctrd, \
            Watch(ctx, "containerd") as watch:
        lives = two_namespaces(ctx, ctrd, watch)
        again(ctx, ctrd, watch, lives["mwns1"])
        same_id(ctx, ctrd, watch)
        brief(ctx, ctrd, watch)
        with ctx.report.scenario("containerd/the-other-one") as s:
            lives["mwns2"].check_oom_kill(s)
