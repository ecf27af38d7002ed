# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""One host goes over to a release, as a step of a run, and what is told of that: of the module that activates, and of a look that goes on to do so."""
from __future__ import annotations

import contextlib
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import migrations
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import FAILED, ROLLED_BACK
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import is_found_bad
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import early_start, holding, returning
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.activation import Activation
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import Wanted


def activate(params: dict, check_mode: bool, served: Callable[[], frozenset[str]] | None = None) -> dict:
    """Does what is to be done; with the lock's file held.

    :param served: as :class:`Activation` takes it.
    :raises CommandFailed: when the release does not answer. What was there before is live again.
    """
    with holding.given_up(layout_of(params), params["run_id"]):
        return _activate(params, check_mode, served)


def _activate(params: dict, check_mode: bool, served: Callable[[], frozenset[str]] | None) -> dict:
    if not check_mode:
        go_back_from_middle(params)
    if params["revision"]:
        layout_of(params).vouch(params["release"], params["revision"])
    wanted = Wanted({**params, **params["service"]})
    pending = wanted.pending()
    diff = [file.diff() for _, file in wanted.different]
    layout = wanted.layout
    revision = layout.read_release(wanted.release).get("revision")
    previous = wanted.previous_release
    activation = Activation(wanted, served)
    if pending and not check_mode:
        activation.run(pending)
    elif not check_mode:
        # The fleet rolls back to what is live here, and this host had expected another one.
        early_start.end(layout, params["run_id"])
        # When the connection broke, Ansible asks again: what this run did here before is still its change.
        before = undo.recall(layout.app_name) or {}
        if before.get("run") == params["run_id"] and before.get("release") == wanted.release:
            pending, previous = before["done"], before["previous_release"]
    warnings = [*wanted.warnings, *activation.warnings]
    return {
        "changed": bool(pending),
        "told": [*wanted.told, *activation.told],
        "done": pending,
        "slot": activation.slot,
        "diff": diff,
        "deploy": {"release": wanted.release, "previous_release": previous, "revision": revision, "url": params["service"]["url"], "warnings": warnings},
    }


def go_back_from_middle(params: dict) -> None:
    """Where a step of this run was ended in the middle, and the run asks for it again, nobody knows how the release did.

    :raises CommandFailed: after this host has gone back.
    """
    before = undo.recall(params["app_name"])
    if before and before["run"] == params["run_id"] and before["done"] is None:
        returning.go_back(params, params["run_id"], ROLLED_BACK)
        raise CommandFailed("release %s was not activated: the step that did so was ended in the middle, and this host rolled back" % before["release"])


def failure(params: dict, error: Exception, phases: dict | None = None) -> dict:
    """What is told of a release that did not become live here, which is noted as well.

    :param phases: what :meth:`Phases.told` answered, of a step that has other phases besides its own.
    """
    layout = layout_of(params)
    # Only now do requests go on that waited while the database was migrated.
    taken_back, left = holding.abandoned(error, layout, params["run_id"])
    served = layout.live_release()
    told = {"release": served, "previous_release": served, "revision": layout.read_release(served).get("revision") if served else None, "taken_back": taken_back}
    with contextlib.suppress(OSError):  # What failed is told; a disk that is full must not hide it.
        # One that serves is not what is wrong with its new environment or files.
        if isinstance(error, CommandFailed) and params["release"] != served:
            layout.mark_release(params["release"], bad=True)
        layout.record(release=params["release"], result=FAILED, run=params["run_id"], actor=params["actor"])
    return {"msg": "%s%s" % (error, left), "found_bad": is_found_bad(error), "deploy": {"kept": True, **(phases or {}), **{key: value for key, value in told.items() if value}}}


def ended_before(params: dict) -> dict | None:
    """What this run has done here, when it has activated and ended its deploy in one step: the connection broke, and Ansible asks again."""
    layout = layout_of(params)
    last = layout.last_record()
    if not params["finish"] or (last.get("run"), last.get("release"), last.get("result")) != (params["run_id"], params["release"], "succeeded"):
        return None
    if layout.live_release() != params["release"] or undo.recall(layout.app_name) is not None:
        return None
    warnings = migrations.left_waiting(layout.read_release(params["release"]).get("later"), params["run_id"])
    told = {"release": params["release"], "previous_release": last.get("previous"), "revision": last.get("revision"), "url": params["service"]["url"], "warnings": warnings}
    return {"changed": True, "finished": True, "told": [], "done": [], "slot": layout.live_slot(), "deploy": told}
