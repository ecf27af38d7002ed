# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The project's own commands around a deploy: which are still to be run for a release, and running them."""
from __future__ import annotations

import hashlib
import json
import os
import shlex

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import must_succeed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def parse(text: str) -> dict:
    """Reads the JSON object in which modules receive them: by phase, each with C(command) and C(env)."""
    return json.loads(text or "{}")


def argv_of(command: str, bin_dir: str, shared: str) -> list[str]:
    """A command's arguments. Programs are those of the virtual environment, C(*.py) runs with its Python; no shell."""
    words = [word.replace("{shared}", shared) for word in shlex.split(command)]
    if words[0].endswith(".py"):
        words.insert(0, "python")
    return words if words[0].startswith("/") else [os.path.join(bin_dir, words[0]), *words[1:]]


def identity(entry: dict) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:16]


def run_one(application: Application, layout: Layout, entry: dict) -> str:
    """Runs one command as the application and returns it as it was written.

    :raises CommandFailed: with what it printed last, secrets masked.
    """
    argv = argv_of(entry["command"], os.path.dirname(application.python), layout.shared)
    application.command(argv, {name: str(value) for name, value in entry.get("env", {}).items()})
    return entry["command"]


def trouble_of(application: Application, layout: Layout, command: str, timeout: int) -> str | None:
    """What is wrong by a command that looks whether the application does well; None when it ends with 0.

    :param timeout: seconds that it has.
    """
    argv = argv_of(command, os.path.dirname(application.python), layout.shared)
    try:
        must_succeed(argv, application.watched(argv, timeout=timeout))
    except CommandFailed as error:
        return application.environment.mask(str(error))
    return None


class Ran:
    """What was run already: for a release, in its release.json; for good, beside the releases."""

    def __init__(self, layout: Layout, release: str) -> None:
        self.layout = layout
        self.release = release
        self.path = os.path.join(layout.app_dir, "first-commands.json")

    def _known(self, phase: str) -> list[str]:
        if phase != "first":
            return self.layout.read_release(self.release).get("commands", [])
        try:
            with open(self.path, encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, ValueError):
            return []

    def pending(self, phases: dict) -> list[tuple[str, dict]]:
        """Commands that are still to be run, those of the very first deploy before the others."""
        ordered = [(phase, entry) for phase in sorted(phases) for entry in phases[phase]]
        return [(phase, entry) for phase, entry in ordered if identity(entry) not in self._known(phase)]

    def note(self, phase: str, entry: dict) -> None:
        known = [*self._known(phase), identity(entry)]
        if phase == "first":
            write_atomically(self.path, (json.dumps(known) + "\n").encode(), 0o644)
        else:
            self.layout.mark_release(self.release, commands=known)

    def run(self, application: Application, phases: dict) -> list[str]:
        """Runs what is pending, each noted as soon as it is through, and returns the commands."""
        done = []
        for phase, entry in self.pending(phases):
            done.append(run_one(application, self.layout, entry))
            self.note(phase, entry)
        return done
