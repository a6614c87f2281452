#!/usr/bin/env python3
"""descriptors.py - more clients than the server has descriptors, by 200: those that it has are all in use; then all but
a few are idle."""

import socket
import time

from lib import soak

FILES = 128
MORE = 200
SECONDS = 3 if soak.SHORT else 10
SOON = 0.2 * soak.SLACK
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
STREAM = b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"


def connect(port, request):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(request)
    client.setblocking(False)
    return client


def is_answered(client):
    try:
        return client.recv(4096, socket.MSG_PEEK).startswith(b"HTTP/1.1 200")
    except (BlockingIOError, ConnectionResetError):
        return False


def serve():
    return soak.Server(prefix=["prlimit", f"--nofile={FILES}:{FILES}"], connections=10000)


def is_full(server):
    return server.descriptors() >= FILES


def cpu_percent(server):
    """Of one core, over SECONDS."""
    before = server.cpu_s()
    time.sleep(SECONDS)
    return (server.cpu_s() - before) / SECONDS * 100


def all_in_use():
    server = serve()
    steady = soak.Healthy(server, 4, 400)
    time.sleep(0.5)
    before = cpu_percent(server)
    clients = [connect(server.port, STREAM) for _ in range(FILES)]
    clients += [connect(server.port, REQUEST) for _ in range(MORE)]
    if soak.wait_until(lambda: is_full(server), 10) is None:
        soak.figure("descriptors in use", FILES, server.descriptors(), False)
    full = cpu_percent(server)
    waiting = [client for client in clients if not is_answered(client)]
    clients[0].close()
    again = soak.wait_until(lambda: any(is_answered(client) for client in waiting), 5, 0.002)
    for client in clients[1:FILES]:
        client.close()
    late = soak.wait_until(lambda: all(is_answered(client) for client in clients[FILES:]), 10)
    steady.stop("all in use: those connected", 20)
    counters = server.stop()
    print(counters)
    soak.at_most("all in use: CPU of a core, beside what the four connections take", 10, full - before, " %")
    soak.figure("all in use: log lines", "0", counters["lines"], counters["lines"] == 0)
    soak.figure("one is closed: the next is accepted and answered after", f"<= {SOON * 1000:g} ms",
                "never" if again is None else f"{again * 1000:.0f} ms", again is not None and again <= SOON)
    soak.figure("all are closed: every one that waited is answered", MORE,
                sum(map(is_answered, clients[FILES:])), late is not None)


def all_idle():
    server = serve()
    idle = [connect(server.port, REQUEST) for _ in range(FILES - 20)]
    soak.wait_until(lambda: all(map(is_answered, idle)), 10)
    time.sleep(1.2)
    begin = time.monotonic()
    fresh = [connect(server.port, REQUEST) for _ in range(FILES - 20)]
    done = soak.wait_until(lambda: all(map(is_answered, fresh)), 10, 0.002)
    after = time.monotonic() - begin
    counters = server.stop()
    print(counters)
    soak.figure("all idle: as many new ones are all answered after", f"<= {SOON * 1000:g} ms",
                "never" if done is None else f"{after * 1000:.0f} ms", done is not None and after <= SOON)
    soak.figure("all idle: idle ones closed", "> 0", counters["shed"], counters["shed"] > 0)


def main():
    soak.descriptors()
    all_in_use()
    all_idle()
    soak.end()


main()
