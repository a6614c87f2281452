#!/usr/bin/env python3
"""life.py - servers that end, and that are replaced, under load; and a storm of signals. It is the test
tests/http/server_life_test.c with more of everything."""

import re
import subprocess

from lib import soak


def main():
    soak.descriptors()
    arguments = [] if soak.SHORT else ["soak"]
    run = subprocess.run([soak.BIN + "/life", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         check=False)
    print("".join(line for line in run.stdout.splitlines(True) if not line.startswith(("listening", "worker"))))
    for what in ("drains under load", "restarts"):
        found = re.search(rf"(\d+) {what}, (\d+) exchanges, (\d+) failed", run.stdout)
        count, exchanges, failed = found.groups() if found else ("0", "0", "?")
        soak.figure(f"{what}: {count}; requests that failed", "0", f"{failed} of {exchanges}", failed == "0")
    soak.figure("status of all tests", "0", run.returncode, run.returncode == 0)
    soak.end()


main()
