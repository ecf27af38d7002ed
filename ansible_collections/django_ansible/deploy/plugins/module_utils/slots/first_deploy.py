# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The first deploy of a host that is alone: nothing serves there yet, and nobody else has the database.

So the step that prepares the release fills a database that has no table, where there is no live release to prove anything for, and after a dump as any other
step. The release then comes up while packages may still be installed.
"""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.kinds import trouble
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrations import applied, dumped, stay
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of, recovery_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

# How it is migrated; documented in modules/app_release.py.
FIRST = {
    "dump": {"type": "bool", "default": True},
    "lock_timeout": {"type": "int", "default": 3},
    "lock_tries": {"type": "int", "default": 10},
    "timeout": {"type": "int", "default": 0},
}


class NotMigrated(CommandFailed):
    """The release is prepared, and its database is not ready."""


def fill(params: dict, layout: Layout, names: list[str], database: dict, lock: DeployLock) -> dict:
    """Applies the migrations of a release to a database that has no table; nothing to any other one.

    :param names: what is not applied, as the release says.
    :param database: what a dump needs to know of it.
    :param lock: this run's. Until a migration has begun, all is given up with the run.
    :returns: C(migrations) that were applied, C(times), sentences about them, and C(no_dump), why there is none.
    :raises NotMigrated: with what Django says.
    :raises RunEnded: when the run has ended; then nothing was applied.
    """
    release, patience = params["release"], {name: value for name, value in params["first"].items() if name != "dump"}
    application = application_of(params, layout, release)
    no_dump = trouble(database) if params["first"]["dump"] else ""
    try:
        if params["first"]["dump"] and not no_dump:
            with lock.while_run_lives():
                dumped(recovery_of(params, layout), database, "django_app_dump", before=names, attempt=release, release=None)
        done = applied(application, names, lock, if_empty=True, **patience)
    except CommandFailed as error:
        said = "the database was not made ready%s, and nothing was served before: %s" % (stay(error.applied), application.environment.mask(str(error)))
        failed = NotMigrated(said)
        failed.applied = error.applied
        raise failed from error
    if done["migrations"]:
        layout.mark_release(release, migrated={"run": params["run_id"], "migrations": done["migrations"]})
    return {"migrations": done["migrations"], "times": done.get("times", []), "no_dump": no_dump}


def units(params: dict) -> list[ManagedFile]:
    """What a release needs to come up that a host without one does not have."""
    return [
        ManagedFile(entry["path"], systemd.suited(entry["content"]) if entry["kind"] == "unit" else entry["content"], entry["mode"])
        for entry in params["service"]["files"]
        if entry["kind"] in ("unit", "gunicorn")
    ]
