# SPDX-License-Identifier: Apache-2.0
"""The programs whose cost is compared: ours, the empty one, and the usual tools.

Each is started, waited for until it is really attached, stopped, and asked for evidence that it
saw the load; a measurement without that evidence is none.
"""
import os
import re
import shutil
import signal
import subprocess
import time

import host

EXIT_SKIP = 77
READY_SECONDS = 30.0


class Skip(Exception):
    """This comparison is not possible here; the text says why."""


class Broken(Exception):
    """Something that should work did not."""


def wait_until(condition, seconds, process=None):
    """Poll until condition() is true. False when time ran out or the process is gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        if process and process.poll() is not None:
            return False
        time.sleep(0.01)
    return False


def end(process, sig=signal.SIGTERM, seconds=10.0):
    """Ask a process to end, then make it. Its exit code."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class Tracer:
    """One tool. A context manager: attached inside, gone outside."""

    name = ""
    title = ""
    ours = False  # what is ours has to work; a tool of others that does not is left out
    stop_signal = signal.SIGTERM

    def __init__(self, work):
        self.work = work
        self.process = None
        self.log = None

    def check(self):
        """Raise Skip when the tool cannot run here."""

    def command(self):
        raise NotImplementedError

    def ready(self):
        raise NotImplementedError

    def stdout(self):
        return self.log

    def preexec(self):
        host.die_with_parent()

    def text(self):
        """What it has written to its standard error, and to standard output unless that differs."""
        return host.read(self.log.name) if self.log else ""

    def __enter__(self):
        self.log = open(os.path.join(self.work, self.name + ".log"), "w+", encoding="utf-8")
        out = self.stdout()
        try:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=out,
                                            stderr=self.log, preexec_fn=self.preexec)
            if not wait_until(self.ready, READY_SECONDS, self.process):
                code = end(self.process)
                if code == EXIT_SKIP:
                    raise Skip(self.text().strip())
                raise Broken(f"{self.name} did not get ready (exit {code}): {self.text()[-500:]}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        if self.process:
            end(self.process, self.stop_signal)
            self.process.stdin.close()
        if self.log:
            self.log.close()
        return False

    def saw(self, operations):
        """After the end: raise Broken when it cannot have seen that many operations."""


class Agent(Tracer):
    """memwitness run, as a user would run it, records to a file."""

    name, title = "agent", "memwitness"
    ours = True

    def __init__(self, work, binary, *options):
        super().__init__(work)
        self.binary = binary
        self.options = options
        self.output = os.path.join(work, "records.jsonl")

    def check(self):
        if not os.access(self.binary, os.X_OK):
            raise Skip(f"{os.path.basename(self.binary)} is not built")

    def command(self):
        if os.path.exists(self.output):
            os.unlink(self.output)
        return [self.binary, "run", "--output", self.output, *self.options]

    def ready(self):
        return '"agent_start"' in host.read(self.output)

    def saw(self, operations):
        if '"agent_stop"' not in host.read(self.output):
            raise Broken("memwitness wrote no agent_stop: " + self.text()[-500:])


class Empty(Tracer):
    """A tp_btf program on page faults that does nothing."""

    name, title = "empty", "empty tp_btf program"
    ours = True

    def __init__(self, work, binary):
        super().__init__(work)
        self.binary = binary

    def check(self):
        if not os.access(self.binary, os.X_OK):
            raise Skip("tests/bench/empty is not built")

    def command(self):
        return [self.binary]

    def ready(self):
        return "ready" in self.text()


class ByName(Tracer):
    """A tool that attaches to tracepoints by name, so it needs tracefs."""

    needs_tracefs = True

    def __init__(self, work, private_tracefs):
        super().__init__(work)
        self.private_tracefs = private_tracefs and not host.tracefs()

    def check(self):
        if not self.path():
            raise Skip(f"{self.title} is not installed")
        if self.needs_tracefs and not self.private_tracefs and not host.tracefs():
            raise Skip("tracefs is not mounted (--private-tracefs mounts it for the tool alone)")

    def preexec(self):
        super().preexec()
        if self.private_tracefs:
            host.mount_private_tracefs()

    def waits(self):
        """It holds a program attached to an event and sleeps for what comes."""
        kinds = host.open_kinds(self.process.pid)
        stat = host.read(f"/proc/{self.process.pid}/stat").rpartition(")")[2].split()
        return ("bpf-prog" in kinds and "[perf_event]" in kinds and "[eventpoll]" in kinds
                and bool(stat) and stat[0] == "S")

    def path(self):
        raise NotImplementedError


class Bpftrace(ByName):
    """bpftrace with a one-liner that counts per cgroup; the total it prints is the evidence."""

    stop_signal = signal.SIGINT

    def __init__(self, work, private_tracefs, name, probe):
        super().__init__(work, private_tracefs)
        self.name = name
        self.title = f"bpftrace {probe}"
        self.probe = probe
        self.needs_tracefs = probe.startswith("tracepoint:")

    def path(self):
        return shutil.which("bpftrace")

    def command(self):
        return [self.path(), "-e", f"{self.probe} {{ @[cgroup] = count(); }}"]

    def ready(self):
        return "Attaching" in self.text() and self.waits()

    def saw(self, operations):
        counts = [int(n) for n in re.findall(r"^@\[\d+\]: (\d+)$", self.text(), re.M)]
        if sum(counts) < operations:
            raise Broken(f"{self.name} counted {sum(counts)} of {operations} events")


class Exitsnoop(ByName):
    """libbpf-tools' exitsnoop, its lines to /dev/null; being woken is the evidence."""

    name, title = "exitsnoop", "exitsnoop (libbpf-tools)"
    stop_signal = signal.SIGINT

    def __init__(self, work, private_tracefs):
        super().__init__(work, private_tracefs)
        self.woken = 0

    def path(self):
        """The compiled one: bcc's script of that name is another program."""
        for name in ("exitsnoop", "exitsnoop-libbpf", "bpf-exitsnoop"):
            for folder in ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"):
                path = os.path.join(folder, name)
                try:
                    with open(path, "rb") as f:
                        if f.read(4) == b"\x7fELF":
                            return path
                except OSError:
                    pass
        return None

    def stdout(self):
        return subprocess.DEVNULL

    def command(self):
        return [self.path()]

    def ready(self):
        return self.waits()

    def switches(self):
        return host.status_value(self.process.pid, "voluntary_ctxt_switches") or 0

    def __enter__(self):
        super().__enter__()
        self.woken = -self.switches()
        return self

    def __exit__(self, *exc):
        if self.process:
            self.woken += self.switches()
        return super().__exit__(*exc)

    def saw(self, operations):
        # It is woken for each exit, or for a few at a time; idle, ten times a second.
        if self.woken < operations // 100:
            raise Broken(f"exitsnoop was woken {self.woken} times by {operations} exits")
