# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has a module run a command: asks until it has ended, and shows what it prints as it comes."""
from __future__ import annotations

import secrets
import shlex

from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.printed import MOST, Printed, display

KILLED = 255
LONGEST_WAIT = 10  # seconds in which one call waits for more


class Followed(Answered):
    """*program* is what the words of the command follow."""

    program: tuple = ()

    def run(self, tmp=None, task_vars=None):
        ActionBase.run(self, tmp, task_vars)
        host = (task_vars or {}).get("inventory_hostname", "the host")
        arguments = dict(self._task.args)
        arguments["run_id"] = arguments.get("run_id") or "manual-" + secrets.token_hex(8)
        printed, wait = Printed(), 2
        while True:
            answer = self._execute_module(module_args={**arguments, "wait": wait}, task_vars=task_vars)
            if answer.get("failed") or answer.get("unreachable"):
                return answer
            printed.show(answer["output"])
            if answer["ended"] or arguments.get("detached"):
                break
            arguments["offset"] = answer["offset"]
            wait = min(wait + 1, LONGEST_WAIT)
        result = {"changed": True, "deploy": answer["deploy"]}
        if printed.cut or answer["cut"]:
            display.display("(only the first %d MiB are shown)" % (MOST >> 20))
        if not answer["ended"]:
            display.display("%s: it goes on by itself as run %s; operation: status shows when it has ended" % (host, arguments["run_id"]))
            return result
        if answer["code"]:
            said = answer["trouble"].split("\n")[0] or "%s %s" % (
                shlex.join([*self.program, *arguments["words"]])[:200], "was ended by a signal" if answer["code"] == KILLED else "ended with %d" % answer["code"],
            )
            return {**result, "failed": True, "rc": answer["code"], "msg": "%s on %s." % (said, host)}
        return {**result, "rc": 0}
