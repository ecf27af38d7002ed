# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What containers print, as the engine sends it. A container that prints without end costs no memory: the end of it is kept."""

from __future__ import annotations

import socket
import struct
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.output import Tail

PART = 1 << 16  # bytes that are read at once


class Timely:
    """A stream that is read until a moment at most."""

    def __init__(self, stream, deadline):
        self.stream, self.deadline = stream, deadline

    def read(self, size):
        if time.monotonic() >= self.deadline:
            raise socket.timeout
        return self.stream.read(size)


def printed(stream, most):
    """The end of it, both streams in their order. Without a terminal it is framed: one byte stream, three zero, four length. With a terminal it is plain.

    :param most: bytes that are kept.
    """
    kept = Tail(most)
    while True:
        header = stream.read(8)
        if len(header) < 8 or header[0] > 2 or header[1:4] != b"\0\0\0":
            break
        (length,) = struct.unpack(">I", header[4:])
        for begin in range(0, length, PART):
            kept.add(stream.read(min(PART, length - begin)))
    kept.add(header)
    for part in iter(lambda: stream.read(PART), b""):
        kept.add(part)
    return kept.text()
