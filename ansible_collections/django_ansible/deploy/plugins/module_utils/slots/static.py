# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The static files of all kept releases together, so that a page of an older release finds its assets."""
from __future__ import annotations

import gzip
import os
import struct
import zlib
from typing import NamedTuple

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import copying
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

MOST_NAMES = 5
# What becomes smaller; fonts of the web and pictures are compressed in themselves.
COMPRESSED = (".css", ".csv", ".geojson", ".html", ".js", ".json", ".map", ".md", ".mjs", ".otf", ".svg", ".ttf", ".txt", ".wasm", ".webmanifest", ".xml")
SMALLEST, LARGEST = 1024, 32 << 20  # bytes


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


def merge(release: dict, layout: Layout, known: frozenset[str] = frozenset()) -> Merged:
    """Copies a release's static files into the served folder, each by rename. What is no regular file is named and left out.

    :param known: what :func:`served_already` said of it a moment ago.
    """
    source = opened(release)
    if not source:
        return Merged(0, [])
    with source, Tree(layout.static) as served:
        files = {entry.path: entry.size for entry in source.entries() if entry.kind == "file"}
        # First, so that nobody gets an older content in its compressed form.
        there = {entry.path: entry.size for entry in served.entries() if entry.kind == "file" and entry.path.endswith(".gz")}
        for packed in there.keys() - files.keys():
            path = packed[: -len(".gz")]
            if path in files and path not in known and not is_of(source, path, files[path], served, packed):
                served.remove(packed)
                del there[packed]
        changed, skipped = copying.update(source, served, os.geteuid(), os.getegid(), 0o755, 0o644, known)
        for path, size in files.items():
            packed = path + ".gz"
            if path.endswith(COMPRESSED) and SMALLEST <= size <= LARGEST and packed not in files and packed not in there:
                content = gzip.compress(source.read(path, LARGEST), 9, mtime=0)
                if len(content) < size:
                    served.write(packed, content, 0o644, os.geteuid(), os.getegid())
        return Merged(changed, left_out(source.path, skipped))


def served_already(release: dict, layout: Layout) -> frozenset[str]:
    """The static files of a release that are served as they are already, with a compressed form that is right. It reads all of them, and changes nothing."""
    source = opened(release)
    if not source or not os.path.isdir(layout.static):
        return frozenset()
    with source, Tree(layout.static) as served:
        packed = {entry.path for entry in served.entries() if entry.kind == "file" and entry.path.endswith(".gz")}
        files = {entry.path: entry.size for entry in source.entries() if entry.kind == "file"}
        return frozenset(
            path for path in copying.same(source, served)
            if path + ".gz" not in packed or path + ".gz" in files or is_of(source, path, files[path], served, path + ".gz")
        )


def is_of(source: Tree, path: str, size: int, served: Tree, packed: str) -> bool:
    """Whether a compressed file is of this content, by the length and checksum at its end."""
    if size > LARGEST or served.look(packed).size > LARGEST:
        return False
    return served.read(packed, LARGEST)[-8:] == struct.pack("<II", zlib.crc32(source.read(path, LARGEST)), size)


def prune(kept: list[dict], layout: Layout) -> int:
    """Removes from the served folder what no kept release collected, and tells how many files that were."""
    wanted: set[str] = set()
    sources = [source for source in map(opened, kept) if source]
    for source in sources:
        with source:
            wanted |= {path for entry in source.entries() if entry.kind == "file" for path in (entry.path, entry.path + ".gz")}
    if not sources:
        return 0
    with Tree(layout.static) as served:
        unwanted = [entry.path for entry in served.entries() if entry.kind != "folder" and entry.path not in wanted]
        for path in unwanted:
            served.remove(path)
    return len(unwanted)
