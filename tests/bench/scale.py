#!/usr/bin/env python3
"""scale.py - cairn and nginx with one worker and with two, in turn, 1 to 10,000 connections, on all CPUs: with no more
than two of them the client takes its part of both."""

import argparse
import contextlib
import os
import shlex
import sys

from lib import loads, machine, report, servers

CONNECTIONS = (1, 8, 64, 512, 2000, 10000)
RESULTS = os.path.join(servers.BUILD, "scale.json")
WORKERS = (1, 2)


def kind_of(name, workers):
    if name == "nginx":
        return servers.nginx_of(workers)
    return servers.Kind("cairn", "cairn", [servers.BIN + "/cairn_hello", str(workers)])


def play(running, seconds, rounds):
    """{connections: {"cairn 1": [samples], …}}"""
    taken = {}
    for connections in CONNECTIONS:
        if connections > machine.descriptors() - 100:
            print(f"   left out: {connections} connections: only {machine.descriptors()} descriptors")
            continue
        threads = 2 if connections > 1 and len(machine.CPUS) > 1 else 1
        taken[connections] = {name: [] for name in running}
        for number in range(1, rounds + 1):
            print(f"   {connections} connections, round {number} of {rounds}", flush=True)
            for name, server in running.items():
                load = loads.Load("", "", connections)
                taken[connections][name].append(loads.sample(server, load, seconds, None, threads))
    return taken


def measure(args):
    names = ["cairn"] if servers.nginx_of(1).missing() else ["cairn", "nginx"]
    if len(names) == 1:
        print("   skipped: nginx: not installed")
    with contextlib.ExitStack() as stack:
        running = {f"{name} {workers}": stack.enter_context(servers.Running(kind_of(name, workers), cpu=None))
                   for name in names for workers in WORKERS}
        samples = play(running, args.seconds, args.rounds)
    return {"command": shlex.join(["./dev", "bench", "scale", *sys.argv[1:]]), "machine": machine.describe(),
            "names": names, "samples": samples}


def rows(results):
    """One for each server and number of connections; two / one is the median of the rounds' ratios."""
    result = []
    for connections, by_server in results["samples"].items():
        for name in results["names"]:
            one, two = by_server[f"{name} 1"], by_server[f"{name} 2"]
            row = {"server": name, "connections": int(connections),
                   "ratio": loads.median([b["req_s"] / max(a["req_s"], 1) for a, b in zip(one, two)]),
                   "errors": sum(sample["errors"] for sample in one + two)}
            for workers, samples in ((1, one), (2, two)):
                for key in ("req_s", "p50_us", "p99_us", "cpu_us"):
                    row[f"{key}_{workers}"] = loads.median([sample[key] for sample in samples])
            result.append(row)
    return result


def of(key, workers, digits=0):
    return lambda r: report.number(r[f"{key}_{workers}"], digits)


COLUMNS = [
    ("server", lambda r: r["server"]),
    ("connections", lambda r: f"{r['connections']:,}"),
    ("one worker: req/s", of("req_s", 1)),
    ("p50 / p99 us", lambda r: of("p50_us", 1)(r) + " / " + of("p99_us", 1)(r)),
    ("CPU us", of("cpu_us", 1, 2)),
    ("two: req/s", of("req_s", 2)),
    ("p50 / p99 us", lambda r: of("p50_us", 2)(r) + " / " + of("p99_us", 2)(r)),
    ("CPU us", of("cpu_us", 2, 2)),
    ("two / one", lambda r: report.number(r["ratio"], 2)),
    ("errors", lambda r: r["errors"]),
]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench scale", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each load in a round; 3 by default")
    parser.add_argument("--rounds", type=int, default=3, help="3 by default")
    parser.add_argument("--write-docs", action="store_true", help="the table into docs/performance.md")
    parser.add_argument("--from", dest="source", metavar="FILE", help="measure nothing: show what FILE has")
    args = parser.parse_args()
    results = report.load(args.source) if args.source else measure(args)
    if not args.source:
        report.save(results, RESULTS)
    print("\n" + report.plain(COLUMNS, rows(results)))
    if args.write_docs:
        report.replace(report.DOCS, "scale", report.table(COLUMNS, rows(results)) + "\n\n" + report.origin(results))
        print("written: docs/performance.md")


if __name__ == "__main__":
    main()
