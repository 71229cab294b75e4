#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make check-apps: real programs run out of memory, or only seem to; do the records tell it right?

Why this room exists: tests/live holds the agent against the kernel with processes of its own
making. A user's question is about a service: gunicorn's workers, a cgroup full of page cache, a
node under a fork storm, a log that nobody reads. Here such services run on this machine's kernel,
each inside a memory cgroup with a limit, watched by the agent as it is built, started and ended as
a user would. What really happened is known from wait(2), the cgroup's files and the programs' own
logs, never from the agent. Only python3's standard library and Debian's packages are needed.

Each scenario prints one line: ok with what was compared, or FAIL with what differs. The last line
counts them, and the exit code follows. Timing decides nothing: a record is waited for until a
deadline that only a missing one reaches.
"""
import argparse
import os
import signal
import sys

import harness
import identity
import load
import names
import near_miss
import no_oom
import output
import restart
import service_oom

# In the order in which they run: (name, function of a Context).
GROUPS = (("service-oom", service_oom.run), ("no-oom", no_oom.run), ("names", names.run),
          ("identity", identity.run), ("restart", restart.run), ("near-miss", near_miss.run),
          ("output", output.run), ("load", load.run))


def parse():
    parser = argparse.ArgumentParser(description="Test the records with real programs.")
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


def main():
    options = parse()
    if os.geteuid() != 0:
        print("check-apps makes cgroups and traces: it needs root", file=sys.stderr)
        return 2
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, interrupted)
    build = os.path.abspath(options.build)
    work = os.path.join(build, "apps")
    harness.empty_folder(work)
    with harness.Context(build, work) as ctx:
        for name, run in GROUPS:
            if not options.group or name in options.group:
                harness.run_group(ctx, name, run)
        return ctx.report.end()


if __name__ == "__main__":
    sys.exit(main())
