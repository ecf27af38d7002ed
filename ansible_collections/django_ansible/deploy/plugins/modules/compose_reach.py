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
options:
  registries:
    description: Credentials for registries, a list of mappings with C(registry), C(username) and C(password) as JSON text. They are only held in memory.
    type: str
    default: "[]"
  revision:
    description: Commit that is deployed, for the records.
    type: str
    default: ''
  remove_orphans:
    description: Whether containers of services that the compose files no longer have are to go.
    type: bool
    default: true
  rollout:
    description: Services that are to be replaced one generation beside the other; what makes that impossible is an error.
    type: list
    elements: str
    default: []
  bake_checks:
    description: What is to be looked at while the release is watched; a command whose service the compose files do not have is an error.
    type: list
    elements: str
    default: []
  build:
    description: Whether services with C(build:) may be built on the host.
    type: bool
    default: false
  rollback:
    description: Only take the lock and return which releases this host has, without compose files and registry.
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
fits:
  description: Releases of this host that are just what is to be deployed.
  returned: success
  type: list
  elements: str
changes:
  description: What would happen to each service that changes.
  returned: in check mode
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
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import returning
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.images import REGISTRY_ARGUMENTS, parse_registries
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.plan import Plan
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of, project_at
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import heard, hearing, notice
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import LOCK_ARGUMENTS, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import BAKE


def known_releases(store, engine):
    """The releases of this host; one whose images are gone cannot run any more."""
    found = []
    for record in store.list_releases():
        gone = not all(engine.image(identifier) for identifier in (record.get("identifiers") or {}).values() if identifier)
        found.append({"release": record["release"], "revision": record.get("revision") or "", "activated": record.get("activated"), "bad": bool(record.get("bad")) or gone, "migrations": record.get("migrations")})
    return found


def reach_for_rollback(params, compose, check_mode):
    name = params["name"] or project_at(params["files"][0])
    store = Store(name) if name else None
    if not store or not store.live():
        raise ComposeError(f"There is nothing to roll back to: no release of {name or params['files'][0]} was deployed to this host.")
    store.refuse_unreadable()
    lock = lock_of(name, "" if check_mode else params["run_id"], params["actor"])
    # What can fail comes before the lock.
    releases = known_releases(store, compose.engine)
    lock.take(params["lock_wait"], params["wait_is_told"])
    heartbeat = hearing.begin(lock, params["heart"], returning, {"project": name}, params["notify"])
    trouble = heartbeat.wait(params["unheard"]) if heartbeat else None
    alone = store.went_alone()
    return {"warnings": [*filter(None, (trouble, alone))], "project": name, "settled": False, "scheduled": False, "pull": False, "digests": {}, "releases": releases, "live": {"release": store.live()}, "fits": [], "deploy": {}}


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **FILES_ARGUMENTS,
            **REGISTRY_ARGUMENTS,
            revision={"type": "str", "default": ""},
            remove_orphans={"type": "bool", "default": True},
            rollout={"type": "list", "elements": "str", "default": []},
            bake_checks=BAKE["bake_checks"],
            build={"type": "bool", "default": False},
            rollback={"type": "bool", "default": False},
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
            module.exit_json(changed=False, **reach_for_rollback(params, compose, module.check_mode))
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
