# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The dumps that a host keeps of one application, in both modes: a file each, and beside it a record of what it is.

```
backups/<id>.dump   what pg_dump or the like wrote
backups/<id>.json   when, by whom, why, of which database, before which migrations of which release; size, sha256, rows by table
```
Everything in it is root's alone. A dump without a record is one of a version before, which named it after the release that it precedes.
"""
from __future__ import annotations

import calendar
import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, write_atomically
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import is_name, listed, trouble_of

ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}")
MOMENT = "%Y%m%dT%H%M%SZ"
REHEARSED = "%Y-%m-%dT%H:%M:%SZ"
CHUNK = 1 << 20
DAY = 86400
ABANDONED = 3600  # seconds without a change after which what is no dump is one that a killed run left
BY_HAND, BY_SCHEDULE = "made by hand", "made on schedule"
# The argument of modules that prune: how many dumps are kept, and for how many days.
LIMITS = {"dumps": {"type": "dict", "default": {}, "options": {"number": {"type": "int", "default": 14}, "days": {"type": "int", "default": 30}}}}


def new_id() -> str:
    return "%s-%s" % (time.strftime(MOMENT, time.gmtime()), secrets.token_hex(2))


def taken_at(record: dict) -> float:
    """Seconds since the epoch."""
    return seconds_of(record["id"][:16], MOMENT) or 0


def seconds_of(text: str, form: str) -> float | None:
    """A moment in seconds since the epoch; None for what has the digits of one and is none."""
    try:
        return calendar.timegm(time.strptime(text, form))
    except ValueError:
        return None


def is_id(text: str) -> bool:
    return ID.fullmatch(text) is not None and seconds_of(text[:16], MOMENT) is not None


def precedes(record: dict) -> bool:
    """Whether it was taken right before migrations."""
    return bool(record.get("before"))


def needed(records: list[dict], kept: set[str]) -> set[str]:
    """The ids of dumps that a rollback to one of the releases *kept* may need, and of the one before the newest attempt at a migration, however that ended.

    Which one it will be depends on what fails and is restored until then, so all stay that precede a migration since the oldest of these releases.
    """
    preceding = [record for record in records if precedes(record)]
    found = {record["id"] for record in preceding if {record.get("release"), record.get("attempt")} & kept or (kept and record["id"] > min(kept))}
    return found | {record["id"] for record in preceding[-1:]}


def superfluous(records: list[dict], kept: set[str], *, number: int, days: int, now: float) -> list[str]:
    """The ids of dumps to remove: those beyond the newest *number* and those older than *days*, but none that is needed."""
    wanted = needed(records, kept)
    rest = [record for record in records if record["id"] not in wanted]
    newest = {record["id"] for record in records[-number:]} if number else set()
    return [record["id"] for record in rest if record["id"] not in newest or taken_at(record) < now - days * DAY]


class Catalogue:
    """*folder* is root's alone and is made by the first dump."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def writing(self):
        """Where something is written there.

        :raises CommandFailed: when the system does not let it, as on a disk that is full.
        """
        try:
            yield
        except OSError as error:
            raise CommandFailed("%s could not be written: %s" % (self.folder, error.strerror or error)) from error

    def path(self, record: dict, suffix: str = ".dump") -> str:
        return os.path.join(self.folder, record["id"] + suffix)

    def records(self) -> list[dict]:
        """What is there, oldest first."""
        names = (name[: -len(".dump")] for name in listed(self.folder) if name.endswith(".dump"))
        return sorted(filter(None, map(self._read, names)), key=lambda record: record["id"])

    def _read(self, name: str) -> dict | None:
        if is_name(name):
            size = os.path.getsize(os.path.join(self.folder, name + ".dump"))
            return {"id": name, "before": ["the migrations of %s" % name], "attempt": name, "vendor": "postgresql", "size": size}
        found = read_record(os.path.join(self.folder, name + ".json"))
        return {**found, "id": name} if found and is_id(name) else None

    def begin(self) -> str:
        """An id for a dump, and a folder that it can be written into."""
        with self.writing():
            ensure_directory(self.folder, 0o700)
        return new_id()

    def complete(self, identifier: str, partial: str, **facts: object) -> dict:
        """Takes a file that was written whole into the catalogue. The record comes first: a dump with a name has one."""
        record = {"id": identifier, **facts, "size": os.path.getsize(partial), "sha256": checksum(partial)}
        text = json.dumps({key: value for key, value in record.items() if value is not None}, indent=2, sort_keys=True) + "\n"
        with self.writing():
            write_atomically(self.path(record, ".json"), text.encode(), 0o600)
            os.rename(partial, self.path(record))
        return record

    def verify(self, record: dict) -> None:
        """:raises CommandFailed: when the file is not what was written."""
        size = os.path.getsize(self.path(record))
        if size != record.get("size") or checksum(self.path(record)) != record.get("sha256", checksum(self.path(record))):
            what = "it has %d bytes instead of %s" % (size, record.get("size")) if size != record.get("size") else "its checksum is another"
            raise CommandFailed("the dump %s is damaged, it is not what was written on %s: %s" % (record["id"], record["id"][:8], what))

    def damaged(self) -> list[str]:
        """What is wrong with the files of dumps, a sentence each."""
        found = []
        for record in self.records():
            try:
                self.verify(record)
            except CommandFailed as error:
                found.append(str(error))
        return found

    @contextlib.contextmanager
    def alone(self):
        """Keeps a second restore or rehearsal out for as long as it is entered.

        :raises CommandFailed: when one works already.
        """
        ensure_directory(self.folder, 0o700)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise CommandFailed("another restore or rehearsal of this database works: wait for it to end") from None
        try:
            yield
        finally:
            os.close(descriptor)

    def proven(self) -> float:
        """When a dump was last found to be restorable, in seconds since the epoch; 0 for never."""
        moments = [seconds_of(record["rehearsed"], REHEARSED) or 0 for record in self.records() if "rehearsed" in record]
        return max(moments, default=0)

    def note(self, record: dict, **facts: object) -> None:
        """Adds facts to the record of a dump, such as how it went when it was restored; None takes one away."""
        if is_id(record["id"]):
            text = json.dumps({key: value for key, value in {**record, **facts}.items() if value is not None}, indent=2, sort_keys=True) + "\n"
            with self.writing():
                write_atomically(self.path(record, ".json"), text.encode(), 0o600)

    def find(self, asked: str, database: str = "") -> dict:
        """A dump by what a person names: its id, the release that was live when it was taken, or ``before app.migration``. Empty is the newest of *database*.

        :raises CommandFailed: when there is none, with those that there are.
        """
        records = self.records()
        word = asked.strip()
        if word.startswith("before "):
            matches = [record for record in records if word[len("before ") :].strip() in record.get("before", [])]
        elif word:
            matches = [record for record in records if record["id"] == word] or [record for record in records if word in (record.get("release"), record.get("attempt"))]
        else:
            matches = [record for record in records if database in ("", record.get("database"))]
        if not matches:
            raise CommandFailed("there is no dump %s: %s" % (asked or "yet", self.described()))
        return matches[-1]

    def fitting(self, unknown: list[str], database: str) -> dict:
        """The newest dump of *database* that has none of the migrations in it that an older release does not know.

        :raises CommandFailed: when there is none, with those that there are.
        """
        fits = [
            record for record in self.records() if "applied" in record and record.get("database") == database and not set(record["applied"]) & set(unknown)
        ]
        if not fits:
            raise CommandFailed("no dump is from before %s: %s" % (", ".join(unknown), self.described()))
        return fits[-1]

    def described(self) -> str:
        """What there is, in a sentence."""
        records = self.records()
        if not records:
            return "%s has none" % self.folder
        return "%s has %s" % (self.folder, "; ".join("%s (%s)" % (record["id"], reason(record)) for record in records[-20:]))

    def unneeded(self, kept: set[str], *, number: int, days: int) -> list[str]:
        """The files that go: of dumps that are not to be kept, see superfluous, and what a killed run left."""
        records = self.records()
        whole = {record["id"] for record in records} - set(superfluous(records, kept, number=number, days=days, now=time.time()))
        names = listed(self.folder)
        # One whose record somebody edited stays: nobody knows what needs it.
        edited = {
            name.partition(".")[0] for name in names
            if name.endswith(".json") and name[: -len(".json")] + ".dump" in names and not read_record(os.path.join(self.folder, name))
        }
        known, whole = {record["id"] for record in records} | edited, whole | edited
        return [
            os.path.join(self.folder, name) for name in names
            if (self._is_abandoned(name) if name.endswith(".partial") or name.partition(".")[0] not in known else name.partition(".")[0] not in whole)
        ]

    def _is_abandoned(self, name: str) -> bool:
        """A dump that is being made by the schedule is none."""
        try:
            return os.path.getmtime(os.path.join(self.folder, name)) < time.time() - ABANDONED
        except FileNotFoundError:
            return False

    def prune(self, kept: set[str], *, number: int, days: int) -> list[str]:
        """Removes them, and tells which they were."""
        removed = self.unneeded(kept, number=number, days=days)
        for path in removed:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        return removed


def read_record(path: str) -> dict | None:
    """A dump's record; None when there is none, or none that a dump was written down with."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return None if trouble_of(found) else found


def reason(record: dict) -> str:
    """Why it was taken, in words."""
    if precedes(record):
        first, more = record["before"][0], len(record["before"]) - 1
        return "before %s%s" % (first, " and %d more" % more if more else "")
    return str(record.get("reason") or BY_HAND)


def checksum(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
