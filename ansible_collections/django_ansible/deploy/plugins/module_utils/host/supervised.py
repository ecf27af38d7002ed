# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has systemd end a process of this collection that was stopped or hangs, and start it again: it says every few seconds that it goes on."""
from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

# Of a unit that runs one, which needs a way to restart as well. What was stopped takes no other signal.
LIMITS = {"NotifyAccess": "main", "WatchdogSec": "10", "WatchdogSignal": "SIGKILL"}
PULSE = 2.0  # seconds between two words


class Supervised:
    """Says nothing where no unit asks for it. What the process starts does not find the socket, and cannot speak for it."""

    def __init__(self) -> None:
        address = os.environ.pop("NOTIFY_SOCKET", "")
        self.address = "\0" + address[1:] if address.startswith("@") else address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.said = 0.0

    def goes_on(self) -> None:
        """Is called from a loop, at least every few seconds."""
        if self.address and time.monotonic() - self.said >= PULSE:
            self.said = time.monotonic()
            with contextlib.suppress(OSError):
                self.socket.sendto(b"WATCHDOG=1", self.address)

    @contextlib.contextmanager
    def working(self):
        """While something takes its time that ends by itself: only a process that is stopped counts as one that hangs."""
        over = threading.Event()

        def say() -> None:
            self.goes_on()
            while not over.wait(PULSE):
                self.goes_on()

        thread = threading.Thread(target=say, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
