# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: tolerated
short_description: Says how many hosts of a fleet may fail
description:
  - A percentage is rounded down, and never stands for the whole fleet.
options:
  _input:
    description: Host names.
    type: list
    elements: str
    required: true
  limit:
    description: Number of hosts, or percentage of all hosts.
    type: raw
    required: true
  variable:
    description: Name of the variable that has the limit, for errors.
    type: str
    default: django_app_max_failures
"""

EXAMPLES = """
- name: A tenth of the fleet
  ansible.builtin.debug:
    msg: "{{ groups.web | django_ansible.deploy.tolerated('10%') }}" # 2 of 25
"""

RETURN = """
_value:
  description: Number of hosts.
  type: int
"""

from ansible.errors import AnsibleFilterError


def tolerated(hosts, limit, variable="django_app_max_failures"):
    total, text = len(list(hosts)), str(limit).strip()
    number = text[:-1] if text.endswith("%") else text
    if not number.isdecimal() or isinstance(limit, bool):
        raise AnsibleFilterError("%s is %r: use a number of hosts (1) or a percentage (10%%)" % (variable, limit))
    return min(int(number) * total // 100 if text.endswith("%") else int(number), total - 1)


class FilterModule:
    def filters(self):
        return {"tolerated": tolerated}
