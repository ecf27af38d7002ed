# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How a host goes back after it has switched: kept from before the switch until the whole fleet is through, so that whatever ends a step in the middle leaves it."""
from __future__ import annotations

import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable, write_atomically_as

FOLDER = "/var/lib/django-ansible-deploy"


def _path(app_name: str, folder: str) -> str:
    return os.path.join(folder or FOLDER, app_name + ".undo")


def remember(app_name: str, restorable: Restorable, folder: str | None = None, **facts: object) -> None:
    os.makedirs(folder or FOLDER, mode=0o700, exist_ok=True)
    write_atomically_as(_path(app_name, folder), json.dumps({**facts, "saved": restorable.dump()}).encode(), 0o600, os.getuid(), os.getgid())


def recall(app_name: str, folder: str | None = None) -> dict | None:
    """What was remembered, with `restorable`; None when there is nothing to go back to."""
    try:
        with open(_path(app_name, folder), encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return None
    return {**found, "restorable": Restorable.load(found.pop("saved"))}


def content(app_name: str, folder: str | None = None) -> bytes | None:
    """As it is, for :func:`put_back`."""
    try:
        with open(_path(app_name, folder), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def put_back(app_name: str, before: bytes | None, folder: str | None = None) -> None:
    """The host is as it was when there was *before* to remember."""
    if before is not None:
        write_atomically_as(_path(app_name, folder), before, 0o600, os.getuid(), os.getgid())
    elif os.path.exists(_path(app_name, folder)):
        os.unlink(_path(app_name, folder))


def confirm(app_name: str, run: str, folder: str | None = None) -> None:
    """The whole fleet is through: a host that *run* has switched does not go back any more."""
    path = _path(app_name, folder)
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return
    if found.get("run") == run and not found.get("confirmed"):
        write_atomically_as(path, json.dumps({**found, "confirmed": True}).encode(), 0o600, os.getuid(), os.getgid())


def forget(app_name: str, folder: str | None = None) -> None:
    found = recall(app_name, folder)
    if found:
        found["restorable"].forget()
        os.unlink(_path(app_name, folder))
