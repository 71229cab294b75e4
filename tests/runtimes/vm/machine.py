# SPDX-License-Identifier: Apache-2.0
"""The virtual machine as a place where runtimes run: what bed.py is on this machine.

Nothing has to be removed at the end: the machine ends, and its disk is thrown away.
"""
import os
import subprocess
import time

import host
from harness import Missing, wait_for

COMMAND_SECONDS = 120  # an emulated processor is ten times slower
PAUSE_SECONDS = 1
USER = "someone"
USER_ID = 1000
USER_HOME = "/home/" + USER
USER_RUN = f"/run/user/{USER_ID}"


def wait_slowly(what, ask, seconds=COMMAND_SECONDS):
    """wait_for() with a pause before each question: a runtime's client costs a processor a second
    or two of what the runtime itself needs."""
    def after_a_pause():
        time.sleep(PAUSE_SECONDS)
        return ask()
    return wait_for(what, after_a_pause, seconds)


class Machine:
    """As a bed: inside is here."""

    def inside(self, command):
        return list(command)

    def missing(self, files):
        return [path for path in files if not os.path.exists(path)]

    def run(self, *command, check=True, env=None, capture=True):
        """
        A command as from a terminal; what it prints, without the end of line. Without capture its
        output may stay open in what it leaves running.
        """
        output = subprocess.PIPE if capture else subprocess.DEVNULL
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                              text=True, check=False, timeout=COMMAND_SECONDS,
                              env={**self.environment(), **(env or {})})
        said = (done.stderr or done.stdout or "").strip()
        if check and done.returncode:
            raise Missing(f"{' '.join(command)[:120]}: exit {done.returncode}: {said[-300:]}")
        return (done.stdout or "").rstrip("\n")

    @staticmethod
    def environment():
        # Not this service's own: podman takes INVOCATION_ID for a sign that it is a unit's program.
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": "/root", "LC_ALL": "C"}

    def write(self, path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        host.write(path, text)

    def as_user(self, *command, check=True):
        """The same as a user with a service manager and a bus of its own."""
        return self.run("setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--init-groups",
                        "env", "--chdir=" + USER_HOME, *command, check=check, env={
                            "HOME": USER_HOME, "USER": USER, "XDG_RUNTIME_DIR": USER_RUN,
                            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={USER_RUN}/bus"})

    def make_user(self):
        self.run("useradd", "--create-home", "--uid", str(USER_ID), USER)
        self.run("loginctl", "enable-linger", USER)
        wait_for("the user's bus", lambda: os.path.exists(USER_RUN + "/bus"))

    def unit_pid(self, unit):
        """The main process of a service, or 0."""
        return int(self.run("systemctl", "show", "--property=MainPID", "--value", unit))

    def restarts(self, unit):
        """systemd's own count."""
        return int(self.run("systemctl", "show", "--property=NRestarts", "--value", unit))
