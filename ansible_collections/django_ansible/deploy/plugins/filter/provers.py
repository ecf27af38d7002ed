# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: provers
short_description: Chooses the hosts whose live release has to survive the migrations, too
description:
  - One host migrates, and tries its own live release before. In a mixed fleet each other live release is tried as well, on the first host that has it. Two builds of a
    commit are two releases. The release of the deploy itself knows its migrations, and a host without a live release has nothing to lose.
  - C(proofs) gives what those hosts found, for the one that migrates.
options:
  _input:
    description: Host names, those first that are to be preferred.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars), where each host has what it answered when it was looked at.
    type: dict
    required: true
  leader:
    description: The host that migrates.
    type: str
    required: true
  release:
    description: Release of the deploy.
    type: str
    required: true
  looked:
    description: Name of the variable with what a host answered, C(live) and C(releases).
    type: str
    required: true
  host:
    description: The host that asks. One that has the live release of the leader gets an empty list, without a look at the others.
    type: str
    required: true
"""

EXAMPLES = """
- name: Name them
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts | django_ansible.deploy.provers(hostvars, 'app1', release, 'looked', inventory_hostname) }}"
"""

RETURN = """
_value:
  description: Host names.
  type: list
"""


def provers(hosts, hostvars, leader, release, looked, host):
    seen, chosen = {_live(hostvars, leader, looked)}, []
    if host != leader and _live(hostvars, host, looked) in seen:
        return chosen
    for host in hosts:
        live = _live(hostvars, host, looked)
        if live[0] not in (None, release) and live not in seen:
            seen.add(live)
            chosen.append(host)
    return chosen


def proofs(chosen, hostvars, looked, proved):
    return [
        {"host": host, "release": _live(hostvars, host, looked)[0], "proved": (hostvars[host].get(proved) or {}).get("proved")}
        for host in chosen
    ]


def _live(hostvars, host, looked):
    """Its live release, and what that was made from; none where that is what is to be deployed, as a host says itself."""
    found = hostvars[host].get(looked) or {}
    if found.get("settled"):
        return None, None
    name = (found.get("live") or {}).get("release")
    return name, next((entry.get("build") for entry in found.get("releases") or [] if entry["release"] == name), None)


class FilterModule:
    def filters(self):
        return {"provers": provers, "proofs": proofs}
