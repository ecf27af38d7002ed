# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of app_host: looks the answer through, and lets the host hear of this run from the moment it has the deploy lock.

What the host has of an earlier commit waits here for app_release, and what it told is shown.
"""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils import login
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.checkout import note_code
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart import Heard
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.waiting import Waiting


class ActionModule(Heard, Waiting, Answered):
    def _execute_module(self, *args, task_vars=None, **kwargs):
        login.wait(self)
        answer = super()._execute_module(*args, task_vars=task_vars, **kwargs)
        note_code((task_vars or {}).get("inventory_hostname", ""), answer.pop("code", None))
        return show(answer, task_vars)
