# SPDX-License-Identifier: Apache-2.0
"""What really happened to the processes of a program, from strace: births, signals, ends.

strace stays outside of the program's cgroup and lives until the last process of the program has
ended. It stops a process only at the few calls that are asked for (a seccomp filter), at signals
and at its end, so that the program runs nearly as it would alone.
"""
import re
import signal
import subprocess

import harness
from harness import wait_for

CALLS = "clone,clone3,fork,vfork,execve,kill,tkill,tgkill,pidfd_send_signal"
# Enters the cgroup once strace has forked off, so that only the program is in it.
ENTER = 'echo 0 > "$0/cgroup.procs" && exec "$@"'

LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
UNFINISHED = re.compile(r"(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
FORK = re.compile(r"(clone3?|v?fork)\(.*\) = (\d+)")
KILL = re.compile(r"(kill|tkill|tgkill)\((-?\d+), (?:(\d+), )?(SIG\w+)\) = 0")
SIGNALLED = re.compile(r"--- (SIG\w+) \{(.*)\} ---")
EXITED = re.compile(r"\+\+\+ exited with (\d+) \+\+\+")
KILLED = re.compile(r"\+\+\+ killed by (SIG\w+)")


class Sent:
    """A signal that a process got. sender: pid, 0 when it was the kernel."""

    def __init__(self, time, number, sender, code):
        self.time, self.number, self.sender, self.code = time, number, sender, code

    def __repr__(self):
        return f"{signal.Signals(self.number).name} of {self.sender or self.code}"


class Life:
    """One process, from birth to its end. Times are seconds of the wall clock; ended: None while
    it lives."""

    def __init__(self, pid, parent, born):
        self.pid, self.parent, self.born = pid, parent, born
        self.ended = self.code = self.signal = None
        self.execs = []
        self.signals = []

    def __repr__(self):
        how = f"signal {self.signal}" if self.signal else f"code {self.code}"
        return f"{self.pid} ({how}, {self.signals})"


class Trace:
    """The lives of a program's processes, read from strace's output so far."""

    def __init__(self, path):
        self.path = path
        self.lives = {}    # the last one of each pid
        self.all = []
        self.threads = {}  # tid to pid
        self.pending = {}
        self.read_off = 0
        self.rest = ""

    def poll(self):
        with open(self.path, encoding="utf-8", errors="replace") as f:
            f.seek(self.read_off)
            text = self.rest + f.read()
            self.read_off = f.tell()
        lines = text.split("\n")
        self.rest = lines.pop()
        for line in lines:
            self.line(line)
        return self

    def life(self, pid, time):
        """That of a process which is already known, or the first one of all."""
        if pid not in self.lives:
            self.begin(pid, 0, time)
        return self.lives[pid]

    def begin(self, pid, parent, time):
        life = Life(pid, parent, time)
        self.lives[pid] = life
        self.all.append(life)

    def line(self, line):
        tid, time, text = LINE.fullmatch(line).groups()
        tid, time = int(tid), float(time)
        cut = UNFINISHED.fullmatch(text)
        if cut:
            self.pending[tid] = cut[1]
            return
        rest = RESUMED.fullmatch(text)
        if rest:
            text = self.pending.pop(tid, "") + rest[1]
        pid = self.threads.get(tid, tid)
        for pattern, take in ((FORK, self.forked), (KILL, self.killed), (SIGNALLED, self.got),
                              (EXITED, self.exited), (KILLED, self.exited)):
            found = pattern.match(text)
            if found:
                take(pid, tid, time, found)
                return
        if text.startswith("execve(") and text.endswith(" = 0"):
            self.life(pid, time).execs.append(text.split('"')[1])

    def forked(self, pid, tid, time, found):
        """Of a child, or a thread, even all lines may have come before this one."""
        child = int(found[2])
        early = self.lives.get(child)
        if early and early.parent:
            early = None  # another process, which had the same pid
        if "CLONE_THREAD" in found[0]:
            self.threads[child] = pid
            if early:
                del self.lives[child]
                self.all.remove(early)
        elif "CLONE_PARENT" in found[0]:
            raise ValueError("a clone with CLONE_PARENT")
        elif early:
            early.parent = pid
        else:
            self.begin(child, pid, time)

    def killed(self, pid, tid, time, found):
        """SIGKILL is never seen to arrive: it is noted where it is sent."""
        number = signal.Signals[found[4]]
        target = int(found[3] or found[2]) if found[1] == "tgkill" else int(found[2])
        if number == signal.SIGKILL:
            for life in self.targets(target):
                life.signals.append(Sent(time, int(number), pid, "SI_USER"))

    def targets(self, target):
        """A group is its leader: no program here has more in one that it kills."""
        pid = abs(target)
        return [self.lives[pid]] if pid in self.lives else []

    def note(self, pid, number, sender, time):
        """A signal from outside that strace does not see to arrive."""
        self.lives[pid].signals.append(Sent(time, int(number), sender, "SI_USER"))

    def got(self, pid, tid, time, found):
        number = signal.Signals[found[1]]
        fields = dict(f.split("=", 1) for f in found[2].split(", ") if "=" in f)
        if number == signal.SIGCHLD:
            return
        sender = int(fields.get("si_pid", 0))
        self.life(pid, time).signals.append(Sent(time, int(number), sender, fields["si_code"]))

    def exited(self, pid, tid, time, found):
        if tid != pid:
            return
        life = self.life(pid, time)
        life.ended = time
        if found[1].startswith("SIG"):
            life.signal = int(signal.Signals[found[1]])
        else:
            life.code = int(found[1])

    def children(self, parent):
        return [life for life in self.all if life.parent == parent]


def start(cgroup, command, path, **options):
    """A program in the cgroup, traced into the file: (Popen of the program itself, Trace)."""
    strace = ["strace", "-D", "-f", "--seccomp-bpf", "-ttt", "-s", "64", "-o", path,
              "-e", f"trace={CALLS}", "-e", "signal=all"]
    process = subprocess.Popen([*strace, "/bin/sh", "-c", ENTER, cgroup.dir, *command],
                               stdin=subprocess.DEVNULL, **options)
    try:
        wait_for("process in the cgroup", lambda: process.pid in cgroup.pids())
    except harness.Missing:
        process.kill()
        process.wait()
        raise
    return process, Trace(path)
