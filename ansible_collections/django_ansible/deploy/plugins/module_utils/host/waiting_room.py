# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Connections to a Unix socket. Those that nobody has taken yet are reset when the socket closes, and their visitors get an error."""
from __future__ import annotations

import os
import time

TABLE = "/proc/net/unix"
# The kernel's states of a connection: it waits to be accepted, and it was.
WAITS, ACCEPTED = b"02", b"03"


def waiting(path: str) -> int:
    """How many connections to the socket at *path* wait to be accepted."""
    return connections(path, (WAITS,))


def connections(path: str, states: tuple = (WAITS, ACCEPTED)) -> int:
    """How many connections to the socket at *path* are in one of *states*."""
    name = os.fsencode(path)
    with open(TABLE, "rb") as file:
        entries = (line.split(maxsplit=7) for line in file)
        return sum(1 for entry in entries if len(entry) == 8 and entry[5] in states and entry[7].rstrip(b"\n") == name)


def let_in(path: str, patience: float) -> None:
    """Waits until they are taken, at most *patience* seconds. New ones have to go elsewhere by then."""
    deadline = time.monotonic() + patience
    while waiting(path) and time.monotonic() < deadline:
        time.sleep(0.02)
