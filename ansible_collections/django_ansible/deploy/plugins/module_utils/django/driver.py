# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Asks Django about a release and makes it work, in one process.

A module feeds this source, and those of what it imports, to the interpreter of the release's virtual environment, as the application's
user and with the application's environment. It therefore imports the standard library and Django alone, and runs on every Python that
Django supports. The answer goes to a pipe of its own, so nothing that the project prints can be taken for it.
"""
from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import traceback

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import applying, scratch, trial
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.committed import place_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.operations import operations_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.settings_completion import MODULE, completion_of, sqlite_file
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.uploads import uploads_of

# Asks for the size of a database in bytes, and for its name or file.
SIZES = {
    "mysql": "SELECT coalesce(sum(data_length), 0), DATABASE() FROM information_schema.tables WHERE table_schema = DATABASE()",
    "postgresql": "SELECT pg_database_size(current_database()), current_database()",
    # No file for one in memory.
    "sqlite": "SELECT page_count * page_size, (SELECT file FROM pragma_database_list WHERE name = 'main') FROM pragma_page_count(), pragma_page_size()",
}
ADVISORY_LOCK = 0x646A616E676F  # "django" in hexadecimal; one number for every deploy that migrates this database


class Refused(Exception):
    """The project itself says no; the text is for the person who deploys."""


def _known_migrations(loader):
    """Every migration that this code has, those among them that others replace."""
    return set(loader.disk_migrations) | {key for migration in loader.disk_migrations.values() for key in migration.replaces}


def inspect_settings(request):
    """The settings that the deploy has to agree with, and what stands for the migrations that this code has."""
    from django.conf import settings
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    known = sorted(_known_migrations(loader))
    return {
        "home": _has_home_page(settings),
        "migrations": hashlib.sha256(json.dumps(known).encode()).hexdigest(),
        "static_root": str(settings.STATIC_ROOT) if settings.STATIC_ROOT else None,
        "static_url": settings.STATIC_URL,
        "wsgi": getattr(settings, "WSGI_APPLICATION", None),
        "debug": bool(settings.DEBUG),
        "engine": settings.DATABASES.get("default", {}).get("ENGINE"),
        "media_root": str(settings.MEDIA_ROOT or "") if _keeps_files(settings) else None,
        "sqlite": [name for name in map(sqlite_file, settings.DATABASES.values()) if name],
        "uploads": uploads_of(settings),
    }


def _keeps_files(settings):
    """Whether uploads go to MEDIA_ROOT, and to no other storage."""
    own = "django.core.files.storage.FileSystemStorage"
    backend = (getattr(settings, "STORAGES", None) or {}).get("default", {}).get("BACKEND") or getattr(settings, "DEFAULT_FILE_STORAGE", own)
    return backend in (own, "django.core.files.storage.filesystem.FileSystemStorage")


def _has_home_page(settings):
    """Whether some URL pattern answers for /. An application without one answers 404 there and is none the worse."""
    from django.urls import Resolver404, resolve

    if not getattr(settings, "ROOT_URLCONF", None):
        return True
    try:
        resolve("/")
    except Resolver404:
        return False
    return True


def complete_settings(request):
    """Puts a settings module in place of the project's that has what those lack, before Django reads them.

    Tells the module's text, empty when the project's own settings do, a sentence for each thing that they lack, and whether the application
    uses the environment's SECRET_KEY.
    """
    import importlib
    import types

    project = os.environ["DJANGO_SETTINGS_MODULE"]
    before = set(sys.modules)
    own = vars(importlib.import_module(project))
    host = request["host"]
    place = place_of(own.get("SECRET_KEY"), set(sys.modules) - before, project.partition(".")[0], host["release_dir"], host["project_dir"])
    made = completion_of(project, own, {**host, "key_is_in": place}, dict(os.environ))
    text = made.text()
    if text:
        module = types.ModuleType(MODULE)
        exec(compile(text, MODULE + ".py", "exec"), module.__dict__)
        sys.modules[MODULE] = module
        os.environ["DJANGO_SETTINGS_MODULE"] = MODULE
        own = module.__dict__
    key = made.given("SECRET_KEY")
    return {"text": text, "warnings": made.warnings, "uses_given_key": bool(key) and own.get("SECRET_KEY") == key}


def check(request):
    """The system check framework with its deployment checks: what reaches the level stops, the rest is told."""
    from django.core import checks

    level = getattr(checks, request.get("check_level", "ERROR"))
    messages = [message for message in checks.run_checks(include_deployment_checks=True) if not message.is_silenced()]
    told = {True: [], False: []}
    for message in messages:
        words = "%s: %s" % (message.id or "check", " ".join(str(message.msg).split()))
        told[message.is_serious(level)].append("%s (%s)" % (words, message.obj) if message.obj else words)
    if told[True]:
        raise Refused("manage.py check --deploy found: " + "; ".join(told[True]))
    return {"warnings": told[False]}


def missing_migrations(request):
    """Whether the models have changes that no migration makes."""
    from django.core.management import call_command

    try:
        call_command("makemigrations", check=True, dry_run=True, interactive=False, verbosity=0)
    except SystemExit:
        return {"warnings": ["models have changes without a migration: run makemigrations in the project and commit what it makes"]}
    return {"warnings": []}


def entry(request):
    """The module that gunicorn will load, and gunicorn's own configuration: what is wrong with them shows here, before anything starts."""
    import importlib

    module, _, name = request["entry"].partition(":")
    settings_module = os.environ.get("DJANGO_SETTINGS_MODULE")
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module that the project's own code misses is the project's to tell.
        if error.name and (module + ".").startswith(error.name + "."):
            raise Refused("there is no module %s: set django_app_wsgi, or django_app_asgi" % module) from error
        raise
    if not callable(getattr(loaded, name, None)):
        raise Refused("%s has no application named %s: set django_app_wsgi, or django_app_asgi" % (module, name))
    _check_gunicorn(request)
    if os.environ.get("DJANGO_SETTINGS_MODULE") != settings_module:
        chosen, os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE"), settings_module
        return {"warnings": ["%s sets DJANGO_SETTINGS_MODULE to %s whatever the environment says: use os.environ.setdefault there" % (module, chosen)]}
    return {"warnings": []}


