# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of compose_reach: looks the answer through, and lets the host hear of this run from the moment it has the deploy lock."""
from __future__ import annotations

<<<<<<< HEAD
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart, login
=======
>>>>>>> main
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart import Heard
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.waiting import Waiting


<<<<<<< HEAD
class ActionModule(Waiting, Answered):
    def _execute_module(self, *args, task_vars=None, **kwargs):
        arguments = dict(self._task.args)
        may_fail = int(arguments.get("may_fail") or 0)
        if arguments.get("run_id") and not self._task.check_mode:
            arguments["heart"] = heart.start(self, task_vars or {}, may_fail)
        login.wait(self)
        return super()._execute_module(*args, module_args=arguments, task_vars=task_vars, **kwargs)
=======
class ActionModule(Heard, Waiting, Answered):
    """Nothing of its own."""
>>>>>>> main
