# SPDX-License-Identifier: Apache-2.0
"""
An output that takes no lines: a pipe that nobody reads for half a minute, a full file system, and
a pipe with a queue before it that is too small. Three agents watch the same kills at once; later
the output is freed, and every oom_kill record has to be there.
"""
import contextlib
import errno
import os
import subprocess
import time

from agent import Agent
from harness import MIB, wait_for
from kills import KillLoop, compare_once, wait_told

KILLS = 50
LIMIT = 4 * MIB
EXITS = 150
HOLD_SECONDS = 30
SMALL_QUEUE = 256 << 10  # the least that --queue-size takes
LINE_MAX = 64 << 10


@contextlib.contextmanager
def small_file_system(ctx):
    """A tmpfs of 1 MiB."""
    where = os.path.join(ctx.work, "full")
    os.mkdir(where)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "memwitness-apps", where], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", where], check=True)


def fill(where):
    """Not a byte is left. The file that takes it all."""
    path = os.path.join(where, "ballast")
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(4096))
        except OSError as why:
            if why.errno != errno.ENOSPC:
                raise
    return path


def failing_exits(ctx, name):
    """Lines of the least severity: processes that end with code 3."""
    with ctx.cgroup(name) as cgroup:
        shell = f"i=0; while [ $i -lt {EXITS} ]; do (exit 3); i=$((i + 1)); done"
        cgroup.start(["/bin/sh", "-c", shell]).wait()


def load(ctx):
    failing_exits(ctx, "exits-before")
    victims = KillLoop(ctx, "kills", KILLS, LIMIT, 50).end()
    failing_exits(ctx, "exits-after")
    return victims


def gaps(records):
    """The numbers that are missing in seq."""
    seen = [r["seq"] for r in records]
    return sorted(set(range(1, max(seen, default=0) + 1)) - set(seen))


def output_buffer(agent):
    return next(b for b in agent.health()["buffers"] if b["name"] == "output")


def compare_alive(s, agent, words):
    s.same("the agent lives", agent.process.poll(), None)
    s.true("it says so on standard error", words in agent.log(), repr(agent.log()))


def blocked(ctx, agent, victims):
    with ctx.report.scenario("output/pipe") as s:
        compare_alive(s, agent, "standard output")
        agent.drain()
        wait_told(agent, victims)
        compare_once(s, agent, victims)
        s.same("seq without a gap", gaps(agent.poll()), [])


def full(ctx, agent, victims, ballast):
    with ctx.report.scenario("output/full-file-system") as s:
        compare_alive(s, agent, "cannot write to " + agent.path)
        s.true("no line was written", not agent.all("oom_kill"), "the file system had room")
        os.unlink(ballast)
        wait_told(agent, victims)
        compare_once(s, agent, victims)
        s.same("seq without a gap", gaps(agent.poll()), [])


def small(ctx, agent, victims):
    with ctx.report.scenario("output/small-queue") as s:
        compare_alive(s, agent, "standard output")
        agent.drain()
        wait_told(agent, victims)
        compare_once(s, agent, victims)


def small_losses(ctx, agent):
    """What was lost is what mattered least, and it was counted."""
    with ctx.report.scenario("output/small-queue-losses") as s:
        records, missing = agent.poll(), gaps(agent.poll())
        buffer = output_buffer(agent)
        s.true(f"{len(missing)} lines lost", missing, "the queue was never full")
        s.same("buffers.output.lost", buffer["lost"], len(missing))
        s.true(f"buffers.output.size {buffer['size']}", buffer["size"] <= SMALL_QUEUE, "too large")
        # The line that is being written has left the queue.
        s.true(f"buffers.output.peak {buffer['peak']}",
               SMALL_QUEUE // 2 < buffer["peak"] <= SMALL_QUEUE + LINE_MAX, repr(buffer))
        # Info gives way first, the oldest first: between the first loss and the last one is none.
        kept = [r["seq"] for r in records if r["severity"] == "info" and
                missing and missing[0] < r["seq"] < missing[-1]]
        s.same("no lesser line kept among the lost", kept, [])
        newest = [r for r in records if missing and r["seq"] > missing[-1] and
                  r["severity"] == "info"]
        s.true(f"{len(newest)} newer lesser lines kept", newest, "none")
        health = [r["severity"] for r in records if r["type"] == "agent_health" and
                  any(b["name"] == "output" and b["lost"] for b in r["buffers"])]
        s.true("agent_health warns", health and set(health) == {"warning"}, repr(health))


def run(ctx):
    with small_file_system(ctx) as where, \
            Agent(ctx, "output-pipe", piped=True) as pipe, \
            Agent(ctx, "output-small", "--queue-size", str(SMALL_QUEUE), piped=True,
                  lossy=True) as little:
        with Agent(ctx, "output-full", path=os.path.join(where, "records")) as on_disk:
            begin = time.monotonic()
            wait_for("first line", on_disk.poll)
            ballast = fill(where)
            victims = load(ctx)
            time.sleep(max(0, begin + HOLD_SECONDS - time.monotonic()))
            full(ctx, on_disk, victims, ballast)
        blocked(ctx, pipe, victims)
        small(ctx, little, victims)
    small_losses(ctx, little)
