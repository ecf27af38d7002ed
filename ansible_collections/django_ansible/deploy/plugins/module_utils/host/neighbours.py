# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Several applications on one server: its settings belong to one of them, the first that was there and still is."""
from __future__ import annotations

import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

OWNER = re.compile(r"^# Ansible managed; settings of (\S+)$", re.MULTILINE)


class RestartNeeded(Exception):
    """A server that runs would have to restart; the text says why. Nothing was changed yet."""


def header(owner: str) -> str:
    return "# Ansible managed; settings of %s" % owner


def owner_of(text: str, app_name: str, applications: set[str]) -> str:
    """Whose the settings of a server are, given what its file has and which applications it knows."""
    found = OWNER.search(text)
    return found.group(1) if found and found.group(1) in applications else app_name


def refuse_other_settings(owner: str, variable: str, asked: dict, known: dict) -> None:
    """:raises CommandFailed: when an application asks for settings that another one's server does not have."""
    different = sorted(name for name, value in asked.items() if known.get(name) != str(value))
    if different:
        raise CommandFailed(
            "its settings are those of the application %s, which was here first, and they differ in %s: set %s there, or leave these out here"
            % (owner, ", ".join(different), variable)
        )
