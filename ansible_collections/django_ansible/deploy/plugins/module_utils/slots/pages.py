# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What visitors see when nginx has to answer in the application's place: pages of the release, else bundled ones."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe

STATUSES = ("502", "503", "504")
LARGEST = 256 << 10  # bytes of a page


def rendered(answer: object) -> dict[str, str]:
    """The pages that the project's own code rendered, as far as they have the form of some."""
    found = answer if isinstance(answer, dict) else {}
    return {status: found[status] for status in STATUSES if isinstance(found.get(status), str) and len(found[status].encode()) <= LARGEST}


def files(wish: dict, release_dir: str, made: object) -> list[ManagedFile]:
    """The pages as nginx reads them.

    :param wish: C(folder), C(bundled) (texts by status) and C(named) (files of the release by status).
    :param made: what the release's record has of pages that it rendered.
    :raises CommandFailed: when the release has not a file that is named.
    """
    texts = {**wish["bundled"], **rendered(made), **{status: named(release_dir, status, path) for status, path in wish["named"].items()}}
    return [ManagedFile(os.path.join(wish["folder"], status + ".html"), text) for status, text in sorted(texts.items()) if status in wish["bundled"]]


def named(release_dir: str, status: str, path: str) -> str:
    if not os.path.isdir(release_dir):
        return ""  # Check mode asks for a release that nobody has made.
    try:
        with Tree(release_dir) as tree:
            return tree.read(path, LARGEST).decode(errors="replace")
    except (Unsafe, OSError) as error:
        raise CommandFailed("django_app_error_pages names %s for %s, which cannot be taken from the release: %s" % (path, status, error)) from error
