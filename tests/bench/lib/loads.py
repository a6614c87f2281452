"""Loads that take time: wrk against one server, what the server used of its CPU, and how long answers took."""

import os
import re
import subprocess
import time

from lib import counts, machine, servers

# A sample that others disturbed more than this (in CPUs) counts only where there is no better one.
DISTURBED = 0.06

UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


class Load:
    def __init__(self, name, title, connections, depth=1, pairs=False):
        self.name = name
        self.title = title
        self.connections = connections
        self.depth = depth
        self.pairs = pairs  # the floor is measured again after every two servers, for a ratio


LOADS = [
    Load("64", "64 connections", 64, pairs=True),
    Load("pipelined", "64 connections, 16 pipelined", 64, depth=16, pairs=True),
    Load("512", "512 connections", 512),
    Load("1", "1 connection", 1),
]


def _microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * UNITS[unit]


def _percentile(text, percent):
    return _microseconds(re.search(rf"^ +{percent}% +(\S+)$", text, re.MULTILINE).group(1))


def _wrk(url, load, seconds, cpu, threads=1):
    command = ["wrk", "--latency", f"-t{threads}", f"-c{load.connections}", f"-d{seconds}s", "--timeout", "5s"]
    if load.depth > 1:
        lua = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipeline.lua")
        command += ["-s", lua, url, "--", str(load.depth)]
    else:
        command += [url]
    before = os.times()
    text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
                          preexec_fn=machine.prepare(cpu)).stdout
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    done = re.search(r"(\d+) requests in ([\d.]+)(m?s)", text)
    errors = sum(int(n) for line in re.findall(r"Socket errors: (.*)|Non-2xx or 3xx responses: (\d+)", text)
                 for part in line for n in re.findall(r"\d+", part))
    return {
        "requests": int(done.group(1)),
        "seconds": float(done.group(2)) / (1000 if done.group(3) == "ms" else 1),
        "errors": errors,
        "p50_us": _percentile(text, 50),
        "p90_us": _percentile(text, 90),
        "p99_us": _percentile(text, 99),
    }, used


def sample(server, load, seconds, cpu=machine.CLIENT_CPU, threads=1):
    """One run of wrk, and what it cost the server."""
    warm = max(load.connections * load.depth, 2000 if load.connections == 1 else 10000)
    counts.ask(server, warm, load.connections, load.depth)
    busy, begin = machine.busy_seconds(), time.monotonic()
    total, user = server.cpu_ns(), server.user_ns()
    got, used = _wrk(server.url(), load, seconds, cpu, threads)
    total, user = server.cpu_ns() - total, server.user_ns() - user
    took = time.monotonic() - begin
    others = (machine.busy_seconds() - busy - used - total / 1e9) / took
    requests = max(got["requests"], 1)
    return {
        "req_s": got["requests"] / got["seconds"],
        "p50_us": got["p50_us"],
        "p90_us": got["p90_us"],
        "p99_us": got["p99_us"],
        "cpu_us": total / 1e3 / requests,
        "user_us": user / 1e3 / requests,
        "errors": got["errors"],
        "others": round(max(others, 0.0), 3),
    }


def in_turn(kinds, load):
    """The order in which LOAD visits the servers: the floor is the neighbour of each of them, if it is there."""
    rest = [kind for kind in kinds if kind.name != servers.FLOOR]
    floor = [kind for kind in kinds if kind.name == servers.FLOOR]
    if not floor or not load.pairs:
        return floor + rest
    order = list(floor)
    for i in range(0, len(rest), 2):
        order += rest[i:i + 2] + floor
    return order


def play_round(running, load, seconds):
    """[(name, sample)], each with its ratio to the floor beside it where there is one."""
    order = in_turn([server.kind for server in running.values()], load)
    taken = [(kind.name, sample(running[kind.name], load, seconds)) for kind in order]
    if load.pairs:
        for i, (_, got) in enumerate(taken):
            beside = [taken[j][1] for j in (i - 1, i + 1) if 0 <= j < len(taken) and taken[j][0] == servers.FLOOR]
            if beside:
                got["ratio"] = got["cpu_us"] / (sum(b["cpu_us"] for b in beside) / len(beside))
    return taken


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def summary(samples):
    """Of each figure the median, the least and the most, of the samples that nobody disturbed, if there are any."""
    calm = [s for s in samples if s["others"] <= DISTURBED] or samples
    result = {"samples": len(samples), "disturbed": sum(s["others"] > DISTURBED for s in samples),
              "errors": sum(s["errors"] for s in samples)}
    for key in ("req_s", "p50_us", "p90_us", "p99_us", "cpu_us", "user_us", "ratio"):
        values = [s[key] for s in calm if key in s]
        if values:
            result[key] = {"median": median(values), "min": min(values), "max": max(values)}
    return result
