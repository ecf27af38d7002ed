# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A dump of the database before it is migrated."""
from __future__ import annotations

import os
import pwd
import shutil
import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory

# psycopg's connection parameters and the variables of libpq that say the same.
VARIABLES = {
    "dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "service": "PGSERVICE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}


def dump(facts: dict, client, folder: str, name: str, switch: str) -> str:
    """Writes *folder*/*name*.dump in pg_dump's custom format, readable by root alone, and returns its path.

    :param client: runs a PostgreSQL client, such as :class:`HostClient`.
    :param switch: the variable that turns dumps off, for errors.
    :raises CommandFailed: when there is no room, no pg_dump, or one older than the server.
    """
    ensure_directory(folder, 0o700)
    free = shutil.disk_usage(folder).free
    if free < facts["size"]:
        raise CommandFailed(
            "the dump before the migration may need %d MiB and %s has %d free: free some space or set %s: false"
            % (facts["size"] >> 20, folder, free >> 20, switch)
        )
    path = os.path.join(folder, name + ".dump")
    partial = path + ".partial"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        done = client.run(["pg_dump", "--format=custom", "--no-password"], variables_of(facts), stdout=descriptor)
        if done.returncode:
            raise CommandFailed(explain(done.stderr, switch))
        os.fsync(descriptor)
        os.rename(partial, path)
    except FileNotFoundError as error:
        raise CommandFailed("%s or set %s: false" % (client.lacks_pg_dump, switch)) from error
    finally:
        os.close(descriptor)
        if os.path.exists(partial):
            os.unlink(partial)
    return path


def restore(facts: dict, client, path: str) -> None:
    """Puts a dump back in one transaction: all of it or nothing.

    :raises CommandFailed: with pg_restore's last words.
    """
    command = ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error", "--no-password"]
    with open(path, "rb") as file:
        done = client.run([*command, "--dbname", facts["parameters"].get("dbname", "")], variables_of(facts), stdin=file, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise CommandFailed("pg_restore failed, and the database is as it was: %s" % tail(done.stderr, 5))


def variables_of(facts: dict) -> dict:
    """What makes a PostgreSQL client connect as the application does."""
    return {variable: facts["parameters"][key] for key, variable in VARIABLES.items() if key in facts["parameters"]}


class HostClient:
    """The PostgreSQL clients of this host, run as the application's user, so that peer authentication works as it does for the application."""

    lacks_pg_dump = "pg_dump is not on this host: add postgresql-client to django_app_extra_packages"

    def __init__(self, user: str) -> None:
        self.user = user

    def run(self, argv: list[str], variables: dict, **streams):
        """The password travels in the environment."""
        account = pwd.getpwnam(self.user)
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", **variables}
        return subprocess.run(
            argv, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False, user=account.pw_uid, group=account.pw_gid,
            extra_groups=[], cwd="/", **streams,
        )


def explain(stderr: str, switch: str) -> str:
    if "server version mismatch" in stderr:
        return "pg_dump is older than the database server (%s): install the server's postgresql-client or set %s: false" % (
            " ".join(stderr.split("detail: ")[-1].split()), switch
        )
    return "pg_dump failed: %s" % tail(stderr, 5)
