# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Dumps on a schedule, by what a deploy left on the host: nobody has to come for them.

systemd runs ``main`` as root by a timer of the application; what is done then, database/night.py says.
"""
from __future__ import annotations

import json
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.database import night
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs, shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import live_application, recovery_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

MODULE = "slots.nightly"
# What it needs to know of the application, of what modules are given.
TOLD = ("app_name", "app_dir", "app_user", "app_group", "socket_link", "app_path", "sandbox")


def spec_path(layout: Layout) -> str:
    return process_units.DUMPS_SPEC % layout.app_name


def spec(params: dict, entry: dict) -> str:
    """The text of the file that says what is to be done, root's alone."""
    return json.dumps({**{name: params[name] for name in TOLD}, "dumps": json.loads(entry["dumps"])}, indent=1, sort_keys=True) + "\n"


def command(layout: Layout) -> list[str]:
    """What systemd runs; the code is there once :func:`leave_code` was called."""
    return shipped.stored_command(MODULE, spec_path(layout))


def leave_code() -> None:
    shipped.store(MODULE)


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        told = json.load(file)
    params = {**told, "environment": "{}", "credentials": [], "last_environment": False, "actor": night.ACTOR, "run_id": ""}
    try:
        for sentence in dumped(params, Layout(params["app_name"], params["app_dir"], params["socket_link"])):
            print(sentence, flush=True)
    except CommandFailed as error:
        sys.exit(str(error))


def dumped(params: dict, layout: Layout):
    """See :func:`night.night`."""
    live = layout.live_release()
    if not live:
        yield "no release is live on this host, so nothing was dumped"
        return
    application = live_application(params, layout)
    yield from night.night(
        recovery_of(params, layout), application, params["dumps"], owner=layout.app_name, live=live,
        kept=layout.kept_releases(params["dumps"]["keep_releases"]) | runs.releases_in_use(layout.app_name), record=layout.record, mask=application.environment.mask,
    )
