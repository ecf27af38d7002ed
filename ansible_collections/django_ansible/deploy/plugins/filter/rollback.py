# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: rollback_target
short_description: Chooses the release that a fleet goes back to
description:
  - The newest release that every host has, that has served before, that is not marked bad and that is older than the live one; or the one
    that is asked for.
options:
  _input:
    description: What M(django_ansible.deploy.app_host) returned, by host.
    type: list
    elements: dict
    required: true
  asked:
    description: Name of a release, or a commit or its first digits. Empty for the one before.
    type: str
    default: ''
"""

EXAMPLES = """
- name: Choose
  ansible.builtin.set_fact:
    target: "{{ play_hosts | map('extract', hostvars, 'found') | django_ansible.deploy.rollback_target('') }}"
"""

RETURN = """
_value:
  description: Name of the release.
  type: str
"""

from ansible.errors import AnsibleFilterError


def rollback_target(found, asked=""):
    found = list(found)
    lists = [{entry["release"]: entry for entry in host["releases"] if entry["activated"] and not entry["bad"]} for host in found]
    common = sorted(set.intersection(*map(set, lists))) if lists else []
    live = sorted(host["live"]["release"] for host in found if host["live"]["release"])
    there = ", ".join("%s%s" % (name, " (live)" if name in live else "") for name in common) or "none"
    if not live:
        raise AnsibleFilterError("there is nothing to go back from: no release serves on these hosts yet")
    if asked:
        fits = [name for name in common if name == asked or lists[0][name]["revision"].startswith(asked)]
        if not fits:
            raise AnsibleFilterError("%s is no release that every host still has; there are: %s" % (asked, there))
        return fits[-1]
    older = [name for name in common if name < live[0]]
    if not older:
        raise AnsibleFilterError("there is no older release to go back to; there are: %s" % there)
    return older[-1]


class FilterModule:
    def filters(self):
        return {"rollback_target": rollback_target}
