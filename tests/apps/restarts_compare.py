# SPDX-License-Identifier: Apache-2.0
"""What the records say of exits and pools, held against a scenario's truth."""
import re
from datetime import datetime

from harness import at

CAUSES = ("clean", "failed", "crashed", "oom_killed", "killed_by_parent", "killed_by_runtime",
          "killed_by_self", "killed_by_sibling", "killed_by_other", "init_died", "unknown")


class Matrix:
    """Causes as they were against causes as they were told, over all scenarios."""

    def __init__(self):
        self.counts = {}

    def add(self, truth, told):
        self.counts[truth, told] = self.counts.get((truth, told), 0) + 1

    def show(self):
        columns = [c for c in CAUSES if any(told == c for _, told in self.counts)]
        rows = [c for c in CAUSES if any(truth == c for truth, _ in self.counts)]
        width = max(len(c) for c in CAUSES) + 1
        print("causes: a row is what happened, a column what process_exit says")
        print(" " * width + " ".join(f"{c:>{width}}" for c in columns))
        for row in rows:
            cells = [self.counts.get((row, c), 0) or "." for c in columns]
            print(f"{row:<{width}}" + " ".join(f"{cell:>{width}}" for cell in cells))
        right = sum(n for (truth, told), n in self.counts.items() if truth == told)
        print(f"{right} of {sum(self.counts.values())} causes right", flush=True)


def seconds(text):
    """Of the wall clock, as strace has them."""
    whole, fraction = text.rstrip("Z").split(".")
    return datetime.fromisoformat(whole + "+00:00").timestamp() + float("0." + fraction)


def of_cgroup(records, kind, path, until):
    return [r for r in records if r.get("type") == kind and
            at(r, "container.cgroup") == path and seconds(r["time"]) <= until]


def compare_each(s, what, facts):
    """facts: [(life, got, want)]; what is wrong of many is told once."""
    wrong = [fact for fact in facts if fact[1] != fact[2]]
    s.true(f"{len(facts)} {what}", not wrong, f"{len(wrong)} of {len(facts)} differ, first "
           f"{wrong and wrong[0][1]!r}, not {wrong and wrong[0][2]!r}, of {wrong and wrong[0][0]}")


def compare_exits(s, truth, records, path, matrix):
    """Every exit has one record, with its code or signal, its cause and who sent the signal."""
    told = {}
    for r in of_cgroup(records, "process_exit", path, truth.until + 1):
        told.setdefault(at(r, "process.pid"), []).append(r)
    exits = truth.exits()
    if not exits:
        s.note("nobody ended")
        return
    found = [(life, told.get(pid, []), cause, sender)
             for pid, (life, cause, sender) in exits.items()]
    compare_each(s, "process_exit", [(life, len(rs), 1) for life, rs, _, _ in found])
    found = [(life, rs[0], cause, sender) for life, rs, cause, sender in found if rs]
    compare_each(s, "exit", [(life, r["exit"].get("code", -r["exit"].get("signal", 0)),
                              -life.signal if life.signal else life.code)
                             for life, r, _, _ in found])
    compare_each(s, "cause", [(life, r["cause"], cause) for life, r, cause, _ in found])
    compare_each(s, "sender", [(life, at(r, "sender.process.pid"), sender)
                               for life, r, _, sender in found])
    for life, r, cause, _ in found:
        matrix.add(cause, r["cause"])
    for pool in truth.pools:
        workers = pool.causes()
        if pool.role and workers:
            compare_each(s, "role", [(life, at(r, "process.role"), pool.role)
                                     for life, r, _, _ in found if life.pid in workers])


def close_to(got, want, share, least):
    return got is not None and want is not None and abs(got - want) <= max(least, share * want)


def compare_figure(s, entry, name, want, share, least):
    got = at(entry, name)
    s.true(name, close_to(got, want, share, least), f"{got!r}, not about {want!r}")


def between(pool, until, later, figure):
    """A figure of the pool's that may have gone on while the record was written."""
    pool.until = later
    high = figure()
    pool.until = until
    return figure(), high


def compare_pool(s, pool, entry, until, later):
    """An entry of `workers` against its pool at the time of the truth, or a moment later."""
    s.same("workers.size", entry.get("size"), pool.size)
    if pool.role:
        s.same("workers.role", entry.get("role"), pool.role)
    low, high = between(pool, until, later, pool.restarts)
    for name in ("restarts", "restarts_total"):
        s.true(f"workers.{name}", low <= entry.get(name, -1) <= high,
               f"{entry.get(name)}, not {low} to {high}")
    if low == len(pool.ended()) and low == high:
        s.same("workers.causes", entry.get("causes"), pool.counted())
    else:
        s.same("workers.causes", set(entry.get("causes", {})), set(pool.counted()))
    if low == high:
        alive = pool.steps()[-1][1]
        s.same("workers.alive", entry.get("alive"), alive)
        compare_times(s, pool, entry)
        # One that nobody replaces is missed all the while.
        low, high = between(pool, until, later, pool.below_size_seconds)
        got = entry.get("below_size_seconds", -1)
        s.true("below_size_seconds", 0.9 * low - 0.5 <= got <= 1.1 * high + 0.5,
               f"{got}, not about {low} to {high}")
    for name in ("recycling", "synchronized", "boot_loop", "respawn_storm"):
        if pool.known.get(name) is not None:
            s.same(f"workers.{name} {pool.known[name]}", entry.get(name), pool.known[name])


def compare_times(s, pool, entry):
    truth = pool.to_json()
    for quantile in ("p50", "p95"):
        compare_figure(s, entry, "lifetime_seconds." + quantile,
                       truth["lifetime_seconds"][quantile], 0.1, 0.3)
    compare_figure(s, entry, "respawn_seconds.p50", truth["respawn_seconds"]["p50"], 0.2, 0.2)


def compare_report(s, truth, records, path, later):
    """
    The last restart_report of the time between the truth's end and `later`, when the programs were
    taken down; of what is no pool, and of one that lost nobody, none that counts anything.
    """
    reports = of_cgroup(records, "restart_report", path, later)
    last = reports[-1] if reports else {}
    entries = list(last.get("workers", []))
    pools = [pool for pool in truth.pools if pool.restarts()]
    if pools:
        s.true("a restart_report", reports, "none")
        s.same("crash_loop", last.get("crash_loop"), False)
        s.true("status", last.get("status") in truth.status,
               f"{last.get('status')}, not {' or '.join(truth.status)}")
    for pool in pools:
        # A parent may keep several: that one which lost somebody is meant.
        entry = max((w for w in entries if at(w, "parent.pid") == pool.parent),
                    key=lambda w: w.get("restarts", 0), default={})
        s.true("its pool", entry, f"{pool.parent} is no parent in {entries}")
        compare_pool(s, pool, entry, truth.until, later)
        entries = [w for w in entries if w is not entry]
    restarts = {at(w, "parent.pid"): w.get("restarts") for w in entries if w.get("restarts")}
    s.same("no other pool with restarts", restarts, {})
    said = " ".join(last.get("advice", []))
    for words in truth.advice:
        s.true("advice: " + words, re.search(words, said, re.IGNORECASE), repr(said))
