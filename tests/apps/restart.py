# SPDX-License-Identifier: Apache-2.0
"""
The agent was not there: kills that the kernel counted while it was stopped are told of as such when
it comes back, and no oom_kill record is made up for them.
"""
from agent import Agent
from harness import MIB, at, eat, wait_for

LIMIT = 8 * MIB
KILLS = 3


def killed(s, cgroup, n):
    for _ in range(n):
        _, status = eat(cgroup, LIMIT)
        s.same("wait status", status, 9)


def found(agent, cgroup):
    return agent.all("finding", lambda r: r["finding"] == "oom_kills_before_start", cgroup)


def run(ctx):
    with ctx.cgroup("lives-on", LIMIT) as cgroup, ctx.cgroup("quiet", LIMIT) as quiet:
        with Agent(ctx, "restart-before") as agent, \
                ctx.report.scenario("restart/before") as s:
            killed(s, cgroup, 1)
            agent.wait("oom_kill", cgroup=cgroup)
            s.same("no finding about its own time", found(agent, cgroup), [])
        with ctx.report.scenario("restart/while-stopped") as s:
            killed(s, cgroup, KILLS)
            s.same("kernel's count", cgroup.oom_kills(), KILLS + 1)
        with Agent(ctx, "restart-after") as agent, ctx.report.scenario("restart/after") as s:
            finding = wait_for("finding", lambda: found(agent, cgroup))[0]
            s.same("measured.oom_kills", at(finding, "measured.oom_kills"), KILLS + 1)
            s.same("state", finding["state"], "raised")
            s.same("severity", finding["severity"], "warning")
            s.same("no oom_kill record", agent.all("oom_kill", cgroup=cgroup), [])
            # What it sees from now on is its own again.
            killed(s, cgroup, 1)
            agent.wait("oom_kill", cgroup=cgroup)
            health = agent.wait("agent_health")
            before = at(health, "health.oom_kills.before_start",
                        at(health, "oom_kills.before_start", 0))
            s.true("agent_health.oom_kills.before_start", before >= KILLS + 1, repr(health))
        with ctx.report.scenario("restart/once") as s:
            s.same("one finding", len(found(agent, cgroup)), 1)
            s.same("one oom_kill record", len(agent.all("oom_kill", cgroup=cgroup)), 1)
            s.same("none of a cgroup without kills", found(agent, quiet), [])
