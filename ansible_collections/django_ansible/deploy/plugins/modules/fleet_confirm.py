#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_confirm
short_description: Confirms to all hosts of a deploy at once that the release is live on the whole fleet
description:
  - A host that was switched rolls back by itself when it hears no more of the run that did it, until it hears this.
  - Runs on the controller alone. It checks whether the hosts are still there, and confirms when all are, or all but as many as the run may lose, over
    the connections by which they hear that the run lives. Where hosts have no such connection, it does nothing, and the last step on each host confirms it.
options:
  lost:
    description: Hosts that are no longer part of the run. Nothing is confirmed to them, and they count among those that it may lose.
    type: list
    elements: str
    default: []
  ends:
    description: Whether nothing else is to be done on any of the hosts. Each then ends the run by itself once it is confirmed, and gives its deploy lock back.
    type: bool
    default: false
attributes:
  check_mode:
    description: Has nothing to predict.
    support: none
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Confirm to all hosts that the whole fleet is through
  django_ansible.deploy.fleet_confirm:
  run_once: true
"""

RETURN = r"""
silent:
  description: Hosts that did not answer, or rolled back by themselves before. All hosts, when the process that sends the heartbeat was killed.
  type: list
  returned: success
confirmed:
  description: Whether it was confirmed to the others, which it is not when more hosts are silent or lost than the run may lose.
  type: bool
  returned: success
unsure:
  description: Hosts that did not answer the confirmation.
  type: list
  returned: success
ended:
  description: Hosts that ended the run by themselves, with O(ends).
  type: list
  returned: success
why:
  description: What RV(silent) means, in words that go on after the name of a host.
  type: str
  returned: success
deploy:
  description: C(warnings), for the events file.
  type: dict
  returned: when there are some
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main() -> None:
    module = AnsibleModule(argument_spec={"lost": {"type": "list", "elements": "str", "default": []}, "ends": {"type": "bool", "default": False}})
    module.fail_json(msg="fleet_confirm runs on the controller, by the action plugin of this collection that has its name, and this host was given it as a module")


if __name__ == "__main__":
    main()
