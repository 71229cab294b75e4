# SPDX-License-Identifier: Apache-2.0
"""Stories of what stood around a kill, of near misses, and of kills that nobody saw."""
from story import (API, API_ID, DB_ID, INIT, KILL, MASTER, MB, MS, REAL, ROOT, S, SHIM, SLICE, T0,
                   W1, W2, W3, Story, Who, level)

LIMIT = 512 * MB
OTHERS = [(INIT, INIT, 8 * MB), (MASTER, SHIM, 30 * MB), (W2, MASTER, 81 * MB),
          (W3, MASTER, 82 * MB)]
ALL = OTHERS + [(W1, MASTER, 80 * MB)]
POD, SIDE = 20, 21
POD_UID = "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
POD_PATH = "/kubepods/burstable/pod" + POD_UID


def second(s, leaker, usage, anon, events_max=92, file=2 * MB, **watch):
    """A second in which W1 is this large, and what is asked about its container."""
    s.tick(OTHERS + ([(W1, MASTER, leaker)] if leaker else []),
           [(ROOT, usage + 700 * MB), (API, usage, LIMIT, {"events_max": events_max})])
    s.watch(API, anon, file=file, **watch)
    s.mark()
    s.wait(1 * S - 3 * MS)


def pressure_and_kill():
    """A worker leaks: memory_pressure is raised before the kill, whose record has the file's
    memory_stat, the history and the growth; the exit names the limit; then the pressure is over."""
    s = Story()
    s.service()
    s.wait(500 * MS)
    for i in range(8):
        size = 80 * MB + i * 40 * MB
        second(s, size, 300 * MB + i * 28 * MB, 240 * MB + i * 28 * MB)
    for i in range(1, 4):
        second(s, 380 * MB + i * MB, LIMIT, 480 * MB, events_max=92 + 7 * i, refaults=100 * i,
               full=150 * i)
    s.kernel_kill(W1, W1)
    s.oom(W1, W1, s.t, anon=389 * MB, raw_anon=389 * MB, gfp=0x140DCA,
          gfp_names="GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO",
          limit=level(API, LIMIT, LIMIT, events_max=119),
          levels=[level(API, LIMIT, LIMIT, oom_local=1, events_max=120),
                  level(SLICE, 600 * MB, "max")])
    s.wait(4 * MS)
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    s.wait(1 * S)
    for i in range(20):
        second(s, None, 130 * MB, 100 * MB, events_max=120)
    s.stop(kills=1)
    return s


def high_and_stall():
    """memory.high without a limit: processes are held back; the threshold of the stall is the one
    of the start. Raised with both reasons, cleared when the container goes."""
    s = Story(pressure_threshold=2500)
    s.service()
    for i in range(1, 5):
        s.tick(ALL, [(API, 400 * MB, "max", {"high": 400 * MB, "events_high": 10 * i})])
        s.watch(API, 380 * MB, file=4 * MB, full=2499 if i < 2 else 2500)
        s.mark()
        s.wait(1 * S)
    for who in (W1, W2, W3):
        s.exit(who, MASTER)
    s.exit(MASTER, SHIM)
    s.rmdir(API, v1=0, peak=400 * MB, oom_kills=0, oom_kills_local=0,
            level=level(API, 0, "max", high=400 * MB, events_high=40))
    s.mark()
    s.counts(API, exits=4, faults=20000)
    s.mark()
    s.stop()
    return s


def kills_before_start():
    """Three kills are counted from before the agent came: said once, and no record of them is made
    up. The fourth is seen, and nothing is missing."""
    s = Story()
    s.service(kills=40)
    for i in range(3):
        s.wait(1 * S)
        s.tick(ALL, [(API, 300 * MB, LIMIT, {"kills": 3})])
    s.kernel_kill(W2, W1)
    s.oom(W1, W2, s.t)
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    for i in range(2):
        s.wait(1 * S)
        s.tick(OTHERS, [(API, 300 * MB, LIMIT, {"kills": 4})])
    s.stop(kills=41)
    return s


