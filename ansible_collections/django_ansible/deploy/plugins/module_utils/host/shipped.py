# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Leaves code of this collection on a host, for what goes on there after a module has ended: Ansible removes what it brought."""
from __future__ import annotations

import functools
import hashlib
import os
import re
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as

OURS = "ansible_collections.django_ansible.deploy.plugins.module_utils."
# A module's own base class, which has Ansible itself below it; nothing that goes on without Ansible needs it.
NOT_SHIPPED = {OURS + "host.module"}
FOLDER = "/var/lib/django-ansible-deploy/code"
# Runs a module's main() with what follows. Isolated (-I), Python reads nothing of the user or of the working directory.
START = "import importlib, sys\nsys.path.insert(0, sys.argv[1])\nimportlib.import_module(sys.argv[2]).main(*sys.argv[3:])"


IMPORT = re.compile(r"^ *from (%s?[\w.]*) import (\([^)]*\)|.+)$" % re.escape(OURS), re.MULTILINE)


def ship(folder: str = FOLDER) -> str:
    """Writes down what of this collection is loaded now.

    :returns: the folder to import it from, of its own for each version of the code.
    """
    return _put({name: _source(name) for name in sorted(sys.modules) if name.startswith(OURS) and name not in NOT_SHIPPED}, folder)


def store(module: str, folder: str = FOLDER) -> None:
    """Writes down a module and what it imports, for :func:`stored_command`."""
    _put(_needed(module), folder)


def stored_command(module: str, *arguments: str, folder: str = FOLDER) -> list[str]:
    """As :func:`command`, in words that stand in a unit: the same as long as the code is."""
    place = _place(_needed(module), folder)
    return ["/usr/bin/python3", "-I", os.path.join(place, "start.py"), place, OURS + module, *arguments]


@functools.lru_cache(maxsize=None)
def _needed(module: str) -> dict:
    """The sources of a module that is loaded and of all that it imports of this collection, by name."""
    found, left = {}, [OURS + module]
    while left:
        name = left.pop()
        if name in found or name not in sys.modules:
            continue
        found[name] = _source(name)
        for package, names in IMPORT.findall(found[name]):
            left += [package, *("%s.%s" % (package, one.partition(" as ")[0].strip()) for one in names.strip("()").split(","))]
    return found


def _place(sources: dict, folder: str) -> str:
    return os.path.join(folder, hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()[:16])


def _put(sources: dict, folder: str) -> str:
    place = _place(sources, folder)
    complete = os.path.join(place, "complete")
    if not os.path.exists(complete):
        os.makedirs(place, mode=0o700, exist_ok=True)
        for name, source in sources.items():
            parts = name.split(".")
            is_package = hasattr(sys.modules[name], "__path__")
            for depth in range(1, len(parts)):
                _write(os.path.join(place, *parts[:depth], "__init__.py"), "")
            _write(os.path.join(place, *parts, "__init__.py") if is_package else os.path.join(place, *parts) + ".py", source)
        _write(os.path.join(place, "start.py"), START)
        _write(complete, "")
    return place


def command(place: str, module: str, *arguments: str) -> list[str]:
    """The arguments of a program that calls ``main(*arguments)`` of a shipped module, such as ``host.keeper``."""
    return [sys.executable, "-I", "-c", START, place, OURS + module, *arguments]


def _source(name: str) -> str:
    loader = sys.modules[name].__spec__.loader
    return (loader.get_source(name) if hasattr(loader, "get_source") else "") or ""


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    write_atomically_as(path, text.encode(), 0o600, os.getuid(), os.getgid())
