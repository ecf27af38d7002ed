# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of app_remove: looks the answer through, and shows what the host told."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.waiting import Waiting


class ActionModule(Waiting, Answered):
    def run(self, tmp=None, task_vars=None):
        return show(super().run(tmp, task_vars), task_vars)
