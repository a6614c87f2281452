"""The machine: which CPU is whose, what it is called, and what others do on it."""

import datetime
import os
import platform
import resource
import subprocess

TICKS = os.sysconf("SC_CLK_TCK")
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU = CPUS[0]
CLIENT_CPU = CPUS[1] if len(CPUS) > 1 else CPUS[0]


def prepare(cpu=None):
    """For preexec_fn: on one CPU (None: on all), with as many descriptors as may be had."""

    def run():
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return run


def descriptors():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def busy_seconds():
    """What all processes together have used of the CPUs, interrupts and the host's share included."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def _first(path, start, default=""):
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(start):
                    return line.split(":", 1)[-1].strip()
    except OSError:
        pass
    return default


def output(*command):
    """The first line that COMMAND prints, or an empty text."""
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except OSError:
        return ""
    return run.stdout.strip().split("\n")[0].strip()


def package(name):
    return output("dpkg-query", "-W", "-f", "${Version}", name)


def describe():
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _first("/proc/cpuinfo", "model name", platform.machine()),
        "cpus": len(CPUS),
        "memory_kib": int(_first("/proc/meminfo", "MemTotal", "0 kB").split()[0]),
        "kernel": platform.release(),
        "versions": {
            "gcc": output("gcc", "-dumpfullversion"),
            "libc": platform.libc_ver()[1],
            "libevent": output("pkg-config", "--modversion", "libevent_core"),
            "llhttp": package("node-llhttp").split("~")[0],
            "wrk": output("wrk", "--version").split("[")[0].replace("wrk", "").strip(),
            "valgrind": output("valgrind", "--version").replace("valgrind-", ""),
        },
    }
