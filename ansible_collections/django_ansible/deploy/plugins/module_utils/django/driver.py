# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Asks Django about a release and makes it work, in one process.

A module feeds this source, and those of what it imports, to the interpreter of the release's virtual environment, as the application's
user and with the application's environment. It therefore imports the standard library and Django alone, and runs on every Python that
Django supports. The answer goes to a pipe of its own, so nothing that the project prints can be taken for it.
"""
from __future__ import annotations

import json
import os
import sys
import traceback

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import migrating, project, scratch, trial
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.refused import Refused


def copy_migrate(request):
    """Migrates the copy that C(copy) names with this code; with C(only), no more than those migrations and what they need."""
    given = request["copy"]
    return scratch.migrate(scratch.here(), given["applied"], given.get("schema", ()), request.get("only"))


def copy_try(request):
    """Whether this code can work on the copy that C(copy) names."""
    connection = scratch.here()
    scratch.load(connection, request["copy"].get("schema", ()))
    return trial.try_models(request)


def copy_discard(request):
    scratch.discard(scratch.here())
    return {}


STEPS = {
    "inspect": project.inspect_settings,
    "check": project.check,
    "missing_migrations": project.missing_migrations,
    "entry": project.entry,
    "collectstatic": project.collectstatic,
    "pages": project.pages,
    "plan": migrating.plan,
    "unapplied": migrating.unapplied,
    "database": migrating.database,
    "migrate": migrating.migrate,
    "columns": trial.columns,
    "copy_migrate": copy_migrate,
    "copy_try": copy_try,
    "copy_discard": copy_discard,
    "unknown_migrations": migrating.unknown_migrations,
    "lacking": migrating.lacking,
    "ready": migrating.ready,
    "reverse": migrating.reverse,
}


def answer(request):
    import django

    found = {}
    try:
        if "host" in request:
            found["settings"] = project.complete_settings(request)
        if "copy" in request:
            scratch.point(request["copy"]["name"])
        django.setup()
    except Exception as error:
        traceback.print_exc()
        hint = "; set vault_secret_key, or SECRET_KEY in the environment" if "SECRET_KEY setting must not be empty" in str(error) else ""
        return {"error": "the project does not start: %s: %s%s" % (type(error).__name__, error, hint)}
    if "database_name" in request:
        from django.db import connections

        # Another database of the same server: one that was restored and is not used yet.
        connections["default"].settings_dict["NAME"] = request["database_name"]
    if "database_schema" in request:
        from django.db import connections

        # Or another schema of the same database, which sessions of this process look in alone.
        options = connections["default"].settings_dict.setdefault("OPTIONS", {})
        options["options"] = "%s -c search_path=%s" % (options.get("options", ""), request["database_schema"])
    for step in request["steps"]:
        try:
            found[step] = STEPS[step](request)
        except Refused as error:
            return {**found, "error": str(error), "applied": list(error.applied)}
        except BaseException as error:
            traceback.print_exc()
            return {**found, "error": "%s failed: %s: %s" % (step, type(error).__name__, error), "applied": getattr(error, "applied", [])}
    return found


def main(request):
    sys.argv = ["manage.py"]
    # What the project prints goes to stderr, and stdout is the answer's.
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(answer_fd, "w", encoding="utf-8") as file:
        file.write(json.dumps(answer(request), default=str))
