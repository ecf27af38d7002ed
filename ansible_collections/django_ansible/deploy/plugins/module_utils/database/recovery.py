# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Dumps a database and brings it back, in both modes.

An *application* is what can be driven, see django.driver; a *client* runs a database's own programs, see clients.
"""
from __future__ import annotations

import contextlib
import os
import shutil
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import BY_HAND, REHEARSED, Catalogue, reason
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.clients import was_ended
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.kinds import database_of, replacement_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.targets import copy_to_all, fetch_from_any
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

REPLACED = 2  # databases that a restore replaced and that stay


class Recovery:
    """What is done about one application's default database.

    :param client: runs the database's programs.
    :param folder: of the catalogue.
    :param held: by a name that a replacement has as C(needs), what is entered for the moment in which one database takes another's place, and keeps requests
        waiting: C(paused), what runs of the application is stopped as it is; C(closed), what serves requests has nothing open.
    """

    def __init__(self, client, folder: str, actor: str = "", held: dict | None = None) -> None:
        self.client = client
        self.catalogue = Catalogue(folder)
        self.actor = actor
        self.held = held or {}

    def dump(self, facts: dict, **why: object) -> dict:
        """Takes a dump and returns its record.

        :param facts: what driver's step C(database) tells.
        :param why: C(reason), or C(before) which migrations of which C(attempt); the C(release) that is live.
        :raises CommandFailed: when there is no room, no program, or one older than the server.
        """
        return self._unhindered(lambda held: self._dump(facts, why))

    def _unhindered(self, work):
        """What *work* returns, which gets C(held). Once more with the application paused, when that ends or stops programs that work for it."""
        try:
            return work(self.held)
        except CommandFailed as error:
            if "paused" not in self.held or not was_ended(error):
                raise
            with self.held["paused"]():
                return work({**self.held, "paused": contextlib.nullcontext})

    def _dump(self, facts: dict, why: dict) -> dict:
        database = self.database_of(facts)
        self.client.need(*database.programs, facts.get("version") or 0)
        identifier = self.catalogue.begin()
        folder = self.catalogue.folder
        free = shutil.disk_usage(folder).free
        if free < facts.get("size", 0):
            raise CommandFailed("the dump may need %d MiB and %s has %d free: free some space" % (facts["size"] >> 20, folder, free >> 20))
        partial = os.path.join(folder, identifier + ".partial")
        begun = time.monotonic()
        try:
            with self.catalogue.writing():
                found = database.dump(partial)
            return self.catalogue.complete(
                identifier, partial, vendor=facts["vendor"], database=database.name, host=facts["parameters"].get("host", ""),
                port=facts["parameters"].get("port", ""), actor=self.actor, seconds=round(time.monotonic() - begun, 2), **found, **why,
            )
        finally:
            if os.path.exists(partial):
                os.unlink(partial)

    def restore(self, record: dict, target, *, swap: bool = True) -> dict:
        """As _restore, which only one may do at a time."""
        with self.catalogue.alone():
            return self._unhindered(lambda held: self._restore(record, target, swap, held))

    def _restore(self, record: dict, target, swap: bool, held: dict) -> dict:
        """Brings a dump back: into a fresh database first, where *target* is asked, then in the place of the one that is there.

        :param target: the release that is going to use it.
        :param swap: whether it takes that place; else this is a rehearsal, and what was made is removed again.
        :raises CommandFailed: with what is wrong; the database that was there is whole then and has its name.
        """
        facts = target.drive("database")["database"]
        if facts["vendor"] != record.get("vendor"):
            raise CommandFailed("the dump %s is of %s, and the application uses %s" % (record["id"], record.get("vendor"), facts["vendor"]))
        begun = time.monotonic()
        self.catalogue.verify(record)
        database = self.database_of(facts)
        self.client.need(*database.programs, facts.get("version") or 0)
        replacement = replacement_of(database)
        try:
            replacement.make()
            replacement.load(self.catalogue.path(record))
            compare(record, replacement.scratch.counts(sorted(record.get("rows", {}))))
            judge(record, target.drive("ready", **replacement.seen_as)["ready"])
            result = {"dump": record["id"], "seconds": round(time.monotonic() - begun, 2)}
            if swap:
                switching = time.monotonic()
                replacement.alone = replacement.needs in held
                with held.get(replacement.needs, contextlib.nullcontext)():
                    result["replaced"] = replacement.switch(time.time(), record["id"])
                    result["switched_in"] = round(time.monotonic() - switching, 2)
                result["told"] = self._keep(replacement, record, result)
        except BaseException as error:
            with contextlib.suppress(CommandFailed):
                replacement.discard()
            if isinstance(error, CommandFailed):
                raise CommandFailed("the dump %s (%s) was not restored, and the database is as it was: %s" % (record["id"], reason(record), error)) from error
            raise
        if not swap:
            replacement.discard()
        return result

    def act(self, operation: str, application, *, asked: str, live: str | None, check_mode: bool, why: str = BY_HAND, targets: list | None = None) -> dict:
        """Does what a person asked for: V(backup), V(restore) or V(rehearse). Tells C(dump) and, in C(told), sentences about it.

        :param application: the live release.
        :param asked: which dump, see Catalogue.find.
        :param why: of a backup, for its record.
        :param targets: where a dump is looked for that is not in the catalogue.
        """
        facts = application.drive("database")["database"]
        database = self.database_of(facts).name
        if operation == "backup":
            if check_mode:
                return {"told": ["a dump of the database %s would be made" % database]}
            record = self.dump(facts, reason=why, release=live)
            return {"dump": record["id"], "told": ["the dump %s has %d rows of %d tables in %.1f MB, made in %.1f s" % (
                record["id"], sum(record["rows"].values()), len(record["rows"]), record["size"] / 1e6, record["seconds"])]}
        record = self._found(asked, database, [] if check_mode else targets or [])
        if check_mode:
            return {"dump": record["id"], "told": ["the database %s would be restored from the dump %s (%s)" % (database, record["id"], reason(record))]}
        if operation == "restore":
            return {"dump": record["id"], "told": [self.restore(record, application)["told"]]}
        rehearsed = self.restore(record, application, swap=False)
        self.catalogue.note(record, rehearsed=time.strftime(REHEARSED, time.gmtime()), restores_in=rehearsed["seconds"])
        return {"dump": record["id"], "told": ["the dump %s can be restored: in %.1f s, with all of its rows, and Django is content with it" % (record["id"], rehearsed["seconds"])]}

    def carry_out(self, operation: str, application, *, asked: str, live: str, check_mode: bool, targets: list, dumps: dict, record) -> dict:
        """As :meth:`act`, for a run: the journal has it, and a dump is copied to other places.

        :param dumps: C(number) and C(days) that stay there.
        :param record: notes it in the journal.
        """
        found = self.act(operation, application, asked=asked, live=live, check_mode=check_mode, targets=targets)
        if check_mode:
            return found
        record(result=operation, release=live, dump=found["dump"], actor=self.actor)
        if operation == "backup":
            told, troubles = copy_to_all(targets, self.catalogue, **dumps)
            found["told"] += told
            if troubles:
                raise CommandFailed("the dump %s was made on this host, and %s" % (found["dump"], "; ".join(troubles)))
        return found

    def _found(self, asked: str, database: str, targets: list) -> dict:
        try:
            return self.catalogue.find(asked, database)
        except CommandFailed as error:
            if not targets:
                raise
            try:
                return self.catalogue.find(fetch_from_any(targets, self.catalogue, asked))
            except CommandFailed as elsewhere:
                raise CommandFailed("%s; %s" % (error, elsewhere)) from elsewhere

    def _keep(self, replacement, record: dict, result: dict) -> str:
        """Removes what was replaced long ago, and tells in a sentence what became of the database."""
        sentence = "the database was restored from the dump %s (%s) in %d s, and what was written since is in %s alone" % (
            record["id"], reason(record), result["seconds"], result["replaced"]
        )
        try:
            gone = replacement.replaced()[:-REPLACED]
            for database in gone:
                replacement.forget(database["name"])
        except CommandFailed as error:
            return "%s; older ones could not be removed: %s" % (sentence, error)
        return sentence + ("; removed %s, which were replaced before" % ", ".join(database["name"] for database in gone) if gone else "")

    def database_of(self, facts: dict):
        """:raises CommandFailed: when it is none that can be dumped."""
        return database_of(facts, self.client)


def compare(record: dict, counts: dict) -> None:
    """:raises CommandFailed: when what was restored has other rows than were dumped."""
    wrong = ["%s has %s of %d rows" % (table, counts.get(table, "none"), rows) for table, rows in sorted(record.get("rows", {}).items()) if counts.get(table) != rows]
    if wrong:
        raise CommandFailed("the restored database is not complete: %s" % "; ".join(wrong[:10]))


def judge(record: dict, found: dict) -> None:
    """:raises CommandFailed: when Django is not content with what was restored."""
    if found["errors"]:
        raise CommandFailed("manage.py check found, on the restored database: %s" % "; ".join(found["errors"][:10]))
    if found["migrations"]:
        raise CommandFailed(
            "it is from before %s, which the release needs that is to use it: to restore it, roll back to a release without that, with rollback_migrations: restore"
            % ", ".join(found["migrations"])
        )
    if found["unknown"]:
        raise CommandFailed("it has migrations that the release does not know that is to use it: %s" % ", ".join(found["unknown"]))
