# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Copies of what a tree holds into another one, without a moment at which anybody else could put something in between."""
from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import descriptors
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import closing, entry_of, telling, with_execution
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree


def copy(tree: Tree, other: Tree, rel: str, to: str, uid: int, gid: int, directory_mode: int = 0o755, file_mode: int | None = None) -> list[str]:
    """Copies a file, or a folder with what is in it, and tells what it left out: whatever is neither file nor folder.

    A copy belongs to *uid* and *gid* from the start. Without *file_mode* it may be read and run as the original, and written by its owner alone.
    """
    left: list[str] = []
    with telling(tree.path, rel), tree.held(rel) as held:
        _copy(tree, other, held, os.fstat(held), rel, to, (uid, gid, directory_mode, file_mode), left)
        if stat.S_ISDIR(os.fstat(held).st_mode):
            for path, inner, found in tree.walk(rel):
                below = path if rel == "." else path[len(rel.rstrip("/")) + 1 :]
                _copy(tree, other, inner, found, path, os.path.join(to, below), (uid, gid, directory_mode, file_mode), left)
    return left


def _copy(tree: Tree, other: Tree, held: int, found: os.stat_result, rel: str, to: str, wanted: tuple, left: list[str]) -> None:
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

        other.place(to, fill, mode, uid, gid)


def same(tree: Tree, other: Tree) -> Iterator[str]:
    """The files of a tree that another one has with the same content."""
    for path, held, found in tree.walk("."):
        if entry_of(path, found).kind == "file":
            there = other.look(path)
            if there and there.kind == "file" and _same(tree, held, found, other, path):
                yield path


def update(tree: Tree, other: Tree, uid: int, gid: int, directory_mode: int, file_mode: int, known: frozenset[str] = frozenset()) -> tuple[int, list[str]]:
    """Has another tree hold what this one does, whatever it has by the same names. Tells how many files that changed, and what was left out.

    :param known: what :func:`same` said before.
    """
    changed, left = 0, []
    for path, held, found in tree.walk("."):
        if path in known:
            continue
        kind, there = entry_of(path, found).kind, other.look(path)
        if kind in ("file", "folder") and there and there.kind != kind:
            other.remove(path)
            there = None
        if there and (kind == "folder" or (kind == "file" and _same(tree, held, found, other, path))):
            continue
        changed += kind == "file"
        with telling(tree.path, path):
            _copy(tree, other, held, found, path, path, (uid, gid, directory_mode, file_mode), left)
    return changed, left


def _same(tree: Tree, held: int, found: os.stat_result, other: Tree, path: str) -> bool:
    with telling(other.path, path), other.held(path) as served:
        there = os.fstat(served)
        if not stat.S_ISREG(there.st_mode) or there.st_size != found.st_size:
            return False
        with closing(descriptors.open_file(held)) as one, closing(descriptors.open_file(served)) as two:
            return descriptors.same_content(one, two, found.st_size)
