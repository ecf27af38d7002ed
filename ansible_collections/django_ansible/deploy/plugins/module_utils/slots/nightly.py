# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Dumps on a schedule, by what a deploy left on the host: nobody has to come for them.

systemd runs ``main`` as root by a timer of the application. It makes a dump as ``operation: backup`` does, looks at every dump that is kept, tries the new one as ``operation: rehearse`` does,
removes those that are too old, and copies what is there to other places.
"""
from __future__ import annotations

import json
import os
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import BY_SCHEDULE
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.targets import Target, copy_to_all
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs, shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import live_application, recovery_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

MODULE = "slots.nightly"
ACTOR = "the schedule"
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
    params = {**told, "environment": "{}", "credentials": [], "last_environment": False, "actor": ACTOR, "run_id": ""}
    try:
        for sentence in night(params, Layout(params["app_name"], params["app_dir"], params["socket_link"])):
            print(sentence, flush=True)
    except CommandFailed as error:
        sys.exit(str(error))


def night(params: dict, layout: Layout):
    """Does all of it, a sentence each.

    :raises CommandFailed: with what went wrong first; what can be done all the same is done before.
    """
    live = layout.live_release()
    if not live:
        yield "no release is live on this host, so nothing was dumped"
        return
    wish, recovery, application = params["dumps"], recovery_of(params, layout), live_application(params, layout)
    troubles = []
    try:
        found = recovery.act("backup", application, asked="", live=live, check_mode=False, why=BY_SCHEDULE)
        layout.record(release=live, result="backup", dump=found["dump"], run="", actor=ACTOR)
        yield from found["told"]
        if wish["rehearse"]:
            yield from recovery.act("rehearse", application, asked=found["dump"], live=live, check_mode=False)["told"]
    except CommandFailed as error:
        troubles.append(application.environment.mask(str(error)))
    troubles += recovery.catalogue.damaged()
    kept = layout.kept_releases(wish["keep_releases"]) | runs.releases_in_use(layout.app_name)
    gone = recovery.catalogue.prune(kept, number=wish["number"], days=wish["days"])
    if gone:
        yield "removed %s" % ", ".join(sorted({os.path.basename(path).partition(".")[0] for path in gone}))
    told, failed = copy_to_all([Target(one, layout.app_name) for one in wish["targets"]], recovery.catalogue, number=wish["number"], days=wish["days"])
    yield from told
    troubles += failed
    if troubles:
        raise CommandFailed("; ".join(troubles))
