# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: rollback_target
short_description: Chooses the release that a fleet rolls back to
description:
  - The newest release that every host has, that was live before, that is not marked bad and that is older than the live one; or the one
    to roll back to. Each host's own record has to know it as the same commit. One whose Python a host has no more is refused.
  - C(revision_of) gives the commit of such a release.
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
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import older_release


def rollback_target(found, asked=""):
    try:
        return older_release.chosen(found, asked)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


def revision_of(found, release):
    """The commit of a release that every host has."""
    return next((entry["revision"] for host in found for entry in host["releases"] if entry["release"] == release), "")


class FilterModule:
    def filters(self):
        return {"rollback_target": rollback_target, "revision_of": revision_of}
