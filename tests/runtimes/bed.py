# SPDX-License-Identifier: Apache-2.0
"""The bed: a small Debian in namespaces of its own, where the real runtimes run.

Their cgroups are the machine's own, as on any node, at the paths that the runtimes choose. All
processes are known by a cgroup that they are started in and their containers by where runtimes put
them, so that everything is removed at the end, also what a run that was killed outright has left.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import host
from harness import Missing, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
PREFIX = "memwitness-runtimes-"
# Where the runtimes of this bed make cgroups, below the root of each hierarchy.
PLACES = ("docker", "kubepods", "libpod_parent", "mwns1", "mwns2", "mwoci", "mwparent", "k8s.io",
          "lxc.pivot", *(f"lxc.{what}.{name}" for what in ("payload", "monitor") for name in
            ("mwc", "mwb", "mwsd")))
COMMAND_SECONDS = 60


def hierarchies():
    """The mount points of all cgroup hierarchies."""
    mounts = [line.split() for line in host.read("/proc/self/mounts").splitlines()]
    return [m[1] for m in mounts if m[2] in ("cgroup", "cgroup2")]


def tree(base):
    """The directory and all below it, the deepest first."""
    return [path for path, _, _ in os.walk(base, topdown=False)]


class Cgroups:
    """What is made below PLACES from now on is ours. state: a file that a later run finds should
    this one not come to its end."""

    def __init__(self, state):
        self.state = state
        self.mounts = hierarchies()
        self.before = {path for place in self.places() for path in tree(place)}
        with contextlib.suppress(OSError, ValueError):
            with open(state, encoding="utf-8") as f:
                self.before = set(json.load(f))
        with open(state, "w", encoding="utf-8") as f:
            json.dump(sorted(self.before), f)

    def places(self):
        return [f"{mount}/{place}" for mount in self.mounts for place in PLACES]

    def left(self):
        return [path for place in self.places() for path in tree(place) if path not in self.before]

    def remove(self):
        for path in self.left():
            host.remove_tree(path)
        left = self.left()
        if left:
            raise OSError("cgroups that cannot be removed: " + " ".join(left[:5]))
        os.unlink(self.state)


def hold(path):
    """For preexec_fn: into a cgroup, so that the process is found at the end."""
    with open(f"{path}/cgroup.procs", "wb", buffering=0) as f:
        f.write(b"0")


def holding_places():
    """Hierarchies that runtimes leave a daemon's own processes alone in: pids, or all of v2."""
    for line in host.read("/proc/self/mounts").splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup" and "pids" in options.split(","):
            return where
    return next((m for m in hierarchies() if os.path.exists(m + "/cgroup.procs")), None)


class Bed:
    """A context manager. root: the Debian; work: a directory of the run's own; shared: more
    directories that are seen inside at the same path."""

    def __init__(self, root, work, shared=()):
        self.root = root
        self.work = work
        self.shared = [work, *shared]
        self.holder = None
        self.cgroups = None
        self.daemons = []
        where = holding_places()
        host.Cgroups.sweep([where], PREFIX)
        self.holding = f"{where}/{PREFIX}{os.getpid()}"

    def __enter__(self):
        self.cgroups = Cgroups(os.path.join(os.path.dirname(self.work), "runtimes.cgroups"))
        try:
            for path in self.cgroups.left():
                host.remove_tree(path)
            os.mkdir(self.holding)
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def start(self):
        place, ready = os.path.join(self.work, "bed"), os.path.join(self.work, "bed.ready")
        os.mkdir(place)
        with open(os.path.join(self.work, "bed.log"), "wb") as log:
            self.holder = subprocess.Popen(
                ["unshare", "--mount", "--net", "--propagation", "private",
                 os.path.join(HERE, "bed.sh"), self.root, place, ready, *self.shared],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.prepare)
        wait_for("the bed", lambda: os.path.exists(ready) or self.holder.poll() is not None)
        if self.holder.poll() is not None:
            raise Missing("the bed: " + host.read(os.path.join(self.work, "bed.log"))[-300:])

    def prepare(self):
        host.die_with_parent()
        hold(self.holding)

    def __exit__(self, *exc):
        self.close()

    def close(self):
        for daemon in reversed(self.daemons):
            self.end(daemon)
        host.remove_tree(self.holding)  # kills what is in it, the holder too
        if self.holder:
            self.holder.wait()
        self.cgroups.remove()

    def inside(self, command):
        """The command line that runs this one inside. It is the same process: by exec alone."""
        return ["nsenter", "--target", str(self.holder.pid), "--mount", "--net", "--root", "--wd",
                *command]

    def run(self, *command, check=True, seconds=COMMAND_SECONDS, capture=True):
        """
        A command inside; what it prints, without the end of line. capture: no, when what it starts
        lives on with the same standard output.
        """
        log = os.path.join(self.work, "commands.log")
        with open(log, "ab") as unread:
            done = subprocess.run(
                self.inside(command), stdin=subprocess.DEVNULL, check=False, text=True,
                stdout=subprocess.PIPE if capture else unread,
                stderr=subprocess.PIPE if capture else unread,
                timeout=seconds, preexec_fn=self.prepare, env=self.environment())
        if check and done.returncode:
            said = (done.stderr or done.stdout) if capture else host.read(log)
            raise Missing(f"{' '.join(command)[:120]}: exit {done.returncode}: "
                          f"{said.strip()[-300:]}")
        return (done.stdout or "").rstrip("\n")

    @staticmethod
    def environment():
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": "/root", "LC_ALL": "C"}

    def daemon(self, name, *command):
        """One that runs until end() or the end; its output goes to a file."""
        with open(self.log_path(name), "ab") as log:
            process = subprocess.Popen(
                self.inside(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=self.prepare, env=self.environment(), start_new_session=True)
        self.daemons.append(process)
        return process

    def log_path(self, name):
        return os.path.join(self.work, name + ".log")

    def end(self, daemon, seconds=15):
        """By SIGTERM, then by force."""
        if daemon in self.daemons:
            self.daemons.remove(daemon)
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(seconds)
        if daemon.poll() is None:
            daemon.kill()
        daemon.wait()

    def path(self, inside):
        """Where a path of the bed's is from outside."""
        return f"/proc/{self.holder.pid}/root{inside}"

    def missing(self, files):
        """Those that are not there, links followed as they are followed inside."""
        return self.run("/bin/sh", "-c", "for f; do [ -e \"$f\" ] || echo \"$f\"; done", "sh",
                        *sorted(files)).splitlines()

    def write(self, inside, text):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        host.write(self.path(inside), text)

    def copy(self, source, inside):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        shutil.copyfile(source, self.path(inside))


def memory_cgroup(pid):
    """The path of a process in the memory hierarchy."""
    unified = None
    for line in host.read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return path
        if not controllers:
            unified = path
    if unified is None:
        raise Missing(f"the memory cgroup of {pid}")
    return unified


def first_pid(directory):
    """Of a cgroup's first process: where it is a container's, init. Waited for."""
    def first():
        return min((int(pid) for pid in host.read(directory + "/cgroup.procs").split()), default=0)
    return wait_for("process in " + directory, first, 30)


def gone(pid, seconds=10):
    """Wait until a process is no more."""
    deadline = time.monotonic() + seconds
    while os.path.exists(f"/proc/{pid}"):
        if time.monotonic() > deadline:
            raise Missing(f"{pid} lives on")
        time.sleep(0.01)
