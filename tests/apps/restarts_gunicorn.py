# SPDX-License-Identifier: Apache-2.0
"""gunicorn's workers leave in every way that they have: Debian's 20.1 and the 23 of a later suite,
which log and kill in different words.
"""
import os
import signal
import time

from harness import HERE, MIB, Missing
from restarts_stage import Load
from restarts_truth import Pool, Truth

WORKERS = 4
ROLE = "gunicorn worker"
NO_TITLES = "raise ImportError('hidden for the test')\n"
LEAK_LIMIT = 160 * MIB
CACHE = os.path.join(HERE, "..", "..", ".cache")


def later(name):
    """A program that fetch-later.sh has fetched: (path, [where its modules are])."""
    root = os.path.join(os.environ.get("MW_CACHE") or CACHE, "later", "usr")
    return f"{root}/bin/{name}", [f"{root}/lib/python3/dist-packages"]


class Gunicorn:
    """One that runs on a stage. version: "20" or "23"."""

    def __init__(self, stage, version, *options, boot="", workers=WORKERS, app="restarts_app:app"):
        self.stage, self.version, self.workers = stage, version, workers
        self.web = stage.listen()
        program, paths = "/usr/bin/gunicorn", []
        if version == "23":
            program, paths = later("gunicorn")
        else:
            # Only one of the two bears titles, so that both kinds of names are met.
            stage.file("setproctitle.py", NO_TITLES)
            paths = [stage.dir]
        command = [program, "--workers", str(workers), "--bind", f"fd://{self.web.fd()}",
                   "--error-logfile", stage.path("log"), *options, app]
        more = {"RESTARTS_BOOT": boot} if boot else {}
        self.master = stage.start(command, env=stage.environment(*paths, **more),
                                  pass_fds=[self.web.fd()])

    def serving(self):
        log = self.stage.log()
        return [w for w in self.stage.alive() if f"Booting worker with pid: {w.pid}\n" in log]

    def wait_serving(self):
        self.stage.wait("set of gunicorn workers", lambda: (
            len(self.serving()) == len(self.stage.alive()) == self.workers))

    def truth(self, recycling="unplanned", oom_killed=(), alarm=False, advice=(), **known):
        pool = Pool(self.stage, self.master, self.workers, ROLE, recycling, oom_killed=oom_killed,
                    **known)
        return Truth(self.stage, "gunicorn " + self.version, [pool], oom_killed, alarm=alarm,
                     advice=advice)


def recycle(stage, version, jitter):
    """Lives of about three seconds, or up to twice that: requests of 100 ms, one at a time."""
    options = ["--max-requests", "30"] + (["--max-requests-jitter", "30"] if jitter else [])
    g = Gunicorn(stage, version, *options)
    g.wait_serving()
    with Load(g.web, "/work?ms=100", WORKERS):
        stage.wait_ended(WORKERS * (3 if jitter else 4))
    g.wait_serving()
    return g.truth("planned", synchronized=not jitter, boot_loop=False, respawn_storm=False)


def one_by_one(g, times, act, wait_ready=Gunicorn.wait_serving):
    """act() ends a worker, each time when all are up and have been for a while."""
    for n in range(1, times + 1):
        wait_ready(g)
        time.sleep(1)
        act(n)
        g.stage.wait_ended(n)
    wait_ready(g)


def timeout(stage, version, path):
    g = Gunicorn(stage, version, "--timeout", "1")
    one_by_one(g, 2, lambda n: g.web.get(path))
    return g.truth(synchronized=False, respawn_storm=False, advice=("timeout",))


def leak_until(stage, web, n):
    """Whatever of them has leaked most is killed."""
    stage.wait("OOM kill", lambda: stage.cgroup.oom_kills() >= n or web.get("/leak?mb=6") and False)


def killed_by_kernel(stage):
    """The pids; nobody else kills in these scenarios, and the cgroup's count agrees."""
    killed = {w.pid for w in stage.ended() if w.signal == signal.SIGKILL}
    if len(killed) != stage.cgroup.oom_kills():
        raise Missing(f"{stage.cgroup.oom_kills()} OOM kills, but {killed} were killed")
    return killed


def out_of_memory(stage, version):
    g = Gunicorn(stage, version)
    one_by_one(g, 2, lambda n: leak_until(stage, g.web, n))
    return g.truth(oom_killed=killed_by_kernel(stage), synchronized=False, respawn_storm=False,
                   advice=("OOM",))


def crash(stage, version, path):
    g = Gunicorn(stage, version)
    one_by_one(g, 3, lambda n: g.web.get(path))
    return g.truth(synchronized=False, respawn_storm=False)


def by_hand(stage, version):
    """kill -9 by somebody outside."""
    g = Gunicorn(stage, version)
    one_by_one(g, 1, lambda n: kill_from_outside(stage, stage.alive()[0].pid, signal.SIGKILL))
    return g.truth(synchronized=False, boot_loop=False, respawn_storm=False)


def term(stage, version):
    """An orderly end: nobody is replaced."""
    g = Gunicorn(stage, version)
    g.wait_serving()
    with Load(g.web, "/work?ms=20", 2):
        time.sleep(3)
    os.kill(g.master, signal.SIGTERM)
    stage.wait_over()
    return g.truth("none")


def reload(stage, version):
    """HUP: new ones first, then the old ones are told to go."""
    g = Gunicorn(stage, version)
    g.wait_serving()
    time.sleep(3)
    os.kill(g.master, signal.SIGHUP)
    stage.wait_ended(WORKERS)
    g.wait_serving()
    return g.truth("planned", boot_loop=False, respawn_storm=False)


def boot_loop(stage, version, how):
    """They boot, as the master sees it, and die a moment later."""
    g = Gunicorn(stage, version, boot=how, workers=2)
    stage.wait_ended(24)
    return g.truth(boot_loop=True, respawn_storm=False, alarm=True)


def import_error(stage, version):
    """What a worker cannot import ends the master: no loop of its own, but of who starts it."""
    g = Gunicorn(stage, version, app="restarts_no_such_module:app")
    stage.wait_over()
    return g.truth("none")


def kill_from_outside(stage, pid, number):
    """strace sees no SIGKILL arrive, and does not watch who is outside."""
    if number == signal.SIGKILL:
        stage.trace.poll().note(pid, number, os.getpid(), time.time())
    os.kill(pid, number)


def scenarios():
    """(name, function of a Stage that gives its Truth, memory limit or None)"""
    for version in ("20", "23"):
        name = f"gunicorn{version}-"

        def add(what, run, *args, limit=None, version=version, name=name):
            return name + what, lambda stage: run(stage, version, *args), limit
        yield add("max-requests", recycle, False)
        yield add("jitter", recycle, True)
        yield add("timeout", timeout, "/slow")
        yield add("timeout-ignored", timeout, "/stuck")
        yield add("oom", out_of_memory, limit=LEAK_LIMIT)
        yield add("segv", crash, "/segv")
        yield add("abort", crash, "/abort")
        yield add("exit", crash, "/exit?code=7")
        yield add("term", term)
        yield add("hup", reload)
        yield add("boot-loop-code", boot_loop, "code 1")
        yield add("boot-loop-segv", boot_loop, "segv")
        yield add("import-error", import_error)
        yield add("kill-9", by_hand)
