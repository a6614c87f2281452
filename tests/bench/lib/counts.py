"""What can be counted exactly: instructions, allocations, system calls, bytes of an idle connection."""

import mmap
import os
import re
import shutil
import struct
import subprocess
import tempfile

from lib import machine, servers

CLIENT = servers.BIN + "/client"
CONNECTIONS = 64


def ask(server, requests, connections=CONNECTIONS, depth=1):
    """Makes exactly that many REQUESTS."""
    run = subprocess.run([CLIENT, str(server.port), str(connections), str(requests), str(depth)],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                         preexec_fn=machine.prepare(machine.CLIENT_CPU))
    if run.returncode != 0 or int(run.stdout) != requests:
        raise RuntimeError(f"{server.kind.name}: {run.stderr.strip() or 'requests were not answered'}")


def _collected(kind, requests):
    tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    with servers.Running(kind, wrapper=tool) as server:
        ask(server, requests)
        found = re.search(r"Collected : (\d+)", server.stop())
    if not found:
        raise RuntimeError("callgrind counted nothing")
    return int(found.group(1))


def instructions(kind, requests):
    """Of one request, in user space. Two loads: what the start, the end and the connections cost falls out."""
    few = requests // 4
    return (_collected(kind, requests) - _collected(kind, few)) / (requests - few)


def instructions_of_part(name):
    """Of one call of a part that micro/ knows, the same way."""
    few, many = 1000, 5000
    seen = []
    for calls in (few, many):
        run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", servers.BIN + "/micro",
                              "--only", name, str(calls)], stderr=subprocess.PIPE, text=True, check=True)
        seen.append(int(re.search(r"Collected : (\d+)", run.stderr).group(1)))
    return (seen[1] - seen[0]) / (many - few)


def allocations(kind, requests):
    """(calls that allocate, calls of free, bytes) of one request, once it is warm. Two loads again: both open
    their connections."""
    few = requests // 4
    with tempfile.NamedTemporaryFile() as shared:
        shared.write(bytes(24))
        shared.flush()
        env = {"LD_PRELOAD": servers.BIN + "/count_allocs.so", "CAIRN_BENCH_COUNTS": shared.name}
        with servers.Running(kind, env=env) as server, mmap.mmap(shared.fileno(), 24) as counts:
            seen = []
            for load in (few, few, requests):
                ask(server, load)
                seen.append(struct.unpack("QQQ", counts[:24]))
    if not seen[0][0]:
        raise RuntimeError("the counter was not loaded")
    return [((c - b) - (b - a)) / (requests - few) for a, b, c in zip(*seen)]


def _calls(kind, requests):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "strace")
        with servers.Running(kind, wrapper=["strace", "-f", "-c", "-o", path]) as server:
            ask(server, requests)
            server.stop()
        with open(path, encoding="utf-8") as file:
            rows = [line.split() for line in file]
    return {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[3].isdigit() and row[-1] != "total"}


def system_calls(kind, requests):
    """{name: calls for one request}, those that round to a hundredth or more."""
    few = requests // 4
    small, large = _calls(kind, few), _calls(kind, requests)
    each = {name: (count - small.get(name, 0)) / (requests - few) for name, count in large.items()}
    return {name: value for name, value in sorted(each.items()) if value >= 0.005}


def idle_bytes(kind, connections):
    """Of memory of its own for each of that many idle connections, which had one request each; and how many
    connections there were."""
    connections = min(connections, machine.descriptors() - 100, kind.most)
    with servers.Running(kind) as server:
        ask(server, 20000)
        before = server.anonymous_bytes()
        command = [CLIENT, "--hold", str(server.port), str(connections), str(connections)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              preexec_fn=machine.prepare(machine.CLIENT_CPU)) as client:
            if int(client.stdout.readline() or 0) != connections:
                raise RuntimeError(f"{kind.name} does not take {connections} connections")
            after = server.anonymous_bytes()
            client.stdin.close()
    return (after - before) / connections, connections


def have(tool):
    return shutil.which(tool) is not None


def count(kind, requests, idle):
    """All of it, for one server; what cannot be counted is left out, and said."""
    result = {}

    def attempt(what, tool, measure):
        if tool and not have(tool):
            return
        try:
            result.update(measure())
        except (RuntimeError, OSError, ValueError, IndexError) as error:
            print(f"   {kind.name}: {what} not counted: {str(error).strip().splitlines()[-1]}")

    def calls():
        each = system_calls(kind, requests)
        return {"system_calls": sum(each.values()), "system_calls_each": each}

    def allocated():
        made, freed, size = allocations(kind, requests)
        return {"allocations": made, "frees": freed, "allocated_bytes": size}

    def memory():
        size, connections = idle_bytes(kind, idle)
        return {"idle_bytes": size, "idle_connections": connections}

    attempt("instructions", "valgrind", lambda: {"instructions": instructions(kind, requests)})
    attempt("system calls", "strace", calls)
    attempt("allocations", None, allocated)
    attempt("idle connections", None, memory)
    return result
