# SPDX-License-Identifier: Apache-2.0
"""Stories of workers and containers that restart, and of what only looks like it."""
from story import (ABRT, API, API_ID, INIT, KILL, MASTER, MB, MS, REAL, ROOT, S, SHIM, SLICE, T0,
                   TERM, Story, Who)

LIMIT = 512 * MB
NS = 4026532000
SEGV = 11


class Crew(Story):
    """A gunicorn in a container: its master, and workers that come and go. A look each 5 s."""

    def __init__(self, master=MASTER, parent=SHIM, args="gunicorn app:app", **options):
        super().__init__(sample_interval=5 * S, **options)
        self.master, self.parent = master, parent
        self.others = [(INIT, INIT, 8 * MB)]
        self.workers = []
        self.next_pid = 31400
        self.next_report = T0 + 60 * S
        self.scan(ROOT, 0, "/")
        self.scan(SLICE, ROOT, "/docker")
        self.scan(API, SLICE, "/docker/" + API_ID)
        self.health()
        self.look()
        self.put("identity", id=API, sandbox=0, restart_count=0, labels_cut=0,
                 container_id=API_ID, name="shop-api", runtime="docker", image="shop/api:1.4",
                 source="runtime-state")
        self.exec(master, "/usr/bin/python3.11", "/usr/bin/python3 /usr/local/bin/" + args)
        self.mark()

    def look(self):
        rows = [*self.others, (self.master, self.parent, 30 * MB)]
        rows += [(w, self.parent if self.master is None else self.master, 80 * MB + w.pid * 4096)
                 for w in self.workers]
        self.tick([r for r in rows if r[0]], [(API, 60 * MB + len(self.workers) * 80 * MB, LIMIT)])
        if self.t >= self.next_report:
            self.next_report += 60 * S
            self.host()
            self.counts(API)
            self.stat(API, 60 * MB + len(self.workers) * 80 * MB, LIMIT)
            self.health()
            self.mark()

    def live(self, seconds):
        for _ in range(seconds // 5):
            self.wait(5 * S - 2 * MS)
            self.look()

    def fork(self, child=None, parent=None, at=None):
        if child:
            super().fork(child, parent, at)
            return child
        worker = Who(self.next_pid, "gunicorn", API, start=self.t, ns_pid=self.next_pid - 31390,
                     ns=NS)
        self.next_pid += 1
        self.workers.append(worker)
        super().fork(worker, self.master)
        return worker

    def hire(self, n):
        for _ in range(n):
            self.fork()
            self.wait(30 * MS)
        self.mark()
        self.live(15)

    def leave(self, worker, **how):
        """It ends, and 40 ms later there is another one."""
        self.workers.remove(worker)
        self.exit(worker, self.master, **how)
        self.wait(40 * MS)
        self.fork()
        self.mark()

    def told(self, worker, sig, handler=2):
        self.signal(self.master, worker, sig, handler=handler)
        self.wait(20 * MS)

    def killed(self, worker):
        """By the OOM killer."""
        self.kernel_kill(worker, worker)
        self.oom(worker, worker, self.t, anon=388 * MB, raw_anon=388 * MB)
        self.wait(3 * MS)
        self.leave(worker, signal=KILL, oom=1)


def planned_recycling():
    """--max-requests without jitter: four workers leave nearly together, and well, three times. No
    alarm; synchronized, with what it costs."""
    s = Crew()
    s.hire(4)
    for _ in range(3):
        s.live(50)
        for worker in list(s.workers):
            s.leave(worker, code=0)
            s.wait(600 * MS)
    s.live(20)
    s.stop()
    return s


def timeout_not_memory():
    """The master's SIGABRT on a timeout: gunicorn 23's worker leaves with 0, gunicorn 20's with 1,
    and one that ignores it is killed a second later. None of them is memory, none is clean."""
    s = Crew()
    s.hire(3)
    for how in ({"code": 0}, {"code": 1}):
        s.live(30)
        worker = s.workers[0]
        s.told(worker, ABRT)
        s.leave(worker, **how)
    s.live(30)
    worker = s.workers[0]
    s.told(worker, ABRT, handler=1)
    s.wait(1 * S)
    s.told(worker, KILL)
    s.leave(worker, signal=KILL)
    s.live(30)
    s.stop()
    return s


def oom_unseen():
    """Two of three restarts are OOM kills; the container's first process lives on, so its status
    and its restart count say nothing of them."""
    s = Crew()
    s.hire(3)
    s.live(40)
    s.killed(s.workers[0])
    s.live(40)
    s.leave(s.workers[0], code=0)
    s.live(40)
    s.killed(s.workers[1])
    s.live(70)
    s.stop(kills=2)
    return s


def boot_loop():
    """A minute of work, then a reload with a version that cannot be imported: each new worker ends
    with 3 within a second. At once a warning, critical from the twentieth on, and the end of
    it when the right version is back."""
    s = Crew()
    s.hire(2)
    s.live(60)
    for worker in s.workers[:2]:
        s.told(worker, TERM)
        s.leave(worker, code=0)
    for _ in range(12):
        for worker in s.workers[:2]:
            s.wait(400 * MS)
            s.leave(worker, code=3)
        s.wait(60 * MS)
        s.look()
    s.live(130)
    s.stop()
    return s


def reload():
    """HUP, twice: the new ones first, then TERM to the old ones. Planned, nobody is missing, and
    leaving together is what was asked for."""
    s = Crew()
    s.hire(3)
    for _ in range(2):
        s.live(45)
        old = list(s.workers)
        s.signal(SHIM, s.master, 1, handler=2)
        s.wait(2 * MS)
        for _ in old:
            s.fork()
            s.wait(60 * MS)
        for worker in old:
            s.told(worker, TERM)
        for worker in old:
            s.workers.remove(worker)
            s.exit(worker, s.master, code=0)
            s.wait(100 * MS)
        s.mark()
    s.live(60)
    s.stop()
    return s


def docker_crash_loop():
    """docker run --restart=always of what cannot start: five lives of a second, with pauses that
    docker doubles; the sixth works."""
    s = Story(sample_interval=5 * S)
    s.scan(ROOT, 0, "/")
    s.scan(SLICE, ROOT, "/docker")
    s.health()
    s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB)], [(ROOT, 500 * MB)])
    for life in range(6):
        cgroup = 5000 + 10 * life
        s.mkdir(cgroup, SLICE, "/docker/" + API_ID)
        init = Who(40000 + life, "shop-api", cgroup, start=s.t, ns_pid=1, ns=NS + life)
        s.fork(init, SHIM)
        s.wait(2 * MS)
        s.exec(init, "/app/shop-api", "/app/shop-api --serve")
        s.mark()
        s.put("identity", id=cgroup, sandbox=0, restart_count=life, labels_cut=0,
              container_id=API_ID, name="shop-api", runtime="docker", image="shop/api:1.4",
              source="runtime-state")
        s.wait(300 * MS)
        s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB), (init, SHIM, 9 * MB)],
               [(ROOT, 500 * MB), (cgroup, 20 * MB, LIMIT)])
        s.wait(700 * MS)
        if life == 5:
            break
        s.exit(init, SHIM, code=2)
        s.mark()
        s.rmdir(cgroup, v1=0, peak=20 * MB, oom_kills=0)
        s.mark()
        s.counts(cgroup, forks=1, execs=1, exits=1, faults=400)
        s.mark()
        s.wait((100 << life) * MS)
    for _ in range(12):
        s.wait(5 * S)
        s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB), (init, SHIM, 9 * MB)],
               [(ROOT, 500 * MB), (cgroup, 20 * MB, LIMIT)])
    s.host()
    s.counts(cgroup, forks=1, execs=1, faults=400)
    s.stat(cgroup, 30 * MB, LIMIT)
    s.health()
    s.mark()
    s.stop()
    return s


