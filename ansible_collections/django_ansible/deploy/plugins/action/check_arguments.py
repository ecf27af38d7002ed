# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What ansible.builtin.validate_argument_spec does, from a file of specifications (argument_specs.yml) and for its entry point main.

As an argument of that action a long specification is parsed with the place of every word in it, and looked through for templates, by each host's process:
most of what the check took.
"""
from __future__ import annotations

import yaml
from ansible.module_utils.common.yaml import SafeLoader
from ansible.plugins.action.validate_argument_spec import ActionModule as Validation


class ActionModule(Validation):
    def run(self, tmp=None, task_vars=None):
        with open(self._task.args["file"], encoding="utf-8") as file:
            specifications = yaml.load(file, Loader=SafeLoader)["argument_specs"]
        self._task.args = {"argument_spec": specifications["main"]["options"]}
        return super().run(tmp, task_vars)
