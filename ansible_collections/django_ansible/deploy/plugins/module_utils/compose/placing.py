# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Files in a project's folder, which containers may write: read, put in place, and put back, without ever following what is planted there."""
from __future__ import annotations

import base64
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree

LARGEST = 64 << 20  # bytes of a file that is replaced


class Place:
    """A path *rel* below a folder that root, or the engine's user, chose."""

    def __init__(self, folder: str, rel: str) -> None:
        self.folder, self.rel = folder, rel

    @classmethod
    def of(cls, path: str, project: str) -> Place:
        """A path in the project's folder, or one that the user named elsewhere."""
        if project and path.startswith(project.rstrip("/") + "/"):
            return cls(project, os.path.relpath(path, project))
        return cls(os.path.dirname(path), os.path.basename(path))

    def tree(self) -> Tree | None:
        return Tree(self.folder) if os.path.isdir(self.folder) else None

    def kind(self) -> str | None:
        tree = self.tree()
        if tree is None:
            return None
        with tree:
            return tree.kind(self.rel)

    def read(self) -> bytes | None:
        """The content of the file; None when there is none, and for a link, which no deploy has put there.

        :raises Unsafe: for a folder, a pipe, a device, and a path through a link.
        """
        if self.kind() in (None, "link"):
            return None
        with Tree(self.folder) as tree:
            return tree.read(self.rel, LARGEST)

    def write(self, content: bytes, mode: int) -> None:
        """Puts the file there. One that is there keeps its owner and mode; a link makes way for it."""
        owner = (os.geteuid(), os.getegid())
        _make(self.folder)
        with Tree(self.folder) as tree:
            found = tree.look(self.rel)
            if found and found.kind == "file":
                mode, owner = found.mode & 0o777, (found.uid, found.gid)
            if os.path.dirname(self.rel):
                tree.ensure_directory(os.path.dirname(self.rel), 0o755, *owner)
            tree.write(self.rel, content, mode, *owner)

    def remove(self) -> None:
        with Tree(self.folder) as tree:
            tree.remove(self.rel)

    def state(self) -> list:
        """What is there, as JSON can hold it.

        :raises Unsafe: for a folder, a pipe, a device, a path through a link, and for what goes while it is looked at.
        """
        tree = self.tree()
        if tree is None:
            return ["absent"]
        with tree:
            if not tree.exists(self.rel):
                return ["absent"]
            text = tree.link_text(self.rel)
            if text is not None:
                return ["link", text]
            content, found = tree.read_entry(self.rel, LARGEST)
            return ["file", base64.b64encode(content).decode(), found.mode & 0o777, found.uid, found.gid]

    def put_back(self, state: list) -> None:
        kind, *value = state
        if kind == "absent":
            if self.kind() is not None:
                self.remove()
            return
        with Tree(self.folder) as tree:
            if kind == "link":
                tree.link(value[0], self.rel)
            else:
                content, mode, uid, gid = value
                tree.write(self.rel, base64.b64decode(content), mode, uid, gid)


class Before:
    """What was at some paths before a deploy, so that a step that fails can put it back."""

    def __init__(self, saved: list) -> None:
        self.saved = saved

    @classmethod
    def of(cls, places: list[Place]) -> Before:
        return cls([[place.folder, place.rel, place.state()] for place in places])

    def restore(self) -> None:
        for folder, rel, state in self.saved:
            Place(folder, rel).put_back(state)


def _make(folder: str) -> None:
    """Makes the project's folder, where the user says it is."""
    above = folder
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    if above != folder:
        with Tree(above) as tree:
            tree.ensure_directory(os.path.relpath(folder, above), 0o755, os.geteuid(), os.getegid())
