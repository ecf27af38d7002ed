# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: application_hosts
short_description: The hosts of an application, by the groups of its inventory
description:
  - Those of the groups C(web) and C(workers) when there is a group C(web). Else all, without those that are only in C(database) or C(redis).
  - C(address_of) gives the address at which the others reach a host, from its variables.
options:
  _input:
    description: Hosts by group, Ansible's C(groups).
    type: dict
    required: true
"""

EXAMPLES = """
- name: Deploy
  hosts: "{{ groups | django_ansible.deploy.application_hosts }}"
"""

RETURN = """
_value:
  description: Names of hosts, in the inventory's order.
  type: list
  elements: str
"""


def application_hosts(groups):
    every = list(groups["all"])
    if groups.get("web"):
        chosen = {*groups["web"], *groups.get("workers", [])}
    else:
        servers = {*groups.get("database", []), *groups.get("redis", [])}
        # A host that is all there is has to do everything.
        chosen = (set(every) - servers | set(groups.get("workers", []))) or set(every)
    return [host for host in every if host in chosen]


def address_of(variables):
    address = str(variables.get("django_app_address") or variables.get("ansible_host") or variables["inventory_hostname"])
    return "[%s]" % address if ":" in address and not address.startswith("[") else address


class FilterModule:
    def filters(self):
        return {"application_hosts": application_hosts, "address_of": address_of}
