#!/usr/bin/env python3
"""check.py - what is counted of cairn, against baseline.json: fails where a figure has moved by more than 2 %, to
either side. With --write it becomes the baseline."""

import argparse
import json
import os
import sys

from lib import counts, machine, servers

BASELINE = os.path.join(servers.HERE, "baseline.json")
SERVERS = ("cairn", "cairn-ten")
# Of micro/.
PARTS = ("leaf.ready", "pass.10.ready", "pass.10.once", "five.ready", "five.once", "timer.arm_cancel.0",
         "timer.arm_cancel.100000", "parse.decoder.41", "parse.decoder.617", "header.hit", "header.miss", "router.10",
         "router.100", "router.1000")
WITHIN = 0.02
# What may move though the figure is 0: an allocation every hundred requests is one too many.
SLACK = {"instructions": 1.0, "allocations": 0.005, "system_calls": 0.005, "idle_bytes": 1.0}


def toolchain():
    """What the figures depend on beside cairn: they are compared where it is the same."""
    versions = machine.describe()["versions"]
    return {name: versions[name] for name in ("gcc", "libc", "libevent", "llhttp")}


def measure():
    kinds = {kind.name: kind for kind in servers.kinds()}
    figures = {}
    for name in SERVERS:
        counted = counts.count(kinds[name], 20000, 10000)
        figures[name] = {what: round(counted[what], 3) + 0.0 for what in SLACK if what in counted}
    for name in PARTS:
        figures[name] = {"instructions": round(counts.instructions_of_part(name), 3)}
    return {"toolchain": toolchain(), "figures": figures}


def compare(name, what, old, new):
    """Prints a line. Returns whether NEW is where OLD was."""
    is_good = new is not None and abs(new - old) <= max(old * WITHIN, SLACK[what])
    change = "" if new is None or not old else f" ({(new / old - 1) * 100:+.1f} %)"
    print(f"   {'ok' if is_good else 'MOVED'}: {name}: {what.replace('_', ' ')}: "
          f"{'not counted' if new is None else f'{new:g}'}, the baseline {old:g}{change}")
    return is_good


def main():
    parser = argparse.ArgumentParser(prog="./dev bench check", description=__doc__)
    parser.add_argument("--write", action="store_true", help="store what is counted now")
    args = parser.parse_args()
    now = measure()
    if args.write:
        with open(BASELINE, "w", encoding="utf-8") as file:
            json.dump(now, file, indent=2)
            file.write("\n")
        print(f"written: {os.path.relpath(BASELINE)}")
        return
    with open(BASELINE, encoding="utf-8") as file:
        baseline = json.load(file)
    results = [compare(name, what, old, now["figures"][name].get(what))
               for name, figures in baseline["figures"].items() for what, old in figures.items()]
    if all(results):
        return
    if now["toolchain"] != baseline["toolchain"]:
        print(f"The baseline is of another toolchain, {baseline['toolchain']}, not {now['toolchain']}: no verdict.")
        return
    print("Where that was meant, ./dev bench check --write stores it, to be committed with the change.")
    sys.exit(1)


if __name__ == "__main__":
    main()
