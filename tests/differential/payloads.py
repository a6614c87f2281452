"""Payloads: the families of families.txt, and mutants of them. Each is made from its number alone."""

import os
import random
import re

MARKER = b"GET /marker HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

_ESCAPE = re.compile(rb"\\(?:\{(\d+):([^}]*)\}|x([0-9a-f]{2})|([rnts0\\$]))")
_LETTERS = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"s": b" ", b"0": b"\0", b"\\": b"\\", b"$": b"$"}

# What a mutation puts in.
_WORDS = [
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b"\r\r\n", b" ", b"\t", b"\0", b"\x0b", b"\x0c", b"\x7f",
    b"\xa0", b"\xff", b":", b",", b";", b"\"", b"\\", b"#", b"?", b"%", b"%0d%0a", b"+", b"-", b"0", b"1",
    b"0x", b"00", b"5", b"a", b"ffffffff", b"18446744073709551616", b"\r\n ", b"\r\n\t", b"chunked",
    b"identity", b"gzip", b"gzip, chunked", b"chunked, identity", b"close", b"keep-alive", b"Upgrade",
    b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0", b"GET ", b"HEAD ", b"POST ", b"CONNECT ", b"OPTIONS * ",
    b"http://b/", b"//b/", b"/early",
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Content-Length: 60\r\n", b"Content-Length : 5\r\n",
    b" Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding:\tchunked\r\n", b"Transfer-Encoding: identity\r\n", b"Host: b\r\n",
    b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n",
    b"Connection: Content-Length\r\n", b"Upgrade: h2c\r\n", b"TE: trailers\r\n", b"X: y\r\n", b"X: y\n",
    b"0\r\n\r\n", b"5\r\nabcde\r\n", b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
]


def unescape(text):
    def one(match):
        count, repeated, digits, letter = match.groups()
        if count:
            return unescape(repeated) * int(count)
        return bytes.fromhex(digits.decode()) if digits else _LETTERS[letter]

    return _ESCAPE.sub(one, text)


def families(path=os.path.join(os.path.dirname(__file__), "families.txt")):
    """A list of (class, bytes, whether ours accepts the first message)."""
    found = []
    name = frame = None
    with open(path, "rb") as file:
        for line in file.read().split(b"\n"):
            word, _, rest = line.partition(b" ")
            if not line or line.startswith(b"#"):
                continue
            if word == b"class":
                name = rest.split()[0].decode()
            elif word == b"frame":
                frame = re.split(rb"(?<!\\)\$", rest)
            else:
                data = unescape(frame[0]) + unescape(rest) + unescape(frame[1])
                found.append((name, data, word.startswith(b"ok")))
    return found


def _range(rng, length, most):
    begin = rng.randrange(length + 1)
    return begin, min(length, begin + rng.randint(1, most))


def _flip(rng, data, _):
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1:]


def _insert(rng, data, _):
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_WORDS) + data[at:]


def _replace(rng, data, _):
    begin, end = _range(rng, len(data), 4)
    return data[:begin] + rng.choice(_WORDS) + data[end:]


def _delete(rng, data, _):
    begin, end = _range(rng, len(data), rng.choice((1, 2, 4, 16)))
    return data[:begin] + data[end:]


def _duplicate(rng, data, _):
    begin, end = _range(rng, len(data), rng.choice((1, 2, 8, 40)))
    return data[:end] + data[begin:end] + data[end:]


def _splice(rng, data, other):
    return data[:rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1):]


def _lines(rng, data, other):
    """A line of the other payload, moved in in front of a line."""
    lines = data.split(b"\r\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(other.split(b"\r\n")))
    return b"\r\n".join(lines)


def _swap(rng, data, _):
    lines = data.split(b"\r\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\r\n".join(lines)


def _number(rng, data, _):
    """Another number where one is."""
    numbers = list(re.finditer(rb"\d+", data))
    if not numbers:
        return data
    at = rng.choice(numbers)
    value = int(at.group()[:18]) + rng.choice((-1, 1, 2, 10, len(MARKER), -len(MARKER)))
    return data[:at.start()] + str(value).encode() + data[at.end():]


_MUTATIONS = [_flip, _insert, _insert, _replace, _delete, _duplicate, _splice, _lines, _lines, _swap, _number]


class Payload:
    """Bytes to send, in pieces; the marker is behind them."""

    def __init__(self, number, name, data):
        self.number = number
        self.name = name
        self.data = data
        self.pieces = [data + MARKER]

    def cut(self, places):
        data = self.data + MARKER
        cuts = [0] + sorted({at for at in places if 0 < at < len(data)}) + [len(data)]
        self.pieces = [data[a:b] for a, b in zip(cuts, cuts[1:])]
        return self

    def line_ends(self):
        return [found.end() for found in re.finditer(rb"\n", self.data)]

    def cut_at_heads(self):
        return self.cut([found.end() for found in re.finditer(rb"\n\r?\n", self.data)] + [len(self.data)])

    def cut_at_random(self, rng):
        places = self.line_ends()
        if places and rng.random() < 0.5:
            return self.cut(rng.sample(places, min(len(places), 3)))
        return self.cut([rng.randrange(len(self.data) + len(MARKER)) for _ in range(rng.randint(1, 4))])


class Corpus:
    """Payload 0, 1, … : the families in one piece, the same with their heads in pieces of their own,
    then mutants without end."""

    def __init__(self, seed):
        self.seed = seed
        self.families = families()
        self.accepted = [family for family in self.families if family[2]]

    def payload(self, number):
        count = len(self.families)
        if number < 2 * count:
            name, data, _ = self.families[number % count]
            made = Payload(number, name, data)
            return made if number < count else made.cut_at_heads()
        rng = random.Random("%d/%d" % (self.seed, number))
        name, data, _ = rng.choice(rng.choice((self.accepted, self.families)))
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
            other = rng.choice(self.families)[1]
            data = rng.choice(_MUTATIONS)(rng, data, other)
        made = Payload(number, name, data)
        return made if rng.random() < 0.5 else made.cut_at_random(rng)
