#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_leaving
short_description: Takes an application's database away from a PostgreSQL server of this host
description:
  - What M(django_ansible.deploy.postgresql_server) has made for the application, and nothing else; its databases, role, access and the timer of its dumps.
  - A last dump comes first. The server and its packages stay.
options:
  app_name:
    description: Internal name of the application.
    type: str
    required: true
  port:
    description: Port of the cluster.
    type: int
    default: 5432
  keep_dumps:
    description: Whether a last dump is made and the nightly ones stay.
    type: bool
    default: true
  still_on:
    description: Hosts that have the application still. With any, nothing is removed, and the answer says so.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Take the database away
  django_ansible.deploy.postgresql_leaving:
    app_name: mydjango
"""

RETURN = r"""
removed:
  description: What was removed, or in check mode would be.
  type: list
  elements: str
  returned: success
told:
  description: What stays, and where.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql_leaving import Leaving


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "port": {"type": "int", "default": 5432},
            "keep_dumps": {"type": "bool", "default": True},
            "still_on": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    params = module.params
    if params["still_on"]:
        told = ["the database stays, since these hosts have the application still: %s" % ", ".join(params["still_on"])]
        module.exit_json(changed=False, removed=[], told=told)
    try:
        leaving = Leaving(params["app_name"], params["port"], params["keep_dumps"])
        removed = leaving.is_there()
        if removed and not module.check_mode:
            leaving.leave()
    except (CommandFailed, OSError) as error:
        module.fail_json(msg="the database of %s was not removed: %s. Remove the application again once that is mended" % (params["app_name"], error))
    module.exit_json(changed=bool(removed), removed=removed, told=leaving.told)


if __name__ == "__main__":
    main()
