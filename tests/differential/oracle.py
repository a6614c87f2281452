"""What must hold between the readings of one payload, and between those of all and our logs."""

import collections

import allowed

ALONE = {"nginx": "nginx_alone", "nginx_unbuffered": "nginx_alone", "haproxy": "haproxy_alone"}
FRONTS = tuple(ALONE)

# A difference. Those that are `timed` may come of a slow machine: they have to show again.
Difference = collections.namedtuple("Difference", "kind text timed")
# Where one refuses what the other accepts: "ours" or the name of a proxy, the status, why (of a proxy
# the class of what is allowed), the target that accepts.
Refusal = collections.namedtuple("Refusal", "who status why accepts")


def _is_same(a, b):
    """Whether two have read the same message: what one of them does not know is left out."""
    if (a.method, a.path) != (b.method, b.path):
        return False
    if b"-" in (a.length, b.length):
        return True
    if a.length != b.length:
        return False
    return b"?" in (a.hash, b.hash) or a.hash == b.hash


def _is_early(message):
    return message.length == b"-"


class Oracle:
    def __init__(self):
        self.data = b""
        self.differences = []
        self.refusals = []

    def _say(self, kind, timed, *words):
        self.differences.append(Difference(kind, " ".join(str(w) for w in words), timed))

    def payload(self, data, readings):
        """READINGS of DATA by target."""
        self.data = data
        for other in ("nginx_alone", "haproxy_alone", "llhttp"):
            self._compare("ours", readings["ours"], other, readings[other])
        self._deadlines(readings)
        for front, alone in ALONE.items():
            self._compare(front, readings[front], alone, readings[alone])
            self._bad_gateway(front, readings[front])

    def _deadlines(self, readings):
        """Who says nothing waits for the rest of a message: the decoder alone, fed with the same bytes,
        knows whether there is one. Nobody goes on for ever."""
        if readings["ours"].end.kind == "silent" and readings["decoder"].end.kind != "silent":
            self._say("hangs", True, "ours says no more, the decoder:", readings["decoder"].end)
        for name, reading in readings.items():
            if reading.end.kind == "endless":
                self._say("endless", True, name)

    def _compare(self, name, a, other, b):
        for x, y in zip(a.messages, b.messages):
            if not _is_same(x, y):
                self._say("framing", False, name, x, other, y)
                return
        common = min(len(a.messages), len(b.messages))
        if len(a.messages) > common:
            self._ended(other, b.end, name, a.messages[common])
        elif len(b.messages) > common:
            self._ended(name, a.end, other, b.messages[common])

    def _ended(self, name, end, other, message):
        """NAME came to its END, OTHER has accepted MESSAGE."""
        if end.kind == "refused" and end.by == "ours":
            self.refusals.append(Refusal("ours", end.status, end.why, other))
        elif end.kind == "refused" and other == "ours":
            self._refused(name, end.status, message)
        elif end.kind == "silent" and not _is_early(message):
            self._say("waits", True, name, "waits where", other, "has read", message)
        elif end.kind == "raw" and other == "ours":
            self._say("raw", False, name, "takes for HTTP/0.9 what ours reads as", message)

    def _refused(self, proxy, status, message):
        why = allowed.classify(proxy, status, message, self.data)
        if why:
            self.refusals.append(Refusal(proxy, status, why, "ours"))
        else:
            self._say("refused", True, proxy, "refuses with", status, "what ours reads as", message)

    def _bad_gateway(self, front, reading):
        if reading.end.kind == "refused" and reading.end.by == "proxy" and reading.end.status in (502, 504):
            self._say("gateway", True, front, "answers", reading.end.status)


class Log:
    """The lines of a witness behind a proxy: whom each request belongs to, by its stamp."""

    def __init__(self, front):
        self.front = front
        self.by_peer = collections.defaultdict(list)
        self.stamps = set()
        self.differences = []

    def add(self, lines):
        for line in lines:
            stamp, _, report = line.partition(b"\t")
            text = stamp.decode("latin-1")
            if not report:
                continue
            if text.count("/") != 1 or "," in text:
                self.differences.append(Difference(
                    "unstamped", "%s has not forwarded %r" % (self.front, line), False))
            elif text in self.stamps:
                self.differences.append(Difference(
                    "twice", "%s: two requests with one stamp: %r" % (self.front, line), False))
            self.stamps.add(text)
            words = report.split(b" ")
            self.by_peer[text.partition("/")[0]].append((words[0], words[3] == b"-"))

    def check(self, reading):
        """Each answer that the client got must be that of a request of its own, and the other way
        round."""
        seen = self.by_peer.pop(reading.peer, [])
        ids = [name for name, _ in seen]
        if ids[:len(reading.ids)] != reading.ids:
            return [Difference("crossed", "%s: the client has the answers %r, its requests were %r" %
                               (self.front, reading.ids, ids), False)]
        # A proxy may refuse a body of which ours has answered the head.
        late = [name for name, is_early in seen[len(reading.ids):] if not is_early]
        if len(late) > reading.bare:
            return [Difference("unanswered", "%s: seen %r, answered %r" % (self.front, ids, reading.ids),
                               True)]
        return []

    def left(self):
        """Of clients that there were none of."""
        return [Difference("stranger", "%s: requests of %s: %r" % (self.front, peer, ids), False)
                for peer, ids in self.by_peer.items()]

    def next_batch(self):
        self.by_peer.clear()
        self.stamps.clear()
        self.differences = []
