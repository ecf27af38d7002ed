#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: compose_logs
short_description: Reads what the containers of a compose project have printed on a host
description:
  - Each line with its time. What the project's deploys were given is masked. Changes nothing and takes no lock.
extends_documentation_fragment:
  - django_ansible.deploy.logs
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
- name: Read the last errors
  django_ansible.deploy.compose_logs:
    files: [/srv/shop/compose.yml]
    part: web
    grep: error
"""

RETURN = r"""
times:
  description: Of each line, microseconds since the epoch.
  type: list
  elements: int
  returned: success
lines:
  description: The lines, the oldest first.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.live import Live
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.log_reading import read
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.log_lines import LOG_ARGUMENTS, answered
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main():
    module = AnsibleModule(argument_spec=dict(**RUN_ARGUMENTS, **FILES_ARGUMENTS, **LOG_ARGUMENTS), supports_check_mode=True)
    params = module.params
    try:
        live = Live(params)
        found = read(live, params["part"], params["since"], params["lines"], params["grep"])
    except (CommandFailed, OSError) as error:
        module.fail_json(msg=f"the logs of {params['files'][0]}: {error}")
    module.exit_json(changed=False, **answered(found, live.mask()))


if __name__ == "__main__":
    main()
