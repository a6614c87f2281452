#!/usr/bin/env python3
# needs: slowhttptest
"""slow.py - slowhttptest's four ways to be slow, 4,000 connections each, while a healthy client goes on."""

import subprocess
import time

from lib import soak

COUNT = 400 if soak.SHORT else 4000
RATE = COUNT  # new ones a second
HEALTHY_MS = 50
PROBES = 2  # that slowhttptest makes to see whether the server is there

# Way, its options, the limit that ends it.
WAYS = [
    ("slow heads, -H", ["-H", "-i", "2", "-x", "16"], 10),
    # The rate counts from the eleventh second on, and is looked at when more comes, every second second.
    ("slow bodies, -B", ["-B", "-i", "2", "-x", "16", "-s", "8192"], 13),
    ("slow readers, -X", ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3"], 30),
    ("ranges, -R", ["-R", "-a", "10", "-b", "3000"], 10),
]
PATHS = {"-B": "/upload", "-X": "/stream"}


def attack(port, options, seconds):
    url = f"http://127.0.0.1:{port}{PATHS.get(options[0], '/')}"
    # It would be on other machines: here it takes what the server and the healthy client leave of this one.
    command = ["nice", "-n", "19", "slowhttptest", "-c", str(COUNT), "-r", str(RATE), "-l", str(seconds), "-p", "3"]
    return subprocess.Popen(command + ["-u", url] + options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def play(name, options, limit):
    with_limit = limit + 1  # from when the last one comes to when it has to be gone
    server = soak.Server()
    healthy = soak.Healthy(server)
    time.sleep(0.5)
    before = server.descriptors()
    process = attack(server.port, options, limit + 60)
    most = 0
    gone = None
    begin = last = time.monotonic()
    while gone is None and time.monotonic() - begin < limit + 60:
        now = server.descriptors() - before
        if now > most:
            most = now
            last = time.monotonic()
        if now <= PROBES and time.monotonic() - begin > COUNT / RATE + 1:
            gone = time.monotonic() - last
        time.sleep(0.05)
    process.terminate()
    process.wait()
    healthy.stop(f"{name}: healthy client", HEALTHY_MS)
    counters = server.stop()
    print(f"{name}: {most} at once, {counters}", flush=True)
    soak.figure(f"{name}: slow ones are gone after", f"<= {with_limit:.0f} s",
                "never" if gone is None else f"{gone:.1f} s", gone is not None and gone <= with_limit)


def main():
    soak.descriptors()
    for way in WAYS:
        play(*way)
    soak.end()


main()
