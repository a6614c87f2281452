#!/usr/bin/env python3
"""slow_readers.py - clients that take a byte a second of a stream of 100 MiB."""

import select
import socket
import time

from lib import soak

COUNT = 100 if soak.SHORT else 1000
WRITE_MS = 3000 if soak.SHORT else 30000
REQUEST = b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
KIB = 1024


def ask(port, path):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        text = b""
        while piece := client.recv(65536):
            text += piece
    return text.split(b"\r\n\r\n", 1)[1]


def take_a_byte(clients):
    for client in clients:
        try:
            client.recv(1)
        except OSError:
            pass


def main():
    soak.descriptors()
    server = soak.Server(write_ms=WRITE_MS)
    healthy = soak.Healthy(server)
    time.sleep(1)
    files = server.descriptors()
    base_kb = server.rss_kb()
    clients = []
    for _ in range(COUNT):
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(REQUEST)
        client.setblocking(False)
        clients.append(client)
    begin = time.monotonic()
    most_kb = 0
    produced = 0
    gone = None
    while time.monotonic() - begin < WRITE_MS / 1000 + 10 and gone is None:
        take_a_byte(clients)
        most_kb = max(most_kb, server.rss_kb())
        produced = int(ask(server.port, "/produced"))
        until = time.monotonic() + 1
        while time.monotonic() < until and gone is None:
            select.select([], [], [], 0.05)
            if server.descriptors() <= files:
                gone = time.monotonic() - begin
    healthy.stop("healthy client", 50)
    for client in clients:
        client.close()
    counters = server.stop()
    print(counters)
    limit = WRITE_MS / 1000 + 1
    soak.at_most("produced for each", 1024, produced / COUNT / KIB, " KiB")
    if not soak.SHORT:  # a sanitizer's memory says nothing
        soak.at_most("memory for each", 128, (most_kb - base_kb) / COUNT, " KiB")
    soak.figure("slow ones are gone after", f"<= {limit:g} s", "never" if gone is None else f"{gone:.1f} s",
                gone is not None and gone <= limit)
    soak.end()


main()
