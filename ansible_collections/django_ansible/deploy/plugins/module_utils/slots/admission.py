# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What has to be in order on a host before a deploy takes its lock; nothing is touched until then."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import accounts, fitness, names, notice
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import free_mib
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import ground, shared
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def refuse(layout: Layout, params: dict) -> int:
    """Returns the free space below C(app_dir), in MiB.

    :raises CommandFailed: with the first thing that keeps the application from this host.
    """
    fitness.refuse_unfit_host()
    refused = accounts.refusal(params["app_user"]) or (None if os.path.isdir(layout.releases) else names.refusal(layout.app_name, layout.etc))
    if refused:
        raise CommandFailed(refused)
    free = free_mib(params["app_dir"])
    if free < params["needed_mib"]:
        raise CommandFailed("only %d MiB are free below %s, a release needs %d: free some space" % (free, params["app_dir"], params["needed_mib"]))
    notice.check(params["notify"])
    trouble = fitness.silent_database(params["database"]) if params["database"] else None
    if trouble:
        raise CommandFailed(trouble)
    ground.refuse(layout, params["app_user"])
    shared.refuse_another_user(layout, params["app_user"])
    layout.refuse_unreadable()
    return free
