# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Where a project's settings may put files: what the application may write, and what root reads there."""
from __future__ import annotations

import os
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import shown
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe

# As a unit's ReadWritePaths takes it without quotes, and none of the folders that the sandbox has of its own.
WRITABLE = re.compile(r"(/[A-Za-z0-9._@+-]+)+")
TAKE = "take it from the variable STATIC_ROOT of the environment"
PRIVATE = ("/tmp", "/var/tmp", "/dev", "/proc", "/sys", "/run/user")


def is_below(path: str, folder: str) -> bool:
    return os.path.join(os.path.normpath(path), "").startswith(os.path.join(os.path.normpath(folder), ""))


def owned_folder(path: str, uid: int) -> str | None:
    """What keeps a path from being a folder of *uid*'s, as the rest of a sentence; None when it is one."""
    try:
        with Tree(path) as tree:
            owner = tree.look().uid
    except Unsafe as error:
        return "%s" % error
    return None if owner == uid else "%s belongs to uid %d" % (path, owner)


def static_place(static_root: str, release_dir: str, shared: str, uid: int) -> str | None:
    """What is wrong with a project's STATIC_ROOT: root reads files there and gives them to nginx. None when it may be that."""
    if not static_root.startswith("/") or ".." in static_root.split("/"):
        return "STATIC_ROOT is %s, which is no absolute path: %s" % (shown(static_root), TAKE)
    holds = next((folder for folder in (release_dir, shared) if is_below(folder, static_root)), None)
    if holds:
        return "STATIC_ROOT is %s, and %s with all that is in it would be served: %s" % (shown(static_root), holds, TAKE)
    if any(is_below(static_root, folder) for folder in (release_dir, os.path.join(os.path.dirname(shared), "collected"), shared)):
        return None
    trouble = owned_folder(static_root, uid)
    if trouble is None:
        return None
    return "STATIC_ROOT is %s, which is neither in the release nor in %s nor a folder of the application's user (%s): %s" % (
        shown(static_root), shared, trouble, TAKE,
    )


def check_writable(paths: list[str], uid: int) -> None:
    """:raises Unsafe: when django_app_writable_paths has what is no folder of the application's user."""
    for path in paths:
        if not WRITABLE.fullmatch(path) or ".." in path.split("/"):
            raise Unsafe("django_app_writable_paths has %s: use absolute paths of letters, digits and . _ @ + -" % path)
        if any(is_below(path, folder) for folder in PRIVATE):
            raise Unsafe("django_app_writable_paths has %s, where the application has a folder of its own in its sandbox: use another place" % path)
        trouble = owned_folder(path, uid)
        if trouble:
            raise Unsafe("django_app_writable_paths has %s, which has to be a folder that the application's user owns already: %s" % (path, trouble))


def unwritable(facts: dict, release_dir: str, project_dir: str, shared: str, shared_paths: list[str], writable: list[str]) -> list[str]:
    """Warnings of uploads and SQLite where the service may not write; *facts* as driver's inspect tells them."""
    links = [os.path.join(release_dir, path) for path in shared_paths]

    def may_write(path: str) -> bool:
        return any(is_below(path, folder) for folder in (shared, *links, *writable))

    warnings = []
    media = os.path.join(project_dir, str(facts.get("media_root") or shared))
    if not may_write(media):
        warnings.append(
            "MEDIA_ROOT is %s, where the service may not write, so uploads would fail: take it from the variable MEDIA_ROOT of the environment, "
            "or add the folder to django_app_writable_paths" % shown(media)
        )
    for name in facts.get("sqlite") or []:
        path = os.path.normpath(os.path.join(project_dir, str(name)))
        # SQLite writes its journal beside the file, which for a link is where that leads.
        if not may_write(os.path.dirname(path)) and path not in map(os.path.normpath, links):
            warnings.append(
                "DATABASES has SQLite in %s, where the service may not write, so every change would fail: put it into %s, "
                "or add its folder to django_app_writable_paths" % (shown(path), shared)
            )
    return warnings


def not_shared(facts: dict, project_dir: str) -> list[str]:
    """Warnings of SQLite on a host that is not the only one: each has a file of its own; *facts* as driver's inspect tells them."""
    return [
        "DATABASES has SQLite in %s, a file that each host has for itself, and migrations are applied on the first host alone: "
        "use a database server that all hosts reach, such as django_app_database: local" % shown(os.path.normpath(os.path.join(project_dir, str(name))))
        for name in facts.get("sqlite") or []
    ]
