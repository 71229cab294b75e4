#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make check-restarts: real programs lose their workers; do the records tell how, why and by whom?

Why this room exists: services keep children and replace them, for good reasons and bad ones, and
only the program's own log tells which, when it does. Here the services of Debian live through every
such end that they know, each in a memory cgroup of its own, a few at a time, watched by one agent.
What really happened is known from strace, which stays outside of the cgroups.

Each scenario prints one line: ok with what was compared, or FAIL with what differs. At the end come
the causes of all exits, as they were against as they were told, and the counts of scenarios.

--record DIR plays one at a time, each with an agent of its own, and keeps in DIR its event log and
its truth, for tests that replay them.
"""
import argparse
import concurrent.futures
import gzip
import json
import os
import shutil
import signal
import sys
import threading
import time

import apps
import harness
import restarts_celery
import restarts_gunicorn
import restarts_none
import restarts_supervisord
import restarts_uvicorn
import restarts_web
from agent import Agent
from restarts_compare import Matrix, compare_exits, compare_report
from restarts_stage import Stage

ROOMS = (restarts_gunicorn, restarts_uvicorn, restarts_celery, restarts_supervisord, restarts_web,
         restarts_none)
AT_A_TIME = 3
SETTLE_SECONDS = 3  # more than a report interval: what is counted by then is told by then


def parse():
    parser = argparse.ArgumentParser(description="Test the records of restarts.")
    parser.add_argument("--build", default="build", help="build directory (default: build)")
    parser.add_argument("--record", metavar="DIR", help="keep event logs and truths in DIR")
    parser.add_argument("--exits-only", action="store_true",
                        help="compare process_exit alone, not restart_report")
    parser.add_argument("name", nargs="*", metavar="NAME", help="only scenarios with this in it")
    return parser.parse_args()


class Played:
    """One scenario that has been played: its truth, or why there is none, and when."""

    def __init__(self, name):
        self.name = name
        self.truth = self.why = self.path = self.strace = None
        self.seconds = self.later = 0.0


def play(ctx, over, name, run, limit):
    played = Played(name)
    begin = time.time()
    try:
        with Stage(ctx, name, over, limit) as stage:
            played.path, played.strace = stage.cgroup.path, stage.path("strace")
            played.truth = run(stage)
            over.wait(SETTLE_SECONDS)
            played.truth.trace.poll()
            played.later = time.time()
    except harness.BROKEN as why:
        played.why = f"{type(why).__name__}: {why}"
    played.seconds = time.time() - begin
    return played


def play_all(ctx, chosen):
    """A few at a time. Ending early ends all of them."""
    over = threading.Event()
    with Agent(ctx, "restarts", "--all-exits") as agent, \
            concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        try:
            plays = [pool.submit(play, ctx, over, *one) for one in chosen]
            for done in concurrent.futures.as_completed(plays):
                played = done.result()
                print(f"     played {played.name} in {played.seconds:.0f} s", flush=True)
        except BaseException:
            over.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [(done.result(), agent.records) for done in plays]


def play_recorded(ctx, chosen, folder):
    for one in chosen:
        log = os.path.join(ctx.work, one[0] + ".events.gz")
        with Agent(ctx, one[0], "--all-exits", "--record", log) as agent:
            played = play(ctx, threading.Event(), *one)
        if played.truth:
            keep(played, log, os.path.join(folder, played.name))
        yield played, agent.records


def keep(played, log, folder):
    os.makedirs(folder, exist_ok=True)
    shutil.copy(log, os.path.join(folder, "events.gz"))
    with gzip.open(os.path.join(folder, "strace.gz"), "wt") as f, \
            open(played.strace, encoding="utf-8") as strace:
        f.write(strace.read())
    with open(os.path.join(folder, "truth.json"), "w", encoding="utf-8") as f:
        json.dump({**played.truth.to_json(), "cgroup": played.path, "later": played.later}, f,
                  indent=1)


def compare(ctx, played, records, matrix, reports):
    with ctx.report.scenario("restarts/" + played.name) as s:
        s.same("played to its end", played.why, None)
        if played.truth:
            compare_exits(s, played.truth, records, played.path, matrix)
            if reports:
                compare_report(s, played.truth, records, played.path, played.later)


def main():
    options = parse()
    chosen = [one for room in ROOMS for one in room.scenarios()
              if not options.name or any(name in one[0] for name in options.name)]
    if os.geteuid() != 0 or not chosen:
        print("check-restarts makes cgroups and traces: it needs root" if chosen else
              "no such scenario", file=sys.stderr)
        return 2
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, apps.interrupted)
    build = os.path.abspath(options.build)
    work = os.path.join(build, "restarts")
    harness.empty_folder(work)
    matrix = Matrix()
    with harness.Context(build, work) as ctx:
        played = play_recorded(ctx, chosen, options.record) if options.record else \
            play_all(ctx, chosen)
        for one, records in played:
            compare(ctx, one, records, matrix, not options.exits_only)
        matrix.show()
        return ctx.report.end()


if __name__ == "__main__":
    sys.exit(main())
