"""What the soaks share: pass figures, the server they are against, and the client that must not suffer."""

import atexit
import json
import os
import re
import resource
import subprocess
import sys
import time

BIN = os.environ.get("CAIRN_SOAK_BIN", os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.dirname(os.path.abspath(__file__))))), "build", "release", "tests", "soak"))
SHORT = "--short" in sys.argv[1:]
SLACK = 5 if SHORT else 1  # of times: a short run may be a test under a sanitizer, beside others
failures = []


def descriptors():
    """Raises the limit of this process and its children as far as it goes. Returns it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def figure(what, limit, measured, passed):
    print(f"= {what} | {limit} | {measured} | {'ok' if passed else 'FAILED'}", flush=True)
    if not passed:
        failures.append(what)


def at_most(what, limit, measured, unit=""):
    figure(what, f"<= {limit:g}{unit}", f"{measured:.4g}{unit}", measured <= limit)


def end():
    sys.exit(1 if failures else 0)


class Server:
    """tests/soak/server.c with limits by name, as in Server(head_ms=10000)."""

    def __init__(self, prefix=(), **limits):
        arguments = [f"{name}={value}" for name, value in limits.items()]
        self.process = subprocess.Popen([*prefix, BIN + "/server", *arguments], stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.port = int(re.search(r"port (\d+)", self.process.stderr.readline()).group(1))
        self.pid = self.process.pid

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def switches(self):
        """How often its threads went to sleep, and so were woken."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="ascii") as status:
                total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read(), re.M).group(1))
        return total

    def rss_kb(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"^VmRSS:\s*(\d+)", status.read(), re.M).group(1))

    def stop(self):
        """Drains it. Returns its counters, its exit status as `status`, and how many `lines` it has said."""
        self.process.terminate()
        text = self.process.communicate(timeout=60)[1]
        counters = {"status": self.process.returncode}
        said, _, printed = text.partition("worker 0:")
        for name, value in re.findall(r"(\w+)=(\d+)", printed):
            counters[name] = counters.get(name, 0) + int(value)
        counters["lines"] = said.count("\n")
        return counters


class Pace:
    """tests/soak/pace.c: CONNECTIONS that ask RATE times a second in all, however long answers take."""

    def __init__(self, port, connections, rate, seconds):
        self.process = subprocess.Popen([BIN + "/pace", str(port), str(connections), str(rate), str(seconds)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)

    def stop(self):
        """Ends it early, with what it has."""
        self.process.stdin.close()
        return self.result()

    def result(self):
        text = self.process.stdout.read()
        self.process.wait()
        return json.loads(text)


class Healthy:
    """A client that must not suffer, and one like it of a server that nothing is done to: what both suffer is the
    machine's."""

    def __init__(self, server, connections=1, rate=200):
        self.control = Server()
        self.beside = Pace(self.control.port, connections, rate, 3600)
        self.client = Pace(server.port, connections, rate, 3600)

    def stop(self, name, limit_ms):
        """Its figures: the 99th percentile beyond that of the other, and errors."""
        got = self.client.stop()
        beside = self.beside.stop()
        self.control.stop()
        print(f"healthy client: {got}\nuntouched: {beside}", flush=True)
        limit_ms *= SLACK
        beyond = max(0, got["p99_ms"] - beside["p99_ms"])
        figure(f"{name}, p99 beyond an untouched server's", f"<= {limit_ms} ms",
               f"{beyond:.1f} ms ({got['p99_ms']:.1f} - {beside['p99_ms']:.1f})", beyond <= limit_ms)
        figure(f"{name}, errors", "0", got["errors"], got["errors"] == 0 and got["answered"] > 0)


def wait_until(condition, seconds, step=0.02):
    """How long it took until CONDITION held, or None when SECONDS were not enough."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if condition():
            return time.monotonic() - begin
        time.sleep(step)
    return None
