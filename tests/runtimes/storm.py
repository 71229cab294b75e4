# SPDX-License-Identifier: Apache-2.0
"""Thousands of cgroups that live for a moment, as a node with cron jobs, health checks or a build
farm makes them, while a container lives: it keeps its name, and the agent its size."""
import contextlib
import os
import time

from docker import LIMIT, Docker, life_of
from harness import MIB, at, wait_for
from truth import UNKNOWN, contradictions, of_life
from watch import Watch

COUNT = 10000
WARM = 2000  # the first fill tables of a fixed size, which nothing has touched before
A_SECOND = 500
GROWTH = 4 * MIB
MOST = 32 * MIB  # of an agent with default options, whatever happens


def one(path):
    """A cgroup, a program in it, and it is gone."""
    os.mkdir(path)
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(OSError):
            with open(path + "/cgroup.procs", "wb", buffering=0) as f:
                f.write(b"0")
            os.execv("/bin/true", ["true"])
        os._exit(3)
    status = os.waitpid(pid, 0)[1]
    os.rmdir(path)
    return status


def many(base, first, count):
    """How many have not ended well."""
    begin = time.monotonic()
    bad = 0
    for i in range(count):
        bad += one(f"{base}/storm-{first + i}") != 0
        ahead = i / A_SECOND - (time.monotonic() - begin)
        if ahead > 0:
            time.sleep(ahead)
    return bad


def settled(watch):
    """(rss, CPU seconds so far): the agent's own word, a whole report interval after all that."""
    done = watch.poll()[-1]["seq"]
    health = wait_for("agent_health", lambda: [
        r for r in watch.poll() if r["type"] == "agent_health" and r["seq"] > done][1:], 30)
    return at(health[0], "memory.rss"), health[0]["cpu_seconds"]


def check_records(s, watch, base, count):
    """Each has begun and ended once, and none is called anything."""
    prefix = base.path + "/storm-"
    seen = {"container_start": {}, "container_stop": {}}
    for r in watch.poll():
        path = at(r, "container.cgroup", "")
        if path.startswith(prefix):
            for d in contradictions(r, UNKNOWN):
                s.true(f"{r['type']} of {path}", False, d)
            if r["type"] in seen:
                kind = seen[r["type"]]
                kind[path] = kind.get(path, 0) + 1
    for kind, paths in seen.items():
        s.same(f"{kind} of each", (len(paths), set(paths.values())), (count, {1}))


def run(ctx):
    with Docker(ctx.bed, ctx.archive) as docker, Watch(ctx, "storm") as watch, \
            ctx.cgroup("storm") as base:
        docker("run", "--detach", "--name", "witness", *LIMIT, "--label", "app=demo", "nginx")
        with ctx.report.scenario("storm/start") as s:
            _, life = life_of(watch, docker, "witness", "nginx:latest",
                              {"app": "demo", "team": "of-the-image"})
            life.check_start(s)
        with ctx.report.scenario("storm/storm") as s:
            before, cpu_before = settled(watch)
            begin = time.monotonic()
            s.same("programs that failed", many(base.dir, 0, WARM), 0)
            warm, _ = settled(watch)
            s.same("programs that failed", many(base.dir, WARM, COUNT - WARM), 0)
            took = time.monotonic() - begin
            after, cpu = settled(watch)
            s.note(f"{COUNT} cgroups in {took:.0f} s, {cpu - cpu_before:.1f} s of CPU")
            s.true(f"rss {before / MIB:.1f}, {warm / MIB:.1f}, {after / MIB:.1f} MiB",
                   after - warm < GROWTH and after < MOST, "it grows")
            s.same("lost", watch.lost(), {})
            check_records(s, watch, base, COUNT)
        with ctx.report.scenario("storm/after") as s:
            starts = watch.all("container_start", of_life(life.cgroup_id))
            s.same("container_start of the one that lives", len(starts), 1)
            watch.identify(s, [str(life.pid), life.path], life.facts)
            life.check_oom_kill(s)
            docker("stop", "--time", "10", "witness")
            life.check_stop(s, {"exit.code": 0, "cause": "clean"})
