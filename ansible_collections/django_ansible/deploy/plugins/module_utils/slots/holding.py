# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Requests wait while the database is migrated and traffic moves: for migrations that the live release does not survive.

They wait from before the first statement of the migrations until traffic has moved to the new release, by the switch as ever. Whoever gives that up has the migrations
taken back before requests go on to the live release.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import room
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_sandbox, slot_environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

# What it needs to know of the application to take migrations back, of what a module is given.
TOLD = ("app_user", "app_group", "app_path", "sandbox", "release")


def begin(layout: Layout, params: dict, migrations: list[str], dump: str | None) -> None:
    """Has requests wait, see :func:`room.fill`.

    :param params: of the module that migrates.
    """
    room.fill(layout, params["run_id"], params["hold_seconds"], migrations=migrations, dump=dump, **{name: params[name] for name in TOLD})


def abandon(layout: Layout, run_id: str) -> tuple[list[str], str]:
    """Takes back what *run_id* migrated while requests waited, and lets them go on to the live release.

    :returns: the migrations that are not applied any more, and what a person has to know when they still are, as the rest of a sentence.
    """
    held = room.known(layout, run_id) or {}
    try:
        if held.get("migrations"):
            take_back(layout, held)
        return held.get("migrations", []), ""
    except (CommandFailed, OSError) as error:
        return [], "; the migrations could not be taken back, and the live release runs on a schema that it does not know (%s)%s" % (
            " ".join(str(error).split())[:400], ": the dump %s is from before" % held["dump"] if held["dump"] else "",
        )
    finally:
        room.empty(layout, run_id)


@contextlib.contextmanager
def given_up(layout: Layout, run_id: str) -> Iterator[None]:
    """Inside of a step, whose lock a run that waits may get as soon as it has failed, and then migrate: what fails is abandoned before.

    A step that is given up with its run has begun no migration: nothing is asked of a database that may be what did not answer. What an earlier try of the
    step has applied is taken back by the host, which hears of no run.
    """
    held_before = room.known(layout, run_id) is not None
    try:
        yield
    except RunEnded:
        if not held_before:
            room.empty(layout, run_id)
        raise
    except CommandFailed as error:
        error.found["abandoned"] = abandon(layout, run_id)
        raise


def abandoned(error: BaseException, layout: Layout, run_id: str) -> tuple[list[str], str]:
    """What :func:`abandon` said in :func:`given_up`, or says now where no step has begun."""
    if isinstance(error, RunEnded):
        return [], ""
    return getattr(error, "found", {}).get("abandoned") or abandon(layout, run_id)


def take_back(layout: Layout, held: dict) -> None:
    """With the new release's code and what the live one is started with: of the new one's environment nothing may be on this host yet."""
    environment = slot_environment(layout, layout.live_slot())
    Application(layout.release_dir(held["release"]), held["app_path"], layout.app_dir, environment, application_sandbox(held)).drive("reverse", migrations=held["migrations"])
