# SPDX-License-Identifier: Apache-2.0
"""What is measured: each function runs one experiment and gives rows for the table.

A row is a dict: name, value, unit, low, high, n, and aim and met where the project has an aim.
Ratios come from pairs, with and without a tool, one right after the other and in changing order,
so that whatever else the machine does hits both sides.
"""
import json
import os
import statistics
import subprocess
import time
from datetime import datetime

import host
from tracers import Broken, EXIT_SKIP, Skip, end, wait_until


class Context:
    """What every experiment needs. Options are argparse's; `say` tells the user what goes on."""

    def __init__(self, options, work, cgroups, say):
        self.options = options
        self.quick = options.quick
        self.pairs = options.pairs
        self.work = work
        self.cgroups = cgroups
        self.say = say
        self.skipped = []

    def program(self, name):
        """A helper program of the benchmark."""
        return os.path.join(self.options.build, "bench", name)

    def binary(self, name="memwitness"):
        return os.path.join(self.options.build, name)

    def skip(self, name, why):
        self.skipped.append({"name": name, "why": str(why)})
        self.say(f"  skipped: {name}: {why}")

    def usable(self, tracers):
        """Those that can run here; the others are noted as skipped."""
        good = []
        for tracer in tracers:
            try:
                tracer.check()
                with tracer:
                    pass
                good.append(tracer)
            except Skip as why:
                self.skip(tracer.title, why)
            except Broken as why:
                if tracer.ours:
                    raise
                self.skip(tracer.title, why)
        return good


def run_program(command, seconds=600):
    """Run a helper to its end; its standard output. Skip or Broken when it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=seconds, preexec_fn=host.die_with_parent, check=False)
    if done.returncode == EXIT_SKIP:
        raise Skip(done.stderr.strip())
    if done.returncode:
        raise Broken(f"{os.path.basename(command[0])} failed ({done.returncode}): "
                     f"{done.stderr.strip()[-500:]}")
    return done.stdout


def row(name, values, unit, aim=None, met=None, aim_text=None, digits=1):
    """Median and range of some values. met: a function of the median."""
    median = statistics.median(values)
    return {"name": name, "value": round(median, digits), "unit": unit,
            "low": round(min(values), digits), "high": round(max(values), digits),
            "n": len(values), "aim": aim_text, "limit": aim,
            "met": None if met is None else bool(met(median))}


def below(name, values, unit, limit, aim_text, digits=1):
    return row(name, values, unit, limit, lambda v: v < limit, aim_text, digits)


# ---- loops ----

# Batches and operations a batch; --quick takes a third of the batches.
LOOPS = {"fault": (12, 65536), "fork": (12, 500), "vfork": (12, 1500)}


def loop(ctx, kind):
    """One run of a loop: (nanoseconds an operation, operations)."""
    batches, count = LOOPS[kind]
    if ctx.quick:
        batches //= 3
    out = json.loads(run_program([ctx.program("loops"), kind, str(host.load_cpu()), str(batches),
                                  str(count), ctx.cgroups.leaf("load")]))
    return out["ns"], out["operations"]


def with_tracer(ctx, kind, tracer):
    with tracer:
        ns, operations = loop(ctx, kind)
    tracer.saw(operations)
    return ns


def pairs_of(ctx, kind, tracers):
    """{tracer name: [(ns without, ns with) a pair]}, tools taken in turns within each round."""
    result = {t.name: [] for t in tracers}
    for i in range(ctx.pairs):
        for j in range(len(tracers)):
            tracer = tracers[(i + j) % len(tracers)]
            if i % 2:
                traced = with_tracer(ctx, kind, tracer)
                plain = loop(ctx, kind)[0]
            else:
                plain = loop(ctx, kind)[0]
                traced = with_tracer(ctx, kind, tracer)
            result[tracer.name].append((plain, traced))
        ctx.say(f"  {kind}: round {i + 1} of {ctx.pairs}")
    return result


def percent(pair):
    return (pair[1] / pair[0] - 1) * 100


def compare(ctx, kind, what, tracers, limit=None):
    """Rows of one loop: what it costs alone, and each tool's slowdown in percent."""
    tracers = ctx.usable(tracers)
    if not tracers:
        raise Skip("no tool to compare can run here")
    pairs = pairs_of(ctx, kind, tracers)
    plain = [p[0] for values in pairs.values() for p in values]
    rows = [row(f"{what}, alone", plain, "ns", digits=0)]
    for tracer in tracers:
        values = [percent(p) for p in pairs[tracer.name]]
        if limit is not None and tracer.name == "agent":
            rows.append(row(f"{what}, {tracer.title}", values, "%", limit,
                            lambda v: v <= limit, f"at most +{limit} %"))
        else:
            rows.append(row(f"{what}, {tracer.title}", values, "%"))
        ratios = [b / a for a, b in pairs[tracer.name]]
        rows[-1].update(ratio=round(statistics.median(ratios), 4), pairs_ns=pairs[tracer.name])
    return rows, pairs


