#!/usr/bin/env python3
"""idle.py - 10,000 connections that have had an answer and say no more."""

import socket
import time

from lib import soak

SECONDS = 3 if soak.SHORT else 20
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def connect(port):
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(REQUEST)
    client.recv(4096)
    return client


def main():
    count = min(500 if soak.SHORT else 10000, soak.descriptors() - 200)
    server = soak.Server(head_ms=1000, keep_alive_ms=3600000)
    clients = [connect(server.port) for _ in range(100)]  # what the first ones need is there from then on
    base_kb = server.rss_kb()
    clients += [connect(server.port) for _ in range(count)]
    each = (server.rss_kb() - base_kb) * 1024 / count
    # Each has had a timer for its first head, which is not taken back but runs out; and the watchdog looks three times,
    # every 2.5 s, before it takes a nap.
    time.sleep(8)
    switches = server.switches()
    cpu = server.cpu_s()
    time.sleep(SECONDS)
    woken = server.switches() - switches
    cpu = server.cpu_s() - cpu
    for client in clients:
        client.sendall(REQUEST)
    answered = sum(client.recv(4096).startswith(b"HTTP/1.1 200") for client in clients)
    counters = server.stop()
    print(counters)
    if not soak.SHORT:  # a sanitizer's memory says nothing
        soak.at_most(f"{count} idle connections: memory of each", 512, each, " B")
    soak.figure(f"{count} idle connections: wake-ups in {SECONDS} s", "0", woken, woken == 0)
    soak.at_most(f"{count} idle connections: CPU in {SECONDS} s", 0, cpu, " s")
    soak.figure(f"{count} idle connections: answered afterwards", len(clients), answered, answered == len(clients))
    soak.end()


main()
