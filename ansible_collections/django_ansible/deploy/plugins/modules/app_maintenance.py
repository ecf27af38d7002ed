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
  - django_ansible.deploy.maintenance
  - django_ansible.deploy.layout
options:
  site:
    description: The file of nginx's site.
    type: path
    required: true
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
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.maintenance import MAINTENANCE_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.maintenance import check, maintenance_of


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **MAINTENANCE_ARGUMENTS,
            "site": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    layout = layout_of(params)
    release = layout.live_release()
    told = {"since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "actor": params["actor"]}
    try:
        if params["enabled"]:
            check(params["site"], layout)
        changed = maintenance_of(layout).ensure(params, told, module.check_mode)
    except CommandFailed as error:
        module.fail_json(msg=str(error))
    if changed and not module.check_mode:
        layout.record(operation="maintenance-on" if params["enabled"] else "maintenance-off", release=release, run=params["run_id"], actor=params["actor"])
    module.exit_json(changed=changed, deploy={"release": release} if release else {})


if __name__ == "__main__":
    main()
