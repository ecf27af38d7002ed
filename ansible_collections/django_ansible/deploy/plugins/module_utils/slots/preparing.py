# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The step that prepares a release: it may install packages meanwhile, and have the release come up before it is the host's turn."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.beside import installed_beside
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import missing_packages
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import early_start, first_deploy, front
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.preparation import prepare


def run(params: dict, check_mode: bool, lock: DeployLock, result: dict) -> None:
    """Inside of a step of the lock.

    :param result: gets what is found out as it comes, also where this fails.
    :raises CommandFailed: when the release cannot be prepared, or does not fit what the host got meanwhile. Then it does not run.
    """
    layout, packages = layout_of(params), params["host_packages"]
    lacking: list[str] = []
    # What is served by now was looked at with the host. Where nginx comes meanwhile, nobody has asked it yet.
    if "nginx" not in packages and (params["first"] or not params["batches"]):
        front.try_out(params)
    try:
        with installed_beside([] if check_mode else packages) as beside:
            lacking = beside.missing
            with lock.while_run_lives():
                result.update(prepare(params, check_mode, beside))
            # It has the database's password.
            go_on(params, layout, lock, result, result.pop("empty", None))
            with lock.while_run_lives():
                beside.wait()
        if "nginx" in packages and not check_mode:
            front.try_out(params)
    except BaseException:
        # They stay.
        result["changed"] = result.get("changed") or (bool(lacking) and missing_packages(lacking) != lacking)
        if "unapplied" in result:
            early_start.end(layout, params["run_id"])
        raise


def go_on(params: dict, layout: Layout, lock: DeployLock, result: dict, empty: dict | None) -> None:
    """Has the release come up where its database lacks nothing, or can be given what it lacks by this step.

    :param empty: a database without a table that lacks something.
    """
    if params["first"] and "unapplied" not in result:
        # When the connection broke, Ansible asks again: what this run applied before is still its change.
        before = layout.read_release(params["release"]).get("migrated", {})
        result["migrations"] = before["migrations"] if before.get("run") == params["run_id"] else []
    if params["first"] and empty and layout.live_slot() is None:
        result.update(first_deploy.fill(params, layout, result["unapplied"], empty, lock))
        if result["migrations"]:
            result["unapplied"] = []
    if params["start_early"] and result.get("unapplied") == []:
        early_start.begin(params, layout, params["release"], first_deploy.units(params) if params["first"] else ())
