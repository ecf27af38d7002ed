# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Where a copy of the schema is for as long as a proof takes: a database of its own beside the real one, in memory for SQLite. See scratch."""
from __future__ import annotations

import contextlib
import secrets
import subprocess
import threading
import time
from dataclasses import dataclass

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import Database, maker_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.scratch import MEMORY, PREFIX
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail

NOT_FOUND = 127
LEFT = 7200  # seconds after which a copy is one that a killed run left
LOCK = 0x646A616E676F  # in the application's database, of who makes a copy

# Names of copies are letters, digits and underscores. No role, owner or right comes along, and what only an administrator makes stays out. Programs of 17 and
# newer set what a server that is older does not have.
CLEAR = """
SELECT format('DROP DATABASE IF EXISTS %%I WITH (FORCE)', datname) FROM pg_database WHERE pg_get_userbyid(datdba) = %(owner)s
  AND substring(datname from '^%(prefix)s([0-9]{10})_')::bigint < extract(epoch from now()) - %(left)d \\gexec
"""
# Of copies that have names of the server's choice, which do not say when they were made; a comment does. The application's role owns them and may write what it likes
# there, so that one that says nothing of sense counts as left. Another run says it right after it made one, and both hold this lock meanwhile; without it they go on.
CLEAR_NAMED = """
SET lock_timeout = '10s';
SELECT pg_advisory_lock(%(lock)d);
SELECT format('DROP DATABASE IF EXISTS %%I WITH (FORCE)', datname) FROM pg_database WHERE datname IN (%(names)s) AND pg_has_role(datdba, 'MEMBER')
  AND coalesce(substring(shobj_description(oid, 'pg_database') from '^made ([0-9]{10})')::bigint, 0) NOT BETWEEN extract(epoch from now()) - %(left)d AND extract(epoch from now()) + 60 \\gexec
"""
SAY_WHEN = """
SELECT format('COMMENT ON DATABASE $COPY IS %L', 'made ' || extract(epoch from now())::bigint) \\gexec
"""
# One psql for what was left and for the new one, as each takes its time to start. What cannot be dropped stays.
CREATE = """
psql -XAtq <<SQL
%(clear)s
\\\\set ON_ERROR_STOP 1
SELECT format('CREATE DATABASE $COPY OWNER %%I TEMPLATE template0 ENCODING %%L LC_COLLATE ''C'' LC_CTYPE ''C''', %(owner)s, pg_encoding_to_char(encoding))
  FROM pg_database WHERE datname = current_database() \\\\gexec
%(then)s
SQL
"""
FILL = """
{
  echo "DO 'BEGIN IF current_database() <> ''$COPY'' THEN RAISE EXCEPTION ''this is not the copy''; END IF; END';"
  pg_dump --schema-only --no-owner --no-privileges --no-comments --no-publications --no-subscriptions --no-security-labels --no-tablespaces \\
    --lock-wait-timeout=10s --no-password && echo "SELECT 'whole';"
} | sed '1,60{/^SET transaction_timeout = 0;$/d;}' | psql -XAtq -v ON_ERROR_STOP=1 --single-transaction -d "$COPY"
"""
DROP = 'psql -Xq -v ON_ERROR_STOP=1 -c "DROP DATABASE IF EXISTS $COPY WITH (FORCE)"'


@dataclass(frozen=True)
class Maker:
    """Who makes the database of a copy on a PostgreSQL server.

    :param port: of a server of this host whose administrator makes it for the application; 0 for the application's role.
    :param named: whether the server lets the application into copies of certain names alone, see host.postgresql.copy_names, and has a role that makes them for it.
    """

    port: int = 0
    named: bool = False


class Taken(CommandFailed):
    """There is a database of that name."""


def new_name() -> str:
    """One that says when it was made, as databases do not."""
    return "%s%010d_%s" % (PREFIX, time.time(), secrets.token_hex(4))


@contextlib.contextmanager
def copy_of(plan: dict, application, client, name: str, maker: Maker = Maker()):
    """A copy as the plan step of driver told of it, there for as long as this lasts: what scratch takes as C(copy).

    :param name: of the copy, where the plan step has made it, on MySQL.
    :raises CommandFailed: when none can be made, with the reason.
    """
    told, facts = plan["copy"], plan["database"]
    base = {"applied": told["applied"], "schema": told.get("schema", [])}
    if told["vendor"] == "sqlite":
        yield {**base, "name": MEMORY}
    elif told["vendor"] == "mysql":
        if told.get("trouble"):
            raise CommandFailed("the application's user may not make a database: %s" % told["trouble"])
        try:
            yield {**base, "name": name}
        finally:
            meanwhile(lambda: application.drive("copy_discard", copy={**base, "name": name}))
    elif told["vendor"] == "postgresql":
        server = PostgresCopy(facts, client, new_name(), maker)
        try:
            server.make()
            yield {**base, "name": server.name}
        finally:
            meanwhile(server.drop)
    else:
        raise CommandFailed("a copy of the schema is made for PostgreSQL, MySQL, MariaDB and SQLite, this is %s" % told["vendor"])


