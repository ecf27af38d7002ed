# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a program prints, read as it comes."""
from __future__ import annotations

import threading
from collections import deque


class Tail:
    """The end of what comes, so that endless output costs no memory.

    :param limit: bytes that are kept; 0 keeps nothing.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self.parts: deque[bytes] = deque()

    def add(self, part: bytes) -> None:
        self.parts.append(part)
        self.size += len(part)
        while self.parts and self.size - len(self.parts[0]) >= self.limit:
            self.size -= len(self.parts.popleft())

    def text(self) -> str:
        return b"".join(self.parts).decode(errors="replace")


class Kept:
    """The end of what a pipe says.

    :param limit: see Tail.
    :param heard: is called with each part as it comes.
    """

    def __init__(self, pipe, limit: int, heard=None) -> None:
        self.pipe, self.tail, self.heard = pipe, Tail(limit), heard
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for part in iter(lambda: self.pipe.read1(65536), b""):
            if self.heard:
                self.heard(part)
            self.tail.add(part)

    def text(self) -> str:
        self.thread.join(10)
        return self.tail.text()
