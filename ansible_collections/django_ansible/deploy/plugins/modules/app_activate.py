#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_activate
short_description: Starts a prepared release in the free slot and switches to it once it answers
description:
  - Writes the units and the slot's environment file, starts the free slot, asks it over its own socket, and then moves the link that
    nginx connects to by one C(rename(2)). Asks once more through nginx.
  - When anything of this fails, files, links and units are put back as they were and the failure shows the application's last log lines.
  - The slot that was live before keeps running and is remembered, until M(django_ansible.deploy.app_finish) stops it or
    M(django_ansible.deploy.app_return) rolls back to it.
  - When the live slot already runs this release with this environment and these files, nothing is done.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
  - django_ansible.deploy.layout.service
  - django_ansible.deploy.finish
options:
  release:
    description: Name of a release that is prepared.
    type: str
    required: true
  revision:
    description: The commit that O(release) has to be, by this host's own record. Empty asks nothing.
    type: str
    default: ''
  last_step:
    description: Whether nothing follows on this host when nothing has to be done here, so that the deploy lock is given back at once.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
  diff_mode:
    description: Returns what it changes as differences, in diff mode.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Activate the release
  django_ansible.deploy.app_activate:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    release: 20260102T030405Z-0123456
    service:
      health_path: /healthz
      health_host: www.example.com
"""

RETURN = r"""
slot:
  description: The slot that is live afterwards.
  type: str
  returned: success
done:
  description: What changed, V(slot) and paths.
  type: list
  returned: success
finished:
  description: Whether the deploy was ended here too.
  type: bool
  returned: success
found_bad:
  description: Whether the release failed its visitors, so that no other host should get it.
  type: bool
  returned: failure
told:
  description: What is served to everybody from now on. The action plugin shows it.
  type: list
  returned: success
deploy:
  description: C(release), C(previous_release), C(revision), C(url) and C(warnings), for the events file; C(migrations) that were applied at its end; C(taken_back) where it failed.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, SERVICE, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.finishing import FINISH, end_after, may_end_here


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "required": True},
            "revision": {"type": "str", "default": ""},
            **SERVICE,
            "last_step": {"type": "bool", "default": False},
            "finish": {"type": "dict", "options": FINISH},
        },
        supports_check_mode=True,
    )
    lock = lock_of(module.params, module.check_mode)
    ends = bool(module.params["finish"]) and not module.check_mode
    try:
        with lock.step():
            result = activating.activate(module.params, module.check_mode)
            if not result["changed"] and module.params["last_step"]:
                lock.release()
            ends = ends and result["changed"] and may_end_here(lock)
            trouble = end_after(result, module.params, lock) if ends else None
    except (CommandFailed, Locked) as error:
        before = activating.ended_before(module.params) if isinstance(error, Locked) and lock.holder() is None else None
        if before:
            module.exit_json(**before)
        module.fail_json(**activating.failure(module.params, error))
    for warning in result["deploy"]["warnings"]:
        module.warn(warning)
    if trouble:
        module.fail_json(msg="the new release is live, but the deploy was not finished: %s" % trouble, deploy=result["deploy"])
    module.exit_json(**result, finished=ends)


if __name__ == "__main__":
    main()
