#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: compose_maintenance
short_description: Puts a compose project under maintenance, or ends that
description:
  - Writes the files that the project's own proxy looks for in a folder that it mounts. Nothing is restarted, and a deploy or a restart of the host leaves it as it is.
  - Takes no deploy lock, and is recorded in C(deploys.jsonl).
extends_documentation_fragment:
  - django_ansible.deploy.maintenance
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.files
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Put it under maintenance
  django_ansible.deploy.compose_maintenance:
    files: [/srv/shop/compose.yml]
    enabled: true
"""

RETURN = r"""
deploy:
  description: C(app), the project.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.live import Live
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import maintenance_folder, maintenance_of, now
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.maintenance import MAINTENANCE_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def refuse_unseen(live):
    """:raises ComposeError: when no container would see that the project is under maintenance."""
    if not live.is_seen(maintenance_folder(live.project)):
        raise ComposeError(
            f"no container of {live.project} mounts {maintenance_folder(live.project)}: have the proxy of the compose file mount it and look for maintenance, "
            "as docs/container-mode.md shows, and deploy that first"
        )


def main():
    module = AnsibleModule(argument_spec=dict(**RUN_ARGUMENTS, **FILES_ARGUMENTS, **MAINTENANCE_ARGUMENTS), supports_check_mode=True)
    params = module.params
    try:
        live = Live(params)
        if params["enabled"]:
            refuse_unseen(live)
        changed = maintenance_of(live.project).ensure(params, {"since": now(), "actor": params["actor"]}, module.check_mode)
    except (CommandFailed, OSError) as error:
        module.fail_json(msg=str(error))
    if changed and not module.check_mode:
        operation = "maintenance-on" if params["enabled"] else "maintenance-off"
        live.store.record(operation=operation, release=live.release, run=params["run_id"], actor=params["actor"])
    module.exit_json(changed=changed, deploy={"app": live.project})


if __name__ == "__main__":
    main()
