# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of compose_reach: looks the answer through, shows what the host told, and lets it hear of this run from the moment it has the deploy lock."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils import login
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart import Heard
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.waiting import Waiting


class ActionModule(Heard, Waiting, Answered):
    def _execute_module(self, *args, task_vars=None, **kwargs):
        login.wait(self)
        return show(super()._execute_module(*args, task_vars=task_vars, **kwargs), task_vars)
