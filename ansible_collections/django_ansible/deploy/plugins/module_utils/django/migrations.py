# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a deploy and a rollback do about migrations, in both modes. An *application* is what can be driven: see driver."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import backup
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.copies import new_name
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.proof import OFF, Policy, Proof, refusal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


def apply_plan(
    application, client, *, folder: str, name: str, switch: str, dump: bool, also: tuple = (), policy: Policy = OFF, patience: dict | None = None
) -> dict:
    """Applies what Django's plan holds, after the proof that the live release survives it, and on PostgreSQL with a dump before.

    Tells ``migrations``, and ``dump``, ``warnings`` and ``told``, sentences for the log, where there are any.

    :param client: runs PostgreSQL clients, see backup.
    :param folder: where the dump *name* goes.
    :param switch: the variable that turns dumps off, for errors.
    :param also: further steps to drive in the same process as the plan; what they find goes to ``found``.
    :param policy: what is proved before.
    :param patience: C(lock_timeout) in seconds and C(lock_tries) of each statement, see the step migrate of driver.
    :raises CommandFailed: when Django, the dump or the proof says no; then nothing was applied.
    """
    copy = new_name()
    found = application.drive("plan", *also, dump=dump, **({"proof": copy, "release_dir": policy.release_dir} if policy.proves else {}))
    plan = found.pop("plan")
    result: dict = {"migrations": plan["migrations"], "warnings": [], "told": [], **({"found": found} if also else {})}
    if not result["migrations"]:
        return result
    if policy.proves:
        proof = Proof(application, policy.live(), client, plan, copy, policy.admin_port).run()
        if proof.breaks and policy.kind == "refuse":
            raise CommandFailed(refusal(proof.breaks, policy.variable))
        result["warnings"] += proof.notes + ["the live release may break: %s" % one for one in proof.breaks]
        result["told"].append(proof.told)
    if dump:
        facts = plan["database"]
        if facts["vendor"] == "postgresql":
            result["dump"] = backup.dump(facts, client, folder, name, switch)
        elif facts["vendor"] != "sqlite":
            result["warnings"] += ["no dump was made and no lock was taken before the migration: both are for PostgreSQL, this is %s" % facts["vendor"]]
        else:
            result["warnings"] += ["no dump was made before the migration: that is for PostgreSQL, this is SQLite"]
    done = application.drive("migrate", **(patience or {}))["migrate"]
    result["told"] += done.get("times", [])
    return {**result, "migrations": done["migrations"]}


def dump_after(folder: str, release: str) -> str:
    """The oldest dump that was taken on the way from *release* to a newer one."""
    newer = sorted(name for name in (os.listdir(folder) if os.path.isdir(folder) else []) if name.endswith(".dump") and name[:-5] > release)
    if not newer:
        raise CommandFailed("there is no dump to restore: %s has none from after release %s" % (folder, release))
    return os.path.join(folder, newer[0])


def ready_database(target, live, client, *, folder: str, release: str, policy: str, variable: str, check_mode: bool) -> dict:
    """Makes the database ready for an older release.

    :param target: the older release's application.
    :param live: gives the live release's application when it is called.
    :param policy: what to do about migrations that the older release does not know; *variable* is where it comes from, for errors.
    """
    unknown = target.drive("unknown_migrations")["unknown_migrations"]["migrations"]
    result = {"changed": False, "migrations": unknown, "warnings": []}
    if not unknown:
        return result
    names = ", ".join(unknown)
    if not policy:
        raise CommandFailed(
            "release %s does not know migrations that are applied: %s. Set %s to keep (the older code runs on the newer "
            "schema), reverse (they are taken back) or restore (the dump from before them; what was written since is lost)" % (release, names, variable)
        )
    if policy == "keep":
        return {**result, "warnings": ["the older release runs on the newer schema, with %s applied" % names]}
    result["changed"] = True
    if policy == "reverse":
        if not check_mode:
            live().drive("reverse", migrations=unknown)
        return {**result, "warnings": ["these migrations were taken back: %s" % names]}
    facts = target.drive("database")["database"]
    if facts["vendor"] != "postgresql":
        raise CommandFailed("restore is for PostgreSQL, this is %s: restore your own backup, then roll back with keep" % facts["vendor"])
    path = dump_after(folder, release)
    if not check_mode:
        backup.restore(facts, client, path)
    return {**result, "warnings": ["the database was restored from %s: what was written since is lost" % os.path.basename(path)]}
