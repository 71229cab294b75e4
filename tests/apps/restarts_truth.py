# SPDX-License-Identifier: Apache-2.0
"""What a scenario's records ought to say: the causes of the exits and the pools, from strace's
lives alone and the output contract's rule, never from the agent.

A pool is a parent and the children that it keeps; a restart is a child born in place of one that
left. What only the author of a scenario can know (planned or not, and so on) is said there.
"""
import math
import signal
import time

WINDOW_SECONDS = 10  # "the last seconds before it"
TERMINATING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGKILL)
FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
CRASHES = (*FAULTS, signal.SIGABRT)
# celery's workers that leave as planned: the code was decided before their main's SIGTERM, which
# only spares them a second's sleep (billiard's pool.py), and is no failure.
RECYCLED_CODE, RECYCLED = 155, "clean"


def sent_to_end(life):
    """Signals of other processes that lead to an end, the first one first."""
    return [s for s in life.signals if s.sender not in (0, life.pid) and
            (s.number in TERMINATING or s.number == life.signal) and
            life.ended - s.time <= WINDOW_SECONDS]


def kernel_fault(life):
    return next((s for s in life.signals if s.number in FAULTS and s.sender == 0), None)


def cause(life, members, oom_killed=()):
    """
    (cause, pid of the sender or None) of a process that has ended. members: the pids that have
    been in its cgroup; oom_killed: those that the OOM killer's count of the cgroup accounts for.
    """
    if life.pid in oom_killed:
        return "oom_killed", None
    told = sent_to_end(life)
    sender = told[0].sender if told else None
    if life.code == RECYCLED_CODE:
        return RECYCLED, sender
    # SIGABRT is no request to leave: gunicorn 23's worker makes code 0 of the SIGABRT of a timeout.
    if life.code == 0 and not any(s.number == signal.SIGABRT for s in told):
        return "clean", sender
    if life.signal in CRASHES and (not told or kernel_fault(life)):
        return "crashed", None
    if told:
        if sender == life.parent:
            return "killed_by_parent", sender
        return ("killed_by_sibling" if sender in members else "killed_by_other"), sender
    if life.signal:
        own = any(s.sender == life.pid for s in life.signals)
        return ("killed_by_self" if own else "init_died"), None
    return "failed", None


def percentile(values, share):
    """By the nearest rank, as the report has it: the value that `share` of all do not exceed."""
    values = sorted(values)
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


def status_of(restarts):
    """By the unplanned ones of the last hour."""
    return ("critical",) if restarts >= 20 else ("warning",) if restarts >= 5 else ("ok",)


