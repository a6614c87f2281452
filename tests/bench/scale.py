#!/usr/bin/env python3
"""scale.py - cairn with one worker and with two, 1 to 10,000 connections, on all CPUs: with no more than two of them
the client takes its part of both."""

import argparse
import os

from lib import loads, machine, report, servers

CONNECTIONS = (1, 8, 64, 512, 2000, 10000)


def rows(workers, seconds):
    kind = servers.Kind("cairn", "cairn", [servers.BIN + "/cairn_hello", str(workers)])
    result = []
    with servers.Running(kind, cpu=None) as server:
        for connections in CONNECTIONS:
            if connections > machine.descriptors() - 100:
                print(f"   left out: {connections} connections: only {machine.descriptors()} descriptors")
                continue
            print(f"   workers {workers}: {connections} connections", flush=True)
            threads = 2 if connections > 1 and len(machine.CPUS) > 1 else 1
            got = loads.sample(server, loads.Load("", "", connections), seconds, None, threads)
            result.append({"workers": workers, "connections": connections, **got})
    return result


COLUMNS = [
    ("workers", lambda r: r["workers"]),
    ("connections", lambda r: f"{r['connections']:,}"),
    ("req/s", lambda r: report.number(r["req_s"], 0)),
    ("p50 us", lambda r: report.number(r["p50_us"], 0)),
    ("p99 us", lambda r: report.number(r["p99_us"], 0)),
    ("CPU us a request", lambda r: report.number(r["cpu_us"], 2)),
    ("errors", lambda r: r["errors"]),
]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench scale", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="of each load; 5 by default")
    args = parser.parse_args()
    taken = [row for workers in (1, 2) for row in rows(workers, args.seconds)]
    report.save({"machine": machine.describe(), "rows": taken}, os.path.join(servers.BUILD, "scale.json"))
    print("\n" + report.plain(COLUMNS, taken))


if __name__ == "__main__":
    main()
