#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_up
short_description: Have a host run a release of a compose project, and wait until it is healthy
description:
  - Puts the planned files in place, has the tags mean the images that were chosen, runs C(compose up), and waits until each container is healthy; one without a health
    check must answer its request, one without either must still run after O(settle_seconds), one that ends by itself must end with 0.
  - With O(bake) it then watches the release for a while, and finds it bad when its visitors see more failures than before.
  - When that fails, the host rolls back to what it ran before. The error has the last log lines of the containers that failed.
  - It is changed when a file changed, or a container was created, replaced, started or removed. IDs decide, never the output of compose.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.project
  - django_ansible.deploy.compose.release
  - django_ansible.deploy.compose.start
options:
  settled:
    description: Whether this host runs that already, and only writes down the name.
    type: bool
    default: false
attributes:
  check_mode:
    description: Shows by configuration hashes and images what would be replaced. Containers that compose would replace only because another one is are not predicted.
    support: full
  diff_mode:
    description: A line for each service and file that changes.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Start what is planned
  django_ansible.deploy.compose_up:
    project: shop
    release: 20260102T030405Z-0123456
    run_id: 4711-1-a1b2c3
"""

RETURN = r"""
changes:
  description: What happened to each service that changed, one of V(created), V(replaced), V(scaled), V(started), V(removed).
  returned: always
  type: dict
found_bad:
  description: Whether the release failed its visitors, so that no other host should get it.
  type: bool
  returned: failure
told:
  description: For each service, how it is known to be healthy. The action plugin shows it.
  returned: success
  type: list
  elements: str
deploy:
  description: The digests that run now by service under C(images), those that ran before under C(previous_images), the commit under C(revision), and after a
    failure C(kept) when the host runs what it ran before.
  returned: always
  type: dict
"""

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activating import activate, failure
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import PROJECT_ARGUMENTS, RUN_ARGUMENTS, START_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


def rename(params):
    """Gives what runs the name that the fleet has for it."""
    store = Store(params["project"])
    live = store.live()
    facts = store.read_release(live)
    if live != params["release"]:
        facts.pop("release")
        store.save(params["release"], store.config(live), store.files(live), **facts)
        store.set_live(params["release"])
    return {"changed": False, "changes": {}, "told": [], "deploy": {"images": facts["images"], "previous_images": facts["images"]}}


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **PROJECT_ARGUMENTS,
            **START_ARGUMENTS,
            env={"type": "str", "no_log": True, "default": "{}"},
            release={"type": "str", "required": True},
            kept={"type": "bool", "default": False},
            settled={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    params = module.params
    mask = masker(parse_env(params["env"]).values())
    lock = lock_of(params["project"], "" if module.check_mode else params["run_id"], params["actor"])
    try:
        if params["settled"]:
            # It gave the lock back when it saw that there is nothing to do.
            lock.take()
        with lock.step():
            result = rename(params) if params["settled"] else activate(params, module.check_mode)
            if params["settled"]:
                lock.release()
    except (CommandFailed, Locked) as error:
        module.fail_json(msg=mask(to_native(error)), **failure(params, error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
