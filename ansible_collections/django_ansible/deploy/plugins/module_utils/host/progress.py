# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Which migration a step works at, for whoever follows the run: said over the channel of the heartbeat (:mod:`.keeper`), and nobody waits for it.

A program that the step runs prints it, a line in the words that are passed on. It is a stranger: no more than such lines get on, of names that the step knows.
"""
from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Iterable

LINE = re.compile(r"migration ([A-Za-z0-9_.-]{1,100}) (?:begun|waits|done in [0-9]{1,7}\.[0-9] s)")
LONGEST = 160  # characters of a line
MOST = 40  # lines about a migration: one that prints them without end would fill the channel, and the heartbeat's answers were lost in it
WAIT = 1.0  # seconds that the keeper has to take one


class Progress:
    """Is called with what a program prints, as it comes, and passes on what that says of some migrations.

    :param keeper: socket of this run's keeper.
    :param names: C(app.name) of the migrations.
    """

    def __init__(self, keeper: str, names: Iterable[str]) -> None:
        self.path, self.names = keeper, set(names)
        self.said: Counter[str] = Counter()
        self.rest = b""
        self.keeper: socket.socket | None = None

    def __call__(self, part: bytes) -> None:
        *lines, rest = (self.rest + part).split(b"\n")
        # A longer line is none of them.
        self.rest = rest[: LONGEST + 1]
        for line in lines:
            found = LINE.fullmatch(line.decode(errors="replace"))
            if found and found[1] in self.names and self.said[found[1]] < MOST:
                self.said[found[1]] += 1
                self.say(line)

    def say(self, line: bytes) -> None:
        try:
            if self.keeper is None:
                self.keeper = socket.socket(socket.AF_UNIX)
                self.keeper.settimeout(WAIT)
                self.keeper.connect(self.path)
            self.keeper.sendall(line + b"\n")
        except OSError:
            self.names.clear()  # Nobody listens any more.


def listener(keeper: str | None, names: Iterable[str]) -> Progress | None:
    """One for a run that somebody follows."""
    return Progress(keeper, names) if keeper else None
