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


_whole = {"depth": 0, "missed": False}


class RunEnded(BaseException):
    """The run is not heard of any more. What cleans up sees it, what handles errors does not: there is nothing to be tried again."""

    def __init__(self) -> None:
        super().__init__("this host did not hear of its run for too long: stopped here")


@contextlib.contextmanager
def ending_with(has_ended: Callable[[], bool]):
    """In the main thread, whatever that waits for: raises :class:`RunEnded`, once, when the run has ended before the body has."""
    is_through = threading.Event()

    def stop(number, frame) -> None:
        if _whole["depth"]:
            _whole["missed"] = True
        else:
            raise RunEnded

    def look() -> None:
        while not is_through.wait(LOOK):
            if has_ended():
                signal.pthread_kill(threading.main_thread().ident, SIGNAL)
                return

    _whole["missed"] = False
    before = signal.signal(SIGNAL, stop)
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        is_through.set()
        looking.join()
        signal.signal(SIGNAL, before)


@contextlib.contextmanager
def whole():
    """Around what has to come to its own end even so, such as dpkg's work: it is given up after that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _whole["depth"] += 1
    try:
        yield
    finally:
        _whole["depth"] -= 1
    if _whole["missed"] and not _whole["depth"]:
        _whole["missed"] = False
        raise RunEnded
