"""Sends payloads, many at a time, and reads what comes back."""

import collections
import errno
import heapq
import itertools
import re
import select
import socket
import struct
import time

_RESPONSE = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
_WITNESS = re.compile(rb"(?:^|\r\n)witness: (\S+) (\S+) (\S+) (\S+) (\S+) ?([^\r\n]*)", re.I)
_DETAIL = re.compile(rb'"detail":"([^"]*)"')
_ORIGIN = re.compile(rb"https?://[^/?]*", re.I)
_NO_LINGER = struct.pack("ii", 1, 0)

# No exchange goes on for longer than so many seconds, whatever its peer sends.
LIFE = 60

# A message that was accepted. `id` is the connection of the witness, and the request's number in it.
Message = collections.namedtuple("Message", "id method path length hash host")
# How a connection ended: refused (status, by, why), closed (by the peer), silent, raw (bytes that are
# no answer), endless (it went on until its deadline).
End = collections.namedtuple("End", "kind status by why")
# What a server made of a payload: the messages up to the first refusal; of all answers the ids of those
# that accept, how many are refusals of ours, and how many have no head. `peer` is the client's address,
# as a stamp has it.
Reading = collections.namedtuple("Reading", "messages end ids refused bare peer")


def path_of(target):
    """Path and query; of an absolute-form, too. (nginx leaves an empty query out there.)"""
    if target.startswith((b"/", b"*")):
        return target
    path = _ORIGIN.sub(b"", target, count=1)
    if path.startswith(b"/"):
        return path
    return b"/" + (b"" if path == b"?" else path)


def _message(match):
    name, method, target, length, digest, host = match.groups()
    return Message(name, method, path_of(target), length, digest, host)


def _refusal(status, head, received, end):
    if b"application/problem+json" in head:
        why = _DETAIL.search(received, end)
        return End("refused", status, "ours", why.group(1).decode("latin-1") if why else "")
    return End("refused", status, "proxy", "")


def read(received, how, peer):
    messages = []
    ids = []
    refused = 0
    bare = received.count(b"seen\n")
    end = None
    for match in _RESPONSE.finditer(received):
        status = int(match.group(1))
        seen = _WITNESS.search(match.group(2))
        if seen:
            ids.append(seen.group(1))
            bare -= seen.group(2) != b"HEAD"
        if seen and not end:
            messages.append(_message(seen))
        refused += not seen and b"application/problem+json" in match.group(2)
        if status >= 200 and not seen and not end:
            end = _refusal(status, match.group(2), received, match.end())
    if not end:
        end = End("raw" if bare > 0 and how != "endless" else how, 0, "", "")
    refused = max(refused, received.count(b'"detail":"'))  # also without a head
    return Reading(messages, end, ids, refused, max(bare, 0), peer)


class _Exchange:
    __slots__ = ("socket", "key", "pieces", "next", "received", "heard", "end", "peer")

    def __init__(self, key, pieces):
        self.key = key
        self.pieces = pieces
        self.next = 0
        self.received = []
        self.heard = time.monotonic()
        self.end = self.heard + LIFE
        self.peer = None


class Wire:
    """WINDOW connections at a time; one that says nothing for SILENCE seconds, or has gone on for LIFE,
    is given up."""

    def __init__(self, window, silence):
        self.window = window
        self.silence = silence
        self.sources = itertools.cycle("127.0.0.%d" % i for i in range(2, 250))
        self.poller = select.epoll()
        self.active = {}
        self.silent = []  # by the time at which they may be given up
        self.numbers = itertools.count()  # so that no two exchanges are compared
        self.delayed = []  # pieces that are to be sent, by time
        self.results = {}
        self.peers = set()  # that have been used in this run: a stamp is to name one connection

    def run(self, jobs):
        """JOBS: (key, port, pieces). Returns a dict of readings by key."""
        self.results = {}
        self.peers.clear()
        jobs = iter(jobs)
        is_more = True
        while is_more or self.active:
            while is_more and len(self.active) < self.window:
                job = next(jobs, None)
                if job is None:
                    is_more = False
                else:
                    self._open(*job)
            self._step()
        return self.results

    def _bind(self):
        while True:
            s = socket.socket()
            s.bind((next(self.sources), 0))
            peer = "%s:%d" % s.getsockname()
            if peer not in self.peers:
                self.peers.add(peer)
                return s, peer
            s.close()

    def _open(self, key, port, pieces):
        exchange = _Exchange(key, pieces)
        s, exchange.peer = self._bind()
        s.setblocking(False)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.socket = s
        rc = s.connect_ex(("127.0.0.1", port))
        if rc not in (0, errno.EINPROGRESS):
            raise OSError(rc, "connect")
        self.active[s.fileno()] = exchange
        self.poller.register(s.fileno(), select.EPOLLIN | select.EPOLLOUT)
        self._wait_for(exchange)

    def _wait_for(self, exchange):
        until = min(exchange.heard + self.silence, exchange.end)
        heapq.heappush(self.silent, (until, next(self.numbers), exchange))

    def _step(self):
        for fd, events in self.poller.poll(0.02 if self.delayed else 0.1):
            exchange = self.active.get(fd)
            if exchange and events & select.EPOLLOUT:
                self._send(exchange)
            if exchange and events & ~select.EPOLLOUT:
                self._receive(exchange)
        now = time.monotonic()
        while self.delayed and self.delayed[0][0] <= now:
            _, _, exchange = heapq.heappop(self.delayed)
            if exchange.socket:
                self._send(exchange)
        while self.silent and self.silent[0][0] <= now:
            _, _, exchange = heapq.heappop(self.silent)
            if not exchange.socket:
                continue
            if exchange.end <= now:
                self._finish(exchange, "endless")
            elif exchange.heard + self.silence <= now:
                self._finish(exchange, "silent")
            else:
                self._wait_for(exchange)

    def _send(self, exchange):
        fd = exchange.socket.fileno()
        piece = exchange.pieces[exchange.next]
        try:
            sent = exchange.socket.send(piece)
        except BlockingIOError:
            self.poller.modify(fd, select.EPOLLIN | select.EPOLLOUT)
            return
        except OSError:  # its peer has closed: what it said is still to be read
            self.poller.modify(fd, select.EPOLLIN)
            return
        exchange.heard = time.monotonic()
        if sent < len(piece):
            exchange.pieces = list(exchange.pieces)
            exchange.pieces[exchange.next] = piece[sent:]
            return
        exchange.next += 1
        self.poller.modify(fd, select.EPOLLIN)
        if exchange.next < len(exchange.pieces):
            heapq.heappush(self.delayed, (exchange.heard + 0.003, next(self.numbers), exchange))

    def _receive(self, exchange):
        try:
            data = exchange.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            exchange.received.append(data)
            exchange.heard = time.monotonic()
        else:
            self._finish(exchange, "closed")

    def _finish(self, exchange, how):
        s = exchange.socket
        del self.active[s.fileno()]
        self.poller.unregister(s.fileno())
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        s.close()
        exchange.socket = None
        self.results[exchange.key] = read(b"".join(exchange.received), how, exchange.peer)
