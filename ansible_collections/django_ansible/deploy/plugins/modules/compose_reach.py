#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_reach
short_description: Find out what a deploy of a compose project would do on a host
description:
  - Looks for the engine, the right to use it, compose version 2 and valid compose files, tries the credentials of the registries, and asks these for the digest
    of each image. Each of them that is missing is an error of its own that says what to do.
  - Takes the deploy lock and writes down what is planned; nothing that runs is touched. A host on which all is as it should be gives the lock back at once.
extends_documentation_fragment:
  - django_ansible.deploy.heart
  - django_ansible.deploy.lock
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.files
  - django_ansible.deploy.compose.start
options:
  registries:
    description: Credentials for registries, a list of mappings with C(registry), C(username) and C(password) as JSON text. They are only held in memory.
    type: str
    default: "[]"
  revision:
    description: Commit that is deployed, for the records.
    type: str
    default: ''
  build:
    description: Whether services with C(build:) may be built on the host.
    type: bool
    default: false
  rollback:
    description: Only take the lock and return which releases this host has, without compose files and registry.
    type: bool
    default: false
  asked:
    description: In a rollback, name of a release, or a commit or its first digits. Empty for the release before.
    type: str
    default: ''
  switch:
    description:
      - In a rollback, whether this host goes over to that release right away, as M(django_ansible.deploy.compose_up) has a host do, when all hosts of the run
        said by their heartbeat that they would go over to the same one. Otherwise nothing is switched.
    type: bool
    default: false
  migrates:
    description: With O(switch), whether migrations that the older release does not know have to be looked at first. A host that may have some does not switch.
    type: bool
    default: false
attributes:
  check_mode:
    description: Nothing is written and no lock is taken. It is changed when a deploy would change something, and C(diff) says what.
    support: full
  diff_mode:
    description: A line for each file and service that would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Find out what is to be done
  django_ansible.deploy.compose_reach:
    files: [/srv/shop/compose.yml]
  register: reached
"""

RETURN = r"""
project:
  description: Name of the project.
  returned: success
  type: str
settled:
  description: Whether everything is and runs as it should already.
  returned: success
  type: bool
pull:
  description: Whether images are to be pulled or built.
  returned: success
  type: bool
digests:
  description: By image reference, the digest that is to run; empty where only a pull can show it.
  returned: success
  type: dict
releases:
  description: In a rollback, the releases that this host has, each with C(release), C(revision), C(activated), C(bad) and C(migrations).
  returned: success
  type: list
  elements: dict
live:
  description: What runs, under C(release).
  returned: success
  type: dict
activated:
  description:
    - What this host went over to by O(switch), with C(release), C(revision), and C(later), whether migrations wait for its end; RV(live) is then what ran
      before. Missing where it did not.
  returned: in a rollback that switched
  type: dict
told:
  description: Where RV(activated), for each service, how it is known to be healthy. The action plugin shows it.
  returned: in a rollback that switched
  type: list
  elements: str
found_bad:
  description: Whether the release failed its visitors, so that no other host should get it.
  returned: where O(switch) failed
  type: bool
fits:
  description: Releases of this host that are just what is to be deployed.
  returned: success
  type: list
  elements: str
changes:
  description: What would happen to each service that changes, or did where RV(activated).
  returned: in check mode, and in a rollback that switched
  type: dict
scheduled:
  description: Whether dumps of its database are made on a schedule here.
  returned: success
  type: bool
outdated:
  description: Services whose image would be pulled.
  returned: in check mode
  type: list
  elements: str
deploy:
  description: C(images) and C(previous_images) by service, C(warnings).
  returned: success
  type: dict
"""

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activating import failure
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.images import REGISTRY_ARGUMENTS, parse_registries
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.plan import Plan
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.rolling_back import Rollback
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS, START_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import heard, notice
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import LOCK_ARGUMENTS, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def roll_back(module, compose, mask):
    """What is answered of a rollback, in which this host may have switched already."""
    rollback = Rollback(module.params, compose, module.check_mode)
    found = rollback.look()
    switched = {}
    if module.params["switch"] and not module.check_mode:
        try:
            switched = rollback.switch(found)
        except (CommandFailed, Locked) as error:
            told = failure({**module.params, "project": rollback.store.project}, error)
            module.fail_json(msg=mask(to_native(error)), **{**told, "deploy": {**told["deploy"], **rollback.phases.told()}})
    answer = {"changed": False, **found, **switched, "warnings": rollback.warnings}
    return {**answer, "deploy": {**answer["deploy"], **rollback.phases.told()}}


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **FILES_ARGUMENTS,
            **REGISTRY_ARGUMENTS,
            revision={"type": "str", "default": ""},
            **START_ARGUMENTS,
            build={"type": "bool", "default": False},
            rollback={"type": "bool", "default": False},
            asked={"type": "str", "default": ""},
            switch={"type": "bool", "default": False},
            migrates={"type": "bool", "default": False},
            **LOCK_ARGUMENTS,
            **heard.HEART_ARGUMENTS,
        ),
        supports_check_mode=True,
    )
    params = module.params
    mask = masker([])
    try:
        notice.check(params["notify"])
        registries = parse_registries(params["registries"])
        values = parse_env(params["env"])
        mask = masker([*values.values(), *(entry["password"] for entry in registries)])
        compose = Compose(values)
        compose.engine.ask("/version")
        if params["rollback"]:
            module.exit_json(**roll_back(module, compose, mask))
        plan = Plan(params, compose, values, registries)
        result = plan.make(module.check_mode)
    except Waits as told:
        module.exit_json(changed=False, waits=mask(str(told)))
    except heard.Unheard:
        module.exit_json(changed=False, unheard=True)
    except (CommandFailed, Locked) as error:
        module.fail_json(msg=mask(to_native(error)))
    for said in filter(None, (plan.notice, plan.trouble, plan.store.went_alone())):
        module.warn(said)
    refusals = lock_of(plan.store.project, "").refusals() if module.check_mode else []
    result["deploy"]["warnings"] = [mask(warning) for warning in [*refusals, *result["deploy"]["warnings"]]]
    module.exit_json(**result)


if __name__ == "__main__":
    main()
