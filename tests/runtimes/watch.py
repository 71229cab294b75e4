# SPDX-License-Identifier: Apache-2.0
"""The agent beside the runtimes, and what it says held against the truth."""
import contextlib
import json
import os
import signal
import subprocess

import host
from agent import Agent
from bed import gone, memory_cgroup
from harness import at
from truth import Truth, check_all, differences, expect, of_life, seconds_of

LABELS = ("app", "team")  # asked for; containers have others too
START_SECONDS = 2.0       # between a runtime's word on a start and the cgroup's


class Watch(Agent):
    """The agent, and all the containers that it must tell right. outside: it is not in the bed, as
    an agent that has the machine's root directory mounted somewhere."""

    def __init__(self, ctx, name, *options, outside=False):
        self.events = os.path.join(ctx.work, name + ".events")
        super().__init__(ctx, name, *label_options(), "--record", self.events, *options)
        self.truth = Truth()
        self.outside = outside

    def command(self):
        # What is installed outside is not inside: there the static one runs.
        if self.outside:
            return [*super().command(), *self.ctx.host_root()]
        return self.ctx.bed.inside([self.ctx.agent + "-static", *super().command()[1:]])

    def check_lines(self, s):
        super().check_lines(s)
        with self.ctx.report.scenario(self.name + "/all-records") as every:
            check_all(every, self.truth, self.poll())
        with self.ctx.report.scenario(self.name + "/replay") as replay:
            self.check_replay(replay)

    def check_replay(self, s):
        """The names are in the event log: its replay needs no runtime's file."""
        done = subprocess.run([self.ctx.agent, "replay", self.events], capture_output=True,
                              check=False, timeout=120)
        with open(self.path, "rb") as f:
            same = done.stdout == f.read()
        s.same("exit of replay", done.returncode, 0)
        s.true("the same bytes", same, f"compare {self.path} with what {self.events} gives")

    def run_identify(self, arguments):
        """The process that has ended."""
        command = [self.ctx.agent + "-static", "identify", "--json", *label_options(), *arguments]
        if self.outside:
            command = [self.ctx.agent, *command[1:2], *self.ctx.host_root(), *command[2:]]
        else:
            command = self.ctx.bed.inside(command)
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    def identify(self, s, arguments, facts):
        """`memwitness identify` on each of the arguments says these facts."""
        done = self.run_identify(arguments)
        s.same("identify's exit", done.returncode, 0)
        lines = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
        s.same("identify's arguments", [at(line, "argument") for line in lines], arguments)
        for line in lines:
            for d in differences(line, facts):
                s.true(f"identify {line.get('argument', '')[:60]}", False, d)
            sources = line.get("sources", [])
            missing = self.ctx.bed.missing({f["file"] for f in sources if "file" in f})
            s.true("identify's sources are there", sources and not missing, f"{missing or 'none'}")
            by_file = facts.get("container.identity_source") != "path"
            s.same("identify has read a file", any("file" in f for f in sources), by_file)


def label_options():
    return [word for label in LABELS for word in ("--label", label)]


class Life:
    """
    One life of a container: its init, its cgroup, what is true of it. below: the directory of the
    container's own where its runtime has its processes and its limit, "/container" say.
    """

    def __init__(self, watch, pid, facts, life=None, below=""):
        self.watch = watch
        self.pid = pid
        self.inner_path = memory_cgroup(pid)
        self.path = self.inner_path.removesuffix(below)
        self.dir = host.memory_hierarchy()[1] + self.path
        self.cgroup_id = os.stat(self.dir).st_ino
        self.facts = {**facts, "container.cgroup": self.path, **(life or {})}
        watch.truth.add(self.path, {**facts, "container.cgroup": self.path}, self.cgroup_id, life)

    def check_start(self, s, started=None, identify=("pid", "path")):
        """started: what the runtime says, RFC 3339. identify: by what it is to be identified."""
        record = expect(s, self.watch, "", "container_start", of_life(self.cgroup_id), self.facts)
        if record and started:
            apart = abs(seconds_of(record["container"]["started"]) - seconds_of(started))
            s.true("container.started", apart < START_SECONDS, f"{apart:.1f} s from {started}")
        if identify:
            # Nothing was seen to begin again by who has just begun to look.
            arguments = [argument for what, argument in (
                ("pid", str(self.pid)), ("path", self.path)) if what in identify]
            self.watch.identify(s, arguments, {**self.facts, **(
                {"container.restart_count": None, "container.restart_count_source": None}
                if self.facts.get("container.restart_count_source") == "counted" else {})})

    def check_oom_kill(self, s, limit_hit=None):
        """
        Its init gives the order to a child, which is killed; init lives on. limit_hit: the path of
        the cgroup whose limit it is, where it is not the container's.
        """
        before = self.kernel_kills()
        last = max((r["seq"] for r in self.watch.poll()), default=0)
        os.kill(self.pid, signal.SIGHUP)
        ours = of_life(self.cgroup_id)
        record = expect(s, self.watch, "", "oom_kill", lambda r: r["seq"] > last and ours(r), {
            **self.facts, "victim.process.name": "dd",
            "limit_hit.cgroup": limit_hit or self.inner_path, "survivors.init_alive": True})
        if not record:
            return
        victim = record["victim"]["process"]
        s.same("victim.process.parent_pid", victim.get("parent_pid"), self.pid)
        expect(s, self.watch, "exit", "process_exit",
               lambda r: at(r, "process.pid") == victim["pid"],
               {**self.facts, "cause": "oom_killed", "incident": record["incident"]})
        s.same("the kernel's count of kills", self.kernel_kills(), before + 1)
        s.true("init lives on", os.path.exists(f"/proc/{self.pid}"), "it is gone")

    def kernel_kills(self):
        text = host.read(self.dir + "/memory.oom_control") or host.read(self.dir + "/memory.events")
        return next(int(line.split()[1]) for line in text.splitlines()
                    if line.startswith("oom_kill "))

    def check_killed(self, s):
        """After its runtime's client was told to kill it: by a process outside."""
        record = expect(s, self.watch, "", "process_exit",
                        lambda r: at(r, "process.pid") == self.pid, {
                            **self.facts, "exit.signal": 9, "cause": "killed_by_runtime"})
        sender = at(record or {}, "sender.container", {})
        s.true("sender.container", sender and sender.get("cgroup") != self.path, f"{sender}")

    def check_stop(self, s, more=None):
        """After its end. more: of how its init ended."""
        gone(self.pid)
        expect(s, self.watch, "", "container_stop", of_life(self.cgroup_id),
               {**self.facts, "process.pid": self.pid, **(more or {})})


def limit_swap(life):
    """For what limits memory alone: nothing may go to swap."""
    with contextlib.suppress(FileNotFoundError):
        host.write(life.dir + "/memory.memsw.limit_in_bytes",
                   host.read(life.dir + "/memory.limit_in_bytes"))


def check_brief(s, watch, path, facts, end=None):
    """A container that is over before one can look: its records, and no life is known by id.
    end: more facts of the end."""
    facts = {**facts, "container.cgroup": path}
    watch.truth.add(path, facts)
    stop = expect(s, watch, "stop", "container_stop",
                  lambda r: at(r, "container.cgroup") == path, {**facts, **(end or {})})
    if stop:
        expect(s, watch, "start", "container_start",
               of_life(stop["container"]["cgroup_id"]), facts)
        s.note(f"lived {stop.get('lifetime_seconds', 0) * 1000:.0f} ms")
