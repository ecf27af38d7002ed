# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What the releases of an application share, and the application's user may write."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, owner_ids
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def ensure_shared(layout: Layout, params: dict) -> None:
    for path in (layout.shared, os.path.join(layout.shared, "media")):
        ensure_directory(path, 0o755, params["app_user"], params["app_group"])


def share(layout: Layout, params: dict, release: Tree) -> None:
    """Puts links to C(shared) in place of paths of the checkout; what the checkout has there is where the shared one begins."""
    uid, gid = owner_ids(params["app_user"], params["app_group"])
    with Tree(layout.shared) as shared:
        for name in params["shared_paths"]:
            if not shared.exists(name):
                if release.kind(name) == "file":
                    shared.ensure_directory(os.path.dirname(name), 0o755, uid, gid)
                else:
                    shared.ensure_directory(name, 0o755, uid, gid)
                if release.exists(name):
                    release.copy_into(shared, name, name, uid, gid)
            release.remove(name)
            release.ensure_directory(os.path.dirname(name), 0o755, uid, gid)
            release.link(os.path.join(layout.shared, name), name)
