# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Whose a tree is: owner and mode of a folder, or of a finished tree as a whole."""
from __future__ import annotations

import os
import stat

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import descriptors
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import Unsafe, entry_of, telling, with_execution
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree


def settle(tree: Tree, uid: int, gid: int, mode: int) -> bool:
    """Gives the folder that the tree is, and nothing below it, exactly this owner and mode. Tells whether that changed anything."""
    found = os.fstat(tree.root)
    changed = (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) != (uid, gid, mode)
    with telling(tree.path):
        descriptors.give(tree.root, found, uid, gid)
        if changed:
            os.fchmod(tree.root, mode)
    return changed


def own(tree: Tree, uid: int, gid: int, rel: str = ".", of: int | None = None) -> None:
    """Gives a path and what is below it to *uid*.

    A file with further names may be somebody's elsewhere: it has to be *uid*'s already, or that of *of*, who made the tree.
    """
    _own(tree, rel, uid, gid, of)


def hand_over(tree: Tree, uid: int, gid: int, directory_mode: int, file_mode: int, of: int | None = None) -> None:
    """Owner and modes of a finished tree, itself included; who may read a file may run it where its maker said that it can be run."""
    _own(tree, ".", uid, gid, of, (directory_mode, file_mode))


def _own(tree: Tree, rel: str, uid: int, gid: int, of: int | None, modes: tuple[int, int] | None = None) -> None:
    with telling(tree.path, rel), tree.held(rel) as held:
        _give(tree, rel, held, os.fstat(held), (uid, gid, of), modes)
        if stat.S_ISDIR(os.fstat(held).st_mode):
            for path, inner, found in tree.walk(rel):
                _give(tree, path, inner, found, (uid, gid, of), modes)


def _give(tree: Tree, rel: str, held: int, found: os.stat_result, wanted: tuple, modes: tuple[int, int] | None) -> None:
    uid, gid, of = wanted
    kind = entry_of(rel, found).kind
    if kind == "device" or (kind != "folder" and found.st_nlink > 1 and found.st_uid not in (uid, of)):
        wrong = "is a device" if kind == "device" else "is a second name of somebody else's file"
        raise Unsafe("%s %s, which is given to nobody: remove it" % (tree.full(rel), wrong))
    descriptors.give(held, found, uid, gid)
    if modes and kind in ("folder", "file"):
        mode = modes[0] if kind == "folder" else with_execution(modes[1], found.st_mode)
        # Whatever it was a moment ago: whoever had the file open could change it until it was given away.
        os.chmod(descriptors.by_descriptor(held), mode)
