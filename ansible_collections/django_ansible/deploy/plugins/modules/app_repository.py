#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_repository
short_description: Asks a Git repository for a commit
description:
  - Finds which commit a branch or tag of a repository is, as this host sees it.
  - A user and password in the address of the repository stand in no process list and in no output.
options:
  repository:
    description: Git URL.
    type: str
    required: true
  ref:
    description: Branch, tag or C(HEAD).
    type: str
    required: true
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Ask the repository for the commit
  django_ansible.deploy.app_repository:
    repository: https://git.example.com/mydjango.git
    ref: main
"""

RETURN = r"""
commit:
  description: The commit's hash.
  type: str
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.repository import reach, secrets_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={"repository": {"type": "str", "required": True}, "ref": {"type": "str", "required": True}}, supports_check_mode=True
    )
    # Not the whole address, which belongs into messages.
    module.no_log_values |= secrets_of(module.params["repository"])
    try:
        with reach(module.params["repository"]) as repository:
            commit = repository.commit(module.params["ref"])
    except CommandFailed as error:
        module.fail_json(msg="the repository does not answer: %s" % error)
    module.exit_json(changed=False, commit=commit)


if __name__ == "__main__":
    main()
