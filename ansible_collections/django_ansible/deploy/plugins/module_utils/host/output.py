# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a program prints, read as it comes."""
from __future__ import annotations

import threading
from collections import deque


class Kept:
    """The end of what a pipe says, so that endless output costs no memory.

    :param limit: bytes that are kept; 0 keeps nothing.
    :param heard: is called with each part as it comes.
    """

    def __init__(self, pipe, limit: int, heard=None) -> None:
        self.pipe, self.limit, self.size, self.heard = pipe, limit, 0, heard
        self.parts: deque[bytes] = deque()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        for part in iter(lambda: self.pipe.read1(65536), b""):
            if self.heard:
                self.heard(part)
            self.parts.append(part)
            self.size += len(part)
            while self.parts and self.size - len(self.parts[0]) >= self.limit:
                self.size -= len(self.parts.popleft())

    def text(self) -> str:
        self.thread.join(10)
        return b"".join(self.parts).decode(errors="replace")
