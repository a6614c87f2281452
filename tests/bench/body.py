#!/usr/bin/env python3
"""body.py - what a large body costs a server's CPU, beside nginx and hyper: each pair of transfers back to back, and
the ratio of the two."""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile

from lib import loads, machine, report, servers

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
JSON_BYTES = 64 * KIB
RESULTS = os.path.join(servers.BUILD, "body.json")


class Transfer:
    def __init__(self, title, path, size, verb="get", nginx=None):
        self.title = title
        self.path = path
        self.size = size
        self.verb = verb
        self.nginx = nginx  # the path there, None: nginx has nothing like it


def transfers(large):
    both = [("1 MiB", MIB, "1m"), (f"{large // MIB} MiB", large, "large")]
    result = []
    for name, size, file in both:
        result += [
            Transfer(f"down, {name} of memory", f"/bytes/{size}", size),
            Transfer(f"down, {name} streamed", f"/stream/{size}", size, nginx=f"/read/{file}"),
            Transfer(f"down, {name} of a file", f"/file/{file}", size, nginx=f"/file/{file}"),
            Transfer(f"up, {name} thrown away", "/upload", size, "post", nginx="/upload"),
        ]
    return result + [Transfer("down, 64 KiB of JSON written for each request", "/json", JSON_BYTES, nginx="/file/json")]


def kinds(folder):
    nginx = next(kind for kind in servers.kinds() if kind.name == "nginx")
    return [
        servers.Kind("cairn", "cairn", [servers.BIN + "/cairn_body", folder]),
        servers.Kind("hyper", "hyper", [servers.HYPER, "body", folder]),
        nginx,
    ]


def make_files(folder, large):
    for name, size in (("1m", MIB), ("large", large), ("json", JSON_BYTES)):
        with open(os.path.join(folder, name), "wb") as file:
            for at in range(0, size, MIB):
                file.write(bytes(min(MIB, size - at)))


def offered(kind, wanted):
    """nginx has bodies of files alone."""
    return [what for what in wanted if kind.name != "nginx" or what.nginx]


def transfer(server, what, path, count):
    """CPU nanoseconds a byte."""
    command = [servers.BIN + "/transfer", str(server.port), what.verb, path, str(count), str(what.size)]
    before = server.cpu_ns()
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                         preexec_fn=machine.prepare(machine.CLIENT_CPU))
    if run.returncode != 0:
        raise RuntimeError(f"{server.kind.name}: {path}: {run.stderr.strip()}")
    return (server.cpu_ns() - before) / int(run.stdout)


def pairs(cairn, peer, what, count, rounds):
    """The median ratio cairn / peer, and the medians of both."""
    path = what.nginx if peer.kind.name == "nginx" else what.path
    transfer(cairn, what, what.path, 1)
    transfer(peer, what, path, 1)
    taken = [(transfer(cairn, what, what.path, count), transfer(peer, what, path, count)) for _ in range(rounds)]
    ratios = [a / b for a, b in taken]
    return {"ratio": loads.median(ratios), "min": min(ratios), "max": max(ratios),
            "cairn_ns": loads.median([a for a, _ in taken]), "peer_ns": loads.median([b for _, b in taken])}


def measure(args):
    large = args.large * MIB
    rows = []
    with tempfile.TemporaryDirectory(prefix="cairn-bench-", dir=servers.BUILD) as folder:
        make_files(folder, large)
        cairn_kind, *peer_kinds = kinds(folder)
        for kind in peer_kinds:
            if kind.missing():
                print(f"   skipped: {kind.name}: {kind.missing()}")
        with servers.Running(cairn_kind) as cairn:
            for kind in [kind for kind in peer_kinds if not kind.missing()]:
                with servers.Running(kind, folder=folder if kind.conf else None) as peer:
                    for what in offered(kind, transfers(large)):
                        count = max(1, min(2000, args.megabytes * MIB // what.size))
                        print(f"   {kind.name}: {what.title}", flush=True)
                        got = pairs(cairn, peer, what, count, args.rounds)
                        rows.append({"what": what.title, "peer": kind.name, "size": what.size, **got})
    return rows


COLUMNS = [
    ("body", lambda r: r["what"]),
    ("peer", lambda r: r["peer"]),
    ("cairn / peer", lambda r: f"{r['ratio']:.2f} ({r['min']:.2f}-{r['max']:.2f})"),
    ("cairn, CPU us a MiB", lambda r: report.number(r["cairn_ns"] * MIB / 1000, 0)),
    ("peer, CPU us a MiB", lambda r: report.number(r["peer_ns"] * MIB / 1000, 0)),
]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench body", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs; 5 by default")
    parser.add_argument("--large", type=int, default=1024, metavar="MIB", help="the large body; 1024 by default")
    parser.add_argument("--megabytes", type=int, default=512, metavar="MIB", help="of a transfer; 512 by default")
    parser.add_argument("--write-docs", action="store_true", help="the table into docs/performance.md")
    parser.add_argument("--from", dest="source", metavar="FILE", help="measure nothing: show what FILE has")
    args = parser.parse_args()
    os.makedirs(servers.BUILD, exist_ok=True)
    if args.source:
        results = report.load(args.source)
    else:
        results = {"command": shlex.join(["./dev", "bench", "body", *sys.argv[1:]]), "machine": machine.describe(),
                   "rows": measure(args)}
        report.save(results, RESULTS)
    print("\n" + report.plain(COLUMNS, results["rows"]))
    if args.write_docs:
        report.replace(report.DOCS, "body", report.table(COLUMNS, results["rows"]) + "\n\n" + report.origin(results))
        print("written: docs/performance.md")


if __name__ == "__main__":
    main()
