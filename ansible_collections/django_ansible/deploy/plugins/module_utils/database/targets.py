# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Copies of dumps away from the host, encrypted by restic: over SSH, or where S3 is spoken. Each dump is a snapshot with its id as a tag."""
from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import stat
import tempfile
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import DAY, Catalogue, is_id, read_record, taken_at
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install

# What restic says where there is no repository yet.
NEW = re.compile(r"Is there a repository at|does not exist|unable to open config file|NoSuchKey|no such file", re.IGNORECASE)
SFTP = re.compile(r"sftp:(?://)?(?:(?P<user>[^@/:]+)@)?(?P<host>\[[^\]]+\]|[^:/\[\]]+)(?::(?P<port>\d+)(?=/))?[:/](?P<path>.*)")
MEMORY = "/run"
LONGEST = 86400  # seconds


class Target:
    """One place.

    :param wish: C(repository), as restic takes it; C(password), which encrypts; C(ssh_key) and C(known_hosts) for SSH, C(access_key) and C(secret_key) for S3.
    :param owner: the application, so that several may share a place.
    """

    def __init__(self, wish: dict, owner: str) -> None:
        self.wish, self.owner = wish, owner
        self.repository = wish["repository"]

    @contextlib.contextmanager
    def _ready(self):
        """What restic is started with. Secrets are in files in memory, for as long as it takes."""
        for program in ("restic", "ssh"):
            if not shutil.which(program):
                apt_install([{"ssh": "openssh-client"}.get(program, program)])
        with tempfile.TemporaryDirectory(prefix="django-ansible-deploy-", dir=MEMORY) as folder:

            def put(name: str, text: str) -> str:
                path = os.path.join(folder, name)
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                    file.write(text)
                return path

            env = {
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": folder, "RESTIC_CACHE_DIR": os.path.join(folder, "cache"),
                "RESTIC_REPOSITORY_FILE": put("repository", self.repository), "RESTIC_PASSWORD_FILE": put("password", self.wish["password"]),
            }
            options = []
            if self.wish.get("access_key"):
                keys = "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (self.wish["access_key"], self.wish["secret_key"])
                env["AWS_SHARED_CREDENTIALS_FILE"] = put("credentials", keys)
            found = SFTP.fullmatch(self.repository)
            if found:
                ssh = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=20", "-F", "none"]
                ssh += ["-o", "UserKnownHostsFile=" + put("known_hosts", self.wish.get("known_hosts", "").strip() + "\n"), "-o", "GlobalKnownHostsFile=none"]
                ssh += ["-o", "IdentitiesOnly=yes", "-i", put("key", self.wish.get("ssh_key", "").strip() + "\n")]
                ssh += [*(["-p", found["port"]] if found["port"] else []), *(["-l", found["user"]] if found["user"] else []), found["host"].strip("[]"), "-s", "sftp"]
                options = ["-o", "sftp.command=" + shlex.join(ssh)]

            def restic(*arguments: str, cwd: str = "/") -> str:
                return run(["restic", "--quiet", *options, *arguments], env=env, cwd=cwd, timeout=LONGEST)

            try:
                yield restic
            except CommandFailed as error:
                raise CommandFailed("%s: %s" % (self.repository, " ".join((error.printed or str(error)).split())[-400:])) from error

    def _snapshots(self, restic) -> dict[str, str]:
        """By id of a dump, the snapshot that has it, the oldest dump first."""
        printed = restic("snapshots", "--json", "--host", self.owner).splitlines()
        found = json.loads(next((line for line in printed if line.startswith("[")), "[]"))
        tagged = [(tag, one["id"]) for one in found for tag in one.get("tags") or [] if is_id(tag)]
        return dict(sorted(tagged))

    def copy(self, catalogue: Catalogue, *, number: int, days: int) -> list[str]:
        """Copies what is not there yet, and removes from there what is not wanted any more. Tells which were copied.

        :raises CommandFailed: with restic's words.
        """
        with self._ready() as restic:
            try:
                there = self._snapshots(restic)
            except CommandFailed as error:
                if not NEW.search(str(error)):
                    raise
                restic("init")
                there = {}
            here = {record["id"]: record for record in catalogue.records() if is_id(record["id"])}
            kept = wanted({*here, *there}, number=number, days=days, now=time.time())
            copied, damaged = [], []
            for identifier in sorted(kept & set(here) - set(there)):
                try:
                    catalogue.verify(here[identifier])
                except CommandFailed as error:
                    damaged.append(str(error))
                    continue
                # Relative, so that it comes back into whatever folder the catalogue is in.
                restic("backup", "--host", self.owner, "--tag", identifier, identifier + ".dump", identifier + ".json", cwd=catalogue.folder)
                copied.append(identifier)
            gone = sorted(snapshot for identifier, snapshot in there.items() if identifier not in kept)
            if gone:
                restic("forget", "--prune", *gone)
            if damaged:
                raise CommandFailed("; ".join(damaged))
        return copied

    def known(self) -> list[str]:
        """The ids of dumps that are there, oldest first."""
        with self._ready() as restic:
            return list(self._snapshots(restic))

    def fetch(self, identifier: str, catalogue: Catalogue) -> None:
        """Brings a dump into a catalogue. It is verified by whoever uses it.

        :raises CommandFailed: when it is not there, or cannot be had.
        """
        catalogue.begin()
        with self._ready() as restic, catalogue.writing(), tempfile.TemporaryDirectory(prefix=".fetched-", dir=catalogue.folder) as place:
            snapshot = self._snapshots(restic).get(identifier)
            if not snapshot:
                raise CommandFailed("it has no dump %s" % identifier)
            restic("restore", snapshot, "--target", place)
            for suffix in (".json", ".dump"):
                # Another host may have put it there: as a link, root would read what that host names.
                if not stat.S_ISREG(os.lstat(os.path.join(place, identifier + suffix)).st_mode):
                    raise CommandFailed("what it has of the dump %s is no file" % identifier)
            record = read_record(os.path.join(place, identifier + ".json"))
            if not record:
                raise CommandFailed("its record of the dump %s is not as a deploy wrote it: look which host shares that place" % identifier)
            # The record first, as for one that is made here, and as of one that nobody has tried here.
            catalogue.note({**record, "id": identifier}, rehearsed=None, restores_in=None)
            os.rename(os.path.join(place, identifier + ".dump"), os.path.join(catalogue.folder, identifier + ".dump"))


