# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has filters and tests found once in a run.

Each template has Ansible look through all files of filters for each name that is not its own: those of this collection, and those of Jinja, such as `length`.
A look takes 0.7 ms, and each task of each host has about 25 of them. What is found is the same as before, until another folder of plugins comes in.
"""
from __future__ import annotations

import contextlib


def lend(loader) -> None:
    """Has a loader of filters or tests remember what it found."""
    find, add, found = loader.get, loader.add_directory, {}

    def get(name, *args, **kwargs):
        if args or kwargs:
            return find(name, *args, **kwargs)
        if name not in found:
            found[name] = find(name)
        return found[name]

    def added(*args, **kwargs):
        found.clear()
        return add(*args, **kwargs)

    loader.get, loader.add_directory = get, added


def find(loader, names) -> None:
    """Finds some before the processes of tasks are made, each of which would look for itself."""
    for name in names:
        with contextlib.suppress(Exception):
            loader.get(name)
