# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The releases that a host keeps, in both modes: a folder each with release.json, and a journal of what was done with them."""
from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as

# A release's name: when it was made, its commit, and where that is taken by another build of the commit, the first digits of its own.
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{7}(-[0-9a-f]{4})?")
COMMIT = re.compile(r"[0-9a-f]{40}")
# What the folders, links and records are. 1 is that of hosts that have no such number yet.
LAYOUT_VERSION = 2
# How a deploy ended, in deploys.jsonl: the run had the host go back, or nobody did.
ROLLED_BACK = "rolled-back"
BY_ITSELF = "rolled-back-by-itself"
FAILED = "failed"
LONGEST_RECORD = 65536  # bytes of a line of deploys.jsonl
# What a record may say, where it says it at all: types, and forms of texts. Nobody makes a name, a path or a decision of the rest.
TEXT, WORD, TIME = r"[^\x00]*", r"[0-9a-z]*", r"[0-9TZ:.+-]+"
FIELDS = {
    **{"layout": int, "revision": r"|[0-9a-f]{40}", "bad": bool, "activated": TIME, "created": TIME, "build": WORD, "venv": WORD, "python": r"python3\.[0-9]+", "migrated": dict, "commands": list, "later": dict},
    **{"prepared": TEXT, "key": WORD, "settled": WORD, "collected": TEXT, "static_root": TEXT, "settings_module": TEXT, "home": bool, "uploads": dict, "pages": dict},
    **{"file": TEXT, "project": TEXT, "summary": dict, "images": dict, "identifiers": dict, "hashes": dict, "fingerprint": WORD},
    # Of a dump, see database/catalogue.py.
    **{"size": int, "sha256": r"[0-9a-f]{64}", "vendor": WORD, "database": TEXT, "before": [str], "attempt": TEXT, "applied": [str], "rows": {str: int}},
    **{"rehearsed": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "restores_in": float, "reason": TEXT},
}


def trouble_of(record: object) -> str | None:
    """What is wrong with what a release.json holds, in words."""
    if not isinstance(record, dict):
        return "it is no mapping"
    for name, wanted in FIELDS.items():
        value = record.get(name)
        if value is not None and not fits(value, wanted):
            return "%s is %s" % (name, ascii(value)[:60])
    return None


def fits(value: object, wanted: object) -> bool:
    """Whether a value is of a type, or of those in a list or mapping, or a text of a form. A whole number is a number, too."""
    if isinstance(wanted, str):
        return isinstance(value, str) and re.fullmatch(wanted, value) is not None
    if isinstance(wanted, list):
        return type(value) is list and all(fits(one, wanted[0]) for one in value)
    if isinstance(wanted, dict):
        [(key, inner)] = wanted.items()
        return type(value) is dict and all(fits(name, key) and fits(one, inner) for name, one in value.items())
    return type(value) is wanted or (wanted is float and type(value) is int)


def listed(folder: str) -> list[str]:
    """The names in a folder that may not be there."""
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def is_name(text: object) -> bool:
    return isinstance(text, str) and NAME.fullmatch(text) is not None


