#!/usr/bin/env python3
# needs: wrk
"""active.py - 10,000 active connections at half the rate that the server can do."""

import re
import subprocess

from lib import soak

SECONDS = 10 if soak.SHORT else 300


def most_a_second(port, connections):
    text = subprocess.run(["wrk", "-t2", f"-c{connections}", "-d10", f"http://127.0.0.1:{port}/"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return float(re.search(r"Requests/sec:\s*([\d.]+)", text).group(1))


def main():
    count = min(500 if soak.SHORT else 10000, soak.descriptors() - 200)
    server = soak.Server()
    rate = int(most_a_second(server.port, count) / 2)
    got = soak.Pace(server.port, count, rate, SECONDS).result()
    counters = server.stop()
    print(f"{rate} a second, {counters}, {got}")
    soak.figure(f"{count} connections, {rate} requests a second, {SECONDS} s: errors", "0", got["errors"],
                got["errors"] == 0)
    soak.figure("answered of asked", got["asked"], got["answered"], got["asked"] == got["answered"] > 0)
    soak.at_most("p99", 100, got["p99_ms"], " ms")
    soak.end()


main()
