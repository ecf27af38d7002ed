#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_run
short_description: Runs a management command with the live release
description:
  - As the application's user, in the sandbox of its service, with the environment that the live slot was started with. Without a shell.
  - The command goes on by itself. Called again with the same O(run_id), the module starts nothing, and returns what was printed from O(offset) on.
    The action plugin of the same name asks until the command has ended, and shows each line as it comes.
  - Takes no deploy lock, and is recorded in C(deploys.jsonl).
extends_documentation_fragment:
  - django_ansible.deploy.command
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
options:
  more_environment:
    description: Variables for this command, as one JSON object of strings. What the live release has already wins.
    type: str
    default: '{}'
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Check the deployed project
  django_ansible.deploy.app_run:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    run_id: manual-0123456789abcdef
    words: [check, --deploy]
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
  description: C(release) that it ran with.
  type: dict
  returned: success
"""

import json

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.runs import COMMAND_ARGUMENTS, NOT_RUN, Run
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_sandbox, slot_environment


def run(params: dict, check_mode: bool) -> dict:
    layout = layout_of(params)
    slot, release = layout.live_slot(), layout.live_release()
    if not slot or not release:
        raise CommandFailed("%s has no live release on this host: deploy it first" % params["app_name"])
    environment = slot_environment(layout, slot)
    environment.values = {**json.loads(params["more_environment"] or "{}"), **environment.values}
    if check_mode:
        return {**NOT_RUN, "deploy": {"release": release}}
    started = Run(params["app_name"], params["run_id"])
    if not started.known():
        application = Application(layout.startable(release), params["app_path"], layout.app_dir, environment, application_sandbox(params))
        runs.start(started, layout, application, params["words"], params["actor"], release, params["limit"])
    found = started.follow(params["offset"], 0 if params["detached"] else params["wait"])
    return {**found, "output": environment.mask(found["output"]), "trouble": environment.mask(found["trouble"]), "deploy": {"release": release}}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            **COMMAND_ARGUMENTS,
            "more_environment": {"type": "str", "default": "{}", "no_log": True},
        },
        supports_check_mode=True,
    )
    try:
        found = run(module.params, module.check_mode)
    except (CommandFailed, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=True, **found)


if __name__ == "__main__":
    main()
