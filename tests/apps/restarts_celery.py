# SPDX-License-Identifier: Apache-2.0
"""celery's prefork pool, with redis beside it: recycling by tasks and by memory, the hard time
limit, OOM kills, and children that do one task each.
"""
import os
import signal
import socket
import subprocess
import sys
import time

from harness import MIB, wait_for
from restarts_gunicorn import killed_by_kernel
from restarts_truth import Pool, Truth

SIZE = 2
ROLE = "celery ForkPoolWorker"
OOM_LIMIT = 160 * MIB
SEND = """
import sys, restarts_tasks
task = getattr(restarts_tasks, sys.argv[1])
for _ in range(int(sys.argv[2])):
    task.delay(float(sys.argv[3]) if sys.argv[1] == "work" else int(sys.argv[3]))
"""


class Celery:
    def __init__(self, stage, *options, size=SIZE):
        self.stage, self.size = stage, size
        self.broker = stage.path("redis.sock")
        self.redis = stage.beside().start(
            ["/usr/bin/redis-server", "--port", "0", "--unixsocket", self.broker, "--save", "",
             "--dir", stage.dir, "--logfile", stage.path("redis.log")],
            stdin=subprocess.DEVNULL)
        wait_for("redis's socket", lambda: os.path.exists(self.broker))
        self.environment = stage.environment(RESTARTS_REDIS=self.broker, C_FORCE_ROOT="1")
        self.main = stage.start(
            ["/usr/bin/celery", "-A", "restarts_tasks", "worker", "--pool", "prefork",
             "--concurrency", str(size), "--without-gossip", "--without-mingle",
             "--without-heartbeat", "--loglevel", "info", "--logfile", stage.path("log"),
             *options], env=self.environment, cwd=stage.dir)
        stage.wait("word of celery that it is ready", lambda: "ready." in stage.log())

    def send(self, task, count, argument):
        subprocess.run([sys.executable, "-c", SEND, task, str(count), str(argument)],
                       env=self.environment, check=True)

    def drop(self):
        """All that is not yet being done, which would end more of them."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.broker)
            s.sendall(b"FLUSHALL\r\n")
            s.recv(16)

    def wait_ended(self, n):
        self.stage.wait(f"{n} ended workers", lambda: (
            len([w for w in self.stage.ended() if not w.execs]) >= n))

    def truth(self, recycling, oom_killed=(), alarm=False, advice=(), **known):
        # Its library asks uname(1) once.
        others = {w.pid for w in self.stage.trace.poll().children(self.main) if w.execs}
        pool = Pool(self.stage, self.main, self.size, ROLE, recycling, others, oom_killed, **known)
        return Truth(self.stage, "celery", [pool], oom_killed, alarm=alarm, advice=advice)


def max_tasks(stage):
    """Lives of about three seconds."""
    c = Celery(stage, "--max-tasks-per-child", "30", size=4)
    c.send("work", 4 * 30 * 4, 0.1)
    c.wait_ended(12)
    stage.wait_children(4)
    return c.truth("planned", boot_loop=False, respawn_storm=False)


def max_memory(stage):
    c = Celery(stage, "--max-memory-per-child", str(100 << 10))
    c.send("leak", 200, 2)
    c.wait_ended(4)
    c.drop()
    stage.wait_children(SIZE)
    return c.truth("planned", respawn_storm=False)


def time_limit(stage):
    c = Celery(stage, "--time-limit", "1")
    c.send("work", 3, 600)
    c.wait_ended(3)
    stage.wait_children(SIZE)
    return c.truth("unplanned", respawn_storm=False)


def out_of_memory(stage):
    c = Celery(stage)
    for n in range(1, 3):
        c.send("leak", 40, 4)
        c.wait_ended(n)
        c.drop()
    stage.wait_children(SIZE)
    return c.truth("unplanned", oom_killed=killed_by_kernel(stage), respawn_storm=False,
                   advice=("OOM",))


def storm(stage):
    """Each child does one task of no time and leaves."""
    c = Celery(stage, "--max-tasks-per-child", "1")
    c.send("work", 60, 0)
    c.wait_ended(60)
    stage.wait_children(SIZE)
    return c.truth("planned", respawn_storm=True, alarm=True)


def term(stage):
    c = Celery(stage)
    c.send("work", 20, 0.05)
    time.sleep(2)
    os.kill(c.main, signal.SIGTERM)
    stage.wait_over()
    return c.truth("none")


def scenarios():
    yield "celery-max-tasks", max_tasks, None
    yield "celery-max-memory", max_memory, None
    yield "celery-time-limit", time_limit, None
    yield "celery-oom", out_of_memory, OOM_LIMIT
    yield "celery-storm", storm, None
    yield "celery-term", term, None
