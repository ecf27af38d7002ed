# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What Tree is made of: one inode is opened, looked at, and exactly that one is changed, whatever becomes of its name meanwhile.

An inode is held by an O_PATH descriptor, which follows no link, never waits for a FIFO and wakes no device. /proc/self/fd then names this inode
for what such a descriptor cannot do itself.
"""
from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import Iterator, NamedTuple

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

HOLD = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LONGEST_NAME = 255
BLOCK = 1 << 20
MOST_LINKS = 40  # as many as the kernel follows
KINDS = {
    stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket", stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
}


class Unsafe(CommandFailed):
    """A path is not what it has to be, or cannot be made so; one sentence: the path, what is wrong, what to do."""


class Entry(NamedTuple):
    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    names: int
    modified: int


def entry_of(path: str, found: os.stat_result) -> Entry:
    kind = KINDS[stat.S_IFMT(found.st_mode)]
    return Entry(path, kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_size, found.st_nlink, found.st_mtime_ns)


def shown(path: str) -> str:
    """A path that somebody else chose as one line of a sentence can hold it."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    line = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return line if len(line) <= 300 else line[:200] + "…" + line[-60:]


def shown_below(top: str, rel: str) -> str:
    return shown(os.path.normpath(os.path.join(top, rel)))


def parts(path: str) -> list[str]:
    """The names of a path that goes downwards only."""
    names = [name for name in path.split("/") if name not in ("", ".")]
    if ".." in names or "\0" in path:
        raise Unsafe("%s is no path that only goes down: write it without .." % shown(path))
    if any(len(os.fsencode(name)) > LONGEST_NAME for name in names):
        raise Unsafe("%s has a name of more than %d bytes, which no file can have: shorten it" % (shown(path), LONGEST_NAME))
    return names


@contextlib.contextmanager
def telling(top: str, rel: str = "") -> Iterator[None]:
    """What the system refuses, as a sentence that names the path."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise Unsafe("%s is not there" % shown_below(top, rel)) from error
        raise Unsafe("%s cannot be used: %s" % (shown_below(top, rel), os.strerror(error.errno or 0).lower())) from error


@contextlib.contextmanager
def closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def by_descriptor(descriptor: int) -> str:
    return "/proc/self/fd/%d" % descriptor


def open_folder(name: str, parent: int, top: str, rel: str = "") -> int:
    """Opens a folder of a folder, and nothing else."""
    try:
        return os.open(name, FOLDER, dir_fd=parent)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        with closing(os.open(name, HOLD, dir_fd=parent)) as held:
            kind = entry_of(rel, os.fstat(held)).kind
        raise Unsafe("%s is a %s where a folder belongs: put a folder in its place" % (shown_below(top, rel), kind)) from error


def trusted_link(name: str, parent: int) -> str | None:
    """What a link leads to that nobody but root can have made."""
    above = os.fstat(parent)
    found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode) and found.st_uid == above.st_uid == 0 and not above.st_mode & 0o022:
        return os.readlink(name, dir_fd=parent)
    return None


def open_root(path: str) -> int:
    """Opens the folder *path*. On the way to it no link is followed except root's own in folders where nobody else can put one."""
    if not path.startswith("/"):
        raise Unsafe("%s is no absolute path: write it from / on" % shown(path))
    way = [("", os.open("/", FOLDER))]
    try:
        with telling(path):
            todo, followed = parts(path), 0
            while todo:
                name = todo.pop(0)
                if name == "..":  # of a link's text
                    if len(way) > 1:
                        os.close(way.pop()[1])
                    continue
                target = trusted_link(name, way[-1][1])
                if target is None:
                    way.append((name, open_folder(name, way[-1][1], "/".join([inner for inner, _ in way] + [name]))))
                    continue
                followed += 1
                if followed > MOST_LINKS:
                    raise Unsafe("%s leads through more than %d links: make it a folder" % (shown(path), MOST_LINKS))
                while target.startswith("/") and len(way) > 1:
                    os.close(way.pop()[1])
                todo = [part for part in target.split("/") if part not in ("", ".")] + todo
            return os.dup(way[-1][1])
    finally:
        for _, descriptor in way:
            os.close(descriptor)


def give(descriptor: int, found: os.stat_result, uid: int, gid: int) -> None:
    if (found.st_uid, found.st_gid) != (uid, gid):
        os.chown(by_descriptor(descriptor), uid, gid)


def open_file(descriptor: int) -> int:
    """The content of a regular file that is held: the same inode, without waiting for whoever has a lease on it."""
    return os.open(by_descriptor(descriptor), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


def copy_content(source: int, target: int, size: int) -> None:
    """Copies at most *size* bytes, so that a file that grows while it is read does not keep this going."""
    left = size
    try:
        while left > 0:
            done = os.copy_file_range(source, target, left)
            if not done:
                return
            left -= done
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            raise
        while left > 0:  # another file system, or one that does not know how
            block = os.read(source, min(left, BLOCK))
            if not block:
                return
            left -= len(block)
            while block:
                block = block[os.write(target, block) :]


def same_content(one: int, other: int, size: int) -> bool:
    for _ in range(0, size, BLOCK):
        block = os.read(one, BLOCK)
        if block != os.read(other, BLOCK):
            return False
        if not block:
            return True
    return True


def with_execution(mode: int, found: int) -> int:
    """A mode with which those who may read may also run what could be run."""
    return mode | (mode & 0o444) >> 2 if found & 0o111 else mode
