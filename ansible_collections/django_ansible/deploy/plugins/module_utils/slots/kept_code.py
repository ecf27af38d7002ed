# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a release still has of its commit, in C(.contents.json) beside its record, so that the next commit need not come whole."""
from __future__ import annotations

import json
import os
from collections.abc import Collection

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.contents import (
    LARGEST_PACKED,
    LARGEST_TEXT,
    Contents,
    abridged,
    contents_in,
    is_file,
    packed,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import Entry
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

NAME = ".contents.json"


def keep(tree: Tree, contents: Contents, moments: Collection[int]) -> None:
    """Writes down what a finished release has of its commit. Commands of the project may have changed files, and shared paths took others away.

    :param moments: seconds since the epoch at which the commit's files were changed last; a file that was written later is not the commit's.
    """
    entries = {entry.path: entry for entry in tree.entries()}
    still = {path: what for path, what in contents.items() if path in entries and _is_still(tree, entries[path], what, moments)}
    tree.write(NAME, json.dumps(still).encode(), 0o640, os.getuid(), os.getgid())


def _is_still(tree: Tree, entry: Entry, what: str, moments: Collection[int]) -> bool:
    if is_file(what):
        return entry.kind == "file" and entry.modified // 10**9 in moments
    return entry.kind == "folder" if what.startswith("d") else tree.link_text(entry.path) == what[1:]


def read(layout: Layout, release: str) -> Contents:
    """What a release has of its commit; empty where nobody wrote that down."""
    try:
        with Tree(layout.release_dir(release)) as tree:
            return contents_in(json.loads(tree.read(NAME, LARGEST_TEXT)))
    except (Unsafe, ValueError):
        return {}


def lacks_release(found: dict, revision: str) -> bool:
    """Whether a release of a commit, where that is known, has yet to be made."""
    return revision not in ("", *(entry["revision"] for entry in found["releases"] if entry["as_built"]))


def answer(layout: Layout, found: dict, revision: str) -> dict | None:
    """What a run has to know of the live release to send what that lacks of a commit; None where that is of no use.

    :param found: as app_host answers.
    """
    live = found["live"]["release"]
    known = read(layout, live) if live and lacks_release(found, revision) else {}
    text = packed({path: abridged(what) for path, what in known.items()})
    return {"release": live, "contents": text} if known and len(text) <= LARGEST_PACKED else None
