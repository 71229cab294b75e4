# SPDX-License-Identifier: Apache-2.0
"""
Near misses: a cgroup that is full of what cannot be reclaimed, and one that is only full of cache.

Three cgroups of the same limit read files that are larger than what is left to them, so that all
come to their limit again and again. Two of them are nearly full of anonymous memory: one then grows
into an OOM kill, one gives it back in time. The third holds next to nothing but clean page cache,
and nothing may be said of it.
"""
import contextlib
import mmap
import os
import subprocess
import sys

from agent import Agent
from harness import HERE, MIB, Missing, at, wait_for

LIMIT = 64 * MIB
# What the one that grows holds before, and the one that gives back: the rest is for the file.
FULL = 57 * MIB
FULLISH = 53 * MIB
SMALL_FILE = 32 * MIB
LARGE_FILE = 160 * MIB
HOG = os.path.join(HERE, "hog.py")


class Hog:
    """hog.py in a limited cgroup of its own, and the file that it reads."""

    def __init__(self, ctx, stack, name, file_size):
        self.cgroup = stack.enter_context(ctx.cgroup(name, LIMIT))
        self.file = os.path.join(ctx.work, name + ".data")
        write_file(self.file, file_size)
        stack.callback(os.unlink, self.file)
        self.process = self.cgroup.start([sys.executable, HOG], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        stack.callback(self.process.wait)
        stack.callback(self.process.kill)

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command):
        self.say(command)
        answer = self.process.stdout.readline().split()
        if answer[:1] != ["ok"]:
            raise Missing(f"answer of {os.path.basename(self.file)} to {command}")
        return int(answer[1]) if len(answer) > 1 else 0


def write_file(path, size):
    """On the disk, and out of the page cache: who reads it is charged for it."""
    with open(path, "wb") as f:
        block = os.urandom(MIB)
        for _ in range(size // MIB):
            f.write(block)
        f.flush()
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def file_system(path):
    """The type of the file system that a path is on."""
    with open("/proc/self/mounts", encoding="utf-8") as f:
        mounts = [line.split()[1:3] for line in f]
    return max((m for m in mounts if os.path.commonpath((m[0], path)) == m[0]),
               key=lambda m: len(m[0]))[1]


def pressure(agent, hog, state):
    return agent.wait("finding", lambda r: r["finding"] == "memory_pressure" and
                      r["state"] == state, f"memory_pressure {state} of {hog.cgroup.path}",
                      cgroup=hog.cgroup)


def compare_raised(s, raised, full):
    reasons = raised.get("reasons", [])
    s.true("reasons " + "+".join(reasons), {"limit", "thrash"} & set(reasons), repr(reasons))
    s.same("measured.limit", at(raised, "measured.limit"), LIMIT)
    usage = at(raised, "measured.usage_ratio", 0)
    s.true("measured.usage_ratio", 0.8 <= usage <= 1, repr(usage))
    stuck = at(raised, "measured.unreclaimable", 0)
    s.true("measured.unreclaimable", full * 0.95 <= stuck <= LIMIT, repr(stuck))
    anon = [point for point in at(raised, "history.anon", []) if point is not None]
    s.true("history.anon", anon and full * 0.95 <= anon[-1] <= LIMIT, repr(anon))
    s.same("severity", raised["severity"], "warning")
    s.true("advice", raised.get("advice", "").endswith("."), repr(raised.get("advice")))


def grows(ctx, agent, hog):
    """The warning comes first, then the kill."""
    with ctx.report.scenario("near-miss/grows") as s:
        raised = pressure(agent, hog, "raised")
        compare_raised(s, raised, FULL)
        s.same("alive at the warning", hog.process.poll(), None)
        s.same("kernel's count at the warning", hog.cgroup.oom_kills(), 0)
        hog.say("eat")
        s.same("wait status", hog.process.wait(60), -9)
        kill = agent.oom_kill_of(hog.process.pid)
        s.true("finding before oom_kill", raised["seq"] < kill["seq"],
               f"{raised['seq']} and {kill['seq']}")
        s.true("memory_stat.anon", at(kill, "memory_stat.anon", 0) >= FULL * 0.95,
               repr(at(kill, "memory_stat")))


def stops(ctx, agent, hog):
    """Memory is given back in time: the warning is taken back."""
    with ctx.report.scenario("near-miss/stops") as s:
        raised = pressure(agent, hog, "raised")
        compare_raised(s, raised, FULLISH)
        hog.ask("free")
        cleared = pressure(agent, hog, "cleared")
        s.same("cleared.since", cleared.get("since"), raised["time"])
        s.true("cleared.measured.unreclaimable",
               0 < at(cleared, "measured.unreclaimable", 0) < LIMIT // 2, repr(cleared))
        s.same("alive", hog.process.poll(), None)
        s.same("kernel's count", hog.cgroup.oom_kills(), 0)


def cache_only(ctx, agent, hog, began):
    """All the time of the others it read, came to its limit and was fine."""
    with ctx.report.scenario("near-miss/cache-only") as s:
        # At least for as long as its file took some rounds.
        read = wait_for("rounds of reading", lambda: (
            n if (n := hog.ask("count")) >= 5 * LARGE_FILE else 0))
        s.true(f"{read // MIB} MiB read", True, "")
        again = (hog.cgroup.refaults() - began) * mmap.PAGESIZE // MIB
        s.true(f"{again} MiB reclaimed and read again", again * MIB > LARGE_FILE, repr(again))
        cache = hog.cgroup.number("memory.stat", "memory.stat",
                                  "total_cache" if hog.cgroup.mode == "v1" else "file")
        s.true("full of cache", cache > LIMIT // 2, repr(cache))
        agent.wait_next("agent_health")
        s.same("no finding", agent.all("finding", cgroup=hog.cgroup), [])


def run(ctx):
    kind = file_system(ctx.work)
    with contextlib.ExitStack() as stack, Agent(ctx, "near-miss") as agent:
        with ctx.report.scenario("near-miss/disk") as s:
            s.true("files on " + kind, kind not in ("tmpfs", "ramfs"), "page cache of " + kind)
        one = Hog(ctx, stack, "grows", SMALL_FILE)
        two = Hog(ctx, stack, "stops", SMALL_FILE)
        cache = Hog(ctx, stack, "cache", LARGE_FILE)
        one.ask(f"fill {FULL}")
        two.ask(f"fill {FULLISH}")
        for hog in (one, two, cache):
            hog.ask("read " + hog.file)
        began = cache.cgroup.refaults()
        grows(ctx, agent, one)
        stops(ctx, agent, two)
        cache_only(ctx, agent, cache, began)
