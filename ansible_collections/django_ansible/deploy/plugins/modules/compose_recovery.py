#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_recovery
short_description: Dump the database of a compose project, or bring a dump back
description:
  - Works with the database that Django of the live release uses, in one-off containers made from a service's definition. Dumps are kept in
    this collection's folder of the project, root's alone.
  - A dump is loaded into a fresh database first, where rows are counted and the live release runs Django's checks. Then it takes the place of the database by
    its name, in one transaction. The one that was there is kept under another name.
  - Meant for one host of the fleet, the one that migrates.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.project
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
  env:
    description: The application's environment as a JSON object; its values are hidden in errors.
    type: str
    default: '{}'
  service:
    description: Service whose image has the code.
    type: str
    required: true
  python:
    description: Python of the image that has Django.
    type: str
    default: python
  folder:
    description: Folder of C(manage.py) in the image. Empty is the image's working directory.
    type: str
    default: ''
  settings:
    description: Django settings, where neither the service nor its image sets C(DJANGO_SETTINGS_MODULE).
    type: str
    default: ''
  dump_service:
    description: Service whose image has the database's programs. Empty is O(service).
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
  django_ansible.deploy.compose_recovery:
    project: shop
    run_id: 4711-1-a1b2c3
    operation: backup
    service: web
    dump_service: db
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

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.one_off import application_and_client
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import PROJECT_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import LIMITS
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.targets import targets_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def act(params, check_mode):
    store = Store(params["project"])
    live = store.live()
    if not live:
        raise CommandFailed("no release is live on this host, so there is nobody to say which database it is: deploy first")
    application, client = application_and_client(Compose(), store, live, params)
    return Recovery(client, store.backups, params["actor"]).carry_out(
        params["operation"], application, asked=params["dump"], live=live, check_mode=check_mode, targets=targets_of(params["targets"], params["project"]),
        dumps=params["dumps"], record=functools.partial(store.record, run=params["run_id"]),
    )


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **PROJECT_ARGUMENTS,
            operation={"type": "str", "required": True, "choices": ["backup", "restore", "rehearse"]},
            dump={"type": "str", "default": ""},
            env={"type": "str", "no_log": True, "default": "{}"},
            service={"type": "str", "required": True},
            python={"type": "str", "default": "python"},
            folder={"type": "str", "default": ""},
            settings={"type": "str", "default": ""},
            dump_service={"type": "str", "default": ""},
            targets={"type": "str", "default": "[]", "no_log": True},
            **LIMITS,
        ),
        supports_check_mode=True,
    )
    params = module.params
    mask = masker(parse_env(params["env"]).values())
    try:
        with lock_of(params["project"], "" if module.check_mode else params["run_id"], params["actor"]).step():
            found = act(params, module.check_mode)
    except (CommandFailed, Locked) as error:
        module.fail_json(msg=mask(to_native(error)))
    restored = params["operation"] == "restore"
    deploy = {**({"dump": found["dump"]} if "dump" in found else {}), "warnings": found["told"] if restored else []}
    module.exit_json(changed=params["operation"] != "rehearse", told=found["told"], deploy=deploy)


if __name__ == "__main__":
    main()
