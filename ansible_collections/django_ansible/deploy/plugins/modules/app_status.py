#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_status
short_description: Shows what an application is on a host
description:
  - Release, commit, since when, slot, health, units with their restarts and memory, free disk, certificate, dumps, timers, commands that run, maintenance,
    what was changed since the last deploy, and the deploy lock. Changes nothing and takes no lock.
extends_documentation_fragment:
  - django_ansible.deploy.layout
options:
  health_path:
    description: Path of the request.
    type: str
    default: /
  health_host:
    description: Host that the request names.
    type: str
    default: localhost
  health_statuses:
    description: Statuses that are healthy; empty means 200 to 399.
    type: list
    elements: int
    default: []
  scheme:
    description: That of the site's address.
    type: str
    choices: [http, https]
    default: http
  certificate:
    description: File of the site's certificate; empty where it has none.
    type: str
    default: ''
  rehearsal_days:
    description: Within how many days a dump has to have been found restorable. 0 asks for none.
    type: int
    default: 0
  once_hosts:
    description: The host that each process or timer belongs on which only one of the fleet runs, by name.
    type: dict
    default: {}
  host:
    description: Name of this host in the inventory.
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
- name: Show what runs
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
      (state by unit), C(free_mib), C(lock) (who deploys now or has locked it, in words) and C(releases) (what is kept, oldest first); C(health) (V(healthy) or what is wrong),
      C(restarts) and C(memory_mib) by unit, C(certificate_days), C(last_dump) and its C(dump_bytes), C(last_rehearsal) (when a dump was last tried) and
      C(restores_in) (seconds that took), C(maintenance), C(timers) (last run by timer), C(runs), C(drift) (files that
      were changed since the last deploy) and C(problems), what somebody should look at.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import LAYOUT, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.standing import standing


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            "health_path": {"type": "str", "default": "/"},
            "health_host": {"type": "str", "default": "localhost"},
            "health_statuses": {"type": "list", "elements": "int", "default": []},
            "scheme": {"type": "str", "choices": ["http", "https"], "default": "http"},
            "certificate": {"type": "str", "default": ""},
            "rehearsal_days": {"type": "int", "default": 0},
            "once_hosts": {"type": "dict", "default": {}},
            "host": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    layout = layout_of(module.params)
    release = layout.live_release()
    known = layout.read_release(release) if release else {}
    status = {
        **standing(layout, module.params),
        "release": release,
        "revision": known.get("revision"),
        "since": known.get("activated"),
        "slot": layout.live_slot(),
        "lock": lock_of(module.params, check_mode=False).describe(),
        "releases": [found["release"] for found in layout.list_releases() if not found.get("bad")],
    }
    for sentence in layout.edited():
        module.warn(sentence)
    served = {key: status[key] for key in ("release", "revision") if status[key]}
    module.exit_json(changed=False, deploy={**served, "status": status})


if __name__ == "__main__":
    main()
