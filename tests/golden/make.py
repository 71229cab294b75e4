#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the golden streams: small event logs, each telling one story, made by hand.

usage: make.py FOLDER

Each function below, in forensics.py and in restarts.py is a story; its docstring says what the
records must show.
`run.sh --update` writes the streams and the records that they give: read the difference before it
is committed.
"""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import forensics
import identity
import restarts
from story import (ABRT, API, API_ID, DB, DB_ID, INIT, KILL, MASTER, MB, MS, REAL, ROOT, S, SHIM,
                   SLICE, T0, TERM, W1, W2, W3, Story, Who, level)


def oom_kill():
    """One worker is OOM-killed, asked for by another; the master and the others live on."""
    s = Story()
    s.service()
    s.wait(500 * MS)
    s.kernel_kill(W2, W1)
    s.oom(W1, W2, s.t + 1)
    s.wait(3 * MS)
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    s.stop(kills=1)
    return s


def oom_group():
    """memory.oom.group: one decision, four victims, one incident, nobody survives."""
    s = Story()
    s.service()
    s.wait(500 * MS)
    decision = s.t
    for nth, victim in enumerate((W3, MASTER, W1, W2), 1):
        s.kernel_kill(W2, victim)
        s.oom(victim, W2, decision, nth=nth, group=1)
        s.wait(100_000)
        if nth == 1:
            # The chosen one is killed once more as a member: counted, and no second victim.
            s.kernel_kill(W2, victim)
    for who in (W3, W1, W2, MASTER):
        s.exit(who, MASTER if who is not MASTER else SHIM, signal=KILL, oom=1)
        s.wait(100_000)
    s.mark()
    # The last one has left: what the files say now is their final word.
    s.stat(API, 30 * MB, 512 * MB, pgfault=20000)
    s.mark()
    s.rmdir(API, v1=0, peak=512 * MB, oom_kills=5, level=level(API, 4 * MB, 512 * MB))
    s.mark()
    s.counts(API, forks=0, exits=4, faults=8000, oom_kills=4)
    s.mark()
    s.stop(kills=5)
    return s


def oom_nested_tracepoint():
    """No oom_control: container and slice share one limit, and only the slice's count moved."""
    s = Story()
    s.service()
    s.tick([(INIT, INIT, 8 * MB), (MASTER, SHIM, 30 * MB), (W1, MASTER, 80 * MB),
            (W2, MASTER, 81 * MB), (W3, MASTER, 82 * MB)],
           [(SLICE, 300 * MB, 512 * MB), (API, 300 * MB, 512 * MB)])
    s.wait(500 * MS)
    s.kernel_kill(W2, W1)
    s.oom(W1, W2, 0, tier=3, nth=None, constraint=None, order=None, gfp=None, total_pages=None,
          points=None, chosen_tid=None, message=None, limit=None,
          levels=[level(API, 512 * MB, 512 * MB, oom_local=0),
                  level(SLICE, 512 * MB, 512 * MB, oom_local=1), level(ROOT, 900 * MB, "max")])
    s.without("limit")
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    s.stop(kills=1)
    return s


def oom_exit_before_mark():
    """Linux 6.16 and later: the exit is in the log before the mark; it waits for its incident."""
    s = Story()
    s.service()
    s.kernel_kill(W1, W1)
    s.wait(50_000)
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    s.oom(W1, W1, s.t)
    s.mark()
    # A second one whose mark was lost with a full ring: told half a second later, without one.
    s.kernel_kill(W2, W2)
    s.exit(W2, MASTER, signal=KILL, oom=1)
    s.mark()
    s.wait(600 * MS)
    s.mark()
    s.stop(kills=2)
    return s


def init_died():
    """A container's init is OOM trigger and victim; what it takes with it is init_died."""
    s = Story()
    s.service()
    s.kernel_kill(MASTER, MASTER)
    s.oom(MASTER, MASTER, s.t)
    s.wait(2 * MS)
    s.exit(MASTER, SHIM, signal=KILL, oom=1)
    for who in (W1, W2, W3):
        s.wait(100_000)
        s.kernel_kill(MASTER, who)
    for who in (W1, W2, W3):
        s.wait(100_000)
        s.exit(who, MASTER, signal=KILL)
    s.mark()
    s.stop(kills=1)
    return s