def wanted(identifiers: set[str], *, number: int, days: int, now: float) -> set[str]:
    """Which of some dumps stay away from the host: the newest *number*, and those of the last *days*. A host that comes new, with an empty database, pushes none out for so long."""
    return {*sorted(identifiers)[-max(number, 1) :], *(one for one in identifiers if taken_at({"id": one}) > now - days * DAY)}


def targets_of(text: str, owner: str) -> list[Target]:
    """Those that modules receive, as JSON."""
    return targets_of_wishes(json.loads(text or "[]"), owner)


def targets_of_wishes(wishes: list[dict], owner: str) -> list[Target]:
    return [Target(wish, owner) for wish in wishes]


def copy_to_all(targets: list[Target], catalogue: Catalogue, *, number: int, days: int) -> tuple[list[str], list[str]]:
    """Copies dumps to each place. Returns sentences on what was done and on what went wrong: one that does not answer keeps none from the others."""
    told, troubles = [], []
    for target in targets:
        try:
            copied = target.copy(catalogue, number=number, days=days)
            told.append("%s has %s" % (target.repository, ", ".join(copied) if copied else "all dumps already"))
        except CommandFailed as error:
            troubles.append("the dumps were not copied to %s" % error)
    return told, troubles


def fetch_from_any(targets: list[Target], catalogue: Catalogue, asked: str) -> str:
    """Brings the dump with that id, or the newest where *asked* is empty, from the first place that has it; returns its id.

    :raises CommandFailed: with the ids that there are, or why none answers.
    """
    said = []
    for target in targets:
        try:
            known = target.known()
            wanted = asked or (known[-1] if known else "")
            if wanted in known:
                target.fetch(wanted, catalogue)
                return wanted
            said.append("%s has %s" % (target.repository, ", ".join(known[-20:]) or "none"))
        except CommandFailed as error:
            said.append(str(error))
    raise CommandFailed("; ".join(said))
