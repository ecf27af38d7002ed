# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What an application's folder stands on: root reads, trusts and runs what is in it, so nobody else may have decided what that is.

A deploy that was there before, such as a tutorial's, may have given C(app_dir) to the application's user.
"""
from __future__ import annotations

import os
import pwd
import stat

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import ownership
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

# Names in app_dir that are root's alone. What is served, and what is shared, may have been there before.
OURS = ("releases", "venvs", "slots", "building", "collected", "tools", "backups", "repository.git", "deploys.jsonl", ".layout", "first-commands.json")


def refuse(layout: Layout, user: str) -> None:
    """:raises Unsafe: when somebody else than root decides what root finds at app_dir, or has put something there already."""
    for folder in folders_above(layout.app_dir):
        whose = taken_by(folder, user)
        if whose:
            raise Unsafe(
                "%s is in %s, which %s, who could put another folder in its place while root works there: give %s to root, or set app_dir to another place"
                % (layout.app_dir, folder, whose, folder)
            )
    if os.path.lexists(layout.app_dir):
        with Tree(layout.app_dir) as top:
            for name in OURS:
                found_there = top.look(name)
                if found_there and found_there.uid != os.geteuid():
                    raise Unsafe(
                        "%s is not of a deploy, since it belongs to uid %d, and root would trust what it says: move it away" % (top.full(name), found_there.uid)
                    )


def taken_by(folder: str, user: str) -> str | None:
    """Who else than root could put another folder in the place of one in *folder*, in words; None for nobody."""
    found = os.lstat(folder)
    uid, groups = ids_of(user)
    if found.st_uid == uid:
        return "belongs to the application's user"
    # A link has no mode; where it leads to is a folder of its own.
    if stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_ISVTX:
        return None
    if found.st_mode & stat.S_IWOTH:
        return "can be written by everybody"
    return "can be written by a group of the application's user" if found.st_mode & stat.S_IWGRP and found.st_gid in groups else None


def ids_of(user: str) -> tuple[int | None, list[int]]:
    """The application's user and its groups; nobody where there is none yet."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        return None, []
    return account.pw_uid, os.getgrouplist(user, account.pw_gid)


def folders_above(path: str) -> list[str]:
    """The folders that a path is in and that are there, by its name and by where links on the way lead."""
    found = []
    for way in dict.fromkeys((path, os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)))):
        while way != "/":
            way = os.path.dirname(way)
            found.append(way)
    return [folder for folder in dict.fromkeys(found) if os.path.lexists(folder)]


def prepare(layout: Layout, user: str) -> None:
    """Makes root's folders. First C(app_dir) itself, so that nobody puts anything into it from then on."""
    ensure_directory(layout.app_dir)
    refuse(layout, user)
    with Tree(layout.app_dir) as top:
        served = top.look("static")
        if served and served.uid != os.geteuid():
            take_over(top, served.uid)
    for path in (layout.releases, layout.slots, layout.static, layout.building):
        ensure_directory(path)
    # Packages may be a project's own: whoever else is on the host can enter by no name that is found there.
    ensure_directory(layout.venvs, 0o711)


def take_over(top: Tree, owner: int) -> None:
    """Static files that another deploy has collected go on being served, and links among them do not."""
    with top.below("static") as tree:
        for entry in list(tree.entries()):
            if entry.kind not in ("file", "folder"):
                tree.remove(entry.path)
        ownership.hand_over(tree, os.geteuid(), os.getegid(), 0o755, 0o644, of=owner)
