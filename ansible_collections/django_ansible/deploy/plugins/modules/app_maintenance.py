#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_maintenance
short_description: Puts an application under maintenance, or ends that
description:
  - nginx answers every request with a page and 503, except for the health check, and for the addresses and the cookie that get through.
  - Nothing is reloaded, and a deploy or a restart of the host leaves it as it is. Takes no deploy lock, and is recorded in C(deploys.jsonl).
extends_documentation_fragment:
  - django_ansible.deploy.layout
options:
  enabled:
    description: Whether the application is under maintenance.
    type: bool
    required: true
  site:
    description: The file of nginx's site.
    type: path
    required: true
  allow:
    description: Addresses that get through.
    type: list
    elements: str
    default: []
  bypass:
    description: Word of the link C(/.maintenance/<word>), which leaves a cookie that gets through.
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
- name: Put it under maintenance
  django_ansible.deploy.app_maintenance:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    site: /etc/nginx/sites-available/mydjango
    enabled: true
"""

RETURN = r"""
deploy:
  description: C(release) that is live.
  type: dict
  returned: success
"""

import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import maintenance
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            "enabled": {"type": "bool", "required": True},
            "site": {"type": "path", "required": True},
            "allow": {"type": "list", "elements": "str", "default": []},
            "bypass": {"type": "str", "default": "", "no_log": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    layout = layout_of(params)
    release = layout.live_release()
    told = {"since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "actor": params["actor"]}
    try:
        if params["enabled"]:
            maintenance.check(params["site"], layout)
        if module.check_mode:
            changed = params["enabled"] == (maintenance.known(layout) is None)
        elif params["enabled"]:
            changed = maintenance.switch_on(layout, params["allow"], params["bypass"], told)
        else:
            changed = maintenance.switch_off(layout)
    except CommandFailed as error:
        module.fail_json(msg=str(error))
    if changed and not module.check_mode:
        layout.record(operation="maintenance-on" if params["enabled"] else "maintenance-off", release=release, run=params["run_id"], actor=params["actor"])
    module.exit_json(changed=changed, deploy={"release": release} if release else {})


if __name__ == "__main__":
    main()
