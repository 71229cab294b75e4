# SPDX-License-Identifier: Apache-2.0
"""OOM kills to order (the benchmark's oomloop, a small C program), and the records against them."""
import collections
import subprocess

import harness
import host
from harness import at


class KillLoop:
    """Kills one after another, each in a cgroup of its own. oomloop checks each by waitpid()."""

    def __init__(self, ctx, name, kills, limit, gap_ms):
        self.dir = ctx.cgroups.make(name)
        self.process = subprocess.Popen(
            [ctx.helper("oomloop"), self.dir, str(kills), str(limit), str(gap_ms)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=host.die_with_parent)

    def end(self):
        """[(pid, path of its cgroup)] of the killed."""
        try:
            out, errors = self.process.communicate(timeout=3 * harness.SECONDS)
        finally:
            self.process.kill()
            host.remove_tree(self.dir)
        if self.process.returncode:
            raise harness.Missing("kills: " + errors.strip())
        path = self.dir[len(host.memory_hierarchy()[1]):]
        return [(int(line.split()[0]), f"{path}/oom{i:05}")
                for i, line in enumerate(out.splitlines())]


def told(agent, victims):
    """[(pid, path)] of all oom_kill records about the cgroups of these victims."""
    paths = {path for _, path in victims}
    return [key for r in agent.all("oom_kill")
            if (key := (at(r, "victim.process.pid"), at(r, "limit_hit.cgroup")))[1] in paths]


def wait_told(agent, victims):
    harness.wait_for("record of each kill", lambda: len(told(agent, victims)) >= len(victims))


def compare_once(s, agent, victims):
    """Each kill has its record, and no more than one. Pids come again in a fork storm."""
    want, got = collections.Counter(victims), collections.Counter(told(agent, victims))
    missing, extra = list((want - got).elements()), list((got - want).elements())
    s.true(f"{len(victims)} kills, a record each", want == got,
           f"missing {len(missing)} {missing[:3]}, too many {len(extra)} {extra[:3]}")
