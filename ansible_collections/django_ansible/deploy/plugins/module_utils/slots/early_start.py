# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A release comes up in the free slot before it is this host's turn: while the rest of the fleet is made ready, and in a rollback while hosts are looked at.

It gets no requests. The step that activates goes on from here; a run that ends without it has the slot stopped, and its files put back.
"""
from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable, write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import pointing, process_units, replacing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def _path(layout: Layout) -> str:
    return os.path.join(undo.FOLDER, layout.app_name + ".early")


def begin(params: dict, layout: Layout, release: str, first: Sequence[ManagedFile] = ()) -> None:
    """Has systemd start *release* with the units that are there, and waits for nothing. Whether these are the right ones, the activation looks at.

    :param first: those that a host gets which has no live release; without them nothing starts there.
    """
    slot, live = layout.free_slot(), layout.live_slot()
    units = layout.slot_units(slot)
    templates = [unit.replace("@%s." % slot, "@.") for unit in units]
    if live is None:
        if not first:
            return
    elif first or not all(os.path.exists(os.path.join(process_units.UNITS, name)) for name in templates):
        return
    found = systemd.show_each(units, "ActiveState", "NRestarts")
    running = any(systemd.is_up(state) for state in found.values())
    if running and layout.slot_release(slot) == release:
        return  # It stands by.
    discard(layout)
    if running:
        systemd.systemctl("stop", *reversed(units), timeout=600)
    restorable, since = Restorable(), time.time()
    pointing.point(params, layout, release, slot, restorable)
    for file in first:
        replacing.write(restorable, file)
    if first:
        systemd.systemctl("daemon-reload")
    os.makedirs(undo.FOLDER, mode=0o700, exist_ok=True)
    told = {"run": params["run_id"], "slot": slot, "release": release, "since": since, "first": bool(first), "saved": restorable.dump()}
    write_atomically_as(_path(layout), json.dumps(told).encode(), 0o600, os.getuid(), os.getgid())
    # Nothing else counts as a start that failed; each program that is started here is waited for.
    if any(map(systemd.has_failed, found.values())):
        systemd.quietly("reset-failed", *units)
    systemd.quietly("start", "--no-block", *units)


def recall(layout: Layout, run: str | None = None) -> dict | None:
    """What was begun, with its `restorable`; by *run*, where one is named."""
    try:
        with open(_path(layout), encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return None
    return {**found, "restorable": Restorable.load(found.pop("saved"))} if run in (None, found["run"]) else None


def end(layout: Layout, run: str) -> None:
    """Stops what *run* has begun and what has not become live."""
    found = recall(layout, run)
    if found and found["slot"] != layout.live_slot():
        forget(layout)
        found["restorable"].restore()
        systemd.quietly("stop", "--no-block", *reversed(layout.slot_units(found["slot"])))
        if found.get("first"):
            systemd.quietly("daemon-reload")
    elif found:
        discard(layout)


def forget(layout: Layout) -> None:
    """Whoever goes on from here knows the way back."""
    if os.path.exists(_path(layout)):
        os.unlink(_path(layout))


def discard(layout: Layout) -> None:
    """Nobody goes back to what was there before."""
    found = recall(layout)
    if found:
        forget(layout)
        found["restorable"].forget()
