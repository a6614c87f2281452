#!/usr/bin/env python3
"""stop.py - the server is stopped for a minute (SIGSTOP), as a machine that is paused. Who has written meanwhile is
answered; the others' time is over, and the server gets on with that in slices."""

import os
import selectors
import signal
import socket
import time

from lib import soak

STOPPED_S = 3 if soak.SHORT else 60
LIMIT_MS = 1000 if soak.SHORT else 10000
WRITERS = 1000
SILENT = min(2000 if soak.SHORT else 20000, soak.descriptors() - WRITERS - 500)
SLICE_MS = 100
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def answered(clients):
    """How many of CLIENTS got a 200, and nothing else."""
    count = 0
    for client in clients:
        client.settimeout(10)
        try:
            count += client.recv(4096).startswith(b"HTTP/1.1 200")
        except OSError:
            pass
    return count


class Closing:
    """Counts the connections that have ended."""

    def __init__(self, clients):
        self.selector = selectors.DefaultSelector()
        self.left = len(clients)
        for client in clients:
            client.setblocking(False)
            self.selector.register(client, selectors.EVENT_READ)

    def look(self):
        for key, _ in self.selector.select(0):
            try:
                more = key.fileobj.recv(4096)
            except OSError:
                more = b""
            if not more:
                self.selector.unregister(key.fileobj)
                self.left -= 1


def longest_wait(port, closing):
    """Of a client that asks all the time while the overdue ones are closed, in ms."""
    client = connect(port)
    longest = 0
    end = time.monotonic() + 30
    while closing.left and time.monotonic() < end:
        begin = time.monotonic()
        client.sendall(REQUEST)
        client.recv(4096)
        longest = max(longest, time.monotonic() - begin)
        closing.look()
    return longest * 1000


def main():
    server = soak.Server(head_ms=LIMIT_MS, keep_alive_ms=LIMIT_MS)
    silent = [connect(server.port) for _ in range(SILENT)]
    writers = [connect(server.port) for _ in range(WRITERS)]
    for writer in writers:
        writer.sendall(REQUEST[:20])
    time.sleep(0.5)
    os.kill(server.pid, signal.SIGSTOP)
    for writer in writers:
        writer.sendall(REQUEST[20:])
    time.sleep(STOPPED_S)
    closing = Closing(silent)
    os.kill(server.pid, signal.SIGCONT)
    longest = longest_wait(server.port, closing)
    right = answered(writers)
    counters = server.stop()
    print(f"{SILENT} silent, {WRITERS} writers, stopped for {STOPPED_S} s: {counters}", flush=True)
    soak.figure("who has written is answered", WRITERS, right, right == WRITERS)
    soak.figure("who has not is closed", SILENT, SILENT - closing.left, closing.left == 0)
    soak.at_most("longest wait of a new client meanwhile", SLICE_MS, longest, " ms")
    soak.end()


main()
