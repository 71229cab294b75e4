# SPDX-License-Identifier: Apache-2.0
"""
A workload on command: memory that is filled and given back, a file that is read over and over.

Commands on standard input, an answer a line: "fill BYTES" (of anon memory in all; "ok BYTES" when
it is there), "free" (all but a little), "read FILE" (from now on, in the background; "ok"), "eat"
(until it is stopped), "fail" (a limit of its own on the address space, and one allocation beyond
it), "count" (bytes read so far).
"""
import mmap
import os
import resource
import sys
import threading

STEP = 1 << 19
BLOCK = 1 << 15  # without readahead: no more of the cache than this is busy, and cannot go


def anon():
    with open("/proc/self/status", encoding="ascii") as f:
        line = next(line for line in f if line.startswith("RssAnon:"))
    return int(line.split()[1]) << 10


class Hog:
    def __init__(self):
        self.areas = []
        self.bytes_read = 0
        self.reading = None

    def grow(self):
        area = mmap.mmap(-1, STEP, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        for i in range(0, STEP, mmap.PAGESIZE):
            area[i] = 1
        self.areas.append(area)

    def fill(self, target):
        while anon() < int(target):
            self.grow()
        return str(anon())

    def free(self):
        while self.areas:
            self.areas.pop().close()
        return str(anon())

    def read(self, path):
        thread = threading.Thread(target=self.read_on, args=(path,), daemon=True)
        thread.start()
        return ""

    def read_on(self, path):
        block = bytearray(BLOCK)
        with open(path, "rb", buffering=0) as f:
            os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            while True:
                n = f.readinto(block)
                self.bytes_read += n
                if not n:
                    f.seek(0)

    def count(self):
        return str(self.bytes_read)

    def eat(self):
        while True:
            self.grow()

    def fail(self):
        room = 64 << 20
        with open("/proc/self/statm", encoding="ascii") as f:
            size = int(f.read().split()[0]) * mmap.PAGESIZE
        resource.setrlimit(resource.RLIMIT_AS, (size + room, size + room))
        return str(len(bytes(2 * room)))


def main():
    hog = Hog()
    for line in sys.stdin:
        command, *arguments = line.split()
        print("ok", getattr(hog, command)(*arguments), flush=True)


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread that reads for ever is not waited for
