#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: compose_lock
short_description: Locks a compose project against deploys
description:
  - Keeps deploys and rollbacks from an application on a host until it is unlocked, with a note that says why. A restart of the host changes nothing.
  - A deploy that runs goes on.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.files
options:
  state:
    description: V(locked) or V(unlocked).
    type: str
    choices: [locked, unlocked]
    default: locked
  note:
    description: Why, for whoever is refused.
    type: str
    default: ''
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Lock for the holidays
  django_ansible.deploy.compose_lock:
    files: [/srv/shop/compose.yml]
    note: no deploys until January
"""

RETURN = r"""
lock:
  description: Who has locked it, since when and why, in words; nothing when nobody has.
  type: str
  returned: success
"""

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.named import name_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import freeze_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.freeze import FREEZE_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={**RUN_ARGUMENTS, **FILES_ARGUMENTS, **FREEZE_ARGUMENTS}, supports_check_mode=True)
    params = module.params
    try:
        project = name_of(params, Compose(parse_env(params["env"])))
    except ComposeError as error:
        module.fail_json(msg=to_native(error))
    module.exit_json(**freeze_of(project).ensure(params, module.check_mode))


if __name__ == "__main__":
    main()
