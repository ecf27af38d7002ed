#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_finish
short_description: Ends a deploy on a host
description:
  - Lets the slot that is no longer live finish its requests and stop, and removes releases, virtual environments, dumps and static files that
    are no longer kept.
  - Gives the deploy lock back.
  - Never removes the live release, the one before it, or one whose slot or processes still run. Releases that were never live go, and push out none
    that did.
  - Starts timers, and processes that came to this host from another one.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
options:
  release:
    description: Name of the live release, for O(commands).
    type: str
    default: ''
  commands:
    description:
      - Commands of the project that are run at the end, in the phase C(finish), as one JSON object, so that their environment is hidden. Each is run
        once for a release.
    type: str
    default: '{}'
  keep_releases:
    description: How many releases that were live stay, the live one among them.
    type: int
    default: 5
  standby:
    description: Whether the slot that is no longer live goes on running, so that a rollback to its release only has to switch.
    type: bool
    default: false
  everywhere:
    description: Whether the release is live on every host of the application, so that migrations which the release before would not survive may be applied.
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
  django_ansible.deploy.app_finish:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
"""

RETURN = r"""
stopped:
  description: Slots that got the signal to stop.
  type: list
  returned: success
commands:
  description: The commands that were run.
  type: list
  returned: success
told:
  description: Sentences for the log, about migrations that only now were applied.
  type: list
  returned: success
deploy:
  description: C(migrations), those that only now were applied.
  type: dict
  returned: success
removed:
  description: What was removed, relative to O(app_dir).
  type: list
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.finishing import FINISH, end


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "default": ""},
            **FINISH,
        },
        supports_check_mode=True,
    )
    lock = lock_of(module.params, module.check_mode)
    try:
        with lock.step():
            result = end(module.params, module.check_mode, lock)
    except (CommandFailed, Locked) as error:
        if isinstance(error, Locked) and lock.holder() is None and undo.recall(module.params["app_name"]) is None:
            # The connection broke and Ansible asked again, or the host was restarted meanwhile: what had to be done was done.
            module.exit_json(changed=False, stopped=[], commands=[], removed=[])
        module.fail_json(msg="the new release is live, but the deploy was not finished: %s" % error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
