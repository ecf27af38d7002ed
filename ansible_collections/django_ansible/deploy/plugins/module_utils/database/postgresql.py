# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A PostgreSQL database as its clients see it: asked, dumped, loaded."""
from __future__ import annotations

import json
import os
import re
import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.clients import Ended
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import literal, maker_name, name

# psycopg's connection parameters and the variables of libpq that say the same.
VARIABLES = {
    "dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "service": "PGSERVICE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}
PSQL = ["psql", "-XAtq", "--no-password", "-v", "ON_ERROR_STOP=1", "-f", "-"]
# What pg_restore writes of a table's rows, the names of its columns, and how far a sequence got.
COPIED = re.compile(r"^COPY [^\n]+? \(([^\n]+)\) FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)
COLUMN = re.compile(r'"((?:[^"]|"")+)"|(\w+)')
NUMBER = re.compile(r"^SELECT pg_catalog\.setval\('[^\n]*', (\d+), (true|false)\);$", re.MULTILINE)
MARK = "django-ansible-deploy:"
NEWER = 'unrecognized configuration parameter "transaction_timeout"'
# Schemas of a restore that may not make a database, see schema_replacement: the new one until it is used, the old one while that is filled. Those that were replaced are
# no part of a dump either.
ASIDE = ("public_restore", "public_aside")
LEFT_OUT = "(%s|public_replaced_[0-9]{14})" % "|".join(ASIDE)
# Dump, rows and applied migrations of one moment: pg_dump works in the snapshot of the session that counts. Standard output is the dump's.
DUMP = """\
\\o '|sed "s/^/%(mark)s/" >&2'
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \\gset
\\setenv SNAPSHOT :snapshot
\\! pg_dump --format=custom --no-password --snapshot="$SNAPSHOT" --exclude-schema="%(left_out)s"; echo "%(mark)scode $?" >&2
SELECT 'server ' || current_setting('server_version');
SELECT format('SELECT %%L, count(*) FROM %%I.%%I', 'rows ' || format('%%I.%%I', n.nspname, c.relname), n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
    AND n.nspname !~ '^%(left_out)s$'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e') ORDER BY 1 \\gexec
SELECT to_regclass('django_migrations') IS NOT NULL AS migrated \\gset
\\if :migrated
SELECT 'applied ' || app || '.' || name FROM django_migrations ORDER BY id;
\\endif
COMMIT;
"""


class Database:
    """One database of a server, reached with *parameters* of psycopg through *client*."""

    vendor = "postgresql"
    programs = (("pg_dump",), "postgresql-client")

    def __init__(self, parameters: dict, client) -> None:
        self.parameters = parameters
        self.client = client
        self.name = parameters.get("dbname", "")

    def variables(self, database: str = "") -> dict:
        found = {variable: self.parameters[key] for key, variable in VARIABLES.items() if key in self.parameters}
        return {**found, **({"PGDATABASE": database} if database else {}), "PGCONNECT_TIMEOUT": "20", "PGAPPNAME": "django-ansible-deploy"}

    def ask(self, script: str, database: str = "") -> str:
        """Runs SQL and returns the rows, one a line, columns apart by ``|``.

        :raises CommandFailed: with the server's words.
        """
        done = self._run(PSQL, database, stdin=script)
        if done.returncode:
            raise CommandFailed(said(done.stderr))
        return done.stdout.strip()

    def rows(self, query: str, database: str = "") -> list:
        """What a query gives, as a list of dicts."""
        return json.loads(self.ask("SELECT coalesce(json_agg(found), '[]') FROM (%s) AS found" % query, database))

    def _run(self, argv: list[str], database: str = "", **streams):
        try:
            return self.client.run(argv, self.variables(database), **streams)
        except FileNotFoundError as error:
            raise CommandFailed(self.client.lacking % (argv[0], "postgresql-client")) from error

    def dump(self, partial: str) -> dict:
        """Writes a new file in pg_dump's custom format. Tells C(rows) by table, C(applied) migrations and the C(server)'s version of that very moment.

        :raises CommandFailed: when that fails; the file is then not whole.
        """
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            done = self._run(PSQL, stdin=DUMP % {"mark": MARK, "left_out": LEFT_OUT}, stdout=descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        lines = [line.partition(MARK)[2] for line in done.stderr.splitlines() if MARK in line]
        # Its own words, without what psql says once it finds its table locked or its connection gone.
        printed = "\n".join(line for line in done.stderr.splitlines() if MARK not in line)
        code = [line for line in lines if line.startswith("code ")]
        if code[:1] == ["code 127"]:
            raise CommandFailed(self.client.lacking % ("pg_dump", "postgresql-client"))
        if not done.returncode and code[:1] in (["code 137"], ["code 143"]):
            raise Ended("pg_dump was ended by another process")
        if done.returncode or code != ["code 0"]:
            raise CommandFailed(explain(printed, self.client.older))
        counted = (line[len("rows ") :].rpartition("|") for line in lines if line.startswith("rows "))
        return {
            "rows": {table: int(count) for table, _, count in counted},
            "applied": [line[len("applied ") :] for line in lines if line.startswith("applied ")],
            "server": next((line[len("server ") :] for line in lines if line.startswith("server ")), ""),
        }

    def contents(self, path: str) -> list[str]:
        """The lines of a dump's table of contents.

        :raises CommandFailed: when the file is none that this pg_restore reads.
        """
        with open(path, "rb") as file:
            done = self._run(["pg_restore", "--list"], stdin=file)
        if done.returncode:
            newer = "unsupported version" in done.stderr
            raise CommandFailed("pg_restore %s: %s" % ("is older than the pg_dump that made it; install a newer postgresql-client" if newer else "cannot read the dump", tail(done.stderr, 3)))
        return done.stdout.splitlines()

    def load(self, path: str, contents: list[str], owners: bool) -> None:
        """Loads what *contents* lists.

        :param owners: whether everything gets its owner of before, else all becomes the role's own.
        :raises CommandFailed: with pg_restore's words.
        """
        argv = ["pg_restore", "--no-password", *([] if owners else ["--no-owner"]), "--dbname", self.name]
        with self.client.given("\n".join(contents) + "\n") as listed:
            for more in (["--exit-on-error"], []):
                with open(path, "rb") as file:
                    done = self._run([*argv, *more, "--use-list", listed], stdin=file, stdout=subprocess.DEVNULL)
                # Of a pg_restore of 17 or newer, before anything else: a server that is older has no such setting, and needs none. Any other error counts.
                if not done.returncode or NEWER not in done.stderr or not more:
                    break
        if done.returncode and not (NEWER in done.stderr and re.search(r"errors ignored on restore: 1\s*$", done.stderr)):
            raise CommandFailed("pg_restore failed: %s" % tail(done.stderr, 5))

    def contained(self, path: str, line: str) -> str:
        """What a dump has of one line of its table of contents, as pg_restore writes it for psql.

        :raises CommandFailed: with pg_restore's words.
        """
        with self.client.given(line + "\n") as listed, open(path, "rb") as file:
            done = self._run(["pg_restore", "--data-only", "--use-list", listed, "--file", "-"], stdin=file)
        if done.returncode:
            raise CommandFailed("pg_restore failed: %s" % tail(done.stderr, 5))
        return done.stdout

    def take_over(self, relation: str, contained: str) -> None:
        """Loads the rows of a table, or the number of a sequence, that an extension owns. Of what a dump has, only data gets into a statement.

        :param relation: in SQL's own form.
        :param contained: as :meth:`contained` tells.
        :raises CommandFailed: when there is something to load, and this role may not.
        """
        number, copied = NUMBER.search(contained), COPIED.search(contained)
        if number and number.groups() != ("1", "false"):
            self._write(relation, "SELECT pg_catalog.setval(%s, %s, %s)" % (literal(relation), *number.groups()))
        if copied and copied.group(2):
            columns = ", ".join(name(quoted.replace('""', '"') or bare) for quoted, bare in COLUMN.findall(copied.group(1)))
            self._write(relation, "COPY %s (%s) FROM STDIN" % (relation, columns), copied.group(2))

    def _write(self, relation: str, statement: str, rows: str = "") -> None:
        # With -c, psql takes nothing but rows from its standard input.
        done = self._run(["psql", "-XAtq", "--no-password", "-v", "ON_ERROR_STOP=1", "-c", statement], stdin=rows)
        if done.returncode:
            raise CommandFailed("the dump has rows of %s, which belongs to an extension: have an administrator of the server restore it (%s)" % (relation, said(done.stderr)))

    def counts(self, tables: list[str]) -> dict:
        """Rows by table, of tables in SQL's own form. One that is not there is left out."""
        there = "SELECT format('SELECT %%L, count(*) FROM %%s', t, t) FROM unnest(ARRAY[%s]::text[]) AS t WHERE to_regclass(t) IS NOT NULL \\gexec"
        found = self.ask(there % ", ".join(map(literal, tables))) if tables else ""
        return {table: int(count) for table, _, count in (line.rpartition("|") for line in found.splitlines())}

    def named(self, database: str) -> Database:
        """Another database of the same server, reached in the same way."""
        return Database({**self.parameters, "dbname": database}, self.client)


def maker_of(database: Database) -> Database | None:
    """The database as the role reaches it that makes others for the application in this run, see host.postgresql_maker; None where there is none."""
    maker = database.client.maker
    return Database({**database.parameters, "user": maker_name(database.name), "password": maker.password}, maker) if maker else None


def said(stderr: str) -> str:
    """The server's words, without psql's place of them."""
    return re.sub(r"(?m)^psql:<stdin>:\d+: ", "", tail(stderr, 5)) or "psql ended without a word"


def explain(stderr: str, older: str) -> str:
    """Why there is no dump.

    :param older: of the client, what is to be done where its programs are older than the server.
    """
    if "server version mismatch" in stderr:
        versions = re.findall(r"version: (\d+)", stderr)
        return "pg_dump is older than the database server (%s): %s" % (" instead of ".join(reversed(versions)), older % versions[0])
    return "pg_dump failed: %s" % said(stderr)