class Pool:
    """
    The children of a parent, until a time that its Truth sets.

    role: as the records shall name it, None: not in the table of roles. size: how many the parent
    keeps. others: its children that are no workers. known: synchronized, boot_loop, respawn_storm,
    as the scenario was made to be; what is not claimed is left out.
    """

    def __init__(self, stage, parent, size, role, recycling, others=(), oom_killed=(), **known):
        self.trace, self.parent, self.size, self.role = stage.trace, parent, size, role
        self.others, self.oom_killed = others, oom_killed
        self.known = {"recycling": recycling, **known}
        self.until = None

    def within(self, when):
        return when is not None and (self.until is None or when <= self.until)

    def workers(self):
        return [life for life in self.trace.children(self.parent)
                if self.within(life.born) and life.pid not in self.others]

    def ended(self):
        return [life for life in self.workers() if self.within(life.ended)]

    def restarts(self):
        """Those that were born beyond the first ones, each in place of one that left."""
        return max(0, len(self.workers()) - self.size)

    def causes(self):
        """{pid: (cause, sender)}"""
        members = {life.pid for life in self.trace.all}
        return {life.pid: cause(life, members, self.oom_killed) for life in self.ended()}

    def counted(self):
        counts = {}
        for word, _ in self.causes().values():
            counts[word] = counts.get(word, 0) + 1
        return counts

    def steps(self):
        """[(when, how many live from then on)]"""
        changes = sorted([(w.born, 1) for w in self.workers()] +
                         [(w.ended, -1) for w in self.ended()])
        alive, steps = 0, []
        for when, change in changes:
            alive += change
            steps.append((when, alive))
        return steps

    def below_size_seconds(self):
        """Of the time from the first full set on, how long fewer than that lived."""
        steps = self.steps()
        full = next((i for i, (_, alive) in enumerate(steps) if alive >= self.size), None)
        if full is None:
            return 0.0
        end = self.until or steps[-1][0]
        nexts = [when for when, _ in steps[full + 1:]] + [end]
        return sum(max(0.0, after - when) for (when, alive), after in zip(steps[full:], nexts)
                   if alive < self.size)

    def respawns(self):
        """Seconds from an exit to the birth that replaced it: the k-th of each; 0 when that was there
        before, as with a reload."""
        births = sorted(w.born for w in self.workers())[self.size:]
        ends = sorted(w.ended for w in self.ended())
        return [max(0.0, born - ended) for born, ended in zip(births, ends)]

    def together(self):
        """The share of those that left within a tenth of a life of all the others' leaving."""
        ends = sorted(w.ended for w in self.ended())
        reach = (percentile(self.lifetimes(), 0.5) or 0) / 10
        near = [sum(abs(other - end) <= reach for other in ends) for end in ends]
        return sum(n >= self.size for n in near) / len(near) if near else None

    def hold_claims(self):
        """What was made to leave together, or not to, does not always: then nothing is claimed."""
        claim, share = self.known.get("synchronized"), self.together() or 0
        if (claim is True and share < 0.7) or (claim is False and share > 0.3):
            self.known["synchronized"] = None

    def advice(self):
        """Patterns of what its own figures ask for."""
        return ("jitter",) if self.known.get("synchronized") else ()

    def lifetimes(self):
        return [w.ended - w.born for w in self.ended()]

    def to_json(self):
        causes = self.causes()
        respawns, lives = self.respawns(), self.lifetimes()
        return {
            "role": self.role, "parent": {"pid": self.parent}, "size": self.size,
            "restarts": self.restarts(), "causes": self.counted(), **self.known,
            "others": sorted(self.others),
            "lifetime_seconds": {"p50": percentile(lives, 0.5), "p95": percentile(lives, 0.95)},
            "respawn_seconds": {"p50": percentile(respawns, 0.5)},
            "below_size_seconds": self.below_size_seconds(), "together": self.together(),
            "alive": self.steps()[-1][1] if self.steps() else 0,
            "workers": [{"pid": w.pid, "born": w.born, "ended": w.ended, "code": w.code,
                         "signal": w.signal, "signals": [repr(s) for s in w.signals],
                         "cause": causes.get(w.pid, (None, None))[0],
                         "sender": causes.get(w.pid, (None, None))[1]}
                        for w in self.workers()]}


class Truth:
    """Of one scenario: its pools, or why there is none, and all exits, until now.

    alarm: warning or critical, whichever, by a loop or a storm. advice: patterns of what the report
    ought to say.
    """

    def __init__(self, stage, program, pools=(), oom_killed=(), not_pools="", alarm=False,
                 advice=()):
        self.name, self.program, self.trace = stage.name, program, stage.trace.poll()
        self.pools, self.oom_killed, self.not_pools = list(pools), oom_killed, not_pools
        self.until = time.time()
        for pool in self.pools:
            pool.until = self.until
            pool.hold_claims()
        unplanned = sum(pool.restarts() for pool in self.pools
                        if pool.known["recycling"] == "unplanned")
        self.status = ("warning", "critical") if alarm else status_of(unplanned)
        self.advice = [*advice, *(words for pool in self.pools for words in pool.advice())]

    def exits(self):
        """{pid: (life, cause, sender)} of every process that has ended in time."""
        members = {life.pid for life in self.trace.all}
        return {life.pid: (life, *cause(life, members, self.oom_killed))
                for life in self.trace.all
                if life.ended is not None and life.ended <= self.until}

    def to_json(self):
        inside = {pid for pool in self.pools for pid in pool.causes()}
        return {"scenario": self.name, "program": self.program, "status": self.status,
                "until": self.until, "pools": [pool.to_json() for pool in self.pools],
                "not_pools": self.not_pools, "advice": self.advice,
                "other_exits": [{"pid": pid, "parent": life.parent, "code": life.code,
                                 "signal": life.signal, "cause": word, "sender": sender,
                                 "lifetime_seconds": life.ended - life.born,
                                 "program": life.execs[-1] if life.execs else None}
                                for pid, (life, word, sender) in self.exits().items()
                                if pid not in inside]}
