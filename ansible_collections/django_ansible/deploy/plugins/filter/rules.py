# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: broken_rules
short_description: Those of some rules that their values break
description:
  - One pass over all rules, where a task with C(when) on each of them costs every host a good part of a second.
options:
  _input:
    description: Rules, each with the C(value) it is about and the C(pattern) that has to be found in it, a regular expression.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Refuse what breaks a rule
  ansible.builtin.fail:
    msg: "{{ item.name }} breaks its rule"
  loop: "{{ [{'name': 'port', 'value': 'http', 'pattern': '\\A[0-9]+\\Z'}] | django_ansible.deploy.broken_rules }}"
"""

RETURN = """
_value:
  description: The rules that are broken, in their order.
  type: list
  elements: dict
"""

import re


def broken_rules(rules):
    return [rule for rule in rules if not re.search(rule["pattern"], str(rule["value"]))]


class FilterModule:
    def filters(self):
        return {"broken_rules": broken_rules}
