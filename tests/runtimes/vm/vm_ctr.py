# SPDX-License-Identifier: Apache-2.0
"""ctr, containerd's own client: the image is in none of its files that can be read."""
import image
from bed import gone

NAMESPACE = "shop"


def facts_of(name):
    return {"container.id": name, "container.name": name, "container.runtime": "containerd",
            "container.type": None, "container.image": None, "container.labels": {"app": "demo"},
            "container.identity_source": "oci-config", "container.parent": None, "k8s": None}


def one(ctx, watch, name, *options, path):
    ctr = ("ctr", "--namespace", NAMESPACE)
    with ctx.report.scenario("ctr/" + name) as s:
        ctx.bed.run(*ctr, "run", "--detach", *options, "--memory-limit", str(32 << 20),
                    "--label", "app=demo", "--label", "secret=hidden",
                    "docker.io/library/nginx:latest", name, *image.INIT)
        tasks = [line.split() for line in ctx.bed.run(*ctr, "task", "ls").splitlines()]
        pid = next(int(task[1]) for task in tasks if task[0] == name)
        life = watch.life(pid, facts_of(name))
        s.same("path", life.path, path)
        life.check_start(s)
        life.check_oom_kill(s)
        ctx.bed.run(*ctr, "task", "kill", "--signal", "SIGKILL", name)
        gone(life.pid)
        ctx.bed.run(*ctr, "task", "delete", name)  # its cgroup goes with it
        life.check_stop(s, {"exit.signal": 9, "cause": "killed_by_runtime"})


def run(ctx, watch):
    ctx.bed.run("ctr", "--namespace", NAMESPACE, "images", "import", ctx.archive)
    one(ctx, watch, "api", "--runc-systemd-cgroup", "--cgroup", "app.slice:ctr:api",
        path="/app.slice/ctr-api.scope")
    one(ctx, watch, "plain", path=f"/{NAMESPACE}/plain")
