# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A dump's tables that take the place of those of a MySQL or MariaDB database. There a database has one name for good, so that all tables are renamed, in one statement."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.mysql import START, MysqlDatabase, quoted, text
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import is_replaced, replaced_name, restored_name

# Says of a database that a restore made it.
MADE = "made_by_django_ansible_deploy"
# The statement waits for those that use a table, who are ended meanwhile, and not longer than 10 s.
SWITCH = START % ("mariadb", "mysql") + """\
printf %s "$RENAMES" | client --batch "$@" & switching=$!
while kill -0 $switching 2>/dev/null; do
  printf %s "$USERS" | client --batch --skip-column-names "$@" 2>/dev/null | client --force "$@" >/dev/null 2>&1
  sleep 0.05
done
wait $switching
"""
USERS = "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE db = %s AND user = SUBSTRING_INDEX(USER(), '@', 1)"


class MysqlReplacement:
    """The way from *database* to one with the dump's tables."""

    needs = "paused"

    def __init__(self, database: MysqlDatabase) -> None:
        self.database = database
        self.scratch = database.named(restored_name(database.name))
        self.seen_as = {"database_name": self.scratch.name}

    def make(self) -> None:
        """An empty database of the same character set. One that a killed run left goes first.

        :raises CommandFailed: with the line that an administrator runs, when the application's user may not; when something is in the way.
        """
        self.refuse_what_stays(self.database)
        self.discard()
        if self.exists():
            raise CommandFailed("there is a database %s that no restore made: its name is needed" % self.scratch.name)
        kind = self.database.lines(
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = %s" % text(self.database.name)
        )[0].split("\t")
        self.create(self.scratch.name, kind)
        self.scratch.ask("CREATE TABLE %s (id INT)" % MADE)
        self.kind = kind

    def create(self, name: str, kind: list[str]) -> None:
        try:
            self.database.ask("CREATE DATABASE %s CHARACTER SET %s COLLATE %s" % (quoted(name), *kind), "")
        except CommandFailed as error:
            user, _, host = self.database.ask("SELECT CURRENT_USER()").rpartition("@")
            pattern = self.database.name.replace("_", "\\_") + "\\_%"
            raise CommandFailed(
                "the application's user may not make a database to restore into (%s). Have an administrator of the server run: GRANT ALL PRIVILEGES ON %s.* TO %s@%s; and start again"
                % (error, quoted(pattern), text(user), text(host))
            ) from error

    def refuse_what_stays(self, database: MysqlDatabase) -> None:
        """:raises CommandFailed: when there is something that cannot be renamed with the tables."""
        schema = text(database.name)
        found = database.lines(
            "SELECT CONCAT('view ', table_name) FROM information_schema.views WHERE table_schema = %s UNION ALL "
            "SELECT CONCAT('trigger ', trigger_name) FROM information_schema.triggers WHERE trigger_schema = %s" % (schema, schema)
        )
        if found:
            raise CommandFailed(
                "%s has what cannot be moved from one database to another: %s. The dump can be loaded by hand: gzip -dc FILE | mysql" % (database.name, ", ".join(found[:10]))
            )

    def load(self, path: str) -> None:
        self.scratch.load(path)
        self.refuse_what_stays(self.scratch)

    def switch(self, moment: float, dump: str) -> str:
        """Renames all tables, and returns the name of the database that has those of before.

        :raises CommandFailed: when somebody whose connections this user may not end uses one; nothing has changed then.
        """
        live, scratch, replaced = self.database.name, self.scratch.name, replaced_name(self.database.name, moment)
        self.create(replaced, self.kind)
        moves = [(live, table, replaced) for table in tables(self.database)] + [(scratch, table, live) for table in tables(self.scratch) if table != MADE]
        renames = ", ".join("%s.%s TO %s.%s" % tuple(map(quoted, (source, table, target, table))) for source, table, target in moves)
        variables = {
            "RENAMES": "SET SESSION lock_wait_timeout = 10, SESSION foreign_key_checks = 0; RENAME TABLE %s;" % renames, "USERS": USERS % text(live),
        }
        done = self.database.run(SWITCH, "", variables)
        if done.returncode:
            self.forget(replaced)
            raise CommandFailed("the restored tables could not take the place of those of %s, which are as they were: %s" % (live, " ".join(done.stderr.split())[-400:]))
        self.discard()
        return replaced

    def exists(self) -> bool:
        return bool(self.database.lines("SELECT schema_name FROM information_schema.schemata WHERE schema_name = %s" % text(self.scratch.name)))

    def discard(self) -> None:
        """Removes the scratch database if a restore made it."""
        if self.exists() and (MADE in tables(self.scratch) or not tables(self.scratch)):
            self.forget(self.scratch.name)

    def replaced(self) -> list[dict]:
        """The databases that have what was replaced, oldest first: C(name)."""
        return [{"name": name} for name in sorted(self.database.lines("SHOW DATABASES")) if is_replaced(name, self.database.name)]

    def forget(self, database: str) -> None:
        self.database.ask("DROP DATABASE IF EXISTS %s" % quoted(database), "")


def tables(database: MysqlDatabase) -> list[str]:
    return [line.partition("\t")[0] for line in database.lines("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")]
