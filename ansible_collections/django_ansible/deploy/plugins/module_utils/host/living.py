# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a deploy lock can live by: the process that took it, or the heartbeat of its run. Both as the kernel of this boot tells, without the time of day."""
from __future__ import annotations

import contextlib
import fcntl
import os
import time


def this_process() -> list[int]:
    """Names this process for :func:`is_there`, for as long as the host is not booted: by its number and when it began, as numbers are used again."""
    return [os.getpid(), _begun(os.getpid()) or 0]


def is_there(process: list[int]) -> bool:
    """Whether that process has not ended yet."""
    pid, begun = process
    return _begun(pid) == begun


def _begun(pid: int) -> int | None:
    """When a process began, in the kernel's ticks since the boot; None where there is none, or one that has ended and was not asked for its code yet."""
    with contextlib.suppress(OSError), open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
        # Behind the name, which may hold anything: the state first, the beginning as the twentieth.
        facts = file.read().rpartition(")")[2].split()
        return int(facts[19]) if facts[0] not in "ZX" else None
    return None


def note_beat(descriptor: int, is_connected: bool) -> None:
    """Writes down that a run was heard of now, or that its connection has ended."""
    os.pwrite(descriptor, b"%020.3f" % (time.monotonic() if is_connected else 0), 0)


def last_beat(path: str) -> float:
    """When a run was heard of last, by the monotonic clock; 0 when nobody is connected any more."""
    try:
        with open(path, encoding="ascii") as file:
            return float(file.read(20))
    except (FileNotFoundError, ValueError):
        return 0.0


def is_locked(path: str) -> bool:
    """Whether another process holds a file by flock(2); one that ended holds nothing."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who ask at the same moment do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def holders(path: str) -> list[int]:
    """The processes that hold a file by flock(2)."""
    found = os.stat(path)
    place = "%02x:%02x:%d" % (os.major(found.st_dev), os.minor(found.st_dev), found.st_ino)
    with open("/proc/locks", encoding="ascii") as file:
        locks = [line.split() for line in file]
    # A line of one that waits has an arrow before the kind.
    return [int(lock[4]) for lock in locks if lock[1] == "FLOCK" and lock[5] == place and int(lock[4]) > 0]
