# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The only way to files that the application's user, the builder or a checkout may write.

Everything goes by descriptors of folders: no link is followed, nothing outside the tree is reached, however its owner swaps what is in it meanwhile.
"""
from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from typing import BinaryIO, Callable, Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import descriptors, removal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import Entry, Unsafe, closing, entry_of, telling
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.opened import Opened

__all__ = ["Entry", "Tree", "Unsafe"]


class Tree(Opened):
    """A folder and what is below it. Paths are relative to it, and never lead up."""

    def below(self, rel: str) -> Tree:
        """A folder of the tree as a tree of its own."""
        with telling(self.path, rel), self.held(rel) as held:
            if not stat.S_ISDIR(os.fstat(held).st_mode):
                raise Unsafe("%s is a %s where a folder belongs: put a folder in its place" % (self.full(rel), entry_of(rel, os.fstat(held)).kind))
            return Tree(os.path.normpath(os.path.join(self.path, rel)), os.open(".", descriptors.FOLDER, dir_fd=held))

    # What is there

    def look(self, rel: str = ".") -> Entry | None:
        """What a path is, without following it; None when it is not there."""
        try:
            with self.held(rel) as held:
                return entry_of(rel, os.fstat(held))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unsafe("%s cannot be used: %s" % (self.full(rel), error.strerror)) from error

    def kind(self, rel: str = ".") -> str | None:
        """file, folder, link, pipe, socket or device."""
        found = self.look(rel)
        return found.kind if found else None

    def exists(self, rel: str) -> bool:
        return self.look(rel) is not None

    def link_text(self, rel: str) -> str | None:
        """What a link says; None when the path is no link."""
        try:
            with self.parent(rel) as (parent, name):
                return os.readlink(name, dir_fd=parent)
        except OSError:
            return None

    @contextlib.contextmanager
    def opened(self, rel: str) -> Iterator[BinaryIO]:
        """The content of a regular file, to be read."""
        with telling(self.path, rel), self.held(rel) as held:
            found = entry_of(rel, os.fstat(held))
            if found.kind != "file":
                raise Unsafe("%s is a %s where a file belongs: put a file in its place" % (self.full(rel), found.kind))
            with os.fdopen(descriptors.open_file(held), "rb") as file:
                yield file

    def read(self, rel: str, limit: int) -> bytes:
        """The content of a regular file of at most *limit* bytes."""
        return self.read_entry(rel, limit)[0]

    def read_entry(self, rel: str, limit: int) -> tuple[bytes, Entry]:
        """The content of a regular file of at most *limit* bytes, and whose it is: both of the same file, whatever becomes of its name meanwhile."""
        with self.opened(rel) as file:
            content, found = file.read(limit + 1), entry_of(rel, os.fstat(file.fileno()))
        if len(content) > limit:
            raise Unsafe("%s has more than %d bytes, which is more than is read of such a file: make it smaller" % (self.full(rel), limit))
        return content, found

    def entries(self, rel: str = ".") -> Iterator[Entry]:
        """Everything below a folder of the tree, folders before what is in them."""
        for path, _, found in self.walk(rel):
            yield entry_of(path, found)

    # What is made

    def ensure_directory(self, rel: str, mode: int, uid: int, gid: int) -> bool:
        """Makes a folder and those on the way to it. One that exists keeps its owner and mode. Tells whether it was made."""
        made = False
        with telling(self.path, rel), contextlib.ExitStack() as stack:
            folder, done = self.root, []
            for name in descriptors.parts(rel):
                done.append(name)
                made = self._make_folder(folder, name)
                inner = stack.enter_context(closing(descriptors.open_folder(name, folder, self.path, "/".join(done))))
                # Whoever may write the folder above can have put another one here at once; an empty one of ours is as good as the one that was made.
                if made and os.fstat(inner).st_uid == os.geteuid() and not os.listdir(inner):
                    os.fchmod(inner, mode)
                    os.fchown(inner, uid, gid)
                folder = inner
        return made

    @staticmethod
    def _make_folder(parent: int, name: str) -> bool:
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
        except FileExistsError:
            return False
        return True

    def write(self, rel: str, content: bytes, mode: int, uid: int, gid: int) -> None:
        """Writes a file whole or not at all."""

        def fill(target: int) -> None:
            with os.fdopen(os.dup(target), "wb") as file:
                file.write(content)
            os.fsync(target)

        self.place(rel, fill, mode, uid, gid)

    def link(self, text: str, rel: str) -> bool:
        """Makes a path a link that says *text*, by one rename(2). Tells whether that changed anything."""
        if self.link_text(rel) == text:
            return False
        with telling(self.path, rel), self.parent(rel) as (parent, name):
            partial = partial_name()
            os.symlink(text, partial, dir_fd=parent)
            self._swap(parent, partial, name, rel)
        return True

    def rename(self, rel: str, to: str, other: Tree | None = None) -> None:
        """Moves a path to another one of this tree or of another on the same file system."""
        other = other or self
        with telling(self.path, rel), self.parent(rel) as (parent, name), other.parent(to) as (new_parent, new_name):
            os.rename(name, new_name, src_dir_fd=parent, dst_dir_fd=new_parent)

    # What is removed

    def remove(self, rel: str) -> bool:
        """Removes a path with what is below it; "." is what is in the tree. Tells whether there was something."""
        with telling(self.path, rel):
            if not descriptors.parts(rel):
                return removal.empty(self.root)
            try:
                with self.parent(rel) as (parent, name):
                    return removal.remove(parent, name)
            except FileNotFoundError:
                return False

    def place(self, rel: str, fill: Callable[[int], None], mode: int, uid: int, gid: int) -> None:
        """A file that appears under its name when it is complete."""
        with telling(self.path, rel), self.parent(rel) as (parent, name):
            partial = partial_name()
            target = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
            try:
                with closing(target):
                    fill(target)
                    os.fchown(target, uid, gid)
                    os.fchmod(target, mode)
            except BaseException:  # a full disk, for one
                discard(parent, partial)
                raise
            self._swap(parent, partial, name, rel)

    def _swap(self, parent: int, partial: str, name: str, rel: str) -> None:
        try:
            os.rename(partial, name, src_dir_fd=parent, dst_dir_fd=parent)
        except OSError as error:
            discard(parent, partial)
            if error.errno == errno.EISDIR:
                raise Unsafe("%s is a folder where a file belongs: put a file in its place" % self.full(rel)) from error
            raise


def partial_name() -> str:
    return ".%s.new" % secrets.token_hex(8)


def discard(parent: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=parent)
