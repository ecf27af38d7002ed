# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of fleet_absent, which has no other: it compares what other hosts have answered."""
from __future__ import annotations

import re

from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered


class ActionModule(Answered):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = ActionBase.run(self, tmp, task_vars)
        arguments = self._task.args
        missing = [entry for entry in arguments["absent"] if not runs(arguments["app_name"], entry["name"], arguments["units"])]
        return {**result, "changed": False, "absent": [entry["name"] for entry in missing], "deploy": {"warnings": list(map(sentence_of, missing))}}


def runs(app_name: str, name: str, units: list[str]) -> bool:
    """Whether one of the units is of that process or timer."""
    unit = re.compile(r"%s-%s(-(blue|green)@\d+\.service|\.timer)" % (re.escape(app_name), re.escape(name)))
    return any(map(unit.fullmatch, units))


def sentence_of(entry: dict) -> str:
    return "{name} runs on no host that answers, since {host} does not: a deploy moves it to {stands_in} when the inventory has no {host} any more, or when django_app_max_failures lets it go on without".format(**entry)
