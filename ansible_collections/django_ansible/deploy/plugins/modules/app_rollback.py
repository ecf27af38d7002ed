#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_rollback
short_description: Makes the database ready for an older release
description:
  - Finds migrations that are applied and that the older release does not know, and does with them what the policy says. Meant for one host of
    the fleet, before any host switches. Without such migrations nothing is done.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
  - django_ansible.deploy.layout.maker
options:
  release:
    description: Name of the release to roll back to.
    type: str
    required: true
  policy:
    description:
      - Empty refuses when there are such migrations. V(keep) leaves the database as it is. V(reverse) takes them back with the code of a
        release that has them, the live one before others. V(restore) puts the dump back that was taken before them and loses what was written since.
    type: str
    choices: ['', keep, reverse, restore]
    default: ''
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Keep the newer schema
  django_ansible.deploy.app_rollback:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    release: 20260102T030405Z-0123456
    policy: keep
"""

RETURN = r"""
migrations:
  description: The migrations that the older release does not know, C(app.name).
  type: list
  returned: success
dump:
  description: Id of the dump that was restored, or would be.
  type: str
  returned: with V(restore)
deploy:
  description: Warnings, for the events file.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrations import ready_database
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, MAKER, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of, recovery_of, release_environment


def others(params: dict, layout):
    """Django of the releases that are there besides the one to go back to: the live one first, then from the newest on."""
    live = layout.live_release()
    names = [found["release"] for found in reversed(layout.list_releases()) if found["release"] not in (live, params["release"])]
    return (application_of(params, layout, name) for name in [*filter(None, [live]), *names] if layout.starts(name))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            **MAKER,
            "release": {"type": "str", "required": True},
            "policy": {"type": "str", "choices": ["", "keep", "reverse", "restore"], "default": ""},
        },
        supports_check_mode=True,
    )
    params = module.params
    layout = layout_of(params)
    try:
        with lock_of(params, module.check_mode).step():
            result = ready_database(
                application_of(params, layout, params["release"]), lambda: others(params, layout), recovery_of(params, layout), release=params["release"],
                policy=params["policy"], variable="django_app_rollback_migrations", check_mode=module.check_mode,
            )
    except (CommandFailed, Locked) as error:
        module.fail_json(msg="nothing was rolled back: %s" % release_environment(params, layout, params["release"]).mask(str(error)))
    for warning in result["warnings"]:
        module.warn(warning)
    restored = {"dump": result["dump"]} if "dump" in result else {}
    module.exit_json(changed=result["changed"], migrations=result["migrations"], **restored, deploy={"warnings": result["warnings"], **restored})


if __name__ == "__main__":
    main()
