# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How much memory a server on this host is told to take."""
from __future__ import annotations

import re

MIB = 1 << 20
# What a host has wobbles from boot to boot, and a server that has to restart for it drops what everybody is doing.
TOLERANCE = 0.25


def of_host() -> int:
    """In bytes."""
    with open("/proc/meminfo", encoding="utf-8") as file:
        return int(re.search(r"MemTotal:\s+(\d+) kB", file.read()).group(1)) * 1024


def steady(wanted: int, known: int | None) -> int:
    """An amount of MiB in coarse steps; the one that is known as long as it is about right."""
    if known and abs(known - wanted) <= wanted * TOLERANCE:
        return known
    step = 1 << max(wanted.bit_length() - 3, 0)
    return wanted // step * step


def mebibytes(text: str | None) -> int | None:
    """What a setting such as 128MB says; None for anything else."""
    found = re.fullmatch(r"(\d+)\s*([mg])b", (text or "").strip(), re.IGNORECASE)
    return int(found.group(1)) * (1024 if found.group(2).lower() == "g" else 1) if found else None
