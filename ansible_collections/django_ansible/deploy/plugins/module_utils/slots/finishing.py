# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The end of a deploy on a host: what was live before finishes its requests and stops, and what is no longer kept goes."""
from __future__ import annotations

import os
import shutil

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.builder import Builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import LIMITS, Catalogue
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import migrations
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs, systemd, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.waiting_room import let_in
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import commands, last_environment, left, prepared, process_moves, room, static
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS

# Seconds that visitors who had connected before traffic moved may wait to be let in, where the release before has more than it can do.
LET_IN = 10
# How a deploy ends; documented in modules/app_finish.py.
FINISH = {
    "commands": {"type": "str", "default": "{}", "no_log": True},
    "keep_releases": {"type": "int", "default": 5},
    "standby": {"type": "bool", "default": False},
    "everywhere": {"type": "bool", "default": False},
    **LIMITS,
}


def folders(path: str) -> set[str]:
    return set(os.listdir(path)) if os.path.isdir(path) else set()


def retire_replaced(layout, live: str | None) -> None:
    """Ends what listened on the socket's path before this collection did, such as a tutorial's gunicorn.socket."""
    units = (undo.recall(layout.app_name) or {}).get("replaced")
    if units and live:
        systemd.systemctl("disable", "--now", "--quiet", *units, timeout=600)
        replace_link(layout.slot_socket(live), layout.socket_link)


def finish(params: dict, check_mode: bool) -> dict:
    layout = layout_of(params)
    layout.refuse_unreadable()
    live = layout.live_slot()
    idle = [slot for slot in SLOTS if live and slot != live]
    stopping = [slot for slot in idle if not params["standby"] and systemd.is_active(layout.slot_service(slot))]
    moves = (undo.recall(layout.app_name) or {}).get("processes", process_moves.NO_MOVES)
    ended, still_needed = process_moves.ended(layout, moves)
    keep = layout.kept_releases(params["keep_releases"]) | still_needed | runs.releases_in_use(layout.app_name)
    kept = [prepared.read(layout, release) for release in keep]
    removed = [os.path.join(layout.releases, name) for name in sorted(folders(layout.releases) - keep)]
    removed += [os.path.join(layout.venvs, name) for name in sorted(folders(layout.venvs) - {found.get("venv") for found in kept})]
    removed += Catalogue(layout.backups).unneeded(keep, number=params["dumps"]["number"], days=params["dumps"]["days"])
    removed += prepared.unneeded(layout, keep) + last_environment.unneeded(layout, keep)
    if not check_mode:
        process_moves.finish(moves, ended)
        retire_replaced(layout, live)
        undo.forget(layout.app_name)
        room.empty(layout, params["run_id"])
        for slot in idle:
            if any(map(systemd.is_enabled, layout.slot_units(slot))):
                systemd.disable(*layout.slot_units(slot))
        for slot in stopping:
            let_in(layout.slot_socket(slot), LET_IN)
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
            Builder(layout.app_name, params["sandbox"], {}).prune(layout.tools)
    return {"changed": bool(stopping or removed), "stopped": stopping, "removed": [os.path.relpath(path, layout.app_dir) for path in removed]}


def run_commands(params: dict, check_mode: bool) -> list[str]:
    layout = layout_of(params)
    phases = commands.parse(params["commands"])
    ran = commands.Ran(layout, params["release"])
    if check_mode or not phases:
        return [entry["command"] for _, entry in ran.pending(phases)]
    return ran.run(application_of(params, layout, params["release"]), phases)


def contract(params: dict, check_mode: bool, keeper: str | None = None) -> dict:
    """Applies the migrations that the release before would not have survived, now that it is live nowhere any more and its last requests have ended.

    :raises CommandFailed: when that fails; the new release goes on without.
    """
    layout = layout_of(params)
    live = layout.live_release()
    waiting = layout.read_release(live).get("later") if live and not check_mode else None

    def application():
        room.wait_for_last_requests(layout, [slot for slot in SLOTS if slot != layout.live_slot()])
        return application_of(params, layout, live)

    return migrations.contract(
        waiting, application, run_id=params["run_id"], everywhere=params["everywhere"], applied=lambda: layout.mark_release(live, later=None),
        keeper=keeper,
    )


def end(params: dict, check_mode: bool, lock: DeployLock) -> dict:
    """Ends a deploy under its lock, and gives that back. The host does not roll back any more.

    :param params: with those of C(FINISH), and C(release).
    :return: As app_finish answers.
    :raises CommandFailed: when something of it cannot be done.
    """
    # What serves goes first.
    os.nice(10)
    if not check_mode:
        undo.confirm(params["app_name"], params["run_id"])
    late, trouble = {"migrations": [], "told": []}, None
    try:
        late = contract(params, check_mode, lock.keeper())
    except CommandFailed as error:
        trouble = error
    result = finish(params, check_mode)
    try:
        if trouble:
            raise trouble
        ran = run_commands(params, check_mode)
    finally:
        lock.release()
    changed = bool(result["changed"] or ran or late["migrations"])
    return {**result, "changed": changed, "commands": ran, "told": late["told"], "deploy": {"migrations": late["migrations"]}}


def may_end_here(lock: DeployLock) -> bool:
    """Whether a host that is alone may end its deploy in the step that activated.

    Where the run is gone, nobody waited for the end of the watch, and the release may be bad: the host rolls back as any host of such a run does.
    """
    return not lock.is_asked_to_stop()


def end_after(result: dict, params: dict, lock: DeployLock) -> str | None:
    """Ends the deploy in the step that activated, and adds to its *result* what that tells.

    :param params: with C(finish), as C(FINISH) has it.
    :return: What went wrong, which takes the release that is live by then back no more.
    """
    try:
        ended = end({**params, **params["finish"]}, check_mode=False, lock=lock)
        result["told"] = [*result["told"], *ended["told"]]
        result["deploy"] = {**result["deploy"], **ended["deploy"]}
    except CommandFailed as error:
        lock.release()
        return str(error)
    return None
