# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The releases that a host keeps, in both modes: a folder each with release.json, and a journal of what was done with them."""
from __future__ import annotations

import json
import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as


class Releases:
    """*folder* holds ``releases`` and ``deploys.jsonl``; names of releases begin with their time."""

    def __init__(self, folder: str) -> None:
        self.releases = os.path.join(folder, "releases")
        self.journal = os.path.join(folder, "deploys.jsonl")

    def release_dir(self, release: str) -> str:
        return os.path.join(self.releases, release)

    def read_release(self, release: str) -> dict:
        """What release.json tells of a release; empty for a folder that was never completed."""
        try:
            with open(os.path.join(self.release_dir(release), "release.json"), encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}

    def mark_release(self, name: str, **facts: object) -> None:
        """Adds facts to what release.json tells; None takes one away."""
        known = {**self.read_release(name), **facts}
        if "release" in known:
            self.write_record(self.release_dir(name), **known)

    @staticmethod
    def write_record(folder: str, **facts: object) -> None:
        """Writes release.json into a folder, which completes it as a release."""
        text = json.dumps({key: value for key, value in facts.items() if value is not None}, indent=2, sort_keys=True) + "\n"
        write_atomically_as(os.path.join(folder, "release.json"), text.encode(), 0o640, os.getuid(), os.getgid())

    def list_releases(self) -> list[dict]:
        """The completed releases, oldest first. Their names begin with the time, so they sort by it."""
        names = sorted(os.listdir(self.releases)) if os.path.isdir(self.releases) else []
        return [found for found in (self.read_release(name) for name in names) if found]

    def record(self, **entry: object) -> None:
        """Appends to deploys.jsonl who did what, when, and how it ended."""
        entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}
        descriptor = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, sort_keys=True) + "\n")
