# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of compose_pull: where hosts activate the release in this step, it says in which order, and has none wait for a host that does not."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show


class ActionModule(Answered):
    def run(self, tmp=None, task_vars=None):
        arguments, result = self._task.args, {}
        if not arguments.get("batches"):
            return super().run(tmp, task_vars)
        heart.take_turns(arguments["batches"], arguments["release"], arguments["revision"] or "-")
        try:
            result = super().run(tmp, task_vars)
        finally:
            if not result.get("activated"):
                heart.differ()
        return show(result, task_vars)