def clear(owner: str) -> str:
    """Drops the copies of a role, an expression in SQL, that killed runs left."""
    return CLEAR % {"prefix": PREFIX, "left": LEFT, "owner": owner}


def clear_named(names: list[str]) -> str:
    """Drops what killed runs left of the copies that have these names."""
    return CLEAR_NAMED % {"names": ", ".join(map(postgresql.literal, names)), "left": LEFT, "lock": LOCK}


def creation(left: str, then: str = "", owner: str = "current_user") -> str:
    """Commands that drop what is *left*, and make an empty database of *owner*, an expression in SQL; SQL that comes *then* is run as well."""
    return CREATE % {"clear": left.replace("\\", "\\\\"), "then": then.replace("\\", "\\\\"), "owner": owner}


def meanwhile(discard) -> None:
    """Removes a copy while the deploy goes on: a server that has much to write does that first. The module ends after it; what cannot be removed is by the next proof."""

    def quietly() -> None:
        with contextlib.suppress(CommandFailed):
            discard()

    threading.Thread(target=quietly).start()


class PostgresCopy:
    """A database beside the real one, made by the application's role, or by the administrator for it."""

    def __init__(self, facts: dict, client, name: str, maker: Maker) -> None:
        self.facts, self.client, self.name, self.maker = facts, client, name, maker
        self.database = Database(facts["parameters"], client)
        self.made = False

    def make(self) -> None:
        self.made = not self.maker.named
        self.client.need(*Database.programs, self.facts.get("version") or 0)
        if self.maker.port:
            self.make_as_administrator()
        elif self.maker.named:
            self.make_named()
        alone = not (self.maker.port or self.maker.named)
        printed = self.run("set -e\n" + (creation(clear("current_user")) if alone else "") + FILL)
        if not printed.rstrip().endswith("whole"):
            raise CommandFailed("pg_dump gave no whole schema")

    def make_named(self) -> None:
        """Takes the first of the names that is free."""
        by = maker_of(self.database) or self.database
        names = postgresql.copy_names(self.facts["parameters"]["dbname"])
        for self.name in names:
            with contextlib.suppress(Taken):
                self.run("set -e\n" + creation(clear_named(names), SAY_WHEN, "pg_get_userbyid(datdba)"), by)
                self.made = True
                return
        raise CommandFailed("%d other copies are in use" % len(names))

    def make_as_administrator(self) -> None:
        """The database is the application's; extensions that only an administrator makes are there before it is filled."""
        port, real = self.maker.port, self.facts["parameters"]["dbname"]
        ask = "SELECT extname, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE nspname IN ('public', 'pg_catalog') AND extname <> 'plpgsql'"
        wanted = [line.split("|") for line in postgresql.psql(ask, port, real).splitlines()]
        owner = self.facts["parameters"]["user"]
        create = "CREATE DATABASE %s OWNER %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';" % (self.name, postgresql.name(owner))
        postgresql.psql(clear(postgresql.literal(owner)) + create, port)
        made = ["CREATE EXTENSION IF NOT EXISTS %s WITH SCHEMA %s CASCADE;" % tuple(map(postgresql.name, one)) for one in wanted]
        if made:
            postgresql.psql("\n".join(made), port, self.name)

    def drop(self) -> None:
        if not self.made:
            return
        if self.maker.port:
            postgresql.psql("DROP DATABASE IF EXISTS %s WITH (FORCE);" % self.name, self.maker.port)
        else:
            self.run(DROP)

    def run(self, script: str, by: Database | None = None) -> str:
        by = by or self.database
        variables = {**by.variables(), "COPY": self.name}
        try:
            done = by.client.run(["sh", "-c", script], variables, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise CommandFailed(self.client.lacking % ("pg_dump", "postgresql-client")) from None
        if done.returncode == NOT_FOUND:
            raise CommandFailed(self.client.lacking % ("pg_dump", "postgresql-client"))
        if 'database "%s" already exists' % self.name in done.stderr:
            raise Taken(self.name)
        if "permission denied to create database" in done.stderr:
            raise CommandFailed("the application's role may not make a database: ALTER ROLE %s CREATEDB lets it" % postgresql.name(self.facts["parameters"].get("user", "")))
        if done.returncode:
            raise CommandFailed(" ".join(tail(done.stderr, 3).split()))
        return done.stdout