def _check_gunicorn(request):
    """Does what `gunicorn --check-config` does, in the process that has the project loaded already."""
    import contextlib
    import io
    import tempfile

    from gunicorn.app.wsgiapp import WSGIApplication

    said = io.StringIO()
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(request["gunicorn_config"])
        file.flush()
        given, sys.argv = sys.argv, ["gunicorn", "--check-config", "--config", file.name, request["entry"]]
        try:
            with contextlib.redirect_stderr(said):
                WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()
        except SystemExit as end:
            if end.code:
                raise Refused("gunicorn --check-config failed: %s" % " ".join(said.getvalue().split()[-60:])) from end
        finally:
            sys.argv = given


def collectstatic(request):
    """Collects static files, if they go to the folder that was made ready for them."""
    from django.conf import settings
    from django.core.management import call_command

    if str(settings.STATIC_ROOT) != request["static_root"]:
        return {}
    call_command("collectstatic", interactive=False, verbosity=0)
    return {}


def pages(request):
    """The project's own pages for what it cannot answer itself, by status; those that do not render without a request are left out."""
    from django.template.loader import render_to_string

    found = {}
    for status in ("502", "503", "504"):
        try:
            found[status] = str(render_to_string(status + ".html"))
        except Exception:
            continue
    return found


def _database():
    from django.db import connections

    connection = connections["default"]
    try:
        connection.ensure_connection()
    except Exception as error:
        raise Refused("the database does not answer: %s" % " ".join(str(error).split())) from error
    return connection


