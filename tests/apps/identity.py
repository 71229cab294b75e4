# SPDX-License-Identifier: Apache-2.0
"""
Containers that were there before the agent: their runtimes' files (here written by hand, below a
root of their own) are read before anything is told of them, so each is told of once and by its
name; and what runs in a cgroup below a container's own is the container's.
"""
import json
import os
import subprocess
import sys

from agent import Agent
from harness import at

ID = "ab" * 32
NAMED = {"libpod-" + ID: ("web", "podman"), "c1": ("c1", "crun")}


def write(root, name, content):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(content, f)


def files_of(root, crun_cgroup):
    """What podman and crun would have left."""
    write(root, "var/lib/containers/storage/overlay-containers/containers.json",
          [{"id": ID, "names": ["web"], "image": ID,
            "metadata": json.dumps({"image-name": "docker.io/library/nginx:1.25"})}])
    write(root, "run/crun/c1/status", {"pid": 1, "cgroup-path": crun_cgroup.path})


def sleeper(cgroup):
    return cgroup.start([sys.executable, "-c", "input()"], stdin=subprocess.PIPE,
                        stdout=subprocess.DEVNULL)


def compare(s, agent, cgroup, name, runtime):
    agent.wait("container_sample", cgroup=cgroup)
    starts = agent.all("container_start", cgroup=cgroup)
    s.same("one container_start", len(starts), 1)
    s.same("container.name", at(starts[0], "container.name"), name)
    s.same("container.runtime", at(starts[0], "container.runtime"), runtime)
    sample = agent.all("container_sample", cgroup=cgroup)[-1]
    s.same("processes.count", at(sample, "processes.count"), 1)


def there_first(ctx, cgroups):
    root = os.path.join(ctx.work, "host")
    files_of(root, cgroups["c1"])
    with Agent(ctx, "identity", "--host-root", root) as agent, \
            ctx.report.scenario("identity/there-first") as s:
        for key, (name, runtime) in NAMED.items():
            compare(s, agent, cgroups[key], name, runtime)
        s.same("nothing of the cgroup below", agent.all("container_start", cgroup=cgroups["sub"]),
               [])


def run(ctx):
    with ctx.cgroup("libpod-" + ID) as podman, ctx.cgroup("c1") as crun, \
            ctx.cgroup("c1/container") as sub:
        processes = [sleeper(podman), sleeper(sub)]
        try:
            there_first(ctx, {"libpod-" + ID: podman, "c1": crun, "sub": sub})
        finally:
            for process in processes:
                process.communicate(b"\n")
