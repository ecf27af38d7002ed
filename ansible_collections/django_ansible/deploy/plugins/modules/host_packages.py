#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: host_packages
short_description: Installs Debian packages that are missing, and makes an account
description:
  - Renews the package lists first. Waits up to five minutes for whatever else installs packages or fetches them, as Ubuntu does by itself after each boot.
  - No service is restarted for it by C(needrestart), and a configuration file that was changed on the host stays as it is.
options:
  packages:
    description: Names of the packages that have to be there.
    type: list
    elements: str
    required: true
  account:
    description: An account for an application, which nobody logs in with. It is made unless it is there as it should be.
    type: dict
    suboptions:
      user:
        description: Its name.
        type: str
        required: true
      group:
        description: Its primary group.
        type: str
        required: true
      home:
        description: Its home folder, which is not made.
        type: path
        required: true
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would install.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Install packages
  django_ansible.deploy.host_packages:
    packages: [nginx, python3-venv]
"""

RETURN = r"""
installed:
  description: Those that were missing.
  type: list
  returned: success
made:
  description: Whether the account was made, or made what it should be.
  type: bool
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import accounts
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install, missing_packages


ACCOUNT = {"user": {"type": "str", "required": True}, "group": {"type": "str", "required": True}, "home": {"type": "path", "required": True}}


def main() -> None:
    module = AnsibleModule(
        argument_spec={"packages": {"type": "list", "elements": "str", "required": True}, "account": {"type": "dict", "options": ACCOUNT}},
        supports_check_mode=True,
    )
    account = module.params["account"]
    try:
        missing = missing_packages(module.params["packages"]) if module.params["packages"] else []
        if missing and not module.check_mode:
            apt_install(missing, max_age=0)
        made = bool(account) and not accounts.exists(account["user"], account["group"])
        if made and not module.check_mode:
            accounts.ensure(**account)
    except CommandFailed as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(missing) or made, installed=missing, made=made)


if __name__ == "__main__":
    main()
