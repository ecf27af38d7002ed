# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What Django says of a release before it may serve, and what is made with its help: static files, completed settings."""
from __future__ import annotations

import contextlib
import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import settings_completion
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import owner_ids, write_atomically
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import commands


def run_commands(layout, params, application: Application, phase: str) -> list[str]:
    """Runs the project's commands of a phase, which may write into the release while they do."""
    entries = commands.parse(params["commands"]).get(phase, [])
    if not entries:
        return []
    release_dir = layout.release_dir(params["release"])
    try:
        with writable(release_dir, release_dir, params):
            return [commands.run_one(application, layout, entry) for entry in entries]
    finally:
        carried = os.path.join(application.project_dir, settings_completion.MODULE + ".py")
        if os.path.exists(carried):
            os.chown(carried, 0, owner_ids(params["app_user"], params["app_group"])[1])


@contextlib.contextmanager
def writable(folder: str, release_dir: str, params):
    """Lets the application write its release, or a folder of it, for as long as this lasts, and any other one when it has to be made."""
    inside = os.path.join(os.path.realpath(folder), "").startswith(os.path.realpath(release_dir) + os.sep)
    if inside or not os.path.isdir(folder):
        os.makedirs(folder, mode=0o755, exist_ok=True)
        give(folder, *owner_ids(params["app_user"], params["app_group"]))
    try:
        yield
    finally:
        if inside:
            give(folder, 0, 0)


def give(folder: str, uid: int, gid: int) -> None:
    for path, _, names in os.walk(folder):
        os.chown(path, uid, gid)
        for name in names:
            os.chown(os.path.join(path, name), uid, gid, follow_symlinks=False)


def carry_settings(application: Application, text: str, params) -> str | None:
    """Puts the module that completes the project's settings into the release and has Django use it; its name, or None when there is none."""
    path = os.path.join(application.project_dir, settings_completion.MODULE + ".py")
    if not text:
        if os.path.exists(path):
            os.unlink(path)
        return None
    # It may hold what django_app_settings_override has, and that may be a secret.
    write_atomically(path, text.encode(), 0o640, "root", params["app_group"])
    application.environment.values["DJANGO_SETTINGS_MODULE"] = settings_completion.MODULE
    return settings_completion.MODULE


def ask_django(layout, application: Application, release_dir: str, params) -> tuple[dict, list[str]]:
    """Checks the release and collects its static files; returns what was found out about it and what was done."""
    checks = ["check", "missing_migrations"] if params["check_level"] != "none" else []
    asked = {"entry": params["entry"], "gunicorn_config": params["gunicorn_config"], "check_level": params["check_level"].upper()}
    host = {
        **json.loads(params["settings"]), "release_dir": release_dir, "project_dir": application.project_dir,
        "shared": os.path.join(params["app_dir"], "shared"),
    }
    # Static files are collected in the same process where they go to the usual folder, which has to be the application's before it starts.
    usual = application.environment.values["STATIC_ROOT"]
    at_once = params["collectstatic"] and usual.startswith(release_dir + os.sep) and "build" not in commands.parse(params["commands"])
    with writable(usual, release_dir, params) if at_once else contextlib.nullcontext():
        also = (["collectstatic"] if at_once else []) + (["unapplied"] if params["ask_database"] else [])
        found = application.drive("inspect", *checks, "entry", *also, host=host, static_root=usual, **asked)
    facts = {**found["inspect"], "warnings": [warning for step in ("settings", *checks, "entry") for warning in found[step]["warnings"]]}
    facts["uses_given_key"] = found["settings"]["uses_given_key"]
    facts["settings_module"] = carry_settings(application, found["settings"]["text"], params)
    facts["unapplied"] = found["unapplied"]["migrations"] if params["ask_database"] else None
    done = (["check"] if checks else []) + run_commands(layout, params, application, "build")
    if params["collectstatic"]:
        if not facts["static_root"]:
            facts["warnings"].append("STATIC_ROOT is not set, so no static files were collected: set it from the variable STATIC_ROOT of the environment")
        else:
            if not (at_once and facts["static_root"] == usual):
                with writable(facts["static_root"], release_dir, params):
                    application.drive("collectstatic", static_root=facts["static_root"])
            done.append("static")
    done += run_commands(layout, params, application, "static")
    return facts, done
