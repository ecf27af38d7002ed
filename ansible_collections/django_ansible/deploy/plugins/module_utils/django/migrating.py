# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Steps of driver about the default database: what is to be applied, applying it, taking it back, and what a dump needs to know."""
from __future__ import annotations

import hashlib
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import applying, scratch, settled
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.connecting import parameters_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.operations import operations_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.refused import Refused

# Asks for the size of a database in bytes, and for its name or file.
SIZES = {
    "mysql": "SELECT coalesce(sum(data_length), 0), DATABASE() FROM information_schema.tables WHERE table_schema = DATABASE()",
    "postgresql": "SELECT pg_database_size(current_database()), current_database()",
    # No file for one in memory.
    "sqlite": "SELECT page_count * page_size, (SELECT file FROM pragma_database_list WHERE name = 'main') FROM pragma_page_count(), pragma_page_size()",
}
# Ask for the number of tables, whatever they are for.
TABLES = {
    "mysql": "SELECT count(*) FROM information_schema.tables WHERE table_schema = DATABASE()",
    "postgresql": "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    "sqlite": "SELECT count(*) FROM sqlite_master",
}
ADVISORY_LOCK = 0x646A616E676F  # "django" in hexadecimal; one number for every deploy that migrates this database


def known_migrations(loader):
    """Every migration that this code has, those among them that others replace."""
    return set(loader.disk_migrations) | {key for migration in loader.disk_migrations.values() for key in migration.replaces}


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
    """The migrations of plan, and a mark where there are none (see settled), for a caller who goes on without an answer: the step that migrates tells why
    there is none. Where there are some and the database has no table, what a dump needs to know of it, too.
    """
    try:
        found = plan({})["migrations"]
        empty = database({}) if found and _is_empty(_database()) else None
    except Exception:
        return {"migrations": None}
    return {"migrations": found, "mark": None if found else settled.mark(), "empty": empty}


def database(request):
    """What a dump needs to know of the default database: how to reach it, how large it is, in bytes, and the version of a PostgreSQL server."""
    connection = _database()
    if connection.vendor not in SIZES:
        return {"vendor": connection.vendor}
    with connection.cursor() as cursor:
        cursor.execute(SIZES[connection.vendor])
        size, name = cursor.fetchone()
    if connection.vendor == "sqlite":
        return {"vendor": "sqlite", "size": size, "parameters": {"dbname": name or ""}}
    more = {"version": getattr(connection, "pg_version", 0) // 10000} if connection.vendor == "postgresql" else {}
    return {"vendor": connection.vendor, "size": int(size), "parameters": parameters_of(connection, name or ""), **more}


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


def _is_empty(connection):
    """Whether a database has no table. Of another kind than those that are known, nobody says so."""
    if connection.vendor not in TABLES:
        return False
    with connection.cursor() as cursor:
        cursor.execute(TABLES[connection.vendor])
        return cursor.fetchone()[0] == 0


def migrate(request):
    """Applies what is not applied yet, or C(only) those of it that are named and what they need, under a lock, and tells what that was.

    With C(if_empty), nothing where the database has a table.
    """
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
    if not pending or (request.get("if_empty") and not _is_empty(connection)):
        return {"migrations": []}
    try:
        times = applying.apply_kindly(connection, request, run)
    except applying.NotApplied as error:
        refused = Refused(str(error))
        refused.applied = error.applied
        raise refused from error
    return {"migrations": pending, "times": times}


def unknown_migrations(request):
    """Migrations that are applied to the database and that this release's code does not have."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    connection = _database()
    loader = MigrationLoader(connection)
    known = known_migrations(loader)
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
