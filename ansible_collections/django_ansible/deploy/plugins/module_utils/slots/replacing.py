# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A file or link takes the place of what was there, which is kept for the way back."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable, ensure_directory, replace_link


def write(restorable: Restorable, file: ManagedFile) -> None:
    """Writes a file and the folder that it is in."""
    restorable.keep(file.path)
    ensure_directory(os.path.dirname(file.path))
    file.write()


def link(restorable: Restorable, target: str, path: str, release: str) -> None:
    """Points a link at its target; a folder that a user's earlier tooling put there is moved aside, not lost."""
    if os.path.isdir(path) and not os.path.islink(path):
        restorable.set_aside(path, "%s.before-%s" % (path, release))
    restorable.keep(path)
    replace_link(target, path)