def kill_missed():
    """Of two kills one was lost with a full ring. It is missing when two looks have it: in the
    health of the report, with its cgroup, and as a finding; a look too early says nothing."""
    s = Story()
    s.service()
    for i in range(2):
        s.wait(1 * S)
        s.tick(ALL, [(API, 300 * MB, LIMIT, {"kills": 0})])
    s.kernel_kill(W2, W1)
    s.oom(W1, W2, s.t)
    s.mark()
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.exit(W3, MASTER, signal=KILL, oom=1)
    s.mark()
    for i in range(3):
        s.wait(1 * S)
        s.tick(OTHERS[:3], [(API, 200 * MB, LIMIT, {"kills": 2})])
    for turn in range(2):
        s.wait(60 * S)
        s.tick(OTHERS[:3], [(API, 200 * MB, LIMIT, {"kills": 2})])
        s.host()
        s.counts(API, exits=2, faults=500)
        s.stat(API, 200 * MB, LIMIT, pgfault=10500)
        s.health(kills=2, lost=1)
        s.mark()
    s.stop(kills=2)
    return s


def group_and_exempt():
    """A pod is killed as one group at its own limit: both containers, and the one process that is
    exempt lives on (its container has the host's pid namespace). The chosen one is counted twice by
    the kernel, and nothing is missing."""
    s = Story()
    app = Who(41000, "app", API, ns_pid=1, ns=4026532000)
    worker = Who(41001, "app", API, ns_pid=7, ns=4026532000)
    proxy = Who(41002, "proxy", SIDE)
    watchdog = Who(41003, "watchdog", SIDE)
    s.scan(ROOT, 0, "/")
    s.scan(POD, ROOT, POD_PATH)
    s.scan(API, POD, f"{POD_PATH}/{API_ID}")
    s.scan(SIDE, POD, f"{POD_PATH}/{DB_ID}")
    s.health()
    tasks = [(app, SHIM, 50 * MB), (worker, app, 150 * MB), (proxy, SHIM, 20 * MB),
             (watchdog, proxy, 2 * MB, 1, -1000)]
    for i in range(3):
        s.tick(tasks, [(POD, 240 * MB, 256 * MB, {"oom_group": 1, "kills": 0}),
                       (API, 210 * MB, "max", {"kills": 0}), (SIDE, 25 * MB, "max", {"kills": 0})])
        s.wait(1 * S)
    decision = s.t
    pod = level(POD, 256 * MB, 256 * MB, oom_local=1, oom_group=1)
    victims = ((worker, app), (app, SHIM), (proxy, SHIM))
    for nth, (victim, parent) in enumerate(victims, 1):
        s.kernel_kill(worker, victim)
        s.oom(victim, worker, decision, nth=nth, limit=pod, parent=parent.pid,
              parent_start=parent.start, limit_path=POD_PATH,
              levels=[level(victim.memcg, 210 * MB, "max"), pod])
        s.wait(100_000)
        if nth == 1:
            s.kernel_kill(worker, victim)
    for victim, parent in victims:
        s.exit(victim, parent, signal=KILL, oom=1)
    s.mark()
    for i in range(2):
        s.tick([(watchdog, INIT, 2 * MB, 1, -1000)],
               [(POD, 4 * MB, 256 * MB, {"oom_group": 1, "kills": 0}),
                (API, 0, "max", {"kills": 3}), (SIDE, 3 * MB, "max", {"kills": 1})])
        s.wait(1 * S)
    s.stop(kills=4)
    return s


def runtime_helper():
    """podman's conmon asks for the last page in the slice that it shares with its container: the
    trigger is a helper of the runtime, and no process of the container's."""
    s = Story()
    conmon = Who(52000, "conmon", 31, uid=0)
    app = Who(52001, "app", 32, ns_pid=1, ns=4026532000)
    leaker = Who(52002, "leaker", 32, ns_pid=2, ns=4026532000)
    s.scan(ROOT, 0, "/")
    s.scan(30, ROOT, "/machine.slice")
    s.scan(31, 30, f"/machine.slice/libpod-conmon-{DB_ID}.scope")
    s.scan(32, 30, f"/machine.slice/libpod-{DB_ID}.scope")
    s.health()
    s.tick([(conmon, INIT, 2 * MB), (app, conmon, 10 * MB), (leaker, app, 50 * MB)],
           [(30, 64 * MB, 64 * MB), (31, 2 * MB), (32, 62 * MB)])
    s.wait(700 * MS)
    s.kernel_kill(conmon, leaker)
    s.oom(leaker, conmon, s.t, parent=app.pid, parent_start=app.start,
          gfp_names="GFP_KERNEL_ACCOUNT", gfp=0x400CC0, limit_path="/machine.slice",
          limit=level(30, 64 * MB, 64 * MB),
          levels=[level(32, 61 * MB, "max"), level(30, 64 * MB, 64 * MB, oom_local=1)])
    s.exit(leaker, app, signal=KILL, oom=1)
    s.mark()
    s.stop(kills=1)
    return s


