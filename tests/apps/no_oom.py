# SPDX-License-Identifier: Apache-2.0
"""
Ends that look like an OOM kill, or are taken for one, and are none: a timeout, a person's kill -9,
an allocation that failed. No oom_kill record may come of any of them.
"""
import os
import signal
import subprocess
import sys

from agent import Agent
from gunicorn_service import Gunicorn
from harness import HERE, MIB, at, wait_for

LIMIT = 96 * MIB
NEAR = 48 * MIB
TIMEOUT = 2
HOG = os.path.join(HERE, "hog.py")


def no_kill(s, agent, cgroup):
    s.same("kernel's count", cgroup.oom_kills(), 0)
    s.same("no oom_kill record", agent.all("oom_kill", cgroup=cgroup), [])


def hang(service, path):
    """A request that never ends. The pid of the worker that had it."""
    workers = set(service.serving())
    service.get(path, seconds=60)
    return next(iter(wait_for("worker that is gone", lambda: workers - set(service.workers()))))


def timeout(ctx, agent):
    with ctx.report.scenario("no-oom/timeout") as s, ctx.cgroup("timeout", LIMIT) as cgroup, \
            Gunicorn(ctx, cgroup, "timeout", timeout=TIMEOUT) as service:
        worker = hang(service, "/slow")
        end = agent.exit_of(worker)
        s.same("cause", end["cause"], "killed_by_parent")
        compare_code(s, end, service, worker)
        s.same("signal.name", at(end, "signal.name"), "SIGABRT")
        s.same("signal.caught", at(end, "signal.caught"), True)
        compare_sender(s, end, service)
        no_kill(s, agent, cgroup)


def sigkill_in_log(service, worker):
    """Waited for. 20.1 names the signal; newer ones ask "Perhaps out of memory?", which it was not.
    """
    return wait_for("word of SIGKILL in gunicorn's log", lambda: next((
        line.rpartition("] ")[2] for line in service.log().splitlines()
        if f"pid {worker} was terminated due to signal 9" in line or
        f"(pid:{worker}) was sent SIGKILL" in line), None))


def compare_code(s, end, service, worker):
    """Its handler leaves with code 1; on a busy machine the master's SIGKILL, a second later, may
    come before that, and then gunicorn's log has it."""
    if at(end, "exit.signal") == signal.SIGKILL:
        s.note("exit.signal: " + sigkill_in_log(service, worker))
    else:
        s.same("exit.code", at(end, "exit.code"), 1)


def compare_sender(s, end, service):
    s.same("sender.process.pid", at(end, "sender.process.pid"), service.master)
    s.same("sender.process.role", at(end, "sender.process.role"), "gunicorn master")
    s.true("gunicorn's log", "WORKER TIMEOUT" in service.log(), service.log()[-200:])


def stuck(ctx, agent):
    """It does not hear SIGABRT, so the master sends SIGKILL."""
    with ctx.report.scenario("no-oom/stuck") as s, ctx.cgroup("stuck", LIMIT) as cgroup, \
            Gunicorn(ctx, cgroup, "stuck", timeout=TIMEOUT) as service:
        worker = hang(service, "/stuck")
        end = agent.exit_of(worker)
        s.same("cause", end["cause"], "killed_by_parent")
        s.same("exit.signal", at(end, "exit.signal"), signal.SIGKILL)
        compare_sender(s, end, service)
        no_kill(s, agent, cgroup)
        s.note("gunicorn's log: " + sigkill_in_log(service, worker))


def by_hand(ctx, agent):
    """kill -9 by somebody outside, and by somebody in the same container."""
    with ctx.report.scenario("no-oom/kill-9") as s, ctx.cgroup("by-hand", LIMIT) as cgroup, \
            Gunicorn(ctx, cgroup, "by-hand") as service:
        first, second, _ = service.serving()
        os.kill(first, signal.SIGKILL)
        end = agent.exit_of(first)
        s.same("cause of one from outside", end["cause"], "killed_by_other")
        s.same("sender.process.pid", at(end, "sender.process.pid"), os.getpid())
        shell = cgroup.start(["/bin/sh", "-c", f"kill -9 {second}"])
        s.same("the shell's exit code", shell.wait(60), 0)
        end = agent.exit_of(second)
        s.same("cause of one from inside", end["cause"], "killed_by_sibling")
        s.same("its sender", at(end, "sender.process.pid"), shell.pid)
        no_kill(s, agent, cgroup)


def memory_error(ctx, agent):
    """A limit of the process's own (ulimit -v): python ends with a MemoryError and code 1."""
    with ctx.report.scenario("no-oom/memory-error") as s, \
            ctx.cgroup("memory-error", LIMIT) as cgroup:
        hog = cgroup.start([sys.executable, HOG], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
        hog.stdin.write(f"fill {NEAR}\n")
        hog.stdin.flush()
        s.same("the program's answer", hog.stdout.readline().split()[:1], ["ok"])
        # What the exit's record says of the limit is from the last look, so let it have looked.
        agent.wait("container_sample", lambda r: at(r, "memory.anon", 0) >= NEAR, cgroup=cgroup)
        ratio = cgroup.usage() / LIMIT
        _, errors = hog.communicate("fail\n", timeout=60)
        end = agent.exit_of(hog.pid)
        s.same("exit status", hog.returncode, 1)
        s.true("MemoryError", errors.rstrip().endswith("MemoryError"), errors)
        s.same("cause", end["cause"], "failed")
        s.same("exit.code", at(end, "exit.code"), 1)
        nearest = at(end, "memory.nearest_limit", {})
        s.same("nearest_limit.cgroup", nearest.get("cgroup"), cgroup.path)
        s.same("nearest_limit.level", nearest.get("level"), "container")
        s.same("nearest_limit.limit", nearest.get("limit"), LIMIT)
        got = nearest.get("usage_ratio", 0)
        s.true(f"nearest_limit.usage_ratio {got:.2f}", abs(got - ratio) < 0.05,
               f"{got} beside {ratio:.3f} of the cgroup's files")
        no_kill(s, agent, cgroup)


def run(ctx):
    with Agent(ctx, "no-oom") as agent:
        timeout(ctx, agent)
        stuck(ctx, agent)
        by_hand(ctx, agent)
        memory_error(ctx, agent)
    with ctx.report.scenario("no-oom/none-at-all") as s:
        ours = "/" + os.path.basename(ctx.cgroups.base) + "/"
        s.same("no oom_kill record to the end", agent.all(
            "oom_kill", lambda r: ours in at(r, "container.cgroup", "")), [])
