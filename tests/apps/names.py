# SPDX-License-Identifier: Apache-2.0
"""
Names that a container chooses: of its cgroup, of its processes, of its arguments. Whatever they
hold, the records of its OOM kill are JSON in UTF-8, one a line, and name the right process.
"""
import os
import signal
import sys

from agent import Agent
from harness import MIB, at, eat

LIMIT = 16 * MIB
# A cgroup's name holds anything but "/" and a newline (the kernel refuses that); 15 bytes a comm.
CGROUPS = (b'quo"te\\back', b"tab\tbell\x07esc\x1b[31m", b"\xff\xfe not utf-8 \xc3", b"{\"seq\":1}",
           "käfig-\u202e\U0001f5d1".encode(), b"x" * 200 + b"\xf0\x9f\x97")
COMMS = (b'a"b\\c', b"new\nline\r", b"\xff\xfe\xc3(", b'","pid":1,"', "\u2028\u202eä".encode(),
         b"\x1b[2J\x07\x7f")
ARGUMENTS = (b"new\nline", b'quote"\\', b"\xff\xfe\xc3", b"\x1b[2J", "\u2028".encode(), b"")
EATER = b"""
import mmap
area = mmap.mmap(-1, 256 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for i in range(0, len(area), mmap.PAGESIZE):
    area[i] = 1
"""


def clean(text):
    """No control characters, and nothing left of a surrogate."""
    return all(c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff" for c in text)


def readable(raw):
    """What of a name must come through as it is: its printable ASCII."""
    return [c for c in raw.decode("ascii", "ignore") if c.isalnum()]


def compare(s, kill, pid, comm, cgroup):
    s.same("victim.process.pid", at(kill, "victim.process.pid"), pid)
    name = at(kill, "victim.process.name", "")
    s.same("victim.process.name", [c for c in name if c.isascii() and c.isalnum()], readable(comm))
    path = at(kill, "limit_hit.cgroup", "")
    s.same("limit_hit.cgroup", [c for c in path if c.isascii() and c.isalnum()],
           readable(os.fsencode(cgroup.path)))
    s.same("limit_hit.limit", at(kill, "limit_hit.limit"), LIMIT)
    s.true("summary is clean", clean(kill.get("summary", "\n")), repr(kill.get("summary")))
    s.same("container.cgroup_id", at(kill, "container.cgroup_id"), os.stat(cgroup.dir).st_ino)


def one(ctx, agent, number, name, comm):
    with ctx.report.scenario(f"names/cgroup-and-comm-{number}") as s, \
            ctx.cgroup(os.fsdecode(name), LIMIT) as cgroup:
        pid, status = eat(cgroup, LIMIT, comm)
        s.same("wait status", status, signal.SIGKILL)
        compare(s, agent.oom_kill_of(pid), pid, comm, cgroup)
        s.same("process_exit.cause", agent.exit_of(pid)["cause"], "oom_killed")


def newline(ctx):
    """Should a kernel ever allow it, the list above has to have one."""
    with ctx.report.scenario("names/newline") as s:
        try:
            with ctx.cgroup("new\nline", LIMIT):
                s.true("the kernel refuses a newline", False, "it was allowed")
        except OSError as why:
            s.true("the kernel refuses a newline", True, str(why))


def arguments(ctx, agent):
    with ctx.report.scenario("names/arguments") as s, \
            ctx.cgroup("arguments", 2 * LIMIT) as cgroup:
        process = cgroup.start([sys.executable.encode(), b"-c", EATER, *ARGUMENTS])
        s.same("wait status", process.wait(60), -signal.SIGKILL)
        kill = agent.oom_kill_of(process.pid)
        line = at(kill, "victim.process.command_line", "")
        s.true("victim.process.command_line", line.startswith(sys.executable) and
               "MAP_ANONYMOUS" in line, repr(line))
        s.true("arguments are there", 'quote"\\' in line and "new" in line, repr(line))
        s.true("summary is clean", clean(kill.get("summary", "\n")), repr(kill.get("summary")))
        s.same("process_exit.cause", agent.exit_of(process.pid)["cause"], "oom_killed")


def run(ctx):
    newline(ctx)
    with Agent(ctx, "names") as agent:
        for number, (name, comm) in enumerate(zip(CGROUPS, COMMS, strict=True)):
            one(ctx, agent, number, name, comm)
        arguments(ctx, agent)
