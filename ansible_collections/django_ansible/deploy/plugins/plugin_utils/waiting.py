# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has a module take the deploy lock, and says first when it has to wait for that, and for whom."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show


class Waiting:
    """What an action plugin gets besides looking its module's answers through. Stands before the class that does that."""

    def _execute_module(self, module_name=None, *args, module_args=None, task_vars=None, **kwargs):
        if module_name is not None:
            return super()._execute_module(module_name, *args, module_args=module_args, task_vars=task_vars, **kwargs)
        arguments = dict(self._task.args if module_args is None else module_args)
        result = super()._execute_module(*args, module_args={**arguments, "wait_is_told": False}, task_vars=task_vars, **kwargs)
        if result.get("waits"):
            show({"told": [result["waits"]]}, task_vars)
            result = super()._execute_module(*args, module_args={**arguments, "wait_is_told": True}, task_vars=task_vars, **kwargs)
        return result
