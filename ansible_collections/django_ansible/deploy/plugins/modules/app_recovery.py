#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_recovery
short_description: Dumps an application's database, or brings a dump back
description:
  - Works with the database that the live release uses, with the environment that it was started with. Dumps are kept in C(backups) below O(app_dir), root's alone.
  - A dump is loaded into a fresh database first, where rows are counted and the live release runs Django's checks. Then it takes the place of the database by
    its name, in one transaction, while what runs of the application waits. The one that was there is kept under another name.
  - Meant for one host of the fleet, the one that migrates.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
  - django_ansible.deploy.layout.maker
options:
  operation:
    description: V(backup) makes a dump, V(restore) brings one back, V(rehearse) does all of that but the last step, and removes what it made.
    type: str
    choices: [backup, restore, rehearse]
    required: true
  dump:
    description: "Which one: its id, the release that was live when it was made, or C(before app.migration). Empty is the newest."
    type: str
    default: ''
  targets:
    description: Where copies of dumps are, as JSON. A dump is copied there once it is made, and one that this host does not have is fetched from there.
    type: str
    default: '[]'
  dumps:
    description: How many are kept there.
    type: dict
    default: {}
    suboptions:
      number:
        description: The newest so many.
        type: int
        default: 14
      days:
        description: For how many days.
        type: int
        default: 30
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
    details: Shows which dump would be used.
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Make a dump
  django_ansible.deploy.app_recovery:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    operation: backup
"""

RETURN = r"""
told:
  description: What was done, in sentences.
  type: list
  returned: success
deploy:
  description: C(dump), its id, and what is C(told) as C(warnings) where the database was changed.
  type: dict
  returned: success
"""

import functools

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import LIMITS
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.targets import targets_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, MAKER, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import live_application, recovery_of


def act(params: dict, check_mode: bool) -> dict:
    layout = layout_of(params)
    live = layout.live_release()
    if not live:
        raise CommandFailed("no release is live on this host, so there is nobody to say which database it is: deploy first")
    application = live_application(params, layout)
    try:
        return recovery_of(params, layout).carry_out(
            params["operation"], application, asked=params["dump"], live=live, check_mode=check_mode, targets=targets_of(params["targets"], params["app_name"]),
            dumps=params["dumps"], record=functools.partial(layout.record, run=params["run_id"]),
        )
    except CommandFailed as error:
        raise CommandFailed(application.environment.mask(str(error))) from error


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            **MAKER,
            "operation": {"type": "str", "required": True, "choices": ["backup", "restore", "rehearse"]},
            "dump": {"type": "str", "default": ""},
            "targets": {"type": "str", "default": "[]", "no_log": True},
            **LIMITS,
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        with lock_of(params, module.check_mode).step():
            found = act(params, module.check_mode)
    except (CommandFailed, Locked) as error:
        module.fail_json(msg=str(error))
    restored = params["operation"] == "restore"
    deploy = {**({"dump": found["dump"]} if "dump" in found else {}), "warnings": found["told"] if restored else []}
    module.exit_json(changed=params["operation"] != "rehearse", told=found["told"], deploy=deploy)


if __name__ == "__main__":
    main()
