"""What ours may accept though another refuses it."""

import re

_EMPTY_HOST = re.compile(rb"\nHost:[ \t]*(?::\d*[ \t]*)?\r\n", re.I)
_HOSTS = re.compile(rb"\nHost:", re.I)
_DOTS = re.compile(rb"(?:\nHost:[^\r\n]*|://[^/?\r\n ]*)\.\.", re.I)
_TAB = re.compile(rb"\n(?:Host|Content-Length|Transfer-Encoding):(?: *\t|[^\r\n]*\t *\r\n)", re.I)
_LONG_NAME = re.compile(rb"\n[^\r\n:]{256,}:")
_LONG_LINE = re.compile(rb"[^\n]{8000}")
_ONCE = re.compile(rb"\n(Expect|If-Match|If-None-Match|Range):", re.I)
_ABSOLUTE = re.compile(rb"[A-Z]+ https?://", re.I)
_EXTENSION = re.compile(rb"\n[0-9a-f]{1,16};", re.I)
_PLAIN_HOST = re.compile(rb"(?:\[[0-9a-f:.]*\]|[a-z0-9.-]+)(?::\d*)?$", re.I)
_OLD = re.compile(rb"(?:GET|HEAD|DELETE) [^ ]* HTTP/1.0\r\n")


def _is_above(path):
    segments = re.sub(rb"%2e", b".", path.partition(b"?")[0], flags=re.I).split(b"/")
    depth = 0
    for segment in segments[1:]:
        depth += -1 if segment == b".." else segment not in (b"", b".")
        if depth < 0:
            return True
    return False


def _trailers(data):
    """Of the last chunked body, with a line end before each."""
    _, found, rest = data.rpartition(b"\n0\r\n")
    return b"" if not found or rest.startswith(b"\r\n") else b"\n" + rest.partition(b"\r\n\r\n")[0]


def _has_twice(data):
    names = [name.lower() for name in _ONCE.findall(data)]
    return len(set(names)) < len(names)


_CLASSES = (
    # name, whose refusal, its status, whether MESSAGE of DATA is in the class
    ("answered before its body", "nginx", 400, lambda m, data: m.length == b"-"),
    ("answered before its body", "haproxy", 400, lambda m, data: m.length == b"-"),
    ("answered before its body", "llhttp", 0, lambda m, data: m.length == b"-"),
    ("chunk extension", "llhttp", 0, lambda m, data: _EXTENSION.search(data)),
    ("target *", "nginx", 400, lambda m, data: m.path == b"*"),
    ("path with %00", "nginx", 400, lambda m, data: b"%00" in m.path),
    ("path above the root", "nginx", 400, lambda m, data: _is_above(m.path)),
    ("empty Host", "nginx", 400, lambda m, data: _EMPTY_HOST.search(data)),
    ("Host with two dots", "nginx", 400, lambda m, data: _DOTS.search(data)),
    ("characters in an authority", "nginx", 400,
     lambda m, data: _ABSOLUTE.search(data) and not _PLAIN_HOST.match(m.host)),
    ("tab beside a value", "nginx", 400, lambda m, data: _TAB.search(data)),
    ("tab beside a value", "nginx", 501, lambda m, data: _TAB.search(data)),
    ("field twice", "nginx", 400, lambda m, data: _has_twice(data)),
    ("line of more than 8 KB", "nginx", 400, lambda m, data: _LONG_LINE.search(data)),
    ("name of more than 255 bytes", "haproxy", 400, lambda m, data: _LONG_NAME.search(data)),
    ("Host twice among the trailers", "haproxy", 400,
     lambda m, data: len(_HOSTS.findall(_trailers(data))) > 1),
    ("two authorities", "haproxy", 400, lambda m, data: _ABSOLUTE.search(data)),
    ("broken WebSocket handshake", "haproxy", 400, lambda m, data: b"websocket" in data.lower()),
    ("body of an old GET, HEAD or DELETE", "haproxy", 413, lambda m, data: _OLD.search(data)),
)


def classify(other, status, message, data):
    """The name of the class, or None."""
    for name, who, code, is_in in _CLASSES:
        if other.startswith(who) and status == code and is_in(message, data):
            return name
    return None
