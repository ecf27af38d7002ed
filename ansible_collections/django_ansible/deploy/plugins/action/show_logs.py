# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Shows what app_logs found on several hosts as one log, by time."""
from __future__ import annotations

import heapq
from datetime import datetime, timezone

from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.printed import Printed, display


def moment(microseconds):
    return datetime.fromtimestamp(microseconds / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def merged(found):
    """Lines of all hosts by time, those of one host in their order. Each begins with its time and, where there are several, its host."""
    width = max(map(len, found), default=0)
    by_host = [[(when, number, host, text) for number, (when, text) in enumerate(zip(answer["times"], answer["lines"]))] for host, answer in sorted(found.items())]
    for when, _, host, text in heapq.merge(*by_host, key=lambda entry: entry[0]):
        yield "%s %s%s" % (moment(when), host.ljust(width) + " " if len(found) > 1 else "", text.replace("\n", " "))


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        found = self._task.args["found"]
        printed = Printed()
        lines = list(merged(found))
        for line in lines:
            printed.show(line + "\n")
        if not lines:
            display.display("No line matches.")
        return {"changed": False}