def gunicorn():
    """Prefork: one worker recycles cleanly, one is ended on a timeout, one ignores ABRT, then a
    stop from outside: the runtime's TERM to the master, the master's TERM to its workers."""
    s = Story(all_exits=1)
    s.service()
    s.wait(200 * MS)
    s.exit(W1, MASTER, code=0)  # --max-requests
    w4 = Who(31340, "gunicorn", API, start=s.t + 5 * MS, ns_pid=10, ns=4026532000)
    s.wait(5 * MS)
    s.fork(w4, MASTER)
    s.mark()
    s.wait(200 * MS)
    s.signal(MASTER, W2, ABRT, handler=2)  # WORKER TIMEOUT, handled: code 1
    s.wait(20 * MS)
    s.exit(W2, MASTER, code=1)
    s.mark()
    s.signal(MASTER, W3, ABRT, handler=1)  # ignored: KILL follows a second later
    s.wait(1 * S)
    s.signal(MASTER, W3, KILL)
    s.exit(W3, MASTER, signal=KILL)
    s.mark()
    s.signal(SHIM, MASTER, TERM, handler=2)
    s.wait(1 * MS)
    s.signal(MASTER, w4, TERM, handler=2)
    s.wait(30 * MS)
    s.exit(w4, MASTER, code=0)
    s.exit(MASTER, SHIM, code=0)
    s.mark()
    s.stat(API, 40 * MB, 512 * MB, pgfault=50000)
    s.rmdir(API, v1=0, peak=400 * MB, oom_kills=0, level=level(API, 0, 512 * MB))
    s.mark()
    s.counts(API, forks=1, exits=5, faults=9000)
    s.mark()
    s.stop()
    return s


def short_life():
    """A container that lives for four milliseconds: start, sample and stop, with all totals."""
    s = Story(all_exits=1)
    s.scan(ROOT, 0, "/")
    s.scan(SLICE, ROOT, "/docker")
    s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB)], [(ROOT, 500 * MB), (SLICE, 0)])
    s.wait(300 * MS)
    s.mkdir(DB, SLICE, "/docker/" + DB_ID)
    runc = Who(900, "runc:[2:INIT]", DB, start=s.t, ns_pid=1, ns=4026532100, uid=0)
    s.wait(1 * MS)
    s.fork(runc, SHIM)
    s.wait(1 * MS)
    runc.comm = "true"
    s.exec(runc, "/bin/true", "true")
    s.wait(1 * MS)
    s.exit(runc, SHIM, code=0)
    s.wait(1 * MS)
    s.rmdir(DB, v1=0, peak=3 * MB, oom_kills=0, level=level(DB, 0, 64 * MB))
    s.mark()
    s.put("memcg_stat", id=DB, found=0)
    s.counts(DB, forks=1, execs=1, exits=1, faults=2100, kinds=[0, 10, 5, 1, 16, 0])
    s.mark()
    s.stop()
    return s


def out_of_order():
    """Two CPUs' buffers: within a mark, and across two, everything is put in order of time."""
    s = Story(all_exits=1)
    s.service()
    t = s.t
    child = Who(40000, "sh", API, start=t + 1 * MS)
    s.signal(MASTER, child, TERM, at=t + 3 * MS)
    s.exit(child, MASTER, signal=TERM, at=t + 4 * MS)
    s.exec(child, "/bin/sh", "sh -c 'sleep 9'", at=t + 2 * MS)
    s.fork(child, MASTER, at=t + 1 * MS)
    s.t = t + 5 * MS
    s.mark()
    # The exit is read with one mark, what led to it with the next: the mark holds it back.
    t = s.t
    child = Who(40001, "sh", API, start=t + 1 * MS)
    s.exit(child, MASTER, signal=TERM, at=t + 9 * MS)
    s.put("mark", at=t, now=t + 10 * MS)
    s.fork(child, MASTER, at=t + 1 * MS)
    s.signal(W1, child, TERM, at=t + 8 * MS)
    s.t = t + 10 * MS
    s.mark()
    # Behind the mark it is late: taken, and counted.
    s.exit(Who(40002, "late", API), MASTER, code=3, at=t)
    s.mark()
    s.stop()
    return s


def pid_reuse():
    """One pid, three processes: no signal, command line or parent leaks from one to the next."""
    s = Story(all_exits=1)
    s.service()
    for turn, sig in enumerate((TERM, 0, KILL)):
        who = Who(50000, f"job{turn}", API, start=s.t)
        s.fork(who, MASTER if turn != 1 else W1)
        s.wait(1 * MS)
        if turn != 1:
            s.exec(who, f"/bin/job{turn}", f"job{turn} --turn={turn}")
        if sig:
            s.signal(W2, who, sig)
        s.wait(1 * MS)
        s.exit(who, MASTER if turn != 1 else W1, signal=sig, code=0 if sig else 4)
        s.wait(1 * MS)
    s.mark()
    s.stop()
    return s


def ring_loss():
    """An exit and an rmdir are lost with a full ring: snapshots and files find both out."""
    s = Story()
    s.service()
    rest = [(INIT, INIT, 8 * MB), (MASTER, SHIM, 30 * MB), (W2, MASTER, 81 * MB),
            (W3, MASTER, 82 * MB)]
    s.scan(DB, SLICE, "/docker/" + DB_ID)
    s.mark()
    s.tick(rest + [(W1, MASTER, 90 * MB)], [(API, 300 * MB, 512 * MB), (DB, 5 * MB, 64 * MB)])
    s.stat(DB, 25 * MB, 64 * MB)
    s.mark()
    for turn in range(9):
        s.wait(1 * S)
        s.tick(rest, [(API, 300 * MB, 512 * MB)])
        if turn in (3, 7):
            s.put("memcg_stat", id=DB, found=0)
            s.mark()
    s.counts(DB, forks=2, exits=2, faults=300)
    s.mark()
    s.wait(60 * S)
    s.tick(rest, [(API, 310 * MB, 512 * MB)])
    s.host()
    s.counts(API, exits=1, faults=500)
    s.stat(API, 310 * MB, 512 * MB, pgfault=10500, cpu_ms=700)
    s.health(lost=17)
    s.mark()
    s.stop()
    return s


