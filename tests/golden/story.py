# SPDX-License-Identifier: Apache-2.0
"""What a golden stream is told with: who there is, and one call for each kind of event."""
import json

MS = 10**6
S = 10**9
MB = 2**20
T0 = 1000 * S  # CLOCK_BOOTTIME at the start of the agent
REAL = 1795171359 * S  # CLOCK_REALTIME then: 2026-11-20T10:42:39Z
HOST_NS = 4026531836
ROOT, SLICE, API, DB = 1, 2, 4711, 4712
API_ID = "4072c6c0a6c9c1f0e5f3a1d0b9e8f7a6c5b4d3e2f1a0b9c8d7e6f5a4b3c275e9"
DB_ID = "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"

TERM, KILL, ABRT = 15, 9, 6


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

    def without(self, key):
        """The last event does not tell this: a limit, where there is none or nobody knows it."""
        line = json.loads(self.lines[-1])
        del line[key]
        self.lines[-1] = json.dumps(line, separators=(",", ":"))

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
        parent = SHIM if victim is MASTER else MASTER
        own = level(victim.memcg, 512 * MB, 512 * MB, oom_local=1, oom_group=group)
        fields = dict(
            victim=victim.say(tid=victim.pid, adj=968), trigger=trigger.say(tid=trigger.pid),
            parent=parent.pid, parent_start=parent.start, ns_pid=victim.ns_pid, pid_ns=victim.ns,
            tier=1, v1=0, total_vm=901234688, page_tables=1212416, rss_exact=1,
            anon=488 * MB, file=11 * MB, shmem=0, swap=0, raw_anon=488 * MB, raw_file=11 * MB,
            raw_shmem=0, decision=decision, nth=nth, constraint=3, order=0, gfp=0xCC0,
            total_pages=512 * MB, points=131072, chosen_tid=victim.pid,
            limit=limit or own, levels=[own, level(SLICE, 600 * MB, "max")],
            message="Memory cgroup out of memory")
        fields.update(more)
        self.put("oom", at, **fields)

    def task(self, who, parent, anon=None, threads=1, adj=0):
        known = {} if anon is None else {"anon": anon, "file": 4 * MB, "shmem": 0, "swap": 0}
        self.put("task", who=who.say(adj=adj), parent=parent.pid, parent_start=parent.start,
                 ns_pid=who.ns_pid, pid_ns=who.ns, threads=threads, rss_exact=1, **known)

    def memcg(self, cgroup, usage, limit="max", kills=None, **counters):
        """A reading of the page counters; kills: the kernel's count of victims of this cgroup."""
        self.put("memcg", level=level(cgroup, usage, limit, **counters), v1=0,
                 oom_kills=kills or 0, oom_kills_local=kills)

    def watch(self, cgroup, anon, file=0, refaults=0, full=0):
        """What memory.stat and memory.pressure say, of a cgroup that is watched."""
        self.put("memcg_watch", id=cgroup, found=1, stat_anon=anon, stat_file=file, stat_shmem=0,
                 stat_kernel=8 * MB, stat_slab_unreclaimable=1 * MB,
                 stat_inactive_file=file // 4, stat_active_file=file - file // 4,
                 stat_unevictable=0, stat_sock=0, swap=0, refaults=refaults, psi_full_avg10=full)

    def tick(self, tasks, memcgs, mark=True, real=None):
        """One tick of the sample interval: clock, snapshot of processes, round of cgroups: the
        arguments of memcg(), the counters as a dictionary."""
        self.put("clock", real=REAL + self.t - T0 if real is None else real)
        for row in tasks:
            self.task(*row)
        self.wait(1 * MS)
        self.put("tasks_end", count=len(tasks), taken_ns=900_000)
        for row in memcgs:
            more = row[-1] if isinstance(row[-1], dict) else {}
            self.memcg(*(row[:-1] if more else row), **more)
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

    def info(self, who, command_line, executable="/usr/bin/python3.11"):
        self.put("proc_info", pid=who.pid, start=who.start, found=1, executable=executable,
                 command_line=command_line, args_cut=0)

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

    def service(self, kills=0):
        """The host, a pod's slice and the container of a gunicorn with three workers in it."""
        self.scan(ROOT, 0, "/")
        self.scan(SLICE, ROOT, "/docker")
        self.scan(API, SLICE, "/docker/" + API_ID)
        self.health(kills)
        self.tick([(INIT, INIT, 8 * MB), (MASTER, SHIM, 30 * MB), (W1, MASTER, 80 * MB),
                   (W2, MASTER, 81 * MB), (W3, MASTER, 82 * MB)],
                  [(ROOT, 1024 * MB), (SLICE, 300 * MB), (API, 300 * MB, 512 * MB)])
        for who, args in ((MASTER, "gunicorn: master [app]"), (W1, "gunicorn: worker [app]"),
                          (W2, "gunicorn: worker [app]"), (W3, "gunicorn: worker [app]")):
            self.info(who, args)
        self.stat(API, 300 * MB, 512 * MB)
        self.mark()


def level(cgroup, usage, limit, oom_local=0, oom_group=0, events_max=92, **more):
    return {"id": cgroup, "usage": usage, "max": limit, "high": "max", "swap_usage": 0,
            "swap_max": "max", "events_max": events_max, "oom_local": oom_local,
            "oom_group": oom_group, **more}
