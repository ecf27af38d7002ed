#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_remove
short_description: Removes an application from a host
description:
  - Units, nginx's site, users, folders, timers, certificates and caches. nginx sends nobody to it any more before anything ends.
  - Cannot be undone. Packages stay; what else stays is printed.
  - With O(part), a process, a timer or the slot that is not live, and nothing else.
extends_documentation_fragment:
  - django_ansible.deploy.lock
  - django_ansible.deploy.layout
options:
  site:
    description: The file of nginx's site.
    type: path
    required: true
  links:
    description: Links that point into O(app_dir), besides those in it.
    type: list
    elements: path
    default: []
  keep_data:
    description: Whether C(shared), the dumps and the journal of deploys are kept in a folder of C(/var/backups).
    type: bool
    default: true
  drain:
    description: Seconds in which the health check fails for load balancers, before anything ends.
    type: int
    default: 0
  part:
    description: What leaves in the place of the whole application, the name of a process or timer, C(blue) or C(green).
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
- name: Remove it
  django_ansible.deploy.app_remove:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    site: /etc/nginx/sites-available/mydjango
"""

RETURN = r"""
removed:
  description: Units, files, folders and users that went, or would go.
  type: list
  elements: str
  returned: success
told:
  description: What is kept.
  type: list
  elements: str
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import LOCK_ARGUMENTS, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.leaving import Leaving, forget_lock
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.parts import Part


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            "site": {"type": "path", "required": True},
            "links": {"type": "list", "elements": "path", "default": []},
            "keep_data": {"type": "bool", "default": True},
            "drain": {"type": "int", "default": 0},
            "part": {"type": "str", "default": ""},
            **LOCK_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    params = module.params
    layout = layout_of(params)
    lock = lock_of(params, module.check_mode)
    try:
        leaving = Part(layout, params["part"]) if params["part"] else Leaving(layout, params["app_user"], params["app_group"], params["site"], params["links"])
        removed = leaving.is_there()
    except CommandFailed as error:
        module.fail_json(msg=str(error))
    if module.check_mode or not removed:
        module.exit_json(changed=bool(removed), removed=removed, told=["%s is not here" % (params["part"] or params["app_name"])] if not removed else leaving.told)
    leaving.told.clear()
    try:
        lock.take(params["lock_wait"], params["wait_is_told"])
        with lock.step():
            if layout.list_releases():
                more = {"part": params["part"]} if params["part"] else {}
                layout.record(operation="remove", release=layout.live_release(), run=params["run_id"], actor=params["actor"], **more)
            if params["part"]:
                leaving.leave()
            else:
                leaving.leave(params["keep_data"], params["drain"])
        if params["part"]:
            lock.release()
        else:
            forget_lock(params["app_name"])
    except Waits as told:
        module.exit_json(changed=False, waits=str(told))
    except (CommandFailed, Locked, Unsafe, OSError) as error:
        module.fail_json(msg="%s was not removed whole: %s. Remove it again once that is mended" % (params["app_name"], error))
    module.exit_json(changed=True, removed=removed, told=leaving.told)


if __name__ == "__main__":
    main()
