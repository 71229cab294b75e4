#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the golden streams: small event logs, each telling one story, made by hand.

usage: make.py FOLDER

Each function below is a story; its docstring says what the records must show. `run.sh --update`
writes the streams and the records that they give: read the difference before it is committed.
"""
import json
import sys
from pathlib import Path

MS = 10**6
S = 10**9
MB = 2**20
T0 = 1000 * S  # CLOCK_BOOTTIME at the start of the agent
REAL = 1795171359 * S  # CLOCK_REALTIME then: 2026-11-20T10:42:39Z
HOST_NS = 4026531836
ROOT, SLICE, API, DB = 1, 2, 4711, 4712
API_ID = "4072c6c0a6c9c1f0e5f3a1d0b9e8f7a6c5b4d3e2f1a0b9c8d7e6f5a4b3c275e9"
DB_ID = "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"

TERM, KILL, ABRT, SEGV = 15, 9, 6, 11


class Who:
    """A process: its pid, its start, and where it lives."""

    def __init__(self, pid, comm, memcg, start=None, uid=1000, ns_pid=None, ns=HOST_NS):
        self.pid, self.comm, self.memcg, self.uid = pid, comm, memcg, uid
        self.start = T0 - 100 * S + pid * MS if start is None else start
        self.ns_pid = pid if ns_pid is None else ns_pid
        self.ns = ns

    def say(self, tid=0, comm=None, memcg=None, adj=0):
        return {"pid": self.pid, "tid": tid, "start": self.start,
                "memcg": self.memcg if memcg is None else memcg, "uid": self.uid,
                "oom_score_adj": adj, "comm": self.comm if comm is None else comm}


INIT = Who(1, "systemd", ROOT, start=1 * MS, uid=0)
SHIM = Who(700, "containerd-shim", ROOT, uid=0)
MASTER = Who(31300, "gunicorn", API, ns_pid=1, ns=4026532000)
W1 = Who(31337, "gunicorn", API, ns_pid=7, ns=4026532000)
W2 = Who(31338, "gunicorn", API, ns_pid=8, ns=4026532000)
W3 = Who(31339, "gunicorn", API, ns_pid=9, ns=4026532000)


class Story:
    def __init__(self, **options):
        self.t = T0
        self.lines = []
        start = {"log_version": 1, "page_size": 4096, "real": REAL, "cpus": 2,
                 "memory_total": 8 * 1024 * MB, "memory_hierarchy": 0, "root_memcg": ROOT,
                 "sample_interval": 1 * S, "report_interval": 60 * S, "max_processes": 1000,
                 "max_containers": 100, "redact": 0, "all_exits": 0, "agent_pid": 812,
                 "version": "0.1.0", "host": "node-7",
                 "boot_id": "0b6c5f0e-7b7b-4a63-9d55-1f0a6c1f2e3d",
                 "kernel": "6.12.117", "machine": "x86_64", "cgroup_mode": "v2"}
        start.update(options)
        self.put("start", **start)
        self.put("feature", name="iter_cgroup", state=2, how="iter/cgroup")
        self.put("ready")

    def put(self, ev, at=None, **fields):
        line = {"ev": ev, "t": self.t if at is None else at}
        line.update({k: v for k, v in fields.items() if v is not None})
        self.lines.append(json.dumps(line, separators=(",", ":"), ensure_ascii=False))

    def wait(self, ns):
        self.t += ns

    def mark(self):
        self.put("mark", now=self.t + 200_000)
        self.wait(1 * MS)

    def scan(self, cgroup, parent, path):
        self.put("cgroup_new", id=cgroup, parent_id=parent, level=path.count("/"), scanned=1,
                 path_cut=0, path=path)

    def mkdir(self, cgroup, parent, path, **more):
        self.put("cgroup_new", id=cgroup, parent_id=parent, level=path.count("/"), scanned=0,
                 path_cut=0, path=path, **more)

    def rmdir(self, cgroup, **more):
        self.put("cgroup_gone", id=cgroup, **more)

    def fork(self, child, parent, at=None):
        self.put("fork", at, child=child.say(), parent=parent.pid, parent_start=parent.start,
                 ns_pid=child.ns_pid, pid_ns=child.ns)

    def exec(self, who, exe, args, at=None):
        self.put("exec", at, who=who.say(), executable=exe, command_line=args, args_cut=0)

    def exit(self, who, parent, code=0, signal=0, at=None, oom=0, **more):
        self.put("exit", at, who=who.say(), parent=parent.pid, parent_start=parent.start,
                 ns_pid=who.ns_pid, pid_ns=who.ns, status=code << 8 | signal, oom_victim=oom,
                 rss_exact=0, peak_rss=64 * MB, minor_faults=2000, major_faults=4, **more)

    def signal(self, sender, target, sig, code=0, info=2, handler=0, at=None):
        self.put("signal", at, sender=sender.say(tid=sender.pid), target=target.say(), sig=sig,
                 code=code, info=info, handler=handler, group=1, result=0)

    def kernel_kill(self, current, target, at=None):
        self.signal(current, target, KILL, info=1, at=at)

    def oom(self, victim, trigger, decision, nth=1, group=0, limit=None, at=None, **more):
        own = level(victim.memcg, 512 * MB, 512 * MB, oom_local=1, oom_group=group)
        fields = dict(
            victim=victim.say(tid=victim.pid, adj=968), trigger=trigger.say(tid=trigger.pid),
            parent=(SHIM if victim is MASTER else MASTER).pid,
            parent_start=(SHIM if victim is MASTER else MASTER).start, ns_pid=victim.ns_pid, pid_ns=victim.ns,
            tier=1, v1=0, total_vm=901234688, page_tables=1212416, rss_exact=1,
            anon=488 * MB, file=11 * MB, shmem=0, swap=0, raw_anon=488 * MB, raw_file=11 * MB,
            raw_shmem=0, decision=decision, nth=nth, constraint=3, order=0, gfp=0xCC0,
            total_pages=512 * MB, points=131072, chosen_tid=victim.pid,
            limit=limit or own, levels=[own, level(SLICE, 600 * MB, "max")],
            message="Memory cgroup out of memory")
        fields.update(more)
        self.put("oom", at, **fields)

    def task(self, who, parent, anon=None, threads=1):
        known = {} if anon is None else {"anon": anon, "file": 4 * MB, "shmem": 0, "swap": 0}
        self.put("task", who=who.say(), parent=parent.pid, parent_start=parent.start,
                 ns_pid=who.ns_pid, pid_ns=who.ns, threads=threads, rss_exact=1, **known)

    def memcg(self, cgroup, usage, limit="max"):
        self.put("memcg", level=level(cgroup, usage, limit), v1=0, oom_kills=0)

    def tick(self, tasks, memcgs, mark=True, real=None):
        """One tick of the sample interval: clock, snapshot of processes, round of cgroups."""
        self.put("clock", real=REAL + self.t - T0 if real is None else real)
        for who, parent, anon in tasks:
            self.task(who, parent, anon)
        self.wait(1 * MS)
        self.put("tasks_end", count=len(tasks), taken_ns=900_000)
        for row in memcgs:
            self.memcg(*row)
        self.put("memcgs_end", count=len(memcgs))
        if mark:
            self.mark()

    def counts(self, cgroup, forks=0, execs=0, exits=0, faults=0, oom_kills=0, kinds=None):
        self.put("memcg_counts", id=cgroup, faults=faults, forks=forks, execs=execs, exits=exits,
                 signals=0, oom_kills=oom_kills, kinds=kinds or [0] * 6)

    def stat(self, cgroup, usage, limit="max", pgfault=10000, cpu_ms=100, **more):
        self.put("memcg_stat", id=cgroup, found=1, usage=usage, peak=usage + MB, limit=limit,
                 high="max", swap=0, swap_limit="max", anon=usage - 20 * MB, file=12 * MB, shmem=0,
                 kernel=8 * MB, slab_unreclaimable=1 * MB, inactive_file=3 * MB, pgfault=pgfault,
                 pgmajfault=12, cpu_ns=cpu_ms * MS, throttled_ns=0, psi_some_avg10=125,
                 psi_full_avg10=0, oom_kills=0, oom_kill_disable=0, **more)

    def host(self, busy_s=100):
        self.put("host", memory_total=8 * 1024 * MB, memory_available=4 * 1024 * MB,
                 memory_free=1024 * MB, memory_cached=3 * 1024 * MB, swap_total=0, swap_free=0,
                 committed=5 * 1024 * MB, cpu_busy_ns=busy_s * S, cpus=2, psi_some_avg10=0,
                 psi_full_avg10=0)

    def health(self, kills=0, lost=0):
        self.put("resource", name="ring", capacity=8 * MB, used=0, peak=40960, lost=lost,
                 cause="full" if lost else None)
        self.put("program", name="exit_fentry", runs=42)
        self.put("health", cpu_ns=250 * MS, rss=10 * MB, kernel_oom_kills=kills,
                 mark_victim_seen=kills, mark_victim_refused=0, oom_no_kill=0, exit_duplicate=0)

    def stop(self, kills=0):
        self.health(kills)
        self.mark()
        self.put("stop", why="SIGTERM")

    def service(self):
        """The host, a pod's slice and the container of a gunicorn with three workers in it."""
        self.scan(ROOT, 0, "/")
        self.scan(SLICE, ROOT, "/docker")
        self.scan(API, SLICE, "/docker/" + API_ID)
        self.health()
        self.tick([(INIT, INIT, 8 * MB), (MASTER, SHIM, 30 * MB), (W1, MASTER, 80 * MB),
                   (W2, MASTER, 81 * MB), (W3, MASTER, 82 * MB)],
                  [(ROOT, 1024 * MB), (SLICE, 300 * MB), (API, 300 * MB, 512 * MB)])
        for who, args in ((MASTER, "gunicorn: master [app]"), (W1, "gunicorn: worker [app]"),
                          (W2, "gunicorn: worker [app]"), (W3, "gunicorn: worker [app]")):
            self.put("proc_info", pid=who.pid, start=who.start, found=1,
                     executable="/usr/bin/python3.11", command_line=args, args_cut=0)
        self.stat(API, 300 * MB, 512 * MB)
        self.mark()


def level(cgroup, usage, limit, oom_local=0, oom_group=0):
    return {"id": cgroup, "usage": usage, "max": limit, "high": "max", "swap_usage": 0,
            "swap_max": "max", "events_max": 92, "oom_local": oom_local, "oom_group": oom_group}


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
    del_limit(s)
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    s.stop(kills=1)
    return s


def del_limit(s):
    """The last event has no limit: the tracepoint does not tell."""
    line = json.loads(s.lines[-1])
    del line["limit"]
    s.lines[-1] = json.dumps(line, separators=(",", ":"))


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
           overflow)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for story in STORIES:
        name = story.__name__.replace("_", "-")
        text = "".join(line + "\n" for line in story().lines)
        (Path(sys.argv[1]) / f"{name}.events").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
