# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A dump of the database before it is migrated."""
from __future__ import annotations

import os
import pwd
import shutil
import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.application import CommandFailed, tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.files import ensure_directory

# psycopg's connection parameters and the variables of libpq that say the same.
VARIABLES = {
    "dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "service": "PGSERVICE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}


def dump(facts: dict, user: str, folder: str, name: str) -> str:
    """Writes *folder*/*name*.dump in pg_dump's custom format, readable by root alone, and returns its path.

    The dump is made as the application's user, so that peer authentication works as it does for the application.

    :raises CommandFailed: when there is no room, no pg_dump, or one older than the server.
    """
    ensure_directory(folder, 0o700)
    free = shutil.disk_usage(folder).free
    if free < facts["size"]:
        raise CommandFailed(
            "the dump before the migration may need %d MiB and %s has %d free: free some space or set django_app_dump: false"
            % (facts["size"] >> 20, folder, free >> 20)
        )
    path = os.path.join(folder, name + ".dump")
    partial = path + ".partial"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        done = _run_client(["pg_dump", "--format=custom", "--no-password"], facts, user, stdout=descriptor)
        if done.returncode:
            raise CommandFailed(explain(done.stderr))
        os.fsync(descriptor)
        os.rename(partial, path)
    except FileNotFoundError as error:
        raise CommandFailed("pg_dump is not on this host: add postgresql-client to django_app_extra_packages or set django_app_dump: false") from error
    finally:
        os.close(descriptor)
        if os.path.exists(partial):
            os.unlink(partial)
    return path


def restore(facts: dict, user: str, path: str) -> None:
    """Puts a dump back in one transaction: all of it or nothing.

    :raises CommandFailed: with pg_restore's last words.
    """
    command = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error", "--no-password"]
    with open(path, "rb") as file:
        done = _run_client([*command, "--dbname", facts["parameters"].get("dbname", "")], facts, user, stdin=file, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise CommandFailed("pg_restore failed, and the database is as it was: %s" % tail(done.stderr, 5))


def _run_client(argv: list[str], facts: dict, user: str, **streams):
    """Runs a PostgreSQL client as the application's user, connected as the application is; the password travels in the environment."""
    account = pwd.getpwnam(user)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    environment.update({variable: facts["parameters"][key] for key, variable in VARIABLES.items() if key in facts["parameters"]})
    return subprocess.run(
        argv, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False, user=account.pw_uid, group=account.pw_gid,
        extra_groups=[], cwd="/", **streams,
    )


def explain(stderr: str) -> str:
    if "server version mismatch" in stderr:
        return "pg_dump is older than the database server (%s): install the server's postgresql-client or set django_app_dump: false" % " ".join(
            stderr.split("detail: ")[-1].split()
        )
    return "pg_dump failed: %s" % tail(stderr, 5)
