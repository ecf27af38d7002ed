# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A MySQL or MariaDB database as its clients see it: asked, dumped, loaded."""
from __future__ import annotations

import gzip
import os
import re
import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail

# Django's connection parameters, and the options of the clients that say the same.
OPTIONS = {
    "host": "host", "port": "port", "user": "user", "unix_socket": "socket", "ssl_ca": "ssl-ca", "ssl_cert": "ssl-cert", "ssl_key": "ssl-key",
}
# What Django's ssl_mode is for MariaDB's programs. Without one the server is not made to prove who it is, as newer ones ask by themselves: the drivers do not.
SSL_MODES = {
    "DISABLED": "--skip-ssl", "PREFERRED": "--skip-ssl-verify-server-cert", "REQUIRED": "--ssl --skip-ssl-verify-server-cert",
    "VERIFY_CA": "--ssl --ssl-verify-server-cert", "VERIFY_IDENTITY": "--ssl --ssl-verify-server-cert",
}
MARK = "django-ansible-deploy:"
NOT_FOUND = 127
# MariaDB's own names first: its newer images have no others. Without files of options, as mysqlclient is: one in the application's home could have the
# program load a library.
START = """\
program=$(command -v %s || command -v %s) || exit 127
client() { "$program" --no-defaults $ssl "$@"; }
case $(ssl= client --version) in *MariaDB*) ssl=$SSL_OF_MARIADB ;; *) ssl=$SSL_OF_MYSQL ;; esac
"""
ASK = START % ("mariadb", "mysql") + 'client --no-auto-rehash --batch --raw --skip-column-names --default-character-set=utf8mb4 "$@"'
# A row a line, so that rows can be counted in the dump itself: another session would see another moment. What only MySQL's own program has, it would want
# rights for that an application has not.
DUMP = START % ("mariadb-dump", "mysqldump") + """\
pack=$(command -v gzip || echo cat)
for option in column-statistics=0 set-gtid-purged=OFF; do
  if client --help --verbose 2>/dev/null | grep -q -- "--${option%=*}"; then set -- "--$option" "$@"; fi
done
{ client --single-transaction --quick --no-autocommit --skip-extended-insert --skip-add-locks --hex-blob --no-tablespaces \
  --default-character-set=utf8mb4 "$@"; echo "django-ansible-deploy:code $?" >&2; } | "$pack"
"""
# MySQL's own program names the columns of a table that has generated ones, which are left out.
INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)` (?:\((?:`(?:[^`]|``)+`(?:, )?)+\) )?VALUES ")
APPLIED = re.compile(rb"INSERT INTO `django_migrations` VALUES \(\d+,'((?:[^'\\]|\\.|'')*)','((?:[^'\\]|\\.|'')*)'")
COMPLETED = b"-- Dump completed"


class MysqlDatabase:
    """One database of a server, reached with *parameters* of mysqlclient through *client*."""

    vendor = "mysql"
    programs = (("mariadb-dump", "mysqldump"), "default-mysql-client")

    def __init__(self, parameters: dict, client) -> None:
        self.parameters = parameters
        self.client = client
        self.name = parameters["dbname"]

    def named(self, database: str) -> MysqlDatabase:
        return MysqlDatabase({**self.parameters, "dbname": database}, self.client)

    def arguments(self, database: str) -> list[str]:
        """For the scripts above. The password is in the environment."""
        options = ["--%s=%s" % (option, self.parameters[key]) for key, option in OPTIONS.items() if self.parameters.get(key)]
        return [*options, *([database] if database else [])]

    def encryption(self) -> dict:
        """Options that the programs of MariaDB and of MySQL have each in their own way."""
        mode = self.parameters.get("ssl_mode", "").upper()
        if mode not in SSL_MODES:
            mode = "" if self.parameters.get("ssl_ca") else "PREFERRED"
        return {"SSL_OF_MARIADB": SSL_MODES.get(mode, ""), "SSL_OF_MYSQL": "--ssl-mode=" + mode if mode else ""}

    def run(self, script: str, database: str, variables: dict | None = None, **streams):
        variables = {**(variables or {}), **self.encryption(), **({"MYSQL_PWD": self.parameters["password"]} if self.parameters.get("password") else {})}
        argv = ["sh", "-c", script, "sh", *self.arguments(database)]
        done = self.client.run(argv, variables, **streams)
        if done.returncode == NOT_FOUND:
            raise CommandFailed(self.client.lacking % ("mysqldump", self.programs[1]))
        return done

    def ask(self, sql: str, database: str | None = None) -> str:
        """Runs SQL and returns the rows, one a line, columns apart by tabs.

        :param database: the one to be in; empty for none.
        :raises CommandFailed: with the server's words.
        """
        done = self.run(ASK, self.name if database is None else database, stdin=sql)
        if done.returncode:
            raise CommandFailed(" ".join(tail(done.stderr, 3).split()) or "the client ended without a word")
        return done.stdout.strip("\n")

    def lines(self, sql: str, database: str | None = None) -> list[str]:
        return [line for line in self.ask(sql, database).split("\n") if line]

    def dump(self, partial: str) -> dict:
        """Writes compressed SQL into a new file. Tells C(rows) by table, C(applied) migrations and the C(server)'s version; rows and migrations are those in the dump.

        :raises CommandFailed: when that fails; the file is then not whole.
        """
        server = self.ask("SELECT VERSION()")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            done = self.run(DUMP, self.name, stdout=descriptor, stdin=subprocess.DEVNULL)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        codes = [line.partition(MARK)[2] for line in done.stderr.splitlines() if MARK in line]
        if done.returncode or codes != ["code 0"]:
            raise CommandFailed("mysqldump failed: %s" % tail("\n".join(line for line in done.stderr.splitlines() if MARK not in line), 5))
        tables = self.lines("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
        return {**read_dump(partial, [line.partition("\t")[0] for line in tables]), "server": server}

    def load(self, path: str) -> None:
        """:raises CommandFailed: with the client's words."""
        with open(path, "rb") as file:
            done = self.run("gzip -dc | { %s; }" % ASK if is_packed(path) else ASK, self.name, stdin=file)
        if done.returncode:
            raise CommandFailed("the dump could not be loaded: %s" % tail(done.stderr, 3))

    def counts(self, tables: list[str]) -> dict:
        """Rows by table. One that is not there is left out."""
        there = set(self.lines("SHOW TABLES"))
        known = [table for table in tables if table in there]
        found = self.lines("".join("SELECT COUNT(*) FROM %s;\n" % quoted(table) for table in known)) if known else []
        return dict(zip(known, map(int, found)))


def read_dump(path: str, tables: list[str]) -> dict:
    """The rows by table, and the migrations, that are in a dump.

    :raises CommandFailed: when it has no end.
    """
    rows, applied, last = dict.fromkeys(tables, 0), [], b""
    with gzip.open(path) if is_packed(path) else open(path, "rb") as file:
        for line in file:
            found = INSERT.match(line)
            if found:
                table = found.group(1).replace(b"``", b"`").decode()
                rows[table] = rows.get(table, 0) + 1
                if table == "django_migrations" and (migration := APPLIED.match(line)):
                    applied.append(b".".join(migration.groups()).decode())
            elif line.strip():
                last = line
    if not last.startswith(COMPLETED):
        raise CommandFailed("mysqldump ended before the end of the dump")
    return {"rows": rows, "applied": applied}


def is_packed(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def quoted(name: str) -> str:
    return "`%s`" % name.replace("`", "``")


def text(value: str) -> str:
    return "'%s'" % value.replace("\\", "\\\\").replace("'", "''")