def faults(ctx, tracers):
    rows, pairs = compare(ctx, "fault", "page fault", tracers)
    if "agent" in pairs and "empty" in pairs:
        points = [percent(a) - percent(e) for a, e in zip(pairs["agent"], pairs["empty"])]
        rows.append(row("page fault, memwitness above the empty program", points, "points", 2.0,
                        lambda v: v <= 2.0, "at most 2 points"))
    return rows


def forks(ctx, tracers):
    return compare(ctx, "fork", "fork+exit", tracers, 3)[0]


def vforks(ctx, tracers):
    return compare(ctx, "vfork", "vfork+exit", tracers, 8)[0]


# ---- many processes ----

class Sleepers:
    """2,000 processes in 200 cgroups while the context lasts."""

    def __init__(self, ctx):
        self.groups, self.processes = (20, 200) if ctx.options.small else (200, 2000)
        self.command = [ctx.program("sleepers"), ctx.cgroups.make("sleepers"), str(self.groups),
                        str(self.processes)]
        self.child = None

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      preexec_fn=host.die_with_parent)
        line = self.child.stdout.readline().decode()
        if line != f"ready {self.processes}\n":
            self.__exit__()
            raise Broken(f"sleepers: {line!r}")
        return self

    def __exit__(self, *exc):
        self.child.stdin.close()
        end(self.child, seconds=60)
        self.child.stdout.close()
        return False


def snapshot(ctx):
    with Sleepers(ctx):
        out = json.loads(run_program([ctx.program("snapcost"), str(max(9, ctx.pairs) * 3)]))
    iterator = [r[0] / 1000 for r in out["rounds"]]
    proc = [r[1] / 1000 for r in out["rounds"]]
    rows = [below("snapshot, a task by the iterator", iterator, "µs", 1.2, "below 1.2 µs", 3),
            row("snapshot, a task from /proc/PID/{stat,status,cgroup}", proc, "µs", digits=2),
            row("snapshot, /proc for one of the iterator's", [p / i for p, i in zip(proc, iterator)],
                "times")]
    rows[0]["tasks"] = out["tasks_iterator"]
    rows[1]["tasks"] = out["tasks_proc"]
    return rows


def footprint(ctx, agent):
    """The agent's CPU and memory beside 2,000 processes that do nothing."""
    seconds = 10 if ctx.quick else 60
    agent.check()
    with Sleepers(ctx) as load, agent:
        pid = agent.process.pid
        time.sleep(3)  # the first scan is not the steady state
        samples = []
        before, begin = host.cpu_seconds(pid), time.monotonic()
        while time.monotonic() - begin < seconds:
            time.sleep(1)
            samples.append(host.status_value(pid, "VmRSS") or 0)
        used, passed = host.cpu_seconds(pid) - before, time.monotonic() - begin
        peak = host.status_value(pid, "VmHWM")
        if agent.process.poll() is not None or not peak:
            raise Broken("memwitness ended while it was watched: " + agent.text()[-500:])
    agent.saw(0)
    mib = [s / 2**20 for s in samples]
    where = f"{load.processes} processes in {load.groups} cgroups"
    rows = [row(f"CPU, {where}", [used / passed * 100], "% of a core", digits=2),
            below(f"resident, {where}", mib, "MiB", 24, "below 24 MiB", 2),
            below(f"resident at its highest, {where}", [peak / 2**20], "MiB", 24,
                  "below 24 MiB", 2)]
    rows[0]["seconds"] = round(passed, 1)
    return rows


# ---- from a kill to a line ----

