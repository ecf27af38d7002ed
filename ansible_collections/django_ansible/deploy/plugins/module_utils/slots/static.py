# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The static files of all kept releases together, so that a page of an older release finds its assets."""
from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

MOST_NAMES = 5


class Merged(NamedTuple):
    changed: int
    warnings: list[str]


def opened(release: dict) -> Tree | None:
    """Where a release collected its static files, if it did."""
    folder = release.get("static_root")
    return Tree(folder) if folder and os.path.isdir(folder) else None


def left_out(root: str, names: list[str]) -> list[str]:
    if not names:
        return []
    more = " and %d more" % (len(names) - MOST_NAMES) if len(names) > MOST_NAMES else ""
    return [
        "nginx does not serve %s%s of %s, which are no files of their own: collect the files themselves, not links to them"
        % (", ".join(names[:MOST_NAMES]), more, root)
    ]


def merge(release: dict, layout: Layout) -> Merged:
    """Copies a release's static files into the served folder, each by rename. What is no regular file is named and left out."""
    source = opened(release)
    if not source:
        return Merged(0, [])
    changed, skipped = 0, []
    with source, Tree(layout.static) as served:
        for entry in source.entries():
            if entry.kind == "folder":
                continue
            if entry.kind != "file":
                skipped.append(entry.path)
            elif not is_served(source, served, entry.path):
                place(source, served, entry.path)
                changed += 1
        return Merged(changed, left_out(source.path, skipped))


def is_served(source: Tree, served: Tree, path: str) -> bool:
    try:
        return source.same(path, served, path)
    except Unsafe:  # A file is where a folder belongs now.
        return False


def place(source: Tree, served: Tree, path: str) -> None:
    """Puts a file into the served folder. An older release may have a file where this one has a folder, and the other way round."""
    wrong = in_the_way(served, path)
    if wrong:
        served.remove(wrong)
    owner = os.geteuid(), os.getegid()
    served.ensure_directory(os.path.dirname(path), 0o755, *owner)
    source.copy_into(served, path, path, *owner, file_mode=0o644)


def in_the_way(served: Tree, path: str) -> str | None:
    names = path.split("/")
    for count in range(1, len(names)):
        above = "/".join(names[:count])
        if served.kind(above) not in (None, "folder"):
            return above
        if not served.exists(above):
            return None
    return path if served.kind(path) == "folder" else None


def prune(kept: list[dict], layout: Layout) -> int:
    """Removes from the served folder what no kept release collected, and tells how many files that were."""
    wanted: set[str] = set()
    sources = [source for source in map(opened, kept) if source]
    for source in sources:
        with source:
            wanted |= {entry.path for entry in source.entries() if entry.kind == "file"}
    if not sources:
        return 0
    with Tree(layout.static) as served:
        unwanted = [entry.path for entry in served.entries() if entry.kind != "folder" and entry.path not in wanted]
        for path in unwanted:
            served.remove(path)
    return len(unwanted)
