# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What Django says of a release before it may serve, and what is made with its help: completed settings, static files."""
from __future__ import annotations

import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import settings_completion
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import finished, ownership
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, owner_ids
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import commands, pages, pause, places, prepared
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.answers import facts_of, texts
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_sandbox, environment_with
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


class Inspection:
    """One preparation of a release on this host: the same release with another environment is another one.

    :param shown: where the release is while it is made, see Sandbox; empty for one that is there, which nobody writes any more.
    """

    def __init__(self, params: dict, layout: Layout, shown: dict) -> None:
        self.params, self.layout, self.shown = params, layout, shown
        self.release, self.key = params["release"], prepared.key_of(params["prepared_from"])
        self.release_dir = layout.release_dir(self.release)
        self.collected = prepared.collected_dir(layout, self.release, self.key)
        self.phases = commands.parse(params["commands"])
        self.done: list[str] = []
        self.in_use = False

    def application(self, settings_module: str | None = None) -> Application:
        params, layout = self.params, self.layout
        environment = environment_with(
            params, layout, static_root=self.collected, settings_module=settings_module, settings_dir=prepared.settings_dir(layout, self.release, self.key)
        )
        sandbox = application_sandbox(params, shown=self.shown, writable=[] if self.in_use else [self.collected], nice=10)
        return Application(self.release_dir, params["app_path"], layout.app_dir, environment, sandbox, lambda: pause.paused(layout))

    def run(self) -> dict:
        """Returns what was found out; what was done is in C(done).

        :raises CommandFailed: when Django, or a command of the project, says no.
        """
        # A slot that was started with them still needs those that were collected for just this, and they are the same.
        self.in_use = self.collected in prepared.in_use(self.layout)
        if not self.in_use:
            self.make_ready()
        facts, application = self.ask()
        if self.shown:
            self.run_commands(application, "build")
        if self.params["collectstatic"]:
            self.collect(facts, application)
        if self.in_use:
            return facts
        self.run_commands(application, "static")
        with Tree(self.collected) as tree:
            refuse_problems(tree)
            ownership.hand_over(tree, 0, 0, 0o755, 0o644, of=owner_ids(self.params["app_user"], self.params["app_group"])[0])
            if not any(tree.entries()):
                del facts["collected"]
        return facts

    def make_ready(self) -> None:
        """An empty folder for static files that is the application's for as long as they are collected."""
        ensure_directory(self.layout.collected)
        with Tree(self.layout.collected) as tree:
            tree.remove(os.path.basename(self.collected))
        ensure_directory(self.collected, 0o755, self.params["app_user"], self.params["app_group"])

    def ask(self) -> tuple[dict, Application]:
        """Checks the release, and collects its static files where that needs no other process."""
        params, application = self.params, self.application()
        checks = ["check", "missing_migrations"] if params["check_level"] != "none" else []
        asked = {"entry": params["entry"], "gunicorn_config": params["gunicorn_config"], "check_level": params["check_level"].upper()}
        host = {
            **json.loads(params["settings"]), "release_dir": self.release_dir, "project_dir": application.project_dir, "shared": self.layout.shared,
        }
        self.at_once = params["collectstatic"] and "build" not in self.phases and not self.in_use
        also = (["collectstatic"] if self.at_once else []) + ["pages"] + (["unapplied"] if params["ask_database"] else [])
        found = application.drive("inspect", *checks, "entry", *also, host=host, static_root=self.collected, **asked)
        facts = facts_of(found.get("inspect"))
        facts["warnings"] = [warning for step in ("settings", *checks, "entry") for warning in texts(found[step]["warnings"])]
        facts["static_root"] = self.judged(facts["static_root"])
        facts["warnings"] += places.unwritable(
            facts, self.release_dir, application.project_dir, self.layout.shared, params["shared_paths"], params["writable_paths"]
        )
        facts["warnings"] += [] if params["lone"] else places.not_shared(facts, application.project_dir)
        unapplied = found.get("unapplied", {})
        facts["unapplied"] = None if unapplied.get("migrations") is None else texts(unapplied["migrations"])
        facts["settled"], facts["empty"] = unapplied.get("mark"), unapplied.get("empty")
        facts["pages"] = pages.rendered(found["pages"])
        facts.update(key=self.key, collected=self.collected, settings_module=None)
        self.uses_given_key = found["settings"]["uses_given_key"]
        self.done += ["check"] if checks else []
        if found["settings"]["text"]:
            facts["settings_module"] = settings_completion.MODULE
            prepared.write_settings(self.layout, self.release, self.key, found["settings"]["text"], params["app_group"])
        return facts, self.application(facts["settings_module"])

    def judged(self, root: str | None) -> str | None:
        """Where static files are, which root reads and nginx gives to everybody; None where they are not collected.

        :raises CommandFailed: when that is no place for them.
        """
        if not root or not self.params["collectstatic"]:
            return None
        trouble = places.static_place(root, self.release_dir, self.layout.shared, owner_ids(self.params["app_user"], self.params["app_group"])[0])
        if trouble:
            raise CommandFailed(trouble)
        return root

    def run_commands(self, application: Application, phase: str) -> None:
        self.done += [commands.run_one(application, self.layout, entry) for entry in self.phases.get(phase, [])]

    def collect(self, facts: dict, application: Application) -> None:
        root = facts["static_root"]
        if not root:
            facts["warnings"].append("STATIC_ROOT is not set, so no static files were collected: set it from the variable STATIC_ROOT of the environment")
            return
        inside = (os.path.normpath(root) + os.sep).startswith(self.release_dir + os.sep)
        done = root == self.collected and (self.at_once or self.in_use)
        if not done and not (inside and not self.shown):
            application.drive("collectstatic", static_root=root)
        self.done.append("static")


def refuse_problems(tree: Tree, allowed: tuple[str, ...] = ()) -> None:
    """:raises CommandFailed: when a finished tree has what must not be in one."""
    problem = next(finished.problems(tree, allowed), None)
    if problem:
        raise CommandFailed(problem)
