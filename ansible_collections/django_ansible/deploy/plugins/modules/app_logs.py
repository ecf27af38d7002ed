#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_logs
short_description: Reads what an application has logged on a host
description:
  - Each line with its time. What the application keeps secret is masked. Changes nothing and takes no lock.
extends_documentation_fragment:
  - django_ansible.deploy.logs
  - django_ansible.deploy.layout
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Read the last errors
  django_ansible.deploy.app_logs:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    grep: error
"""

RETURN = r"""
times:
  description: Of each line, microseconds since the epoch.
  type: list
  elements: int
  returned: success
lines:
  description: The lines, the oldest first.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.log_lines import LOG_ARGUMENTS, answered
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import logs
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import slot_environment


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **LOG_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    params = module.params
    layout = layout_of(params)
    try:
        found = logs.read(layout, params["part"], params["since"], params["lines"], params["grep"])
        slot = layout.live_slot()
        environment = slot_environment(layout, slot) if slot else None
    except (CommandFailed, OSError) as error:
        module.fail_json(msg="the logs of %s: %s" % (params["app_name"], error))
    module.exit_json(changed=False, **answered(found, environment.mask if environment else str))


if __name__ == "__main__":
    main()
