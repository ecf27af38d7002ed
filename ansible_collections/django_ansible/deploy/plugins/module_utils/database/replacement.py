# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A fresh PostgreSQL database that takes another one's place by its name. Killed at any instant, the old one is whole and has its name, or the new one has it."""
from __future__ import annotations

import re
import secrets

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.clients import Administrator, Ended
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import Database, maker_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import literal, name, replaced_name, restored_name

OURS = "made by django-ansible-deploy: "
LOCAL = ("", "localhost", "127.0.0.1", "::1")
PUBLIC = "SELECT coalesce((SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public'), '')"
ABOUT = """\
SELECT pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype, pg_get_userbyid(d.datdba) AS owner,
  d.datconnlimit AS limit, d.datacl IS NOT NULL AS granted, to_jsonb(d) AS catalog, d.oid::text AS oid, pg_postmaster_start_time()::text AS started,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super, (SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user) AS creates,
  current_user AS role, (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'public') AS public, current_setting('server_version_num')::int AS version,
  (SELECT coalesce(json_agg(json_build_object('to', CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee) END, 'what', a.privilege_type,
     'option', a.is_grantable)), '[]') FROM aclexplode(d.datacl) AS a) AS grants,
  (SELECT coalesce(json_agg(json_build_object('role', CASE WHEN s.setrole = 0 THEN '' ELSE pg_get_userbyid(s.setrole) END, 'set', s.setconfig)), '[]')
     FROM pg_db_role_setting AS s WHERE s.setdatabase = d.oid) AS settings,
  (SELECT coalesce(json_agg(json_build_object('name', e.extname, 'schema', n.nspname)), '[]') FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace) AS extensions
FROM pg_database AS d WHERE d.datname = current_database()"""
TABLES = """\
SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')"""
# Tables and sequences of extensions that are another role's and that dumps have the rows of, by how their lines in a dump's contents begin.
OF_EXTENSIONS = """\
SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE SET ' ELSE 'TABLE DATA ' END || n.nspname || ' ' || c.relname || ' ' AS entry, format('%%I.%%I', n.nspname, c.relname) AS relation
FROM pg_extension AS e CROSS JOIN unnest(e.extconfig) AS k(id) JOIN pg_class AS c ON c.oid = k.id JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT pg_has_role(%s, e.extowner, 'USAGE')"""
# A setting of a role in a database that every role may have, that takes any number below 1, and that changes no result.
PROOF = "geqo_seed"
# Settings whose value is a list of names, which are not to be quoted as one, and an element of such a list as the server reads it.
LISTS = ("search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries")
ELEMENT = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^\s,]+))\s*(?:,|$)')
# The rename takes the lock that new connections wait for, then waits 5 s at most for the old ones to end; the loop ends them meanwhile.
# It is one transaction: whatever is killed, either both names change or none.
SWITCH = """\
psql -XAtq --no-password -v ON_ERROR_STOP=1 -c "$RENAMES" & switching=$!
while kill -0 $switching 2>/dev/null; do psql -XAtq --no-password -c "$END_CONNECTIONS" >/dev/null 2>&1; sleep 0.05; done
wait $switching
"""


def variable(key: str) -> str:
    """The name of a setting as it stands in SQL."""
    return ".".join(map(name, key.split(".")))


def elements(value: str) -> str:
    """A setting's list of names as it stands in SQL. The application's role may have set it to any text that the server takes for such a list."""
    found = ELEMENT.findall(value)
    return ", ".join(literal(quoted.replace('""', '"') if bare == "" else bare.lower()) for quoted, bare in found) or "''"


