# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a release was prepared for: the settings, environment and static files of this host, kept apart from the release, which never changes.

C(/etc/<app_name>/prepared/<release>.json) has the newest preparation of a release, C(prepared/<release>/<key>/) the settings module that completes the
project's. A slot takes a copy when it starts, so that a new preparation leaves alone what runs.
"""
from __future__ import annotations

import json
import os
import re
import shutil

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.settings_completion import MODULE
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, write_atomically
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import is_name
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout


def key_of(prepared_from: str) -> str:
    """Names a preparation among those of its release."""
    return prepared_from[:8]


def _path(layout: Layout, release: str) -> str:
    """Where a release's preparations are; a name that is none never becomes a path."""
    return os.path.join(layout.prepared, os.path.basename(layout.release_dir(release)))


def settings_dir(layout: Layout, release: str, key: str) -> str:
    return os.path.join(_path(layout, release), key)


def collected_dir(layout: Layout, release: str, key: str) -> str:
    """Where the static files of a preparation are collected, unless the project's settings say another place."""
    return os.path.join(layout.collected, "%s-%s" % (release, key))


def read(layout: Layout, release: str) -> dict:
    """The record of a release with that of its newest preparation; releases of older layouts have both in one."""
    if not is_name(release):
        return {}
    # What root knows of a release wins over what was found out by asking its code.
    return {**_own(layout, release), **layout.read_release(release)}


def _own(layout: Layout, release: str) -> dict:
    try:
        with open(_path(layout, release) + ".json", encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return {}


def write(layout: Layout, release: str, facts: dict) -> None:
    ensure_directory(layout.prepared)
    write_atomically(_path(layout, release) + ".json", (json.dumps(facts, indent=2, sort_keys=True) + "\n").encode(), 0o600)


def settle(layout: Layout, release: str, mark: str) -> None:
    """Writes down what stands for a database that lacks no migration of a release, see django/settled.py."""
    facts = _own(layout, release)
    if facts and facts.get("settled") != mark:
        write(layout, release, {**facts, "settled": mark})


def write_settings(layout: Layout, release: str, key: str, text: str, group: str) -> None:
    """Puts down the settings module of a preparation. It may hold what django_app_settings_override has, and that may be a secret."""
    path = settings_dir(layout, release, key)
    for each in (layout.prepared, os.path.dirname(path)):
        ensure_directory(each)
    ensure_directory(path, 0o750, "root", group)
    write_atomically(os.path.join(path, MODULE + ".py"), text.encode(), 0o640, "root", group)


def settings_text(layout: Layout, release: str) -> str | None:
    """The settings module of the newest preparation; None when the project's own settings do, or the release brings it itself."""
    key = read(layout, release).get("key")
    try:
        with open(os.path.join(settings_dir(layout, release, key or ""), MODULE + ".py"), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None


def is_prepared(layout: Layout, release: str, prepared_from: str) -> bool:
    """Whether a release is there as it was prepared from this."""
    return read(layout, release).get("prepared") == prepared_from and layout.starts(release)


def in_use(layout: Layout) -> set[str]:
    """The folders of static files that slots were started with."""
    found = set()
    for slot in SLOTS:
        try:
            with open(layout.slot_env(slot), encoding="utf-8") as file:
                found |= set(re.findall(r'^STATIC_ROOT="(.*)"$', file.read(), re.MULTILINE))
        except FileNotFoundError:
            pass
    return found


def unneeded(layout: Layout, kept: set[str]) -> list[str]:
    """Paths that no kept release and no slot needs."""
    current = {name: read(layout, name) for name in kept}
    wanted = {found["collected"] for found in current.values() if found.get("collected")} | in_use(layout)
    paths = [path for path in _children(layout.collected) if path not in wanted]
    for path in _children(layout.prepared):
        name = os.path.basename(path)
        if name.endswith(".json"):
            paths += [] if name[: -len(".json")] in kept else [path]
        elif name not in kept:
            paths.append(path)
        else:
            paths += [below for below in _children(path) if os.path.basename(below) != current[name].get("key")]
    return paths


def discard(layout: Layout, release: str, key: str) -> None:
    """Takes away what a preparation that failed had put down, unless a slot runs with it."""
    known, collected = read(layout, release), collected_dir(layout, release, key)
    if known.get("key") != key:
        shutil.rmtree(settings_dir(layout, release, key), ignore_errors=True)
    if os.path.isdir(layout.collected) and collected not in {known.get("collected"), *in_use(layout)}:
        with Tree(layout.collected) as tree:
            tree.remove(os.path.basename(collected))


def _children(path: str) -> list[str]:
    return [os.path.join(path, name) for name in sorted(os.listdir(path))] if os.path.isdir(path) else []
