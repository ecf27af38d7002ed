# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has an application's requests wait: its socket link leads to a waiting room (host/relay.py) until it leads to a slot again.

What was begun is written down before, so that whoever ends it, the run or the host by itself, knows of it.
"""
from __future__ import annotations

import contextlib
import json
import os
import time
import uuid

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import shipped, systemd, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import read_link, replace_link, write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.waiting_room import connections
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout

LONGEST = 20  # seconds that requests wait where nobody has said another number
LAST_REQUESTS = 5.0  # seconds that requests get to end which the live release has begun
READY = 10.0


def socket_of(layout: Layout) -> str:
    return os.path.join(layout.run, "waiting.sock")


def record_path(layout: Layout) -> str:
    return os.path.join(undo.FOLDER, layout.app_name + ".held")


def fill(layout: Layout, run_id: str, seconds: int, **facts: object) -> None:
    """Has requests wait, once the live release has answered those that it has begun.

    :param seconds: how long a request waits before it gets the page of a maintenance.
    :param facts: for whoever ends it, see :func:`known`.
    :raises CommandFailed: when they cannot wait; they go on as before then, once :func:`empty` was called.
    """
    # Takes a while to load, and next to no deploy has requests wait. What is loaded is shipped.
    from ansible_collections.django_ansible.deploy.plugins.module_utils.host import relay

    unit = "django-ansible-deploy-%s-waiting-%s.service" % (layout.app_name, uuid.uuid4().hex[:8])
    _write(record_path(layout), {**facts, "run": run_id, "unit": unit})
    spec = record_path(layout) + ".room"
    _write(spec, {"link": layout.socket_link, "socket": socket_of(layout), "seconds": seconds, "page": os.path.join(layout.etc, "pages", "503.html")})
    options = ["--unit=" + unit, "--description=Requests of %s that wait" % layout.app_name, "--property=TimeoutStopSec=600"]
    run(systemd.transient(options, shipped.command(shipped.ship(), relay.__name__[len(shipped.OURS) :], spec)), timeout=30)
    deadline = time.monotonic() + READY
    # The relay takes its spec away once it listens.
    while os.path.exists(spec):
        if time.monotonic() >= deadline:
            raise CommandFailed("requests cannot wait: %s did not start; journalctl -u %s on the host says why" % (unit, unit))
        time.sleep(0.02)
    slot = layout.live_slot()
    replace_link(socket_of(layout), layout.socket_link)
    wait_for_last_requests(layout, [slot] if slot else [])


def wait_for_last_requests(layout: Layout, slots: list[str]) -> None:
    """Until what slots have begun is answered that get no new requests, for a few seconds at most: a socket or stream may stay open for hours."""
    deadline = time.monotonic() + LAST_REQUESTS
    while any(connections(layout.slot_socket(slot)) for slot in slots) and time.monotonic() < deadline:
        time.sleep(0.05)


def known(layout: Layout, run_id: str) -> dict | None:
    """What :func:`fill` was given by *run_id*, as long as that is not over."""
    try:
        with open(record_path(layout), encoding="utf-8") as file:
            found = json.load(file)
    except FileNotFoundError:
        return None
    return found if found["run"] == run_id else None


def empty(layout: Layout, run_id: str) -> None:
    """Those that still wait go on to the live slot; those that are served by way of the room may end in peace, and nobody else comes there."""
    found = known(layout, run_id)
    if not found:
        return
    live = layout.live_slot()
    if live and read_link(layout.socket_link) == socket_of(layout):
        if not systemd.is_active(layout.slot_service(live)):
            systemd.quietly("start", *layout.slot_units(live))
        replace_link(layout.slot_socket(live), layout.socket_link)
    systemd.quietly("stop", "--no-block", found["unit"])
    os.unlink(record_path(layout))


@contextlib.contextmanager
def closed(layout: Layout, run_id: str):
    """What serves the application's requests is stopped, so that it has no file open, while they wait."""
    running = [layout.slot_service(slot) for slot in SLOTS if systemd.is_active(layout.slot_service(slot))]
    if not (running and os.path.islink(layout.socket_link)):
        yield
        return
    try:
        fill(layout, run_id, LONGEST)
        # Their sockets stay as they are. A unit's own way to stop waits for what is open for hours; here requests wait for that.
        systemd.quietly("kill", "--kill-who=main", "--signal=TERM", *running)
        deadline = time.monotonic() + LAST_REQUESTS
        while any(map(systemd.is_active, running)) and time.monotonic() < deadline:
            time.sleep(0.05)
        for service in running:
            if systemd.is_active(service):
                systemd.quietly("kill", "--signal=KILL", service)
        systemd.systemctl("stop", *running, timeout=600)
        yield
    finally:
        systemd.quietly("start", *running)
        empty(layout, run_id)


def _write(path: str, value: dict) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    write_atomically_as(path, json.dumps(value).encode(), 0o600, os.getuid(), os.getgid())