def real_ns(text):
    """RFC 3339 UTC with nanoseconds to nanoseconds since the epoch."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    stamp = datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(stamp) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)


def rank(values, share):
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def watch_kills(ctx, agent, kills):
    """(lines of the parent, lines of the watcher) of so many OOM kills."""
    seen_path = os.path.join(ctx.work, "linewatch.out")
    with agent, open(seen_path, "w+", encoding="utf-8") as seen:
        watcher = subprocess.Popen([ctx.program("linewatch"), agent.output, '"type":"oom_kill"',
                                    str(kills), "60"], stdin=subprocess.DEVNULL, stdout=seen,
                                   preexec_fn=host.die_with_parent)
        try:
            if not wait_until(lambda: host.read(seen_path).startswith("ready"), 5, watcher):
                raise Broken("linewatch did not get ready")
            parent = run_program([ctx.program("oomloop"), ctx.cgroups.make("ooms"), str(kills),
                                  str(8 << 20), "20"])
            # A line that never comes is found missing below; ten seconds are an age here.
            wait_until(lambda: watcher.poll() is not None, 10)
        finally:
            end(watcher)
    agent.saw(kills)
    return parent.splitlines(), host.read(seen_path).splitlines()[1:]


def oom_latency(ctx, agent):
    kills = 20 if ctx.quick else 100
    agent.check()
    parent, seen = watch_kills(ctx, agent, kills)
    reaped = {int(pid): int(real) for pid, _, real in (line.split() for line in parent)}
    to_disk, to_parent, offsets = [], [], []
    for line in seen:
        boot, real, text = line.split(" ", 2)
        record = json.loads(text)
        pid = record["victim"]["process"]["pid"]
        if pid not in reaped:
            continue
        killed = real_ns(record["time"])
        to_disk.append((int(real) - killed) / 1e6)
        to_parent.append((reaped[pid] - killed) / 1e6)
        offsets.append(int(real) - int(boot))
    if len(to_disk) < kills:
        raise Broken(f"{len(to_disk)} of {kills} OOM kills came as lines")
    rows = [row("OOM kill to line on disk, p50", to_disk, "ms", digits=3)]
    p99 = rank(to_disk, 99)
    rows.append(below("OOM kill to line on disk, p99", [p99], "ms", 10, "below 10 ms", 3))
    rows[-1].update(n=kills, low=rows[0]["low"], high=rows[0]["high"])
    rows.append(row("OOM kill to its parent's wait(), p50", to_parent, "ms", digits=3))
    # Record times are CLOCK_BOOTTIME plus an offset; a clock that was set would spoil them.
    rows[0]["clock_moved_ms"] = round((max(offsets) - min(offsets)) / 1e6, 3)
    return rows


# ---- the rest ----

def replay(ctx):
    wanted = 200_000 if ctx.quick else 2_000_000
    path = os.path.join(ctx.work, "events.jsonl")
    if not os.access(ctx.binary(), os.X_OK):
        raise Skip("memwitness is not built")
    events = json.loads(run_program([ctx.program("mkevents"), path, str(wanted)]))["events"]
    size = os.path.getsize(path)
    rates = []
    try:
        for i in range(ctx.pairs + 1):
            begin = time.monotonic()
            with open(os.devnull, "wb") as null:
                done = subprocess.run([ctx.binary(), "replay", path], stdin=subprocess.DEVNULL,
                                      stdout=null, stderr=subprocess.PIPE, check=False,
                                      preexec_fn=host.die_with_parent, timeout=300)
            if done.returncode:
                raise Broken("replay: " + done.stderr.decode(errors="replace")[-500:])
            if i:  # the first brings the file into the page cache
                rates.append(events / (time.monotonic() - begin) / 1e6)
    finally:
        os.unlink(path)
    rows = [row("replay, events a second", rates, "million", 1.0, lambda v: v >= 1.0,
                "at least 1 million", 2)]
    rows[0].update(events=events, bytes=size)
    return rows


def start(ctx, agent):
    """Until the first record stands on a pipe."""
    agent.check()
    times = []
    for _ in range(ctx.pairs):
        begin = time.monotonic()
        child = subprocess.Popen([agent.binary, "run", "--output", "-"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 preexec_fn=host.die_with_parent)
        line = child.stdout.readline()
        times.append(time.monotonic() - begin)
        child.terminate()
        text = child.communicate(timeout=30)[1]
        if b'"agent_start"' not in line:
            raise Broken("no first record: " + text.decode(errors="replace")[-500:])
    return [below("start to first record", times, "s", 0.5, "below 0.5 s", 3)]


def sizes(ctx):
    rows = []
    for name, limit in (("memwitness", None), ("memwitness-static", 3.0)):
        try:
            mb = os.path.getsize(ctx.binary(name)) / 1e6
        except OSError:
            ctx.skip(name, "not built")
            continue
        rows.append(row(f"size of {name}", [mb], "MB", digits=2) if limit is None else
                    below(f"size of {name}", [mb], "MB", limit, "below 3 MB", 2))
    return rows
