# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of fleet_confirm, which has no other: the hosts are told over the channels of the heartbeat."""
from __future__ import annotations

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered


NO_ANSWER = "did not answer just before the end of this deploy, or was restarted"
NO_HEART = "hears nothing of this deploy any more, since the process that sends the heartbeat was killed where Ansible runs, as for lack of memory"


class ActionModule(Answered):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = ActionBase.run(self, tmp, task_vars)
        told = heart.confirm([str(host) for host in self._task.args.get("lost") or []], boolean(self._task.args.get("ends") or False))
        why = NO_ANSWER
        if told is None:
            why, told = NO_HEART, {"confirmed": False, "silent": sorted((task_vars or {}).get("ansible_play_hosts") or []), "unsure": [], "ended": []}
        if told["unsure"]:
            result["deploy"] = {"warnings": ["%s did not say that they know that the deploy is through; its end confirms it again" % ", ".join(told["unsure"])]}
        return {**result, "changed": False, **told, "why": why}
