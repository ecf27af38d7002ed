#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_confirm
short_description: Tells all hosts of a deploy at once that the whole fleet serves the release
description:
  - A host that was switched rolls back by itself when it hears no more of the run that did it, until it is told this.
  - Runs on the controller alone. The hosts are asked whether they are still there, and told when all are, over the connections by which they
    hear that the run lives. Where hosts have no such connection, it does nothing, and the last step on each host tells it.
attributes:
  check_mode:
    support: none
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Tell all hosts that the whole fleet is through
  django_ansible.deploy.fleet_confirm:
  run_once: true
"""

RETURN = r"""
silent:
  description: Hosts that did not answer, so that none was told.
  type: list
  returned: success
unsure:
  description: Hosts that were told, and did not answer that.
  type: list
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main() -> None:
    module = AnsibleModule(argument_spec={})
    module.fail_json(msg="fleet_confirm runs on the controller, by the action plugin of this collection that has its name, and this host was given it as a module")


if __name__ == "__main__":
    main()
