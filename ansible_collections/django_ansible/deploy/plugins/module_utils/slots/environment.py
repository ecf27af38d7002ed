# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a release is started with on this host: its environment, its sandbox, and Django in both."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.clients import HostClient
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import secret_key
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import Sandbox, read_environment_file
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import last_environment, pause, prepared, room
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def environment_with(
    params: dict, layout: Layout, *, given: dict | None = None, static_root: str, settings_module: str | None = None, settings_dir: str | None = None
) -> Environment:
    """The environment that was given, or *given* in its place, with the place of static files and the secret key that was made here where nobody gave one.

    :param settings_module: completes the project's settings, from *settings_dir* unless the release brings it.
    """
    made = Environment.parse(params["environment"], params["credentials"]) if given is None else Environment(given, params["credentials"])
    made.values = {"STATIC_ROOT": static_root, **secret_key.read(layout.etc), **made.values}
    if settings_module:
        made.values["DJANGO_SETTINGS_MODULE"] = settings_module
    if settings_module and settings_dir:
        made.values["PYTHONPATH"] = ":".join(filter(None, (settings_dir, made.values.get("PYTHONPATH"))))
    return made


def release_environment(params: dict, layout: Layout, release: str, slot: str | None = None) -> Environment:
    """That of a prepared release.

    :param slot: where it runs, with settings of the slot's own; else those of its newest preparation.
    """
    found = prepared.read(layout, release)
    own = found.get("key")
    return environment_with(
        params, layout, given=last_environment.completed(params, layout, release), static_root=found.get("collected") or os.path.join(layout.release_dir(release), "staticfiles"),
        settings_module=found.get("settings_module"),
        settings_dir=(layout.slot_settings(slot) if slot else prepared.settings_dir(layout, release, own)) if own else None,
    )


def slot_environment(layout: Layout, slot: str) -> Environment:
    """What a slot was started with, whatever this run was given."""
    with open(layout.slot_env(slot), encoding="utf-8") as file:
        values = read_environment_file(file.read())
    folder = layout.slot_credentials(slot)
    # A name with a dot is what a file was before, for the way back.
    names = [name for name in sorted(os.listdir(folder)) if "." not in name] if os.path.isdir(folder) else []
    for name in names:
        with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as file:
            values[name] = file.read()
    return Environment(values, names)


def application_sandbox(params: dict, **more) -> Sandbox:
    """Where the application's commands run: as its user, with the restrictions of its service."""
    return Sandbox(params["app_user"], params["app_group"], params["sandbox"], **more)


def application_of(params: dict, layout: Layout, release: str) -> Application:
    """A prepared release."""
    environment = release_environment(params, layout, release)
    return Application(
        layout.startable(release), params["app_path"], layout.app_dir, environment, application_sandbox(params), lambda: pause.paused(layout)
    )


def recovery_of(params: dict, layout: Layout) -> Recovery:
    """Dumps of the application's database, and bringing one back, while what runs of the application waits."""
    return Recovery(
        HostClient(application_sandbox(params), params.get("maker_password", "")), layout.backups, params["actor"], {"paused": lambda: pause.paused(layout), "closed": lambda: room.closed(layout, params["run_id"])}
    )


def live_application(params: dict, layout: Layout) -> Application:
    """The live release as it runs: its code, its virtual environment, its environment."""
    slot = layout.live_slot()
    return Application(
        layout.startable(layout.slot_release(slot)), params["app_path"], layout.app_dir, slot_environment(layout, slot), application_sandbox(params),
        lambda: pause.paused(layout),
    )
