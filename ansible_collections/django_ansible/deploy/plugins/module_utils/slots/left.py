# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What the last deploy left of files on a host, so that what somebody has changed by hand since then can be told."""
from __future__ import annotations

import hashlib
import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout


def paths(layout: Layout) -> list[str]:
    """The files of a deploy that people may be tempted to change."""
    names = [layout.app_name + "@.service", layout.app_name + "@.socket", *process_units.owned_units(layout.app_name)]
    return [
        *(os.path.join(process_units.UNITS, name) for name in names),
        "/etc/nginx/sites-available/" + layout.app_name, "/etc/nginx/sites-enabled/" + layout.app_name, "/etc/tmpfiles.d/%s.conf" % layout.app_name,
        "/usr/local/bin/%s-manage" % layout.app_name, os.path.join(layout.etc, "gunicorn.conf.py"), *map(layout.slot_env, SLOTS),
    ]


def _sums(layout: Layout) -> dict:
    found = {}
    for path in paths(layout):
        if os.path.islink(path):
            # What it leads to is a file of its own.
            found[path] = "-> %s" % os.readlink(path)
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                found[path] = hashlib.sha256(file.read()).hexdigest()
    return found


def _record(layout: Layout) -> str:
    return os.path.join(layout.etc, "left.json")


def note(layout: Layout) -> None:
    """Remembers how the files are now."""
    if os.path.isdir(layout.etc):
        write_atomically_as(_record(layout), json.dumps(_sums(layout), sort_keys=True).encode(), 0o600, os.getuid(), os.getgid())


def forget(layout: Layout, gone: list[str]) -> None:
    """Nobody shall be told of files that an operation has removed."""
    known = _known(layout)
    if known:
        kept = {path: found for path, found in known.items() if path not in gone}
        write_atomically_as(_record(layout), json.dumps(kept, sort_keys=True).encode(), 0o600, os.getuid(), os.getgid())


def _known(layout: Layout) -> dict:
    try:
        with open(_record(layout), encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return {}


def drift(layout: Layout) -> list[str]:
    """What is different since then; nothing where a version before this one has deployed."""
    known = _known(layout)
    if not known:
        return []
    now = _sums(layout)
    return sorted(
        "%s %s" % (path, "was changed" if path in known and path in now else "is gone" if path in known else "was added")
        for path in {*known, *now}
        if known.get(path) != now.get(path)
    )
