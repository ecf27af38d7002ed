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
from typing import Callable, Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import descriptors, removal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import Entry, Unsafe, closing, entry_of, shown, telling

__all__ = ["Entry", "Tree", "Unsafe"]

DEEPEST = 200  # folders within folders; each that is walked holds a descriptor


class Tree:
    """A folder and what is below it. Paths are relative to it, and never lead up."""

    def __init__(self, path: str, root: int | None = None) -> None:
        self.path = path
        self._root = descriptors.open_root(path) if root is None else root

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._root)

    def below(self, rel: str) -> Tree:
        """A folder of the tree as a tree of its own."""
        with telling(self.path, rel), self._held(rel) as held:
            if not stat.S_ISDIR(os.fstat(held).st_mode):
                raise Unsafe("%s is a %s where a folder belongs: put a folder in its place" % (self._full(rel), entry_of(rel, os.fstat(held)).kind))
            return Tree(os.path.normpath(os.path.join(self.path, rel)), os.open(".", descriptors.FOLDER, dir_fd=held))

    # What is there

    def look(self, rel: str = ".") -> Entry | None:
        """What a path is, without following it; None when it is not there."""
        try:
            with self._held(rel) as held:
                return entry_of(rel, os.fstat(held))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unsafe("%s cannot be used: %s" % (self._full(rel), error.strerror)) from error

    def kind(self, rel: str = ".") -> str | None:
        """file, folder, link, pipe, socket or device."""
        found = self.look(rel)
        return found.kind if found else None

    def exists(self, rel: str) -> bool:
        return self.look(rel) is not None

    def link_text(self, rel: str) -> str | None:
        """What a link says; None when the path is no link."""
        try:
            with self._parent(rel) as (parent, name):
                return os.readlink(name, dir_fd=parent)
        except OSError:
            return None

    def read(self, rel: str, limit: int) -> bytes:
        """The content of a regular file of at most *limit* bytes."""
        with telling(self.path, rel), self._held(rel) as held:
            found = entry_of(rel, os.fstat(held))
            if found.kind != "file":
                raise Unsafe("%s is a %s where a file belongs: put a file in its place" % (self._full(rel), found.kind))
            with os.fdopen(descriptors.open_file(held), "rb") as file:
                content = file.read(limit + 1)
        if len(content) > limit:
            raise Unsafe("%s has more than %d bytes, which is more than is read of such a file: make it smaller" % (self._full(rel), limit))
        return content

    def entries(self, rel: str = ".") -> Iterator[Entry]:
        """Everything below a folder of the tree, folders before what is in them."""
        for path, _, found in self._walk(rel):
            yield entry_of(path, found)

    # What is made

    def ensure_directory(self, rel: str, mode: int, uid: int, gid: int) -> bool:
        """Makes a folder and those on the way to it. One that exists keeps its owner and mode. Tells whether it was made."""
        made = False
        with telling(self.path, rel), contextlib.ExitStack() as stack:
            folder, done = self._root, []
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

        self._place(rel, fill, mode, uid, gid)

    def link(self, text: str, rel: str) -> bool:
        """Makes a path a link that says *text*, by one rename(2). Tells whether that changed anything."""
        if self.link_text(rel) == text:
            return False
        with telling(self.path, rel), self._parent(rel) as (parent, name):
            partial = partial_name()
            os.symlink(text, partial, dir_fd=parent)
            self._swap(parent, partial, name, rel)
        return True

    def rename(self, rel: str, to: str, other: Tree | None = None) -> None:
        """Moves a path to another one of this tree or of another on the same file system."""
        other = other or self
        with telling(self.path, rel), self._parent(rel) as (parent, name), other._parent(to) as (new_parent, new_name):
            os.rename(name, new_name, src_dir_fd=parent, dst_dir_fd=new_parent)

    def copy_into(self, other: Tree, rel: str, to: str, uid: int, gid: int, directory_mode: int = 0o755, file_mode: int | None = None) -> list[str]:
        """Copies a file, or a folder with what is in it, and tells what it left out: whatever is neither file nor folder.

        A copy belongs to *uid* and *gid* from the start. Without *file_mode* it may be read and run as the original, and written by its owner alone.
        """
        left: list[str] = []
        with telling(self.path, rel), self._held(rel) as held:
            self._copy(other, held, os.fstat(held), rel, to, (uid, gid, directory_mode, file_mode), left)
            if stat.S_ISDIR(os.fstat(held).st_mode):
                for path, inner, found in self._walk(rel):
                    below = path if rel == "." else path[len(rel.rstrip("/")) + 1 :]
                    self._copy(other, inner, found, path, os.path.join(to, below), (uid, gid, directory_mode, file_mode), left)
        return left

    def _copy(self, other: Tree, held: int, found: os.stat_result, rel: str, to: str, wanted: tuple, left: list[str]) -> None:
        uid, gid, directory_mode, file_mode = wanted
        kind = entry_of(rel, found).kind
        if kind == "folder":
            other.ensure_directory(to, directory_mode, uid, gid)
            return
        if kind != "file":
            left.append(rel)
            return
        mode = stat.S_IMODE(found.st_mode) & 0o755 if file_mode is None else with_execution(file_mode, found.st_mode)
        with closing(descriptors.open_file(held)) as source:

            def fill(target: int) -> None:
                descriptors.copy_content(source, target, found.st_size)
                os.utime(target, ns=(found.st_mtime_ns, found.st_mtime_ns))

            other._place(to, fill, mode, uid, gid)

    def update(self, other: Tree, uid: int, gid: int, directory_mode: int, file_mode: int) -> tuple[int, list[str]]:
        """Has another tree hold what this one does, whatever it has by the same names. Tells how many files that changed, and what was left out."""
        changed, left = 0, []
        for path, held, found in self._walk("."):
            kind, there = entry_of(path, found).kind, other.look(path)
            if kind in ("file", "folder") and there and there.kind != kind:
                other.remove(path)
                there = None
            if there and (kind == "folder" or (kind == "file" and self._same(held, found, other, path))):
                continue
            changed += kind == "file"
            with telling(self.path, path):
                self._copy(other, held, found, path, path, (uid, gid, directory_mode, file_mode), left)
        return changed, left

    def _same(self, held: int, found: os.stat_result, other: Tree, path: str) -> bool:
        with telling(other.path, path), other._held(path) as served:
            there = os.fstat(served)
            if not stat.S_ISREG(there.st_mode) or there.st_size != found.st_size:
                return False
            with closing(descriptors.open_file(held)) as one, closing(descriptors.open_file(served)) as two:
                return descriptors.same_content(one, two, found.st_size)

    # What is removed

    def remove(self, rel: str) -> bool:
        """Removes a path with what is below it; "." is what is in the tree. Tells whether there was something."""
        with telling(self.path, rel):
            if not descriptors.parts(rel):
                return removal.empty(self._root)
            try:
                with self._parent(rel) as (parent, name):
                    return removal.remove(parent, name)
            except FileNotFoundError:
                return False

    # Whose it is

    def settle(self, uid: int, gid: int, mode: int) -> bool:
        """Gives the folder that the tree is, and nothing below it, exactly this owner and mode. Tells whether that changed anything."""
        found = os.fstat(self._root)
        changed = (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) != (uid, gid, mode)
        with telling(self.path):
            descriptors.give(self._root, found, uid, gid)
            if changed:
                os.fchmod(self._root, mode)
        return changed

    def own(self, uid: int, gid: int, rel: str = ".", of: int | None = None) -> None:
        """Gives a path and what is below it to *uid*.

        A file with further names may be somebody's elsewhere: it has to be *uid*'s already, or that of *of*, who made the tree.
        """
        self._own(rel, uid, gid, of)

    def hand_over(self, uid: int, gid: int, directory_mode: int, file_mode: int, of: int | None = None) -> None:
        """Owner and modes of a finished tree, itself included; who may read a file may run it where its maker said that it can be run."""
        self._own(".", uid, gid, of, (directory_mode, file_mode))

    def _own(self, rel: str, uid: int, gid: int, of: int | None, modes: tuple[int, int] | None = None) -> None:
        with telling(self.path, rel), self._held(rel) as held:
            self._give(rel, held, os.fstat(held), (uid, gid, of), modes)
            if stat.S_ISDIR(os.fstat(held).st_mode):
                for path, inner, found in self._walk(rel):
                    self._give(path, inner, found, (uid, gid, of), modes)

    def _give(self, rel: str, held: int, found: os.stat_result, wanted: tuple, modes: tuple[int, int] | None) -> None:
        uid, gid, of = wanted
        kind = entry_of(rel, found).kind
        if kind == "device" or (kind != "folder" and found.st_nlink > 1 and found.st_uid not in (uid, of)):
            wrong = "is a device" if kind == "device" else "is a second name of somebody else's file"
            raise Unsafe("%s %s, which is given to nobody: remove it" % (self._full(rel), wrong))
        descriptors.give(held, found, uid, gid)
        if modes and kind in ("folder", "file"):
            mode = modes[0] if kind == "folder" else with_execution(modes[1], found.st_mode)
            # Whatever it was a moment ago: whoever had the file open could change it until it was given away.
            os.chmod(descriptors.by_descriptor(held), mode)

    # What a finished tree must not have

    def problems(self, allowed: tuple[str, ...] = ()) -> Iterator[str]:
        """A sentence for each thing that a release or a virtual environment must not have. Links may lead to *allowed* paths and what is below them."""
        for found in self.entries():
            if "\n" in found.path.rpartition("/")[2]:
                yield "%s has a line break in its name: rename it" % self._full(found.path)
            if found.kind in ("device", "pipe", "socket"):
                yield "%s is a %s, and there may only be files, folders and links: remove it" % (self._full(found.path), found.kind)
            if found.kind == "file" and found.mode & 0o7000:
                yield "%s has the mode %04o: take its setuid, setgid and sticky bits away" % (self._full(found.path), found.mode)
            if found.kind == "link":
                text = self.link_text(found.path) or ""
                if self._leads_out(found.path, text, allowed):
                    yield "%s is a link to %s, which is outside: put the file itself there" % (self._full(found.path), shown(text))

    def _leads_out(self, rel: str, text: str, allowed: tuple[str, ...]) -> bool:
        """Goes the way of a link step by step, those of other links of the tree included: what .. means depends on them."""
        place, todo, absolute = rel.split("/")[:-1], steps(text), text.startswith("/")
        followed = 0
        while todo and not absolute:
            name = todo.pop(0)
            if name == "..":
                if not place:
                    return True
                place.pop()
                continue
            further = self._link_inside("/".join([*place, name]))
            if further is None:
                place.append(name)
                continue
            followed += 1
            if followed > descriptors.MOST_LINKS:
                return False  # A circle leads nowhere.
            todo, absolute = steps(further) + todo, further.startswith("/")
        target = "/" + "/".join(todo)
        return absolute and (".." in todo or not any(target == path or target.startswith(path.rstrip("/") + "/") for path in allowed))

    def _link_inside(self, rel: str) -> str | None:
        try:
            return self.link_text(rel)
        except Unsafe:
            return None

    # Descriptors

    def _full(self, rel: str) -> str:
        return shown(os.path.normpath(os.path.join(self.path, rel)))

    @contextlib.contextmanager
    def _parent(self, rel: str) -> Iterator[tuple[int, str]]:
        """The folder that a path is in, opened, and its name there."""
        names = descriptors.parts(rel)
        if not names:
            raise Unsafe("%s is the tree itself, which cannot be replaced" % self._full(rel))
        folder = os.dup(self._root)
        try:
            for index, name in enumerate(names[:-1]):
                inner = descriptors.open_folder(name, folder, self.path, "/".join(names[: index + 1]))
                os.close(folder)
                folder = inner
            yield folder, names[-1]
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _held(self, rel: str) -> Iterator[int]:
        """The inode of a path, which is not followed."""
        if not descriptors.parts(rel):
            yield self._root
            return
        with self._parent(rel) as (parent, name), closing(os.open(name, descriptors.HOLD, dir_fd=parent)) as held:
            yield held

    def _walk(self, rel: str) -> Iterator[tuple[str, int, os.stat_result]]:
        with telling(self.path, rel), self._held(rel) as held:
            yield from self._below(held, "" if not descriptors.parts(rel) else rel.rstrip("/") + "/", 0)

    def _below(self, held: int, prefix: str, depth: int) -> Iterator[tuple[str, int, os.stat_result]]:
        if depth > DEEPEST:
            raise Unsafe("%s is more than %d folders deep: make the tree flatter" % (self._full(prefix), DEEPEST))
        with closing(os.open(".", descriptors.FOLDER, dir_fd=held)) as folder:
            for name in sorted(os.listdir(folder)):
                try:
                    descriptor = os.open(name, descriptors.HOLD, dir_fd=folder)
                except FileNotFoundError:
                    continue  # It went meanwhile.
                with closing(descriptor):
                    found = os.fstat(descriptor)
                    yield prefix + name, descriptor, found
                    if stat.S_ISDIR(found.st_mode):
                        yield from self._below(descriptor, prefix + name + "/", depth + 1)

    def _place(self, rel: str, fill: Callable[[int], None], mode: int, uid: int, gid: int) -> None:
        """A file that appears under its name when it is complete."""
        with telling(self.path, rel), self._parent(rel) as (parent, name):
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
                raise Unsafe("%s is a folder where a file belongs: put a file in its place" % self._full(rel)) from error
            raise


def partial_name() -> str:
    return ".%s.new" % secrets.token_hex(8)


def discard(parent: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=parent)


def steps(text: str) -> list[str]:
    return [name for name in text.split("/") if name not in ("", ".")]


def with_execution(mode: int, found: int) -> int:
    """A mode with which those who may read may also run what could be run."""
    return mode | (mode & 0o444) >> 2 if found & 0o111 else mode
