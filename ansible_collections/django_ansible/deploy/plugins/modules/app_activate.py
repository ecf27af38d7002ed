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
- name: Serve the release
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
told:
  description: What is served to everybody from now on. The action plugin shows it.
  type: list
  returned: success
deploy:
  description: C(release), C(previous_release), C(revision), C(url) and C(warnings), and C(taken_back) where it failed, for the events file.
  type: dict
  returned: success
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import holding
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.activation import Activation
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, SERVICE, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import Wanted


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "required": True},
            "revision": {"type": "str", "default": ""},
            **SERVICE,
            "last_step": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    lock = lock_of(module.params, module.check_mode)
    try:
        with lock.step():
            result = activate(module)
            if not result["changed"] and module.params["last_step"]:
                lock.release()
    except (CommandFailed, Locked) as error:
        layout = layout_of(module.params)
        # Only now do requests go on that waited while the database was migrated.
        taken_back, left = holding.abandon(layout, module.params["run_id"])
        served = layout.live_release()
        told = {"release": served, "previous_release": served, "revision": layout.read_release(served).get("revision") if served else None}
        try:
            # One that serves is not what is wrong with its new environment or files.
            if isinstance(error, CommandFailed) and module.params["release"] != served:
                layout.mark_release(module.params["release"], bad=True)
            layout.record(release=module.params["release"], result="failed", run=module.params["run_id"], actor=module.params["actor"])
        except OSError:
            pass  # What failed is told below; a disk that is full must not hide it.
        told["taken_back"] = taken_back
        module.fail_json(msg="%s%s" % (error, left), deploy={"kept": True, **{key: value for key, value in told.items() if value}})
    for warning in result["deploy"]["warnings"]:
        module.warn(warning)
    module.exit_json(**result)


def activate(module: AnsibleModule) -> dict:
    if module.params["revision"]:
        layout_of(module.params).vouch(module.params["release"], module.params["revision"])
    wanted = Wanted({**module.params, **module.params["service"]})
    pending = wanted.pending()
    diff = [file.diff() for _, file in wanted.different]
    layout = wanted.layout
    revision = layout.read_release(wanted.release).get("revision")
    previous = wanted.previous_release
    activation = Activation(wanted)
    if pending and not module.check_mode:
        activation.run(pending)
    elif not module.check_mode:
        # When the connection broke, Ansible asks again: what this run did here before is still its change.
        before = undo.recall(layout.app_name) or {}
        if before.get("run") == module.params["run_id"] and before.get("release") == wanted.release:
            pending, previous = before["done"], before["previous_release"]
    return {
        "changed": bool(pending),
        "told": [*wanted.told, *activation.told],
        "done": pending,
        "slot": activation.slot,
        "diff": diff,
        "deploy": {"release": wanted.release, "previous_release": previous, "revision": revision, "url": module.params["service"]["url"], "warnings": [*wanted.warnings, *activation.warnings]},
    }


if __name__ == "__main__":
    main()
