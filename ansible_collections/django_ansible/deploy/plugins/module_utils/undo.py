# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How a host goes back after it has switched: kept from the activation until the whole fleet is through."""
from __future__ import annotations

import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.files import Restorable, write_atomically

FOLDER = "/var/lib/django-ansible-deploy"


def _path(app_name: str) -> str:
    return os.path.join(FOLDER, app_name + ".undo")


def remember(app_name: str, restorable: Restorable, **facts: object) -> None:
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    write_atomically(_path(app_name), json.dumps({**facts, "saved": restorable.dump()}).encode(), 0o600)


def recall(app_name: str) -> dict | None:
    """What was remembered, with `restorable`; None when there is nothing to go back to."""
    try:
        with open(_path(app_name), encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return None
    return {**found, "restorable": Restorable.load(found.pop("saved"))}


def forget(app_name: str) -> None:
    found = recall(app_name)
    if found:
        found["restorable"].forget()
        os.unlink(_path(app_name))
