# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a deploy does with the units of processes and timers, what undoes that, and what ends it once the whole fleet is through."""
from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

# What a run does with processes and timers, so that it can be undone and finished:
# units that were started, that were told to stop, that were restarted, and what only starts or ends once the whole fleet is through.
NO_MOVES: dict = {"started": [], "stopped": [], "restarted": [], "later": [], "timers": [], "gone": [], "settle": 0}


def start(units: list[str], moves: dict, noted: Callable[[], None] = lambda: None) -> None:
    """Starts and enables units. One that still ends the jobs of an older release starts when it has.

    :param noted: called when *moves* say it, and before it is done.
    """
    if units:
        moves["started"] += units
        noted()
        systemd.systemctl("enable", "--quiet", *units)
        systemd.quietly("reset-failed", *units)
        # One that does not start is found, with what it said, among those that do not stay up.
        systemd.quietly("start", *units)


def stop(units: list[str], moves: dict, noted: Callable[[], None], wait: bool = True) -> None:
    if units:
        moves["stopped"] += units
        noted()
        systemd.systemctl("disable", "--quiet", *units)
        systemd.systemctl("stop", *([] if wait else ["--no-block"]), *units, timeout=systemd.LONGEST_STOP)


def restart(units: list[str], moves: dict, noted: Callable[[], None]) -> None:
    if units:
        moves["restarted"] += units
        noted()
        systemd.quietly("reset-failed", *units)
        systemd.quietly("restart", *units)


def first_that_ends(units: list[str], seconds: float) -> tuple[str, str] | None:
    """The first of some units that were just started that does not stay up for so long, with what it said."""
    since, deadline = time.time(), time.monotonic() + seconds
    while units:
        for unit, found in systemd.show_each(units, "ActiveState", "SubState", "NRestarts").items():
            if found["ActiveState"] in ("inactive", "failed") or "auto-restart" in found["SubState"] or found.get("NRestarts", "0") != "0":
                return unit, systemd.log_since(unit, since - 5)
        if time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    return None


def go_back(app_name: str, moves: dict) -> None:
    """Undoes :meth:`processes.Processes.hand_over`, after the files were put back."""
    owned = process_units.owned_units(app_name)
    if moves["restarted"] or moves["timers"]:
        systemd.quietly("daemon-reload")
    if moves["started"]:
        systemd.quietly("disable", "--quiet", *moves["started"])
        alone = [unit for unit in moves["started"] if owned.get(process_units.template_of(unit))]
        systemd.quietly("stop", "--no-block", *(unit for unit in moves["started"] if unit not in alone))
        systemd.quietly("stop", *alone)
    if moves["stopped"]:
        systemd.quietly("enable", "--quiet", *moves["stopped"])
        systemd.quietly("start", "--no-block", *moves["stopped"])
    if moves["restarted"]:
        systemd.quietly("restart", "--no-block", *moves["restarted"])


def ended(layout: Layout, moves: dict) -> tuple[list[str], set[str]]:
    """The files of processes that ended with the slot they belong to, and the releases of those that still end their jobs."""
    owned = process_units.owned_units(layout.app_name)
    in_use = set(map(process_units.template_of, [*process_units.enabled_instances(owned), *moves["later"]]))
    paths, releases = [], set()
    for unit in sorted(owned):
        if not unit.endswith("@.service") or unit in in_use:
            continue
        path = os.path.join(process_units.UNITS, unit)
        if systemd.any_active(unit.replace("@.", "@*.")):
            with open(path, encoding="utf-8") as file:
                releases.update(re.findall(r"^WorkingDirectory=.*/releases/([^/\n]+)", file.read(), re.MULTILINE))
            continue
        name, _, slot = unit[len(layout.app_name) + 1 : -len("@.service")].rpartition("-")
        paths += filter(os.path.exists, (path, os.path.join(layout.etc, "%s.%s.env" % (slot, name))))
    return paths, releases


def finish(moves: dict, paths: list[str]) -> None:
    """Starts what had to wait for the whole fleet, and removes timers that are no longer wanted, and *paths*.

    :raises CommandFailed: when a process does not stay up.
    """
    if moves["gone"]:
        systemd.systemctl("disable", "--now", "--quiet", *moves["gone"])
    for timer in moves["gone"]:
        spec = process_units.DUMPS_SPEC % timer.replace("-%s.timer" % process_units.DUMPS, "")
        paths = [*paths, *(os.path.join(process_units.UNITS, unit) for unit in (timer, timer.replace(".timer", ".service"))), *([spec] if os.path.exists(spec) else [])]
    if moves["timers"]:
        systemd.systemctl("enable", "--quiet", *moves["timers"])
        systemd.systemctl("restart", *moves["timers"])
    start(moves["later"], {"started": []})
    trouble = first_that_ends(moves["later"], moves["settle"])
    if trouble:
        raise CommandFailed("%s does not stay up\nIts last log lines:\n%s" % trouble)
    for path in paths:
        os.unlink(path)
    if paths:
        systemd.systemctl("daemon-reload")
