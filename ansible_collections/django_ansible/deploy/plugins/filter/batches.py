# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: batches
short_description: Splits hosts into batches, one after the other
description:
  - Reads sizes as Ansible's own C(serial) does. The last size repeats until every host is in a batch.
options:
  _input:
    description: Host names, in order.
    type: list
    elements: str
    required: true
  sizes:
    description: Number of hosts or percentage of all hosts, or a list of them.
    type: raw
    required: true
  variable:
    description: Name of the variable that has the sizes, for errors.
    type: str
    default: django_app_batch
"""

EXAMPLES = """
- name: One host first, then the others
  ansible.builtin.debug:
    msg: "{{ ['a', 'b', 'c'] | django_ansible.deploy.batches([1, '100%']) }}" # [['a'], ['b', 'c']]
"""

RETURN = """
_value:
  description: Lists of host names.
  type: list
  elements: list
"""

from ansible.errors import AnsibleFilterError


def size_of(size, total, variable):
    text = str(size).strip()
    number = text[:-1] if text.endswith("%") else text
    if not number.isdigit() or int(number) < 1:
        raise AnsibleFilterError("%s has %r: use a number of hosts (2) or a percentage (25%%), or a list of them" % (variable, size))
    return max(int(number) * total // 100, 1) if text.endswith("%") else int(number)


def batches(hosts, sizes, variable="django_app_batch"):
    hosts = list(hosts)
    sizes = [size_of(size, len(hosts), variable) for size in (sizes if isinstance(sizes, (list, tuple)) else [sizes])]
    if not sizes:
        raise AnsibleFilterError("%s is empty: name at least one size" % variable)
    result = []
    while hosts:
        size = sizes[min(len(result), len(sizes) - 1)]
        result.append(hosts[:size])
        hosts = hosts[size:]
    return result


class FilterModule:
    def filters(self):
        return {"batches": batches}
