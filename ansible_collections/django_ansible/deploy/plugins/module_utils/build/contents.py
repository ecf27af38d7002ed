# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What is in a checkout, path by path, so that a host that has an earlier release gets only what that lacks.

By path: C(d755) for a folder, C(l<text>) for a link, C(f644 <sha256>) for a file. These texts are made where Ansible runs and on hosts; either may be
a newer version than the other, or somebody else's, so what is read is looked through.
"""
from __future__ import annotations

import base64
import hashlib
import json
import tarfile
import zlib
from collections.abc import Mapping

Contents = dict[str, str]

# Characters of what a file is that say whether it is another one: 64 bits of its checksum. The whole is checked by name_of in the end.
ABRIDGED = len("f644 ") + 16
LARGEST_PACKED = 3 << 20  # characters; a host may answer 4 MiB
LARGEST_TEXT = 64 << 20  # bytes
BLOCK = 1 << 20


def contents_of(tar: tarfile.TarFile) -> Contents | None:
    """What an archive holds; None where it holds what no checkout has, such as a device."""
    found: Contents = {}
    for member in tar:
        if member.isdir():
            found[member.name] = "d%03o" % (member.mode & 0o777)
        elif member.issym():
            found[member.name] = "l" + member.linkname
        elif member.isreg():
            found[member.name] = "f%03o %s" % (member.mode & 0o777, checksum(tar.extractfile(member)))
        else:
            return None
    return found


def checksum(file) -> str:
    found = hashlib.sha256()
    for block in iter(lambda: file.read(BLOCK), b""):
        found.update(block)
    return found.hexdigest()


def is_file(what: str) -> bool:
    return what.startswith("f")


def name_of(contents: Mapping[str, str]) -> str:
    """Stands for all of it: two checkouts of one name are the same in every file."""
    return hashlib.sha256(json.dumps(sorted(contents.items())).encode()).hexdigest()


def abridged(what: str) -> str:
    """Enough of what a file is to see that it is not another one."""
    return what[:ABRIDGED] if is_file(what) else what


def content(what: str) -> str:
    """What stands for a file's bytes alone, whatever its mode."""
    return what.partition(" ")[2]


def difference(contents: Contents, there: Mapping[str, str]) -> tuple[list[str], Contents, list[str]]:
    """What turns a release into a checkout.

    :param there: what the release has, abridged.
    :return: Paths that go, those that come or change, and of the latter those whose bytes the release has nowhere.
    """
    changed = {path: what for path, what in contents.items() if there.get(path) != abridged(what)}
    bytes_there = {content(what) for what in there.values() if is_file(what)}
    needed = {content(what): path for path, what in sorted(changed.items()) if is_file(what) and content(abridged(what)) not in bytes_there}
    return sorted(set(there) - set(contents)), changed, sorted(needed.values())


def packed(value: object) -> str:
    """JSON as one word."""
    return base64.b64encode(zlib.compress(json.dumps(value).encode(), 9)).decode()


def unpacked(text: str) -> dict:
    """What :func:`packed` made a word of.

    :raises ValueError: when that is no mapping, or too large.
    """
    opened = zlib.decompressobj()
    try:
        plain = opened.decompress(base64.b64decode(text, validate=True), LARGEST_TEXT)
        if opened.unconsumed_tail:
            raise ValueError("it is larger than %d bytes" % LARGEST_TEXT)
        found = json.loads(plain)
    except (zlib.error, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, dict):
        raise ValueError("it is no mapping")
    return found


def contents_in(value: object) -> Contents:
    """The contents that somebody else wrote down.

    :raises ValueError: when they are none.
    """
    if not isinstance(value, dict) or not all(isinstance(what, str) and what for what in value.values()):
        raise ValueError("it is no list of a checkout's files")
    return value
