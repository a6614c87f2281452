#!/usr/bin/env python3
"""compare.py - cairn beside its peers, in one run: what a request costs each of them, in turn and in rounds, one
server process on the first CPU and the client on the second."""

import argparse
import contextlib
import shlex
import sys

from lib import counts, loads, machine, report, servers


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="3 by default")
    parser.add_argument("--seconds", type=int, default=2, help="of each load in a round; 2 by default")
    parser.add_argument("--quick", action="store_true", help="one round of one second: two minutes in all")
    parser.add_argument("--only", metavar="PEER,…", help="these, and the floor")
    parser.add_argument("--no-times", action="store_true", help="only what is counted")
    parser.add_argument("--no-counts", action="store_true", help="only what is timed")
    parser.add_argument("--write-docs", action="store_true", help="tables and charts into docs/performance.md")
    parser.add_argument("--from", dest="source", metavar="FILE", help="measure nothing: show what FILE has")
    args = parser.parse_args()
    if args.quick:
        args.rounds = args.seconds = 1
    return args


def count_all(kinds, quick):
    requests, idle = (8000, 5000) if quick else (20000, 10000)
    counted = {}
    for kind in kinds:
        print(f"   counting: {kind.name}", flush=True)
        counted[kind.name] = counts.count(kind, requests, idle)
    return counted


def time_all(kinds, rounds, seconds):
    """{name: {load: [samples]}}"""
    samples = {kind.name: {load.name: [] for load in loads.LOADS} for kind in kinds}
    for number in range(1, rounds + 1):
        with contextlib.ExitStack() as stack:
            running = {kind.name: stack.enter_context(servers.Running(kind)) for kind in kinds}
            for load in loads.LOADS:
                print(f"   round {number} of {rounds}: {load.title}", flush=True)
                for name, got in loads.play_round(running, load, seconds):
                    samples[name][load.name].append(got)
    return samples


def measure(args):
    kinds, skipped = servers.choose(args.only.split(",") if args.only else None)
    for name, why in skipped.items():
        print(f"   skipped: {name}: {why}")
    counted = {} if args.no_counts else count_all(kinds, args.quick)
    timed = {} if args.no_times else time_all(kinds, args.rounds, args.seconds)
    return {
        "command": shlex.join(["./dev", "bench", *sys.argv[1:]]),
        "machine": machine.describe(),
        "skipped": skipped,
        "servers": {
            kind.name: {
                "title": kind.title,
                "version": kind.version,
                "counts": counted.get(kind.name, {}),
                "loads": {name: loads.summary(got) for name, got in timed.get(kind.name, {}).items()},
                "samples": timed.get(kind.name, {}),
            } for kind in kinds
        },
    }


def main():
    args = arguments()
    results = report.load(args.source) if args.source else measure(args)
    if not args.source:
        report.save(results)
    report.show(results)
    if args.write_docs:
        report.write_docs(results)


if __name__ == "__main__":
    main()
