# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A copy of the schema without its rows, in a database of its own: pointing Django at it, and migrating it.

Runs in the release's virtual environment, beside driver: the standard library and Django alone. Nothing here reaches the real database: Django's settings
lead to the copy before any connection is opened, and each connection is asked where it leads before it is used.
"""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.operations import changes_schema

ALIAS = "default"
PREFIX = "django_proof_"
MEMORY = ":memory:"


class Astray(BaseException):
    """A connection leads elsewhere; nothing catches that by accident."""


def point(name):
    """Has the default database of the settings, and what is the same one under another name, lead to the copy; every other one leads nowhere.

    Before django.setup(), since applications may connect when they are made ready.
    """
    from django.conf import settings
    from django.db.backends.signals import connection_created

    if not (name == MEMORY or name.startswith(PREFIX)):
        raise Astray("%s is no name of a copy" % name)
    real = dict(settings.DATABASES[ALIAS])
    for alias, database in list(settings.DATABASES.items()):
        same = all(database.get(key) == real.get(key) for key in ("ENGINE", "NAME"))
        settings.DATABASES[alias] = {**database, "NAME": name} if same else {"ENGINE": "django.db.backends.dummy"}
    connection_created.connect(guard(name), weak=False)


def guard(name):
    def stay_here(sender, connection, **more):
        if where(connection) != name:
            connection.close()
            raise Astray("a connection of the proof leads to another database than its copy: stopped before anything was done there")

    return stay_here


def where(connection):
    if connection.vendor == "sqlite":
        return MEMORY if connection.is_in_memory_db() else str(connection.settings_dict["NAME"])
    question = {"postgresql": "SELECT current_database()", "mysql": "SELECT DATABASE()"}[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def here():
    from django.db import connections

    connection = connections[ALIAS]
    connection.ensure_connection()
    return connection


def describe(connection, applied):
    """What a copy is made from, as far as this process can tell: SQLite's and MySQL's schema, PostgreSQL's comes from pg_dump."""
    found = {"vendor": connection.vendor, "applied": sorted(applied), "name": str(connection.settings_dict["NAME"])}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY type = 'table' DESC, rowid")
            found["schema"] = [row[0] for row in cursor.fetchall()]
    if connection.vendor == "mysql":
        found["schema"] = mysql_schema(connection)
    return found


def mysql_schema(connection):
    with connection.cursor() as cursor:
        cursor.execute("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
        names = [row[0] for row in cursor.fetchall()]
        statements = []
        for name in names:
            cursor.execute("SHOW CREATE TABLE %s" % connection.ops.quote_name(name))
            statements.append(cursor.fetchone()[1])
    return statements


def make_database(connection, name):
    """Makes an empty database on a MySQL server; tells why it may not."""
    from django.db import DatabaseError

    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE %s" % connection.ops.quote_name(name))
    except DatabaseError as error:
        return " ".join(str(error).split())
    return ""


def load(connection, schema):
    """Puts statements of :func:`describe` in."""
    if connection.vendor == "mysql":
        connection.disable_constraint_checking()
    with connection.cursor() as cursor:
        for statement in schema:
            cursor.execute(statement, None)


def last_of(graph, names):
    """The keys of those of some migrations that none of the others needs."""
    keys = {tuple(name.split(".", 1)) for name in names}
    return sorted(key for key in keys if not any(child.key in keys for child in graph.node_map[key].children))


def migrate(connection, applied, schema, only=None):
    """Migrates the copy, as far as *only* says. Returns what was left out of it, and SQLite's new schema.

    Functions of the project that only work on rows are not run: there are none, and they may do things outside of the database.
    """
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder

    load(connection, schema)
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    recorder.migration_qs.bulk_create([recorder.Migration(app=app, name=name) for app, name in applied])
    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes() if only is None else last_of(executor.loader.graph, only)
    plan = executor.migration_plan(targets)
    left_out = []
    for migration, _ in plan:
        loosen(migration, migration.operations, left_out)
    try:
        if plan:
            executor.migrate(targets, plan=plan)
    except Exception as error:
        return {"failed": " ".join(str(error).split())[:500], "left_out": left_out}
    return {"left_out": left_out, "schema": describe(connection, ())["schema"] if connection.vendor == "sqlite" else []}


def loosen(migration, operations, left_out):
    """Lets what works on rows, or is written in SQL, fail on a copy that has none."""
    from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            loosen(migration, operation.database_operations, left_out)
        elif isinstance(operation, RunPython) and not changes_schema(operation.code):
            operation.database_forwards = lambda *arguments: None
        elif isinstance(operation, (RunPython, RunSQL)):
            operation.database_forwards = tolerant(operation, migration, left_out)


def tolerant(operation, migration, left_out):
    original = operation.database_forwards

    def database_forwards(app_label, schema_editor, from_state, to_state):
        from django.db import transaction

        try:
            if not schema_editor.connection.in_atomic_block:
                return original(app_label, schema_editor, from_state, to_state)
            with transaction.atomic(using=schema_editor.connection.alias):
                return original(app_label, schema_editor, from_state, to_state)
        except Exception as error:
            left_out.append("%s.%s: %s (%s)" % (migration.app_label, migration.name, operation.describe(), " ".join(str(error).split())[:200]))

    return database_forwards


def discard(connection):
    """Drops the database that a MySQL connection leads to, which is a copy."""
    name = where(connection)
    if not name.startswith(PREFIX):
        raise Astray("%s is no copy" % name)
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE %s" % connection.ops.quote_name(name))
