# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The first deploy of a host that is alone: nothing serves there yet, and nobody else has the database.

So the step that prepares the release fills a database that has no table, where there is nothing to dump and no live release to prove anything for. The release
then comes up while packages may still be installed.
"""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.progress import listener
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

# How it is migrated; documented in modules/app_release.py.
FIRST = {
    "lock_timeout": {"type": "int", "default": 3},
    "lock_tries": {"type": "int", "default": 10},
    "timeout": {"type": "int", "default": 0},
}


class NotMigrated(CommandFailed):
    """The release is prepared, and its database is not ready."""


def fill(params: dict, layout: Layout, names: list[str], keeper: str | None) -> dict:
    """Applies the migrations of a release to a database that has no table; nothing to any other one.

    :param names: what is not applied, as the release says.
    :param keeper: socket of this run's keeper, which is told how far that is.
    :returns: C(migrations) that were applied, and C(times), sentences about them.
    :raises NotMigrated: with what Django says.
    """
    release = params["release"]
    application = application_of(params, layout, release)
    try:
        done = application.drive("migrate", heard=listener(keeper, names), if_empty=True, **params["first"])["migrate"]
    except CommandFailed as error:
        raise NotMigrated("the database was not made ready, and nothing was served before: %s" % application.environment.mask(str(error))) from error
    if done["migrations"]:
        layout.mark_release(release, migrated={"run": params["run_id"], "migrations": done["migrations"]})
    return {"migrations": done["migrations"], "times": done.get("times", [])}


def units(params: dict) -> list[ManagedFile]:
    """What a release needs to come up that a host without one does not have."""
    return [
        ManagedFile(entry["path"], systemd.suited(entry["content"]) if entry["kind"] == "unit" else entry["content"], entry["mode"])
        for entry in params["service"]["files"]
        if entry["kind"] in ("unit", "gunicorn")
    ]
