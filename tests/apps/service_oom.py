# SPDX-License-Identifier: Apache-2.0
"""gunicorn runs out of its container's memory: a worker is killed, or the master is."""
import os
import re
import signal

from agent import SAMPLE_SECONDS, Agent
from gunicorn_service import WORKERS, Gunicorn
from harness import MIB, at, wait_for

LIMIT = 128 * MIB
UNSEEN = r"no orchestrator sees|orchestrator does not see"


def size(listed):
    return sum(listed.get(kind, 0) for kind in ("anon", "file", "shmem", "swap"))


def all_workers(sample):
    return at(sample, "processes.count") == WORKERS + 1


def compare_limit(s, kill, cgroup):
    s.same("constraint", at(kill, "constraint"), "memcg")
    s.same("limit_hit.level", at(kill, "limit_hit.level"), "container")
    s.same("limit_hit.limit", at(kill, "limit_hit.limit"), LIMIT)
    s.same("limit_hit.cgroup", at(kill, "limit_hit.cgroup"), cgroup.path)


def compare_trigger(s, kill, members):
    pid = at(kill, "trigger.process.pid")
    s.true("trigger.process", pid in members, f"{pid} is none of {members}")
    s.same("trigger.relation", at(kill, "trigger.relation"),
           "victim" if pid == at(kill, "victim.process.pid") else "same_container")


def compare_growth(s, kill):
    """It leaked: the cgroup's anon rises, and so does the victim's."""
    anon = [point for point in at(kill, "history.anon", []) if point is not None]
    s.true("history.anon rising", len(anon) >= 3 and anon == sorted(anon) and
           anon[-1] - anon[0] >= LIMIT // 4, f"{[point // MIB for point in anon]} MiB")
    usage = at(kill, "history.usage", [])
    s.true("history.usage", 0 < len(usage) <= 60 and (usage[-1] or 0) > LIMIT // 2, repr(usage))
    growth = at(kill, "victim.anon_growth_per_second", 0)
    s.true("victim.anon_growth_per_second", growth > 0, repr(growth))


def compare_stat(s, kill):
    stat = at(kill, "memory_stat", {})
    age = stat.get("age_seconds", -1)
    s.true("memory_stat.age_seconds", 0 <= age <= max(1.0, 2 * SAMPLE_SECONDS), repr(stat))
    s.same("memory_stat.source", stat.get("source"), "file" if age else "kernel")
    anon = stat.get("anon", 0)
    s.true("memory_stat.anon", LIMIT // 2 <= anon <= LIMIT, repr(anon))


def compare_processes(s, kill, master, workers):
    listed = at(kill, "processes.list", [])
    sizes = [size(p) for p in listed]
    s.true("processes.list sorted", sizes and sizes == sorted(sizes, reverse=True), repr(sizes))
    roles = {p["pid"]: p.get("role") for p in listed}
    want = {master: "gunicorn master", **dict.fromkeys(workers, "gunicorn worker")}
    s.same("processes.list pids and roles", roles, want)
    s.same("processes.total", at(kill, "processes.total"), len(want))


def compare_exit(s, end, kill):
    s.same("process_exit.cause", end["cause"], "oom_killed")
    s.same("signal", at(end, "exit.signal"), signal.SIGKILL)
    s.same("incident", end.get("incident"), kill["incident"])
    later = at(end, "latency.kill_to_exit_seconds", -1)
    s.true("kill_to_exit_seconds", 0 <= later < 60, repr(later))


def worker(ctx, agent, titles):
    name = "worker-titles" if titles else "worker"
    with ctx.report.scenario(f"service-oom/{name}") as s, \
            ctx.cgroup(f"gunicorn-{name}", LIMIT) as cgroup, \
            Gunicorn(ctx, cgroup, name, titles=titles) as service:
        master, workers = service.master, service.serving()
        # The records are to know them all: wait until a sample has counted them as they are now.
        agent.wait_next("container_sample", all_workers, cgroup=cgroup)
        service.leak_until(cgroup.oom_kills)
        dead = wait_for("worker that is gone", lambda: set(workers) - set(service.workers()))
        victim = next(iter(dead))
        kill = agent.oom_kill_of(victim)
        end = agent.exit_of(victim)
        s.same("kernel's count", cgroup.oom_kills(), 1)
        s.same("one oom_kill record", agent.all("oom_kill", cgroup=cgroup), [kill])
        s.same("the worker that is gone", dead, {at(kill, "victim.process.pid")})
        s.same("victim.process.role", at(kill, "victim.process.role"), "gunicorn worker")
        s.same("parent_pid", at(kill, "victim.process.parent_pid"), master)
        if titles:
            s.same("setproctitle's title", at(kill, "victim.process.command_line"),
                   "gunicorn: worker [leaky:app]")
        s.same("survivors.init_alive", at(kill, "survivors.init_alive"), True)
        s.same("survivors.processes", at(kill, "survivors.processes"), WORKERS)
        s.same("survivors.orphans", at(kill, "survivors.orphans"), None)
        compare_trigger(s, kill, [master, *workers])
        compare_limit(s, kill, cgroup)
        summary = kill.get("summary", "")
        s.true("summary: unseen", re.search(UNSEEN, summary) and f"(pid {victim})" in summary and
               summary.startswith("gunicorn worker"), repr(summary))
        compare_growth(s, kill)
        compare_stat(s, kill)
        compare_processes(s, kill, master, workers)
        compare_exit(s, end, kill)
        new = wait_for("new worker", lambda: set(service.serving()) - set(workers))
        s.true("gunicorn replaced it", len(service.workers()) == WORKERS, repr(new))


def master(ctx, agent):
    """Chosen by oom_score_adj; a worker eats. Its workers live on without it."""
    with ctx.report.scenario("service-oom/master") as s, \
            ctx.cgroup("gunicorn-master", LIMIT) as cgroup, \
            Gunicorn(ctx, cgroup, "master") as service:
        victim, workers = service.master, service.serving()
        with open(f"/proc/{victim}/oom_score_adj", "w", encoding="ascii") as f:
            f.write("1000")
        agent.wait_next("container_sample", all_workers, cgroup=cgroup)
        service.leak_until(cgroup.oom_kills)
        status = service.process.wait(60)
        kill = agent.oom_kill_of(victim)
        end = agent.exit_of(victim)
        s.same("wait status", status, -signal.SIGKILL)
        # What its end gave back may not be enough for the worker that eats.
        first = agent.all("oom_kill", cgroup=cgroup)[0]
        s.same("first victim", at(first, "victim.process.pid"), victim)
        s.same("victim.process.role", at(kill, "victim.process.role"), "gunicorn master")
        s.same("victim.oom_score_adj", at(kill, "victim.oom_score_adj"), 1000)
        s.same("survivors.init_alive", at(kill, "survivors.init_alive"), False)
        s.same("survivors.orphans", at(kill, "survivors.orphans"), WORKERS)
        s.same("survivors.processes", at(kill, "survivors.processes"), WORKERS)
        compare_trigger(s, kill, [victim, *workers])
        compare_limit(s, kill, cgroup)
        summary = kill.get("summary", "")
        s.true("summary: orphans", "orphan" in summary and not re.search(UNSEEN, summary) and
               summary.startswith(f"gunicorn master (pid {victim})"), repr(summary))
        compare_exit(s, end, kill)


def run(ctx):
    with Agent(ctx, "service-oom") as agent:
        worker(ctx, agent, titles=False)
        worker(ctx, agent, titles=True)
        master(ctx, agent)
