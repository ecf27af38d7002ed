# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A commit as it is brought to hosts: whole, or what an earlier release of a host lacks.

Each archive is made once a run, whatever the number of hosts; Ansible asks for it in a process for each.
"""
from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.archive import pack
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.contents import (
    LARGEST_PACKED,
    Contents,
    content,
    contents_in,
    contents_of,
    difference,
    name_of,
    packed,
    unpacked,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

# Bytes of a checkout from which on it is worth to look what a host has of it.
LARGE = 1 << 18


class Upload(NamedTuple):
    """What a host gets: an archive, and what app_release has to know of it."""

    archive: str
    contents: str


class Checkout:
    """The tracked files of *revision* below *workspace*.

    :raises AnsibleActionFail: when there is no such commit.
    """

    def __init__(self, workspace: str, revision: str) -> None:
        self.workspace, self.revision = workspace, revision
        self.tar = os.path.join(C.DEFAULT_LOCAL_TMP, "release-%s.tar" % revision)
        about = once(self.tar + ".json", self._pack)
        with open(about, encoding="utf-8") as file:
            found = json.load(file)
        # What is to say of it: warnings, and what the repository itself asks for.
        self.archived: dict = found["archived"]
        self.contents: Contents | None = found["contents"]
        self.moments: list[int] = found["moments"]

    def uploads(self, has: dict | None) -> Iterator[Upload]:
        """What to bring to a host, first what may do.

        :param has: as app_host answers C(code).
        """
        if has and self.contents:
            with contextlib.suppress(ValueError):
                removed, changed, needed = difference(self.contents, contents_in(unpacked(has["contents"])))
                told = self._told(has["release"], removed, changed)
                if told:
                    yield Upload(self._part(needed), told)
        told = self._told("", [], self.contents) if self.contents else ""
        yield Upload(once(self.tar + ".gz", self._compress), told)

    def _told(self, release: str, removed: list[str], files: Contents) -> str:
        text = packed({"release": release, "removed": removed, "files": files, "name": name_of(self.contents or {}), "moments": self.moments})
        # With more the next deploy brings everything as well.
        return text if len(text) <= LARGEST_PACKED else ""

    def _pack(self, about: str) -> None:
        partial = os.path.join(os.path.dirname(about), "release.tar")
        try:
            archived = pack(self.workspace, self.revision, partial)
        except CommandFailed as error:
            # What git itself says is mostly that it has no such commit.
            hint = ". Check the repository out at that commit first" if error.printed else ""
            raise AnsibleActionFail("commit %s of %s cannot be archived: %s%s." % (self.revision[:7], self.workspace, error, hint)) from error
        contents, moments = None, set()
        if os.path.getsize(partial) >= LARGE:
            with tarfile.open(partial) as tar:
                contents = contents_of(tar)
                moments = {int(member.mtime) for member in tar}
        os.rename(partial, self.tar)
        with open(about, "w", encoding="utf-8") as file:
            json.dump({"archived": archived, "contents": contents, "moments": sorted(moments)}, file)

    def _compress(self, archive: str) -> None:
        with open(self.tar, "rb") as whole, gzip.open(archive, "wb", compresslevel=6) as file:
            shutil.copyfileobj(whole, file, 1 << 20)

    def _part(self, needed: list[str]) -> str:
        """An archive of some files, each named by its checksum."""

        def make(archive: str) -> None:
            with tarfile.open(self.tar) as whole, tarfile.open(archive, "w:gz", compresslevel=6) as part:
                found = {member.name: member for member in whole}
                for path in needed:
                    member = tarfile.TarInfo(content((self.contents or {})[path]))
                    member.size = found[path].size
                    part.addfile(member, whole.extractfile(found[path]))

        key = hashlib.sha256("\0".join(needed).encode(errors="surrogateescape")).hexdigest()[:16]
        return once("%s.%s.gz" % (self.tar, key), make)


def once(final: str, make: Callable[[str], None]) -> str:
    """The file *final*, made by whichever process comes first; the others wait."""
    with open(final + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(final):
            with tempfile.TemporaryDirectory(dir=os.path.dirname(final)) as work:
                partial = os.path.join(work, os.path.basename(final))
                make(partial)
                os.rename(partial, final)
    return final


def _place(host: str) -> str:
    return os.path.join(C.DEFAULT_LOCAL_TMP, "code-" + hashlib.sha256(host.encode()).hexdigest()[:16])


def note_code(host: str, code: dict | None) -> None:
    """Keeps for this run what a host has of an earlier commit. It is large, and no variable of the play."""
    if code:
        with open(_place(host), "w", encoding="utf-8") as file:
            json.dump(code, file)


def code_of(host: str) -> dict | None:
    with contextlib.suppress(FileNotFoundError), open(_place(host), encoding="utf-8") as file:
        return json.load(file)
    return None
