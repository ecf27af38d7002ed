# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Makes the whole archive of a commit from an earlier release and what that lacks.

What comes out is checked by one checksum over every path, mode and byte, which comes from where Ansible runs: the release may be whatever it is.
"""
from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tarfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.contents import BLOCK, Contents, contents_in, is_file, name_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.contents import content as content_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe


class Lost(Exception):
    """The earlier release is not what it was, so that the commit has to come whole. Says why."""


class Counted(io.RawIOBase):
    """A file that is read once, and what it turns out to be."""

    def __init__(self, file) -> None:
        self.file, self.sum = file, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.sum.update(block)
        return block


def completed(known: Contents, told: dict) -> Contents:
    """What the commit holds, path by path.

    :param known: what the earlier release has.
    :param told: C(removed) paths, and C(files) that come or change.
    :raises Lost: when that is not the commit named C(name).
    """
    removed = set(told["removed"])
    wanted = {**{path: what for path, what in known.items() if path not in removed}, **contents_in(told["files"])}
    if name_of(wanted) != told["name"]:
        raise Lost("it does not list the same files any more")
    return wanted


def complete(release: Tree, known: Contents, wanted: Contents, part: str, moment: int, whole: str) -> None:
    """Writes the archive *whole*.

    :param release: the earlier release, root's own.
    :param part: path of an archive, compressed, of files that the release lacks; each is named by its checksum.
    :param moment: seconds since the epoch, when all files were changed last.
    :raises Lost: when a file of the release is not what it was.
    """
    there = {content_of(what): path for path, what in known.items() if is_file(what)}
    plain = whole + ".part"
    with gzip.open(part) as packed, open(plain, "wb") as file:
        shutil.copyfileobj(packed, file, BLOCK)
    # Names as git gives them, whatever bytes they are of, which this format takes.
    with tarfile.open(plain) as given, tarfile.open(whole, "w", format=tarfile.GNU_FORMAT) as made:
        members = {member.name: member for member in given}
        for path, what in sorted(wanted.items()):
            entry = tarfile.TarInfo(path)
            entry.mtime = moment
            if not is_file(what):
                entry.type, entry.mode, entry.linkname = (tarfile.DIRTYPE, int(what[1:], 8), "") if what.startswith("d") else (tarfile.SYMTYPE, 0o777, what[1:])
                made.addfile(entry)
                continue
            entry.mode, content = int(what[1:4], 8), content_of(what)
            if content in members:
                entry.size = members[content].size
                add(made, entry, given.extractfile(members[content]), content)
            elif content in there:
                try:
                    with release.opened(there[content]) as file:
                        entry.size = os.fstat(file.fileno()).st_size
                        add(made, entry, file, content)
                except Unsafe as error:
                    raise Lost(str(error)) from error
            else:
                raise Lost("%s is nowhere" % release.full(path))
    os.unlink(plain)


def add(made: tarfile.TarFile, entry: tarfile.TarInfo, file, content: str) -> None:
    counted = Counted(file)
    made.addfile(entry, counted)
    if counted.sum.hexdigest() != content:
        raise Lost("%s is not what it was" % entry.name)
