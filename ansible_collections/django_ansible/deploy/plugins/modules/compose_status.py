#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_status
short_description: Show what a compose project is on a host
description:
  - Release, and of each service image, digest, since when and health. Changes nothing and takes no lock.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.files
options:
  rehearsal_days:
    description: Within how many days a dump has to have been found restorable, else that is named as a problem. 0 requires none.
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
- name: Show what runs
  django_ansible.deploy.compose_status:
    files: [/srv/shop/compose.yml]
"""

RETURN = r"""
deploy:
  description:
    - C(images) by service, C(revision), and C(status) with C(release), C(revision), C(since) (when it was activated, UTC), C(services) (each with C(service),
      C(container), C(image), C(digest), C(since) and C(health)), C(units) (state by container), C(free_mib), C(lock) (who deploys now or has locked it, in words), C(maintenance) (since when and by whom), C(runs) (commands, in words), C(last_dump) and C(last_rehearsal), C(drift) (files that were changed since the deploy),
      C(problems) (what somebody should look at) and C(releases) (what is kept,
      oldest first).
  type: dict
  returned: success
"""

import os
import time

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import nightly
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activation import running_images
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import judge, service_of, snapshot
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.named import name_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, draining, lock_of, maintenance_of, runs_folder
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import FILES_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import freshness
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import LITTLE_MIB, free_mib
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.maintenance import describe
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.runs import known_runs, told


def health_of(container):
    state = container["State"]
    return (state.get("Health") or {}).get("Status") or state.get("Status", "")


def status_of(compose, name, rehearsal_days):
    engine, store = compose.engine, Store(name)
    listed = engine.containers(name)
    images = running_images(engine, store, snapshot(listed))
    full = sorted(filter(None, (engine.container(entry["Id"]) for entry in listed)), key=lambda container: container["Name"])
    live = store.live()
    record = store.read_release(live) if live else {}
    services = [
        {
            "service": service_of(container),
            "container": container["Name"].lstrip("/"),
            "image": container["Config"].get("Image", ""),
            "digest": images.get(service_of(container), "").partition("@")[2] or container.get("Image", ""),
            "since": (container["State"].get("StartedAt") or "")[:19] + "Z",
            "health": health_of(container),
        }
        for container in full
    ]
    found = {
        "release": live,
        "revision": record.get("revision") or None,
        "since": record.get("activated"),
        "slot": None,
        "services": services,
        "units": {entry["container"]: entry["health"] for entry in services},
        "free_mib": free_mib(engine.info().get("DockerRootDir") or "/"),
        "lock": lock_of(name, "").describe(),
        "maintenance": describe(maintenance_of(name).known()),
        "runs": [told(run) for run in known_runs(name, runs_folder())],
        "releases": [found["release"] for found in store.list_releases() if not found.get("bad")],
    }
    status = {**found, **freshness.facts(store.backups), "drift": drift(store, live), "problems": problems(found, full, record)}
    half = os.path.exists(draining(name)) and f"a removal did not end, and load balancers go elsewhere since: remove the project again, or delete {draining(name)}"
    status["problems"] += [*status["drift"], *nightly.problems(name), *filter(None, [store.went_alone(), half, freshness.unproven(store.backups, rehearsal_days, time.time())])]
    return {"images": images, **({"revision": status["revision"]} if status["revision"] else {}), "status": status}


def drift(store, live):
    """Files of the live release that somebody has changed, a sentence each."""
    return [f"{path} was changed" for path in store.files(live).differing()] if live else []


def problems(found, containers, record):
    """What somebody should look at, a sentence each."""
    judged = {container["Name"].lstrip("/"): judge(container, False, True) for container in containers}
    sentences = [f"{name} {matter}" for name, (verdict, matter) in sorted(judged.items()) if verdict != "ready"]
    there = {entry["service"] for entry in found["services"]}
    wanted = (record.get("summary") or {}).get("services") or {}
    sentences += [f"there is no container of {name}" for name in sorted(wanted) if wanted[name].get("replicas") and name not in there]
    if found["free_mib"] < LITTLE_MIB:
        sentences.append(f"only {found['free_mib']} MiB of disk are free")
    return sentences


def main():
    module = AnsibleModule(argument_spec=dict(**RUN_ARGUMENTS, **FILES_ARGUMENTS, rehearsal_days={"type": "int", "default": 0}), supports_check_mode=True)
    params = module.params
    try:
        compose = Compose(parse_env(params["env"]))
        name = name_of(params, compose)
        deploy = status_of(compose, name, params["rehearsal_days"])
        store = Store(name)
        for sentence in store.edited():
            module.warn(sentence)
    except ComposeError as error:
        module.fail_json(msg=to_native(error))
    module.exit_json(changed=False, deploy=deploy)


if __name__ == "__main__":
    main()
