# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has a module change a server, and says first when that takes a restart, which everybody on the server notices."""
from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show


class Announced:
    """What an action plugin gets besides looking its module's answers through."""

    def run(self, tmp=None, task_vars=None):
        ActionBase.run(self, tmp, task_vars)
        arguments = dict(self._task.args)
        result = self._execute_module(module_args={**arguments, "restart": False}, task_vars=task_vars)
        if result.get("restart"):
            show({"told": [result["restart"]]}, task_vars)
            result = self._execute_module(module_args={**arguments, "restart": True}, task_vars=task_vars)
        return show(result, task_vars)
