# SPDX-License-Identifier: Apache-2.0
"""The built agent as a user runs it: started, its records read as they come, ended by SIGTERM."""
import json
import os
import signal
import subprocess
import sys
import threading

import harness
import host
from harness import at, wait_for

VALIDATE = os.path.join(harness.HERE, "..", "validate.py")
SAMPLE_SECONDS = 0.5


class Agent:
    """A context manager: attached inside; at its end every line is checked, a scenario of its own.

    path: the file that it writes, which is read while it grows. piped: it writes to standard
    output, a pipe that nobody reads before drain(), which copies it to that file. lossy: lines may
    be missing, if only they are counted.
    """

    def __init__(self, ctx, name, *options, path="", piped=False, lossy=False):
        self.ctx = ctx
        self.name = name
        self.piped = piped
        self.lossy = lossy
        self.drainer = None
        self.path = path or os.path.join(ctx.work, name + ".records")
        self.log_path = os.path.join(ctx.work, name + ".stderr")
        self.options = options
        self.records = []
        self.process = None
        self.read_off = 0
        self.failed_before = ctx.report.failed

    def command(self):
        """How it is started; the process is the agent itself, by exec at the latest."""
        return [self.ctx.agent, "run", "--output", "-" if self.piped else self.path,
                "--sample-interval", f"{SAMPLE_SECONDS}s", "--report-interval", "2s",
                *self.options]

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stderr=log, preexec_fn=host.die_with_parent,
                stdout=subprocess.PIPE if self.piped else subprocess.DEVNULL)
        try:
            wait_for("message of the agent that it traces", lambda: (
                "tracing " in self.log() or self.process.poll() is not None))
            if self.process.poll() is not None:
                raise harness.Missing(f"the agent ended with {self.process.returncode}")
        except harness.Missing:
            self.kill()
            self.show_log()
            raise
        return self

    def __exit__(self, kind, *exc):
        if kind is None:
            self.stop()
        else:
            self.kill()
            self.show_log()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def drain(self):
        """Begin to read the pipe, until the agent ends."""
        def copy():
            with open(self.path, "wb") as f:
                while data := self.process.stdout.read1():
                    f.write(data)
                    f.flush()
        self.drainer = threading.Thread(target=copy)
        self.drainer.start()

    def log(self):
        return host.read(self.log_path)

    def show_log(self):
        for line in self.log().splitlines()[-40:]:
            print(f"     | {line}")

    def poll(self):
        """Read what it has written since, whole lines only."""
        if os.path.exists(self.path):
            with open(self.path, "rb") as f:
                f.seek(self.read_off)
                self.take(f.read())
        return self.records

    def take(self, data):
        """More bytes of output. Bytes that are no record are left to the validator to name."""
        whole = data[:data.rfind(b"\n") + 1]
        self.read_off += len(whole)
        for line in whole.split(b"\n")[:-1]:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                self.records.append(record)

    def all(self, kind, wanted=lambda r: True, cgroup=None):
        """The records of this type that are wanted; cgroup: only those about this one."""
        return [r for r in self.poll() if r.get("type") == kind and wanted(r) and (
            not cgroup or cgroup.path in (at(r, "container.cgroup"), at(r, "cgroup.path")))]

    def wait(self, kind, wanted=lambda r: True, what="", cgroup=None):
        """The first of them, waited for."""
        return wait_for(f"{kind} record {what or cgroup and cgroup.path or ''}".rstrip(),
                        lambda: next(iter(self.all(kind, wanted, cgroup)), None))

    def wait_next(self, kind, wanted=lambda r: True, cgroup=None):
        """The first that is not there yet."""
        last = max((r["seq"] for r in self.poll()), default=0)
        return self.wait(kind, lambda r: r["seq"] > last and wanted(r), cgroup=cgroup)

    def oom_kill_of(self, pid):
        return self.wait("oom_kill", lambda r: at(r, "victim.process.pid") == pid, f"of {pid}")

    def exit_of(self, pid):
        return self.wait("process_exit", lambda r: at(r, "process.pid") == pid, f"of {pid}")

    def health(self):
        """What the last agent_health or agent_stop says."""
        found = [r for r in self.poll() if r.get("type") in ("agent_health", "agent_stop")]
        last = found[-1] if found else {}
        return at(last, "health", last)

    def lost(self):
        """{buffer: what it lost} of the last word."""
        return {b["name"]: b["lost"] for b in self.health().get("buffers", []) if b["lost"]}

    def stop(self):
        """End it and check what can be said of every run."""
        self.process.send_signal(signal.SIGTERM)
        with self.ctx.report.scenario(self.name + "/lines") as s:
            try:
                code = self.process.wait(harness.SECONDS)
            finally:
                self.kill()
            if self.drainer:
                self.drainer.join()
            self.poll()
            s.same("exit code", code, 0)
            self.check_lines(s)
            self.check_kills(s)
        if self.ctx.report.failed > self.failed_before:
            self.show_log()

    def check_lines(self, s):
        command = [sys.executable, VALIDATE, "--max-errors", "5"]
        command += ["--allow-gaps"] if self.lossy else []
        done = subprocess.run([*command, self.ctx.schema, self.path], capture_output=True,
                              text=True, check=False)
        said = (done.stdout + done.stderr).strip().replace("\n", " | ")
        s.true("schema and seq of " + said, done.returncode == 0, said)
        kinds = [r.get("type") for r in self.records]
        s.true("first and last line", kinds and kinds[0] == "agent_start" and
               kinds[-1] == "agent_stop", f"{kinds[:1]} {kinds[-1:]}")

    def check_kills(self, s):
        kills = self.health().get("oom_kills", {})
        s.same("oom_kills.missing", kills.get("missing"), 0)
        s.same("oom_kills.kernel", kills.get("kernel"),
               kills.get("records", 0) + kills.get("counted_twice", 0))
