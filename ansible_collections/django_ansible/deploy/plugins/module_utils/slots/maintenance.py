# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Maintenance of role mode: nginx's site looks for C(/etc/<app_name>/maintenance)."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.maintenance import Maintenance
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def maintenance_of(layout: Layout) -> Maintenance:
    return Maintenance(layout.maintenance, layout.let_through)


def check(site: str, layout: Layout) -> None:
    """:raises CommandFailed: when nginx would not look."""
    try:
        with open(site, encoding="utf-8") as file:
            looks = os.path.join(layout.let_through, "bypass") in file.read()
    except FileNotFoundError:
        looks = False
    if not looks:
        raise CommandFailed("%s does not look for maintenance: deploy the application with this version first" % site)
