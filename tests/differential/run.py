#!/usr/bin/env python3
"""Our reading of HTTP/1 against those of nginx and haproxy, alone and in front of us.

    run.py --programs DIR [--payloads N] [--seed S] [--only NUMBER…] [--report FILE]

Ends with 0 when there was no difference.
"""

import argparse
import collections
import os
import resource
import signal
import sys
import tempfile
import time

import bare
import oracle
import payloads
import servers
import wire

ALONE = ("nginx_alone", "haproxy_alone", "llhttp")
BATCH = 2000
WINDOW = 1500


class Run:
    def __init__(self, options, running):
        self.options = options
        self.servers = running
        self.corpus = payloads.Corpus(options.seed)
        self.wire = wire.Wire(WINDOW, options.silence)
        self.logs = {front: oracle.Log(front) for front in oracle.FRONTS}
        self.count = 0
        self.differences = []  # (payload, difference)
        self.unconfirmed = 0
        self.refusals = collections.Counter()
        self.examples = {}
        self.by_class = collections.defaultdict(collections.Counter)
        self.messages = collections.Counter()
        self.refused = collections.Counter()
        self.unfinished = collections.Counter()  # those who wait for the rest of a message
        self.answered = collections.Counter()  # refusals of ours that came to a client

    def readings(self, batch):
        jobs = (((payload.number, target), port, payload.pieces)
                for payload in batch for target, port in self.servers.ports.items())
        made = self.wire.run(jobs)
        for (_, target), reading in made.items():
            self.answered[target] += reading.refused
        found = [{target: made[payload.number, target] for target in self.servers.ports}
                 for payload in batch]
        for name in ("llhttp", "decoder"):
            program = os.path.join(self.options.programs, "bare_" + name)
            for readings, reading in zip(found, bare.readings(program, name, batch)):
                readings[name] = reading
        return found

    def judge(self, batch):
        """The readings of BATCH, and its differences as a list for each payload, and one of those that
        belong to none."""
        found = self.readings(batch)
        time.sleep(0.05)
        for front, log in self.logs.items():
            log.next_batch()
            log.add(self.servers.witnesses[front].lines())
        self.servers.witnesses["ours"].lines()
        judged = []
        for payload, readings in zip(batch, found):
            judge = oracle.Oracle()
            judge.payload(payload.data + payloads.MARKER, readings)
            for front, log in self.logs.items():
                judge.differences += log.check(readings[front])
            judged.append(judge)
        strays = [d for log in self.logs.values() for d in log.differences + log.left()]
        return found, judged, strays

    def batch(self, batch):
        found, judged, strays = self.judge(batch)
        self.count += len(batch)
        self.differences += [(None, d) for d in strays]
        for payload, readings, judge in zip(batch, found, judged):
            if judge.differences:
                self.confirm(payload, judge.differences)
            self.add(payload, readings, judge)
        dead = self.servers.dead()
        if dead:
            raise RuntimeError("ended in the middle: %s" % ", ".join(dead))

    def confirm(self, payload, differences):
        """What a slow machine may have made is looked at again, alone and with patience."""
        if all(d.timed for d in differences):
            patient, self.wire = self.wire, wire.Wire(WINDOW, 3 * self.options.silence)
            _, judged, strays = self.judge([payload])
            self.wire = patient
            if not judged[0].differences and not strays:
                self.unconfirmed += 1
                return
            differences = judged[0].differences + strays
        for difference in differences:
            self.differences.append((payload, difference))
            print("DIFFERENCE %d (%s): %s: %s\n    %r" % (
                payload.number, payload.name, difference.kind, difference.text, payload.data[:600]), flush=True)

    def add(self, payload, readings, judge):
        for target, reading in readings.items():
            self.messages[target] += len(reading.messages)
            self.unfinished[target] += reading.end.kind == "silent"
            self.refused[target, reading.end.by] += reading.end.kind == "refused"
        pair = collections.defaultdict(set)
        for refusal in judge.refusals:
            if refusal.who == "ours" and refusal.accepts in ALONE:
                pair["ours", refusal.status, refusal.why].add(refusal.accepts)
            elif refusal.accepts == "ours":
                pair[refusal.who, refusal.status, refusal.why].add("ours")
        for key, accepting in pair.items():
            row = key + (" and ".join(sorted(accepting)),)
            self.refusals[row] += 1
            if row not in self.examples or len(payload.data) < len(self.examples[row]):
                self.examples[row] = payload.data
        if payload.number < len(self.corpus.families):
            row = self.by_class[payload.name]
            row["payloads"] += 1
            for target in ("ours",) + ALONE:
                row[target] += readings[target].end.kind == "refused"

    def write(self, out):
        print("payloads %d, of them families %d; seed %d" % (
            self.count, min(self.count, len(self.corpus.families)), self.options.seed), file=out)
        for target in self.servers.TARGETS + ("llhttp",):
            print("%-18s %8d accepted, refused: %7d by ours, %7d by the proxy; %7d end unfinished" % (
                target, self.messages[target], self.refused[target, "ours"],
                self.refused[target, "proxy"] + self.refused[target, "llhttp"],
                self.unfinished[target]), file=out)
        print("\nrefused by who, with, why, though accepted by", file=out)
        for row, count in sorted(self.refusals.items(), key=lambda item: (item[0][0], -item[1])):
            print("%7d  %-14s %3d  %-60s %s\n         %r" % (
                (count,) + row[:2] + (row[2] or "-", row[3], self.examples[row][:300])), file=out)
        print("\nclass, payloads, connections that ended with a refusal: ours, nginx, haproxy, llhttp", file=out)
        for name, row in self.by_class.items():
            print("%-18s %4d %4d %4d %4d %4d" % (
                (name, row["payloads"], row["ours"]) + tuple(row[target] for target in ALONE)), file=out)


def check_refused(run, running):
    """Behind a proxy each refusal of ours was an answer to a client: none came of a request that
    nobody sent. (An answer to a body that breaks off is one of the app, and need not arrive.)"""
    for front in oracle.FRONTS:
        witness = running.witnesses[front]
        most = witness.refused + witness.failed
        if not witness.refused <= run.answered[front] <= most:
            yield "%s: %d refused (with the app %d), answered to clients %d" % (
                front, witness.refused, most, run.answered[front])


def options_of(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--payloads", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--silence", type=float, default=1.0)
    parser.add_argument("--only", type=int, nargs="+")
    parser.add_argument("--report")
    return parser.parse_args(arguments)


def main(arguments):
    options = options_of(arguments)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end, too
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        running = servers.Servers(os.path.join(options.programs, "witness"), directory)
        try:
            running.start()
            run = Run(options, running)
            numbers = options.only or range(options.payloads)
            for at in range(0, len(numbers), BATCH):
                run.batch([run.corpus.payload(n) for n in numbers[at:at + BATCH]])
                print("%d payloads, %d differences, %d s" % (
                    run.count, len(run.differences), time.monotonic() - begun), flush=True)
        finally:
            complaints = running.stop()
        complaints += check_refused(run, running)
    for number, difference in run.differences:
        if number is None:
            print("DIFFERENCE: %s: %s" % (difference.kind, difference.text))
    for complaint in complaints:
        print(complaint)
    if options.only:
        return 0
    with open(options.report or "/dev/stdout", "w") as out:
        print("; ".join(servers.versions()), file=out)
        run.write(out)
    print("%d payloads, %d differences, %d that did not show again, %d s" % (
        run.count, len(run.differences), run.unconfirmed, time.monotonic() - begun))
    return 1 if run.differences or complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
