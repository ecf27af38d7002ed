#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: compose_run
short_description: Runs a command with the live release of a compose project
description:
  - In a container of its own, made from the definition of a service, with the image of the live release. Without a shell.
  - The command goes on by itself. Called again with the same O(run_id), the module starts nothing, and returns what was printed from O(offset) on.
    The action plugin of the same name asks until the command has ended, and shows each line as it comes.
  - Takes no deploy lock, and is recorded in C(deploys.jsonl).
  - Values of O(env) are variables for this command alone. What the service or its image sets wins.
extends_documentation_fragment:
  - django_ansible.deploy.command
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.files
options:
  service:
    description: The service. Empty is the only one.
    type: str
    default: ''
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Check the deployed project
  django_ansible.deploy.compose_run:
    files: [/srv/shop/compose.yml]
    service: web
    run_id: manual-0123456789abcdef
    words: [python, manage.py, check, --deploy]
"""

RETURN = r"""
output:
  description: What the command printed since O(offset), secrets masked.
  type: str
  returned: success
offset:
  description: Where the next call goes on.
  type: int
  returned: success
ended:
  description: Whether the command has ended and all of its output was answered.
  type: bool
  returned: success
cut:
  description: Whether it printed more than is kept.
  type: bool
  returned: success
code:
  description: Its exit code; none while it goes on.
  type: int
  returned: success
trouble:
  description: What ended it besides itself.
  type: str
  returned: success
deploy:
  description: C(app), the project.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.live import Live
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.runs import COMMAND_ARGUMENTS, NOT_RUN


def run(params, check_mode):
    live = Live(params)
    service = runs.service_for(live, params["service"])
    deploy = {"app": live.project}
    if check_mode:
        return {**NOT_RUN, "deploy": deploy}
    started = runs.run_of(live.project, params["run_id"])
    if not started.known():
        runs.start(started, live, service, params["words"], params["actor"], params["limit"])
    mask = live.mask()
    found = started.follow(params["offset"], 0 if params["detached"] else params["wait"])
    return {**found, "output": mask(found["output"]), "trouble": mask(found["trouble"]), "deploy": deploy}


def main():
    module = AnsibleModule(
        argument_spec=dict(**RUN_ARGUMENTS, **FILES_ARGUMENTS, **COMMAND_ARGUMENTS, service={"type": "str", "default": ""}), supports_check_mode=True
    )
    try:
        found = run(module.params, module.check_mode)
    except (CommandFailed, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=True, **found)


if __name__ == "__main__":
    main()
