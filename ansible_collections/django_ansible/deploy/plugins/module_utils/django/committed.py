# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Finds a secret in what is committed, where everybody who reads the repository finds it, too.

Runs in the release's virtual environment, beside driver: the standard library alone, on every Python that Django supports.
"""
from __future__ import annotations

import os
import re
import sys

DOTENV = re.compile(r"\.env(\..+)?|.+\.env")
LONGEST = 1 << 20


def place_of(secret, modules, package, release_dir, project_dir):
    """The module or file of a release that has a secret as it stands; None when it comes from elsewhere.

    :param modules: names of the modules that the settings were made from.
    :param package: the project's own, which may be installed.
    :param project_dir: the folder of manage.py, where files with variables are looked for, and in those above it.
    """
    if not secret:
        return None
    release = os.path.realpath(release_dir) + os.sep
    for name in sorted(modules):
        path = getattr(sys.modules.get(name), "__file__", None) or ""
        own = os.path.realpath(path).startswith(release) or name.partition(".")[0] == package
        if own and path.endswith(".py") and secret in texts_of(path):
            return name
    for path in dotenv_files(release, os.path.realpath(project_dir)):
        if str(secret) in read(path):
            return os.path.relpath(path, release)
    return None


def texts_of(path):
    """Every text that a source has, put together where it is written in parts."""
    try:
        code = compile(read(path), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return set()
    return set(constants(code.co_consts))


def constants(values):
    for value in values:
        if isinstance(value, (str, bytes)):
            yield value
        elif isinstance(value, (tuple, frozenset)):
            yield from constants(value)
        elif hasattr(value, "co_consts"):
            yield from constants(value.co_consts)


def dotenv_files(release, folder):
    while (folder + os.sep).startswith(release):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            # A link leads to what the host keeps.
            if DOTENV.fullmatch(name) and os.path.isfile(path) and not os.path.islink(path):
                yield path
        folder = os.path.dirname(folder)


def read(path):
    try:
        if os.path.getsize(path) > LONGEST:
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
