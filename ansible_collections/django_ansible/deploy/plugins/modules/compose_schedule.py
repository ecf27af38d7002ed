#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_schedule
short_description: Have a host dump the database of a compose project by itself
description:
  - Leaves a timer of systemd on the host. Each time it makes a dump as M(django_ansible.deploy.compose_recovery) does, compares every dump that is kept with its
    record, tries the new one, removes those that are too old, and copies dumps to other places.
  - Meant for one host of the fleet, the one that migrates. A project without a deploy is left alone.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.project
options:
  calendar:
    description: When, as systemd's C(OnCalendar=) reads it. Empty ends it.
    type: str
    default: ''
  wish:
    description:
      - As JSON, C(service), C(python), C(folder), C(settings) and C(dump_service) as M(django_ansible.deploy.compose_recovery) has them, and C(dumps) with C(number),
        C(days), C(rehearse) and C(targets). It has passwords, and stays on the host in a file of root's alone.
    type: str
    default: '{}'
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Have the database dumped each night
  django_ansible.deploy.compose_schedule:
    project: shop
    run_id: 4711-1-a1b2c3
    calendar: daily
    wish: '{"service": "web", "python": "python", "folder": "", "settings": "", "dump_service": "",
      "dumps": {"number": 14, "days": 30, "rehearse": true, "targets": []}}'
"""

RETURN = r"""
scheduled:
  description: Whether dumps are made on a schedule afterwards.
  type: bool
  returned: success
"""

import json

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.nightly import Schedule
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import PROJECT_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec=dict(**RUN_ARGUMENTS, **PROJECT_ARGUMENTS, calendar={"type": "str", "default": ""}, wish={"type": "str", "no_log": True, "default": "{}"}),
        supports_check_mode=True,
    )
    params = module.params
    if not Store(params["project"]).live():
        module.exit_json(changed=False, scheduled=False)
    try:
        schedule = Schedule(params["project"], params["calendar"], json.loads(params["wish"]))
        changed = schedule.differs()
        if changed and not module.check_mode:
            schedule.ensure()
    except CommandFailed as error:
        module.fail_json(msg="the new release is live, and its database is not dumped on a schedule: %s" % error)
    module.exit_json(changed=changed, scheduled=bool(params["calendar"]))


if __name__ == "__main__":
    main()
