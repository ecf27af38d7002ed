# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How a host goes back after it has switched: kept from the activation until the whole fleet is through."""
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
