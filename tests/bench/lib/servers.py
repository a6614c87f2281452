"""The servers that are compared, and how one of them is started, found and ended."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from lib import machine

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "bench")
BIN = os.path.join(ROOT, "build", "release", "tests", "bench")
HYPER = os.path.join(BUILD, "hyper", "target", "release", "hyper-peer")
FLOOR = "epoll"


def program(name):
    """A program of the system, or one that was unpacked beneath build/bench/root."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:" + os.path.join(BUILD, "root", "usr", "sbin")
    return shutil.which(name, path=path)


class Kind:
    """One of the servers. COMMAND may have @PORT@, @DIR@ and @CONF@ in it; one without @CONF@ takes a free port
    and prints "listening on http://…:PORT" on standard error."""

    def __init__(self, name, title, command, conf=None, version="", most=1000000, workers=1):
        self.name = name
        self.title = title
        self.command = command
        self.conf = conf
        self.version = version
        self.most = most  # connections at once
        self.workers = workers  # of one that takes a CONF

    def missing(self):
        """Why it cannot run, or None."""
        path = self.command[0]
        return None if path and os.access(path, os.X_OK) else "not installed, or not built"


def crate(name):
    try:
        names = os.listdir("/usr/share/cargo/registry")
    except OSError:
        return ""
    return next((n[len(name) + 1:] for n in names if re.fullmatch(re.escape(name) + r"-\d[\d.]*", n)), "")


def version_in(text):
    found = re.search(r"\d+\.\d+(\.\d+)?", text)
    return found.group() if found else ""


def kinds():
    """All of them, the floor first. What is shown is in this order too."""
    nginx = program("nginx")
    haproxy = program("haproxy")
    libevent = version_in(machine.output("pkg-config", "--modversion", "libevent_core"))
    return [
        Kind("epoll", "floor: epoll and llhttp", [BIN + "/epoll_llhttp"]),
        Kind("libevent", "floor: libevent's events and llhttp", [BIN + "/libevent_llhttp"]),
        Kind("cairn", "cairn, a router", [BIN + "/cairn_hello"]),
        Kind("cairn-ten", "cairn, a router and ten layers", [BIN + "/cairn_ten"]),
        Kind("hyper", "hyper", [HYPER, "hello"], version=crate("hyper")),
        Kind("hyper-tower", "hyper and six layers of Tower", [HYPER, "tower"], version=crate("tower")),
        Kind("h2o", "libh2o", [BIN + "/h2o_hello"], version=version_in(machine.package("libh2o-evloop-dev"))),
        Kind("nginx", "nginx", [nginx, "-e", "stderr", "-p", "@DIR@", "-c", "@CONF@"], "nginx.conf",
             version_in(machine.output(nginx, "-v")) if nginx else ""),
        Kind("haproxy", "haproxy", [haproxy, "-db", "-f", "@CONF@"], "haproxy.cfg",
             version_in(machine.output(haproxy, "-v")) if haproxy else "", most=9800),
        Kind("evhttp", "evhttp, of libevent", [BIN + "/evhttp_hello"], version=libevent),
    ]


def nginx_of(workers):
    """With as many workers, each with a listening socket of its own, as cairn's have."""
    kind = next(kind for kind in kinds() if kind.name == "nginx")
    kind.workers = workers
    return kind


def choose(only):
    """The kinds that ONLY (a list, or None for all) names and that can run; and {name: why not}."""
    all_kinds = kinds()
    names = [kind.name for kind in all_kinds]
    unknown = [name for name in only or [] if name not in names]
    if unknown:
        raise SystemExit(f"bench: no peer {', '.join(unknown)}; there are {', '.join(names)}")
    wanted = [kind for kind in all_kinds if not only or kind.name in only or kind.name == FLOOR]
    skipped = {kind.name: kind.missing() for kind in wanted if kind.missing()}
    return [kind for kind in wanted if kind.name not in skipped], skipped


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Running:
    """A server that runs. Use it in a `with`."""

    def __init__(self, kind, wrapper=(), env=None, cpu=machine.SERVER_CPU, extra=(), folder=None):
        self.kind = kind
        self.dir = tempfile.mkdtemp(prefix="cairn-bench-")
        self.last = None
        self.log_path = os.path.join(self.dir, "log")
        self.port = free_port() if kind.conf else None
        fill = {"@DIR@": folder or self.dir, "@PORT@": str(self.port), "@CONF@": os.path.join(self.dir, "conf"),
                "@WORKERS@": f"worker_processes {kind.workers};" if kind.workers > 1 else "master_process off;",
                "@REUSE@": "reuseport" if kind.workers > 1 else ""}
        if kind.conf:
            self._write_conf(fill)
        command = [self._fill(word, fill) for word in [*wrapper, *kind.command, *extra]]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=log, env={**os.environ, **(env or {})},
                                            preexec_fn=machine.prepare(cpu))
        self.pid = self.process.pid
        try:
            self._await()
            if wrapper and wrapper[0] == "strace":
                self.pid = self._child()
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _fill(text, fill):
        for key, value in fill.items():
            text = text.replace(key, value)
        return text

    def _write_conf(self, fill):
        with open(os.path.join(HERE, "peers", self.kind.conf), encoding="utf-8") as file:
            text = self._fill(file.read(), fill)
        with open(fill["@CONF@"], "w", encoding="utf-8") as file:
            file.write(text)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def _is_up(self):
        if not self.port:
            found = re.search(r"listening on http://.*:(\d+)$", self.log(), re.MULTILINE)
            self.port = int(found.group(1)) if found else None
            return self.port is not None
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def _await(self):
        end = time.monotonic() + 20
        while not self._is_up():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.kind.name} did not start:\n{self.log()}")
            time.sleep(0.02)

    @staticmethod
    def _children(pid):
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]

    def _child(self):
        return self._children(self.process.pid)[0]

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def cpu_ns(self):
        """What its threads, and those of its children, have run, in nanoseconds."""
        total = 0
        for pid in [self.pid, *self._children(self.pid)]:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
        return total

    def user_ns(self):
        """The part of it outside of the kernel, as the clock's ticks see it."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) * 1_000_000_000 // machine.TICKS

    def anonymous_bytes(self):
        """Memory of its own that is resident: heap and stacks."""
        with open(f"/proc/{self.pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Anonymous:"))

    def stop(self):
        """Ends it. Returns what it had printed; a second time too."""
        if self.last is not None:
            return self.last
        if self.process.poll() is None:
            try:
                os.kill(self.pid, signal.SIGTERM)
                self.process.wait(timeout=10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                self.process.kill()
        self.process.wait()
        self.last = self.log()
        shutil.rmtree(self.dir, ignore_errors=True)
        return self.last

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
