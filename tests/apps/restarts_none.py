# SPDX-License-Identifier: Apache-2.0
"""Parents with children that come and go and are no pools: loops, jobs, probes, connections."""
import os
import socket
import sys
import time

from harness import wait_for
from restarts_stage import Load
from restarts_truth import Truth

JOBS = 48
MAKEFILE = """
all: {objects}
%.o: %.c
	cc -O1 -c -o $@ $<
"""
C_FILE = """
#include <stdio.h>
int f{i}(int x) {{ return printf("%d", x); }}
"""
CRON = """
import subprocess, time
while True:
    subprocess.run(["/bin/sh", "-c", "sleep 0.2; true"])
    time.sleep(1)
"""
INETD = """
import os, socketserver, sys, socket, time
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()
        time.sleep(0.1)
        body = str(os.getpid()).encode()
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body))
        self.wfile.write(body)
class Server(socketserver.ForkingTCPServer):
    def __init__(self, fd):
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=fd)
Server(int(sys.argv[1])).serve_forever(0.2)
"""


def truth(stage, program, why):
    return Truth(stage, program, not_pools=why)


def loop(stage, text, seconds):
    """A container whose command is a shell's loop."""
    stage.start(["/bin/sh", "-c", text])
    time.sleep(seconds)
    return truth(stage, "sh", "a shell that runs one command after the other")


def script_waits(stage):
    """An executable script is no "sh" by its name, and grep fails again and again."""
    path = stage.file("wait.sh", "#!/bin/sh\nuntil grep -q x /dev/null; do sleep 0.5; done\n")
    os.chmod(path, 0o755)
    stage.start([path])
    time.sleep(8)
    return truth(stage, "sh", "a script that waits")


def health_checks(stage):
    """Put into the container from outside, as runtimes do; its own program forks nothing."""
    stage.start(["/bin/sleep", "600"])
    for _ in range(6):
        stage.cgroup.start(["/bin/sh", "-c", "sleep 0.05"]).wait()
        time.sleep(1.95)
    return truth(stage, "sleep", "health checks from outside")


def build(stage):
    objects = []
    for i in range(JOBS):
        stage.file(f"f{i}.c", C_FILE.format(i=i))
        objects.append(f"f{i}.o")
    stage.file("Makefile", MAKEFILE.format(objects=" ".join(objects)))
    stage.start(["/usr/bin/make", "-j4", "-C", stage.dir], env=stage.environment())
    stage.wait_over()
    return truth(stage, "make", "jobs of a build")


def cron(stage):
    stage.start([sys.executable, "-c", CRON])
    time.sleep(12)
    return truth(stage, "python3", "a job that is run now and then")


def connections(stage):
    web = stage.listen()
    stage.start([sys.executable, "-c", INETD, str(web.fd())], pass_fds=[web.fd()])
    with Load(web, "/", 2, pause=0.3):
        time.sleep(8)
    return truth(stage, "python3", "a child for each connection")


def snapshots(stage):
    """redis writes its memory to disk from a child, now and then."""
    path = stage.path("redis.sock")
    stage.start(["/usr/bin/redis-server", "--port", "0", "--unixsocket", path, "--dir", stage.dir,
                 "--save", "", "--logfile", stage.path("log")])

    def connected():
        s = socket.socket(socket.AF_UNIX)
        if s.connect_ex(path) == 0:
            return s
        s.close()
        return None
    with wait_for("redis", connected) as s:
        for n in range(1, 6):
            s.sendall(b"BGSAVE\r\n")
            stage.wait_ended(n)
            time.sleep(1.5)
    return truth(stage, "redis-server", "a child that writes a snapshot")


def scenarios():
    quick = "while :; do /bin/true; sleep 0.1; done"
    yield "none-shell-quick", lambda stage: loop(stage, quick, 8), None
    yield "none-shell-slow", lambda stage: loop(stage, "while :; do sleep 3; done", 14), None
    yield "none-script-waits", script_waits, None
    yield "none-health-checks", health_checks, None
    yield "none-build", build, None
    yield "none-cron", cron, None
    yield "none-connections", connections, None
    yield "none-redis-bgsave", snapshots, None
