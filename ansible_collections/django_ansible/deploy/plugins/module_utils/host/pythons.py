# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The host's own Python, which an upgrade of Debian replaces, and the one that a virtual environment starts."""
from __future__ import annotations

import os
import re

OWN = "/usr/bin/python3"
# Debian's and those that uv installs are called like this; others, such as pypy3, are as their own link says.
NAME = re.compile(r"python3\.\d+")


def own() -> str:
    """Path of the host's own Python with its version, C(/usr/bin/python3.11). Debian keeps that one beside its next, until somebody removes it."""
    return os.path.realpath(OWN)


def starts(venv: str) -> bool:
    """Whether the Python of a virtual environment is still there, and finds its packages."""
    python = os.path.realpath(os.path.join(venv, "bin", "python"))
    name = os.path.basename(python)
    return os.access(python, os.X_OK) and (not NAME.fullmatch(name) or os.path.isdir(os.path.join(venv, "lib", name)))


def own_in(venv: str) -> str | None:
    """Name of the host's own Python where a virtual environment was made with it, C(python3.11)."""
    python = os.path.realpath(os.path.join(venv, "bin", "python"))
    name = os.path.basename(python)
    return name if python == own() and NAME.fullmatch(name) else None
