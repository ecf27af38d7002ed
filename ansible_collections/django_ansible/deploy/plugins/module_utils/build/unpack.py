# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Brings the code of a commit onto the host."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run


def fetch(repository: str, revision: str, mirror: str) -> None:
    """Brings *revision* into a bare repository on the host, with no more history than it needs."""
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    if not os.path.isdir(mirror):
        run(["git", "init", "--quiet", "--bare", mirror])
    try:
        run(["git", "-C", mirror, "fetch", "--quiet", "--depth", "1", "--", repository, revision], env=env)
    except CommandFailed:
        # Not every server hands out a commit by its hash; then its branches and tags have to come whole.
        run(["git", "-C", mirror, "fetch", "--quiet", "--force", "--tags", "--", repository, "+refs/heads/*:refs/heads/*"], env=env)


def archive_of(repository: str, revision: str, mirror: str, path: str) -> None:
    """Brings a commit of a repository onto the host, as a tar file."""
    fetch(repository, revision, mirror)
    run(["git", "-C", mirror, "-c", "tar.umask=0022", "archive", "--format=tar", "--output", path, revision])
