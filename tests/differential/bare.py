"""The readings of programs that read standard input: see bare_llhttp.c."""

import struct
import subprocess

import payloads
import wire


def _reading(line, name):
    *messages, end = line.split(b"\t")
    read = []
    for message in messages:
        method, target, length = message.split(b" ")
        read.append(wire.Message(b"-", method, wire.path_of(target), length, b"?", b"?"))
    return wire.Reading(read, wire.End(end.decode(), 0, name, ""), [], 0, 0, None)


def readings(program, name, batch):
    sent = b"".join(struct.pack(">I", len(data)) + data
                    for data in (payload.data + payloads.MARKER for payload in batch))
    made = subprocess.run([program], input=sent, stdout=subprocess.PIPE, check=True,
                          timeout=120)
    return [_reading(line, name) for line in made.stdout.split(b"\n")[:-1]]
