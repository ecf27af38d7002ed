# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What ansible.builtin.validate_argument_spec does, from a file of specifications (argument_specs.yml) and for its entry point main.

As an argument of that action a long specification is parsed with the place of every word in it, and looked through for templates, by each host's process:
most of what the check took.

C(broken) has rules that are broken all the same, each with C(name), C(value) and C(rule); it is only looked at once all types are right. With C(log_in) the login
to the host begins when nothing is wrong.
"""
from __future__ import annotations

import json

import yaml
from ansible.module_utils.common.yaml import SafeLoader
from ansible.plugins.action.validate_argument_spec import ActionModule as Validation
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import login


class ActionModule(Validation):
    @classmethod
    def finalize_task_arg(cls, name, value, templar, context):
        return value if name == "broken" else super().finalize_task_arg(name, value, templar, context)

    def run(self, tmp=None, task_vars=None):
        given = self._task.args
        if given.get("log_in"):
            login.prepare(self)
        with open(given["file"], encoding="utf-8") as file:
            specifications = yaml.load(file, Loader=SafeLoader)["argument_specs"]
        self._task.args = {"argument_spec": specifications["main"]["options"]}
        result = super().run(tmp, task_vars)
        if result.get("failed"):
            return result
        broken = self._templar.template(given.get("broken", []))
        if broken:
            said = ("%s is %s: %s" % (rule["name"], json.dumps(rule["value"]), rule["rule"]) for rule in broken)
            return {**result, "failed": True, "msg": "\n".join(said)}
        if given.get("log_in"):
            login.begin(self)
        return result
