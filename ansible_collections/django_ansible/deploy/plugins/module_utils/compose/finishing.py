# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The end of a deploy of a project on a host: migrations that had to wait for it are applied, and what is no longer kept goes."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.one_off import ContainerApplication, OneOff
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.prune import prune
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import LIMITS
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import migrations
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

# How a deploy ends; documented in modules/compose_finish.py.
FINISH = {
    "keep_releases": {"type": "int", "default": 5},
    "service": {"type": "str", "default": ""},
    "python": {"type": "str", "default": "python"},
    "folder": {"type": "str", "default": ""},
    "settings": {"type": "str", "default": ""},
    "everywhere": {"type": "bool", "default": False},
    **LIMITS,
}


def contract(compose, store, params, keeper):
    """Applies the migrations that the release before would not have survived, now that no container of it runs any more.

    :raises CommandFailed: when that fails; the new release goes on without.
    """
    live = store.live()

    def application():
        one_off = OneOff(compose, store.config_file(live), store.read_release(live), params["service"], timeout=None)
        return ContainerApplication(one_off, params["python"], params["folder"], params["settings"])

    return migrations.contract(
        store.read_release(live or "").get("later"), application, run_id=params["run_id"], everywhere=params["everywhere"],
        applied=lambda: store.mark_release(live, later=None), keeper=keeper,
    )


def end(params, store, lock):
    """Ends a deploy under its lock, and gives that back. The host does not roll back any more.

    :return: C(removed), C(told) and C(migrations).
    :raises CommandFailed: when something of it cannot be done.
    """
    compose = Compose()
    store.confirm(params["run_id"])
    late, trouble = {"migrations": [], "told": []}, None
    try:
        late = contract(compose, store, params, lock.keeper())
    except CommandFailed as error:
        trouble = error
    removed = prune(compose.engine, store, max(params["keep_releases"], 1), params["dumps"])
    store.forget_undo()
    store.drop_plan()
    lock.release()
    if trouble:
        raise trouble
    return {"removed": removed, **late}
