# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Work that changes nothing that serves, such as a download or a build, ends with its run: a network that was cut may keep it waiting for minutes, and with it the lock."""
from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable

LOOK = 1.0  # seconds between two looks
SIGNAL = signal.SIGUSR1


class RunEnded(BaseException):
    """The run is not heard of any more. What cleans up sees it, what handles errors does not: there is nothing to be tried again."""

    def __init__(self) -> None:
        super().__init__("this host did not hear of its run for too long: stopped here")


@contextlib.contextmanager
def ending_with(has_ended: Callable[[], bool]):
    """In the main thread, whatever that waits for: raises :class:`RunEnded`, once, when the run has ended before the body has."""
    is_through = threading.Event()

    def stop(number, frame) -> None:
        raise RunEnded

    def look() -> None:
        while not is_through.wait(LOOK):
            if has_ended():
                signal.pthread_kill(threading.main_thread().ident, SIGNAL)
                return

    before = signal.signal(SIGNAL, stop)
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        is_through.set()
        looking.join()
        signal.signal(SIGNAL, before)