def shell_loop():
    """while true; do sync-mail; sleep 1; done: ends well or fails, every second, and is nobody's
    pool. No report of restarts at all."""
    shell = Who(31300, "sh", API, ns_pid=1, ns=NS)
    s = Crew(master=shell, args="../bin/true")
    s.exec(shell, "/bin/dash", "sh -c while true; do sync-mail; sleep 1; done")
    for turn in range(70):
        for name, ms, code in (("sync-mail", 200, turn & 1), ("sleep", 1000, 0)):
            child = Who(32000 + 2 * turn + (name == "sleep"), name, API, start=s.t,
                        ns_pid=100 + turn, ns=NS)
            s.fork(child, shell)
            s.wait(1 * MS)
            s.exec(child, "/bin/" + name, name)
            s.wait(ms * MS)
            s.exit(child, shell, code=code)
            s.wait(1 * MS)
        s.look()
    s.stop()
    return s


def orphaned_workers():
    """The master of a pool is OOM-killed, under an init that lives on: its workers are there,
    serve on, and the next one that leaves is not replaced."""
    tini = Who(31290, "tini", API, ns_pid=1, ns=NS)
    master = Who(31300, "gunicorn", API, ns_pid=6, ns=NS)
    s = Crew(master=master, parent=tini)
    s.others.append((tini, SHIM, 1 * MB))
    s.hire(3)
    s.live(30)
    s.leave(s.workers[0], signal=SEGV)
    s.live(30)
    s.kernel_kill(s.workers[0], master)
    s.oom(master, s.workers[0], s.t, parent=tini.pid, parent_start=tini.start)
    s.wait(3 * MS)
    s.exit(master, tini, signal=KILL, oom=1)
    s.master = None
    s.mark()
    s.live(30)
    s.exit(s.workers.pop(), tini, code=1)
    s.live(60)
    s.stop(kills=1)
    return s


STORIES = (planned_recycling, timeout_not_memory, oom_unseen, boot_loop, reload, docker_crash_loop,
           shell_loop, orphaned_workers)
