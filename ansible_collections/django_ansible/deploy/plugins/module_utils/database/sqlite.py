# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A SQLite database: copied by SQLite's own backup while it is in use, and restored into the file that it is. See sqlite_files for what runs as its owner."""
from __future__ import annotations

import inspect
import json
import os
import subprocess
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.database import sqlite_files
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail


class SqliteDatabase:
    """One file, worked on through *client* by its owner.

    :param parameters: C(dbname), its path.
    """

    vendor = "sqlite"
    programs = (("python3",), "python3")

    def __init__(self, parameters: dict, client) -> None:
        self.parameters = parameters
        self.client = client
        self.name = parameters["dbname"]

    def named(self, path: str) -> SqliteDatabase:
        return SqliteDatabase({"dbname": path}, self.client)

    def ask(self, step: str, path: str = "", **more: object) -> dict:
        """What a step of sqlite_files answers.

        :raises CommandFailed: with its words.
        """
        streams = {name: more.pop(name) for name in ("stdin", "stdout") if name in more}
        request = json.dumps({"step": step, "path": path or self.name, **more})
        argv = [self.client.python, "-I", "-c", inspect.getsource(sqlite_files), request]
        try:
            done = self.client.run(argv, {}, **{"stdin": subprocess.DEVNULL, **streams})
        except FileNotFoundError as error:
            raise CommandFailed(self.client.lacking % (self.client.python, "python3")) from error
        answers = [line.partition(sqlite_files.MARK)[2] for line in done.stderr.splitlines() if sqlite_files.MARK in line]
        try:
            found = json.loads(answers[-1])
        except (IndexError, ValueError):
            raise CommandFailed("%s could not be worked on: %s" % (self.name, tail(done.stderr, 3))) from None
        if not isinstance(found, dict) or "error" in found:
            raise CommandFailed(" ".join(str(found["error"] if isinstance(found, dict) else found).split())[:400])
        return found

    def dump(self, partial: str) -> dict:
        """As postgresql.Database.dump: a compressed copy."""
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            found = self.ask("dump", stdout=descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return {"rows": numbers(found["rows"]), "applied": [str(name) for name in found["applied"]], "server": str(found["server"])}

    def counts(self, tables: list[str]) -> dict:
        """Rows by table."""
        found = numbers(self.ask("count")["rows"])
        return {table: found[table] for table in tables if table in found}


class SqliteReplacement:
    """The way from *database* to what a dump has: by a rename where nobody has it open, else into the file itself. Killed at any instant, the file has all of the one or all of the other."""

    # What is stopped as it is might have SQLite's lock, and what has the file open would go on writing into it after another took its name.
    needs = "closed"
    # Whether nothing else has it open, as far as this side knows.
    alone = False

    def __init__(self, database: SqliteDatabase) -> None:
        self.database = database
        self.scratch = database.named(database.name + "_restore")
        self.seen_as = {"database_name": self.scratch.name}

    def make(self) -> None:
        self.discard()

    def load(self, path: str) -> None:
        """Unpacks a dump beside the database.

        :raises CommandFailed: when it is damaged, or the disk full.
        """
        with open(path, "rb") as file:
            self.scratch.ask("load", stdin=file)

    def switch(self, moment: float, dump: str) -> str:
        """Puts it into the database, and keeps a copy of what was there, whose path is returned."""
        kept = self.database.name + time.strftime("_replaced_%Y%m%d%H%M%S", time.gmtime(moment))
        try:
            self.database.ask("switch", source=self.scratch.name, kept=kept, alone=self.alone)
        except CommandFailed as error:
            raise CommandFailed("the restored database could not take the place of %s, which is as it was: %s" % (self.database.name, error)) from error
        self.discard()
        return kept

    def discard(self) -> None:
        self.scratch.ask("discard")

    def replaced(self) -> list[dict]:
        """The copies of what was replaced, oldest first: C(name)."""
        return [{"name": str(path)} for path in self.database.ask("kept")["kept"]]

    def forget(self, path: str) -> None:
        self.database.ask("discard", path)


def numbers(found: dict) -> dict:
    return {str(table): int(count) for table, count in found.items()}