class Releases:
    """*folder* holds ``releases`` and ``deploys.jsonl``; names of releases begin with their time."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.releases = os.path.join(folder, "releases")
        self.journal = os.path.join(folder, "deploys.jsonl")
        self.backups = os.path.join(folder, "backups")
        self._layout = os.path.join(folder, ".layout")

    def release_dir(self, release: str) -> str:
        """The folder of a release. No other text than a name ever becomes a path here."""
        if not is_name(release):
            raise CommandFailed("%s is not the name of a release, such as 20260102T030405Z-0123456" % ascii(release)[:80])
        return os.path.join(self.releases, release)

    def read_release(self, release: str) -> dict:
        """What release.json tells of a release; empty for a folder that was never completed, and for what is no name."""
        if not is_name(release):
            return {}
        try:
            with open(os.path.join(self.release_dir(release), "release.json"), encoding="utf-8") as file:
                known = json.load(file)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        # Whatever else the record says, it is that of its folder.
        return {**known, "release": release} if isinstance(known, dict) else {}

    def did_badly(self, name: str) -> bool:
        """Whether a release that is kept failed here, or was taken back before it was through. Of others nobody knows."""
        known = self.read_release(name)
        return bool(known) and (bool(known.get("bad")) or not known.get("activated"))

    def mark_release(self, name: str, **facts: object) -> None:
        """Adds facts to what release.json tells; None takes one away."""
        known = self.read_release(name)
        if known:
            self.write_record(self.release_dir(name), **{"layout": 1, **known, **facts})

    @staticmethod
    def write_record(folder: str, **facts: object) -> None:
        """Writes release.json into a folder, which completes it as a release."""
        facts = {"layout": LAYOUT_VERSION, **facts}
        text = json.dumps({key: value for key, value in facts.items() if value is not None}, indent=2, sort_keys=True) + "\n"
        write_atomically_as(os.path.join(folder, "release.json"), text.encode(), 0o640, os.getuid(), os.getgid())

    def vouch(self, release: str, revision: str) -> None:
        """What a release is made from, this host knows itself, whatever it is told.

        :raises CommandFailed: when it has that release, and it is another commit.
        """
        known = self.read_release(release)
        if known and known.get("revision") != revision:
            raise CommandFailed(
                "this host has %s as commit %s, and another host says that it is %s: look who changed its release.json, or what another host of the fleet says"
                % (release, str(known.get("revision"))[:7], revision[:7])
            )

    def list_releases(self) -> list[dict]:
        """The completed releases, oldest first. Their names begin with the time, so they sort by it."""
        return [found for found in map(self.read_release, listed(self.releases)) if found]

    def refuse_unreadable(self) -> None:
        """:raises CommandFailed: when this version would not understand what is here: records of a newer one, or those that somebody edited."""
        if self.layout_version() > LAYOUT_VERSION:
            raise CommandFailed(
                "%s was deployed by a newer version of django-ansible-deploy (its layout is %d, this version knows %d): deploy with that version or a newer one"
                % (self.folder, self.layout_version(), LAYOUT_VERSION)
            )
        for sentence in self.edited():
            raise CommandFailed(sentence)

    def records(self) -> Iterator[str]:
        """Paths of what was written down of the releases, and of dumps."""
        for name in filter(is_name, listed(self.releases)):
            yield os.path.join(self.release_dir(name), "release.json")
        yield from (os.path.join(self.backups, name) for name in listed(self.backups) if name.endswith(".json"))

    def edited(self) -> Iterator[str]:
        """A sentence for each record that is not as a deploy writes it: its release would count for none, and what it needs would be removed."""
        for path in self.records():
            try:
                with open(path, encoding="utf-8") as file:
                    trouble = trouble_of(json.load(file))
            except FileNotFoundError:
                continue  # It was never completed.
            except (OSError, ValueError, RecursionError):
                trouble = "it is no JSON"
            if trouble:
                yield "%s is not as a deploy wrote it: %s. Bring it back from a backup; without one, remove it, and it counts for nothing" % (path, trouble)

    def layout_version(self) -> int:
        try:
            with open(self._layout, encoding="utf-8") as file:
                return int(file.read(20))
        except (FileNotFoundError, ValueError):
            return 1

    def claim_layout(self) -> None:
        """From now on the folders, links and records are as this version makes them."""
        if self.layout_version() != LAYOUT_VERSION:
            write_atomically_as(self._layout, b"%d\n" % LAYOUT_VERSION, 0o644, os.getuid(), os.getgid())

    def record(self, **entry: object) -> None:
        """Appends to deploys.jsonl who did what, when, and how it ended."""
        entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}
        descriptor = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            # Commands that somebody ran are in it, which other applications need not read. A version before let everybody.
            os.fchmod(descriptor, 0o600)
            file.write(json.dumps(entry, sort_keys=True) + "\n")

    def went_alone(self) -> str | None:
        """What this host did when it was left alone in its last deploy, in words."""
        last = self.last_record()
        if last.get("result") != BY_ITSELF:
            return None
        return "%s rolled back to %s by itself at %s: it did not hear of run %s any more" % (
            socket.gethostname(), last.get("previous") or "nothing", last.get("time"), last.get("run")
        )

    def refuse_again(self, run: str) -> None:
        """Where the connection broke before anybody heard that this run has failed here, Ansible asks again, which is no reason to go back further.

        :raises CommandFailed: when it has.
        """
        last = self.last_record()
        if last.get("run") == run and last.get("result") in (FAILED, ROLLED_BACK, BY_ITSELF):
            raise CommandFailed(
                "release %s was not activated, and the release before it is live on this host; the connection broke before it could say why: look at its logs there" % last.get("release")
            )

    def last_record(self) -> dict:
        """The newest line of deploys.jsonl; empty when there is none."""
        try:
            with open(self.journal, "rb") as file:
                file.seek(max(os.fstat(file.fileno()).st_size - LONGEST_RECORD, 0))
                lines = file.read().decode(errors="replace").splitlines()
            found = json.loads(lines[-1]) if lines else {}
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
