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
  - django_ansible.deploy.layout
options:
  part:
    description: V(web), V(nginx), V(deploys), or the name of a process or timer.
    type: str
    default: web
  since:
    description: A time as systemd reads it, such as V(1 hour ago).
    type: str
    default: ''
  lines:
    description: How many, the newest ones.
    type: int
    default: 200
  grep:
    description: An extended regular expression, in whatever case.
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
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import logs
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import slot_environment

MOST = 3 << 20  # characters; a host's answer has its limit


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            "part": {"type": "str", "default": "web"},
            "since": {"type": "str", "default": ""},
            "lines": {"type": "int", "default": 200},
            "grep": {"type": "str", "default": ""},
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
    times, lines, size = [], [], 0
    for when, text in reversed(found):
        size += len(text)
        if size > MOST:
            break
        times.append(int(when * 1e6))
        lines.append(environment.mask(text) if environment else text)
    module.exit_json(changed=False, times=times[::-1], lines=lines[::-1])


if __name__ == "__main__":
    main()
