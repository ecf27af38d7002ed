# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""In a rollback, the step that looks at a host goes on to switch it, when all hosts of the run would go over to the same release by themselves."""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import agreement, older_release, phases, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating, early_start, first_look, prepared, static
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def begin(layout: Layout, params: dict, lock: DeployLock) -> str | None:
    """Has the release start in the free slot that this host takes for the one to go back to: before all else, as nothing takes longer.

    :returns: that release; None where nothing can be said of it.
    :raises CommandFailed: when this run has failed here already.
    """
    before = done_before(layout, params)
    if before:
        return before["release"]
    layout.refuse_again(params["run_id"])
    release = older_release.expected(first_look.has(layout, params), params["asked"])
    if release:
        with lock.step():
            early_start.begin(params, layout, release)
    return release


def done_before(layout: Layout, params: dict) -> dict | None:
    """What this run did here before, when the connection broke and Ansible asks again."""
    before = undo.recall(layout.app_name)
    return before if before and before["run"] == params["run_id"] and not before.get("confirmed") else None


def put_right(found: dict, layout: Layout, params: dict) -> None:
    """What this run did here before is no reason to go back further.

    :param found: what app_host answers of this host.
    """
    before = done_before(layout, params)
    if before:
        previous = before["previous_release"]
        revision = layout.read_release(previous).get("revision") if previous else None
        found.update(live={"slot": before["previous_slot"], "release": previous, "revision": revision}, current=False, lock_kept=False)
        found["deploy"].update(previous_release=previous, previous_revision=revision)


def look_ahead(release: str | None, layout: Layout) -> Callable[[], frozenset[str]]:
    """Reads the static files of *release* and those that are served, while this host waits to hear its run and what the others would do.

    :returns: what waits for that, and answers as :func:`static.served_already`.
    """
    return ThreadPoolExecutor(1).submit(lambda: static.served_already(prepared.read(layout, release), layout) if release else frozenset()).result


def switch(
    release: str | None, found: dict, params: dict, lock: DeployLock, begin_phase: Callable[[str], None], served: Callable[[], frozenset[str]]
) -> dict | None:
    """Goes over to *release* when all hosts agree.

    :param served: what :func:`look_ahead` answered.
    :param begin_phase: called with the name of the phase that it then comes to.
    :returns: as app_activate answers; None when they do not.
    :raises CommandFailed: when the release does not answer. What was there before is live again.
    """
    commit = next((entry["revision"] for entry in found["releases"] if entry["release"] == release), None)
    if not agreement.ask(lock.keeper(), release, commit):
        return None
    begin_phase(phases.ACTIVATE)
    with lock.step():
        return activating.activate({**params, "release": release, "revision": commit}, check_mode=False, served=served)
