# SPDX-License-Identifier: Apache-2.0
"""The WSGI application under test: it leaks, hangs, or hangs and cannot be told to abort.

/leak?mb=N keeps N MiB for ever; /slow sleeps; /stuck sleeps and ignores SIGABRT, which gunicorn's
master sends on a timeout, so that only its SIGKILL ends the worker. Everything answers with the
worker's pid.
"""
import ctypes
import os
import signal
import time
from urllib.parse import parse_qs

KEPT = []
SIG_IGN = ctypes.c_void_p(1)


def app(environ, start_response):
    path = environ["PATH_INFO"]
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if path == "/leak":
        # Filled, not only allocated: memory that was never touched is none.
        KEPT.append(bytearray(b"x") * (int(query["mb"][0]) << 20))
    elif path == "/stuck":
        # Not by signal.signal(): the handler of the C library is what decides.
        libc = ctypes.CDLL(None)
        libc.signal.restype = ctypes.c_void_p
        libc.signal(signal.SIGABRT, SIG_IGN)
    if path in ("/slow", "/stuck"):
        time.sleep(600)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
