# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a finished tree, a release or a virtual environment, must not have."""
from __future__ import annotations

from typing import Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import descriptors
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import Unsafe, shown
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree


def problems(tree: Tree, allowed: tuple[str, ...] = ()) -> Iterator[str]:
    """A sentence for each thing that a release or a virtual environment must not have. Links may lead to *allowed* paths and what is below them."""
    for found in tree.entries():
        if "\n" in found.path.rpartition("/")[2]:
            yield "%s has a line break in its name: rename it" % tree.full(found.path)
        if found.kind in ("device", "pipe", "socket"):
            yield "%s is a %s, and there may only be files, folders and links: remove it" % (tree.full(found.path), found.kind)
        if found.kind == "file" and found.mode & 0o7000:
            yield "%s has the mode %04o: take its setuid, setgid and sticky bits away" % (tree.full(found.path), found.mode)
        if found.kind == "link":
            text = tree.link_text(found.path) or ""
            if _leads_out(tree, found.path, text, allowed):
                yield "%s is a link to %s, which is outside: put the file itself there" % (tree.full(found.path), shown(text))


def _leads_out(tree: Tree, rel: str, text: str, allowed: tuple[str, ...]) -> bool:
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
        further = _link_inside(tree, "/".join([*place, name]))
        if further is None:
            place.append(name)
            continue
        followed += 1
        if followed > descriptors.MOST_LINKS:
            return False  # A circle leads nowhere.
        todo, absolute = steps(further) + todo, further.startswith("/")
    target = "/" + "/".join(todo)
    return absolute and (".." in todo or not any(target == path or target.startswith(path.rstrip("/") + "/") for path in allowed))


def _link_inside(tree: Tree, rel: str) -> str | None:
    try:
        return tree.link_text(rel)
    except Unsafe:
        return None


def steps(text: str) -> list[str]:
    return [name for name in text.split("/") if name not in ("", ".")]
