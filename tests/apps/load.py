# SPDX-License-Identifier: Apache-2.0
"""
A node under storms: as many forks as it gives, then also cgroups that come and go, and in the
midst of them hundreds of OOM kills, several at a time. Each kill has one record; what else is lost
is counted.
"""
import contextlib
import json
import os
import subprocess
import threading
import time

import host
from agent import Agent
from harness import MIB, Missing, at
from kills import KillLoop, compare_once, wait_told

LOOPS = 4
GAP_MS = 100
LIMIT = 4 * MIB
BATCHES, FORKS = 4, 200  # of one round of a fork storm; a batch before the first warms up


class Storm:
    """Rounds of something in a thread, as long as the context lasts; whatever fails comes out."""

    def __init__(self):
        self.done = 0
        self.rounds = 0
        self.seconds = 0.0
        self.error = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        begin = time.monotonic()
        try:
            while not self.over.is_set():
                self.done += self.round()
                self.rounds += 1
        except (OSError, ValueError, subprocess.SubprocessError) as why:
            self.error = why
        self.seconds = time.monotonic() - begin

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()
        if self.error:
            raise Missing(f"{type(self).__name__}: {self.error}")

    def rate(self):
        return self.done / self.seconds


class Forks(Storm):
    """The benchmark's loop of fork or vfork, exit and wait, bound to one CPU, in the cgroup."""

    def __init__(self, ctx, cgroup, kind, cpu):
        super().__init__()
        self.command = [ctx.helper("loops"), kind, str(cpu), str(BATCHES), str(FORKS),
                        cgroup.dir]

    def round(self):
        done = subprocess.run(self.command, capture_output=True, check=True, text=True,
                              preexec_fn=host.die_with_parent)
        return json.loads(done.stdout)["operations"]


class Directories(Storm):
    """Memory cgroups that are made and removed."""

    def __init__(self, ctx):
        super().__init__()
        self.dir = ctx.cgroups.make("come-and-go")

    def round(self):
        path = f"{self.dir}/{self.rounds}"
        os.mkdir(path)
        os.rmdir(path)
        return 1


def compare_storm(s, agent, cgroup, forks):
    """The counters behind the events are exact, whatever of the events was lost."""
    stop = agent.wait("container_stop", cgroup=cgroup)
    made, rounds = sum(f.done for f in forks), sum(f.rounds for f in forks)
    s.same(f"container_stop: {made} forks", at(stop, "processes.forks"), made)
    s.same("container_stop: exits", at(stop, "processes.exits.total"), made + rounds)


def storm(ctx, name, kills, with_directories, *options):
    """Kills from several cgroups at a time in the midst of it, and what the agent made of them."""
    cpus = sorted(os.sched_getaffinity(0))[:2]
    with Agent(ctx, "load-" + name, *options) as agent, ctx.report.scenario(f"load/{name}") as s:
        with contextlib.ExitStack() as stack:
            cgroup = stack.enter_context(ctx.cgroup(name))
            storms = forks = [stack.enter_context(Forks(ctx, cgroup, kind, cpu))
                              for cpu in cpus for kind in ("fork", "vfork")]
            if with_directories:
                storms = [*forks, stack.enter_context(Directories(ctx))]
            begin = time.monotonic()
            loops = [KillLoop(ctx, f"{name}-kills-{i}", kills // LOOPS, LIMIT, GAP_MS)
                     for i in range(LOOPS)]
            victims = [v for loop in loops for v in loop.end()]
            seconds = time.monotonic() - begin
        wait_told(agent, victims)
        compare_once(s, agent, victims)
        compare_storm(s, agent, cgroup, forks)
        s.note(f"{len(victims)} kills in {seconds:.0f} s")
        for kind in {type(one) for one in storms}:
            rate = sum(one.rate() for one in storms if type(one) is kind)
            s.note(f"{rate:.0f} {kind.__name__.lower()}/s")
    with ctx.report.scenario(f"load/{name}-losses") as s:
        compare_once(s, agent, victims)
        lost = agent.lost()
        names = [b["name"] for b in agent.health()["buffers"]]
        s.true("no OOM evidence lost", "oom_ring" in names and "oom_ring" not in lost, repr(lost))
        s.note("lost elsewhere: " + (", ".join(f"{k} {v}" for k, v in lost.items()) or "nothing"))


def run(ctx):
    storm(ctx, "forks", 100, False)
    # The least that --ring-size takes: the lesser events are to be lost, if anything is.
    storm(ctx, "forks-and-cgroups", 200, True, "--ring-size", "64K")
