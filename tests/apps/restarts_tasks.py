# SPDX-License-Identifier: Apache-2.0
"""The celery application of the restart tests; its broker's socket is in RESTARTS_REDIS."""
import os
import time

from celery import Celery

SOCKET = os.environ["RESTARTS_REDIS"]
KEPT = []

app = Celery("restarts_tasks", broker=f"redis+socket://{SOCKET}")
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 1


@app.task
def work(seconds):
    time.sleep(seconds)


@app.task
def leak(mib):
    KEPT.append(bytearray(b"x") * (mib << 20))
    time.sleep(0.05)
