#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: what it costs to be watched, beside the tools that people use today.

Runs every experiment of measure.py, prints the table and writes bench.json and bench.md into the
build directory. Timing never fails it: an aim that is missed is said in the table. The exit code
is 0 unless something broke, 2 when it cannot run at all.
"""
import argparse
import os
import shutil
import signal
import sys
from datetime import datetime, timezone

import host
import measure
import table
from tracers import Agent, Bpftrace, Broken, Empty, Exitsnoop, Skip

NAMES = ("faults", "fork", "vfork", "snapshot", "oom", "footprint", "replay", "start", "sizes")


def parse():
    parser = argparse.ArgumentParser(description="Measure what memwitness costs.")
    parser.add_argument("--build", default="build", help="build directory (default: build)")
    parser.add_argument("--quick", action="store_true", help="3 pairs and short loops")
    parser.add_argument("--pairs", type=int, help="pairs of each comparison (default: 9)")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME",
                        help="only this experiment, may be repeated: " + ", ".join(NAMES))
    parser.add_argument("--small", action="store_true",
                        help="200 processes in 20 cgroups in place of 2,000 in 200")
    parser.add_argument("--private-tracefs", action="store_true",
                        help="where tracefs is not mounted, mount it for bpftrace and exitsnoop "
                             "alone, in a mount namespace of their own")
    options = parser.parse_args()
    options.pairs = options.pairs or (3 if options.quick else 9)
    if options.pairs < 1:
        parser.error("--pairs: at least 1")
    options.build = os.path.abspath(options.build)
    return options


def experiments(ctx):
    """(name, function without arguments) of each, in the order in which they run."""
    o, work = ctx.options, ctx.work

    def agent():
        return Agent(work, ctx.binary())

    def bpftrace(name, probe):
        return Bpftrace(work, o.private_tracefs, name, probe)

    fault_tools = [agent(), Empty(work, ctx.program("empty")),
                   bpftrace("bpftrace-tracepoint", "tracepoint:exceptions:page_fault_user"),
                   bpftrace("bpftrace-software", "software:page-faults:1")]
    exit_tools = [agent(), Exitsnoop(work, o.private_tracefs),
                  bpftrace("bpftrace-exit", "tracepoint:sched:sched_process_exit")]
    return zip(NAMES, (
        lambda: measure.faults(ctx, fault_tools),
        lambda: measure.forks(ctx, exit_tools),
        lambda: measure.vforks(ctx, exit_tools),
        lambda: measure.snapshot(ctx),
        lambda: measure.oom_latency(ctx, agent()),
        lambda: measure.footprint(ctx, agent()),
        lambda: measure.replay(ctx),
        lambda: measure.start(ctx, agent()),
        lambda: measure.sizes(ctx)), strict=True)


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(options, work, cgroups):
    """Everything that was asked for; (result, whether something broke)."""
    ctx = measure.Context(options, work, cgroups, say)
    rows, broken, seen = [], False, set()
    for name, experiment in experiments(ctx):
        if options.only and name not in options.only:
            continue
        say(name)
        try:
            found = experiment()
        except Skip as why:
            ctx.skip(name, why)
            continue
        except (Broken, OSError, ValueError, KeyError) as why:
            say(f"  BROKEN: {name}: {why!r}")
            ctx.skipped.append({"name": name, "why": f"broken: {why}"})
            broken = True
            continue
        rows += [{"experiment": name, **r} for r in found]
    skipped = [s for s in ctx.skipped
               if (key := (s["name"], s["why"])) not in seen and not seen.add(key)]
    return {"schema": "memwitness-bench/1",
            "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "quick": options.quick, "pairs": options.pairs, "machine": host.facts(),
            "rows": rows, "skipped": skipped}, broken


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupted(signum, _frame):
    for sig in SIGNALS:  # cleaning up is not to be cut short
        signal.signal(sig, signal.SIG_IGN)
    raise SystemExit(128 + signum)


def workdir(build):
    """A folder for logs and outputs; what runs that were killed have left goes first."""
    parent = os.path.join(build, "bench")
    for name in os.listdir(parent):
        pid = name.removeprefix("work-")
        if name != pid and not os.path.exists(f"/proc/{pid}"):
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
    path = os.path.join(parent, f"work-{os.getpid()}")
    os.mkdir(path, 0o700)
    return path


def main():
    options = parse()
    if os.geteuid() != 0:
        say("bench: run it as root: it attaches programs and makes cgroups")
        return 2
    if not os.access(os.path.join(options.build, "bench", "loops"), os.X_OK):
        say("bench: not built; `make bench` builds and runs it")
        return 2
    for sig in SIGNALS:
        signal.signal(sig, interrupted)
    work = workdir(options.build)
    cgroups = None
    try:
        cgroups = host.Cgroups()
        result, broken = run(options, work, cgroups)
    finally:
        if cgroups:
            cgroups.close()
        shutil.rmtree(work, ignore_errors=True)
    table.save(result, options.build)
    print(table.text(result), end="")
    say(f"written: {options.build}/bench.json and bench.md")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
