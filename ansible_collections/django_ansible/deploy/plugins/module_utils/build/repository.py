# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A Git repository that the host asks and fetches from. What its address has of a password stands in no process list and in no file that stays."""
from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit, urlunsplit

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.archive import pack
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run


def secrets_of(address: str) -> set[str]:
    """What nobody may read of an address: the password, or a token that stands in the place of the user."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        return set()
    secret = parts.password or parts.username
    return {secret, unquote(secret)} if secret else set()


class Repository:
    """Runs git for one repository, with the login that its address has."""

    def __init__(self, address: str, login: list[str]) -> None:
        self.address = address
        self.login = login

    def git(self, *arguments: str) -> str:
        # Git asks nobody for a password, who is not there.
        return run(["git", *self.login, *arguments], env={**os.environ, "GIT_TERMINAL_PROMPT": "0"})

    def commit(self, ref: str) -> str:
        """The commit that a branch, tag or HEAD of the repository is.

        :raises CommandFailed: when it has none, or does not answer.
        """
        printed = self.git("ls-remote", "--", self.address, ref).split()
        if not printed:
            raise CommandFailed("the repository %s has no %s: check revision and app_branch" % (self.address, ref))
        return printed[0]

    def fetch(self, revision: str, mirror: str) -> None:
        """Brings *revision* into a bare repository on the host, with no more history than it needs."""
        if not os.path.isdir(mirror):
            self.git("init", "--quiet", "--bare", mirror)
        try:
            self.git("-C", mirror, "fetch", "--quiet", "--depth", "1", "--", self.address, revision)
        except CommandFailed:
            # Not every server hands out a commit by its hash; then its branches and tags have to come whole.
            self.git("-C", mirror, "fetch", "--quiet", "--force", "--tags", "--", self.address, "+refs/heads/*:refs/heads/*")


@contextlib.contextmanager
def reach(address: str) -> Iterator[Repository]:
    """The repository at *address*, for as long as this lasts."""
    if not secrets_of(address):
        yield Repository(address, [])
        return
    parts = urlsplit(address)
    login, _, host = parts.netloc.rpartition("@")
    clean = urlunsplit(parts._replace(netloc=host))
    with tempfile.NamedTemporaryFile("w", prefix="django-ansible-deploy-", dir="/run" if os.geteuid() == 0 else None) as file:
        # As `git credential-store` writes it: a password of its own, be it empty, is what makes it a login.
        file.write("%s://%s@%s\n" % (parts.scheme, login if ":" in login else login + ":", host))
        file.flush()
        yield Repository(clean, ["-c", "credential.helper=", "-c", "credential.helper=store --file=%s" % file.name])


def archive_of(address: str, revision: str, mirror: str, path: str) -> dict[str, list[str]]:
    """Brings a commit of a repository onto the host, as a tar file. Returns what is to say of it, as :func:`pack` does."""
    with reach(address) as repository:
        repository.fetch(revision, mirror)
    return pack(mirror, revision, path)
