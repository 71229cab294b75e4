# SPDX-License-Identifier: Apache-2.0
"""What every scenario stands on: limited cgroups, the report of what was compared, and waiting.

The cgroups and small readers are the benchmark's (tests/bench/host.py); everything is removed at
the end, however that comes.
"""
import contextlib
import mmap
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "bench"))
import host  # noqa: E402

MIB = 1 << 20
SECONDS = 60  # for what has to come; reaching it is a failure by itself
SAFETY_LIMIT = 2 << 30  # of all that runs here, should a limit of a scenario not hold


class Missing(Exception):
    """What had to come did not."""


# Ends a scenario, not the run: a record of another shape than expected is among them.
BROKEN = (Missing, OSError, subprocess.SubprocessError, LookupError, TypeError, ValueError)


def wait_for(what, condition, seconds=SECONDS):
    """The first true value of condition(), or Missing."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise Missing(f"no {what} within {seconds} s")
        time.sleep(0.02)


def at(record, path, missing=None):
    """The value at a dotted path of keys, or missing."""
    for key in path.split("."):
        if not isinstance(record, dict) or key not in record:
            return missing
        record = record[key]
    return record


class Report:
    """Counts scenarios; says a line each."""

    def __init__(self):
        self.passed = self.failed = 0

    @contextlib.contextmanager
    def scenario(self, name):
        """Compare inside; what is missing or cannot be done ends the scenario, not the run."""
        s = Scenario()
        try:
            yield s
        except BROKEN as why:
            s.wrong.append(f"{type(why).__name__}: {why}")
        if s.wrong:
            self.failed += 1
            print(f"FAIL {name}: " + "; ".join(s.wrong), flush=True)
        else:
            self.passed += 1
            print(f"ok   {name}: " + ", ".join(dict.fromkeys(s.compared)), flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


class Scenario:
    """The comparisons of one scenario. what: the field or fact, as its line shall name it."""

    def __init__(self):
        self.compared = []
        self.wrong = []

    def same(self, what, got, want):
        self.true(what, got == want, f"{got!r}, not {want!r}")

    def true(self, what, holds, otherwise):
        if holds:
            self.compared.append(what)
        else:
            self.wrong.append(f"{what}: {otherwise}")

    def note(self, figure):
        """A figure that is worth knowing and decides nothing."""
        self.compared.append(figure)


class Limited:
    """A memory cgroup with a limit, no swap. name: what is no UTF-8 in it, as os.fsdecode() has it.
    """

    def __init__(self, cgroups, name, limit=0):
        self.mode = cgroups.mode
        self.dir = f"{cgroups.base}/{name}"
        os.mkdir(self.dir)
        mount = host.memory_hierarchy()[1]
        self.path = self.dir[len(mount):]  # from the hierarchy's root, as records name it
        if limit:
            set_limit(self.mode, self.dir, limit)

    def file(self, name):
        return host.read(f"{self.dir}/{name}")

    def number(self, v1, v2, key=""):
        """A number of the file of this version; key: of the line that begins with it."""
        for line in self.file(v1 if self.mode == "v1" else v2).splitlines():
            words = line.split()
            if not key or words[0] == key:
                return int(words[-1])
        raise Missing(f"{key or v1} of {self.path}")

    def usage(self):
        return self.number("memory.usage_in_bytes", "memory.current")

    def oom_kills(self):
        """The kernel's own count."""
        return self.number("memory.oom_control", "memory.events", "oom_kill")

    def refaults(self):
        """Pages of files that were reclaimed and read again; the counters of hits are not kept by
        every kernel."""
        return self.number("memory.stat", "memory.stat", "workingset_refault_file")

    def pids(self):
        return [int(pid) for pid in self.file("cgroup.procs").split()]

    def enter(self):
        """For the process itself, between fork and exec."""
        with open(f"{self.dir}/cgroup.procs", "wb", buffering=0) as f:
            f.write(b"0")

    def start(self, command, **options):
        """A program in it, which ends with this one."""
        def prepare():
            host.die_with_parent()
            self.enter()
        return subprocess.Popen(command, preexec_fn=prepare, **options)

    def remove(self):
        host.remove_tree(self.dir)


def set_limit(mode, path, limit):
    """Without swap, and read back: nothing may eat memory without a limit."""
    files = (("memory.limit_in_bytes", limit), ("memory.memsw.limit_in_bytes", limit)) \
        if mode == "v1" else (("memory.max", limit), ("memory.swap.max", 0))
    host.write(f"{path}/{files[0][0]}", str(limit))
    with contextlib.suppress(FileNotFoundError):  # where swap is not accounted there is no need
        host.write(f"{path}/{files[1][0]}", str(files[1][1]))
    if int(host.read(f"{path}/{files[0][0]}")) != limit:
        raise OSError(f"the limit of {path} was not taken")


def eat(cgroup, limit, comm=None):
    """
    A child in the cgroup touches four times its limit. (pid, wait status). It is a fork without
    exec, so that a few MiB are enough for it to begin.
    """
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            host.die_with_parent()
            cgroup.enter()
            if comm:
                with open("/proc/self/comm", "wb", buffering=0) as f:
                    f.write(comm)
            area = mmap.mmap(-1, 4 * limit, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            for i in range(0, len(area), mmap.PAGESIZE):
                area[i] = 1
        os._exit(3)
    return pid, os.waitpid(pid, 0)[1]


def empty_folder(path):
    """Made anew; what a run that was killed outright has left mounted there goes first."""
    for entry in os.scandir(path) if os.path.isdir(path) else []:
        if os.path.ismount(entry.path):
            subprocess.run(["umount", "--lazy", entry.path], check=True)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)


class Context:
    """One run of the tests: where things are, the cgroups, the report."""

    def __init__(self, build, work):
        self.build = build
        self.work = work
        self.agent = os.path.join(build, "memwitness")
        self.schema = os.path.join(work, "schema.json")
        self.report = Report()
        self.cgroups = None

    def __enter__(self):
        with open(self.schema, "w", encoding="utf-8") as f:
            subprocess.run([self.agent, "schema"], stdout=f, check=True)
        self.cgroups = host.Cgroups("memwitness-apps-")
        try:
            set_limit(self.cgroups.mode, self.cgroups.base, SAFETY_LIMIT)
        except BaseException:
            self.cgroups.close()
            raise
        return self

    def __exit__(self, *exc):
        self.cgroups.close()

    def helper(self, name):
        """A program of the benchmark's."""
        return os.path.join(self.build, "bench", name)

    @contextlib.contextmanager
    def cgroup(self, name, limit=0):
        cgroup = Limited(self.cgroups, name, limit)
        try:
            yield cgroup
        finally:
            cgroup.remove()


def run_group(ctx, name, run):
    """A group that cannot even begin is one failure, and the others go on."""
    begin = time.monotonic()
    try:
        run(ctx)
    except BROKEN as why:
        with ctx.report.scenario(name) as s:
            s.true("the group", False, f"{type(why).__name__}: {why}")
    print(f"     ({name}: {time.monotonic() - begin:.0f} s)", flush=True)
