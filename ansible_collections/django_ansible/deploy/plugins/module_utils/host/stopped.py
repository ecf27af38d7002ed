# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Programs that somebody stopped who may: an application signals whatever runs as its user. Waiting for one would have no end."""
from __future__ import annotations

import glob
import os


def is_stopped(pid: int) -> bool:
    return _stat(pid)[0] == "T"


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
