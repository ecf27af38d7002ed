# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The step that prepared a release goes on to activate it and to end the deploy: by itself on a host that is alone, else in turns with all hosts of the run."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import agreement, phases, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating, early_start, finishing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of


class Unfinished(Exception):
    """The release is live everywhere, and its deploy could not be ended here; with what was done."""

    def __init__(self, trouble: str, done: dict) -> None:
        super().__init__(trouble)
        self.done = done


def go_over(params: dict, lock: DeployLock, begin_phase: Callable[[str], None]) -> dict | None:
    """Goes over to the release that was prepared, when its turn comes.

    :param begin_phase: called with the name of each phase that it comes to.
    :returns: as app_activate answers; None when the run has to do it in steps, as not all hosts are ready.
    :raises CommandFailed: when the release does not answer. What was there before is live again.
    :raises Locked: when the lock is not this run's any more, as where an earlier try of this step has ended the deploy here.
    :raises Unfinished: when only what comes after that failed.
    """
    release, commit, keeper = params["release"], params["revision"], lock.keeper()
    is_alone = sum(map(len, params["batches"])) == 1

    def goes_on() -> bool:
        return lock.is_held() and not lock.is_asked_to_stop()

    # When the connection broke, Ansible asks again while the first one goes on: that is not in the middle of anything while this looks, and may end the deploy here before
    # this one hears anything.
    with lock.step():
        moved, ready = has_moved(params), is_ready(params)
    if not moved and not may_move(params, is_alone, keeper, goes_on, ready):
        return activating.ended_before(params)
    # What prepares yields to what serves; the switch is not to wait for others.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    begin_phase(phases.ACTIVATE)
    with lock.step():
        result = activating.activate(params, check_mode=False)
        if is_alone and not finishing.may_end_here(lock):
            return {**result, "finished": False}
        if is_alone:
            begin_phase(phases.FINISH)
        trouble = finishing.end_after(result, params, lock) if is_alone else None
    if not is_alone:
        if keeper is None or not agreement.is_through(keeper, release, commit, goes_on):
            return activating.ended_before(params) or {**result, "finished": False}
        begin_phase(phases.FINISH)
        with lock.step():
            trouble = finishing.end_after(result, params, lock)
    if trouble:
        raise Unfinished(trouble, result)
    return {**result, "finished": True}


def has_moved(params: dict) -> bool:
    """Whether this run has moved traffic here before: the connection broke, and Ansible asks again."""
    before = undo.recall(params["app_name"])
    return bool(before) and (before["run"], before["release"]) == (params["run_id"], params["release"])


def is_ready(params: dict) -> bool:
    """Whether the release comes up, as it only does where the database lacks nothing of it."""
    begun = early_start.recall(layout_of(params), params["run_id"])
    return bool(begun) and begun["release"] == params["release"]


def may_move(params: dict, is_alone: bool, keeper: str | None, goes_on, ready: bool) -> bool:
    if is_alone:
        return ready
    if not ready or keeper is None:
        return agreement.ask(keeper, None, None)
    return agreement.take_turn(keeper, params["release"], params["revision"], goes_on)
