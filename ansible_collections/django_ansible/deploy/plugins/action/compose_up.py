# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of compose_up: looks the answer through, and shows what the host told."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show


class ActionModule(Answered):
    def run(self, tmp=None, task_vars=None):
        return show(super().run(tmp, task_vars), task_vars)
