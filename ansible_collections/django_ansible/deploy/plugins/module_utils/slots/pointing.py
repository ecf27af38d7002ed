# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a slot is besides its units: a link to its release, and the environment, completed settings and credentials that the release starts with."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import settings_completion
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable, ensure_directory, replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prepared, replacing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import release_environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def files(params: dict, layout: Layout, release: str, slot: str) -> list[ManagedFile]:
    """The environment of a slot, what completes the project's settings, and its credentials, which only systemd reads."""
    environment, folder = release_environment(params, layout, release, slot), layout.slot_credentials(slot)
    group, settings = params["app_group"], prepared.settings_text(layout, release)
    module = os.path.join(layout.slot_settings(slot), settings_completion.MODULE + ".py")
    return [
        ManagedFile(layout.slot_env(slot), environment.env_file(), "0640", "root", group, secret=True),
        *([ManagedFile(module, settings, "0640", "root", group, secret=True)] if settings else []),
        *(ManagedFile(os.path.join(folder, name), environment.values.get(name, ""), "0600", secret=True) for name in environment.credentials),
    ]


def point(params: dict, layout: Layout, release: str, slot: str, restorable: Restorable) -> None:
    """Points a slot at a release and gives it the environment."""
    restorable.keep(layout.slot_link(slot))
    replace_link(os.path.join("..", "releases", release), layout.slot_link(slot))
    ensure_directory(layout.run)
    write(params, layout, release, slot, restorable)


def write(params: dict, layout: Layout, release: str, slot: str, restorable: Restorable) -> None:
    """Gives a slot its environment, and takes away credentials that it has no more."""
    folder = layout.slot_credentials(slot)
    for file in files(params, layout, release, slot):
        replacing.write(restorable, file)
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        # A name with a dot is what a file was before, for the way back.
        if name not in params["credentials"] and "." not in name:
            restorable.keep(os.path.join(folder, name))
            os.unlink(os.path.join(folder, name))