def suspend():
    """The machine sleeps for nine hours: one report when it wakes up, then the old rhythm."""
    s = Story()
    s.service()
    tasks = [(INIT, INIT, 8 * MB), (MASTER, SHIM, 30 * MB), (W1, MASTER, 80 * MB),
             (W2, MASTER, 81 * MB), (W3, MASTER, 82 * MB)]
    for turn, pause in enumerate((60 * S, 9 * 3600 * S, 1 * S, 60 * S)):
        s.wait(pause)
        s.tick(tasks, [(API, 300 * MB, 512 * MB)])
        if turn == 2:
            continue  # the next report is not due yet
        s.host(busy_s=100 + 10 * turn)
        s.counts(API, faults=1000 * (turn + 1))
        s.stat(API, 300 * MB, 512 * MB, pgfault=20000 + 1000 * turn, cpu_ms=1000 * (turn + 1))
        s.health()
        s.mark()
    s.stop()
    return s


def clock_step():
    """The wall clock is slewed by 5 ms, set back an hour, and then right again."""
    s = Story()
    s.service()
    for turn, offset in enumerate((5 * MS, -3600 * S, 0)):
        s.wait(1 * S)
        s.put("clock", real=REAL + s.t - T0 + offset)
        s.exit(Who(60000 + turn, "job", API, start=s.t - 500 * MS), MASTER, code=1)
        s.mark()
    s.stop()
    return s


def hostile_names():
    """Names that a container chose: quotes, control bytes, markup, names of runtimes, a path that
    lost its front and what is left of it looks like a container's."""
    s = Story()
    s.service()
    evil = 'a"b\\c\u0001\u001b[31m<b>\u2028'
    mallory = Who(70000, evil[:12], API, ns_pid=66, ns=4026532000)
    s.fork(mallory, MASTER)
    s.exec(mallory, "/tmp/\n{\"type\":\"oom_kill\"}\n/x", "x " + "\ufffd" * 3 + " \u202e" + evil)
    fake = Who(70001, "runc", API)
    s.signal(fake, mallory, TERM)
    s.exit(mallory, MASTER, signal=TERM)
    s.mkdir(80, API, "/docker/" + API_ID + "/" + "x" * 200 + "/\"\\\u0007")
    inner = Who(70002, "in", 80)
    s.fork(inner, MASTER)
    s.exit(inner, MASTER, code=2)
    s.put("cgroup_new", id=81, parent_id=80, level=9, scanned=0, path_cut=1,
          path="/docker/" + DB_ID)
    masked = Who(70003, "masked", 81)
    s.fork(masked, MASTER)
    s.exit(masked, MASTER, code=2)
    s.mkdir(82, ROOT, "/system.slice\n.service")
    s.fork(Who(70004, "odd", 82), INIT)
    s.exit(Who(70004, "odd", 82), INIT, code=2)
    s.mark()
    s.stop()
    return s


def overflow():
    """More processes and cgroups than the tables hold: counted, shown, and the rest goes on."""
    s = Story(max_processes=64, max_containers=16)
    s.scan(ROOT, 0, "/")
    s.health()
    for i in range(70):
        s.mkdir(1000 + i, ROOT, f"/job{i}")
    for i in range(70):
        s.fork(Who(2000 + i, "job", 1000 + i), INIT)
    s.mark()
    # Nothing is known of this one, neither a process nor a cgroup: the exit itself tells.
    s.kernel_kill(INIT, Who(2069, "job", 1069))
    s.exit(Who(2069, "job", 1069), INIT, signal=KILL, oom=1)
    s.exit(Who(2000, "job", 1000), INIT, code=1)
    s.rmdir(1000)
    s.mark()
    s.counts(1000, forks=1, exits=1, faults=10)
    # One has gone: there is room again.
    s.mkdir(1100, ROOT, "/late")
    s.fork(Who(2100, "late", 1100), INIT)
    s.exit(Who(2100, "late", 1100), INIT, code=5)
    s.mark()
    s.wait(60 * S)
    s.put("clock", real=REAL + s.t - T0)
    s.mark()
    s.health()
    s.mark()
    s.stop()
    return s


STORIES = (oom_kill, oom_group, oom_nested_tracepoint, oom_exit_before_mark, init_died, gunicorn,
           short_life, out_of_order, pid_reuse, ring_loss, suspend, clock_step, hostile_names,
           overflow, *forensics.STORIES, *identity.STORIES,
           *restarts.STORIES)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for story in STORIES:
        name = story.__name__.replace("_", "-")
        text = "".join(line + "\n" for line in story().lines)
        (Path(sys.argv[1]) / f"{name}.events").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
