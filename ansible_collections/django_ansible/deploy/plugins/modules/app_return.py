#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_return
short_description: Goes back to what a host served before this deploy
description:
  - On a host that this run has switched, moves the requests back to the old slot, which still runs, and puts files and links back.
  - On any host, gives the deploy lock back. The database is not touched.
extends_documentation_fragment:
  - django_ansible.deploy.layout
attributes:
  check_mode:
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Go back
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
  description: C(release) that serves again and C(rolled_back), when this host went back.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.activation import go_back
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of, lock_of


def go_back_on_host(params: dict, check_mode: bool) -> dict:
    layout = layout_of(params)
    found = undo.recall(layout.app_name)
    if not found or found["run"] != params["run_id"]:
        return {"changed": False, "deploy": {}}
    previous = found["previous_release"]
    if not check_mode:
        go_back(
            layout, found["restorable"], slot=found["slot"], previous_slot=found["previous_slot"], previous_release=previous, nginx=found["nginx"],
            moves=found["processes"],
        )
        undo.forget(layout.app_name)
        # It counts as one that has served only if it had before.
        layout.mark_release(found["release"], activated=found["activated"])
        layout.record(release=found["release"], previous=previous, result="rolled-back", run=params["run_id"], actor=params["actor"])
    told = {"release": previous, "previous_release": previous, "revision": layout.read_release(previous).get("revision") if previous else None}
    return {"changed": True, "deploy": {"rolled_back": True, **{key: value for key, value in told.items() if value}}}


def main() -> None:
    module = AnsibleModule(argument_spec=LAYOUT, supports_check_mode=True)
    lock = lock_of(module.params, module.check_mode)
    stopped = not module.check_mode and runs.stop(layout_of(module.params), module.params["run_id"])
    result = {"changed": stopped, "deploy": {}}
    # A step before this one may have given the lock back already, when nothing was to be done or it failed.
    if module.check_mode or (lock.holder() or {}).get("run") == lock.run:
        try:
            with lock.step():
                result = go_back_on_host(module.params, module.check_mode)
                lock.release()
        except (CommandFailed, Locked) as error:
            module.fail_json(msg="this host did not go back to what it served before: %s" % error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
