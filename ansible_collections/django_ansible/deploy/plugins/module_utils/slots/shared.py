# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What the releases of an application share, and the application's user may write.

C(shared) is the user's, and nginx may pass through it: 0710, with nginx's group. Other accounts of the host, other applications among them, reach nothing in
it, whatever mode a file there has; nginx, which may not list it, serves files of C(media) and follows no link out of it (see nginx.conf.j2).
Below it root makes what is missing and leaves the rest as it is: whose data that is decides about it.
"""
from __future__ import annotations

import os
import pwd
import secrets

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import copying, ownership
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import owner_ids
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

NGINX_GROUP = "www-data"
MODE = 0o710
MOST_NAMES = 5


def refuse_another_user(layout: Layout, user: str) -> None:
    """:raises Unsafe: when the live release runs as somebody else than *user*, who could not write what it has stored."""
    if not layout.live_release():
        return
    with Tree(layout.app_dir) as top:
        found = top.look("shared")
    if found and found.uid not in (os.geteuid(), uid_of(user)):
        owner = name_of(found.uid)
        raise Unsafe(
            "app_user is %s, but this host's live release runs as %s, and what it stored in %s is not %s's to write: set app_user to %s, or rename the account on this host "
            "first (usermod --login, see troubleshooting.md)" % (user, owner, layout.shared, user, owner)
        )


def uid_of(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "uid %d" % uid


def ensure_shared(layout: Layout, params: dict) -> list[str]:
    """Makes C(shared) and its folder of uploads. Returns what the person who deploys should know."""
    user = owner_ids(params["app_user"], params["app_group"])
    warnings = []
    if params["app_group"] == NGINX_GROUP:
        warnings.append(
            "app_group is %s, nginx's own group, so every application with that group can enter %s: give the application a group of its own"
            % (NGINX_GROUP, layout.shared)
        )
    with Tree(layout.app_dir) as top:
        if not top.exists("shared"):
            top.ensure_directory("shared", 0o700, *user)
    with Tree(layout.shared) as shared:
        ownership.settle(shared, *owner_ids(params["app_user"], NGINX_GROUP), MODE)
        try:
            shared.ensure_directory("media", 0o755, *user)
        except Unsafe as error:  # What the application did to its own files must not keep its host from a release that mends it.
            warnings.append("%s. It is left as it is, and nginx serves no uploads from there" % error)
    return warnings


def share(layout: Layout, params: dict, release: Tree) -> list[str]:
    """Puts links to C(shared) in place of paths of the checkout; what the checkout has there is where the shared one begins.

    :raises Unsafe: when the checkout has a link on the way to such a path.
    """
    user = owner_ids(params["app_user"], params["app_group"])
    warnings = []
    with Tree(layout.shared) as shared:
        for name in params["shared_paths"]:
            name = os.path.normpath(name)
            if name == ".":
                raise Unsafe("django_app_shared_paths has the repository itself: name files and folders in it")
            kind = release.kind(name)
            try:
                warnings += begin(shared, name, release, kind, user)
            except Unsafe as error:
                warnings.append("%s (%s of django_app_shared_paths)" % (error, name))
            release.remove(name)
            release.ensure_directory(os.path.dirname(name), 0o755, *user)
            release.link(os.path.join(layout.shared, name), name)
    return warnings


def begin(shared: Tree, name: str, release: Tree, kind: str | None, user: tuple[int, int]) -> list[str]:
    """Makes what is shared unless it is there: a copy, which appears when it is complete, or an empty folder."""
    if shared.exists(name):
        return []
    shared.ensure_directory(os.path.dirname(name), 0o755, *user)
    if kind not in ("file", "folder"):
        shared.ensure_directory(name, 0o755, *user)
        return []
    partial = ".%s.new" % secrets.token_hex(8)
    try:
        left = copying.copy(release, shared, name, partial, *user)
        shared.rename(partial, name)
    finally:
        shared.remove(partial)
    if not left:
        return []
    more = " and %d more" % (len(left) - MOST_NAMES) if len(left) > MOST_NAMES else ""
    return ["%s%s of the checkout are links or no files, and are not in %s" % (", ".join(left[:MOST_NAMES]), more, os.path.join(shared.path, name))]
