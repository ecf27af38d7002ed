#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_return
short_description: Rolls a host back to the release that was live before this deploy
description:
  - On a host that this run has switched, moves traffic back to the old slot, which still runs, and puts files and links back.
  - On any host, gives the deploy lock back. The database is not touched.
extends_documentation_fragment:
  - django_ansible.deploy.layout
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Roll back
  django_ansible.deploy.app_return:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    run_id: 4711-1-a1b2c3
"""

RETURN = r"""
deploy:
  description: C(release) that is live again and C(rolled_back), when this host rolled back.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import BY_ITSELF, ROLLED_BACK
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import returning, runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of, lock_of


def go_back_on_host(params: dict) -> dict:
    went = returning.go_back(params, params["run_id"], ROLLED_BACK)
    return {"changed": went is not None, "deploy": {} if went is None else {"rolled_back": True, **went}}


def predict(params: dict) -> dict:
    found = undo.recall(params["app_name"]) or {}
    went = found.get("run") == params["run_id"] and not found.get("confirmed")
    return {"changed": went, "deploy": {"rolled_back": True, **returning.served(layout_of(params), found["previous_release"])} if went else {}}


def went_alone(params: dict) -> dict:
    """What a host that did not hear of this run for too long has done itself."""
    last = layout_of(params).last_record()
    if last.get("run") != params["run_id"] or last.get("result") != BY_ITSELF:
        return {"changed": False, "deploy": {}}
    return {"changed": True, "deploy": {"rolled_back": True, **returning.served(layout_of(params), last.get("previous"))}}


def main() -> None:
    module = AnsibleModule(argument_spec=LAYOUT, supports_check_mode=True)
    lock = lock_of(module.params, module.check_mode)
    if module.check_mode:
        module.exit_json(**predict(module.params))
    runs.stop(module.params["app_name"], module.params["run_id"])
    result = went_alone(module.params)
    # A step before this one may have given the lock back already, when nothing was to be done or it failed. A boot takes it from a host that was switched.
    if lock.is_held() or (lock.run and predict(module.params)["changed"]):
        try:
            if not lock.is_held():
                lock.take()
            with lock.step():
                went = go_back_on_host(module.params)
                lock.release()
            # After a boot it goes back by itself as well, maybe just now.
            result = went if went["changed"] else went_alone(module.params)
        except (CommandFailed, Locked) as error:
            module.fail_json(msg="this host did not roll back to the release that was live before: %s" % error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
