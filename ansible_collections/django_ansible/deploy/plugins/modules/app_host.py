#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_host
short_description: Shows what a host has and what is live there
description:
  - Looks at a host once, before anything is touched, so that later steps run only where there is something to do.
  - Changes nothing without O(switch), but takes the deploy lock. Fails when the host cannot run the application at all, another deploy holds the lock, or its nginx
    refuses the site that it is to get.
extends_documentation_fragment:
  - django_ansible.deploy.heart
  - django_ansible.deploy.lock
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
  - django_ansible.deploy.layout.service
options:
  revision:
    description: Full hash of the commit that is to serve, where it is known this early.
    type: str
    default: ''
  build:
    description: Stands for all that a release is made from besides its commit.
    type: str
    default: ''
  prepared_from:
    description: Stands for all that a release is prepared from besides its commit.
    type: str
    default: ''
  ask_database:
    description: Whether to return RV(unapplied).
    type: bool
    default: false
  packages:
    description: Debian packages that the application needs.
    type: list
    elements: str
    default: []
  needed_mib:
    description: Free space that a new release needs below O(app_dir), in MiB.
    type: int
    default: 200
  keep_releases:
    description: How many releases that were live stay.
    type: int
    default: 5
  standby:
    description: Whether the slot that is not live keeps running.
    type: bool
    default: false
  database:
    description: PostgreSQL server that has to answer, C(host:port). Empty asks none.
    type: str
    default: ''
  start_early:
    description:
      - Whether the release that this host expects to roll back to starts in the free slot right away, where nothing is to be done in the database for it. It
        gets no requests, and M(django_ansible.deploy.app_activate) goes on from there, or starts another one.
    type: bool
    default: false
  asked:
    description: In a rollback, name of a release, or a commit or its first digits. Empty for the release before.
    type: str
    default: ''
  switch:
    description:
      - With O(start_early), whether this host goes over to that release right away, as M(django_ansible.deploy.app_activate) has a host do, when all hosts of
        the run said by their heartbeat that they would go over to the same one. Otherwise nothing is switched.
    type: bool
    default: false
  last_step:
    description: Whether the deploy lock can be given back at once when the host is as it should be, since nothing follows on it.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Look at the host
  django_ansible.deploy.app_host:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    packages: [nginx, python3-venv]
"""

RETURN = r"""
missing_packages:
  description: Packages of O(packages) that are not installed.
  type: list
  returned: success
account_exists:
  description: Whether O(app_user) exists with O(app_group) as its primary group.
  type: bool
  returned: success
releases:
  description: Completed releases, oldest first, each with C(release), C(revision), C(bad), when it was C(activated), C(migrations),
    which is equal for releases that have the same migrations, C(build), which is for those made from the same settings, whether it is
    C(prepared) from O(prepared_from), whether it is made C(as_built), from O(build) and with the host's own Python of now, and whether it C(starts),
    which it does not when its Python is gone.
  type: list
  returned: success
live:
  description: The live release, with C(slot), C(release) and C(revision); each V(null) before the first deploy.
  type: dict
  returned: success
to_finish:
  description:
    - Whether M(django_ansible.deploy.app_finish) has something to do even when nothing changes. The slot that is not live runs without O(standby), or
      would start at a boot, which a deploy that was not finished leaves behind; or there are releases that are no longer kept.
  type: bool
  returned: success
unapplied:
  description: The migrations that are not applied, as the live release says; V(null) when it is not the one of O(revision), or does not answer.
  type: list
  returned: success
current:
  description:
    - Whether the live release is one of O(build) and O(prepared_from), and of O(revision) where that is given, and everything on the host is
      as O(service) says. Otherwise M(django_ansible.deploy.app_activate) has something to do.
  type: bool
  returned: success
activated:
  description: What this host went over to by O(switch), with C(release) and C(revision); RV(live) is then what was live before. V(null) where it did not.
  type: dict
  returned: success
told:
  description: What is served to everybody from now on. The action plugin shows it.
  type: list
  returned: when RV(activated)
found_bad:
  description: Whether the release failed its visitors, so that no other host should get it.
  type: bool
  returned: where O(switch) failed
lock_kept:
  description: Whether a host that is RV(current) still has the deploy lock.
  type: bool
  returned: success
renews_certificate:
  description: Whether the host renews a certificate of the application's own.
  type: bool
  returned: success
once:
  description: Names of the processes that this host runs and that only one host of the fleet may run.
  type: list
  returned: success
code:
  description:
    - What the live release has of its commit, where a release of O(revision) has to be made and the live one can be of use for that, C(release) and
      C(contents). Kept for M(django_ansible.deploy.app_release) where Ansible runs; no variable of the play.
  type: dict
  returned: when so
free_mib:
  description: Free space below O(app_dir), in MiB.
  type: int
  returned: success
deploy:
  description:
    - For the events file, what M(django_ansible.deploy.app_activate) says where RV(activated), else C(app), C(packages) that are missing, and C(previous_release) and C(previous_revision), which are live now. A host that
      is RV(current) also has C(release), C(revision) and C(url).
  type: dict
  returned: success