def _executor(connection):
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    conflicts = executor.loader.detect_conflicts()
    if conflicts:
        raise Refused("migrations conflict in %s: run makemigrations --merge in the project" % ", ".join(sorted(conflicts)))
    return executor


def _names(plan):
    return ["%s.%s" % (migration.app_label, migration.name) for migration, _ in plan]


def _plan(connection):
    executor = _executor(connection)
    return _names(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def plan(request):
    """What is not applied; with C(dump), what a dump before it needs to know, too; with C(operations), what those migrations do;
    with C(proof), that and what a copy of the schema is made from.
    """
    connection = _database()
    executor = _executor(connection)
    found = executor.migration_plan(executor.loader.graph.leaf_nodes())
    result = {"migrations": _names(found)}
    if found and (request.get("dump") or request.get("proof")):
        result["database"] = database(request)
    if found and (request.get("operations") or request.get("proof")):
        result["operations"] = operations_of(executor, found, request.get("release_dir"))
        result["needs"] = _needs(executor, found)
    if found and request.get("proof"):
        result["copy"] = scratch.describe(connection, executor.loader.applied_migrations)
        if connection.vendor == "mysql":
            result["copy"]["trouble"] = scratch.make_database(connection, request["proof"])
    return result


def _needs(executor, found):
    """By migration of a plan, those of the plan that come before it of necessity."""
    planned = set(_names(found))
    return {
        "%s.%s" % (migration.app_label, migration.name): [
            name for name in ("%s.%s" % key for key in executor.loader.graph.forwards_plan((migration.app_label, migration.name))) if name in planned
        ][:-1]
        for migration, _ in found
    }


def unapplied(request):
    """As plan, for a caller who goes on without an answer: the step that migrates tells why there is none."""
    try:
        return plan(request)
    except Exception:
        return {"migrations": None}


def database(request):
    """What a dump needs to know of the default database: how to reach it, and how large it is, in bytes."""
    connection = _database()
    if connection.vendor not in SIZES:
        return {"vendor": connection.vendor}
    with connection.cursor() as cursor:
        cursor.execute(SIZES[connection.vendor])
        size, name = cursor.fetchone()
    if connection.vendor == "sqlite":
        return {"vendor": "sqlite", "size": size, "parameters": {"dbname": name or ""}}
    given = {**connection.get_connection_params(), "dbname": name or ""}
    # Of older versions of Django, or of the drivers.
    given.setdefault("password", given.pop("passwd", None))
    encryption = given.pop("ssl", None) if connection.vendor == "mysql" else None
    if isinstance(encryption, dict):
        given.update({"ssl_" + key: value for key, value in encryption.items()})
    parameters = {key: str(value) for key, value in given.items() if isinstance(value, (str, int)) and key not in ("database", "db")}
    return {"vendor": connection.vendor, "size": int(size), "parameters": parameters}


def _advisory_lock(connection, patience):
    """Takes the session lock of PostgreSQL or MySQL; it goes with the connection, however this process ends."""
    if connection.vendor == "mysql":
        # A lock of the whole server, by a name of 64 characters at most.
        digest = hashlib.sha256(str(connection.settings_dict["NAME"]).encode()).hexdigest()[:32]
        take, name = "SELECT GET_LOCK(%s, 0)", "django-ansible-deploy-" + digest
    elif connection.vendor == "postgresql":
        take, name = "SELECT pg_try_advisory_lock(%s)", ADVISORY_LOCK
    else:
        return
    deadline = time.monotonic() + patience
    with connection.cursor() as cursor:
        while True:
            cursor.execute(take, [name])
            if cursor.fetchone()[0]:
                return
            if time.monotonic() > deadline:
                raise Refused("another deploy has been migrating this database for %d s; wait for it or end it" % patience)
            time.sleep(0.5)


def migrate(request):
    """Applies what is not applied yet, or C(only) those of it that are named and what they need, under a lock, and tells what that was."""
    from django.core.management import call_command

    only = request.get("only")

    def wanted():
        return [name for name in _plan(connection) if only is None or name in only]

    def run():
        targets = [()] if only is None else scratch.last_of(_executor(connection).loader.graph, pending)
        for target in targets:
            call_command("migrate", *target, interactive=False, verbosity=1, no_color=True)

    connection = _database()
    if not wanted():
        return {"migrations": []}
    _advisory_lock(connection, request.get("lock_patience", 300))
    pending = wanted()
    if not pending:
        return {"migrations": []}
    try:
        times = applying.apply_kindly(connection, request, run)
    except applying.NotApplied as error:
        raise Refused(str(error)) from error
    return {"migrations": pending, "times": times}


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


def unknown_migrations(request):
    """Migrations that are applied to the database and that this release's code does not have."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    connection = _database()
    loader = MigrationLoader(connection)
    known = _known_migrations(loader)
    applied = MigrationRecorder(connection).applied_migrations()
    return {"migrations": ["%s.%s" % key for key in applied if key not in known], "apps": sorted({app for app, _ in known})}


def lacking(request):
    """Which of some migrations this release's code does not have."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return {"migrations": [name for name in request["migrations"] if tuple(name.split(".", 1)) not in loader.disk_migrations]}


def ready(request):
    """Whether this release can work on the database as it is: errors of the system checks, what is to be applied, and what is applied and not known."""
    from django.core import checks

    connection = _database()
    messages = checks.run_checks(databases=["default"])
    errors = ["%s: %s" % (message.id or "check", " ".join(str(message.msg).split())) for message in messages if message.is_serious(checks.ERROR) and not message.is_silenced()]
    found = unknown_migrations(request)
    unknown = [name for name in found["migrations"] if name.split(".", 1)[0] in found["apps"]]
    return {"errors": errors, "migrations": _plan(connection), "unknown": unknown}


def reverse(request):
    """Takes migrations back, with the code that has them: each application to the last one before those named."""
    from django.core.management import call_command
    from django.db.migrations.loader import MigrationLoader

    connection = _database()
    _advisory_lock(connection, request.get("lock_patience", 300))
    loader = MigrationLoader(connection)
    gone = {tuple(name.split(".", 1)) for name in request["migrations"]}
    missing = gone - set(loader.disk_migrations)
    if missing:
        raise Refused("this release cannot take back %s: it does not have them" % ", ".join(sorted(".".join(key) for key in missing)))
    for app in sorted({app for app, _ in gone}):
        # The nodes of an application that stay and that no other staying node of it follows.
        staying = [key for key in loader.graph.nodes if key[0] == app and key not in gone]
        leaves = [key for key in staying if not any(child.key in staying for child in loader.graph.node_map[key].children)]
        call_command("migrate", app, leaves[0][1] if leaves else "zero", interactive=False, verbosity=1, no_color=True)
    return {"migrations": request["migrations"]}


STEPS = {
    "inspect": inspect_settings,
    "check": check,
    "missing_migrations": missing_migrations,
    "entry": entry,
    "collectstatic": collectstatic,
    "pages": pages,
    "plan": plan,
    "unapplied": unapplied,
    "database": database,
    "migrate": migrate,
    "columns": trial.columns,
    "copy_migrate": copy_migrate,
    "copy_try": copy_try,
    "copy_discard": copy_discard,
    "unknown_migrations": unknown_migrations,
    "lacking": lacking,
    "ready": ready,
    "reverse": reverse,
}


def answer(request):
    import django

    found = {}
    try:
        if "host" in request:
            found["settings"] = complete_settings(request)
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
            return {**found, "error": str(error)}
        except BaseException as error:
            traceback.print_exc()
            return {**found, "error": "%s failed: %s: %s" % (step, type(error).__name__, error)}
    return found


def main(request):
    sys.argv = ["manage.py"]
    # What the project prints goes to stderr, and stdout is the answer's.
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(answer_fd, "w", encoding="utf-8") as file:
        file.write(json.dumps(answer(request), default=str))
