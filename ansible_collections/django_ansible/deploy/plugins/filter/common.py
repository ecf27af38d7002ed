# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
from __future__ import annotations

DOCUMENTATION = """
name: common
short_description: What all of some lists have
description:
  - The texts that are in each of the lists.
options:
  _input:
    description: Lists of texts.
    type: list
    elements: list
    required: true
"""

EXAMPLES = """
- name: Releases that every host has
  ansible.builtin.debug:
    msg: "{{ [['a', 'b'], ['b']] | django_ansible.deploy.common }}" # ['b']
"""

RETURN = """
_value:
  description: Sorted.
  type: list
  elements: str
"""


def common(lists):
    lists = [set(entries) for entries in lists]
    return sorted(set.intersection(*lists)) if lists else []


class FilterModule:
    def filters(self):
        return {"common": common}
