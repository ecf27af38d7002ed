#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_maker
short_description: Gives an application on another host a role that makes databases for a while, or takes it away
description:
  - The application's own role never gets that right. The server itself ends the other one after O(seconds), whatever becomes of the run.
options:
  app_name:
    description: Internal name of the application.
    type: str
    required: true
  database:
    description: Its database.
    type: str
    required: true
  user:
    description: The role with which the application logs in.
    type: str
    required: true
  password:
    description: Of the role that makes databases. One that only this run has. Empty takes the role away.
    type: str
    default: ''
  seconds:
    description: After so many seconds the password holds no longer.
    type: int
    default: 3600
  port:
    description: Port of the cluster.
    type: int
    default: 5432
attributes:
  check_mode:
    description: Can run in check mode, and then does nothing.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Let a role make databases
  django_ansible.deploy.postgresql_maker:
    app_name: mydjango
    database: mydjango
    user: mydjango
    password: "{{ made_for_this_run }}"
"""

RETURN = r"""
let_in:
  description: Whether the server lets that role in from now on, which a version before had not set up.
  type: bool
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql, postgresql_maker
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "database": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "default": "", "no_log": True},
            "seconds": {"type": "int", "default": 3600},
            "port": {"type": "int", "default": 5432},
        },
        supports_check_mode=True,
    )
    params, let_in = module.params, False
    if module.check_mode:
        module.exit_json(changed=False, let_in=False)
    try:
        if params["password"]:
            let_in = postgresql_maker.let_in(params["app_name"], params["database"], params["port"])
            script = postgresql_maker.giving(params["database"], params["user"], params["password"], params["seconds"])
        else:
            script = postgresql_maker.taking(params["database"])
        postgresql.psql(script, params["port"])
    except (CommandFailed, OSError) as error:
        module.fail_json(msg="the role that makes databases for %s on this host: %s" % (params["app_name"], error))
    # The role is none that stays; that it is let in does.
    module.exit_json(changed=let_in, let_in=let_in)


if __name__ == "__main__":
    main()
