# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: hooks
short_description: The user's own task files, by the moment at which they run
description:
  - Gives every moment a list of absolute paths, empty where nothing is to run.
  - C(broken_hooks) with the same arguments returns what is wrong with them instead, in the form of C(broken_rules).
options:
  _input:
    description: A task file or a list of them by moment, as C(django_app_hooks) has them.
    type: dict
    required: true
  folder:
    description: What relative paths start from.
    type: str
    required: true
"""

EXAMPLES = """
- name: Name them
  ansible.builtin.debug:
    msg: "{{ {'before_activate': 'hooks/leave.yml'} | django_ansible.deploy.hooks('/srv/project') }}"
"""

RETURN = """
_value:
  description: Paths by moment.
  type: dict
"""

import os

PHASES = ("reach", "prepare", "migrate", "activate", "finish")
MOMENTS = tuple("%s_%s" % (when, phase) for phase in PHASES for when in ("before", "after"))[1:]


def paths(value, folder):
    return [os.path.join(folder, str(path)) for path in (value if isinstance(value, (list, tuple)) else [value])]


def hooks(given, folder):
    return {moment: paths(given.get(moment, []), folder) for moment in MOMENTS}


def broken_hooks(given, folder):
    broken = []
    for moment, value in given.items():
        if moment not in MOMENTS:
            broken.append({"name": "django_app_hooks.%s" % moment, "value": value, "rule": "there is no such moment, there are: %s" % ", ".join(MOMENTS)})
        else:
            rule = "there is no such task file where Ansible runs"
            broken += [{"name": "django_app_hooks.%s" % moment, "value": path, "rule": rule} for path in paths(value, folder) if not os.path.isfile(path)]
    return broken


class FilterModule:
    def filters(self):
        return {"hooks": hooks, "broken_hooks": broken_hooks}
