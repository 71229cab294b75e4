# SPDX-License-Identifier: Apache-2.0
"""Where a scenario plays: a limited cgroup, the traced program in it, requests to it, files."""
import contextlib
import http.client
import os
import signal
import socket
import threading
import time

import harness
import host
import restarts_trace
from harness import MIB, wait_for

LIMIT = 256 * MIB
# Debian's programs ask it for Debian's python3.
DEBIAN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Stage:
    """A context manager; what is left of the programs at its end is killed."""

    def __init__(self, ctx, name, over, limit=None):
        """over: an Event, set when all is to end early."""
        self.ctx, self.name, self.over, self.limit = ctx, name, over, limit or LIMIT
        self.dir = os.path.join(ctx.work, "restarts", name)
        self.cgroup = self.process = self.trace = None
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        harness.empty_folder(self.dir)
        self.cgroup = self.stack.enter_context(self.ctx.cgroup("r-" + self.name, self.limit))
        return self

    def __exit__(self, *exc):
        with self.stack:
            for pid in self.cgroup.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if self.process:
                self.process.wait()

    def path(self, name):
        return os.path.join(self.dir, name)

    def file(self, name, text):
        host.write(self.path(name), text)
        return self.path(name)

    def log(self, name="log"):
        return host.read(self.path(name))

    def environment(self, *paths, **more):
        return {**os.environ, "PATH": DEBIAN_PATH, "PYTHONPATH": ":".join([*paths, harness.HERE]),
                "PYTHONDONTWRITEBYTECODE": "1", **more}

    def start(self, command, **options):
        """The scenario's program: its first process is the first of the cgroup."""
        with open(self.path("output"), "wb") as out:
            self.process, self.trace = restarts_trace.start(
                self.cgroup, command, self.path("strace"), stdout=out, stderr=out, **options)
        return self.process.pid

    def beside(self, limit=LIMIT):
        """Another cgroup of the scenario's, for a service that the program needs."""
        return self.stack.enter_context(self.ctx.cgroup(f"r-{self.name}-beside", limit))

    def wait(self, what, condition):
        """The first true value of what has to come while the program runs and the tests do."""
        def come():
            value = condition()
            if not value and (self.process.poll() is not None or self.over.is_set()):
                raise harness.Missing(f"no {what}: it ended: {self.log('output')[-200:]!r}")
            return value
        return wait_for(what, come)

    def wait_over(self):
        """Until nothing of the program is left, as strace tells it."""
        self.process.wait(harness.SECONDS)
        try:
            wait_for("end of all processes", lambda: not self.left(), 20)
        except harness.Missing as why:
            raise harness.Missing(f"{why}: {self.left()}") from why

    def left(self):
        return [life for life in self.trace.poll().all if life.ended is None]

    def listen(self):
        """A web server's socket."""
        web = Http()
        self.stack.callback(web.close)
        return web

    def alive(self, but=()):
        """Living children of the first process, as strace has seen them."""
        children = self.trace.poll().children(self.process.pid)
        return [w for w in children if w.ended is None and w.pid not in but]

    def ended(self):
        return [w for w in self.trace.poll().children(self.process.pid) if w.ended is not None]

    def wait_children(self, n, **of):
        """Exactly that many living ones."""
        self.wait(f"{n} children", lambda: len(self.alive(**of)) == n)

    def wait_ended(self, n):
        self.wait(f"{n} ended children", lambda: len(self.ended()) >= n)


class Http:
    """A listening socket made here, so that no port has to be guessed, and requests to it."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.socket.set_inheritable(True)
        self.port = self.socket.getsockname()[1]

    def fd(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def get(self, path, seconds=20):
        """The pid that answered; None when it died over the request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            return int(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()


class Load:
    """A context manager: so many clients that ask again and again."""

    def __init__(self, web, path, clients, pause=0.0):
        self.web, self.path, self.pause = web, path, pause
        self.over = threading.Event()
        self.answers = {}
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]

    def run(self):
        while not self.over.is_set():
            pid = self.web.get(self.path)
            if pid:
                self.answers[pid] = self.answers.get(pid, 0) + 1
            else:
                time.sleep(0.05)
            time.sleep(self.pause)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        for thread in self.threads:
            thread.join()
