#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_finish
short_description: Ends a deploy on a host
description:
  - Lets the slot that is no longer live finish its requests and stop, and removes releases, virtual environments, dumps and static files that
    are no longer kept.
  - Gives the deploy lock back.
  - Never removes the live release, the one before it, or one whose slot or processes still run. Releases that were never live go, and push out none
    that did.
  - Starts timers, and processes that came to this host from another one.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
options:
  release:
    description: Name of the live release, for O(commands).
    type: str
    default: ''
  commands:
    description:
      - Commands of the project that are run at the end, in the phase C(finish), as one JSON object, so that their environment is hidden. Each is run
        once for a release.
    type: str
    default: '{}'
  keep_releases:
    description: How many releases that were live stay, the live one among them.
    type: int
    default: 5
  standby:
    description: Whether the slot that is no longer live goes on running, so that a rollback to its release only has to switch.
    type: bool
    default: false
  dumps:
    description: How many dumps of the database are kept. Those that a rollback to a kept release may need, and the one before the newest attempt at a migration, always stay.
    type: dict
    default: {}
    suboptions:
      number:
        description: The newest ones, at most.
        type: int
        default: 14
      days:
        description: For how many days, at most.
        type: int
        default: 30
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Finish
  django_ansible.deploy.app_finish:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
"""

RETURN = r"""
stopped:
  description: Slots that got the signal to stop.
  type: list
  returned: success
commands:
  description: The commands that were run.
  type: list
  returned: success
told:
  description: Sentences for the log, about migrations that only now were applied.
  type: list
  returned: success
deploy:
  description: C(migrations), those that only now were applied.
  type: dict
  returned: success
removed:
  description: What was removed, relative to O(app_dir).
  type: list
  returned: success
"""

import os
import shutil

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.builder import Builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import LIMITS, Catalogue
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import migrations
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs, systemd, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import commands, last_environment, left, prepared, process_moves, room, static
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS


NOTHING = {"migrations": [], "told": []}


def folders(path: str) -> set[str]:
    return set(os.listdir(path)) if os.path.isdir(path) else set()


def retire_replaced(layout, live: str | None) -> None:
    """Ends what listened on the socket's path before this collection did, such as a tutorial's gunicorn.socket."""
    units = (undo.recall(layout.app_name) or {}).get("replaced")
    if units and live:
        systemd.systemctl("disable", "--now", "--quiet", *units, timeout=600)
        replace_link(layout.slot_socket(live), layout.socket_link)


def finish(module: AnsibleModule) -> dict:
    layout = layout_of(module.params)
    layout.refuse_unreadable()
    live = layout.live_slot()
    idle = [slot for slot in SLOTS if live and slot != live]
    stopping = [slot for slot in idle if not module.params["standby"] and systemd.is_active(layout.slot_service(slot))]
    moves = (undo.recall(layout.app_name) or {}).get("processes", process_moves.NO_MOVES)
    ended, still_needed = process_moves.ended(layout, moves)
    keep = layout.kept_releases(module.params["keep_releases"]) | still_needed | runs.releases_in_use(layout.app_name)
    kept = [prepared.read(layout, release) for release in keep]
    removed = [os.path.join(layout.releases, name) for name in sorted(folders(layout.releases) - keep)]
    removed += [os.path.join(layout.venvs, name) for name in sorted(folders(layout.venvs) - {found.get("venv") for found in kept})]
    removed += Catalogue(layout.backups).unneeded(keep, number=module.params["dumps"]["number"], days=module.params["dumps"]["days"])
    removed += prepared.unneeded(layout, keep) + last_environment.unneeded(layout, keep)
    if not module.check_mode:
        process_moves.finish(moves, ended)
        retire_replaced(layout, live)
        undo.forget(layout.app_name)
        room.empty(layout, module.params["run_id"])
        for slot in idle:
            if any(map(systemd.is_enabled, layout.slot_units(slot))):
                systemd.disable(*layout.slot_units(slot))
        for slot in stopping:
            # Without waiting: the requests that still run may take as long as the graceful time-out.
            systemd.systemctl("stop", "--no-block", *reversed(layout.slot_units(slot)))
        if os.path.isdir(layout.building):
            with Tree(layout.building) as building:
                building.remove(".")  # What a run left that was killed.
        left.note(layout)
        for path in removed:
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        if removed:
            static.prune(kept, layout)
        if any(path.startswith(layout.venvs + os.sep) for path in removed):
            Builder(layout.app_name, module.params["sandbox"], {}).prune(layout.tools)
    return {"changed": bool(stopping or removed), "stopped": stopping, "removed": [os.path.relpath(path, layout.app_dir) for path in removed]}


def contract(module: AnsibleModule) -> dict:
    """Applies the migrations that the release before would not have survived, now that it is live nowhere any more and its last requests have ended."""
    params, layout = module.params, layout_of(module.params)
    live = layout.live_release()
    waiting = (layout.read_release(live) or {}).get("later") if live else None
    if not waiting or waiting["run"] != params["run_id"] or module.check_mode:
        return NOTHING
    room.wait_for_last_requests(layout, [slot for slot in SLOTS if slot != layout.live_slot()])
    try:
        done = migrations.contract(application_of(params, layout, live), waiting["migrations"], waiting["patience"])
    except CommandFailed as error:
        raise CommandFailed("the next deploy has to apply %s: %s" % (", ".join(waiting["migrations"]), error)) from error
    layout.mark_release(live, later=None)
    return done


def run_commands(module: AnsibleModule) -> list[str]:
    params = module.params
    layout = layout_of(params)
    phases = commands.parse(params["commands"])
    ran = commands.Ran(layout, params["release"])
    if module.check_mode or not phases:
        return [entry["command"] for _, entry in ran.pending(phases)]
    return ran.run(application_of(params, layout, params["release"]), phases)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "default": ""},
            "commands": {"type": "str", "default": "{}", "no_log": True},
            "keep_releases": {"type": "int", "default": 5},
            "standby": {"type": "bool", "default": False},
            **LIMITS,
        },
        supports_check_mode=True,
    )
    lock = lock_of(module.params, module.check_mode)
    try:
        with lock.step():
            if not module.check_mode:
                undo.confirm(module.params["app_name"], module.params["run_id"])
            late, trouble = NOTHING, None
            try:
                late = contract(module)
            except CommandFailed as error:
                trouble = error
            result = finish(module)
            try:
                if trouble:
                    raise trouble
                ran = run_commands(module)
            finally:
                lock.release()
    except (CommandFailed, Locked) as error:
        if isinstance(error, Locked) and lock.holder() is None and undo.recall(module.params["app_name"]) is None:
            # The connection broke and Ansible asked again, or the host was restarted meanwhile: what had to be done was done.
            module.exit_json(changed=False, stopped=[], commands=[], removed=[])
        module.fail_json(msg="the new release is live, but the deploy was not finished: %s" % error)
    module.exit_json(
        **{**result, "changed": bool(result["changed"] or ran or late["migrations"])}, commands=ran, told=late["told"], deploy={"migrations": late["migrations"]}
    )


if __name__ == "__main__":
    main()
