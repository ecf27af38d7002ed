# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Says that no migration is missing without starting Django, where nothing has changed since Django itself said so.

Which migrations there are depends on the release, which never changes, and on two settings; which are applied depends on the rows of one table. A mark stands
for the settings and the rows. The project's settings are read each time, as they may read what has changed since. What is spared takes long in a large project:
its applications, models and migrations, and all of Django but its settings.

Runs in the release's virtual environment, beside driver or alone before it: the standard library, Django and its database driver.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import weakref

ROWS = "SELECT app, name FROM django_migrations"
SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = ("django.db.backends.postgresql", "django.contrib.gis.db.backends.postgis")
# Options that Django hands on to the driver as they are.
PLAIN = frozenset((
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "options", "connect_timeout", "application_name", "target_session_attrs", "gssencmode",
    "channel_binding", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
))


def mark_of(rows):
    """Stands for what the answer depends on besides the release."""
    from django.conf import settings

    modules = sorted((str(app), str(module)) for app, module in settings.MIGRATION_MODULES.items())
    return hashlib.sha256(json.dumps([list(map(str, settings.INSTALLED_APPS)), modules, sorted(map(list, rows))]).encode()).hexdigest()


def mark():
    """The mark of a Django that has just said that nothing is missing; None where one that is not started might look elsewhere."""
    from django.db import connections
    from django.db.backends.signals import connection_created

    receivers = [entry[1]() if isinstance(entry[1], weakref.ReferenceType) else entry[1] for entry in connection_created.receivers]
    # What the project does to each connection may lead it to another schema.
    if any(receiver is not None and not str(getattr(receiver, "__module__", "")).startswith("django.") for receiver in receivers):
        return None
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(ROWS)
            return mark_of(cursor.fetchall())
    except Exception:
        return None


class Silent(Exception):
    """The database does not answer."""


def rows_now():
    """What is applied, read by the driver alone where nothing about the connection is Django's: its own way to a database has it load most of itself.

    :raises Silent: when Django would wait as long once more.
    """
    from django.conf import settings

    given = settings.DATABASES["default"]
    options = given.get("OPTIONS") or {}
    if given["ENGINE"] == SQLITE and os.path.isfile(given["NAME"]) and not options:
        import sqlite3 as driver

        words = {"database": given["NAME"]}
    elif given["ENGINE"] in POSTGRESQL and given.get("NAME") and PLAIN.issuperset(options):
        try:
            import psycopg as driver
        except ImportError:
            import psycopg2 as driver
        names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
        words = {"client_encoding": "UTF8", **{word: given[name] for word, name in names.items() if given.get(name)}, **options}
    else:
        return rows_by_django()
    try:
        connection = driver.connect(**words)
    except driver.OperationalError as error:
        raise Silent from error
    with contextlib.closing(connection), contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(ROWS)
        return cursor.fetchall()


def rows_by_django():
    import warnings

    from django.db import OperationalError, connections

    connection = connections["default"]
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise Silent from error
    # What the project does to each connection, it can only do to one that is made once Django has started.
    with contextlib.closing(connection), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with connection.cursor() as cursor:
            cursor.execute(ROWS)
            return cursor.fetchall()


def answer(known):
    """What driver would answer of the migrations that are not applied; None where that is Django's to say."""
    try:
        if mark_of(rows_now()) == known:
            return {"unapplied": {"migrations": [], "mark": known}}
    except Silent:
        return {"unapplied": {"migrations": None}}
    except Exception:
        pass
    return None


def main(request):
    """Answers, or goes on with the program that follows on stdin."""
    sys.argv = ["manage.py"]
    # What the project prints goes to stderr, and stdout is the answer's.
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    found = answer(request["mark"])
    if found is None:
        os.dup2(answer_fd, 1)
        os.close(answer_fd)
        exec(request["bootstrap"], {"__name__": "__main__"})
        return
    with os.fdopen(answer_fd, "w", encoding="utf-8") as file:
        file.write(json.dumps(found))
