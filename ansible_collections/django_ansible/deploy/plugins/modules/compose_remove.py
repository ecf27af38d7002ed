#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: compose_remove
short_description: Removes a compose project from a host
description:
  - Containers, networks, the files that deploys have brought, images that only its releases had, and all records. Containers end as their definition says.
  - Cannot be undone. The engine stays; what else stays is printed.
extends_documentation_fragment:
  - django_ansible.deploy.lock
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.files
options:
  confirm:
    description: The project's name. Another one removes nothing.
    type: str
    required: true
  keep_data:
    description: Whether volumes stay, and dumps and the journal of deploys are kept in a folder of C(/var/backups).
    type: bool
    default: true
  drain:
    description: Seconds in which the health check of the project's proxy fails before anything ends, where the proxy looks for that.
    type: int
    default: 0
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Remove the project
  django_ansible.deploy.compose_remove:
    files: [/srv/shop/compose.yml]
    confirm: shop
    run_id: 4711-1-a1b2c3
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

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.leaving import Leaving, forget_lock
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.live import Live
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of, project_at
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import LOCK_ARGUMENTS, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS, **FILES_ARGUMENTS, **LOCK_ARGUMENTS, confirm={"type": "str", "required": True}, keep_data={"type": "bool", "default": True},
            drain={"type": "int", "default": 0},
        ),
        supports_check_mode=True,
    )
    params = module.params
    project = params["name"] or project_at(params["files"][0])
    if not project or not Store(project).live():
        module.exit_json(changed=False, removed=[], told=[f"{project or params['files'][0]} is not here"])
    if params["confirm"] != project:
        module.fail_json(msg=f"confirm is {params['confirm']!r}: type the project's name, {project}, to remove it.")
    try:
        leaving = Leaving(Live(params))
        removed = leaving.is_there()
        if module.check_mode:
            module.exit_json(changed=True, removed=removed, told=[])
        lock = lock_of(project, params["run_id"], params["actor"])
        lock.take(params["lock_wait"], params["wait_is_told"])
        with lock.step():
            leaving.leave(params["keep_data"], params["drain"])
        forget_lock(project)
    except Waits as told:
        module.exit_json(changed=False, waits=str(told))
    except (CommandFailed, Locked, OSError) as error:
        module.fail_json(msg=f"{project} was not removed whole: {error}. Remove it again once that is mended")
    module.exit_json(changed=True, removed=removed, told=leaving.told)


if __name__ == "__main__":
    main()
