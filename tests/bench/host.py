# SPDX-License-Identifier: Apache-2.0
"""The machine the benchmark runs on: its facts, its memory cgroups, and small ways to read /proc.

Knows nothing of tracers or of what is measured.
"""
import contextlib
import ctypes
import os
import platform
import signal
import time

PREFIX = "memwitness-bench-"
PR_SET_PDEATHSIG = 1
TRACEFS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")
_libc = ctypes.CDLL(None, use_errno=True)


def read(path, default=""):
    """The text of a small file, or default when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return default


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def facts():
    """What a reader must know to judge the numbers."""
    model = next((line.split(":", 1)[1].strip() for line in read("/proc/cpuinfo").splitlines()
                  if line.startswith(("model name", "Model"))), "unknown")
    total = next((int(line.split()[1]) * 1024 for line in read("/proc/meminfo").splitlines()
                  if line.startswith("MemTotal:")), 0)
    with contextlib.suppress(FileNotFoundError):
        mode = memory_hierarchy()[0]
        return {"kernel": platform.release(), "machine": platform.machine(), "cpu": model,
                "cpus": os.cpu_count(), "memory_bytes": total, "cgroup_memory": mode}
    return {"kernel": platform.release(), "machine": platform.machine(), "cpu": model,
            "cpus": os.cpu_count(), "memory_bytes": total, "cgroup_memory": "none"}


def load_cpu():
    """The CPU for the loops: the second, because the first serves more interrupts."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[1] if len(allowed) > 1 else allowed[0]


def tracefs():
    """Where tracepoints by name can be looked up, or None."""
    return next((d for d in TRACEFS if os.path.isdir(d + "/events/sched")), None)


def die_with_parent():
    """For preexec_fn: no tool outlives the benchmark, however that ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def mount_private_tracefs():
    """For preexec_fn: tracefs in a mount namespace of this process alone."""
    clone_newns, ms_rec, ms_private = 0x00020000, 16384, 1 << 18
    for ret in (_libc.unshare(clone_newns),
                _libc.mount(b"none", b"/", None, ms_rec | ms_private, None),
                _libc.mount(b"tracefs", TRACEFS[0].encode(), b"tracefs", 0, None)):
        if ret:
            raise OSError(ctypes.get_errno(), "private tracefs")


def memory_hierarchy():
    """('v1' or 'v2', mount point, own path in it). FileNotFoundError when there is none."""
    own = {}
    for line in read("/proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        own[controllers] = path
    mounts = [line.split() for line in read("/proc/self/mounts").splitlines()]
    for _, where, kind, options, *_ in mounts:
        if kind == "cgroup" and "memory" in options.split(","):
            path = next((p for c, p in own.items() if "memory" in c.split(",")), "/")
            return "v1", where, path
    for _, where, kind, *_ in mounts:
        if kind == "cgroup2" and "memory" in read(where + "/cgroup.controllers").split():
            return "v2", where, own.get("", "/")
    raise FileNotFoundError("no memory cgroup hierarchy is mounted")


class Cgroups:
    """A place of our own in the memory hierarchy; everything below goes when it is closed."""

    def __init__(self, prefix=PREFIX):
        self.mode, mount, own = memory_hierarchy()
        parents = [mount + own.rstrip("/"), mount]
        self.sweep(parents, prefix)
        for parent in parents:
            self.base = f"{parent}/{prefix}{os.getpid()}"
            if self._make(parent):
                return
        raise OSError(f"cannot make a memory cgroup below {' or '.join(parents)}")

    def _make(self, parent):
        """False when this parent cannot hand the controller down (v2: it has processes)."""
        if self.mode == "v2":
            try:
                write(parent + "/cgroup.subtree_control", "+memory")
            except OSError:
                return False
        os.mkdir(self.base)
        if self.mode == "v2":
            write(self.base + "/cgroup.subtree_control", "+memory")
        return True

    def make(self, name):
        """A directory below ours that may hold cgroups (v2: and then no processes)."""
        path = f"{self.base}/{name}"
        os.makedirs(path, exist_ok=True)
        if self.mode == "v2":
            write(path + "/cgroup.subtree_control", "+memory")
        return path

    def leaf(self, name):
        """A directory below ours that may hold processes."""
        path = f"{self.base}/{name}"
        os.makedirs(path, exist_ok=True)
        return path

    def close(self):
        remove_tree(self.base)

    @staticmethod
    def sweep(parents, prefix):
        """Remove what a run that was killed outright has left."""
        for parent in set(parents):
            for name in os.listdir(parent) if os.path.isdir(parent) else []:
                pid = name[len(prefix):]
                if name.startswith(prefix) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                    remove_tree(f"{parent}/{name}")


def remove_tree(base):
    """Kill what is in a cgroup of ours and below, and remove it."""
    for path, _, _ in os.walk(base, topdown=False):
        for _ in range(200):
            for pid in read(path + "/cgroup.procs").split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            try:
                os.rmdir(path)
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.005)


def cpu_seconds(pid):
    """User and system time of a process so far."""
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def status_value(pid, key):
    """A number of /proc/PID/status (kB become bytes), or None."""
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith(key + ":"):
            words = line.split()
            return int(words[1]) * (1024 if words[-1] == "kB" else 1)
    return None


def open_kinds(pid):
    """What kinds of descriptors a process holds: 'bpf-prog', '[perf_event]', '[eventpoll]' ..."""
    kinds = []
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                kinds.append(os.readlink(f"/proc/{pid}/fd/{fd}").removeprefix("anon_inode:"))
    return kinds
