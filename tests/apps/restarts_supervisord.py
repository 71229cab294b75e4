# SPDX-License-Identifier: Apache-2.0
"""supervisord and a program that does not stay up, beside one that does."""
from restarts_truth import Pool, Truth

CONFIG = """
[supervisord]
nodaemon=true
user=root
logfile={dir}/log
pidfile={dir}/pid
childlogdir={dir}
[program:steady]
command=/bin/sleep 600
[program:crashing]
command={command}
numprocs={numprocs}
process_name=%(program_name)s_%(process_num)d
startsecs={startsecs}
autorestart=true
"""
EXITS = "/bin/sh -c 'sleep 1.2; exit 1'"
CRASHES = "/usr/bin/python3 -c 'import ctypes, time; time.sleep(1.2); ctypes.string_at(0)'"
FAILS_AT_ONCE = "/bin/false"


class Supervisord:
    def __init__(self, stage, command, startsecs=1, numprocs=1):
        self.stage, self.size = stage, numprocs
        config = stage.file("supervisord.conf", CONFIG.format(
            dir=stage.dir, command=command, startsecs=startsecs, numprocs=numprocs))
        self.main = stage.start(["/usr/bin/supervisord", "-c", config], env=stage.environment())
        stage.wait("steady program", self.steady)

    def steady(self):
        return {w.pid for w in self.stage.trace.poll().children(self.main)
                if w.execs and w.execs[-1] == "/bin/sleep"}

    def truth(self, alarm=False, **known):
        pool = Pool(self.stage, self.main, self.size, None, "unplanned", self.steady(), **known)
        return Truth(self.stage, "supervisord", [pool], alarm=alarm)


def ends(stage, command, numprocs=1):
    s = Supervisord(stage, command, numprocs=numprocs)
    stage.wait_ended(6 * numprocs)
    return s.truth(alarm=True, boot_loop=True)


def gives_up(stage):
    """Four starts, one, two and three seconds apart, and no more."""
    # An end that supervisord sees late, on a busy machine, must not count as one after a good start.
    s = Supervisord(stage, FAILS_AT_ONCE, startsecs=10)
    stage.wait("FATAL", lambda: "FATAL" in stage.log())
    return s.truth()


def scenarios():
    yield "supervisord-exit", lambda stage: ends(stage, EXITS), None
    yield "supervisord-segv", lambda stage: ends(stage, CRASHES), None
    yield "supervisord-three", lambda stage: ends(stage, EXITS, 3), None
    yield "supervisord-gives-up", gives_up, None
