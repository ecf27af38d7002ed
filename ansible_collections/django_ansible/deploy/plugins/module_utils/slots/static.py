# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The static files of all kept releases together, so that a page of an older release finds its assets."""
from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import copying
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
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
    with source, Tree(layout.static) as served:
        changed, skipped = copying.update(source, served, os.geteuid(), os.getegid(), 0o755, 0o644)
        return Merged(changed, left_out(source.path, skipped))


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
