# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The step that has the images there goes on to activate the release and to end the deploy: by itself on a host that is alone, else in turns with all hosts of the run."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import activating, finishing
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activation import WentBack
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import migrations
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import agreement, phases
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import ROLLED_BACK


class Unfinished(ComposeError):
    """The release runs everywhere, and its deploy could not be ended here; with what was done."""

    def __init__(self, trouble, done):
        super().__init__(f"The new release runs, but the deploy was not finished: {trouble}")
        self.done = done


def go_over(params, lock, begin_phase):
    """Goes over to the planned release, when its turn comes.

    :param params: of compose_pull.
    :param begin_phase: called with the name of each phase that it comes to.
    :returns: as activating.activate, with C(finished); None when the run has to do it in steps, as not all hosts are ready.
    :raises CommandFailed: when the release is not fit, as activating.activate does.
    :raises Locked: when the lock is not this run's any more, as where an earlier try of this step has ended the deploy here.
    :raises Unfinished: when only what comes after that failed.
    """
    store, keeper = Store(params["project"]), lock.keeper()
    what = params["release"], params["revision"] or agreement.NOTHING
    is_alone = sum(map(len, params["batches"])) == 1

    def goes_on():
        return lock.is_held() and not lock.is_asked_to_stop()

    # When the connection broke, Ansible asks again while the first one goes on: that is not in the middle of anything while this looks.
    with lock.step():
        has_moved = (store.recall() or {}).get("run") == params["run_id"]
    if not (has_moved or is_alone or (keeper and agreement.take_turn(keeper, *what, goes_on))):
        return ended_before(params)
    begin_phase(phases.ACTIVATE)
    with lock.step():
        result = activating.activate({**params, "kept": False}, check_mode=False)
        if is_alone:
            # Where the run is gone or was cancelled, nobody waited for the end of the watch, and the release may be bad: the host rolls back as any host of such a run does.
            is_wanted = not lock.is_asked_to_stop()
            return end(params, store, lock, begin_phase, result) if is_wanted else {**result, "finished": False}
    if not (keeper and agreement.is_through(keeper, *what, goes_on)):
        return ended_before(params) or {**result, "finished": False}
    with lock.step():
        return end(params, store, lock, begin_phase, result)


def end(params, store, lock, begin_phase, result):
    begin_phase(phases.FINISH)
    try:
        ended = finishing.end({**params, **params["finish"]}, store, lock)
    except CommandFailed as error:
        lock.release()
        raise Unfinished(error, result) from error
    applied = ended["migrations"]
    return {
        **result, "changed": bool(result["changed"] or ended["removed"] or applied), "told": [*result["told"], *ended["told"]],
        "deploy": {**result["deploy"], "migrations": applied}, "finished": True,
    }


def ended_before(params):
    """What this run has done here, when it has activated and ended its deploy in this step: the connection broke, and Ansible asks again."""
    store = Store(params["project"])
    last = store.last_record()
    if (last.get("run"), last.get("release"), last.get("result")) != (params["run_id"], params["release"], "succeeded"):
        return None
    if store.live() != params["release"] or store.recall() is not None:
        return None
    warnings = migrations.left_waiting(store.read_release(params["release"]).get("later"), params["run_id"])
    told = {"images": last.get("images") or {}, **({"revision": last["revision"]} if last.get("revision") else {}), **({"warnings": warnings} if warnings else {})}
    return {"changed": True, "finished": True, "changes": {}, "told": [], "deploy": told}


def of_earlier_try(params, lock, error):
    """As :func:`ended_before`, where *error* says that the lock is nobody's any more."""
    return ended_before(params) if isinstance(error, Locked) and lock.holder() is None else None


def why(params, error):
    """*error* in the words of what an earlier try has noted, where the lock is not this run's any more since that rolled this host back, and told nobody why."""
    store = Store(params["project"])
    last = store.last_record()
    if not isinstance(error, Locked) or (last.get("run"), last.get("release"), last.get("result")) != (params["run_id"], params["release"], ROLLED_BACK):
        return error
    sentence = f"Release {params['release']} was not activated in a try whose connection broke, and this host rolled back: deploy again to see why"
    return WentBack(sentence, store.read_release(store.live() or "").get("images") or {})
