# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Django's SECRET_KEY, made on the host for an application to which nobody gave one."""
from __future__ import annotations

import os
import secrets

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, write_atomically


def _path(etc: str) -> str:
    return os.path.join(etc, "secret_key")


def read(etc: str) -> dict:
    """C(SECRET_KEY) as this host made it, for the application's environment; empty when it made none."""
    try:
        with open(_path(etc), encoding="utf-8") as file:
            return {"SECRET_KEY": file.read().strip()}
    except FileNotFoundError:
        return {}


def ensure(etc: str) -> None:
    """Makes the key unless it is there."""
    if not read(etc):
        ensure_directory(etc)
        write_atomically(_path(etc), (secrets.token_urlsafe(48) + "\n").encode(), 0o600)


def sentence(etc: str) -> str:
    return (
        "SECRET_KEY was not given, so this host uses one of its own (%s): set vault_secret_key, or SECRET_KEY in the environment, before a second host "
        "joins" % _path(etc)
    )
