# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Shows in the log what a module found out on a host."""
from __future__ import annotations

from ansible.utils.display import Display

display = Display()


def show(result, task_vars):
    for sentence in result.get("told", []):
        display.display("%s: %s" % ((task_vars or {}).get("inventory_hostname", "host"), sentence))
    return result
