#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_logins
short_description: Ends the passwords with which an application no longer logs in to its database
description:
  - Of the roles that M(django_ansible.deploy.postgresql_server) has made for the application, all but O(user). Connections that are open stay.
options:
  app_name:
    description: Internal name of the application.
    type: str
    required: true
  user:
    description: The role with which it logs in.
    type: str
    required: true
  after:
    description: Seconds for which the other passwords still hold, since what is being stopped may connect once more.
    type: int
    required: true
  port:
    description: Port of the cluster.
    type: int
    default: 5432
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: End the passwords of before
  django_ansible.deploy.postgresql_logins:
    app_name: mydjango
    user: mydjango_2
    after: 60
"""

RETURN = r"""
ended:
  description: Roles whose password ends.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql, postgresql_logins
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "after": {"type": "int", "required": True},
            "port": {"type": "int", "default": 5432},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        with open(postgresql.access_file(params["port"], run(["pg_lsclusters", "--no-header"])), encoding="utf-8") as file:
            roles = postgresql.known_roles(file.read(), params["app_name"])[1]
        ended = postgresql_logins.that_hold([role for role in roles if role != params["user"]], params["port"])
        if not module.check_mode:
            postgresql_logins.end(ended, params["after"], params["port"])
    except (CommandFailed, OSError) as error:
        module.fail_json(msg="the database of %s on this host: %s" % (params["app_name"], error))
    module.exit_json(changed=bool(ended), ended=ended)


if __name__ == "__main__":
    main()
