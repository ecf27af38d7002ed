#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_return
short_description: Roll back to what a host ran before this deploy
description:
  - On a host that this run has switched, has the release before run again, by the images that were recorded. On any host, gives the deploy lock back.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.start
options:
  project:
    description: Name of the project. Empty looks for the one that this run has locked.
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
- name: Roll back
  django_ansible.deploy.compose_return:
    project: shop
    run_id: 4711-1-a1b2c3
"""

RETURN = r"""
deploy:
  description: C(images) that run again and C(rolled_back), when this host rolled back.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import returning, runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of, projects
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import RUN_ARGUMENTS, START_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import BY_ITSELF, ROLLED_BACK


def return_project(params, project):
    """Whether this host went back, and what it runs then."""
    went = returning.go_back({"project": project}, params["run_id"], ROLLED_BACK)
    return {"changed": went is not None, "deploy": {} if went is None else {"rolled_back": True, **went}}


def owes(params, project):
    """Whether this run has switched the host and not confirmed."""
    found = Store(project).recall() or {}
    return bool(params["run_id"]) and found.get("run") == params["run_id"] and not found.get("confirmed")


def went_alone(params, project):
    """What a host that did not hear of this run for too long has done itself."""
    store = Store(project)
    last = store.last_record()
    if last.get("run") != params["run_id"] or last.get("result") != BY_ITSELF:
        return {"changed": False, "deploy": {}}
    return {"changed": True, "deploy": {"rolled_back": True, **returning.served(Compose(), store)}}


def main():
    module = AnsibleModule(argument_spec=dict(**RUN_ARGUMENTS, **START_ARGUMENTS, project={"type": "str", "default": ""}), supports_check_mode=True)
    params = module.params
    result = {"changed": False, "deploy": {}}
    for project in [params["project"]] if params["project"] else projects():
        if not module.check_mode and params["run_id"]:
            runs.stop(Compose().engine, project, params["run_id"])
        lock = lock_of(project, params["run_id"], params["actor"])
        # A step before this one may have given the lock back already, when nothing was to be done or it failed.
        if not module.check_mode and params["run_id"] and not result["changed"]:
            result = went_alone(params, project)
        # A boot takes it from a host that was switched.
        if module.check_mode or not (lock.is_held() or owes(params, project)):
            continue
        if not params["project"] and lock.is_held():
            # A cancel: a step that the runner left behind may still wait, as for health. It ends as where its run is gone.
            lock.ask_to_stop()
        try:
            if not lock.is_held():
                lock.take()
            with lock.step():
                result = return_project(params, project)
                lock.release()
            # After a boot it goes back by itself as well, maybe just now.
            result = result if result["changed"] else went_alone(params, project)
        except (CommandFailed, Locked) as error:
            if isinstance(error, Locked) and (Store(project).recall() or {}).get("run") != params["run_id"]:
                # The step that was waited for has gone back and given the lock back itself.
                continue
            module.fail_json(msg=f"This host did not roll back to what it ran before: {error}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
