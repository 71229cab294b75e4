# SPDX-License-Identifier: Apache-2.0
"""uvicorn: its workers under gunicorn, and its own ones, which are spawned: python anew, with other
arguments than their parent's.
"""
import os
import signal
import time

import host
from restarts_gunicorn import (LEAK_LIMIT, Gunicorn, kill_from_outside, killed_by_kernel, later,
                               leak_until, one_by_one)
from restarts_stage import Load
from restarts_truth import Pool, Truth

SIZE = 3
CLASS = ("-k", "uvicorn.workers.UvicornWorker")
APP = "restarts_app:asgi"


def under_gunicorn(stage, *options):
    return Gunicorn(stage, "20", *CLASS, *options, workers=SIZE, app=APP)


def wait_ready(g):
    """uvicorn says so in gunicorn's log, once a worker."""
    def all_ready():
        alive, log = g.stage.alive(), g.stage.log()
        return len(alive) == g.workers and all(
            f"[{w.pid}] [INFO] Application startup complete" in log for w in alive)
    g.stage.wait("set of uvicorn workers", all_ready)


def recycle(stage):
    g = under_gunicorn(stage, "--max-requests", "30")
    wait_ready(g)
    with Load(g.web, "/work?ms=100", SIZE):
        stage.wait_ended(SIZE * 2)
    wait_ready(g)
    return g.truth("planned", boot_loop=False, respawn_storm=False)


def timeout(stage):
    """Its loop is blocked; SIGABRT has no handler and kills."""
    g = under_gunicorn(stage, "--timeout", "2")
    one_by_one(g, 2, lambda n: g.web.get("/slow"), wait_ready)
    return g.truth(synchronized=False, respawn_storm=False, advice=("timeout",))


def out_of_memory(stage):
    g = under_gunicorn(stage)
    one_by_one(g, 2, lambda n: leak_until(stage, g.web, n), wait_ready)
    return g.truth(oom_killed=killed_by_kernel(stage), synchronized=False, respawn_storm=False,
                   advice=("OOM",))


class Uvicorn:
    """version: "0.17" or "0.32"."""

    def __init__(self, stage, version, size=SIZE):
        self.stage, self.version, self.size, self.web = stage, version, size, stage.listen()
        program, paths = ("/usr/bin/uvicorn", []) if version == "0.17" else later("uvicorn")
        self.main = stage.start(
            [program, "--workers", str(size), "--fd", str(self.web.fd()), APP],
            env=stage.environment(*paths), pass_fds=[self.web.fd()], cwd=stage.dir)
        stage.wait("word of uvicorn's workers", lambda: (
            stage.log("output").count("startup complete") == size))

        # multiprocessing's helper is a child, too, but no worker.
        self.others = {w.pid for w in stage.trace.poll().children(self.main)
                       if "resource_tracker" in host.read(f"/proc/{w.pid}/cmdline")}

    def workers(self):
        return self.stage.alive(but=self.others)

    def truth(self, recycling, **known):
        pool = Pool(self.stage, self.main, self.size, "uvicorn worker", recycling,
                    others=self.others, **known)
        return Truth(self.stage, "uvicorn " + self.version, [pool])


def own_killed(stage, version):
    """0.17 does not replace a worker that was killed: fewer than asked for, for ever."""
    u = Uvicorn(stage, version)
    for n in range(1, 2 if version == "0.17" else 3):
        time.sleep(2)
        kill_from_outside(stage, u.workers()[0].pid, signal.SIGKILL)
        stage.wait_ended(n)
        if version != "0.17":
            stage.wait("new worker", lambda: len(u.workers()) == SIZE)
    return u.truth("unplanned", synchronized=False, respawn_storm=False)


def own_reload(stage, version):
    """HUP: one after the other is told to go, and then replaced."""
    u = Uvicorn(stage, version)
    time.sleep(3)
    os.kill(u.main, signal.SIGHUP)
    stage.wait_ended(SIZE)
    stage.wait("new workers", lambda: len(u.workers()) == SIZE)
    return u.truth("planned", boot_loop=False, respawn_storm=False)


def own_term(stage, version):
    u = Uvicorn(stage, version)
    with Load(u.web, "/work?ms=20", 2):
        time.sleep(3)
    os.kill(u.main, signal.SIGTERM)
    stage.wait_over()
    return u.truth("none")


def scenarios():
    yield "uvicorn-gunicorn-max-requests", recycle, None
    yield "uvicorn-gunicorn-timeout", timeout, None
    yield "uvicorn-gunicorn-oom", out_of_memory, LEAK_LIMIT
    for version in ("0.17", "0.32"):
        for what, run in (("killed", own_killed), ("term", own_term), ("hup", own_reload)):
            if (what, version) != ("hup", "0.17"):  # which ends of it
                yield (f"uvicorn{version}-{what}",
                       lambda stage, run=run, version=version: run(stage, version), None)
