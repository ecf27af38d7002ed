#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_status
short_description: Tells what an application is on a host
description:
  - Release, commit, since when, slot, the state of its units, free disk and the deploy lock. Changes nothing and takes no lock.
extends_documentation_fragment:
  - django_ansible.deploy.layout
attributes:
  check_mode:
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Tell what runs
  django_ansible.deploy.app_status:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
"""

RETURN = r"""
deploy:
  description:
    - C(release) and C(revision) that serve, and C(status) with C(release), C(revision), C(since) (when it was activated, UTC), C(slot), C(units)
      (state by unit), C(free_mib), C(lock) (who deploys now or has locked it, in words) and C(releases) (what is kept, oldest first).
  type: dict
  returned: success
"""

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import free_mib
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of, lock_of


def main() -> None:
    module = AnsibleModule(argument_spec=LAYOUT, supports_check_mode=True)
    layout = layout_of(module.params)
    slot = layout.live_slot()
    release = layout.slot_release(slot)
    known = layout.read_release(release) if release else {}
    web = [*layout.slot_units(slot), "nginx.service"] if slot and os.path.islink(layout.socket_link) else []
    units = [*web, *process_units.instances(layout.app_name)]
    status = {
        "release": release,
        "revision": known.get("revision"),
        "since": known.get("activated"),
        "slot": slot,
        "units": {unit: systemd.show(unit, "ActiveState")["ActiveState"] for unit in units},
        "free_mib": free_mib(layout.app_dir),
        "lock": lock_of(module.params, check_mode=False).describe(),
        "releases": [found["release"] for found in layout.list_releases() if not found.get("bad")],
    }
    alone = layout.went_alone()
    if alone:
        module.warn(alone)
    served = {key: status[key] for key in ("release", "revision") if status[key]}
    module.exit_json(changed=False, deploy={**served, "status": status})


if __name__ == "__main__":
    main()
