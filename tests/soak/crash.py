#!/usr/bin/env python3
"""crash.py - processes that are ended by a signal, crash, hang and stand still, beside others that must lose nothing."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

from lib import soak

PROCESSES = 4
ROUNDS = 5 if soak.SHORT else 40
CONNECTIONS = 32
REPLACED_MS = 200
STEADY_S = 5.1  # who has lived for so long is replaced without a wait


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def ask(client, path="/"):
    """The process that answers."""
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    data = b""
    while True:
        more = client.recv(4096)
        if not more:
            raise ConnectionError("closed")
        data += more
        head, end, body = data.partition(b"\r\n\r\n")
        if end and len(body) >= int(re.search(rb"Content-Length: (\d+)", head).group(1)):
            return int(body)


class Fleet:
    """The server, and clients that ask one request after the other on connections that stay."""

    def __init__(self):
        self.process = subprocess.Popen([soak.BIN + "/processes", str(PROCESSES)], stderr=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stderr.readline()).group(1))
        self.said = []
        threading.Thread(target=self.listen, daemon=True).start()
        self.doomed = set()
        self.requests = 0
        self.lost = 0  # by processes that nobody has harmed
        self.is_ending = False
        self.threads = [threading.Thread(target=self.client) for _ in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()

    def listen(self):
        for line in self.process.stderr:
            self.said.append(line)

    def client(self):
        while not self.is_ending:
            pid = None
            try:
                with connect(self.port) as connection:
                    while not self.is_ending:
                        pid = ask(connection)
                        self.requests += 1
                        time.sleep(0.001)
            except OSError:
                if pid not in self.doomed:
                    self.lost += 1

    def pids(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            return [int(pid) for pid in children.read().split()]

    def stop(self):
        self.is_ending = True
        for thread in self.threads:
            thread.join()
        self.process.terminate()
        return self.process.wait()


def kill(_fleet, pid):
    os.kill(pid, signal.SIGKILL)


def crash(fleet, pid):
    """By a request, from a connection that happens to be to it."""
    while True:
        with connect(fleet.port) as client:
            if ask(client) == pid:
                client.sendall(b"GET /crash HTTP/1.1\r\nHost: a\r\n\r\n")
                client.recv(1)
                return


def stick(fleet, pid):
    while True:
        client = connect(fleet.port)
        if ask(client) == pid:
            client.sendall(b"GET /stick HTTP/1.1\r\nHost: a\r\n\r\n")
            return


def stand_still(_fleet, pid):
    os.kill(pid, signal.SIGSTOP)


def replaced_after(fleet, pid, before):
    """From the death of PID to the first answer of the one in its place, in ms."""
    while os.path.exists(f"/proc/{pid}") and pid in fleet.pids():
        time.sleep(0.0005)
    begin = time.monotonic()
    while True:
        with connect(fleet.port) as client:
            if ask(client) not in before:
                return (time.monotonic() - begin) * 1000


def play(fleet, name, harm, rounds):
    longest = 0
    born = {pid: time.monotonic() for pid in fleet.pids()}
    for _ in range(rounds):
        before = fleet.pids()
        for pid in before:
            born.setdefault(pid, time.monotonic())
        pid = min(before, key=lambda one: born[one])
        time.sleep(max(0.5, born[pid] + STEADY_S - time.monotonic()))  # by then the clients are somewhere
        fleet.doomed.add(pid)
        harm(fleet, pid)
        longest = max(longest, replaced_after(fleet, pid, before))
    soak.at_most(f"{name}: replaced within, longest of {rounds}", REPLACED_MS, longest, " ms")
    soak.figure(f"{name}: requests that the others lost", "0", fleet.lost, fleet.lost == 0)


def main():
    fleet = Fleet()
    play(fleet, "killed", kill, ROUNDS)
    play(fleet, "crashed", crash, ROUNDS)
    play(fleet, "hung", stick, 2 if soak.SHORT else 5)
    play(fleet, "stopped", stand_still, 2 if soak.SHORT else 5)
    status = fleet.stop()
    print(f"{fleet.requests} requests, {len(fleet.doomed)} processes lost", flush=True)
    soak.figure("exit status after TERM", "0", status, status == 0)
    soak.end()


main()
