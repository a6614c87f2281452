#!/usr/bin/env python3
"""micro.py - nanoseconds of CPU a call: layers and stacks of cairn and of Rust's Tower, timers, parsers, the router.
The programs run in turn, and each figure is the median of the rounds."""

import argparse
import os
import shlex
import subprocess
import sys

from lib import loads, machine, report, servers

CAIRN = os.path.join(servers.BIN, "micro")
TOWER = os.path.join(servers.BUILD, "tower", "target", "release", "tower-bench")
RESULTS = os.path.join(servers.BUILD, "micro.json")

SHARED = ("load_shed", "concurrency_limit", "rate_limit", "timeout", "retry", "map_request", "map_response",
          "map_error", "then", "and_then", "filter", "async_filter", "spawn_ready")
OWN = ("fail_fast", "gate", "fallback", "priority_queue", "deadline", "pending_requests", "peak_ewma", "adaptive_limit",
       "hedge", "circuit_breaker", "rate_limit_keyed", "balance")
STACKS = (("no layer", "leaf"), ("1 that passes all on", "pass.1"), ("5", "pass.5"), ("10", "pass.10"),
          ("load_shed, concurrency_limit, rate_limit, timeout, retry", "five"))
COUNTS = ("0", "1000", "100000")


def one_pass(program):
    """{name: ns}"""
    run = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True,
                         preexec_fn=machine.prepare(machine.CLIENT_CPU))
    return {name: float(value) for name, value in (line.split() for line in run.stdout.splitlines())}


def measure(rounds):
    programs = {"cairn": CAIRN}
    if os.access(TOWER, os.X_OK):
        programs["tower"] = TOWER
    else:
        print("   skipped: Tower and tokio: no cargo, or none of Debian's crates")
    passes = {name: [] for name in programs}
    for number in range(1, rounds + 1):
        print(f"   round {number} of {rounds}", flush=True)
        for name, program in programs.items():
            passes[name].append(one_pass(program))
    return {
        "command": shlex.join(["./dev", "bench", "micro", *sys.argv[1:]]),
        "machine": machine.describe(),
        "versions": {"tower": servers.crate("tower"), "tokio": servers.crate("tokio")},
        "rounds": rounds,
        "ns": {name: {what: loads.median([one[what] for one in taken]) for what in taken[0]}
               for name, taken in passes.items()},
        "passes": passes,
    }


class Figures:
    """What was measured, by program and name."""

    def __init__(self, results):
        self.ns = results["ns"]

    def get(self, program, name, less=None):
        """In nanoseconds, without what LESS takes; or a dash."""
        found = self.ns.get(program, {}).get(name)
        if found is None:
            return "-"
        base = self.ns[program].get(less, 0.0)
        return report.number(max(found - base, 0.0), 1)


def both(figures, name, less=False):
    """The cells of a service: cairn, Tower boxed, Tower static; ready, then pending once."""
    cells = []
    for kind in ("ready", "once"):
        leaf = f"leaf.{kind}" if less else None
        cells += [figures.get("cairn", f"{name}.{kind}", leaf), figures.get("tower", f"{name}.{kind}", leaf),
                  figures.get("tower", f"static.{name}.{kind}", leaf and "static." + leaf)]
    return cells


HEADS = ["cairn", "Tower, boxed", "Tower, static", "cairn, pending", "boxed, pending", "static, pending"]


def per_layer(figures):
    """Of the stack of ten."""
    row = []
    for kind in ("ready", "once"):
        for program, prefix in (("cairn", ""), ("tower", ""), ("tower", "static.")):
            ns = figures.ns.get(program, {})
            ten, none = ns.get(f"{prefix}pass.10.{kind}"), ns.get(f"{prefix}leaf.{kind}")
            row.append("-" if ten is None else report.number(max(ten - none, 0.0) / 10, 2))
    return row


def timer_rows(figures):
    rows = []
    for title, what in (("arm and cancel", "arm_cancel"), ("arm again, any of the pending", "rearm")):
        for owner, program, prefix in (("cairn", "cairn", "timer"), ("libevent", "cairn", "libevent"),
                                       ("tokio", "tower", "timer")):
            rows.append([f"{owner}: {title}"] + [figures.get(program, f"{prefix}.{what}.{n}") for n in COUNTS])
    return rows


def part_rows(figures):
    def cell(name):
        return figures.get("cairn", name)

    ratio = figures.ns["cairn"]["router.1000"] / figures.ns["cairn"]["router.10"]
    return [
        ["a head of 41 bytes and one field: the decoder; llhttp bare",
         f"{cell('parse.decoder.41')}; {cell('parse.llhttp.41')}"],
        ["a head of 617 bytes and 13 fields", f"{cell('parse.decoder.617')}; {cell('parse.llhttp.617')}"],
        ["to look up one of 13 fields: the last; one that is not there",
         f"{cell('header.hit')}; {cell('header.miss')}"],
        ["a router of 10 routes; 100; 1,000",
         f"{cell('router.10')}; {cell('router.100')}; {cell('router.1000')}: {ratio:.2f} times ten's"],
    ]


def tables(results):
    """[(what, heads, rows)]"""
    figures = Figures(results)
    stacks = [[title, *both(figures, name)] for title, name in STACKS]
    stacks.insert(4, ["a layer of the ten", *per_layer(figures)])
    versions = results["versions"]
    return [
        ("A call", ["layers", *HEADS], stacks),
        ("What a layer adds", ["layer", *HEADS], [[name, *both(figures, "layer." + name, True)] for name in SHARED]),
        ("Layers that Tower has not, or that cannot be built from these packages", ["layer", "ready", "pending"],
         [[name, figures.get("cairn", f"layer.{name}.ready", "leaf.ready"),
           figures.get("cairn", f"layer.{name}.once", "leaf.once")] for name in OWN]),
        (f"Timers, by how many others are pending; tokio {versions['tokio']}", ["timer", "0", "1,000", "100,000"],
         timer_rows(figures)),
        ("Parts of a request", ["part", "ns"], part_rows(figures)),
    ]


def columns(heads):
    return [(head, lambda row, i=i: row[i]) for i, head in enumerate(heads)]


def write_docs(results):
    body = "\n".join(f"{title}:\n\n{report.table(columns(heads), rows)}\n" for title, heads, rows in tables(results))
    report.replace(report.DOCS, "micro", body + "\n" + report.origin(results))
    print("written: docs/performance.md")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench micro", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="9 by default")
    parser.add_argument("--write-docs", action="store_true", help="the tables into docs/performance.md")
    parser.add_argument("--from", dest="source", metavar="FILE", help="measure nothing: show what FILE has")
    args = parser.parse_args()
    results = report.load(args.source) if args.source else measure(args.rounds)
    if not args.source:
        report.save(results, RESULTS)
    for title, heads, rows in tables(results):
        print(f"\n{title}\n{report.plain(columns(heads), rows)}")
    if args.write_docs:
        write_docs(results)


if __name__ == "__main__":
    main()
