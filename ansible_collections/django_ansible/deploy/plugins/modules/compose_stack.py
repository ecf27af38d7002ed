#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_stack
short_description: Deploy a stack to a Swarm, and wait until it has converged
description:
  - Runs C(docker stack deploy) on a manager of an existing Swarm, with the credentials of the registries, and waits until every service runs what it is to run.
  - When one does not, every service of the stack that this run changed returns to its former specification, by the engine's own rollback.
  - It is changed when the specification of a service became another one, or a service came or went.
extends_documentation_fragment:
  - django_ansible.deploy.lock
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.files
options:
  registries:
    description: As for M(django_ansible.deploy.compose_reach).
    type: str
    default: "[]"
  operation:
    description: V(look) only returns whether this host is a manager, V(rollback) goes to the former specification of each service.
    type: str
    choices: [look, deploy, rollback, status]
    required: true
  prune:
    description: Whether services that the files no longer have are removed.
    type: bool
    default: true
  wait_timeout:
    description: Seconds until the stack must have converged.
    type: int
    default: 300
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: partial
    details: Shows which files and services would come; a Swarm cannot predict more.
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Deploy the stack
  django_ansible.deploy.compose_stack:
    operation: deploy
    files: [/srv/shop/compose.yml]
    name: shop
"""

RETURN = r"""
manager:
  description: Whether this host is a manager of a Swarm.
  returned: success
  type: bool
changes:
  description: What happened to each service that changed, V(created), V(replaced) or V(removed).
  returned: success
  type: dict
deploy:
  description: C(images) and C(previous_images) by service, C(status), after a failure C(kept).
  returned: always
  type: dict
"""

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.images import REGISTRY_ARGUMENTS, parse_registries
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.stacks import NotConverged, Stack, require_manager
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import LOCK_ARGUMENTS, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **FILES_ARGUMENTS,
            **REGISTRY_ARGUMENTS,
            operation={"type": "str", "choices": ["look", "deploy", "rollback", "status"], "required": True},
            prune={"type": "bool", "default": True},
            wait_timeout={"type": "int", "default": 300},
            **LOCK_ARGUMENTS,
        ),
        supports_check_mode=True,
    )
    params = module.params
    mask = masker([])
    try:
        registries, values = parse_registries(params["registries"]), parse_env(params["env"])
        mask = masker([*values.values(), *(entry["password"] for entry in registries)])
        compose = Compose(values)
        if params["operation"] == "look":
            swarm = compose.engine.info().get("Swarm") or {}
            module.exit_json(changed=False, manager=bool(swarm.get("ControlAvailable")), changes={}, deploy={})
        require_manager(compose.engine)
        stack = Stack(compose, params, values, registries)
        if params["operation"] == "status":
            module.exit_json(changed=False, manager=True, changes={}, deploy={"images": stack.images(), "status": stack.status(lock_of(stack.name, "").describe())})
        lock = lock_of(stack.name, "" if module.check_mode else params["run_id"], params["actor"])
        lock.take(params["lock_wait"], params["wait_is_told"])
        with lock.step():
            result = stack.predict() if module.check_mode else stack.roll_back() if params["operation"] == "rollback" else stack.deploy()
            lock.release()
    except NotConverged as error:
        module.fail_json(msg=mask(to_native(error)), changed=True, changes={}, deploy={"kept": error.kept, "images": error.images, "previous_images": error.images})
    except Waits as told:
        module.exit_json(changed=False, waits=mask(str(told)))
    except (CommandFailed, Locked) as error:
        module.fail_json(msg=mask(to_native(error)), changes={}, deploy={})
    module.exit_json(manager=True, **result)


if __name__ == "__main__":
    main()
