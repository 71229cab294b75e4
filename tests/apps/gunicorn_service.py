# SPDX-License-Identifier: Apache-2.0
"""A real gunicorn (Debian's package) in a limited cgroup, and who its processes are.

Its master is the first process of the cgroup, as in a container. What is known of it comes from
/proc and its own log.
"""
import contextlib
import http.client
import os
import shutil
import socket

import harness
import host
from harness import wait_for

WORKERS = 3
# A module of this name that cannot be imported hides the real one: gunicorn does without.
NO_TITLES = "raise ImportError('hidden for the test')\n"
# On a busy machine a worker bears its master's title for a while; here it always does.
LATE_TITLES = """
import os
import time
os.register_at_fork(after_in_child=lambda: time.sleep(1.2))
"""


class Gunicorn:
    """A context manager: it serves inside."""

    def __init__(self, ctx, cgroup, name, titles=False, timeout=30):
        self.cgroup = cgroup
        self.titles = titles
        self.timeout = timeout
        self.log_path = os.path.join(ctx.work, name + ".gunicorn.log")
        self.hide_path = os.path.join(ctx.work, "no-titles")
        self.config_path = os.path.join(ctx.work, name + ".gunicorn.py")
        self.port = 0
        self.process = None

    def environment(self):
        path = [harness.HERE]
        if not self.titles:
            os.makedirs(self.hide_path, exist_ok=True)
            host.write(os.path.join(self.hide_path, "setproctitle.py"), NO_TITLES)
            path.insert(0, self.hide_path)
        return {**os.environ, "PYTHONPATH": ":".join(path), "PYTHONDONTWRITEBYTECODE": "1"}

    def __enter__(self):
        program = shutil.which("gunicorn")
        if not program:
            raise harness.Missing("gunicorn is not installed: deploy/deps.sh all")
        # The socket is made here, so that no port has to be guessed.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            fd = listener.fileno()
            host.write(self.config_path, LATE_TITLES if self.titles else "")
            command = [program, "--config", self.config_path, "--workers", str(WORKERS),
                       "--timeout", str(self.timeout), "--bind", f"fd://{fd}",
                       "--error-logfile", self.log_path, "leaky:app"]
            self.process = self.cgroup.start(command, env=self.environment(), pass_fds=[fd])
        try:
            wait_for("set of gunicorn workers", lambda: len(self.serving()) == WORKERS)
        except harness.Missing:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        for pid in self.cgroup.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait()

    @property
    def master(self):
        return self.process.pid

    def log(self):
        return host.read(self.log_path)

    def workers(self):
        """Its living children."""
        path = f"/proc/{self.master}/task/{self.master}/children"
        return [int(pid) for pid in host.read(path).split() if host.status_value(pid, "VmRSS")]

    def serving(self):
        """Workers that have said that they are up."""
        log = self.log()
        return [pid for pid in self.workers() if f"Booting worker with pid: {pid}\n" in log]

    def get(self, path, seconds=20):
        """The answer's text; None when whoever had the request died over it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def leak_until(self, gone, mb=3):
        """Leak, wherever the requests land, until gone()."""
        def step():
            self.get(f"/leak?mb={mb}")
            return gone()
        wait_for("OOM kill by leaking", step)


