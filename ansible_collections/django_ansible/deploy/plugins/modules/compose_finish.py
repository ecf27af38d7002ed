#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_finish
short_description: End a deploy of a compose project on a host
description:
  - Applies migrations that had to wait until the release before runs nowhere any more, forgets how to roll back, removes releases that are no longer kept and the images that only they had, and gives the deploy lock back.
  - An image stays that a container of this host, another project's kept release or a name that is not this project's has.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.project
options:
  keep_releases:
    description: How many releases stay, the live one among them.
    type: int
    default: 5
  env:
    description: Variables of the project, as one JSON object; they are hidden in what is printed.
    type: str
    default: '{}'
  service:
    description: Service whose image has the code that migrates. Needed where migrations had to wait.
    type: str
    default: ''
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
  everywhere:
    description: Whether every host of the application was part of the deploy. Migrations wait for the next one where that is not so.
    type: bool
    default: false
  dumps:
    description: How many dumps of the database are kept. Those that a rollback to a kept release may need, and the one before the newest attempt at a migration, always stay.
    type: dict
    default: {}
    suboptions:
      number:
        description: The newest ones, at most.
        type: int
        default: 14
      days:
        description: For how many days, at most.
        type: int
        default: 30
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Finish
  django_ansible.deploy.compose_finish:
    project: shop
    run_id: 4711-1-a1b2c3
"""

RETURN = r"""
removed:
  description: Releases and images that were removed.
  type: list
  returned: success
told:
  description: Sentences for the log, about migrations that had to wait.
  type: list
  returned: success
deploy:
  description: C(migrations) that were applied.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.finishing import FINISH, end
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.prune import dropped_releases
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import PROJECT_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **PROJECT_ARGUMENTS,
            env={"type": "str", "no_log": True, "default": "{}"},
            **FINISH,
        ),
        supports_check_mode=True,
    )
    params = module.params
    store = Store(params["project"])
    if module.check_mode:
        dropped = dropped_releases(store, max(params["keep_releases"], 1))
        module.exit_json(changed=bool(dropped), removed=dropped)
    lock = lock_of(params["project"], params["run_id"], params["actor"])
    mask = masker(parse_env(params["env"]).values())
    try:
        with lock.step():
            ended = end(params, store, lock)
    except (CommandFailed, Locked) as error:
        if isinstance(error, Locked) and lock.holder() is None and store.recall() is None:
            # The connection broke and Ansible asked again, or the host was restarted meanwhile: what had to be done was done.
            module.exit_json(changed=False, removed=[])
        module.fail_json(msg=f"The new release runs, but the deploy was not finished: {mask(str(error))}")
    applied = ended.pop("migrations")
    module.exit_json(changed=bool(ended["removed"] or applied), **ended, deploy={"migrations": applied})


if __name__ == "__main__":
    main()