"""

from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import heard
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import LOCK_ARGUMENTS, DeployLock, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import admission, front, kept_code
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, SERVICE, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.first_look import live_is_wanted, look
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.listening import PATIENCE, Listening


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "revision": {"type": "str", "default": ""},
            "build": {"type": "str", "default": ""},
            "prepared_from": {"type": "str", "default": "", "no_log": True},
            "ask_database": {"type": "bool", "default": False},
            "packages": {"type": "list", "elements": "str", "default": []},
            "needed_mib": {"type": "int", "default": 200},
            "keep_releases": {"type": "int", "default": 5},
            "standby": {"type": "bool", "default": False},
            "database": {"type": "str", "default": ""},
            **SERVICE,
            "start_early": {"type": "bool", "default": False},
            "asked": {"type": "str", "default": ""},
            "switch": {"type": "bool", "default": False},
            "last_step": {"type": "bool", "default": False},
            **LOCK_ARGUMENTS,
            **heard.HEART_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    layout = layout_of(module.params)
    try:
        free = admission.refuse(layout, module.params)
    except CommandFailed as error:
        module.fail_json(msg=str(error))
    lock = lock_of(module.params, module.check_mode)
    try:
        lock.take(module.params["lock_wait"], module.params["wait_is_told"])
    except Waits as told:
        module.exit_json(changed=False, waits=str(told))
    except Locked as error:
        module.fail_json(msg=str(error))
    if lock.notice:
        module.warn(lock.notice)
    if layout.went_alone():
        module.warn(layout.went_alone())
    starts_early = module.params["start_early"] and not module.check_mode
    try:
        release = begin(module, layout, lock) if starts_early else None
        # One with nothing to do gives the lock back before it would hear anything.
        listening = Listening(lambda: listen(module, lock), PATIENCE if module.params["last_step"] and live_is_wanted(layout, module.params) else 0)
        try:
            found = look(layout, module.params, keeps=not module.check_mode)
        except CommandFailed as error:
            raise CommandFailed("the host cannot be looked at: %s" % error) from error
        if not found["current"] and not module.params["switch"]:
            front.try_out(module.params)
        if starts_early:
            put_right(module, layout, found)
        if module.check_mode and lock.refusals():
            found["deploy"]["warnings"] = lock.refusals()
    except Exception as error:
        # The run ends on this host, so nobody else would give it back, or stop what comes up.
        try:
            if starts_early:
                stop(module, layout)
        finally:
            lock.release()
        if isinstance(error, (CommandFailed, Locked)):
            module.fail_json(msg=str(error))
        raise
    followed = found["to_finish"] or found["renews_certificate"] or (module.params["ask_database"] and found["unapplied"] != [])
    if found["current"] and module.params["last_step"] and not followed:
        listening.is_over()
        lock.release()
        found["lock_kept"] = False
    else:
        served = look_ahead(release, layout) if module.params["switch"] else None
        try:
            trouble = listening.wait(module.params["unheard"])
        except heard.Unheard:
            module.exit_json(changed=False, unheard=True)
        if trouble:
            module.warn(trouble)
        elif served:
            found.update(switch(module, release, found, lock, served))
    code = kept_code.answer(layout, found, module.params["revision"])
    module.exit_json(free_mib=free, **found, **({"code": code} if code else {}))


def listen(module: AnsibleModule, lock: DeployLock):
    """Has the host listen whether this run lives. What it goes back with takes a while to load, and a host with nothing to do needs none of it."""
    from ansible_collections.django_ansible.deploy.plugins.module_utils.host import hearing
    from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import returning

    return hearing.begin(lock, module.params["heart"], returning, {name: module.params[name] for name in LAYOUT}, module.params["notify"])


def begin(module: AnsibleModule, layout: Layout, lock: DeployLock) -> str | None:
    """Has the release start that this host takes for the one to go back to."""
    from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import rolling_back

    return rolling_back.begin(layout, module.params, lock)


def put_right(module: AnsibleModule, layout: Layout, found: dict) -> None:
    from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import rolling_back

    rolling_back.put_right(found, layout, module.params)


def look_ahead(release: str | None, layout: Layout) -> Callable[[], frozenset[str]]:
    from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import rolling_back

    return rolling_back.look_ahead(release, layout)


def stop(module: AnsibleModule, layout: Layout) -> None:
    """Has the release stop that :func:`begin` has started."""
    from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import early_start

    early_start.end(layout, module.params["run_id"])


def switch(module: AnsibleModule, release: str | None, found: dict, lock: DeployLock, served: Callable[[], frozenset[str]]) -> dict:
    """What the answer has besides when this host went over to *release*."""
    from ansible_collections.django_ansible.deploy.plugins.module_utils.host.phases import Phases
    from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating, rolling_back

    phases = Phases()
    try:
        done = rolling_back.switch(release, found, module.params, lock, phases.begin, served)
    except (CommandFailed, Locked) as error:
        module.fail_json(**activating.failure({**module.params, "release": release}, error, phases.told()))
    if done is None:
        return {}
    for warning in done["deploy"].pop("warnings"):
        module.warn(warning)
    activated = {name: done["deploy"][name] for name in ("release", "revision")}
    return {"changed": done["changed"], "told": done["told"], "diff": done["diff"], "activated": activated, "deploy": {**found["deploy"], **done["deploy"], **phases.told()}}


if __name__ == "__main__":
    main()
