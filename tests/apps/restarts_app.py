# SPDX-License-Identifier: Apache-2.0
"""The application of the restart tests, for WSGI (app) and ASGI (asgi).

/work?ms=N takes its time; /leak?mb=N keeps memory; /slow and /stuck hang, the latter without
hearing SIGABRT; /segv reads through a null pointer; /abort calls abort(3); /exit?code=N leaves.
Everything answers with the worker's pid. RESTARTS_BOOT makes a worker end soon after it was born:
"code N" or "segv", by a thread, so that the server takes it for one that has booted.
"""
import ctypes
import os
import signal
import threading
import time
from urllib.parse import parse_qs

KEPT = []
BOOT_SECONDS = 0.2
SIG_IGN = ctypes.c_void_p(1)


def libc():
    return ctypes.CDLL(None)


def stuck():
    c = libc()
    c.signal.restype = ctypes.c_void_p
    c.signal(signal.SIGABRT, SIG_IGN)
    time.sleep(600)


def act(path, query):
    def number(name):
        return int(query[name][0])
    if path == "/work":
        time.sleep(number("ms") / 1000)
    elif path == "/leak":
        KEPT.append(bytearray(b"x") * (number("mb") << 20))
    elif path == "/slow":
        time.sleep(600)
    elif path == "/stuck":
        stuck()
    elif path == "/segv":
        ctypes.string_at(0)
    elif path == "/abort":
        libc().abort()
    elif path == "/exit":
        os._exit(number("code"))


def app(environ, start_response):
    act(environ["PATH_INFO"], parse_qs(environ.get("QUERY_STRING", "")))
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    act(scope["path"], parse_qs(scope["query_string"].decode()))
    body = str(os.getpid()).encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


def end_soon(how):
    def end():
        time.sleep(BOOT_SECONDS)
        if how == "segv":
            ctypes.string_at(0)
        os._exit(int(how.split()[1]))
    threading.Thread(target=end, daemon=True).start()


if os.environ.get("RESTARTS_BOOT"):
    end_soon(os.environ["RESTARTS_BOOT"])
