# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A folder that is held open, the ways to what is below it, and a walk over all of that: by descriptors, following no link."""
from __future__ import annotations

import contextlib
import os
import stat
from typing import Iterator, TypeVar

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import descriptors
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import Unsafe, closing, shown, telling

DEEPEST = 200  # folders within folders; each that is walked holds a descriptor
Self = TypeVar("Self", bound="Opened")


class Opened:
    """A folder and what is below it. Paths are relative to it, and never lead up."""

    def __init__(self, path: str, root: int | None = None) -> None:
        self.path = path
        self.root = descriptors.open_root(path) if root is None else root

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.root)

    def full(self, rel: str) -> str:
        return shown(os.path.normpath(os.path.join(self.path, rel)))

    @contextlib.contextmanager
    def parent(self, rel: str) -> Iterator[tuple[int, str]]:
        """The folder that a path is in, opened, and its name there."""
        names = descriptors.parts(rel)
        if not names:
            raise Unsafe("%s is the tree itself, which cannot be replaced" % self.full(rel))
        folder = os.dup(self.root)
        try:
            for index, name in enumerate(names[:-1]):
                inner = descriptors.open_folder(name, folder, self.path, "/".join(names[: index + 1]))
                os.close(folder)
                folder = inner
            yield folder, names[-1]
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def held(self, rel: str) -> Iterator[int]:
        """The inode of a path, which is not followed."""
        if not descriptors.parts(rel):
            yield self.root
            return
        with self.parent(rel) as (parent, name), closing(os.open(name, descriptors.HOLD, dir_fd=parent)) as held:
            yield held

    def walk(self, rel: str) -> Iterator[tuple[str, int, os.stat_result]]:
        with telling(self.path, rel), self.held(rel) as held:
            yield from self._below(held, "" if not descriptors.parts(rel) else rel.rstrip("/") + "/", 0)

    def _below(self, held: int, prefix: str, depth: int) -> Iterator[tuple[str, int, os.stat_result]]:
        if depth > DEEPEST:
            raise Unsafe("%s is more than %d folders deep: make the tree flatter" % (self.full(prefix), DEEPEST))
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
