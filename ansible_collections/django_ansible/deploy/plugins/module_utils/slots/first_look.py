# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a host has and what is live there, before a deploy touches anything."""
from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import accounts, pythons
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import missing_packages
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.systemd import is_active, is_enabled
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prepared, process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import Wanted


def look(layout: Layout, params: dict, keeps: bool) -> dict:
    """What M(django_ansible.deploy.app_host) answers, of its arguments.

    :param keeps: whether something may be written down for the next look.
    """
    slot = layout.live_slot()
    release = layout.slot_release(slot)
    wanted = is_wanted(release, layout, params)
    # Django takes longer to start than all the rest takes to be looked at.
    with ThreadPoolExecutor(1) as meanwhile:
        asked = meanwhile.submit(unapplied, release, layout, params, keeps) if wanted and params["revision"] and params["ask_database"] else None
        found = _look(slot, release, wanted, layout, params)
        return {**found, "unapplied": asked.result() if asked else None}


def _look(slot: str | None, release: str | None, wanted: bool, layout: Layout, params: dict) -> dict:
    known = layout.read_release(release) if release else {}
    releases = layout.list_releases()
    missing = missing_packages(params["packages"]) if params["packages"] else []
    account = accounts.exists(params["app_user"], params["app_group"])
    current = wanted and account and not missing and not Wanted({**params, **params["service"], "release": release}).pending()
    told = {"app": layout.app_name, "previous_release": release, "previous_revision": known.get("revision"), "packages": missing}
    if current:
        told.update(release=release, revision=known.get("revision"), url=params["service"]["url"])
    return {
        "missing_packages": missing,
        "account_exists": account,
        **has(layout, params),
        "to_finish": to_finish(slot, releases, layout, params),
        "current": current,
        "lock_kept": current,
        "changed": False,
        "activated": None,
        "once": process_units.once_here(layout.app_name),
        "renews_certificate": os.path.exists("/etc/systemd/system/%s-certificate.timer" % layout.app_name),
        "deploy": {key: value for key, value in told.items() if value},
    }


def has(layout: Layout, params: dict) -> dict:
    """The releases of a host and which is live, as its own records and links say: no program is started for it."""
    slot = layout.live_slot()
    release = layout.slot_release(slot)
    return {
        "releases": [
            {
                **{key: {**entry, **prepared.read(layout, entry["release"])}.get(key) for key in ("release", "revision", "bad", "activated", "migrations", "build")},
                "prepared": prepared.is_prepared(layout, entry["release"], params["prepared_from"]),
                "as_built": bool(params["build"]) and made_from(layout, entry, params["build"]),
                "starts": layout.starts(entry["release"]),
            }
            for entry in layout.list_releases()
        ],
        "live": {"slot": slot, "release": release, "revision": layout.read_release(release).get("revision") if release else None},
    }


def live_is_wanted(layout: Layout, params: dict) -> bool:
    return is_wanted(layout.live_release(), layout, params)


def is_wanted(release: str | None, layout: Layout, params: dict) -> bool:
    """Whether a release is the one that is to serve, as far as that is known."""
    if release is None or not params["prepared_from"] or not prepared.is_prepared(layout, release, params["prepared_from"]):
        return False
    found = layout.read_release(release)
    return made_from(layout, found, params["build"]) and params["revision"] in ("", found.get("revision")) and not found.get("bad")


def made_from(layout: Layout, entry: dict, build: str) -> bool:
    """Whether a release is what this build would make now, with the Python that the host has now."""
    own = os.path.basename(pythons.own())
    return entry.get("build") == build and (entry.get("python") or own) == own and layout.starts(entry["release"])


def to_finish(slot: str | None, releases: list[dict], layout: Layout, params: dict) -> bool:
    idle = [layout.slot_service(name) for name in SLOTS if slot and name != slot]
    kept = layout.kept_releases(params["keep_releases"])
    return (
        any(entry["release"] not in kept for entry in releases if entry.get("activated") and not entry.get("bad"))
        or any(is_enabled(unit) or (is_active(unit) and not params["standby"] and not has_begun(layout, params)) for unit in idle)
    )


def has_begun(layout: Layout, params: dict) -> bool:
    """Whether what comes up in the free slot is this run's own, which goes over to it or stops it."""
    from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import early_start

    return early_start.recall(layout, params["run_id"]) is not None


def unapplied(release: str, layout: Layout, params: dict, keeps: bool) -> list[str] | None:
    """The migrations that a release says are not applied; None when it cannot be asked, which the step that migrates will tell.

    Django only starts for that where something has changed since it last said that there are none.
    """
    try:
        found = application_of(params, layout, release).drive("unapplied", mark=prepared.read(layout, release).get("settled"))["unapplied"]
    except CommandFailed:
        return None
    if keeps and found.get("mark"):
        prepared.settle(layout, release, found["mark"])
    return found.get("migrations")
