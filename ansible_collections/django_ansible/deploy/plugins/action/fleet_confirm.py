# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of fleet_confirm, which has no other: the hosts are told over the channels of the heartbeat."""
from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered


class ActionModule(Answered):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = ActionBase.run(self, tmp, task_vars)
        told = heart.confirm([str(host) for host in self._task.args.get("lost") or []])
        if told["unsure"]:
            result["deploy"] = {"warnings": ["%s did not say that they know that the deploy is through; its end confirms it again" % ", ".join(told["unsure"])]}
        return {**result, "changed": False, **told}
