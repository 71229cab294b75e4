#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make check-runtimes: do the records name the containers of real runtimes rightly?

Why this room exists: the unit tests know the runtimes' files as they were found once. Here docker,
podman, containerd, a kubelet, runc, crun and lxc themselves run, as Debian has them, in namespaces
of their own (bed.sh) but with this machine's real cgroups; the agent watches them as it would on a
node. What a container is called, which image it has, how often it began again is known from the
command lines that started it and from the runtimes' own clients. Every record is held against
that, not only the one that was waited for.

Each scenario prints one line: ok with what was compared, or FAIL with what differs. The last line
counts them, and the exit code follows.
"""
import argparse
import fcntl
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..", "apps"), os.path.join(HERE, "..", "bench")]
# pylint: disable=wrong-import-position
import harness  # noqa: E402
import host  # noqa: E402
import image  # noqa: E402
from bed import Bed  # noqa: E402
import containerd  # noqa: E402
import docker  # noqa: E402
import kubelet  # noqa: E402
import lxc  # noqa: E402
import nested  # noqa: E402
import oci  # noqa: E402
import podman  # noqa: E402
import storm  # noqa: E402
import together  # noqa: E402

# In the order in which they run: (name, function of a Context).
GROUPS = (("docker", docker.run), ("podman", podman.run),
          ("containerd", containerd.run), ("kubelet", kubelet.run),
          ("oci", oci.run), ("lxc", lxc.run), ("nested", nested.run),
          ("outside", docker.outside), ("together", together.run), ("storm", storm.run))
# Names as a registry's server, a user's project there, and a local build have them.
IMAGES = {name: {"team": "of-the-image", "vendor": "not asked for"} for name in (
    "docker.io/library/nginx:latest", "docker.io/shop/api:1.4", "localhost/bb:1.0")}


class Context(harness.Context):
    """A run of these tests: beside the apps' the bed, and the image."""

    def __init__(self, build, work, cache):
        super().__init__(build, work)
        self.cache = cache
        self.root = os.path.join(cache, "root")
        self.kubelet = os.path.join(cache, "kubelet")
        self.bed = None
        self.archive = os.path.join(work, "image.tar")
        self.pause = os.path.join(work, "pause.tar")
        self.image_ids = {}

    def __enter__(self):
        super().__enter__()
        try:
            self.image_ids = image.write_archive(self.archive, self.root, IMAGES, image.INIT)
            image.write_archive(self.pause, self.root, {"localhost/pause:1": {}}, image.PAUSE)
            self.bed = Bed(self.root, self.work, [self.build, self.cache])
            # pylint: disable=unnecessary-dunder-call
            self.bed.__enter__()
        except BaseException:
            super().__exit__()
            raise
        return self

    def __exit__(self, *exc):
        try:
            self.bed.close()
        finally:
            super().__exit__(*exc)

    def host_root(self):
        """Options of an agent outside that sees the bed's root directory mounted somewhere."""
        return ["--host-root", self.bed.path("")]


def parse():
    parser = argparse.ArgumentParser(description="Test the records with real container runtimes.")
    parser.add_argument("--build", default="build", help="build directory (default: build)")
    parser.add_argument("group", nargs="*", metavar="GROUP",
                        help="only these: " + ", ".join(name for name, _ in GROUPS))
    options = parser.parse_args()
    unknown = set(options.group) - {name for name, _ in GROUPS}
    if unknown:
        parser.error("no such group: " + ", ".join(sorted(unknown)))
    return options


def interrupted(signum, _frame):
    signal.signal(signum, signal.SIG_IGN)  # cleaning up is not to be cut short
    raise SystemExit(128 + signum)


def cached():
    """The directory of what rootfs.sh makes, made if it is not there."""
    repository = os.path.normpath(os.path.join(HERE, "..", ".."))
    subprocess.run([os.path.join(HERE, "rootfs.sh")], check=True, stdin=subprocess.DEVNULL)
    return os.path.join(os.environ.get("MW_CACHE") or os.path.join(repository, ".cache"),
                        "runtimes")


def main():
    options = parse()
    if os.geteuid() != 0:
        print("check-runtimes runs container runtimes: it needs root", file=sys.stderr)
        return 2
    if host.memory_hierarchy()[0] != "v1":
        print("check-runtimes is for cgroup v1, which is not here; check-runtimes-vm is for v2")
        return 0
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, interrupted)
    build = os.path.abspath(options.build)
    work = os.path.join(build, "runtimes")
    try:
        cache = cached()
    except subprocess.CalledProcessError as why:
        return why.returncode
    # One run at a time: the runtimes choose the same paths. Shared, so that nobody makes the root
    # anew below this run.
    with open(os.path.join(cache, ".machine"), "w", encoding="utf-8") as alone, \
            open(os.path.join(cache, ".lock"), "a", encoding="utf-8") as lock:
        fcntl.flock(alone, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_SH)
        harness.empty_folder(work)
        with Context(build, work, cache) as ctx:
            for name, run in GROUPS:
                if not options.group or name in options.group:
                    harness.run_group(ctx, name, run)
            return ctx.report.end()


if __name__ == "__main__":
    sys.exit(main())
