# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Nobody gets through to the application while a file is there. nginx's site looks at it for each request, so neither it nor the application notices.

Beside C(/etc/<app_name>/maintenance), a folder has by their names alone the addresses and the words that get through all the same.
"""
from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

WORD = re.compile(r"[A-Za-z0-9]{16,64}")


def known(layout: Layout) -> dict | None:
    """Who switched it on and when; None while it is off."""
    try:
        with open(layout.maintenance, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
    except ValueError:
        return {}


def describe(found: dict | None) -> str | None:
    """In words, for people."""
    return None if found is None else "since %s%s" % (found.get("since", "an unknown time"), ", by " + found["actor"] if found.get("actor") else "")


def addresses(given: list[str]) -> list[str]:
    """Addresses as nginx writes them.

    :raises CommandFailed: for what is none.
    """
    try:
        return sorted({str(ipaddress.ip_address(address)) for address in given})
    except ValueError as error:
        raise CommandFailed("django_app_maintenance_allow: %s: list single addresses, 192.0.2.7" % error) from error


def check(site: str, layout: Layout) -> None:
    """:raises CommandFailed: when nginx would not look."""
    try:
        with open(site, encoding="utf-8") as file:
            looks = os.path.join(layout.let_through, "bypass") in file.read()
    except FileNotFoundError:
        looks = False
    if not looks:
        raise CommandFailed("%s does not look for maintenance: deploy the application with this version first" % site)


def switch_on(layout: Layout, allowed: list[str], word: str, told: dict) -> bool:
    """Tells whether that changed anything; where it is on already, who gets through is said anew."""
    if word and not WORD.fullmatch(word):
        raise CommandFailed("django_app_maintenance_bypass: use 16 to 64 letters and digits")
    folders = {"allowed": addresses(allowed), "bypass": [word] if word else []}
    before = known(layout)
    if before is not None and all(set(_names(layout, folder)) == set(names) for folder, names in folders.items()):
        return False
    ensure_directory(layout.let_through)
    for folder, names in folders.items():
        # Nobody but root may list them: the names are what opens.
        ensure_directory(os.path.join(layout.let_through, folder), 0o711)
        for name in _names(layout, folder):
            if name not in names:
                os.unlink(os.path.join(layout.let_through, folder, name))
        for name in names:
            _write(os.path.join(layout.let_through, folder, name), "")
    if before is None:
        _write(layout.maintenance, json.dumps(told))
    return True


def switch_off(layout: Layout) -> bool:
    """Tells whether it was on."""
    was_on = os.path.lexists(layout.maintenance)
    if was_on:
        os.unlink(layout.maintenance)
    if os.path.isdir(layout.let_through):
        shutil.rmtree(layout.let_through)
    return was_on


def _names(layout: Layout, folder: str) -> list[str]:
    path = os.path.join(layout.let_through, folder)
    return os.listdir(path) if os.path.isdir(path) else []


def _write(path: str, text: str) -> None:
    write_atomically_as(path, text.encode(), 0o644, os.getuid(), os.getgid())
