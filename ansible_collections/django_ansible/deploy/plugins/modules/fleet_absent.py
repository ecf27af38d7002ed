#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_absent
short_description: Says which processes and timers run on no host, since the one that they belong on does not answer
description:
  - Warns of each, and says which host a deploy moves it to. Runs on the controller alone and changes nothing.
options:
  app_name:
    description: Name of the application.
    type: str
    required: true
  absent:
    description: What one host of the fleet runs whose host does not answer, as the filter C(stand_ins) returns it.
    type: list
    elements: dict
    default: []
  units:
    description: The units that the other hosts run.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode, and then says the same.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Say what runs on no host
  django_ansible.deploy.fleet_absent:
    app_name: mydjango
    absent: [{name: beat, host: app1, stands_in: app2}]
    units: [mydjango@blue.service]
  run_once: true
"""

RETURN = r"""
absent:
  description: Names of those that run nowhere.
  type: list
  returned: success
deploy:
  description: C(warnings), for the events file.
  type: dict
  returned: when there are some
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "absent": {"type": "list", "elements": "dict", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    module.fail_json(msg="fleet_absent runs on the controller, by the action plugin of this collection that has its name, and this host was given it as a module")


if __name__ == "__main__":
    main()