def orphans():
    """The master is killed and not its workers: an init lives on, and they live on without anybody
    who would start new ones. They stay workers with their init as parent."""
    s = Story()
    tini = Who(31290, "tini", API, ns_pid=1, ns=4026532000)
    master = Who(31300, "gunicorn", API, ns_pid=6, ns=4026532000)
    s.scan(ROOT, 0, "/")
    s.scan(SLICE, ROOT, "/docker")
    s.scan(API, SLICE, "/docker/" + API_ID)
    s.health()
    s.tick([(tini, SHIM, 1 * MB)], [(API, 20 * MB, LIMIT)])
    s.info(tini, "tini -- gunicorn app:app", "/usr/bin/tini")
    s.fork(master, tini)
    s.exec(master, "/usr/local/bin/gunicorn", "/usr/bin/python3 /usr/local/bin/gunicorn app:app")
    for who in (W1, W2, W3):
        s.fork(who, master)
    s.mark()
    s.tick([(tini, SHIM, 1 * MB), (master, tini, 400 * MB), (W1, master, 30 * MB),
            (W2, master, 31 * MB), (W3, master, 32 * MB)], [(API, 500 * MB, LIMIT)])
    s.wait(300 * MS)
    s.kernel_kill(W1, master)
    s.oom(master, W1, s.t, parent=tini.pid, parent_start=tini.start)
    s.wait(3 * MS)
    s.exit(master, tini, signal=KILL, oom=1)
    s.mark()
    s.tick([(tini, SHIM, 1 * MB), (W1, tini, 30 * MB), (W2, tini, 31 * MB), (W3, tini, 32 * MB)],
           [(API, 110 * MB, LIMIT)])
    s.exit(W2, tini, code=1)
    s.mark()
    s.stop(kills=1)
    return s


def leak_of_twenty_minutes():
    """A worker leaks for twenty minutes, until it is killed: the history has the last five of them,
    with a hole where the machine was too busy to be looked at; the growth is its last minute's."""
    s = Story(sample_interval=5 * S, report_interval=3600 * S)
    s.service()
    start = s.t
    for i in range(1, 241):
        s.t = start + i * 5 * S
        grown = i * MB + i * i * 3000
        if 200 <= i < 206:
            continue
        s.put("clock", real=REAL + s.t - T0)
        if i % 12 == 0:
            for row in OTHERS + [(W1, MASTER, 80 * MB + grown)]:
                s.task(*row)
            s.put("tasks_end", count=5, taken_ns=100_000)
        s.memcg(API, 100 * MB + grown, LIMIT)
        s.put("memcgs_end", count=1)
        s.mark()
        s.put("memcg_watch", id=API, found=1, stat_anon=90 * MB + grown)
    s.mark()
    s.kernel_kill(W1, W1)
    s.oom(W1, W1, s.t, anon=81 * MB + grown, raw_anon=81 * MB + grown)
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    s.stop(kills=1)
    return s


def memory_stat():
    """What filled the cgroup: read in the kernel at the kill, else the newest file, else nothing
    when that is old, and nothing for a kill that no cgroup's limit made."""
    s = Story()
    s.service()
    s.watch(API, 290 * MB, file=20 * MB)
    s.wait(400 * MS)
    s.oom(W1, W1, s.t, stat_anon=488 * MB, stat_file=6 * MB, stat_shmem=1 * MB, stat_kernel=9 * MB,
          stat_slab_unreclaimable=2 * MB, stat_inactive_file=3 * MB, stat_active_file=2 * MB,
          stat_unevictable=0, stat_sock=4096)
    s.exit(W1, MASTER, signal=KILL, oom=1)
    s.mark()
    s.wait(1 * S)
    s.oom(W2, W2, s.t)
    s.exit(W2, MASTER, signal=KILL, oom=1)
    s.mark()
    s.wait(1 * S)
    s.oom(W3, W3, s.t)
    s.exit(W3, MASTER, signal=KILL, oom=1)
    s.mark()
    s.watch(API, 30 * MB)
    s.watch(ROOT, 900 * MB)
    s.mark()
    s.oom(MASTER, MASTER, s.t, constraint=0, limit=None, message="Out of memory")
    s.without("limit")
    s.exit(MASTER, SHIM, signal=KILL, oom=1)
    s.mark()
    s.stop(kills=4)
    return s


STORIES = (pressure_and_kill, high_and_stall, kills_before_start, kill_missed, group_and_exempt,
           runtime_helper, orphans, leak_of_twenty_minutes, memory_stat)
