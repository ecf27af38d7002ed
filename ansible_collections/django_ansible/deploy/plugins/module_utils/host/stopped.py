# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Programs that somebody stopped who may: an application signals whatever runs as its user. Waiting for one would have no end."""
from __future__ import annotations

import contextlib
import glob
import os
import signal
import subprocess
import threading

LOOK_SECONDS = 5  # between two looks at whether a program was stopped


def is_stopped(pid: int) -> bool:
    return _stat(pid)[0] == "T"


def outcome(process: subprocess.Popen, text: str | None = None) -> tuple[str, str, bool]:
    """What a program printed to its pipes, and whether it had to be ended with all that it started, since one of those was stopped at two looks.

    :param text: for its standard input, where that is a pipe.
    """
    told: list[str] = []
    # A second communicate() after a time limit loses what was still to be written.
    passing = threading.Thread(target=lambda: told.extend(process.communicate(text)), daemon=True)
    passing.start()
    before: set[int] = set()
    while True:
        passing.join(LOOK_SECONDS)
        if not passing.is_alive():
            return (*told, False)
        members = family(process.pid)
        stopped = {pid for pid in members if is_stopped(pid)}
        if stopped & before:
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            passing.join(LOOK_SECONDS)
            return "", "", True
        before = stopped


def family(pid: int) -> list[int]:
    """A process and what descends from it."""
    parents = {int(name): int(_stat(int(name))[1]) for name in map(os.path.basename, glob.glob("/proc/[0-9]*"))}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _stat(pid: int) -> list[str]:
    """The state of a process, and its parent."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[:2]
    except OSError:
        return ["", "0"]
