# SPDX-License-Identifier: Apache-2.0
"""What is true of the containers: told by the test's own command lines and by the runtimes'
clients, never by the agent. Records are held against it.

A fact is a dotted path in a record and its value; None: it has to be left out.
"""
import contextlib
import datetime
import time

from bed import PLACES
from harness import at

ANSWER_SECONDS = 15  # for the records of what has happened; reaching it is a failure by itself


# What changes while a container lives.
CHANGING = ("container.restart_count", "container.restart_count_source",
            "k8s.container.restart_count")
# Of a cgroup whose path names nothing, as long as no file does.
UNKNOWN = {"container.runtime": "none", "container.id": None, "container.name": None,
           "container.labels": None, "container.image": None, "k8s": None}


class Known:
    """A container. path: its memory cgroup. facts: of all of its lives. fleeting: it may be gone
    before its runtime's files were read, and then has no name, but no wrong one either."""

    def __init__(self, path, facts, fleeting=False):
        self.path = path
        self.facts = facts
        self.fleeting = fleeting
        self.lives = {}  # cgroup id: more facts, of this life

    def facts_of(self, container):
        if self.fleeting and container.get("identity_source", "path") == "path":
            return UNKNOWN
        facts = {**self.facts, **self.lives.get(container.get("cgroup_id"), {})}
        if self.lives and container.get("cgroup_id") not in self.lives:
            # One more life, which the test has not looked at.
            facts = {path: v for path, v in facts.items() if not path.startswith(CHANGING)}
        return facts


class Truth:
    """All containers that a test has started."""

    def __init__(self):
        self.known = {}  # path: Known

    def add(self, path, facts, cgroup_id=None, life=None, fleeting=False):
        """A container, or one more life of one."""
        known = self.known.setdefault(path, Known(path, facts, fleeting))
        if cgroup_id:
            known.lives[cgroup_id] = life or {}

    def of(self, container):
        """Whose it is, by its path, and where a reference has none by its id."""
        if "cgroup" in container:
            return self.known.get(container["cgroup"])
        return next((k for k in self.known.values()
                     if container.get("id") and k.facts.get("container.id") == container["id"]),
                    None)

    def stranger(self, where, container):
        """What is wrong with a container that is not known, or None."""
        path = container.get("cgroup", "")
        around = [k for k in self.known if path.startswith(k + "/")]
        if around:  # a unit of a system in a container: it has to say in which one it is
            inside = at(container, "parent.cgroup", "")
            return None if where != "container" or inside.startswith(max(around, key=len)) \
                else "it names no container around it"
        # What is elsewhere is other people's.
        if container.get("runtime", "none") in ("none", "systemd") or \
           path and path.split("/")[1] not in PLACES:
            return None
        return "a container that nobody started"


def containers(value, inside="", k8s=None):
    """(where, container, k8s or None) of all containers that a record names."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        where = f"{inside}.{key}" if inside else str(key)
        if key == "container" and isinstance(item, dict):
            yield where, item, value.get("k8s") if isinstance(value, dict) else None
        if key == "parent" and isinstance(item, dict) and "cgroup" in item:
            yield where, item, None
        elif key != "k8s" and isinstance(item, (dict, list)):
            yield from containers(item, where, k8s)


def differences(record, facts):
    """['path: got, not wanted'] of all that is not so."""
    return [f"{path}: {got!r}, not {want!r}" for path, want in facts.items()
            if (got := at(record, path)) != want]


def contradictions(record, facts):
    """The same of what is there only: what is left out says nothing wrong. A tuple: any of these.
    """
    return [f"{path}: {got!r}, not {want!r}" for path, want in facts.items()
            if (got := at(record, path)) is not None and
            (got not in want if isinstance(want, tuple) else got != want)]


# What its path has said, as long as no file has.
EARLY = ("container.runtime: 'none'", "container.identity_source: 'path'")


def check_all(s, truth, records):
    """No record says anything wrong of a container that is known, and none knows another one."""
    compared = 0
    wrong = {}
    named = set()
    for record in records:
        for where, container, k8s in containers(record):
            known = truth.of(container)
            if known is None:
                what = truth.stranger(where, container)
                if what:
                    wrong.setdefault(f"{what}: {container}", record)
                continue
            compared += 1
            facts = known.facts_of(container)
            view = {"container": container, **({"k8s": k8s} if k8s else {})}
            told = [d for d in contradictions(view, facts)
                    if record["type"] == "container_stop" or not (d.startswith(CHANGING) or (
                        d.startswith(EARLY) and container.get("cgroup_id") not in named))]
            told += forgotten(record, where, container, named)
            for what in told:
                wrong.setdefault(f"{record['type']} {where} of {known.path[:80]}: {what}", record)
    for what, record in list(wrong.items())[:5]:
        s.true(f"seq {record['seq']}: {what}", False, "in " + record["time"])
    if len(wrong) > 5:
        s.true("and more", False, f"{len(wrong) - 5} times")
    s.true(f"{compared} containers of {len(records)} records", compared, "none was compared")


def forgotten(record, where, container, named):
    """Once a life was called by its name, no later record leaves that out."""
    if where != "container" or "cgroup_id" not in container:
        return []
    if "name" in container:
        named.add(container["cgroup_id"])
        return []
    return [f"name: it was known, and is left out in {record['type']}"] \
        if container["cgroup_id"] in named else []


def expect(s, agent, what, kind, wanted, facts):
    """
    Wait for a record of this kind that is wanted and says all of the facts. The record, or None
    when the scenario says what is different in the last that came.
    """
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        found = agent.all(kind, wanted)
        right = next((r for r in found if not differences(r, facts)), None)
        if right or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    if right:
        for path in facts:
            s.note(path)
        return right
    if not found:
        s.true(f"{what} {kind}", False, "there is none")
    for d in differences(found[-1], facts) if found else []:
        s.true(f"{what} {kind} {d.split(':', 1)[0]}", False, d.split(":", 1)[1].strip())
    return None


def of_life(cgroup_id):
    return lambda r: at(r, "container.cgroup_id") == cgroup_id


def of_path(path):
    return lambda r: at(r, "container.cgroup") == path


def seconds_of(text):
    """RFC 3339 with any number of digits as seconds since the epoch."""
    whole, _, rest = text.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    digits = ""
    with contextlib.suppress(ValueError):
        digits = str(int("1" + "".join(c for c in rest if c.isdigit())))[1:]
    return moment.timestamp() + (float("0." + digits) if digits else 0.0)
