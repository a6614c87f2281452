#!/usr/bin/env python3
"""run.py - runs the soaks one after another, and prints what they measured in one table.

A soak is tests/soak/NAME.py or NAME.sh. It is called with the directory of the built programs in CAIRN_SOAK_BIN, and
with --short when it has to be brief. For each of its pass figures it prints a line

    = what | limit | measured | ok          (or FAILED)

and it exits with 0, or with another status when a figure was missed. What else it prints is shown as it comes. Its line
"# needs: PACKAGE…", if it has one, names Debian packages, which ./dev soak installs."""

import argparse
import glob
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
LONGEST = 3600


def soaks():
    """NAME to file."""
    files = sorted(glob.glob(HERE + "/*.py") + glob.glob(HERE + "/*.sh"))
    return {os.path.splitext(os.path.basename(file))[0]: file for file in files}


def choose(names):
    found = soaks()
    unknown = [name for name in names if name not in found]
    if unknown:
        sys.exit(f"soak: no {', '.join(unknown)}; there are {', '.join(found)}")
    return {name: found[name] for name in names or found}


def packages(files):
    for file in files:
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("# needs: "):
                    yield from line.split()[2:]


def command(file):
    return [sys.executable, "-u", file] if file.endswith(".py") else ["bash", file]


def run(name, file, arguments):
    """The figures of one, and whether it passed."""
    print(f"\n== {name}", flush=True)
    figures = []
    begin = time.monotonic()
    with subprocess.Popen(["timeout", "-k", "10", str(LONGEST)] + command(file) + arguments,
                          stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print("   " + line, end="", flush=True)
            if line.startswith("= "):
                figures.append([name] + [part.strip() for part in line[2:].split("|")])
    passed = process.returncode == 0 and all(figure[-1] == "ok" for figure in figures)
    if not passed and all(figure[-1] == "ok" for figure in figures):
        figures.append([name, "exit status", "0", str(process.returncode), "FAILED"])
    print(f"   {'passed' if passed else 'FAILED'}, {time.monotonic() - begin:.0f} s", flush=True)
    return figures, passed


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(prog="./dev soak", description="faults and loads that take minutes")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=", ".join(soaks()))
    parser.add_argument("--short", action="store_true", help="smaller and briefer")
    parser.add_argument("--packages", action="store_true", help="say what they need, and do nothing")
    args = parser.parse_args()
    chosen = choose(args.only)
    if args.packages:
        print(*sorted(set(packages(chosen.values()))))
        return 0
    rows = [["soak", "figure", "pass", "measured", ""]]
    failed = []
    for name, file in chosen.items():
        figures, passed = run(name, file, ["--short"] if args.short else [])
        rows += [(figure + [""] * 5)[:5] for figure in figures]
        failed += [] if passed else [name]
    print()
    table(rows)
    print(f"\n{len(chosen) - len(failed)} passed, {len(failed)} failed" + (": " if failed else "") + ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
