# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Brings a host back to what it served before a run: asked by that run, or by the host itself when the run is heard of no more."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import Elsewhere
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import BY_ITSELF
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import bake, early_start, going_back, holding, room
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of


def confirm(params: dict, run: str) -> None:
    """The whole fleet serves the release: this host does not go back by itself any more."""
    undo.confirm(params["app_name"], run)


def finish(params: dict, run: str) -> bool:
    """Whether nothing is left to do here once the run is confirmed: the slot from before is, which a step of the run looks after."""
    return False


def look(params: dict, run: str, seconds: int, part: str) -> Elsewhere:
    """What visitors of this host saw in the last *seconds* without what this run activates, which another host watches: a release called *part*, or the same with another environment."""
    layout = layout_of(params)
    is_switched = (undo.recall(layout.app_name) or {}).get("run") == run
    return bake.seen_here(layout.access_log, seconds, bake.tells_of_before(layout, part, None if is_switched else layout.live_release()))


def go_back(params: dict, run: str, result: str = BY_ITSELF) -> dict | None:
    """Goes back if *run* has switched this host and not confirmed.

    :param params: the arguments that say where the application is.
    :returns: `release` that serves again, its `revision`, and migrations that were `taken_back`, as far as there are any; None when there was nothing to go back from.
    """
    layout = layout_of(params)
    found = undo.recall(layout.app_name)
    ours = bool(found) and found["run"] == run
    if ours and found.get("confirmed"):
        room.empty(layout, run)
        return None
    if not ours:
        early_start.end(layout, run)
        taken_back, _ = holding.abandon(layout, run)
        return {**served(layout, layout.live_release()), "taken_back": taken_back} if taken_back else None
    previous = found["previous_release"]
    going_back.go_back(
        layout, found["restorable"], slot=found["slot"], previous_slot=found["previous_slot"], previous_release=previous, nginx=found["nginx"],
        moves=found["processes"],
    )
    taken_back, _ = holding.abandon(layout, run)
    early_start.forget(layout)
    undo.forget(layout.app_name)
    # It counts as one that has served only if it had before.
    layout.mark_release(found["release"], activated=found["activated"])
    layout.record(release=found["release"], previous=previous, result=result, run=run, actor=params["actor"])
    return {**served(layout, previous), **({"taken_back": taken_back} if taken_back else {})}


def served(layout, release: str | None) -> dict:
    told = {"release": release, "previous_release": release, "revision": layout.read_release(release).get("revision") if release else None}
    return {key: value for key, value in told.items() if value}