class Replacement:
    """The way from *database* to one that takes its place."""

    # What the application is kept from while it does, see Recovery.
    needs = "paused"

    def __init__(self, database: Database) -> None:
        self.database = database
        self.about = database.rows(ABOUT)[0]
        self.scratch = database.named(restored_name(database.name))
        self.seen_as = {"database_name": self.scratch.name}
        self.maker = self._maker()
        # Who does what else is to be done there. What another role than the administrator makes is to belong to the application's own.
        self.filler = self.maker if isinstance(self.maker.client, Administrator) else self.database

    def _maker(self) -> Database:
        """Who may make and rename databases: the role itself, else the one that does so in its place, else the administrator where the server is on this host.

        :raises CommandFailed: with the line that an administrator runs, when there is neither.
        """
        if self.about["super"] or (self.about["creates"] and self.about["owner"] == self.about["role"]):
            return self.database
        made = maker_of(self.database) if self.about["owner"] == self.about["role"] else None
        if made is not None:
            return made
        if self.database.parameters.get("host", "") in LOCAL or self.database.parameters["host"].startswith("/"):
            local = {key: value for key, value in self.database.parameters.items() if key in ("dbname", "port")}
            if self.database.parameters.get("host", "").startswith("/"):
                local["host"] = self.database.parameters["host"]
            administrator = Database(local, Administrator())
            try:
                # Whatever listens there under that number, it has to be the same server.
                found = administrator.rows(ABOUT)[0]
                same = found["super"] and (found["oid"], found["started"]) == (self.about["oid"], self.about["started"])
                if same and self._is_known_to(administrator, found):
                    # What the administrator writes into SQL, it has seen itself: in a session of the application's role, functions of its own may answer.
                    self.about = {**found, "role": self.about["role"], "super": False}
                    return administrator
            except Ended:
                raise
            except (CommandFailed, KeyError):
                pass
        line = "ALTER ROLE %s CREATEDB;" % name(self.about["role"])
        if self.about["owner"] != self.about["role"]:
            line += " ALTER DATABASE %s OWNER TO %s;" % (name(self.database.name), name(self.about["role"]))
        raise CommandFailed(
            "the role %s may not create a database to restore into. Have an administrator of the server run: %s, and start again (afterwards ALTER ROLE … NOCREATEDB takes it back)"
            % (self.about["role"], line)
        )

    def _is_known_to(self, administrator: Database, found: dict) -> bool:
        """Whether the application's role really has that database on the administrator's server: what it writes there, the administrator reads.

        Another account of this host can listen under the server's number on an address where that does not, and answer the application as it likes. It cannot write
        as a role whose password it does not have; its own role may write such a setting for any database, so that the role has to be one that may do all there.
        """
        role, database = self.about["role"], name(self.database.name)
        of_role = [entry["set"] for entry in found["settings"] if entry["role"] == role]
        before = [value for value in sum(of_role, []) if value.startswith(PROOF + "=")]
        word = "%s=0.%015d" % (PROOF, secrets.randbelow(10**15))
        change = "ALTER ROLE CURRENT_USER IN DATABASE %s SET %%s TO %%s" % database
        self.database.ask(change % tuple(word.split("=")))
        try:
            asked = (
                "SELECT 1 FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase WHERE d.oid = %s AND pg_get_userbyid(s.setrole) = %s "
                "AND %s = ANY(s.setconfig) AND (pg_has_role(s.setrole, d.datdba, 'MEMBER') OR has_database_privilege(s.setrole, d.oid, 'CREATE'))"
            )
            return bool(administrator.rows(asked % (literal(found["oid"]), literal(role), literal(word))))
        finally:
            self.database.ask(change % tuple(before[0].split("=")) if before else "ALTER ROLE CURRENT_USER IN DATABASE %s RESET %s" % (database, PROOF))

    # What is made.

    def make(self) -> None:
        """An empty database of the same encoding, order, owner, rights and settings. One that a killed run left goes first.

        :raises CommandFailed: when there is one of that name that has something in it.
        """
        about, scratch = self.about, name(self.scratch.name)
        created = [] if self.is_given() else [
            "CREATE DATABASE %s OWNER %s TEMPLATE template0 ENCODING %s%s CONNECTION LIMIT %d;"
            % (scratch, name(about["owner"]), literal(about["encoding"]), self._locale(), about["limit"])
        ]
        lines = [
            "COMMENT ON DATABASE %s IS %s;" % (scratch, literal(OURS + "a restore that is under way")),
        ]
        if about["granted"]:
            lines.append("REVOKE ALL ON DATABASE %s FROM PUBLIC;" % scratch)
        lines += [
            "GRANT %s ON DATABASE %s TO %s%s;" % (grant["what"], scratch, name(grant["to"]) if grant["to"] else "PUBLIC", " WITH GRANT OPTION" if grant["option"] else "")
            for grant in about["grants"] if grant["to"] != about["owner"]
        ]
        for setting in about["settings"]:
            who = "ROLE %s IN DATABASE %s" % (name(setting["role"]), scratch) if setting["role"] else "DATABASE %s" % scratch
            lines += ["ALTER %s SET %s TO %s;" % (who, variable(key), elements(value) if key in LISTS else literal(value)) for key, _, value in (entry.partition("=") for entry in setting["set"])]
        if created:
            self.maker.ask("\n".join(created))
        self.filler.ask("\n".join(lines))
        made = self.filler.named(self.scratch.name)
        if about["public"] and made.ask(PUBLIC) != about["public"]:
            made.ask("ALTER SCHEMA public OWNER TO %s;" % name(about["public"]))

    def _locale(self) -> str:
        catalog = self.about["catalog"]
        provider = catalog.get("datlocprovider", "c")
        locale = catalog.get("datlocale") or catalog.get("daticulocale")
        more = {"i": " LOCALE_PROVIDER icu ICU_LOCALE %s", "b": " LOCALE_PROVIDER builtin BUILTIN_LOCALE %s"}.get(provider, "")
        return " LC_COLLATE %s LC_CTYPE %s" % (literal(self.about["collate"]), literal(self.about["ctype"])) + (more % literal(locale) if more else "")

    def load(self, path: str) -> None:
        """Loads a dump. Extensions come first, by whoever may make them; what else is in it is made as the application's role."""
        contents = {line: line.split(None, 3)[3].strip() for line in self.database.contents(path) if not line.startswith(";") and line.count(" ") >= 3}
        places = {entry["name"]: entry["schema"] for entry in self.about["extensions"]}
        made = self.filler.named(self.scratch.name)
        for entry in contents.values():
            if entry.startswith("EXTENSION - "):
                self._extend(made, entry.split()[2], places.get(entry.split()[2], ""))
        # What is another role's already, with its comment.
        foreign = {row["extname"] for row in self.scratch.rows("SELECT extname FROM pg_extension WHERE NOT pg_has_role(extowner, 'USAGE')")}
        left_out = {form % extension for extension in foreign for form in ("EXTENSION - %s", "COMMENT - EXTENSION %s")}
        schemas = {"SCHEMA - %s " % row["nspname"] for row in self.scratch.rows("SELECT nspname FROM pg_namespace WHERE nspname <> 'public'")}
        # Rows in tables of such an extension, like PostGIS's systems of coordinates, are for whoever made it to write.
        owned = {row["entry"]: row["relation"] for row in made.rows(OF_EXTENSIONS % literal(self.about["role"]))}
        for start, relation in owned.items():
            for line in (line for line, entry in contents.items() if entry.startswith(start)):
                made.take_over(relation, self.scratch.contained(path, line))
        kept = [line for line, entry in contents.items() if entry not in left_out and not entry.startswith((*schemas, *owned))]
        self.scratch.load(path, kept, self.about["super"])
        self.scratch.ask("ANALYZE")

    def _extend(self, made: Database, extension: str, schema: str) -> None:
        place = " SCHEMA %s" % name(schema) if schema else ""
        lines = ["CREATE SCHEMA IF NOT EXISTS %s AUTHORIZATION %s;" % (name(schema), name(self.about["owner"]))] if schema not in ("", "public", "pg_catalog") else []
        lines += ["SET search_path TO public;"] if not schema else []
        try:
            made.ask("\n".join([*lines, "CREATE EXTENSION IF NOT EXISTS %s%s;" % (name(extension), place)]))
        except CommandFailed as error:
            raise CommandFailed(
                "%s may not make the extension %s (%s). Have an administrator of the server run: CREATE DATABASE %s OWNER %s TEMPLATE template0; and in it: CREATE EXTENSION %s%s; "
                "and start again, which uses that database" % (self.about["role"], extension, error, name(self.scratch.name), name(self.about["owner"]), name(extension), place)
            ) from error

    # What becomes of it.

    def switch(self, moment: float, dump: str) -> str:
        """Gives the new database the old one's name, and the old one another, which is returned. Connections wait or end.

        :raises CommandFailed: when the old one is in use by somebody whose connections this role may not end; nothing has changed then.
        """
        old, scratch, replaced = self.database.name, self.scratch.name, replaced_name(self.database.name, moment)
        renames = "BEGIN; COMMENT ON DATABASE %s IS %s; COMMENT ON DATABASE %s IS %s; ALTER DATABASE %s RENAME TO %s; ALTER DATABASE %s RENAME TO %s; COMMIT" % (
            name(old), literal(OURS + "replaced by the dump " + dump), name(scratch), literal(OURS + "restored from the dump " + dump),
            name(old), name(replaced), name(scratch), name(old),
        )
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (%s, %s) AND pid <> pg_backend_pid() AND pg_has_role(usesysid, 'MEMBER')" % (
            literal(old), literal(scratch)
        )
        variables = {**self.maker.variables("postgres"), "RENAMES": renames, "END_CONNECTIONS": ending}
        # The client is a shell that runs psql twice: in a container it would otherwise be two containers.
        done = self.maker.client.run(["sh", "-c", SWITCH], variables)
        if done.returncode:
            raise CommandFailed("the restored database could not take the place of %s, which is as it was: %s" % (old, " ".join(done.stderr.split())[-400:]))
        return replaced

    def is_given(self) -> bool:
        """Whether an administrator made the scratch database, for this restore. One that a restore left, which was killed, is removed.

        :raises CommandFailed: when there is one of that name that has something in it.
        """
        self.discard()
        found = self.maker.rows("SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = %s" % literal(self.scratch.name))
        if found and (found[0]["owner"] != self.about["owner"] or self.scratch.rows(TABLES)):
            raise CommandFailed("there is a database %s that no restore made: rename it, its name is needed" % self.scratch.name)
        return bool(found)

    def discard(self) -> None:
        """Removes the scratch database if a restore made it."""
        ours = "SELECT datname FROM pg_database WHERE datname = %s AND starts_with(shobj_description(oid, 'pg_database'), %s)" % (literal(self.scratch.name), literal(OURS))
        if self.maker.rows(ours):
            self.maker.ask("DROP DATABASE IF EXISTS %s WITH (FORCE);" % name(self.scratch.name))

    def replaced(self) -> list[dict]:
        """The databases that were replaced, oldest first: C(name), C(dump), C(size) in bytes."""
        prefix = replaced_name(self.database.name, 0)[:-14]
        return self.maker.rows(
            "SELECT datname AS name, replace(shobj_description(oid, 'pg_database'), %s, '') AS dump, pg_database_size(oid) AS size FROM pg_database"
            " WHERE starts_with(datname, %s) AND shobj_description(oid, 'pg_database') LIKE %s ORDER BY datname"
            % (literal(OURS + "replaced by the dump "), literal(prefix), literal(OURS + "replaced by %"))
        )

    def forget(self, database: str) -> None:
        """Removes a replaced database."""
        self.maker.ask("DROP DATABASE IF EXISTS %s WITH (FORCE);" % name(database))
