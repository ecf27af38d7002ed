# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A fresh schema that takes the place of C(public), where nobody may make a database. Killed at any instant, the old one is whole and has its name, or the new one has it."""
from __future__ import annotations

import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import ASIDE, Database, said
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import literal, name, replaced_name

LIVE, SCRATCH, OLD = "public", ASIDE[0], ASIDE[1]
OURS = "made by django-ansible-deploy: "
ABOUT = """\
SELECT pg_has_role(n.nspowner, 'USAGE') AND has_database_privilege(current_database(), 'CREATE') AS may, pg_get_userbyid(n.nspowner) AS owner, current_user AS role,
  (SELECT coalesce(json_agg(extname), '[]') FROM pg_extension WHERE extnamespace = n.oid) AS extensions,
  (SELECT coalesce(json_agg(json_build_object('to', CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee) END, 'what', a.privilege_type)), '[]')
     FROM aclexplode(n.nspacl) AS a WHERE a.grantee <> n.nspowner) AS grants
FROM pg_namespace AS n WHERE n.nspname = 'public'"""
# A dump can only be loaded into the schema that it is of: that one gives its name up for it, in a transaction that nobody sees anything of before its end.
# Names in a dump are the application's to choose. From "restrict" on psql takes none of them for a command of its own; a pg_restore of before August 2025 has no such line.
LOAD = """\
{
  printf '%s\\n' "$BEFORE"
  # What one of version 17 or newer sets is nothing that an older server knows. One that fails must not be followed by the end of the transaction.
  { pg_restore --no-owner --use-list "$LISTED" --file - && printf '%s\\n' "$AFTER"; } | {
    for line in 1 2 3 4 5 6 7 8 9 10; do
      IFS= read -r line
      case $line in "\\\\restrict "*) break ;; esac
    done
    case $line in "\\\\restrict "*) printf '%s\\n' "$line" && sed '1,40{/^SET transaction_timeout = 0;$/d;}' ;; *) echo "$OLD" >&2 ;; esac
  }
} | psql -XAtq --no-password -v ON_ERROR_STOP=1 -f -
"""
TOO_OLD = "pg_restore is older than August 2025: update postgresql-client"
# What is the server's, or another role's, and is there already.
SHARED = ("SCHEMA - public", "COMMENT - SCHEMA public", "ACL - SCHEMA public", "EXTENSION - ", "COMMENT - EXTENSION ")


class Scratch(Database):
    """The database, asked of the schema that is not used yet."""

    def counts(self, tables: list[str]) -> dict:
        moved = {table: name(SCRATCH) + table[len(LIVE) :] for table in tables if table.startswith(LIVE + ".")}
        found = super().counts(sorted(moved.values()))
        return {table: found[there] for table, there in moved.items() if there in found}


class SchemaReplacement:
    """The way from the schema C(public) of *database* to one that takes its place.

    :raises CommandFailed: when the role may not do that either, or the schema cannot be moved.
    """

    needs = "paused"

    def __init__(self, database: Database) -> None:
        self.database = database
        self.scratch = Scratch({**database.parameters, "dbname": database.name}, database.client)
        self.seen_as = {"database_schema": SCRATCH}
        found = database.rows(ABOUT)
        if not found or not found[0]["may"]:
            raise CommandFailed("it may not make a schema in the place of %s either" % LIVE)
        self.about = found[0]
        if self.about["extensions"]:
            raise CommandFailed("the schema %s cannot be replaced in place, as it has the extensions %s" % (LIVE, ", ".join(self.about["extensions"])))

    def make(self) -> None:
        self.discard()

    def load(self, path: str) -> None:
        """Loads a dump into the scratch schema.

        :raises CommandFailed: when it has more than the schema public, or something that is not the role's to make.
        """
        contents = {line: line.split(None, 3)[3].strip() for line in self.database.contents(path) if not line.startswith(";") and line.count(" ") >= 3}
        others = sorted({entry.split()[2] for entry in contents.values() if entry.startswith("SCHEMA - ") and not entry.startswith(SHARED)})
        if others:
            raise CommandFailed("the dump has the schemas %s besides %s, which can only be restored into a database of its own" % (", ".join(others), LIVE))
        grants = ["GRANT %s ON SCHEMA %s TO %s;" % (grant["what"], name(LIVE), name(grant["to"]) if grant["to"] else "PUBLIC") for grant in self.about["grants"]]
        before = ["BEGIN;", "ALTER SCHEMA %s RENAME TO %s;" % (name(LIVE), name(OLD)), "CREATE SCHEMA %s;" % name(LIVE), *grants, owned(LIVE, self.about["owner"])]
        after = [
            "ALTER SCHEMA %s RENAME TO %s;" % (name(LIVE), name(SCRATCH)), "ALTER SCHEMA %s RENAME TO %s;" % (name(OLD), name(LIVE)),
            "COMMENT ON SCHEMA %s IS %s;" % (name(SCRATCH), literal(OURS + "a restore that is under way")), "COMMIT;", "ANALYZE;", "SELECT 'whole';",
        ]
        kept = [line for line, entry in contents.items() if not entry.startswith(SHARED)]
        with self.database.client.given("\n".join(kept) + "\n") as listed, open(path, "rb") as file:
            variables = {**self.database.variables(), "LISTED": listed, "BEFORE": "\n".join(before), "AFTER": "\n".join(after), "OLD": TOO_OLD}
            done = self.database.client.run(["sh", "-c", LOAD], variables, stdin=file, stdout=subprocess.PIPE)
        if done.returncode or not done.stdout.rstrip().endswith("whole"):
            raise CommandFailed("the dump could not be loaded into a schema of its own: %s" % said(done.stderr))

    def switch(self, moment: float, dump: str) -> str:
        """Gives the new schema the old one's name, and the old one another, which is returned. Connections stay: their next statement finds the new one."""
        replaced = replaced_name(LIVE, moment)
        self.database.ask("BEGIN; SET LOCAL lock_timeout = '5s'; ALTER SCHEMA %s RENAME TO %s; ALTER SCHEMA %s RENAME TO %s; COMMENT ON SCHEMA %s IS %s; COMMIT;" % (
            name(LIVE), name(replaced), name(SCRATCH), name(LIVE), name(replaced), literal(OURS + "replaced by the dump " + dump),
        ))
        return replaced

    def discard(self) -> None:
        """Removes the scratch schema if a restore made it."""
        if self._ours("= " + literal(SCRATCH)):
            self.forget(SCRATCH)

    def replaced(self) -> list[dict]:
        """The schemas that were replaced, oldest first: C(name)."""
        return self._ours("LIKE " + literal(replaced_name(LIVE, 0)[:-14].replace("_", "\\_") + "%"))

    def forget(self, schema: str) -> None:
        self.database.ask("SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS %s CASCADE;" % name(schema))

    def _ours(self, which: str) -> list[dict]:
        return self.database.rows(
            "SELECT nspname AS name FROM pg_namespace WHERE nspname %s AND starts_with(obj_description(oid, 'pg_namespace'), %s) ORDER BY 1" % (which, literal(OURS))
        )


def owned(schema: str, owner: str) -> str:
    """Has a schema belong to whoever the old one belonged to, where that is anybody's to give."""
    return "DO $do$ BEGIN ALTER SCHEMA %s OWNER TO %s; EXCEPTION WHEN insufficient_privilege THEN NULL; END $do$;" % (name(schema), name(owner))
