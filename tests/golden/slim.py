#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Cut a recorded event log down to one cgroup's story, and to what may be in a repository.

usage: slim.py EVENTS.gz CGROUP NAME SECONDS [OLD=NEW ...] | gzip -9n > recorded/NAME.events.gz

Kept are the events of the cgroup at the path CGROUP and of those above it, of every process that
ever was in it, and of who sent these a signal; the counts of a snapshot are those of what is kept.
What is later than SECONDS after the start is left out, but for the stop. The cgroup is called
/shop.slice/NAME then, the host node-7; OLD=NEW replaces texts in command
lines and paths (folders of the machine that recorded).
"""
import gzip
import json
import sys

# What has no process and no cgroup, but makes the core go on.
GENERAL = {"start", "feature", "ready", "clock", "mark", "stop", "host"}
BY_CGROUP = {"cgroup_new", "cgroup_gone", "memcg", "memcg_watch", "memcg_stat", "memcg_counts",
             "identity"}
MARK_NS = 100_000_000  # marks closer than that say nothing more
HOST = {"host": "node-7", "boot_id": "0b6c5f0e-7b7b-4a63-9d55-1f0a6c1f2e3d"}


def process_of(event):
    for key in ("who", "child", "target", "victim"):
        if key in event:
            return event[key]["pid"], event[key]["start"]
    return (event["pid"], event["start"]) if "pid" in event and "start" in event else None


def memcg_of(event):
    if event["ev"] in BY_CGROUP or event["ev"] == "cgroup_attach":
        return event["id"] if "id" in event else event["level"]["id"]
    for key in ("who", "child", "target", "victim"):
        if key in event:
            return event[key].get("memcg")
    return None


def cgroups_of(events, path):
    """Ids of the cgroup and of all above it."""
    ids = {e["path"]: e["id"] for e in events if e["ev"] == "cgroup_new" and "path" in e}
    if path not in ids:
        sys.exit(f"slim.py: no cgroup {path} in this log")
    above = [path[:i] or "/" for i, c in enumerate(path) if c == "/"]
    return ids[path], {ids[p] for p in above if p in ids}


def wanted_processes(events, own):
    pids = {process_of(e) for e in events
            if memcg_of(e) == own and e["ev"] not in BY_CGROUP and process_of(e)}
    senders = {(e["sender"]["pid"], e["sender"]["start"]) for e in events
               if e["ev"] == "signal" and process_of(e) in pids}
    return pids | senders


def keep(event, own, above, pids):
    if event["ev"] in GENERAL:
        return True
    if event["ev"] in BY_CGROUP:
        return memcg_of(event) == own or memcg_of(event) in above
    if event["ev"] in ("tasks_end", "memcgs_end"):
        return True
    return process_of(event) in pids


def slim(events, own, above, pids, end):
    tasks = memcgs = 0
    marked = -MARK_NS
    for event in events:
        if not keep(event, own, above, pids) or (event["t"] > end and event["ev"] != "stop"):
            continue
        event["t"] = min(event["t"], end)
        if event["ev"] == "mark":
            if event["t"] - marked < MARK_NS:
                continue
            marked = event["t"]
        tasks += event["ev"] == "task"
        memcgs += event["ev"] == "memcg"
        if event["ev"] == "tasks_end":
            event["count"], tasks = tasks, 0
        if event["ev"] == "memcgs_end":
            event["count"], memcgs = memcgs, 0
        if event["ev"] == "start":
            event.update(HOST)
        yield event


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    source, path, name, seconds = sys.argv[1:5]
    texts = [text.split("=", 1) for text in sys.argv[5:]]
    with gzip.open(source, "rt", encoding="utf-8") as f:
        events = [json.loads(line) for line in f]
    own, above = cgroups_of(events, path)
    end = events[0]["t"] + int(float(seconds) * 1e9)
    for event in slim(events, own, above, wanted_processes(events, own), end):
        if event["ev"] == "cgroup_new":
            depth = event["path"].count("/") if event["path"] != "/" else 0
            event["path"] = (f"/shop.slice/{name}" if event["id"] == own else
                             "/" + "/".join(["shop.slice"] + ["above"] * (depth - 1)) if depth
                             else "/")
        line = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        line = line.replace(path, f"/shop.slice/{name}")
        for old, new in texts:
            line = line.replace(old, new)
        print(line)


if __name__ == "__main__":
    main()
