#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_lock
short_description: Locks an application against deploys
description:
  - Keeps deploys and rollbacks from an application on a host until it is unlocked, with a note that says why. A restart of the host changes nothing.
  - A deploy that runs goes on.
extends_documentation_fragment:
  - django_ansible.deploy.layout
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
  django_ansible.deploy.app_lock:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    note: no deploys until January
"""

RETURN = r"""
lock:
  description: Who has locked it, since when and why, in words; nothing when nobody has.
  type: str
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.freeze import FREEZE_ARGUMENTS, Freeze
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT


def main() -> None:
    module = AnsibleModule(argument_spec={**LAYOUT, **FREEZE_ARGUMENTS}, supports_check_mode=True)
    module.exit_json(**Freeze(module.params["app_name"]).ensure(module.params, module.check_mode))


if __name__ == "__main__":
    main()
